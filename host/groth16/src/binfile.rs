//! The container that all of circom's binary files share:
//! `magic[4] | u32 version | u32 n | n × { u32 id | u64 length | payload }`, little-endian, sections in any order.

use crate::error::{Error, Result};
use bytes::Bytes;
use nom::number::complete::{le_u32, le_u64};
use nom::{Parser, bytes::complete::take};
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// The most sections that any known format comes near (fflonk keys have 17); bounds the table.
const MAX_SECTIONS: u32 = 64;

/// A file format: what its header says and what its sections are called.
#[derive(Debug)]
pub struct Format {
    /// The first four bytes.
    pub magic: [u8; 4],
    /// The one version understood.
    pub version: u32,
    /// Names of the sections, for messages.
    pub sections: &'static [(u32, &'static str)],
}

impl Format {
    fn label(&self, id: u32) -> String {
        match self.sections.iter().find(|(known, _)| *known == id) {
            Some((_, name)) => format!("section {id} ({name})"),
            None => format!("section {id}"),
        }
    }
}

/// One section: a shared view of its payload and the place it came from.
#[derive(Clone)]
pub struct Section {
    /// The file's name.
    pub file: Arc<str>,
    /// Its number.
    pub id: u32,
    /// Number and name, for messages: `section 5 (A)`.
    pub label: String,
    /// Bytes from the start of the file to the payload.
    pub offset: u64,
    /// The payload, a view of the mapped file.
    pub bytes: Bytes,
}

impl Section {
    /// An error at `at` bytes into the payload.
    pub fn fault(&self, at: usize, what: impl Into<String>) -> Error {
        Error::Malformed {
            file: self.file.to_string(),
            section: self.label.clone(),
            offset: self.offset + at as u64,
            what: what.into(),
        }
    }

    /// Checks the payload's length against `count` elements of `size` bytes.
    pub fn expect_elements(&self, count: u64, size: usize) -> Result<()> {
        if count.checked_mul(size as u64) == Some(self.bytes.len() as u64) {
            return Ok(());
        }
        Err(self.fault(
            0,
            format!(
                "expected {size} × {count} bytes, found {}",
                self.bytes.len()
            ),
        ))
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            section: self,
            rest: &self.bytes,
        }
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} at {:#x}, {} bytes",
            self.file,
            self.label,
            self.offset,
            self.bytes.len()
        )
    }
}

/// Reads a section's fields from front to back with `nom`, and knows where it stands.
pub(crate) struct Reader<'a> {
    section: &'a Section,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// One step; `what` names the thing for the message.
    pub(crate) fn parse<O>(
        &mut self,
        what: &str,
        mut parser: impl Parser<&'a [u8], Output = O, Error = nom::error::Error<&'a [u8]>>,
    ) -> Result<O> {
        let (rest, value) = parser
            .parse(self.rest)
            .map_err(|_| self.fault(format!("expected {what}, found {} bytes", self.rest.len())))?;
        self.rest = rest;
        Ok(value)
    }

    pub(crate) fn u32(&mut self, what: &str) -> Result<u32> {
        self.parse(what, le_u32)
    }

    pub(crate) fn u64(&mut self, what: &str) -> Result<u64> {
        self.parse(what, le_u64)
    }

    /// The next `size` bytes as a shared view.
    pub(crate) fn bytes(&mut self, what: &str, size: usize) -> Result<Bytes> {
        let view = self.parse(what, take(size))?;
        Ok(self.section.bytes.slice_ref(view))
    }

    /// Bytes from the start of the payload.
    pub(crate) fn position(&self) -> usize {
        self.section.bytes.len() - self.rest.len()
    }

    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// An error at the current place.
    pub(crate) fn fault(&self, what: impl Into<String>) -> Error {
        self.section.fault(self.position(), what)
    }

    /// Checks that nothing is left.
    pub(crate) fn finish(&self) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            n => Err(self.fault(format!("expected the end, found {n} more bytes"))),
        }
    }
}

