//! Which hardware a card holds.

use core::fmt;

/// SHA-256 of the Verilog that a card was made from, taken with the hash itself at zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DesignId(pub [u8; 32]);

impl DesignId {
    /// The id that four registers hold: bytes 0 to 7 in the first, least significant byte first.
    pub fn from_words(words: [u64; 4]) -> Self {
        let mut bytes = [0; 32];
        for (to, word) in bytes.chunks_mut(8).zip(words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        DesignId(bytes)
    }

    /// The four registers' words.
    pub fn words(&self) -> [u64; 4] {
        let mut words = [0; 4];
        for (i, byte) in self.0.iter().enumerate() {
            words[i / 8] |= u64::from(*byte) << (8 * (i % 8));
        }
        words
    }

    /// The id of 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
        }
        Some(DesignId(bytes))
    }
}

/// All 64 digits; `{:.8}` shows the first eight.
impl fmt::Display for DesignId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(64);
        for byte in &self.0[..digits.div_ceil(2).min(32)] {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for DesignId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;
    use std::string::ToString;

    #[test]
    fn digits_words_and_back() {
        let id = DesignId(core::array::from_fn(|i| 7 * i as u8 + 0x1f));
        assert_eq!(DesignId::from_words(id.words()), id);
        assert_eq!(DesignId::from_hex(&id.to_string()), Some(id));
        assert_eq!(format!("{id:.8}"), "1f262d34");
        assert_eq!(id.words()[0] & 0xff, 0x1f);
        for text in ["", "1f", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(DesignId::from_hex(text), None, "{text}");
        }
    }
}
