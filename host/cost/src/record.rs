//! What `proofmill prove --json` tells of a proof.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A proof that was made, how long it took, and on which devices.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    #[serde(skip)]
    machine: Option<String>,
    program: String,
    key: Key,
    steps: Vec<Step>,
    total_us: f64,
    check: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Key {
    file: String,
    domain: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Step {
    name: String,
    /// `host` for the program itself, none for what was not run, or several.
    device: String,
    time_us: f64,
}

/// A record that is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadRecord {
    /// Not JSON, or not of this shape.
    #[error("record: {0}")]
    Json(#[from] serde_json::Error),
    /// Another program's.
    #[error("record: expected proofmill's, found {0}'s")]
    Program(String),
    /// A time that is none.
    #[error("record: total_us: expected a time above zero, found {0}")]
    Time(f64),
    /// A record without its kernels' time.
    #[error("record: expected a step kernels of 0 to total_us, found none")]
    Kernels,
}

/// Proofs of one key, checked alike, by the same devices of the same machine.
#[derive(Clone, PartialEq, Debug)]
pub struct Workload {
    /// Which one, if the records say it ([`Record::on`]).
    pub machine: Option<String>,
    /// Key, size and check.
    pub name: String,
    /// Ids of the devices that took part.
    pub devices: Vec<String>,
    /// Wall times, s, ascending; at least one.
    seconds: Vec<f64>,
    /// Mean time from the first kernel's start to the last one's end, s.
    pub kernels: f64,
}

impl Record {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Record, BadRecord> {
        let record: Record = serde_json::from_str(text)?;
        if record.program != "proofmill" {
            return Err(BadRecord::Program(record.program));
        }
        if record.total_us.is_nan() || record.total_us <= 0.0 {
            return Err(BadRecord::Time(record.total_us));
        }
        match (0.0..=record.total_us).contains(&record.kernels()) {
            true => Ok(record),
            false => Err(BadRecord::Kernels),
        }
    }

    /// The same, made by a machine with this name in the tariff file.
    pub fn on(mut self, machine: &str) -> Record {
        self.machine = Some(machine.into());
        self
    }

    /// µs, or −1.
    fn kernels(&self) -> f64 {
        let step = self.steps.iter().find(|s| s.name == "kernels");
        step.map_or(-1.0, |s| s.time_us)
    }

    fn name(&self) -> String {
        let Key { file, domain } = &self.key;
        format!("{file} (domain {domain}, check {})", self.check)
    }

    fn devices(&self) -> Vec<String> {
        let all = self.steps.iter().flat_map(|s| s.device.split(", "));
        let all: BTreeSet<_> = all.filter(|d| !["", "host"].contains(d)).collect();
        all.into_iter().map(String::from).collect()
    }
}

/// The records, those of equal proofs together.
pub fn workloads(records: &[Record]) -> Vec<Workload> {
    let mut groups: BTreeMap<_, Vec<&Record>> = BTreeMap::new();
    for record in records {
        let key = (record.name(), record.devices(), record.machine.clone());
        let group = groups.entry(key);
        group.or_default().push(record);
    }
    let workload = |((name, devices, machine), records): (_, Vec<&Record>)| {
        let mut seconds: Vec<f64> = records.iter().map(|r| r.total_us * 1e-6).collect();
        seconds.sort_by(f64::total_cmp);
        let kernels = records.iter().map(|r| r.kernels() * 1e-6).sum::<f64>();
        Workload {
            machine,
            name,
            devices,
            kernels: kernels / seconds.len() as f64,
            seconds,
        }
    };
    groups.into_iter().map(workload).collect()
}

impl Workload {
    /// How many proofs.
    pub fn runs(&self) -> usize {
        self.seconds.len()
    }

    /// The nearest rank: the smallest of the times, s, that at least a part of the proofs did not exceed.
    pub fn quantile(&self, part: f64) -> f64 {
        let rank = (part * self.runs() as f64).ceil() as usize;
        self.seconds[rank.clamp(1, self.runs()) - 1]
    }
}
