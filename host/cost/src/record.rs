//! What `proofmill prove --json` tells of a proof.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A proof that was made, how long it took, and on which devices.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
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
}

/// Proofs of one key, checked alike, on the same devices.
#[derive(Clone, PartialEq, Debug)]
pub struct Workload {
    /// Key, size and check.
    pub name: String,
    /// Ids of the devices that took part.
    pub devices: Vec<String>,
    /// Wall times, s, ascending; at least one.
    seconds: Vec<f64>,
    /// Mean time in kernels, s; the steps of several devices overlap.
    pub kernels: f64,
}

impl Record {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Record, BadRecord> {
        let record: Record = serde_json::from_str(text)?;
        if record.program != "proofmill" {
            return Err(BadRecord::Program(record.program));
        }
        match record.total_us > 0.0 {
            true => Ok(record),
            false => Err(BadRecord::Time(record.total_us)),
        }
    }

    fn name(&self) -> String {
        let Key { file, domain } = &self.key;
        format!("{file} (domain {domain}, check {})", self.check)
    }

    fn devices(&self) -> Vec<String> {
        let all: BTreeSet<_> = self.steps.iter().map(|s| s.device.clone()).collect();
        all.into_iter().collect()
    }
}

/// The records, those of equal proofs together.
pub fn workloads(records: &[Record]) -> Vec<Workload> {
    let mut groups: BTreeMap<_, Vec<&Record>> = BTreeMap::new();
    for record in records {
        let group = groups.entry((record.name(), record.devices()));
        group.or_default().push(record);
    }
    let workload = |((name, devices), records): ((String, Vec<String>), Vec<&Record>)| {
        let mut seconds: Vec<f64> = records.iter().map(|r| r.total_us * 1e-6).collect();
        seconds.sort_by(f64::total_cmp);
        let steps = records.iter().flat_map(|r| &r.steps);
        let kernels = steps.map(|s| s.time_us * 1e-6).sum::<f64>() / records.len() as f64;
        Workload {
            name,
            devices,
            seconds,
            kernels,
        }
    };
    groups.into_iter().map(workload).collect()
}

impl Workload {
    /// How many proofs.
    pub fn runs(&self) -> usize {
        self.seconds.len()
    }

    /// The time that a part of the proofs stayed below, s: the smallest one with at least that part
    /// at or below it.
    pub fn quantile(&self, part: f64) -> f64 {
        let rank = (part * self.runs() as f64).ceil() as usize;
        self.seconds[rank.clamp(1, self.runs()) - 1]
    }
}
