//! `proofmill cost`: what the proofs of some records cost on machines with known tariffs.

use super::Answer;
use crate::error::Error;
use crate::text;
use clap::Args;
use proofmill_cost::{Cost, Priced, Record, Source, Tariff, Verdict, Workload};
use proofmill_cost::{parse, verdicts, workloads};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The file that `--example` prints.
const EXAMPLE: &str = include_str!("../../../cost/tariffs.toml");

/// Say what proofs cost, with the source of every term
///
/// Dollars and kWh, for a proof and for a million. RECORDS are what `proofmill prove --json` printed, one proof each: several
/// of one key and the same devices give a median and a 95th percentile. A time holds for the machine that took it: it is
/// the one named before the file (`rack 1=record.json`), or the only one of the tariff file that pays for the record's
/// devices. Power is the tariff's, not measured.
#[derive(Args)]
pub(crate) struct CostArgs {
    /// Records of proofs (JSON)
    #[arg(value_name = "[MACHINE=]RECORDS", required_unless_present = "example")]
    records: Vec<String>,
    /// Machines and what their hours cost (TOML)
    #[arg(long, value_name = "FILE", required_unless_present = "example")]
    tariffs: Option<PathBuf>,
    /// Hour of the day to pay electricity for [default: the mean of all]
    #[arg(long, value_name = "0-23", value_parser = clap::value_parser!(u8).range(0..24))]
    hour: Option<u8>,
    /// Print a record as JSON instead; $, kWh and seconds
    #[arg(long)]
    json: bool,
    /// Print a tariff file to start from, and nothing else
    #[arg(long)]
    example: bool,
}

impl CostArgs {
    pub(crate) fn run(&self) -> Result<Answer, Error> {
        let Some(path) = self.tariffs.as_ref().filter(|_| !self.example) else {
            return Ok(Answer::good(EXAMPLE.into()));
        };
        let tariffs = parse(&read(path)?).map_err(|source| Error::Tariffs {
            file: path.display().to_string(),
            source: Box::new(source),
        })?;
        let records: Vec<_> = (self.records.iter())
            .map(|argument| record(argument))
            .collect::<Result<_, _>>()?;
        let workloads = workloads(&records);
        let priced: Vec<_> = (workloads.iter())
            .map(|workload| Priced::new(workload, &tariffs, self.hour))
            .collect::<Result<_, _>>()?;
        let mut used: Vec<&Tariff> = priced.iter().map(|p| p.tariff).collect();
        used.sort_by_key(|t| &t.name);
        used.dedup_by_key(|t| &t.name);
        if self.json {
            let record = json!({
                "program": "proofmill",
                "version": env!("CARGO_PKG_VERSION"),
                "costs": priced.iter().map(as_json).collect::<Value>(),
                "tariffs": used.iter().map(|t| sources_json(t, self.hour)).collect::<Value>(),
            });
            return Ok(Answer::json(&record, true));
        }
        let mut out: String = priced.iter().map(table).collect();
        out.extend(verdicts(&priced).iter().map(verdict));
        out.extend(used.iter().map(|t| sources(t, self.hour)));
        Ok(Answer::good(out))
    }
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| {
        Error::Groth16(proofmill_groth16::Error::Io {
            path: path.display().to_string(),
            action: "read",
            source,
        })
    })
}

/// The record of an argument, `MACHINE=FILE` or `FILE`.
fn record(argument: &str) -> Result<Record, Error> {
    let (machine, file) = match argument.split_once('=') {
        Some((machine, file)) => (Some(machine), file),
        None => (None, argument),
    };
    let record = Record::parse(&read(Path::new(file))?).map_err(|source| Error::Record {
        file: file.into(),
        source,
    })?;
    Ok(machine.into_iter().fold(record, Record::on))
}

fn title(workload: &Workload) -> String {
    format!("{} by {}", workload.name, workload.devices.join(", "))
}

/// Three digits that count, and no more zeros than a page has room for.
fn number(x: f64) -> String {
    match x {
        0.0 => "0".into(),
        x if x < 1e-3 => format!("{x:.2e}"),
        x => format!("{x:.*}", (2 - x.log10().floor() as i32).max(0) as usize),
    }
}

fn table(priced: &Priced<'_>) -> String {
    let Priced {
        workload,
        tariff,
        median,
        p95,
    } = priced;
    let mut out = format!(
        "{}\non {}, {}\n",
        title(workload),
        tariff.name,
        text::count(workload.runs(), "proof")
    );
    let mut line = |name: &str, median: String, p95: String| {
        let line = format!("  {name:<24}{median:>12}{p95:>12}");
        out += line.trim_end();
        out.push('\n');
    };
    line("", "median".into(), "p95".into());
    let (half, most) = (workload.quantile(0.5), workload.quantile(0.95));
    line("time, s", number(half), number(most));
    line(
        "in kernels, mean, s",
        number(workload.kernels),
        String::new(),
    );
    line("energy, kWh", number(median.kwh), number(p95.kwh));
    for (part, most) in median.parts.iter().zip(&p95.parts) {
        line(
            &format!("{}, $", part.name),
            number(part.usd),
            number(most.usd),
        );
    }
    line("a proof, $", number(median.usd), number(p95.usd));
    line(
        "a million proofs, $",
        number(median.usd * 1e6),
        number(p95.usd * 1e6),
    );
    out + "\n"
}

fn verdict(verdict: &Verdict<'_>) -> String {
    let who = |p: &Priced<'_>| format!("{} ({})", p.tariff.name, p.workload.devices.join(", "));
    format!(
        "{}: cheapest {}, fastest {}, most frugal {}\n",
        verdict.name,
        who(verdict.cheapest),
        who(verdict.fastest),
        who(verdict.most_frugal),
    )
}

fn sources(tariff: &Tariff, hour: Option<u8>) -> String {
    let mut out = format!("\n{}\n", tariff.name);
    for Source { name, term } in tariff.sources() {
        let (value, source, date) = (number(term.at(hour)), &term.source, term.date());
        out += &format!("  {name:<24}{value:>12}  {source}, {date}\n");
    }
    out
}

fn cost_json(seconds: f64, cost: &Cost) -> Value {
    let parts: serde_json::Map<_, _> = cost
        .parts
        .iter()
        .map(|p| (p.name.into(), p.usd.into()))
        .collect();
    json!({ "seconds": seconds, "usd": cost.usd, "kwh": cost.kwh, "parts_usd": parts })
}

fn as_json(priced: &Priced<'_>) -> Value {
    let workload = priced.workload;
    json!({
        "workload": workload.name,
        "devices": workload.devices,
        "machine": priced.tariff.name,
        "proofs": workload.runs(),
        "kernel_seconds": workload.kernels,
        "median": cost_json(workload.quantile(0.5), &priced.median),
        "p95": cost_json(workload.quantile(0.95), &priced.p95),
    })
}

fn sources_json(tariff: &Tariff, hour: Option<u8>) -> Value {
    let term = |s: &Source<'_>| {
        let (value, source, date) = (s.term.at(hour), &s.term.source, s.term.date());
        json!({ "term": s.name, "value": value, "source": source, "date": date })
    };
    json!({
        "machine": tariff.name,
        "devices": tariff.devices,
        "terms": tariff.sources().iter().map(term).collect::<Value>(),
    })
}
