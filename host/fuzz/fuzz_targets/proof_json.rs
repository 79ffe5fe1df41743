//! A proof on either curve, and public signals: what is read is written the same way again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmill_groth16::curve::SnarkCurve;
use proofmill_groth16::json::{JsonFile, Proof, PublicSignals};
use proofmill_groth16::with_curve;

fuzz_target!(|data: &[u8]| {
    let Ok(file) = JsonFile::from_slice("fuzz.json", data) else { return };
    let _ = PublicSignals::<ark_bn254::Fr>::from_json(&file);
    if let Ok(curve) = file.curve() {
        with_curve!(curve, E => round_trip::<E>(&file));
    }
});

fn round_trip<E: SnarkCurve>(file: &JsonFile) {
    if let Ok(proof) = Proof::<E>::from_json(file) {
        let again = JsonFile::from_slice("again.json", proof.to_json().as_bytes());
        assert!(again.and_then(|again| Proof::<E>::from_json(&again)).is_ok_and(|again| again == proof));
    }
}
