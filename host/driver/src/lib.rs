//! NTT and MSM for zero-knowledge provers, on whatever the owner has, with the answers checked.
//!
//! ```
//! use proofmill::{Direction, Pool};
//! use ark_bn254::{Fr, G1Affine};
//! # use ark_ec::AffineRepr;
//! # fn main() -> Result<(), proofmill::Error> {
//! let pool = Pool::open()?;                          // every usable device
//! let mut values: Vec<Fr> = (0..8u64).map(Fr::from).collect();
//! pool.ntt(&mut values, Direction::Forward)?;        // natural order in and out
//! let bases = vec![G1Affine::generator(); 8];
//! let sum = pool.msm(&bases, &values)?;              // Σ values[i]·bases[i]
//! # assert_eq!(sum, G1Affine::generator() * values.iter().sum::<Fr>());
//! # Ok(()) }
//! ```
//!
//! Read in this order: [`Pool`] (the door), [`job`] (what can be asked for and the only
//! validation), `plan` (who does it), `check` (whether the answer holds), [`device`] (what a device
//! must do), `device/cpu` (the one that is always there; its kernels are the crate `proofmill-cpu`).

mod check;
pub mod device;
mod element;
mod error;
pub mod job;
mod plan;
mod pool;
mod random;
pub mod selftest;
mod worker;

pub use element::{Element, Point};
pub use error::{BadJob, DeviceError, Error, Failure, Fault, WrongResult};
pub use job::{Direction, Layout, Ntt, Order};
pub use pool::{Builder, Checked, Done, Evidence, Options, Policy, Pool, Report, Resident};
pub use pool::{StepReport, data_form};
pub use proofmill_field::Random;

/// The README's example is compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
