//! How times and tables look.

use std::time::Duration;

/// Milliseconds with a tenth, right-aligned for a column.
pub(crate) fn time(time: Duration) -> String {
    format!("{:>9.1} ms", time.as_secs_f64() * 1e3)
}

/// Microseconds for a JSON record: a day fits 37 bits.
pub(crate) fn micros(time: Duration) -> u64 {
    time.as_micros().try_into().unwrap_or(u64::MAX)
}

/// `1 point`, `2 points`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
