//! Frames out of a stream of bytes.

use crate::frame::{CRC_BYTES, HEADER_BYTES, MAX_BYTES, MAX_WORDS, SYNC, frame_bytes, place};
use crate::{Crc32, Frame, Opcode};

/// Why what looked like a frame is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broken {
    /// The CRC does not fit.
    Crc,
    /// It should carry no words, or more than a frame may: where it ends is not known.
    Length,
}

/// Finds frames in a stream of bytes. What is not part of one is skipped.
pub struct Decoder {
    bytes: [u8; MAX_BYTES],
    len: usize,
    /// Bytes of the frame that is being received; 0 until the header is whole.
    expected: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder {
            bytes: [0; MAX_BYTES],
            len: 0,
            expected: 0,
        }
    }
}

impl Decoder {
    /// Whether a frame has begun and not ended.
    pub fn is_within_frame(&self) -> bool {
        self.len > 0
    }

    /// Forgets what has come of a frame.
    pub fn reset(&mut self) {
        (self.len, self.expected) = (0, 0);
    }

    /// Takes the next byte; a frame if it ends one. A broken frame comes with its header, which may be wrong.
    pub fn push(&mut self, byte: u8) -> Option<Result<Frame<'_>, (Broken, Frame<'_>)>> {
        self.append(byte);
        if self.len == HEADER_BYTES {
            let words = usize::from(self.bytes[place::WORDS]);
            let carries = self.bytes[place::OPCODE] & Opcode::CARRIES != 0;
            if carries && (words == 0 || words > MAX_WORDS) {
                self.reset();
                return Some(Err((Broken::Length, self.frame(0))));
            }
            self.expected = frame_bytes(if carries { words } else { 0 });
        }
        if self.expected == 0 || self.len < self.expected {
            return None;
        }
        let body = self.expected - CRC_BYTES;
        self.reset();
        let crc = Crc32::of(&self.bytes[SYNC.len()..body]).to_le_bytes();
        match self.bytes[body..body + CRC_BYTES] == crc {
            true => Some(Ok(self.frame(body - HEADER_BYTES))),
            false => Some(Err((Broken::Crc, self.frame(0)))),
        }
    }

    /// Keeps the byte if it can be part of a frame: a second `SYNC[0]` in place of `SYNC[1]` may start one.
    fn append(&mut self, byte: u8) {
        if self.len < SYNC.len() && byte != SYNC[self.len] {
            self.len = usize::from(byte == SYNC[0]);
            self.bytes[0] = byte;
            return;
        }
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn frame(&self, payload: usize) -> Frame<'_> {
        let bytes = &self.bytes;
        let mut address = [0; 4];
        address.copy_from_slice(&bytes[place::ADDRESS..place::WORDS]);
        Frame {
            opcode: bytes[place::OPCODE],
            tag: bytes[place::TAG],
            address: u32::from_le_bytes(address),
            words: bytes[place::WORDS],
            status: bytes[place::STATUS],
            payload: &bytes[HEADER_BYTES..HEADER_BYTES + payload],
        }
    }
}
