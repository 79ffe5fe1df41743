//! Modular arithmetic, one result per clock.

pub mod goldilocks;
pub mod mont31;
