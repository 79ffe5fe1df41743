//! circom's files in, Groth16 proof out.
//!
//! Bytes from outside are parsed once, at the door: whatever [`Zkey`](zkey::Zkey), [`Witness`](wtns::Witness) and the
//! types of [`json`] hold has been validated to the extent that their docs state, and what lies behind trusts it.
//! Nothing here panics on hostile input or allocates more than a file's size justifies.
//!
//! Read in this order: [`curve`], [`binfile`], [`zkey`], [`wtns`], [`json`]; then [`prove`], [`check`], [`r1cs`], [`setup`].

pub mod binfile;
pub mod check;
pub mod curve;
pub mod error;
mod fixed_base;
pub mod json;
pub mod output;
pub mod prove;
pub mod r1cs;
mod random;
pub mod setup;
#[doc(hidden)]
pub mod synthetic;
mod verifier;
pub mod wtns;
pub mod zkey;

pub use error::{Error, Result};