/// An indexed container.
#[derive(Debug, Clone)]
pub struct Binfile {
    name: Arc<str>,
    format: &'static Format,
    sections: Vec<Section>,
}

impl Binfile {
    /// Maps and indexes a file; O(sections). See [`map`] for what a mapped file demands of the machine.
    pub fn open(path: impl AsRef<Path>, format: &'static Format) -> Result<Self> {
        let path = path.as_ref();
        Self::from_bytes(path.display().to_string(), map(path)?, format)
    }

    /// Indexes bytes; `name` stands for the file in messages.
    pub fn from_bytes(
        name: impl Into<Arc<str>>,
        bytes: Bytes,
        format: &'static Format,
    ) -> Result<Self> {
        let name = name.into();
        let whole = Section {
            file: name.clone(),
            id: 0,
            label: "file header".into(),
            offset: 0,
            bytes,
        };
        let sections = index(&whole, format)?;
        Ok(Self {
            name,
            format,
            sections,
        })
    }

    /// The file's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The section, or an error that it is missing.
    pub fn section(&self, id: u32) -> Result<Section> {
        self.optional(id).cloned().ok_or_else(|| Error::Malformed {
            file: self.name.to_string(),
            section: self.format.label(id),
            offset: 0,
            what: format!("expected this section, found only {:?}", self.ids()),
        })
    }

    /// The section, if the file has it.
    pub fn optional(&self, id: u32) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }

    fn ids(&self) -> Vec<u32> {
        self.sections.iter().map(|section| section.id).collect()
    }
}

fn index(whole: &Section, format: &Format) -> Result<Vec<Section>> {
    let mut reader = whole.reader();
    let magic = reader.parse("4 bytes of magic", take(4usize))?;
    if magic != format.magic {
        let (expected, found) = (format.magic.escape_ascii(), magic.escape_ascii());
        return Err(whole.fault(
            0,
            format!("expected magic \"{expected}\", found \"{found}\""),
        ));
    }
    let version = reader.u32("a version")?;
    if version != format.version {
        return Err(Error::Unsupported {
            file: whole.file.to_string(),
            what: "version",
            expected: format.version.to_string(),
            found: version.to_string(),
        });
    }
    let count = reader.u32("a number of sections")?;
    if count > MAX_SECTIONS {
        return Err(whole.fault(
            8,
            format!("expected at most {MAX_SECTIONS} sections, found {count}"),
        ));
    }
    let mut sections: Vec<Section> = Vec::new();
    for _ in 0..count {
        let section = next_section(&mut reader, whole, format)?;
        if sections.iter().any(|earlier| earlier.id == section.id) {
            return Err(section.fault(0, "expected each section once, found it twice"));
        }
        sections.push(section);
    }
    reader.finish()?;
    Ok(sections)
}

fn next_section(reader: &mut Reader<'_>, whole: &Section, format: &Format) -> Result<Section> {
    let (id, length) = reader.parse("12 bytes of section header", (le_u32, le_u64))?;
    let offset = reader.position();
    let section = Section {
        id,
        label: format.label(id),
        offset: offset as u64,
        ..whole.clone()
    };
    let fits = usize::try_from(length)
        .ok()
        .filter(|&length| length <= reader.remaining());
    let Some(length) = fits else {
        let what = format!(
            "expected {length} bytes, found {} to the end of the file",
            reader.remaining()
        );
        return Err(section.fault(0, what));
    };
    let bytes = reader.bytes("the section's payload", length)?;
    Ok(Section { bytes, ..section })
}

