//! Frames: the unit of exchange over a stream of bytes.
//!
//! | bytes | field |
//! |---|---|
//! | 2 | [`SYNC`] |
//! | 1 | [`Opcode`] |
//! | 1 | tag, which the answer repeats |
//! | 4 | address of the first word, least significant byte first |
//! | 1 | number of words, 1 to [`MAX_WORDS`] |
//! | 1 | [`Status`]; 0 in requests |
//! | 8 each | the words, in frames that carry any, least significant byte first |
//! | 4 | CRC-32 of all that follows the sync, least significant byte first |

use crate::{Crc32, Status};

/// What every frame starts with.
pub const SYNC: [u8; 2] = [0xa5, 0x5a];
/// Bytes from the sync to the first word.
pub const HEADER_BYTES: usize = 10;
/// Bytes of the CRC.
pub const CRC_BYTES: usize = 4;
/// Words that a frame may carry.
pub const MAX_WORDS: usize = 128;
/// Bytes of the longest frame.
pub const MAX_BYTES: usize = frame_bytes(MAX_WORDS);

/// Bytes of a frame that carries so many words.
pub const fn frame_bytes(words: usize) -> usize {
    HEADER_BYTES + 8 * words + CRC_BYTES
}

/// Places of the header's fields, counted from the sync's first byte.
pub mod place {
    /// Of the opcode.
    pub const OPCODE: usize = 2;
    /// Of the tag.
    pub const TAG: usize = 3;
    /// Of the address.
    pub const ADDRESS: usize = 4;
    /// Of the number of words.
    pub const WORDS: usize = 8;
    /// Of the status.
    pub const STATUS: usize = 9;
}

/// What a frame is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// Request: send these words.
    Read = 0x01,
    /// Request: take these words.
    Write = 0x42,
    /// Answer to [`Opcode::Read`], with the words.
    Data = 0xc1,
    /// Answer to a write, and to everything that was refused; carries no words.
    Done = 0x82,
}

impl Opcode {
    /// The bit of opcodes whose frames carry words, whether or not they are known.
    pub const CARRIES: u8 = 0x40;

    /// The opcode of a byte.
    pub fn from_byte(byte: u8) -> Option<Self> {
        [Self::Read, Self::Write, Self::Data, Self::Done]
            .into_iter()
            .find(|opcode| opcode.byte() == byte)
    }

    /// Its byte.
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// Whether its frames carry words.
    pub const fn carries(self) -> bool {
        self.byte() & Self::CARRIES != 0
    }
}

/// A frame as it is received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame<'a> {
    /// What it is for, as it came: a card answers unknown ones.
    pub opcode: u8,
    /// Which exchange it belongs to.
    pub tag: u8,
    /// Address of the first word.
    pub address: u32,
    /// How many words it is about; in refusals as it came.
    pub words: u8,
    /// In answers, how it went, as it came.
    pub status: u8,
    /// The words that it carries, eight bytes each.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// A frame without words.
    pub fn new(opcode: Opcode, tag: u8, address: u32, words: u8) -> Self {
        Frame {
            opcode: opcode.byte(),
            tag,
            address,
            words,
            status: Status::Ok.code(),
            payload: &[],
        }
    }

    /// What a card answers to this request: `words` of it, or a refusal.
    pub fn answer(&self, status: Status, payload: &'a [u8]) -> Self {
        let opcode = match payload {
            [] => Opcode::Done,
            _ => Opcode::Data,
        };
        Frame {
            opcode: opcode.byte(),
            status: status.code(),
            payload,
            ..*self
        }
    }

    /// The words that it carries.
    pub fn values(&self) -> impl Iterator<Item = u64> + use<'a> {
        let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |w, b| w << 8 | u64::from(*b));
        self.payload.chunks_exact(8).map(word)
    }

    /// Writes the frame's bytes into `out` and returns how many; `None` if the payload is not `words` words, or
    /// is there where the opcode carries none, or does not fit `out`.
    pub fn encode(&self, out: &mut [u8]) -> Option<usize> {
        let carried = match self.opcode & Opcode::CARRIES {
            0 => 0,
            _ => usize::from(self.words),
        };
        let bytes = frame_bytes(carried);
        if self.payload.len() != 8 * carried || out.len() < bytes {
            return None;
        }
        let (body, crc) = out[..bytes].split_at_mut(bytes - CRC_BYTES);
        body[..2].copy_from_slice(&SYNC);
        body[place::OPCODE] = self.opcode;
        body[place::TAG] = self.tag;
        body[place::ADDRESS..place::WORDS].copy_from_slice(&self.address.to_le_bytes());
        body[place::WORDS] = self.words;
        body[place::STATUS] = self.status;
        body[HEADER_BYTES..].copy_from_slice(self.payload);
        crc.copy_from_slice(&Crc32::of(&body[SYNC.len()..]).to_le_bytes());
        Some(bytes)
    }
}
