//! NTT and MSM for GPUs, and for whatever else speaks OpenCL: kernels from one source, and the lists of
//! launches that make a transform or a sum of them.
//!
//! The kernels (`cl/`) are written once in what C99, OpenCL C 1.2 and CUDA C++ have in common
//! (`cl/dialect.h`); a field's constants are a generated header (`generated/`). [`Program::source`] puts
//! the files of a program together. [`Machine`] is a device as this crate sees it: memory and launches.
//! An OpenCL device is a machine, and so is the host, where the tests run the same files under
//! sanitizers.
//!
//! Nothing is validated here: callers bring what [`proofmill_field::Ntt`] and the jobs of the driver allow.
//! Only scalars are, because that takes a pass over them ([`msm::Failure::Unreduced`]).
//!
//! Read in this order: [`Program`], [`Machine`], [`ntt`], [`msm`].

pub mod constants;
mod machine;
pub mod msm;
pub mod ntt;
pub mod pointwise;
mod program;
pub mod ptx;
mod tables;

pub use machine::{Arg, Machine, Properties};
pub use program::Program;
pub use tables::Tables;
