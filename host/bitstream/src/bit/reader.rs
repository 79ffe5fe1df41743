//! Bytes with their place and their CRC.

use crate::Malformed;
use crc::{CRC_16_UMTS, Crc, Digest, Table};
use nom::bytes::complete::{take, take_till};
use nom::error::Error;
use nom::{IResult, bits};

/// Polynomial 0x8005, nothing reflected, from zero.
static CRC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_UMTS);

/// Reads a bitstream from its start.
pub(super) struct Reader<'a> {
    all: &'a [u8],
    rest: &'a [u8],
    crc: Digest<'static, u16, Table<16>>,
    section: &'static str,
    /// Where what was read last begins.
    last: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(all: &'a [u8]) -> Self {
        Self {
            all,
            rest: all,
            crc: CRC.digest(),
            section: "",
            last: 0,
        }
    }

    /// Names what is read from here on, for errors.
    pub(super) fn section(&mut self, name: &'static str) {
        self.section = name;
    }

    /// An error at what was read last.
    pub(super) fn malformed(
        &self,
        section: &'static str,
        expected: &str,
        found: &str,
    ) -> Malformed {
        Malformed {
            section,
            offset: self.last,
            expected: expected.into(),
            found: found.into(),
        }
    }

    pub(super) fn starts_with(&self, bytes: &[u8]) -> bool {
        self.rest.starts_with(bytes)
    }

    /// So many bytes.
    pub(super) fn array<const N: usize>(&mut self, expected: &str) -> Result<[u8; N], Malformed> {
        let bytes = self.read(take(N), expected)?;
        let mut array = [0; N];
        array.copy_from_slice(bytes);
        Ok(array)
    }

    pub(super) fn skip(&mut self, bytes: usize, expected: &str) -> Result<(), Malformed> {
        self.read(take(bytes), expected).map(drop)
    }

    /// What comes before a byte, which is read too.
    pub(super) fn until(&mut self, end: u8, expected: &str) -> Result<&'a [u8], Malformed> {
        let before = self.read(take_till(|byte| byte == end), expected)?;
        self.skip(1, expected)?;
        Ok(before)
    }

    /// The byte of a command. Dummies are not in the CRC.
    pub(super) fn command(&mut self, dummy: u8) -> Result<u8, Malformed> {
        let before = self.crc.clone();
        let [byte] = self.array("ISC_PROGRAM_DONE at the end")?;
        if byte == dummy {
            self.crc = before;
        }
        Ok(byte)
    }

    /// The codes of so many bytes, filled up to a whole byte.
    pub(super) fn skip_compressed(&mut self, bytes: usize) -> Result<(), Malformed> {
        self.read(|input| compressed(input, bytes), "another frame")
            .map(drop)
    }

    pub(super) fn reset_crc(&mut self) {
        self.crc = CRC.digest();
    }

    /// Compares with the CRC that comes next.
    pub(super) fn check_crc(&mut self) -> Result<(), Malformed> {
        let expected = std::mem::replace(&mut self.crc, CRC.digest()).finalize();
        let found = u16::from_be_bytes(self.array::<2>("a CRC")?);
        self.reset_crc();
        match expected == found {
            true => Ok(()),
            false => {
                let (expected, found) = (format!("CRC {expected:#06x}"), format!("{found:#06x}"));
                Err(self.malformed(self.section, &expected, &found))
            }
        }
    }

    /// What a parser takes; its failure is that the file ends.
    fn read(
        &mut self,
        parser: impl FnOnce(&'a [u8]) -> IResult<&'a [u8], &'a [u8]>,
        expected: &str,
    ) -> Result<&'a [u8], Malformed> {
        self.last = self.all.len() - self.rest.len();
        let (rest, taken) = parser(self.rest).map_err(|_| {
            let found = format!("the end of the file {} bytes later", self.rest.len());
            self.malformed(self.section, expected, &found)
        })?;
        self.crc.update(taken);
        self.rest = rest;
        Ok(taken)
    }
}

type Bits<'a> = (&'a [u8], usize);

/// The bytes that hold the codes of so many bytes.
fn compressed(input: &[u8], bytes: usize) -> IResult<&[u8], &[u8]> {
    let mut at: Bits = (input, 0);
    for _ in 0..bytes {
        at =
            code(at).map_err(|_| nom::Err::Error(Error::new(input, nom::error::ErrorKind::Eof)))?;
    }
    let (rest, bit) = at;
    take(input.len() - rest.len() + usize::from(bit > 0))(input)
}

/// Skips a code: `0` a zero byte, `100` and `101` with three bits a power of two and one of the dictionary, `11` with
/// eight bits any byte.
fn code(at: Bits) -> Result<Bits, nom::Err<Error<Bits>>> {
    let (at, is_long): (Bits, u8) = bits::complete::take(1usize)(at)?;
    if is_long == 0 {
        return Ok(at);
    }
    let (at, is_literal): (Bits, u8) = bits::complete::take(1usize)(at)?;
    let (at, _): (Bits, u8) = bits::complete::take(if is_literal == 1 { 8usize } else { 4 })(at)?;
    Ok(at)
}
