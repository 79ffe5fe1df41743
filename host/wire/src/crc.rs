//! CRC-32 as in IEEE 802.3: reflected, all ones at first, inverted at the end.

/// The polynomial, its bits in reverse order.
pub const CRC_POLYNOMIAL: u32 = 0xedb8_8320;

/// A CRC-32 over bytes that come one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Crc32(u32);

impl Default for Crc32 {
    fn default() -> Self {
        Crc32(u32::MAX)
    }
}

impl Crc32 {
    /// The CRC of these bytes.
    pub fn of(bytes: &[u8]) -> u32 {
        let mut crc = Crc32::default();
        bytes.iter().for_each(|byte| crc.push(*byte));
        crc.value()
    }

    /// Takes the next byte.
    pub fn push(&mut self, byte: u8) {
        self.0 = (self.0 >> 8) ^ TABLE[usize::from(self.0 as u8 ^ byte)];
    }

    /// The CRC of what came so far.
    pub fn value(self) -> u32 {
        !self.0
    }
}

/// What eight steps make of each byte.
static TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = (crc >> 1) ^ (CRC_POLYNOMIAL * (crc & 1));
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_standard() {
        assert_eq!(Crc32::of(b"123456789"), 0xcbf4_3926);
        assert_eq!(Crc32::of(b""), 0);
    }
}
