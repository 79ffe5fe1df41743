//! `proofmill zkey`: what a proving key is, whether it is sound, and the verification key in it.

use super::{Answer, Threads};
use crate::error::Error;
use crate::progress::Stages;
use crate::{files, text};
use clap::{Args, Subcommand};
use proofmill_groth16::check::{self, Summary};
use proofmill_groth16::json::VerificationKey;
use proofmill_groth16::output::write_all_or_nothing;
use proofmill_groth16::{with_curve, zkey};
use std::path::PathBuf;

/// Look at a proving key, check it, export its verification key
#[derive(Subcommand)]
pub(crate) enum Zkey {
    Info(Info),
    Check(Check),
    ExportVkey(ExportVkey),
}

/// Show a proving key's sizes and curve, and whether it is insecure
///
/// Reads the header, the lengths of all sections, and which points are at infinity; `zkey check` looks at every point.
#[derive(Args)]
pub(crate) struct Info {
    /// Proving key
    zkey: PathBuf,
}

/// Check every point and coefficient of a proving key
///
/// Points: coordinates below q, on the curve, in the subgroup of order r. Header: fixed points finite, beta and delta
/// the same in both groups. Coefficients: inside the matrices, below r. The first bad thing is the error (exit
/// code 2), with its section and offset. It cannot be seen from a key alone whether it belongs to a certain circuit.
#[derive(Args)]
pub(crate) struct Check {
    /// Proving key
    zkey: PathBuf,
    #[command(flatten)]
    threads: Threads,
}

/// Write a proving key's verification key
///
/// The same bytes as `snarkjs zkey export verificationkey`; that of a development key has one more field, `insecure`.
#[derive(Args)]
pub(crate) struct ExportVkey {
    /// Proving key
    zkey: PathBuf,
    /// Where the verification key goes (JSON)
    vkey: PathBuf,
}

impl Zkey {
    pub(crate) fn run(&self) -> Result<Answer, Error> {
        match self {
            Self::Info(args) => args.run(),
            Self::Check(args) => args.run(),
            Self::ExportVkey(args) => args.run(),
        }
    }
}

impl Info {
    fn run(&self) -> Result<Answer, Error> {
        let zkey = zkey::Zkey::open(&self.zkey)?;
        Ok(Answer::good(describe(&zkey, &check::count(&zkey))))
    }
}

impl Check {
    fn run(&self) -> Result<Answer, Error> {
        self.threads.limit()?;
        let zkey = zkey::Zkey::open(&self.zkey)?;
        let stages = Stages::new();
        stages.start("points");
        let summary = check::check(&zkey)?;
        drop(stages);
        let found = format!(
            "\ngood: the header, {} and {}\n",
            text::count(summary.points(), "point"),
            text::count(summary.coefficients, "coefficient"),
        );
        Ok(Answer::good(describe(&zkey, &summary) + &found))
    }
}

impl ExportVkey {
    fn run(&self) -> Result<Answer, Error> {
        files::require_outputs(&[("ZKEY", &self.zkey)], &[("VKEY", &self.vkey)])?;
        let zkey = zkey::Zkey::open(&self.zkey)?;
        let vkey =
            with_curve!(zkey.curve(), E => VerificationKey::<E>::from_zkey(&zkey)?.to_json());
        write_all_or_nothing(&[(&self.vkey, vkey.as_bytes())])?;
        Ok(Answer::good(
            insecure(&zkey) + &format!("wrote {}\n", self.vkey.display()),
        ))
    }
}

fn describe(zkey: &zkey::Zkey, summary: &Summary) -> String {
    let (header, curve) = (zkey.header(), zkey.curve());
    let mut out = insecure(zkey);
    let mut row = |name: &str, value: String| out.push_str(&format!("{name:<14}{value}\n"));
    row("protocol", "groth16".into());
    row("curve", curve.name().into());
    let (signals, public) = (header.n_vars, header.n_public);
    row("signals", format!("{signals}, {public} of them public"));
    let (log_domain, domain) = (header.log_domain, header.domain());
    row(
        "domain",
        format!("2^{log_domain} = {}", text::count(domain, "row")),
    );
    row("coefficients", summary.coefficients.to_string());
    out.push_str("\nsection     points  at infinity       bytes\n");
    for count in &summary.sections {
        let size = match count.section {
            "B2" => curve.g2_bytes(),
            _ => curve.g1_bytes(),
        };
        out.push_str(&format!(
            "{:<7}{:>11}{:>13}{:>12}\n",
            count.section,
            count.points,
            count.infinite,
            count.points * size
        ));
    }
    out
}

fn insecure(zkey: &zkey::Zkey) -> String {
    match zkey.is_insecure() {
        true => "INSECURE development key: tau was known, its proofs can be forged\n".into(),
        false => String::new(),
    }
}
