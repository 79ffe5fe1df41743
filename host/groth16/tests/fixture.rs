//! Keys, witnesses and proofs made by snarkjs itself: read, exported and verified.

#![allow(clippy::unwrap_used)] // in a test's own helpers a panic is a failed test

use ark_bn254::Bn254;
use proofmill_groth16::check::{check, count};
use proofmill_groth16::curve::{KeyCurve, SnarkCurve};
use proofmill_groth16::json::{
    JsonFile, Proof, PublicSignals, VerificationKey, verify, verify_files,
};
use proofmill_groth16::r1cs::R1cs;
use proofmill_groth16::with_curve;
use proofmill_groth16::wtns::{Witness, check_pair};
use proofmill_groth16::zkey::Zkey;

const ALL: [&str; 5] = ["poseidon8", "one", "nopublic", "one_bls", "chain_bls"];

fn path(name: &str, extension: &str) -> String {
    format!(
        "{}/tests/fixtures/{name}.{extension}",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn text(name: &str, extension: &str) -> String {
    std::fs::read_to_string(path(name, extension)).unwrap()
}

fn json(name: &str, extension: &str) -> JsonFile {
    JsonFile::open(path(name, extension)).unwrap()
}

fn zkey(name: &str) -> Zkey {
    Zkey::open(path(name, "zkey")).unwrap()
}

fn wtns(name: &str) -> Witness {
    Witness::open(path(name, "wtns")).unwrap()
}

#[test]
fn the_demo_key_has_its_sizes() {
    let zkey = zkey("poseidon8");
    let header = zkey.header();
    assert_eq!(
        (header.curve, header.n_vars, header.n_public),
        (KeyCurve::Bn128, 1923, 2)
    );
    assert_eq!(
        (header.log_domain, zkey.a().len(), zkey.b2().len()),
        (11, 64 * 1923, 128 * 1923)
    );
    assert!(!zkey.is_insecure());
    assert!(zkey.coefficients().len() > 2048);
}

#[test]
fn every_key_is_good_and_fits_its_witness_and_no_other() {
    for name in ALL {
        let zkey = zkey(name);
        let summary = check(&zkey).unwrap();
        assert_eq!(summary, count(&zkey));
        let n = zkey.header().n_vars;
        assert_eq!(summary.points(), 4 * n + zkey.header().domain(), "{name}"); // IC and C share out the signals
        assert!(summary.sections[2].infinite > 0);
        for other in ALL {
            assert_eq!(
                check_pair(&zkey, &wtns(other)).is_ok(),
                name == other,
                "{name} {other}"
            );
        }
    }
}

fn exports_as_snarkjs_does<E: SnarkCurve>(name: &str) {
    let vk = VerificationKey::<E>::from_zkey(&zkey(name)).unwrap();
    assert_eq!(vk.to_json(), text(name, "vkey.json"));
    assert_eq!(
        VerificationKey::from_json(&json(name, "vkey.json")).unwrap(),
        vk
    );

    let public =
        PublicSignals::<E::ScalarField>::from_witness(&wtns(name), zkey(name).header().n_public);
    assert_eq!(public.to_json(), text(name, "public.json"));
    assert_eq!(
        PublicSignals::from_json(&json(name, "public.json")).unwrap(),
        public
    );

    let proof = Proof::<E>::from_json(&json(name, "proof.json")).unwrap();
    assert_eq!(proof.to_json(), text(name, "proof.json"));
}

#[test]
fn every_json_is_snarkjs_own_byte_for_byte() {
    for name in ALL {
        with_curve!(zkey(name).curve(), E => exports_as_snarkjs_does::<E>(name));
    }
}

#[test]
fn snarkjs_proofs_are_valid() {
    for name in ALL {
        let (vk, public, proof) = (
            json(name, "vkey.json"),
            json(name, "public.json"),
            json(name, "proof.json"),
        );
        assert!(verify_files(&vk, &public, &proof).unwrap(), "{name}");
    }
}

#[test]
fn another_statement_is_not_proved() {
    let vk = VerificationKey::<Bn254>::from_json(&json("poseidon8", "vkey.json")).unwrap();
    let proof = Proof::<Bn254>::from_json(&json("poseidon8", "proof.json")).unwrap();
    let mut public = PublicSignals::from_json(&json("poseidon8", "public.json")).unwrap();
    public.0[1] += ark_bn254::Fr::from(1);
    assert!(!verify(&vk, &public, &proof).unwrap());
    public.0.pop();
    let error = verify(&vk, &public, &proof).unwrap_err();
    assert_eq!(
        error.to_string(),
        "verification key and public signals: number of public signals differs: expected 2, found 1"
    );
}

#[test]
fn a_proof_on_the_other_curve_is_an_error() {
    let error = verify_files(
        &json("one", "vkey.json"),
        &json("one", "public.json"),
        &json("one_bls", "proof.json"),
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.ends_with("one_bls.proof.json: curve: expected bn128, found bls12381"),
        "{error}"
    );
}

#[test]
fn circoms_constraint_systems_open() {
    for (name, constraints, wires, public) in [
        ("one", 1, 4, 1),
        ("nopublic", 4, 6, 0),
        ("chain_bls", 33, 36, 3),
    ] {
        let r1cs = R1cs::open(path(name, "r1cs")).unwrap();
        assert_eq!(
            (r1cs.n_constraints(), r1cs.n_wires(), r1cs.n_public()),
            (constraints, wires, public)
        );
        assert_eq!(r1cs.constraints().count(), constraints);
        assert_eq!(r1cs.curve(), zkey(name).curve());
    }
}

/// rapidsnark's proofs name the protocol and no curve.
#[test]
fn a_proof_without_its_curve_or_protocol_verifies_and_one_with_another_does_not() {
    let folder = format!("{}/tests/fixtures/poseidon8", env!("CARGO_MANIFEST_DIR"));
    let open = |kind: &str| JsonFile::open(format!("{folder}.{kind}.json")).unwrap();
    let text = std::fs::read(format!("{folder}.proof.json")).unwrap();
    let (vkey, public) = (open("vkey"), open("public"));
    let verify_with = |change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>)| {
        let mut proof: serde_json::Value = serde_json::from_slice(&text).unwrap();
        change(proof.as_object_mut().unwrap());
        let proof = JsonFile::from_slice("proof", proof.to_string().as_bytes()).unwrap();
        verify_files(&vkey, &public, &proof)
    };
    assert!(verify_with(&|p| drop(p.remove("curve"))).unwrap());
    assert!(verify_with(&|p| drop(p.remove("protocol"))).unwrap());
    assert!(verify_with(&|p| p.retain(|key, _| key.starts_with("pi_"))).unwrap());
    let other = |p: &mut serde_json::Map<String, serde_json::Value>, key: &str| {
        p.insert(key.into(), "other".into());
    };
    for missing in ["curve", "protocol", "none"] {
        for wrong in ["curve", "protocol"]
            .into_iter()
            .filter(|key| *key != missing)
        {
            let result = verify_with(&|p| {
                p.remove(missing);
                other(p, wrong);
            });
            assert!(result.is_err(), "{wrong} wrong, {missing} missing");
        }
    }
}
