//! The tariff file: machines, what their hours cost, and who says so.

use serde::Deserialize;
use toml::value::Datetime;

/// A number with where it comes from.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The number; of electricity also 24 of them, one for each hour of the day.
    value: Numbers,
    /// Who says so: a page, a price list, a bill, a meter.
    pub source: String,
    /// When.
    date: Datetime,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(f64),
    Hours(Vec<f64>),
}

impl Term {
    /// The number; of several their mean.
    pub fn value(&self) -> f64 {
        let all = self.all();
        all.iter().sum::<f64>() / all.len() as f64
    }

    /// The number in an hour of the day, 0 to 23.
    pub fn at(&self, hour: Option<u8>) -> f64 {
        match (&self.value, hour) {
            (Numbers::Hours(all), Some(hour)) => all[usize::from(hour) % all.len()],
            _ => self.value(),
        }
    }

    /// When, as in the file.
    pub fn date(&self) -> String {
        self.date.to_string()
    }

    fn all(&self) -> &[f64] {
        match &self.value {
            Numbers::One(x) => std::slice::from_ref(x),
            Numbers::Hours(all) => all,
        }
    }
}

macro_rules! terms {
    ($($(#[$doc:meta])* $name:ident: $least:literal..=$most:literal;)*) => {
        /// The terms that a machine, or `[common]`, may give.
        #[derive(Clone, Default, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Terms {
            $( $name: Option<Term>, )*
        }

        impl Terms {
            /// With what is missing taken from `common`.
            fn or(self, common: &Terms) -> Terms {
                Terms { $( $name: self.$name.or_else(|| common.$name.clone()), )* }
            }

            /// Each with its name and bounds.
            fn each(&self) -> Vec<(&'static str, Option<&Term>, f64, f64)> {
                vec![ $( (stringify!($name), self.$name.as_ref(), $least, $most), )* ]
            }
        }

        /// A machine and what its hours cost.
        #[derive(Clone, Debug)]
        pub struct Tariff {
            /// Its name in reports.
            pub name: String,
            /// The devices whose use is paid with it, such as `cpu`, `cuda` or `fpga:0`.
            pub devices: Vec<String>,
            terms: Terms,
        }

        impl Tariff {
            $(
                $(#[$doc])*
                pub fn $name(&self) -> Option<&Term> {
                    self.terms.$name.as_ref()
                }
            )*
        }
    };
}

terms! {
    /// Price of the machine, or the device's share of it, $.
    capex_usd: 0.0..=1e12;
    /// Part of the price that it is worth at the end of its life.
    resale: 0.0..=1.0;
    /// Years of use.
    life_years: 0.01..=100.0;
    /// $ an hour of a rented machine, or of the room that an own one stands in.
    rent_usd_per_hour: 0.0..=1e9;
    /// Power that the whole machine takes while it waits, a host beside the device included, W.
    idle_watts: 0.0..=1e9;
    /// Power while it proves, W.
    load_watts: 0.0..=1e9;
    /// Power that a host beside it takes for the proof, not in `load_watts`, W.
    host_watts: 0.0..=1e9;
    /// Power of the building over the machine's.
    pue: 1.0..=10.0;
    /// $ a kWh; 0 where the rent includes it.
    electricity_usd_per_kwh: 0.0..=1e6;
    /// Part of the hours paid for that prove.
    utilisation: 1e-6..=1.0;
    /// Part of the proofs that are finished and hold.
    success_rate: 1e-6..=1.0;
    /// Times each proof is made.
    redundancy: 1.0..=1e6;
    /// $ for each proof, such as its share of blobs and gas.
    fees_usd: 0.0..=1e9;
}

/// Terms without which there is no price.
const REQUIRED: [&str; 7] = [
    "idle_watts",
    "load_watts",
    "pue",
    "electricity_usd_per_kwh",
    "utilisation",
    "success_rate",
    "redundancy",
];

/// What is wrong with a tariff file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadTariff {
    /// Not TOML, or an unknown or missing key.
    #[error("tariffs: {0}")]
    Toml(#[from] toml::de::Error),
    /// No machine.
    #[error("tariffs: expected at least one [[machine]], found none")]
    Empty,
    /// A machine without something.
    #[error("tariffs: machine {machine}: expected {what}, found none, nor in [common]")]
    Missing {
        /// Its name.
        machine: String,
        /// The term or terms.
        what: &'static str,
    },
    /// A number out of range.
    #[error("tariffs: machine {machine}: {term}: expected {expected}, found {found}")]
    Range {
        /// Its name.
        machine: String,
        /// The term.
        term: &'static str,
        /// What it may be.
        expected: String,
        /// The number, or how many there are.
        found: f64,
    },
    /// Two machines of one name.
    #[error("tariffs: expected one machine {0}, found two")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    common: Terms,
    #[serde(default)]
    machine: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    devices: Vec<String>,
    #[serde(default)]
    terms: Terms,
}

/// The machines of a tariff file, complete and in range.
pub fn parse(text: &str) -> Result<Vec<Tariff>, BadTariff> {
    let file: File = toml::from_str(text)?;
    let mut out: Vec<Tariff> = Vec::new();
    for Entry {
        name,
        devices,
        terms,
    } in file.machine
    {
        if out.iter().any(|t| t.name == name) {
            return Err(BadTariff::Twice(name));
        }
        let terms = terms.or(&file.common);
        check(&name, &terms)?;
        out.push(Tariff {
            name,
            devices,
            terms,
        });
    }
    match out.is_empty() {
        true => Err(BadTariff::Empty),
        false => Ok(out),
    }
}

fn check(machine: &str, terms: &Terms) -> Result<(), BadTariff> {
    let range = |term, expected: String, found| BadTariff::Range {
        machine: machine.into(),
        term,
        expected,
        found,
    };
    let missing = |what| BadTariff::Missing {
        machine: machine.into(),
        what,
    };
    for (name, term, least, most) in terms.each() {
        let Some(term) = term else {
            match REQUIRED.contains(&name) {
                true => return Err(missing(name)),
                false => continue,
            }
        };
        let all = term.all();
        let hours = if name == "electricity_usd_per_kwh" {
            24
        } else {
            1
        };
        if all.len() != 1 && all.len() != hours {
            let expected = if hours == 1 {
                "one number"
            } else {
                "1 or 24 numbers"
            };
            return Err(range(name, expected.into(), all.len() as f64));
        }
        if let Some(x) = all.iter().find(|x| !(least..=most).contains(*x)) {
            return Err(range(name, format!("{least} to {most}"), *x));
        }
    }
    let paid = match terms.capex_usd {
        Some(_) => &terms.life_years,
        None => &terms.rent_usd_per_hour,
    };
    if paid.is_none() {
        return Err(missing("capex_usd with life_years, or rent_usd_per_hour"));
    }
    let watts = |t: &Option<Term>| t.as_ref().map_or(0.0, Term::value);
    let (idle, load) = (watts(&terms.idle_watts), watts(&terms.load_watts));
    match load < idle {
        true => Err(range(
            "load_watts",
            format!("idle_watts, {idle}, or more"),
            load,
        )),
        false => Ok(()),
    }
}

/// A term of a machine, by name.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name in the file.
    pub name: &'static str,
    /// Number, source, date.
    pub term: &'a Term,
}

impl Tariff {
    /// Every term that it has, in the file's terms.
    pub fn sources(&self) -> Vec<Source<'_>> {
        let each = self.terms.each().into_iter();
        each.filter_map(|(name, term, ..)| term.map(|term| Source { name, term }))
            .collect()
    }

    /// Whether the use of a device is paid with it: `cuda` pays for `cuda:1`.
    pub fn covers(&self, device: &str) -> bool {
        let kind = device.split(':').next().unwrap_or(device);
        self.devices.iter().any(|d| d == device || d == kind)
    }
}
