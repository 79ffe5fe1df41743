//! NTT and MSM on the CPU, on the threads of whoever calls (rayon's pool of the caller).
//!
//! The callers validate ([`proofmill`'s jobs](https://docs.rs/proofmill)): sizes, roots and shifts
//! are right, coordinates are reduced. Only what needs a pass over the input is found here:
//! [`Unreduced`] scalars.
//!
//! Read in this order: [`Ntt`] and [`Form`] (what is asked), [`dispatch`] (which instructions),
//! [`arith`] (numbers), [`ntt`] and [`msm`].

pub mod arith;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod curve;
pub mod dispatch;
mod endomorphism;
mod inverse;
pub mod memory;
pub mod msm;
pub mod ntt;
mod parallel;
mod permute;
pub mod pointwise;
mod sums;
#[cfg(target_arch = "x86_64")]
mod words;

pub use proofmill_field::{Direction, FieldId, Form, Layout, Ntt, Order};

/// A scalar that is not below its modulus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unreduced {
    /// Its place.
    pub index: usize,
}
