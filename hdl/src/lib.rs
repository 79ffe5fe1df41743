//! NTT cores for FPGA cards: rust-hdl blocks, the Verilog that they become, and its simulation.
//!
//! Every block has a latency that is a value, a model in `proofmill_field` that judges it, and a test at
//! full rate. rust-hdl's simulator and the Verilog that it emits can disagree, so the judge of a block is
//! Verilator on the emitted text; rust-hdl's own simulator sees small sizes only.
//!
//! Rules that keep the two alike: sums are widened before they are added and have a signal of their own;
//! every expression is in parentheses; shift amounts are constants of the block.
//!
//! Read in this order: [`leaf`], [`arith`], [`msm`], [`ntt`], [`stream`], [`design`], [`sim`],
//! [`shell`], [`card`].

pub mod arith;
pub mod card;
pub mod design;
mod error;
pub mod leaf;
pub mod msm;
pub mod ntt;
pub mod shell;
pub mod sim;
pub mod stream;

pub use error::HdlError;
