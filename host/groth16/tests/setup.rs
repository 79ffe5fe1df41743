//! Development keys of every shape: consistent, marked, whole or absent. snarkjs judges them in the prover's tests.

#![allow(clippy::unwrap_used)] // in a test's own helpers a panic is a failed test

use proofmill_groth16::check::check;
use proofmill_groth16::curve::KeyCurve;
use proofmill_groth16::json::{JsonFile, VerificationKey};
use proofmill_groth16::r1cs::R1cs;
use proofmill_groth16::setup::{Randomness, insecure_dev_setup, insecure_dev_setup_in_memory};
use proofmill_groth16::synthetic::circuit;
use proofmill_groth16::with_curve;
use proofmill_groth16::wtns::{Witness, check_pair};
use proofmill_groth16::zkey::Zkey;

fn key(curve: KeyCurve, n: usize, outputs: usize) -> (Zkey, String) {
    let circuit = circuit(curve, n, outputs, 7).unwrap();
    let r1cs = R1cs::from_bytes("test.r1cs", circuit.r1cs.into()).unwrap();
    let (bytes, vkey) = insecure_dev_setup_in_memory(&r1cs, Randomness::Seed(3)).unwrap();
    let zkey = Zkey::from_bytes("test.zkey", bytes.into()).unwrap();
    check_pair(
        &zkey,
        &Witness::from_bytes("test.wtns", circuit.wtns.into()).unwrap(),
    )
    .unwrap();
    (zkey, vkey)
}

#[test]
fn keys_of_every_shape_are_good_and_say_what_they_are() {
    for curve in KeyCurve::ALL {
        for (n, outputs, log_domain) in [
            (1, 0, 1),
            (1, 1, 2),
            (3, 0, 2),
            (4, 4, 4),
            (100, 27, 7),
            (100, 28, 8),
        ] {
            let (zkey, vkey) = key(curve, n, outputs);
            check(&zkey).unwrap();
            assert!(zkey.is_insecure());
            assert_eq!(
                (zkey.header().n_public, zkey.header().log_domain),
                (outputs, log_domain)
            );
            assert!(vkey.ends_with(",\n \"insecure\": \"development key, tau was known\"\n}"));
            let file = JsonFile::from_slice("vkey.json", vkey.as_bytes()).unwrap();
            with_curve!(curve, E => {
                let vk = VerificationKey::<E>::from_json(&file).unwrap();
                assert_eq!(VerificationKey::<E>::from_zkey(&zkey).unwrap(), vk);
                assert_eq!(vk.to_json(), vkey);
            });
        }
    }
}

#[test]
fn a_seed_gives_one_key_and_the_system_another() {
    let r1cs = R1cs::from_bytes(
        "test.r1cs",
        circuit(KeyCurve::Bn128, 5, 1, 7).unwrap().r1cs.into(),
    )
    .unwrap();
    let key = |randomness| insecure_dev_setup_in_memory(&r1cs, randomness).unwrap().0;
    assert_eq!(key(Randomness::Seed(1)), key(Randomness::Seed(1)));
    assert_ne!(key(Randomness::Seed(1)), key(Randomness::Seed(2)));
    assert_ne!(key(Randomness::System), key(Randomness::System));
}

#[test]
fn both_files_appear_or_neither() {
    let folder = tempfile::tempdir().unwrap();
    let (zkey, vkey) = (
        folder.path().join("a.zkey"),
        folder.path().join("a.vkey.json"),
    );
    let r1cs = R1cs::from_bytes(
        "test.r1cs",
        circuit(KeyCurve::Bls12381, 5, 1, 7).unwrap().r1cs.into(),
    )
    .unwrap();
    let error = insecure_dev_setup(
        &r1cs,
        Randomness::System,
        &zkey,
        &folder.path().join("no/folder"),
    )
    .unwrap_err();
    assert!(
        error.to_string().ends_with("no/folder: cannot write"),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    insecure_dev_setup(&r1cs, Randomness::System, &zkey, &vkey).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    check(&Zkey::open(&zkey).unwrap()).unwrap();
}
