//! What the programs of a bench run share: settings, inputs, answers, the rows and their floors.
//!
//! `benches/run` builds two kinds of programs and runs them in turns, row by row: the product's
//! (`ours`), compiled for the processor's family as everybody gets it, and the peers' (`peers`,
//! `peers_rows`), compiled for this very processor. Both make the same [`inputs`], write a hash of each
//! [`answers`] before they time it, and leave criterion's results in one folder; `ratios` compares the
//! answers, prints the [`rows`] as a table and holds them against their floors.
//!
//! Ids read `kernel/field-or-group/who/size`; a row is its id without who.

pub mod answers;
pub mod inputs;
#[cfg(feature = "peers")]
pub mod plonky3;
pub mod results;
pub mod rows;

use criterion::Criterion;
use std::error::Error;
use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// What a program of a bench run comes to.
pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Exit code 2 with the error on stderr where the program could not run.
pub fn exit(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(2)
        }
    }
}

/// What was tried, before the error that came of it.
pub fn because<E: Display>(what: &str) -> impl Fn(E) -> Box<dyn Error> {
    move |e| format!("{what}: {e}").into()
}

/// A variable of the environment that `benches/run` sets.
pub fn variable(name: &str) -> Outcome<String> {
    std::env::var(name).map_err(because(&format!("{name}, which benches/run sets")))
}

/// What the environment asks for.
pub struct Settings {
    /// Threads of both sides: `PROOFMILL_BENCH_THREADS`, otherwise 1.
    pub threads: usize,
    /// The product's device: `PROOFMILL_BENCH_DEVICE`, otherwise the CPU.
    pub device: String,
    /// Small sizes and short times (`PROOFMILL_BENCH_QUICK`): whether it works, not how fast.
    pub quick: bool,
    /// Only this `kernel/field-or-group` (`PROOFMILL_BENCH_ONLY`).
    pub only: Option<String>,
    /// Where answers go: `PROOFMILL_BENCH_OUT`, otherwise `target/bench`.
    pub out: PathBuf,
}

impl Settings {
    /// From the environment.
    pub fn read() -> Self {
        let text = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
        let threads = text("PROOFMILL_BENCH_THREADS").and_then(|t| t.parse().ok());
        Settings {
            threads: threads.unwrap_or(1).max(1),
            device: text("PROOFMILL_BENCH_DEVICE").unwrap_or_else(|| "cpu:0".into()),
            quick: text("PROOFMILL_BENCH_QUICK").is_some(),
            only: text("PROOFMILL_BENCH_ONLY"),
            out: text("PROOFMILL_BENCH_OUT").map_or_else(default_out, PathBuf::from),
        }
    }

    /// Whether a `kernel/field-or-group` is asked for.
    pub fn wants(&self, group: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == group)
    }

    /// The sizes of a run, as log2: those given, or one small one.
    pub fn logs(&self, logs: &[u32]) -> Vec<u32> {
        match self.quick {
            true => vec![10],
            false => logs.to_vec(),
        }
    }

    /// Ten samples within two seconds where the work is short enough.
    pub fn criterion(&self) -> Criterion {
        let (warm_up, measurement) = match self.quick {
            true => (20, 50),
            false => (300, 2000),
        };
        Criterion::default()
            .sample_size(10)
            .warm_up_time(Duration::from_millis(warm_up))
            .measurement_time(Duration::from_millis(measurement))
            .without_plots()
            .configure_from_args()
    }

    /// Rayon's own pool, which the peers use, with the threads asked for.
    pub fn start_threads(&self) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads);
        if let Err(e) = pool.build_global() {
            eprintln!("the threads were started before: {e}");
        }
    }
}

fn default_out() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/bench")
}
