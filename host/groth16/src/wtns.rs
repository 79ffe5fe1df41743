//! circom's witness (`.wtns`): every signal's value, a plain integer below r.
//!
//! A witness is secret: no message, log or debug output shows a value.

use crate::binfile::{Binfile, Format, Section};
use crate::curve::KeyCurve;
use crate::error::{Error, Result};
use crate::zkey::Zkey;
use bytes::Bytes;
use rayon::prelude::*;
use std::fmt;
use std::path::Path;

static FORMAT: Format = Format {
    magic: *b"wtns",
    version: 2,
    sections: &[(1, "header"), (2, "values")],
};

/// Bytes of a value: 32 for both curves.
pub(crate) const VALUE_BYTES: usize = 32;

/// Values to a rayon task: 4096 comparisons take some microseconds.
const CHUNK: usize = 4096;

/// A validated witness over a mapped file.
#[derive(Clone)]
pub struct Witness {
    curve: KeyCurve,
    values: Section,
}

impl Witness {
    /// Maps a witness and checks all of it, O(n): each value is below r, the first is 1.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_binfile(&Binfile::open(path, &FORMAT)?)
    }

    /// The same from memory; `name` stands for the file in messages.
    pub fn from_bytes(name: &str, bytes: Bytes) -> Result<Self> {
        Self::from_binfile(&Binfile::from_bytes(name, bytes, &FORMAT)?)
    }

    fn from_binfile(file: &Binfile) -> Result<Self> {
        let header = file.section(1)?;
        let mut reader = header.reader();
        let size = reader.u32("a field size")? as usize;
        let curve = scalar_curve(&header, &reader.bytes("a prime", size)?)?;
        let count = reader.u32("a number of values")?;
        reader.finish()?;
        let values = file.section(2)?;
        values.expect_elements(count.into(), VALUE_BYTES)?;
        let witness = Self { curve, values };
        witness.check_values()?;
        Ok(witness)
    }

    fn check_values(&self) -> Result<()> {
        let one = self
            .values
            .bytes
            .first_chunk::<VALUE_BYTES>()
            .is_some_and(is_one);
        if !one {
            return Err(self.bad_value(0, "expected the constant 1, found something else"));
        }
        let (values, _) = self.values.bytes.as_chunks::<VALUE_BYTES>();
        let bad = values
            .par_iter()
            .with_min_len(CHUNK)
            .position_first(|value| !self.curve.is_scalar(value));
        match bad {
            None => Ok(()),
            Some(index) => {
                Err(self.bad_value(index, "expected a value below r, found a larger one"))
            }
        }
    }

    fn bad_value(&self, index: usize, what: &'static str) -> Error {
        let offset = self.values.offset + (index * VALUE_BYTES) as u64;
        Error::BadWitness {
            file: self.name().into(),
            index,
            offset,
            what,
        }
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.values.file
    }

    /// The curve whose scalar field the values live in.
    pub fn curve(&self) -> KeyCurve {
        self.curve
    }

    /// The field's prime, little-endian.
    pub fn prime(&self) -> Vec<u8> {
        self.curve.r()
    }

    /// Number of values, the leading 1 included; at least 1.
    #[allow(clippy::len_without_is_empty)] // never empty: the first value is 1
    pub fn len(&self) -> usize {
        self.values.bytes.len() / VALUE_BYTES
    }

    /// The values, 32-byte little-endian integers below r.
    pub fn values(&self) -> Bytes {
        self.values.bytes.clone()
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Witness({}: {}, {} values)",
            self.name(),
            self.curve.name(),
            self.len()
        )
    }
}

/// Checks that key and witness belong to one circuit as far as their headers tell: same field, same number of signals.
pub fn check_pair(zkey: &Zkey, witness: &Witness) -> Result<()> {
    let files = || format!("{} and {}", zkey.name(), witness.name());
    if zkey.curve() != witness.curve() {
        let (expected, found) = (zkey.curve().name().into(), witness.curve().name().into());
        return Err(Error::Mismatch {
            files: files(),
            what: "curve",
            expected,
            found,
        });
    }
    if zkey.header().n_vars != witness.len() {
        let (expected, found) = (zkey.header().n_vars.to_string(), witness.len().to_string());
        return Err(Error::Mismatch {
            files: files(),
            what: "number of signals",
            expected,
            found,
        });
    }
    Ok(())
}

/// The curve whose scalar field has this prime.
pub(crate) fn scalar_curve(header: &Section, prime: &[u8]) -> Result<KeyCurve> {
    KeyCurve::from_r(prime).ok_or_else(|| Error::Unsupported {
        file: header.file.to_string(),
        what: "curve",
        expected: "the scalar field of bn128 or bls12381".into(),
        found: "another prime".into(),
    })
}

fn is_one(value: &[u8; VALUE_BYTES]) -> bool {
    matches!(value, [1, rest @ ..] if rest.iter().all(|&byte| byte == 0))
}
