//! A witness: opened, then trusted to hold what it says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmill_groth16::wtns::Witness;

fuzz_target!(|data: &[u8]| {
    if let Ok(witness) = Witness::from_bytes("fuzz.wtns", data.to_vec().into()) {
        assert_eq!(witness.values().len(), 32 * witness.len());
    }
});
