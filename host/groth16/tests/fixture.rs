//! snarkjs' own key, witness, proof and verification key (2^11 rows, bn128).

use ark_bn254::Bn254;
use proofmill_groth16::curve::KeyCurve;
use proofmill_groth16::json::{
    JsonFile, Proof, PublicSignals, VerificationKey, verify, verify_files,
};
use proofmill_groth16::wtns::{Witness, check_pair};
use proofmill_groth16::zkey::Zkey;

fn path(extension: &str) -> String {
    format!(
        "{}/tests/fixtures/poseidon8.{extension}",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn text(extension: &str) -> String {
    std::fs::read_to_string(path(extension)).unwrap()
}

#[test]
fn the_key_opens() {
    let zkey = Zkey::open(path("zkey")).unwrap();
    assert_eq!(zkey.curve(), KeyCurve::Bn128);
    assert_eq!((zkey.header().n_public, zkey.header().domain()), (2, 2048));
    assert_eq!(zkey.a().len(), 64 * zkey.header().n_vars);
    assert!(!zkey.is_insecure());
    assert!(zkey.coefficients().len() > 2048);
    check_pair(&zkey, &Witness::open(path("wtns")).unwrap()).unwrap();
}

#[test]
fn the_exported_verification_key_is_snarkjs_own() {
    let vk = VerificationKey::<Bn254>::from_zkey(&Zkey::open(path("zkey")).unwrap()).unwrap();
    assert_eq!(vk.to_json(), text("vkey.json"));
    assert_eq!(
        VerificationKey::from_json(&JsonFile::open(path("vkey.json")).unwrap()).unwrap(),
        vk
    );
}

#[test]
fn the_public_signals_are_snarkjs_own() {
    let public =
        PublicSignals::<ark_bn254::Fr>::from_witness(&Witness::open(path("wtns")).unwrap(), 2);
    assert_eq!(public.to_json(), text("public.json"));
    assert_eq!(
        PublicSignals::from_json(&JsonFile::open(path("public.json")).unwrap()).unwrap(),
        public
    );
}

#[test]
fn snarkjs_proof_is_valid_and_no_other_statement_is() {
    let file = |extension| JsonFile::open(path(extension)).unwrap();
    let (vk, public, proof) = (file("vkey.json"), file("public.json"), file("proof.json"));
    assert!(verify_files(&vk, &public, &proof).unwrap());
    let parsed = Proof::<Bn254>::from_json(&proof).unwrap();
    assert_eq!(parsed.to_json(), text("proof.json"));

    let vk = VerificationKey::<Bn254>::from_json(&vk).unwrap();
    let mut public = PublicSignals::from_json(&public).unwrap();
    public.0[1] += ark_bn254::Fr::from(1);
    assert!(!verify(&vk, &public, &parsed).unwrap());
    public.0.pop();
    assert!(
        verify(&vk, &public, &parsed)
            .unwrap_err()
            .to_string()
            .contains("number of public signals")
    );
}
