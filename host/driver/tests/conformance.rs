//! Every listed device, the same cases, judged by the definitions of `proofmill_field::naive`.
//!
//! The CPU runs with one, two and three threads, the reference device where the size allows. A case
//! that is known to fail stands in [`KNOWN_FAILURES`] with its reason; it fails this test again when
//! it no longer fails.
//!
//! `PROOFMILL_TEST_DEVICES`, ids with spaces between, leaves out all other devices.

#![cfg(feature = "arkworks")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole program is a test"
)]

mod common;
#[cfg(all(feature = "cuda", target_os = "linux"))]
mod emulator;

#[path = "conformance/bad_jobs.rs"]
mod bad_jobs;
#[path = "conformance/bench.rs"]
mod bench;
#[path = "conformance/chains.rs"]
mod chains;
#[cfg(all(feature = "cuda", target_os = "linux"))]
#[path = "conformance/emulated.rs"]
mod emulated;
#[path = "conformance/hostile.rs"]
mod hostile;
#[path = "conformance/sums.rs"]
mod sums;
#[path = "conformance/transform_judge.rs"]
mod transform_judge;
#[path = "conformance/transforms.rs"]
mod transforms;
#[cfg(feature = "arkworks")]
#[path = "conformance/typed.rs"]
mod typed;
#[cfg(feature = "plonky3")]
#[path = "conformance/typed_plonky3.rs"]
mod typed_plonky3;

/// (device, part of the case's name, reason).
const KNOWN_FAILURES: &[(&str, &str, &str)] = &[];
