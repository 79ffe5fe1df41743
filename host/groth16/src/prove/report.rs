//! What a caller is told of the work.

use super::StepTime;
use proofmill::job::Shape;
use proofmill::{Checked, Done, StepReport};
use std::time::Instant;

/// A part that the host did itself, from `start` until now.
pub(super) fn host_step(name: &'static str, start: Instant) -> StepTime {
    StepTime {
        name,
        device: "host".into(),
        time: start.elapsed(),
    }
}

/// All of the devices' work, from `start` until now.
pub(super) fn kernels(done: &[Done], start: Instant) -> StepTime {
    let steps: Vec<_> = done.iter().flat_map(|d| &d.report.steps).collect();
    StepTime {
        name: "kernels",
        device: devices(&steps),
        time: start.elapsed(),
    }
}

/// The parts of the work as users know them.
pub(super) fn step_times(done: &[Done]) -> Vec<StepTime> {
    let is_sum = |s: &&StepReport| matches!(s.shape, Shape::Msm { .. });
    let is_quotient =
        |s: &&StepReport| matches!(s.shape, Shape::Ntt { .. } | Shape::Pointwise { .. });
    let total = |name, steps: Vec<&StepReport>| StepTime {
        name,
        device: devices(&steps),
        time: steps.iter().map(|s| s.time).sum(),
    };
    let sums = |i: usize| {
        let steps = done.get(i).map(|d| &d.report.steps[..]).unwrap_or_default();
        steps.iter().filter(is_sum).collect()
    };
    let quotient = done
        .iter()
        .take(1)
        .flat_map(|d| d.report.steps.iter().filter(is_quotient));
    vec![
        total("quotient", quotient.collect()),
        total("msm A", sums(1)),
        total("msm B1", sums(2)),
        total("msm B2", sums(3)),
        total("msm C", sums(4)),
        total("msm H", sums(0)),
    ]
}

/// The devices of these steps; the host's pointwise work between checked kernels is not worth a name.
fn devices(steps: &[&StepReport]) -> String {
    let mut names: Vec<&str> = steps.iter().map(|s| s.device.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() > 1 {
        names.retain(|name| *name != "host");
    }
    names.join(", ")
}

pub(super) fn words(done: &[Done]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for checked in done.iter().flat_map(|d| &d.report.checked) {
        let text = match checked {
            Checked::Canonical => "values are reduced".into(),
            Checked::Transform => "transforms agree at fresh random points".into(),
            Checked::Points => "sums are on the curve and in the subgroup".into(),
            Checked::Recomputed(by) => format!("sums recomputed by {by}"),
            other => format!("{other:?}"),
        };
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out
}
