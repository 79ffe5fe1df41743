//! Kernels on vectors of 512 bits. Everything here is called only where [`crate::dispatch`] found
//! the instructions.

pub(crate) mod lanes;
pub(crate) mod msm;
pub(crate) mod ntt52;
