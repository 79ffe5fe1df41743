//! `proofmill setup`: a development key in seconds.

use super::{Answer, Threads};
use crate::error::Error;
use crate::progress::Stages;
use crate::{files, text};
use clap::Args;
use proofmill_groth16::r1cs::R1cs;
use proofmill_groth16::setup::{Randomness, insecure_dev_setup};
use std::path::PathBuf;
use std::time::Instant;

/// Make an INSECURE development key for a circuit
///
/// Real keys come from a ceremony in which nobody knows the secret tau, and take minutes to hours. This key is made in
/// seconds because tau is drawn here and known to this process: whoever ran it could forge proofs. Key and verification
/// key are marked as insecure; snarkjs and rapidsnark accept them.
///
/// The files get their names when they are complete. A run that is interrupted leaves `.proofmill-*.tmp` beside them,
/// which may be deleted.
#[derive(Args)]
#[command(
    override_usage = "proofmill setup --insecure-dev <R1CS> <ZKEY> --vkey <VKEY> [--threads <N>]"
)]
pub(crate) struct Setup {
    /// Required: states that the key is for development only
    #[arg(long)]
    insecure_dev: bool,
    /// Constraint system, as `circom --r1cs` writes it
    r1cs: PathBuf,
    /// Where the proving key goes
    zkey: PathBuf,
    /// Where the verification key goes (JSON)
    #[arg(long, value_name = "VKEY")]
    vkey: PathBuf,
    #[command(flatten)]
    threads: Threads,
}

impl Setup {
    pub(crate) fn run(&self) -> Result<Answer, Error> {
        if !self.insecure_dev {
            return Err(Error::RealKey);
        }
        let start = Instant::now();
        let outputs = [("ZKEY", &*self.zkey), ("VKEY", &*self.vkey)];
        files::require_outputs(&[("R1CS", &self.r1cs)], &outputs)?;
        self.threads.limit()?;
        let stages = Stages::new();
        stages.start("parse");
        let r1cs = R1cs::open(&self.r1cs)?;
        stages.start("points");
        insecure_dev_setup(&r1cs, Randomness::System, &self.zkey, &self.vkey)?;
        drop(stages);
        let (zkey, vkey) = (self.zkey.display(), self.vkey.display());
        Ok(Answer::good(format!(
            "INSECURE development key: tau was known to this process, its proofs can be forged\n\
             circuit: {}, {}, {}, {} public\n\
             wrote {zkey} and {vkey} in {}\n",
            r1cs.curve().name(),
            text::count(r1cs.n_constraints(), "constraint"),
            text::count(r1cs.n_wires(), "wire"),
            r1cs.n_public(),
            text::time(start.elapsed()).trim_start(),
        )))
    }
}
