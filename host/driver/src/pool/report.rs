//! What a caller may decide, and what a caller is told.

use crate::error::{Failure, Fault};
use crate::job::{Points, Shape, Values};
use std::time::Duration;

/// How much of what devices return is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Policy {
    /// Nothing but the answer's shape, and that its values are reduced.
    Off,
    /// No kernel: the caller verifies the finished proof.
    Proof,
    /// One job in so many, drawn at random. For devices that are faulty rather than hostile.
    Sampled(u32),
    /// Every kernel: reduced values, transforms at a fresh point, sums on the curve, in the subgroup
    /// and computed again by another device. Chains are run kernel by kernel.
    Full,
}

/// What a call may decide for itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `None`: nothing on the CPU, everything on other devices.
    pub policy: Option<Policy>,
    /// Only this device; if it fails the call fails.
    pub device: Option<String>,
}

/// What was found to hold of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Checked {
    /// Every value is reduced.
    Canonical,
    /// Transforms agree with their input at fresh random points.
    Transform,
    /// Points are on the curve and in the subgroup.
    Points,
    /// Sums were computed again by this device, with the same result.
    Recomputed(String),
}

/// One step of a finished chain.
#[derive(Clone, Debug)]
pub struct StepReport {
    /// What it was.
    pub shape: Shape,
    /// Who did it.
    pub device: String,
    /// How long it took there.
    pub time: Duration,
}

/// Who did a job and what is known of the answer.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The steps, in order.
    pub steps: Vec<StepReport>,
    /// What was checked; empty: the answer is unchecked.
    pub checked: Vec<Checked>,
    /// Attempts that failed before.
    pub failures: Vec<Failure>,
}

impl Report {
    /// The devices that took part, in order of their first step.
    pub fn devices(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for step in &self.steps {
            if !out.contains(&step.device.as_str()) {
                out.push(&step.device);
            }
        }
        out
    }

    pub(super) fn note(&mut self, checked: Checked) {
        if !self.checked.contains(&checked) {
            self.checked.push(checked);
        }
    }
}

/// A finished chain.
#[derive(Debug)]
pub struct Done {
    /// One for each download.
    pub values: Vec<Values>,
    /// One for each msm step.
    pub points: Vec<Points>,
    /// Who did it and what was checked.
    pub report: Report,
}

/// What is kept of a device's failure.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The device that was set aside.
    pub device: String,
    /// The job, in words.
    pub job: String,
    /// SHA-256 of the job's input.
    pub input: [u8; 32],
    /// SHA-256 of what the device returned; `None` if it returned nothing.
    pub output: Option<[u8; 32]>,
    /// What was wrong.
    pub fault: Fault,
}
