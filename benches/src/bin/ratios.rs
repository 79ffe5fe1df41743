//! The table of a bench run: `ratios [--gate] FOLDER`.
//!
//! Exit codes: 0, 1 if two programs disagree or, with `--gate`, a row is below its floor, 2 if the
//! results cannot be read.

use proofmill_benches::Settings;
use proofmill_benches::answers::{disagreements, row_of};
use proofmill_benches::results::{self, Times};
use proofmill_benches::rows::{self, Floors};
use proofmill_cpu::dispatch;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Who took how long for a row.
type Row = BTreeMap<String, Times>;

/// The fastest whose name begins with `prefix`, other than the product.
fn fastest<'a>(row: &'a Row, ours: &str, prefix: &str) -> Option<(&'a String, &'a Times)> {
    let peers = row.iter();
    let peers = peers.filter(|(who, _)| *who != ours && who.starts_with(prefix));
    peers.min_by(|a, b| a.1.median.total_cmp(&b.1.median))
}

/// Prints a row and says whether it is at or above its floor.
fn print(floors: Option<Floors>, name: &str, row: &Row, device: &str) -> bool {
    let Some(ours) = row.get(device) else {
        return true;
    };
    let floor = floors.and_then(|floors| rows::floor(floors, name));
    let Some((who, theirs)) = fastest(row, device, floor.map_or("", |f| f.peer)) else {
        return true;
    };
    let ratio = theirs.median / ours.median;
    let (least, stretch) = floor.map_or((0.0, 0.0), |f| (f.least, f.stretch));
    let verdict = match (ratio >= stretch, ratio >= least) {
        (true, _) => "",
        (_, true) => "reached",
        _ => "MISSED",
    };
    println!(
        "{name:<28} {:>10.4} {:>22} {:>10.4} {ratio:>7.2} {:>7.2} {least:>6.1} {stretch:>6.1} {verdict}",
        ours.median / 1e6,
        who,
        theirs.median / 1e6,
        theirs.best / ours.best,
    );
    for (other, times) in row.iter().filter(|(w, _)| *w != device && *w != who) {
        let (ms, ratio) = (times.median / 1e6, times.median / ours.median);
        println!("{:<28} {:>10} {other:>22} {ms:>10.4} {ratio:>7.2}", "", "");
    }
    ratio >= least
}

fn print_floors(times: &BTreeMap<String, Times>) {
    let floors = times.iter().filter(|(id, _)| id.starts_with("floor/"));
    for (place, (id, times)) in floors.enumerate() {
        if place == 0 {
            println!("\n{:<44} {:>9} {:>9}", "floor", "ns", "at best");
        }
        // the last part: how many in one iteration
        let (name, count) = id.rsplit_once('/').unwrap_or((id, "1"));
        let count: f64 = count.parse().unwrap_or(1.0);
        let (median, best) = (times.median / count, times.best / count);
        println!("{name:<44} {median:>9.4} {best:>9.4}");
    }
}

/// The floors of the product's device and path.
fn floors(device: &str) -> Floors {
    if device.starts_with("opencl:") {
        return Floors::OpenCl;
    }
    #[cfg(target_arch = "x86_64")]
    if dispatch::path() == dispatch::Path::Avx512 && is_x86_feature_detected!("avx512ifma") {
        return Floors::Ifma;
    }
    Floors::Other
}

/// Whether all is well.
fn table(out: &Path, gate: bool) -> std::io::Result<bool> {
    let times = results::read(&out.join("criterion"))?;
    let settings = Settings::read();
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for (id, times) in &times {
        if let Some((row, who)) = row_of(id)
            && !id.starts_with("floor/")
        {
            rows.entry(row).or_default().insert(who.into(), *times);
        }
    }
    println!(
        "{}; medians; ratio: their time over ours",
        dispatch::path().name()
    );
    println!(
        "{:<28} {:>10} {:>22} {:>10} {:>7} {:>7} {:>6} {:>6}",
        "row", "ours, ms", "peer", "peer, ms", "ratio", "at best", "floor", "strive"
    );
    // small sizes and short times say nothing
    let floors = (!settings.quick).then(|| floors(&settings.device));
    let mut missed = 0;
    for (name, row) in &rows {
        missed += usize::from(!print(floors, name, row, &settings.device));
    }
    print_floors(&times);
    let wrong = disagreements(out)?;
    wrong.iter().for_each(|what| eprintln!("{what}"));
    println!("\n{} rows, {missed} below their floor", rows.len());
    Ok(wrong.is_empty() && (missed == 0 || !gate))
}

fn main() -> ExitCode {
    let (flags, folders): (Vec<_>, Vec<_>) = std::env::args()
        .skip(1)
        .partition(|argument| argument.starts_with("--"));
    let gate = flags.iter().any(|flag| flag == "--gate");
    let out = folders.first().map_or_else(PathBuf::new, PathBuf::from);
    match table(&out, gate) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("{}: {e}", out.display());
            ExitCode::from(2)
        }
    }
}
