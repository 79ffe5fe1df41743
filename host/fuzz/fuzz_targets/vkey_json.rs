//! A verification key on either curve: what is read is written the same way again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmill_groth16::curve::SnarkCurve;
use proofmill_groth16::json::{JsonFile, VerificationKey};
use proofmill_groth16::with_curve;

fuzz_target!(|data: &[u8]| {
    let Ok(file) = JsonFile::from_slice("fuzz.json", data) else { return };
    if let Ok(curve) = file.curve() {
        with_curve!(curve, E => round_trip::<E>(&file));
    }
});

fn round_trip<E: SnarkCurve>(file: &JsonFile) {
    if let Ok(vk) = VerificationKey::<E>::from_json(file) {
        let again = JsonFile::from_slice("again.json", vk.to_json().as_bytes());
        assert!(again.and_then(|again| VerificationKey::<E>::from_json(&again)).is_ok_and(|again| again == vk));
    }
}
