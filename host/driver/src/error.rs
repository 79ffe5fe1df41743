//! What can go wrong, by whose doing: [`BadJob`] (the caller's), [`DeviceError`] (the world's),
//! [`WrongResult`] (the answer's).

use crate::job::Form;
use proofmill_field::{CurveId, FieldId, Group};
use std::time::Duration;

/// Why a call of the library ended without an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The job cannot be run by anybody.
    #[error("bad job: {0}")]
    BadJob(#[from] BadJob),
    /// No usable device can do the job. `failures` lists those that tried.
    #[error("no device can do {job}{}", list(failures))]
    NoDevice {
        /// The job in words.
        job: String,
        /// Devices that tried and failed, with the reason.
        failures: Vec<Failure>,
    },
    /// The device asked for does not exist.
    #[error("no device is called {id}: found {}", found.join(", "))]
    UnknownDevice {
        /// The id asked for.
        id: String,
        /// The ids there are.
        found: Vec<String>,
    },
    /// The operating system gave no random numbers, so nothing can be checked.
    #[error("no random numbers for the check: {0}")]
    Random(String),
    /// The device asked for cannot be used.
    #[error("{id} cannot be used: {reason}")]
    Unusable {
        /// The device.
        id: String,
        /// Why.
        reason: String,
    },
}

fn list(failures: &[Failure]) -> String {
    failures.iter().map(|f| format!("; {f}")).collect()
}

fn offered(curve: CurveId) -> String {
    let names: Vec<_> = curve.spec().groups().iter().map(Group::to_string).collect();
    names.join(", ")
}

/// One failed attempt at a job.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The device that failed.
    pub device: String,
    /// What it did.
    pub fault: Fault,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.device, self.fault)
    }
}

/// How a device failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It gave no answer.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Its answer was wrong.
    #[error(transparent)]
    Wrong(#[from] WrongResult),
}

/// A job that no device could do, found before any device saw it, or a value that only reading the
/// whole input could show to be out of range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadJob {
    /// The field has no root of unity of that order.
    #[error("{field} has no root of unity of order 2^{log_n}: at most 2^{max}")]
    TwoAdicity {
        /// The field.
        field: FieldId,
        /// log2 of the order needed.
        log_n: u32,
        /// The field's two-adicity.
        max: u32,
    },
    /// The curve's group is not offered.
    #[error("{curve} {group} is not offered: of this curve only {}", offered(*curve))]
    Group {
        /// The curve.
        curve: CurveId,
        /// The group.
        group: Group,
    },
    /// A length does not fit.
    #[error("{what}: expected {expected}, found {found}")]
    Length {
        /// Which length.
        what: &'static str,
        /// What it had to be.
        expected: usize,
        /// What it was.
        found: usize,
    },
    /// Values of one kind where another is needed.
    #[error("{what}: expected {expected}, found {found}")]
    Form {
        /// Which values.
        what: &'static str,
        /// What they had to be.
        expected: Form,
        /// What they were.
        found: Form,
    },
    /// A step names a slot that no earlier step has filled.
    #[error("slot {0} is empty")]
    EmptySlot(u8),
    /// A parameter out of its range.
    #[error("{what}: {why}")]
    Parameter {
        /// Which parameter.
        what: &'static str,
        /// Why it cannot be.
        why: &'static str,
    },
    /// A base that is not a point of the curve; found out when a sum left the group.
    #[error("base {index} is not on the curve")]
    NotOnCurve {
        /// The first such base.
        index: usize,
    },
    /// A base outside the subgroup of order r; found out as above.
    #[error("base {index} is not in the subgroup of order r")]
    NotInSubgroup {
        /// The first such base.
        index: usize,
    },
    /// A canonical integer that is not below the modulus.
    #[error("{what} {index} is not below the modulus of {field}")]
    Unreduced {
        /// What kind of value.
        what: &'static str,
        /// Its index.
        index: usize,
        /// The field.
        field: FieldId,
    },
}

/// A device that gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// It cannot do this job (an estimate said otherwise).
    #[error("cannot do {0}")]
    Unsupported(String),
    /// Its memory does not hold the job.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
    /// It found the job itself to be bad while reading the input.
    #[error(transparent)]
    BadJob(#[from] BadJob),
    /// It ran past its deadline and was left behind.
    #[error("no answer within {0:?}")]
    Hung(Duration),
    /// It vanished, or its driver thread did.
    #[error("lost: {0}")]
    Lost(String),
    /// It reported an error of its own.
    #[error("{0}")]
    Failed(String),
}

/// An answer that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongResult {
    /// The answer has not the shape that was asked for.
    #[error("answer has the wrong shape: {what}: expected {expected}, found {found}")]
    Shape {
        /// Which part.
        what: &'static str,
        /// What it had to be.
        expected: usize,
        /// What it was.
        found: usize,
    },
    /// A value is not reduced.
    #[error("value {index} is not below the modulus of {field}")]
    Unreduced {
        /// Index of the first one.
        index: usize,
        /// The field.
        field: FieldId,
    },
    /// A transform disagrees with its input at a point drawn after the answer was given.
    #[error("the transform disagrees with its input at a random point")]
    Transform,
    /// A returned point does not satisfy the curve's equation.
    #[error("point {index} is not on the curve")]
    NotOnCurve {
        /// Index of the first one.
        index: usize,
    },
    /// A returned point is not in the subgroup of order r.
    #[error("point {index} is not in the subgroup of order r")]
    NotInSubgroup {
        /// Index of the first one.
        index: usize,
    },
    /// Another device computed something else, and a third agreed with that one.
    #[error("point {index} differs from what {by} computed")]
    Recomputed {
        /// Index of the first point that differs.
        index: usize,
        /// Who computed it again.
        by: String,
    },
}
