//! The formula, term by term.

use crate::record::Workload;
use crate::tariff::{Tariff, Term};

const HOURS_A_YEAR: f64 = 365.25 * 24.0;

/// A part of a proof's price.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Part {
    /// What it is paid for.
    pub name: &'static str,
    /// $ a proof.
    pub usd: f64,
}

/// What a verified proof costs.
#[derive(Clone, PartialEq, Debug)]
pub struct Cost {
    /// The parts of the price.
    pub parts: Vec<Part>,
    /// Their sum, $.
    pub usd: f64,
    /// Energy, kWh, the building's and the waiting machine's included.
    pub kwh: f64,
}

/// A workload on a machine.
#[derive(Clone, Debug)]
pub struct Priced<'a> {
    /// What was proved.
    pub workload: &'a Workload,
    /// On what.
    pub tariff: &'a Tariff,
    /// At the median time.
    pub median: Cost,
    /// At the 95th percentile of the times.
    pub p95: Cost,
}

fn of(term: Option<&Term>, otherwise: f64) -> f64 {
    term.map_or(otherwise, Term::value)
}

/// The cost of a proof of so many seconds, in an hour of the day or over all of them.
pub fn price(tariff: &Tariff, seconds: f64, hour: Option<u8>) -> Cost {
    let hours = seconds / 3600.0;
    let waiting = 1.0 / of(tariff.utilisation(), 1.0);
    // every proof that counts pays for those that do not
    let proofs = of(tariff.redundancy(), 1.0) / of(tariff.success_rate(), 1.0);
    let capex = of(tariff.capex_usd(), 0.0) * (1.0 - of(tariff.resale(), 0.0))
        / (of(tariff.life_years(), 1.0) * HOURS_A_YEAR);
    let (idle, load) = (of(tariff.idle_watts(), 0.0), of(tariff.load_watts(), 0.0));
    let kw = of(tariff.pue(), 1.0) / 1000.0;
    let idle_kwh = hours * proofs * idle * waiting * kw;
    let load_kwh = hours * proofs * (load - idle + of(tariff.host_watts(), 0.0)) * kw;
    let kwh_usd = tariff.electricity_usd_per_kwh().map_or(0.0, |t| t.at(hour));
    let part = |name, usd| Part { name, usd };
    let parts = vec![
        part("purchase", hours * proofs * capex * waiting),
        part(
            "rent",
            hours * proofs * of(tariff.rent_usd_per_hour(), 0.0) * waiting,
        ),
        part("electricity, idle", idle_kwh * kwh_usd),
        part("electricity, proving", load_kwh * kwh_usd),
        part("fees", of(tariff.fees_usd(), 0.0)),
    ];
    Cost {
        usd: parts.iter().map(|p| p.usd).sum(),
        parts,
        kwh: idle_kwh + load_kwh,
    }
}

/// A workload without a price.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoPrice {
    /// A machine that the file does not have.
    #[error("expected a machine of the tariff file ({known}), found {found}")]
    Unknown {
        /// What was asked for.
        found: String,
        /// The file's.
        known: String,
    },
    /// Devices that nobody pays for.
    #[error("{workload}: expected a machine that pays for {devices}, found none")]
    Nobody {
        /// What was proved.
        workload: String,
        /// By whom.
        devices: String,
    },
    /// A time is one machine's, and the record does not say whose.
    #[error("{workload}: expected one machine that pays for {devices}, found {machines}")]
    Several {
        /// What was proved.
        workload: String,
        /// By whom.
        devices: String,
        /// The machines that may have made it.
        machines: String,
    },
}

impl<'a> Priced<'a> {
    /// Each workload on its machine, or on the only one that pays for its devices.
    pub fn new(
        workload: &'a Workload,
        tariffs: &'a [Tariff],
        hour: Option<u8>,
    ) -> Result<Self, NoPrice> {
        let tariff = machine_of(workload, tariffs)?;
        Ok(Priced {
            workload,
            tariff,
            median: price(tariff, workload.quantile(0.5), hour),
            p95: price(tariff, workload.quantile(0.95), hour),
        })
    }
}

fn machine_of<'a>(workload: &Workload, tariffs: &'a [Tariff]) -> Result<&'a Tariff, NoPrice> {
    let names = |all: &[&Tariff]| {
        let names: Vec<_> = all.iter().map(|t| t.name.as_str()).collect();
        names.join(", ")
    };
    let mut candidates: Vec<&Tariff> = tariffs.iter().collect();
    if let Some(name) = &workload.machine {
        candidates.retain(|t| t.name == *name);
        if candidates.is_empty() {
            let known = names(&tariffs.iter().collect::<Vec<_>>());
            let found = name.clone();
            return Err(NoPrice::Unknown { found, known });
        }
    }
    candidates.retain(|t| workload.devices.iter().all(|d| t.covers(d)));
    let (workload, devices) = (workload.name.clone(), workload.devices.join(", "));
    match candidates[..] {
        [] => Err(NoPrice::Nobody { workload, devices }),
        [tariff] => Ok(tariff),
        _ => Err(NoPrice::Several {
            workload,
            devices,
            machines: names(&candidates),
        }),
    }
}

/// Who is best at a workload, at the median, by the machine's name and devices.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    /// What was proved.
    pub name: &'a str,
    /// Least dollars.
    pub cheapest: &'a Priced<'a>,
    /// Least time.
    pub fastest: &'a Priced<'a>,
    /// Least energy.
    pub most_frugal: &'a Priced<'a>,
}

/// One for each workload that has a price, in the order of the prices.
pub fn verdicts<'a>(priced: &'a [Priced<'a>]) -> Vec<Verdict<'a>> {
    let mut names: Vec<&str> = priced.iter().map(|p| p.workload.name.as_str()).collect();
    names.dedup();
    let least = |name: &str, of: fn(&Priced<'_>) -> f64| {
        let same = priced.iter().filter(|p| p.workload.name == name);
        same.min_by(|a, b| of(a).total_cmp(&of(b)))
    };
    let verdict = |name| {
        Some(Verdict {
            name,
            cheapest: least(name, |p| p.median.usd)?,
            fastest: least(name, |p| p.workload.quantile(0.5))?,
            most_frugal: least(name, |p| p.median.kwh)?,
        })
    };
    names.into_iter().filter_map(verdict).collect()
}
