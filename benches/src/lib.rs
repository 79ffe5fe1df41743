//! What the benches share: criterion's settings, and ratios between two of its results.
//!
//! Ids read `kernel/field-or-group/who/2^k`. A ratio above 1 means that we are faster. Both sides of
//! a ratio are measured in the same run, on the same threads.

use criterion::Criterion;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Threads of both sides: `PROOFMILL_BENCH_THREADS`, otherwise 1.
pub fn threads() -> usize {
    let set = std::env::var("PROOFMILL_BENCH_THREADS").ok();
    set.and_then(|t| t.parse().ok()).unwrap_or(1).max(1)
}

/// Ten samples within three seconds where the work is long.
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}

/// Criterion's folder for its results.
fn results() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    std::env::var_os("CRITERION_HOME")
        .map(PathBuf::from)
        .unwrap_or_else(|| target.unwrap_or_else(beside).join("criterion"))
}

/// The median of an id of this run in milliseconds; `None` if it was filtered out.
pub fn median_ms(id: &str, since: std::time::SystemTime) -> Option<f64> {
    // criterion's own spelling of an id as a folder
    let file = results()
        .join(id.replace(['/', ':', '^'], "_"))
        .join("new/estimates.json");
    if std::fs::metadata(&file).ok()?.modified().ok()? < since {
        return None;
    }
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    Some(json["median"]["point_estimate"].as_f64()? / 1e6)
}

/// Prints one line of the ratio table: ours, the fastest peer, and their ratio.
pub fn print_ratio(ours: &str, peers: &[String], since: std::time::SystemTime) {
    let Some(we) = median_ms(ours, since) else {
        return;
    };
    let best = peers
        .iter()
        .filter_map(|id| Some((median_ms(id, since)?, id)));
    if let Some((they, id)) = best.min_by(|a, b| a.0.total_cmp(&b.0)) {
        println!(
            "{ours:<40} {we:>10.3} ms   {id:<40} {they:>10.3} ms   {:>5.2}×",
            they / we
        );
    }
}
