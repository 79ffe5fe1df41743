//! `proofmill verify`: is this proof valid?

use super::Answer;
use crate::error::{Error, warn};
use crate::text;
use clap::Args;
use proofmill_groth16::curve::SnarkCurve;
use proofmill_groth16::json::{JsonFile, Proof, PublicSignals, VerificationKey, verify};
use proofmill_groth16::with_curve;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// Verify a proof
///
/// Arguments are in snarkjs' order, the files are snarkjs' JSON. Prints `valid` (exit code 0) or `invalid` (exit
/// code 1); exit code 2 means that a file could not be read or is not what it should be.
#[derive(Args)]
pub(crate) struct Verify {
    /// Verification key (JSON)
    vkey: PathBuf,
    /// Public signals (JSON)
    public: PathBuf,
    /// Proof (JSON)
    proof: PathBuf,
    /// Print a record as JSON instead; time in microseconds
    #[arg(long)]
    json: bool,
}

struct Verdict {
    valid: bool,
    public_signals: usize,
    insecure: bool,
}

impl Verify {
    pub(crate) fn run(&self) -> Result<Answer, Error> {
        let start = Instant::now();
        let vkey = JsonFile::open(&self.vkey)?;
        let (public, proof) = (JsonFile::open(&self.public)?, JsonFile::open(&self.proof)?);
        let curve = vkey.curve()?;
        let verdict = with_curve!(curve, E => judge::<E>(&vkey, &public, &proof)?);
        if verdict.insecure {
            warn(&format!(
                "{} is of an INSECURE development key: tau was known, its proofs can be forged",
                vkey.name()
            ));
        }
        if self.json {
            let record = json!({
                "program": "proofmill",
                "version": env!("CARGO_PKG_VERSION"),
                "valid": verdict.valid,
                "curve": curve.name(),
                "public_signals": verdict.public_signals,
                "insecure": verdict.insecure,
                "total_us": text::micros(start.elapsed()),
            });
            return Ok(Answer::json(&record, verdict.valid));
        }
        let word = if verdict.valid { "valid" } else { "invalid" };
        Ok(Answer {
            text: format!("{word}\n"),
            good: verdict.valid,
        })
    }
}

fn judge<E: SnarkCurve>(
    vkey: &JsonFile,
    public: &JsonFile,
    proof: &JsonFile,
) -> Result<Verdict, Error> {
    let key = VerificationKey::<E>::from_json(vkey)?;
    let public = PublicSignals::from_json(public)?;
    Ok(Verdict {
        valid: verify(&key, &public, &Proof::from_json(proof)?)?,
        public_signals: public.0.len(),
        insecure: key.insecure,
    })
}
