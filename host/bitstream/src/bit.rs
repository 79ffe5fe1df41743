//! ECP5 bitstreams (.bit): comments, then commands to the configuration logic.
//!
//! The format: Project Trellis, docs/architecture/bitstream_format.rst; Lattice FPGA-TN-02039 has the commands. Numbers
//! are big-endian. Whatever command may end in a CRC-16 does so here only where its flag says it; a CRC is of all bytes
//! since the last one or since its reset, dummies between commands excepted.

mod reader;

use crate::{Error, Malformed, Part, text};
use reader::Reader;
use std::path::Path;

/// Bytes of the largest file that is read: the family's largest bitstream has 2 MB, its SVF about five.
const MAX_BYTES: u64 = 64 << 20;
/// Bytes of the longest comments: each becomes a string, which may be many times what it takes in the file.
const MAX_COMMENTS: usize = 4 << 10;

/// A bitstream file's bytes.
///
/// Errors: it cannot be read, or no bitstream is so large.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    text::read_up_to(MAX_BYTES, path)
}

/// A whole bitstream for a part of the family: every frame is there, every CRC that it has is right, and it ends by
/// starting the design.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bitstream {
    /// The part that its IDCODE names.
    pub part: &'static Part,
    /// The strings before the commands, as `Part: LFE5U-85F-6CABGA381`.
    pub comments: Vec<String>,
    /// Configuration frames.
    pub frames: u16,
    /// Whether the frames are compressed.
    pub compressed: bool,
    /// Blocks of nine bytes that are written into memories.
    pub memory_blocks: usize,
    /// What the tools made of it, if they said.
    pub usercode: Option<u32>,
}

const PREAMBLE: [u8; 4] = [0xff, 0xff, 0xbd, 0xb3];
/// Bytes of a block of memory content.
const MEMORY_BLOCK: usize = 9;

/// The commands, FPGA-TN-02039's names.
mod command {
    pub(super) const DUMMY: u8 = 0xff;
    pub(super) const LSC_RESET_CRC: u8 = 0x3b;
    pub(super) const VERIFY_ID: u8 = 0xe2;
    pub(super) const LSC_WRITE_COMP_DIC: u8 = 0x02;
    pub(super) const LSC_PROG_CNTRL0: u8 = 0x22;
    pub(super) const LSC_INIT_ADDRESS: u8 = 0x46;
    pub(super) const LSC_PROG_INCR_RTI: u8 = 0x82;
    pub(super) const LSC_PROG_INCR_CMP: u8 = 0xb8;
    pub(super) const LSC_EBR_ADDRESS: u8 = 0xf6;
    pub(super) const LSC_EBR_WRITE: u8 = 0xb2;
    pub(super) const SPI_MODE: u8 = 0x79;
    pub(super) const ISC_PROGRAM_SECURITY: u8 = 0xce;
    pub(super) const ISC_PROGRAM_USERCODE: u8 = 0xc2;
    pub(super) const ISC_PROGRAM_DONE: u8 = 0x5e;
}

impl Bitstream {
    /// Takes a bitstream apart.
    ///
    /// Errors: not a bitstream; cut short; of another family; a wrong CRC; frames that are missing; no end.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let comments = comments(&mut reader)?;
        let mut found = Found::default();
        while !found.done {
            found.command(&mut reader)?;
        }
        let missing = |what: &'static str| reader.malformed(what, "one before the end", "none");
        Ok(Self {
            part: found.part.ok_or_else(|| missing("VERIFY_ID"))?,
            comments,
            frames: found
                .frames
                .ok_or_else(|| missing("configuration frames"))?,
            compressed: found.compressed,
            memory_blocks: found.memory_blocks,
            usercode: found.usercode,
        })
    }

    /// The part with speed grade and package, if a comment says it: `LFE5U-85F-6CABGA381`.
    pub fn full_part(&self) -> Option<&str> {
        self.comments
            .iter()
            .find_map(|text| text.strip_prefix("Part: "))
    }
}

