//! A proving key: opened, its coefficients and points checked, its verification key exported.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmill_groth16::{check::check, json::VerificationKey, with_curve, zkey::Zkey};

fuzz_target!(|data: &[u8]| {
    let Ok(zkey) = Zkey::from_bytes("fuzz.zkey", data.to_vec().into()) else { return };
    let _ = check(&zkey);
    with_curve!(zkey.curve(), E => {
        let _ = VerificationKey::<E>::from_zkey(&zkey).map(|vk| vk.to_json());
    });
});
