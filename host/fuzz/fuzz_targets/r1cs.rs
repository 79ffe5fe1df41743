//! A constraint system: opened, its constraints counted and, where it is small, a key made for it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmill_groth16::r1cs::R1cs;
use proofmill_groth16::setup::{Randomness, insecure_dev_setup_in_memory};
use proofmill_groth16::zkey::Zkey;

fuzz_target!(|data: &[u8]| {
    let Ok(r1cs) = R1cs::from_bytes("fuzz.r1cs", data.to_vec().into()) else { return };
    assert_eq!(r1cs.constraints().count(), r1cs.n_constraints());
    if r1cs.n_wires() + r1cs.n_constraints() < 8
        && let Ok((zkey, _)) = insecure_dev_setup_in_memory(&r1cs, Randomness::Seed(1))
    {
        assert!(Zkey::from_bytes("fuzz.zkey", zkey.into()).is_ok());
    }
});
