//! What crosses between a host and a card: frames, registers, status codes. Written here once; the driver, the
//! hardware and the simulated card take it from here. `docs/wire.md` is its description for people.
//!
//! A card is an address space of 64-bit words ([`register`]) that is read and written by frames ([`frame`]) over a
//! stream of bytes. Every request is answered by one frame with a [`Status`], and may be repeated: reading,
//! writing, starting job k and releasing the output of job k have the same effect once and twice.
//!
//! Read in this order: [`register`], [`frame`], [`Decoder`].
#![no_std]

mod crc;
mod decoder;
mod design;
pub mod frame;
pub mod register;
mod status;

pub use crc::{CRC_POLYNOMIAL, Crc32};
pub use decoder::{Broken, Decoder};
pub use design::DesignId;
pub use frame::{Frame, Opcode};
pub use register::{Capabilities, Job, State};
pub use status::Status;
