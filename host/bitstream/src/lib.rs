//! FPGA boards as data, the bitstreams that they take, and the program that writes them.
//!
//! Contract: what comes from outside (board files, bitstreams, manifests) is parsed here or refused, with the place
//! of the fault. No panic and no allocation beyond the input's size, whatever the input.
//!
//! Read in this order: [`part`] (the FPGAs), [`boards`] (one file each), [`bit`] and [`svf`] (bitstreams),
//! [`manifest`] (what a bitstream holds), [`programmer`] and [`history`] (onto a board, and back).

pub mod bit;
pub mod boards;
mod error;
pub mod history;
pub mod manifest;
pub mod part;
pub mod programmer;
pub mod svf;
mod text;

pub use bit::Bitstream;
pub use boards::{Board, Boards};
pub use error::{Error, Malformed};
pub use manifest::Manifest;
pub use part::Part;
pub use text::shown;
