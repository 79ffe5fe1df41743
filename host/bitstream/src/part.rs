//! The FPGAs of the ECP5 family.

use std::fmt;

/// An FPGA, as its bitstreams know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// `LFE5U-85F`
    pub name: &'static str,
    /// What it answers over JTAG, and what its bitstreams ask for.
    pub idcode: u32,
    /// Configuration frames of a whole bitstream.
    pub frames: u16,
    /// Bytes of a frame, padding included.
    pub frame_bytes: usize,
}

/// The family. Numbers of frames and bits: Project Trellis, docs/architecture/bitstream_format.rst, "Device-Specific
/// Information", bits and dummy bits divided by eight. IDCODEs of parts that are not there: its devices.json.
pub const PARTS: [Part; 10] = [
    part("LFE5U-12F", 0x2111_1043, 7562, 592),
    part("LFE5U-25F", 0x4111_1043, 7562, 592),
    part("LFE5U-45F", 0x4111_2043, 9470, 846 + 2),
    part("LFE5U-85F", 0x4111_3043, 13294, 1136),
    part("LFE5UM-25F", 0x0111_1043, 7562, 592),
    part("LFE5UM-45F", 0x0111_2043, 9470, 846 + 2),
    part("LFE5UM-85F", 0x0111_3043, 13294, 1136),
    part("LFE5UM5G-25F", 0x8111_1043, 7562, 592),
    part("LFE5UM5G-45F", 0x8111_2043, 9470, 846 + 2),
    part("LFE5UM5G-85F", 0x8111_3043, 13294, 1136),
];

const fn part(name: &'static str, idcode: u32, frames: u16, frame_bits: usize) -> Part {
    Part {
        name,
        idcode,
        frames,
        frame_bytes: frame_bits / 8,
    }
}

impl Part {
    /// The part with this IDCODE.
    pub fn by_idcode(idcode: u32) -> Option<&'static Part> {
        PARTS.iter().find(|part| part.idcode == idcode)
    }

    /// The part with this name.
    pub fn by_name(name: &str) -> Option<&'static Part> {
        PARTS.iter().find(|part| part.name == name)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_whole_bytes_and_idcodes_differ() {
        for (i, part) in PARTS.iter().enumerate() {
            assert!([592 / 8, 848 / 8, 1136 / 8].contains(&part.frame_bytes));
            assert_eq!(Part::by_idcode(part.idcode), Some(&PARTS[i]));
            assert_eq!(Part::by_name(part.name), Some(&PARTS[i]));
        }
    }
}
