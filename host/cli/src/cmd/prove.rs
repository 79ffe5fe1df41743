//! `proofmill prove`: key and witness in, verified proof out.

use super::{Answer, Cards, Threads, devices, require_device};
use crate::error::{self, Error, warn};
use crate::progress::Stages;
use crate::{files, text};
use clap::{Args, ValueEnum};
use proofmill::Pool;
use proofmill_groth16::output::write_all_or_nothing;
use proofmill_groth16::prove::{Check, ProveOptions, Proved, StepTime, prove};
use proofmill_groth16::wtns::Witness;
use proofmill_groth16::zkey::Zkey;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Make a proof from a proving key and a witness
///
/// Arguments are in rapidsnark's order. PROOF and PUBLIC are snarkjs' JSON files; they appear together, and only once
/// the proof has passed its check: after a failure there is neither, and older files stay as they were.
/// Runs at the same time need names of their own.
///
/// Prints the devices found, which device did each step and how long it took, and what was checked (to stderr where
/// PROOF or PUBLIC is /dev/stdout).
#[derive(Args)]
pub(crate) struct Prove {
    /// Proving key (Groth16, bn128 or bls12381), as snarkjs makes it
    zkey: PathBuf,
    /// Witness of the same circuit, as circom's generators write it
    wtns: PathBuf,
    /// Where the proof goes (JSON)
    proof: PathBuf,
    /// Where the public signals go (JSON)
    public: PathBuf,
    /// Use only this device (`proofmill devices` lists them) [default: whichever is fastest for each step]
    #[arg(long, value_name = "ID")]
    device: Option<String>,
    /// What is checked before anything is written
    #[arg(long, value_enum, default_value_t = CheckLevel::Proof)]
    check: CheckLevel,
    #[command(flatten)]
    cards: Cards,
    #[command(flatten)]
    threads: Threads,
    /// Print a record as JSON instead: devices, steps, what was checked; times in microseconds
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum CheckLevel {
    /// Nothing: the proof is written unchecked
    Off,
    /// The finished proof is verified (a few milliseconds)
    Proof,
    /// Also every step on its own; sums are computed again by a second device (slow: minutes for a domain of 2^16)
    Full,
}

impl CheckLevel {
    fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Proof => "proof",
            Self::Full => "full",
        }
    }

    fn policy(self) -> Check {
        match self {
            Self::Off => Check::Off,
            Self::Proof => Check::Proof,
            Self::Full => Check::Full,
        }
    }
}

/// Everything that there is to tell.
struct Record {
    zkey: Zkey,
    pool: Pool,
    proved: Proved,
    start: Duration,
    parse: Duration,
    write: Duration,
    total: Duration,
}

impl Record {
    /// Every part of the work, in order: what the program did itself, and the prover's steps between.
    fn steps(&self) -> Vec<StepTime> {
        let host = |name, time| StepTime {
            name,
            device: "host".into(),
            time,
        };
        let mut steps = vec![host("start", self.start), host("parse", self.parse)];
        steps.extend_from_slice(&self.proved.steps);
        steps.push(host("write", self.write));
        steps
    }
}

impl Prove {
    pub(crate) fn run(&self) -> Result<Answer, Error> {
        let start = Instant::now();
        let inputs = [("ZKEY", &*self.zkey), ("WTNS", &*self.wtns)];
        let outputs = [("PROOF", &*self.proof), ("PUBLIC", &*self.public)];
        files::require_outputs(&inputs, &outputs)?;
        self.threads.limit()?;
        let pool = self.threads.pool(&self.cards)?;
        if let Some(id) = &self.device {
            require_device(&pool, id)?;
        }
        let started = start.elapsed();
        let (zkey, proved, parse) = self.prove(&pool)?;
        for failure in &proved.failures {
            warn(&format!("set aside {failure}"));
        }
        let (proof, public) = (proved.proof_json.as_bytes(), proved.public_json.as_bytes());
        let write = Instant::now();
        write_all_or_nothing(&[(&self.proof, proof), (&self.public, public)])?;
        let record = Record {
            zkey,
            pool,
            proved,
            start: started,
            parse,
            write: write.elapsed(),
            total: start.elapsed(),
        };
        let answer = match self.json {
            true => Answer::json(&self.json(&record), true),
            false => Answer::good(self.text(&record)),
        };
        if files::is_stdout(&self.proof) || files::is_stdout(&self.public) {
            error::report(&answer.text);
            return Ok(Answer::good(String::new()));
        }
        Ok(answer)
    }

    /// The key, the proof, and the time that reading took.
    fn prove(&self, pool: &Pool) -> Result<(Zkey, Proved, Duration), Error> {
        let stages = Stages::new();
        stages.start("parse");
        let start = Instant::now();
        let (zkey, witness) = (Zkey::open(&self.zkey)?, Witness::open(&self.wtns)?);
        let parse = start.elapsed();
        if zkey.is_insecure() {
            let name = zkey.name();
            stages.aside(|| {
                warn(&format!(
                    "{name} is an INSECURE development key: tau was known, its proofs can be forged"
                ))
            });
        }
        let options = ProveOptions {
            check: self.check.policy(),
            device: self.device.clone(),
        };
        let mut progress = |stage: &'static str| stages.start(stage);
        let proved = prove(pool, &zkey, &witness, &options, &mut progress)?;
        Ok((zkey, proved, parse))
    }

    fn text(&self, record: &Record) -> String {
        let Record { zkey, proved, .. } = record;
        let header = zkey.header();
        let mut out = devices::table(&record.pool.known_devices());
        out.push_str(&format!(
            "\nkey: {}, {}, {} public, domain 2^{}{}\n",
            zkey.curve().name(),
            text::count(header.n_vars, "signal"),
            header.n_public,
            header.log_domain,
            if zkey.is_insecure() { ", INSECURE" } else { "" }
        ));
        out.push_str("\nstep                  time  device\n");
        let mut row = |name: &str, time: Duration, device: &str| {
            let line = format!("{name:<14}{}  {device}", text::time(time));
            out.push_str(line.trim_end());
            out.push('\n');
        };
        for StepTime { name, device, time } in record.steps() {
            row(name, time, &device);
        }
        row("total", record.total, "");
        out.push_str(&match proved.checked.as_slice() {
            [] => "\nchecked: nothing, this proof is unchecked\n".to_string(),
            checked => format!("\nchecked: {}\n", checked.join("; ")),
        });
        let (proof, public) = (self.proof.display(), self.public.display());
        out + &format!("wrote {proof} and {public}\n")
    }

    fn json(&self, record: &Record) -> Value {
        let Record { zkey, proved, .. } = record;
        let header = zkey.header();
        let step = |s: &StepTime| json!({ "name": s.name, "device": s.device, "time_us": text::micros(s.time) });
        let steps: Vec<Value> = record.steps().iter().map(step).collect();
        json!({
            "program": "proofmill",
            "version": env!("CARGO_PKG_VERSION"),
            "key": {
                "file": self.zkey.display().to_string(),
                "curve": zkey.curve().name(),
                "signals": header.n_vars,
                "public_signals": header.n_public,
                "domain": header.domain(),
                "insecure": zkey.is_insecure(),
            },
            "devices": devices::json(&record.pool.known_devices()),
            "steps": steps,
            "total_us": text::micros(record.total),
            "check": self.check.name(),
            "checked": proved.checked,
            "set_aside": proved.failures.iter().map(|f| json!({ "device": f.device, "fault": f.fault.to_string() })).collect::<Value>(),
            "proof": self.proof.display().to_string(),
            "public": self.public.display().to_string(),
        })
    }
}
