//! The devices under test, and the record of what failed on them.

use crate::KNOWN_FAILURES;
use crate::common::pool;
use proofmill::job::Chain;
use proofmill::{Done, Policy, Pool};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

/// A device with a name that tells its threads.
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) pool: Pool,
    /// Cost up to which it takes part.
    pub(crate) limit: usize,
}

/// The CPU with 1, 2 and 3 threads, and the others up to a cost; nothing is checked by the
/// pool, because the test is the judge.
pub(crate) fn devices(reference_limit: usize) -> Vec<Device> {
    let cpu = |threads| Device {
        name: format!("cpu:0/{threads}"),
        pool: pool(&["cpu:0"], threads, Some(Policy::Off)),
        limit: usize::MAX,
    };
    let reference = Device {
        name: "ref:0".into(),
        pool: pool(&["ref:0"], 1, Some(Policy::Off)),
        limit: reference_limit,
    };
    let emulated = std::env::var_os("EMULATOR_KERNELS").is_some();
    let others = others().iter().map(|(id, pool)| Device {
        name: id.clone(),
        pool: pool.clone(),
        limit: if emulated {
            EMULATED_LIMIT
        } else {
            OTHERS_LIMIT
        },
    });
    let all = [cpu(2), cpu(1), cpu(3), reference]
        .into_iter()
        .chain(others);
    let only = std::env::var("PROOFMILL_TEST_DEVICES").ok();
    let wanted = |device: &Device| {
        let id = device.name.split('/').next();
        let mut ids = only.iter().flat_map(|ids| ids.split_whitespace());
        only.is_none() || ids.any(|only| Some(only) == id)
    };
    let devices: Vec<Device> = all.filter(wanted).collect();
    assert!(!devices.is_empty(), "none of {only:?} is there");
    devices
}

/// Cost up to which the devices beside the CPU take part: a size that takes them several passes.
const OTHERS_LIMIT: usize = 1 << 22;
/// The same on an emulated device, which is slow.
const EMULATED_LIMIT: usize = 1 << 16;

/// Every other device that this machine has, opened once.
pub(crate) fn others() -> &'static [(String, Pool)] {
    static OTHERS: OnceLock<Vec<(String, Pool)>> = OnceLock::new();
    OTHERS.get_or_init(|| {
        let listed = Pool::open().unwrap().devices().into_iter();
        let others = listed.filter(|d| d.unusable.is_none() && d.id != "cpu:0" && d.id != "ref:0");
        let open = |id: String| {
            let pool = pool(&[&id], 2, Some(Policy::Off));
            (id, pool)
        };
        others.map(|d| open(d.id)).collect()
    })
}

/// The ids of all devices.
pub(crate) fn ids() -> Vec<&'static str> {
    let others = others().iter().map(|(id, _)| id.as_str());
    ["cpu:0", "ref:0"].into_iter().chain(others).collect()
}

/// Runs one chain; a panic is a failure like any other.
pub(crate) fn run(pool: &Pool, chain: &Chain) -> Result<Done, String> {
    let job = || pool.run(vec![chain.clone()]);
    let answer = catch_unwind(AssertUnwindSafe(job)).map_err(|_| "panicked".to_string())?;
    let mut done = answer.map_err(|e| e.to_string())?;
    done.pop().ok_or_else(|| "no answer".into())
}

/// What ran and what failed.
#[derive(Default)]
pub(crate) struct Record {
    ran: usize,
    failed: Vec<String>,
    known: BTreeSet<usize>,
}

impl Record {
    pub(crate) fn note(&mut self, device: &str, case: &str, outcome: Result<(), String>) {
        self.ran += 1;
        let Err(why) = outcome else { return };
        let listed = |(d, part, _): &(&str, &str, &str)| *d == device && case.contains(part);
        match KNOWN_FAILURES.iter().position(listed) {
            Some(place) => drop(self.known.insert(place)),
            None => self.failed.push(format!("{device} {case}: {why}")),
        }
    }

    /// Prints the count and fails with the first failures. `of`: the part of every case's name.
    pub(crate) fn close(self, of: &str) {
        println!("{of}: {} cases ran", self.ran);
        for (place, (device, part, reason)) in KNOWN_FAILURES.iter().enumerate() {
            let concerns = part.starts_with(of);
            let fails = self.known.contains(&place);
            assert!(!concerns || fails, "{device} {part} ({reason}) holds now");
        }
        let (failed, shown) = (self.failed.len(), self.failed.len().min(12));
        let first = self.failed[..shown].join("\n");
        assert!(failed == 0, "{failed} of {} cases:\n{first}", self.ran);
    }
}
