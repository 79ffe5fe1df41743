//! Modular arithmetic: one result per clock over 31 and 64 bits, one per n clocks over wider fields.

pub mod goldilocks;
pub mod mont31;
pub mod wide;
