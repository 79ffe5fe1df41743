//! Criterion's results, read back from its folder.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Times of one id, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The median.
    pub median: f64,
    /// The best sample.
    pub best: f64,
}

/// Every id of a folder with its times. What cannot be read is left out.
pub fn read(folder: &Path) -> std::io::Result<BTreeMap<String, Times>> {
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let new = entry?.path().join("new");
        let json = |name: &str| -> Option<Value> {
            serde_json::from_slice(&std::fs::read(new.join(name)).ok()?).ok()
        };
        let id = json("benchmark.json").and_then(|b| Some(b["full_id"].as_str()?.to_string()));
        let times = json("estimates.json").and_then(|e| times(&e, &json("sample.json")?));
        if let (Some(id), Some(times)) = (id, times) {
            out.insert(id, times);
        }
    }
    Ok(out)
}

fn times(estimates: &Value, sample: &Value) -> Option<Times> {
    let numbers = |name: &str| -> Option<Vec<f64>> {
        sample[name].as_array()?.iter().map(Value::as_f64).collect()
    };
    let (iterations, totals) = (numbers("iters")?, numbers("times")?);
    let each = totals.iter().zip(&iterations).map(|(t, n)| t / n);
    Some(Times {
        median: estimates["median"]["point_estimate"].as_f64()?,
        best: each.fold(f64::INFINITY, f64::min),
    })
}
