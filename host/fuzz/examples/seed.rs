//! Writes the seed corpus: tiny circuits on both curves with their keys, snarkjs' proofs from the fixtures, and the
//! beginnings of bitstreams.
//! `cargo run --example seed` in this folder.

use flate2::read::GzDecoder;
use proofmill_groth16::curve::KeyCurve;
use proofmill_groth16::r1cs::R1cs;
use proofmill_groth16::setup::{Randomness, insecure_dev_setup_in_memory};
use proofmill_groth16::synthetic::circuit;
use std::error::Error;
use std::fs;
use std::io::Read;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let put = |target: &str, name: &str, bytes: &[u8]| {
        let folder = here.join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), bytes)
    };
    for curve in KeyCurve::ALL {
        for (constraints, outputs) in [(1, 0), (1, 1), (3, 2)] {
            let name = format!("{}-{constraints}-{outputs}", curve.name());
            let circuit = circuit(curve, constraints, outputs, 1)?;
            let r1cs = R1cs::from_bytes(&name, circuit.r1cs.clone().into())?;
            let (zkey, vkey) = insecure_dev_setup_in_memory(&r1cs, Randomness::Seed(1))?;
            put("r1cs", &name, &circuit.r1cs)?;
            put("wtns", &name, &circuit.wtns)?;
            put("zkey", &name, &zkey)?;
            put("vkey_json", &name, vkey.as_bytes())?;
        }
    }
    let fixtures = here.join("../groth16/tests/fixtures");
    for name in ["one.proof.json", "one_bls.proof.json", "one.public.json", "nopublic.public.json"] {
        put("proof_json", name, &fs::read(fixtures.join(name))?)?;
    }
    let fixtures = here.join("../bitstream/tests/fixtures");
    for name in ["ulx3s-85f", "orangecrab-85f"] {
        put("bitstream", &format!("{name}.svf"), &fs::read(fixtures.join(format!("{name}.head.svf")))?)?;
        let mut bytes = [0; 1000]; // a few frames
        GzDecoder::new(&fs::read(fixtures.join(format!("{name}.bit.gz")))?[..]).read_exact(&mut bytes)?;
        put("bitstream", &format!("{name}.bit"), &bytes)?;
    }
    Ok(())
}