/// Maps a file for shared, read-only views.
///
/// The file must stay as it is while any view lives. A file that another process rewrites in place gives other
/// bytes than those that were checked, hence at worst a proof that does not verify; one that it shortens gives the
/// signal SIGBUS on the next access, as with every program that maps its input. Writers that replace a file by
/// renaming, as [`output`](crate::output) and package managers do, are harmless: the map keeps the old file.
///
/// Only regular files can be mapped: a pipe or folder is refused.
pub fn map(path: &Path) -> Result<Bytes> {
    let kind = std::fs::metadata(path).map_err(Error::io(path, "open"))?;
    if !kind.is_file() {
        let source = std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "expected a regular file, found another kind",
        );
        return Err(Error::io(path, "map")(source));
    }
    let file = File::open(path).map_err(Error::io(path, "open"))?;
    // SAFETY: the map is private and read-only and lives as long as the last `Bytes` that refers to it. It is handed
    // out as plain bytes only, for which every bit pattern is valid, so a change by another process (see above)
    // alters values but breaks no invariant that memory safety rests on; lengths come from the map, not from the file.
    let map = unsafe { memmap2::Mmap::map(&file) }.map_err(Error::io(path, "map"))?;
    Ok(Bytes::from_owner(map))
}

#[cfg(test)]
mod tests {
    use super::*;

    static FORMAT: Format = Format {
        magic: *b"test",
        version: 1,
        sections: &[(7, "seven")],
    };

    fn file(sections: &[(u32, &[u8])]) -> Vec<u8> {
        let mut out = b"test\x01\0\0\0".to_vec();
        out.extend((sections.len() as u32).to_le_bytes());
        for (id, payload) in sections {
            out.extend(id.to_le_bytes());
            out.extend((payload.len() as u64).to_le_bytes());
            out.extend(*payload);
        }
        out
    }

    fn read(bytes: Vec<u8>) -> Result<Binfile> {
        Binfile::from_bytes("a.test", bytes.into(), &FORMAT)
    }

    fn complaint(bytes: Vec<u8>) -> String {
        read(bytes).unwrap_err().to_string()
    }

    #[test]
    fn sections_are_found_in_any_order() {
        let file = read(file(&[(9, b""), (7, b"payload")])).unwrap();
        let section = file.section(7).unwrap();
        assert_eq!(
            (&section.bytes[..], section.offset, &section.label[..]),
            (&b"payload"[..], 36, "section 7 (seven)")
        );
        assert_eq!(
            file.section(8).unwrap_err().to_string(),
            "a.test: section 8 at offset 0x0: expected this section, found only [9, 7]"
        );
    }

    #[test]
    fn a_cut_anywhere_is_an_error() {
        let whole = file(&[(9, b"abc"), (7, b"payload")]);
        for n in 0..whole.len() {
            assert!(
                complaint(whole[..n].to_vec()).starts_with("a.test: "),
                "{n}"
            );
        }
    }

    #[test]
    fn garbage_duplicates_and_impossible_lengths_are_errors() {
        let mut long = file(&[(7, b"payload")]);
        long.push(0);
        assert!(
            complaint(long)
                .ends_with("file header at offset 0x1f: expected the end, found 1 more bytes")
        );
        assert!(complaint(file(&[(7, b""), (7, b"")])).contains("found it twice"));
        let mut bomb = file(&[(7, b"payload")]);
        bomb[16..24].fill(255);
        assert!(complaint(bomb).contains(
            "section 7 (seven) at offset 0x18: expected 18446744073709551615 bytes, found 7"
        ));
        let mut many = file(&[]);
        many[8..12].fill(255);
        assert!(complaint(many).contains("expected at most 64 sections"));
        assert!(
            complaint(b"tesu\x01\0\0\0\0\0\0\0".to_vec())
                .contains("expected magic \"test\", found \"tesu\"")
        );
        assert_eq!(
            complaint(b"test\x02\0\0\0\0\0\0\0".to_vec()),
            "a.test: unsupported version: expected 1, found 2"
        );
    }

    #[test]
    fn a_folder_is_no_file() {
        assert!(Binfile::open(std::env::temp_dir(), &FORMAT).is_err());
        assert!(
            Binfile::open("/nonexistent/file", &FORMAT)
                .unwrap_err()
                .to_string()
                .contains("cannot open")
        );
    }
}
