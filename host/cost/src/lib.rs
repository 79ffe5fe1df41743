//! What a verified proof costs, in dollars and kilowatt-hours, on machines with known tariffs.
//!
//! With t the wall time of a proof in hours,
//!
//! ```text
//! dollars = (t · (ownership ÷ u + (idle ÷ u + load − idle + host) · PUE · tariff)) ÷ success · redundancy + fees
//! ownership = capex · (1 − resale) ÷ life + rent
//! ```
//!
//! What is paid by the hour is paid while the machine idles too, so utilisation u divides it; the power
//! beyond idle, and what a host takes for the proof, is paid while a proof runs. Every [`Term`] carries its source and date. Nothing here measures:
//! times come from the records that `proofmill prove --json` writes ([`Record`]).

mod cost;
mod record;
mod tariff;

pub use cost::{Cost, NoPrice, Part, Priced, Verdict, price, verdicts};
pub use record::{BadRecord, Record, Workload, workloads};
pub use tariff::{BadTariff, Source, Tariff, Term, parse};
