//! `proofmill selftest`: does each device do what it claims?

use super::{Answer, Cards, Threads, require_device};
use crate::error::Error;
use crate::progress::Stages;
use crate::text;
use clap::Args;
use proofmill::selftest::{self, Operation, Outcome};
use serde_json::{Value, json};

/// Test devices: known answers and checked random jobs for every operation that they offer
///
/// Tests every usable device, or one. Exit code 1 means that a device gave a wrong answer or none; it should not be
/// used.
#[derive(Args)]
pub(crate) struct Selftest {
    /// Test only this device [default: every usable one]
    #[arg(long, value_name = "ID")]
    device: Option<String>,
    #[command(flatten)]
    cards: Cards,
    #[command(flatten)]
    threads: Threads,
    /// Print a record as JSON instead; times in microseconds
    #[arg(long)]
    json: bool,
}

impl Selftest {
    pub(crate) fn run(&self) -> Result<Answer, Error> {
        self.threads.limit()?;
        let devices = self.devices()?;
        let stages = Stages::new();
        let test = |id: &String| {
            // a pool for each: what one device does wrong must not set another aside
            let pool = self.threads.pool(&self.cards)?;
            let progress = |name: &str| stages.start(&format!("{id}: {name}"));
            Ok(selftest::run(&pool, id, progress)?)
        };
        let tests: Vec<_> = devices.iter().map(test).collect::<Result<_, Error>>()?;
        drop(stages);
        let good = tests.iter().all(selftest::Selftest::passed);
        if self.json {
            let record = json!({
                "program": "proofmill",
                "version": env!("CARGO_PKG_VERSION"),
                "passed": good,
                "devices": tests.iter().map(json).collect::<Value>(),
            });
            return Ok(Answer::json(&record, good));
        }
        let reports: Vec<_> = tests.iter().map(report).collect();
        let text = reports.join("\n");
        Ok(Answer { text, good })
    }

    /// The ids to test.
    fn devices(&self) -> Result<Vec<String>, Error> {
        let pool = self.threads.pool(&self.cards)?;
        if let Some(id) = &self.device {
            require_device(&pool, id)?;
            return Ok(vec![id.clone()]);
        }
        let devices = pool.devices().into_iter();
        let usable = devices.filter(|device| device.unusable.is_none());
        Ok(usable.map(|device| device.id).collect())
    }
}

fn report(test: &selftest::Selftest) -> String {
    let mut out = format!("{}\n", test.device);
    for Operation {
        name,
        outcome,
        time,
    } in &test.operations
    {
        let (time, fault) = (text::time(*time), fault(outcome));
        let fault = fault.map(|fault| format!(": {fault}"));
        let (word, fault) = (word(outcome), fault.unwrap_or_default());
        out.push_str(&format!("  {name:<36}{time}  {word}{fault}\n"));
    }
    let count = |wanted| {
        test.operations
            .iter()
            .filter(|o| word(&o.outcome) == wanted)
            .count()
    };
    out + &format!(
        "{}: {} passed, {} failed, {} not run, {} not offered in {}\n",
        test.device,
        text::count(count(PASSED), "operation"),
        count(FAILED),
        count(NOT_RUN),
        count(NOT_OFFERED),
        text::time(test.time).trim_start(),
    )
}

fn json(test: &selftest::Selftest) -> Value {
    let operation = |o: &Operation| {
        json!({
            "name": o.name,
            "outcome": word(&o.outcome),
            "fault": fault(&o.outcome),
            "time_us": text::micros(o.time),
        })
    };
    json!({
        "device": test.device,
        "passed": test.passed(),
        "operations": test.operations.iter().map(operation).collect::<Value>(),
        "time_us": text::micros(test.time),
    })
}

const PASSED: &str = "passed";
const FAILED: &str = "failed";
const NOT_OFFERED: &str = "not offered";
const NOT_RUN: &str = "not run";

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => PASSED,
        Outcome::Failed(_) => FAILED,
        Outcome::NotOffered => NOT_OFFERED,
        // and what later versions may add: nothing is called passed that did not pass
        _ => NOT_RUN,
    }
}

fn fault(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed(fault) => Some(fault.to_string()),
        _ => None,
    }
}