/// The strings before the preamble, which is read too. A string that is no UTF-8 is shown as well as it can be.
fn comments(reader: &mut Reader) -> Result<Vec<String>, Malformed> {
    reader.section("file header");
    let start = reader.array::<2>("ff 00")?;
    if start != [0xff, 0x00] {
        return Err(reader.malformed("file header", "ff 00", &hex(&start)));
    }
    reader.section("comments");
    let text = reader.until(0xff, "ff after the last comment")?;
    if text.len() > MAX_COMMENTS {
        let expected = format!("{MAX_COMMENTS} bytes at most");
        return Err(reader.malformed("comments", &expected, &text.len().to_string()));
    }
    let text = text.strip_suffix(&[0]).unwrap_or(text);
    let strings = text
        .split(|&byte| byte == 0)
        .filter(|string| !string.is_empty());
    let strings = strings.map(|string| String::from_utf8_lossy(string).into_owned());
    let strings = strings.collect();
    reader.section("preamble");
    // the comments' end is a byte before the preamble, which has two of the same
    while reader.starts_with(&[0xff, 0xff, 0xff]) {
        reader.array::<1>("ff")?;
    }
    let preamble = reader.array::<4>("ff ff bd b3")?;
    match preamble == PREAMBLE {
        true => Ok(strings),
        false => Err(reader.malformed("preamble", "ff ff bd b3", &hex(&preamble))),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

/// What the commands have said so far.
#[derive(Default)]
struct Found {
    part: Option<&'static Part>,
    frames: Option<u16>,
    compressed: bool,
    dictionary: bool,
    memory_blocks: usize,
    usercode: Option<u32>,
    done: bool,
}

impl Found {
    /// Reads a command with what follows it.
    fn command(&mut self, reader: &mut Reader) -> Result<(), Malformed> {
        reader.section("command");
        let command = reader.command(command::DUMMY)?;
        if command == command::DUMMY {
            return Ok(());
        }
        let info = reader.array::<3>("three bytes with a command")?;
        let ends_in_crc = info[0] & 0x80 != 0;
        match command {
            command::LSC_RESET_CRC => reader.reset_crc(),
            command::VERIFY_ID => self.verify_id(reader)?,
            command::LSC_WRITE_COMP_DIC => {
                reader.array::<8>("the eight bytes of the dictionary")?;
                self.dictionary = true;
                self.crc(reader, ends_in_crc)?;
            }
            command::LSC_PROG_CNTRL0 | command::LSC_EBR_ADDRESS => {
                reader.array::<4>("a word of 32 bits")?;
            }
            command::LSC_PROG_INCR_RTI => self.frames(reader, info, false)?,
            command::LSC_PROG_INCR_CMP => self.frames(reader, info, true)?,
            command::LSC_EBR_WRITE => {
                let blocks = usize::from(u16::from_be_bytes([info[1], info[2]]));
                reader.section("memory content");
                reader.skip(MEMORY_BLOCK * blocks, "nine bytes for each block")?;
                reader.check_crc()?;
                self.memory_blocks += blocks;
            }
            command::ISC_PROGRAM_USERCODE => {
                let word = reader.array::<4>("a word of 32 bits")?;
                self.usercode = Some(u32::from_be_bytes(word));
                self.crc(reader, ends_in_crc)?;
            }
            command::ISC_PROGRAM_DONE => self.done = true,
            command::LSC_INIT_ADDRESS | command::ISC_PROGRAM_SECURITY | command::SPI_MODE => {}
            _ => {
                let found = format!("{command:02x}");
                return Err(reader.malformed("command", "one that a whole bitstream has", &found));
            }
        }
        Ok(())
    }

    fn crc(&self, reader: &mut Reader, is_there: bool) -> Result<(), Malformed> {
        match is_there {
            true => reader.check_crc(),
            false => Ok(()),
        }
    }

    fn verify_id(&mut self, reader: &mut Reader) -> Result<(), Malformed> {
        reader.section("VERIFY_ID");
        let idcode = u32::from_be_bytes(reader.array::<4>("an IDCODE")?);
        let part = Part::by_idcode(idcode);
        if part.is_none() || self.part.is_some_and(|before| Some(before) != part) {
            let expected = match self.part {
                Some(part) => format!("{:#010x} again", part.idcode),
                None => "the IDCODE of an ECP5".into(),
            };
            return Err(reader.malformed("VERIFY_ID", &expected, &format!("{idcode:#010x}")));
        }
        self.part = part;
        Ok(())
    }

    /// The frames: a byte of flags, their number, and for each its bytes, perhaps a CRC, and dummies.
    fn frames(
        &mut self,
        reader: &mut Reader,
        info: [u8; 3],
        compressed: bool,
    ) -> Result<(), Malformed> {
        reader.section("configuration frames");
        let Some(part) = self.part else {
            return Err(reader.malformed("configuration frames", "VERIFY_ID before", "none"));
        };
        if compressed && !self.dictionary {
            return Err(reader.malformed("configuration frames", "a dictionary before", "none"));
        }
        let frames = u16::from_be_bytes([info[1], info[2]]);
        if frames != part.frames || self.frames.is_some() {
            let expected = format!("{} for {part}, once", part.frames);
            return Err(reader.malformed("configuration frames", &expected, &frames.to_string()));
        }
        let has_crc = info[0] & 0x80 != 0;
        let crc_at_end = info[0] & 0x40 != 0;
        let dummies = usize::from(info[0] & 0x0f);
        for frame in 1..=frames {
            match compressed {
                true => reader.skip_compressed(part.frame_bytes.next_multiple_of(8))?,
                false => reader.skip(part.frame_bytes, "another frame")?,
            }
            self.crc(reader, has_crc && (!crc_at_end || frame == frames))?;
            reader.skip(dummies, "the bytes after a frame")?;
        }
        (self.frames, self.compressed) = (Some(frames), compressed);
        Ok(())
    }
}
