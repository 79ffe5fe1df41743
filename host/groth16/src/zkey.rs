//! snarkjs' Groth16 proving key (`.zkey`), indexed and viewed in place.
//!
//! Opening costs O(sections): every length is checked against the header, no point is touched. [`check`](crate::check)
//! looks at every point.

use crate::binfile::{Binfile, Format, Section};
use crate::curve::KeyCurve;
use crate::error::{Error, Result};
use bytemuck::{Pod, Zeroable};
use bytes::Bytes;
use nom::bytes::complete::take;
use std::fmt;
use std::path::Path;

static FORMAT: Format = Format {
    magic: *b"zkey",
    version: 1,
    sections: &[
        (1, "protocol"),
        (2, "header"),
        (3, "IC"),
        (4, "coefficients"),
        (5, "A"),
        (6, "B1"),
        (7, "B2"),
        (8, "C"),
        (9, "H"),
        (10, "contributions"),
    ],
};

/// What a development key of [`setup`](crate::setup) carries in place of its circuit hash.
pub const INSECURE_MARKER: &[u8] = b"INSECURE development key made by proofmill, tau was known";

/// Sizes and the fixed points. Points are affine x‖y Montgomery coordinates, views of the file.
#[derive(Clone)]
pub struct Header {
    /// The curve.
    pub curve: KeyCurve,
    /// Signals, the constant 1 included: the length of the witness.
    pub n_vars: usize,
    /// Public signals, the constant 1 not included; below `n_vars`.
    pub n_public: usize,
    /// The domain has 2^`log_domain` rows.
    pub log_domain: u32,
    /// α in G1.
    pub alpha1: Bytes,
    /// β in G1.
    pub beta1: Bytes,
    /// β in G2.
    pub beta2: Bytes,
    /// γ in G2.
    pub gamma2: Bytes,
    /// δ in G1.
    pub delta1: Bytes,
    /// δ in G2.
    pub delta2: Bytes,
}

impl Header {
    /// Rows of the domain, a power of two.
    pub fn domain(&self) -> usize {
        1 << self.log_domain
    }
}

/// One entry of the matrices A and B, 44 bytes, unaligned little-endian as in the file.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub struct Coefficient {
    matrix: [u8; 4],
    row: [u8; 4],
    signal: [u8; 4],
    value: [u8; 32],
}

impl Coefficient {
    /// 0 for A, 1 for B (there is no C); anything else is a bad file.
    pub fn matrix(&self) -> u32 {
        u32::from_le_bytes(self.matrix)
    }

    /// Below the domain's size in a good file.
    pub fn row(&self) -> u32 {
        u32::from_le_bytes(self.row)
    }

    /// Below `n_vars` in a good file.
    pub fn signal(&self) -> u32 {
        u32::from_le_bytes(self.signal)
    }

    /// v·R² mod r as a plain little-endian integer: one Montgomery product with a canonical witness value w gives v·w
    /// in Montgomery form.
    pub fn value(&self) -> &[u8; 32] {
        &self.value
    }

    pub(crate) fn new(matrix: u32, row: u32, signal: u32, value: [u8; 32]) -> Self {
        Self {
            matrix: matrix.to_le_bytes(),
            row: row.to_le_bytes(),
            signal: signal.to_le_bytes(),
            value,
        }
    }
}

/// A proving key over a mapped file.
#[derive(Clone)]
pub struct Zkey {
    header: Header,
    pub(crate) header_section: Section,
    pub(crate) ic: Section,
    pub(crate) coefficients: Section,
    pub(crate) a: Section,
    pub(crate) b1: Section,
    pub(crate) b2: Section,
    pub(crate) c: Section,
    pub(crate) h: Section,
    contributions: Section,
}

impl Zkey {
    /// Maps a key and checks its header and every section's length.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_binfile(&Binfile::open(path, &FORMAT)?)
    }

    /// The same from memory; `name` stands for the file in messages.
    pub fn from_bytes(name: &str, bytes: Bytes) -> Result<Self> {
        Self::from_binfile(&Binfile::from_bytes(name, bytes, &FORMAT)?)
    }

    fn from_binfile(file: &Binfile) -> Result<Self> {
        check_protocol(&file.section(1)?)?;
        let header_section = file.section(2)?;
        let zkey = Self {
            header: read_header(&header_section)?,
            header_section,
            ic: file.section(3)?,
            coefficients: file.section(4)?,
            a: file.section(5)?,
            b1: file.section(6)?,
            b2: file.section(7)?,
            c: file.section(8)?,
            h: file.section(9)?,
            contributions: file.section(10)?,
        };
        zkey.check_lengths()?;
        Ok(zkey)
    }

    fn check_lengths(&self) -> Result<()> {
        let Header {
            curve,
            n_vars,
            n_public,
            ..
        } = self.header;
        let (g1, g2) = (curve.g1_bytes(), curve.g2_bytes());
        self.ic.expect_elements(n_public as u64 + 1, g1)?;
        self.a.expect_elements(n_vars as u64, g1)?;
        self.b1.expect_elements(n_vars as u64, g1)?;
        self.b2.expect_elements(n_vars as u64, g2)?;
        self.c.expect_elements((n_vars - n_public - 1) as u64, g1)?;
        self.h.expect_elements(self.header.domain() as u64, g1)?;
        let mut reader = self.coefficients.reader();
        let count = reader.u32("a number of coefficients")?;
        let (size, found) = (size_of::<Coefficient>(), reader.remaining());
        if u64::from(count) * size as u64 != found as u64 {
            return Err(reader.fault(format!("expected {size} × {count} bytes, found {found}")));
        }
        Ok(())
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.header_section.file
    }

    /// Sizes and fixed points.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The curve.
    pub fn curve(&self) -> KeyCurve {
        self.header.curve
    }

    /// `n_public` + 1 G1 points, one for each public signal and the constant.
    pub fn ic(&self) -> Bytes {
        self.ic.bytes.clone()
    }

    /// `n_vars` G1 points.
    pub fn a(&self) -> Bytes {
        self.a.bytes.clone()
    }

    /// `n_vars` G1 points.
    pub fn b1(&self) -> Bytes {
        self.b1.bytes.clone()
    }

    /// `n_vars` G2 points.
    pub fn b2(&self) -> Bytes {
        self.b2.bytes.clone()
    }

    /// `n_vars` − `n_public` − 1 G1 points, for the private signals.
    pub fn c(&self) -> Bytes {
        self.c.bytes.clone()
    }

    /// One G1 point for each row of the domain.
    pub fn h(&self) -> Bytes {
        self.h.bytes.clone()
    }

    /// The entries of A and B in the file's order. Their fields are as the file has them:
    /// [`check::coefficients`](crate::check::coefficients) tests them.
    pub fn coefficients(&self) -> &[Coefficient] {
        // The length was checked at opening, and the entry's alignment is 1.
        let entries = self.coefficients.bytes.get(4..).unwrap_or_default();
        bytemuck::try_cast_slice(entries).unwrap_or_default()
    }

    /// Whether this is a development key whose tau was known: anyone may forge its proofs.
    pub fn is_insecure(&self) -> bool {
        self.contributions.bytes.starts_with(INSECURE_MARKER)
    }
}

impl fmt::Debug for Zkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header {
            curve,
            n_vars,
            n_public,
            log_domain,
            ..
        } = &self.header;
        write!(
            f,
            "Zkey({}: {}, {n_vars} signals, {n_public} public, 2^{log_domain})",
            self.name(),
            curve.name()
        )
    }
}

fn check_protocol(section: &Section) -> Result<()> {
    let mut reader = section.reader();
    let protocol = reader.u32("a protocol number")?;
    reader.finish()?;
    let name = match protocol {
        1 => return Ok(()),
        2 => "2 (plonk)".to_string(),
        10 => "10 (fflonk)".to_string(),
        other => other.to_string(),
    };
    Err(Error::Unsupported {
        file: section.file.to_string(),
        what: "protocol",
        expected: "1 (groth16)".into(),
        found: name,
    })
}

fn read_header(section: &Section) -> Result<Header> {
    let mut reader = section.reader();
    let curve = read_curve(section)?;
    reader.parse(
        "both primes",
        take(4 + curve.q_bytes() + 4 + curve.r_bytes()),
    )?;
    let n_vars = reader.u32("a number of signals")? as usize;
    let at = reader.position();
    let n_public = reader.u32("a number of public signals")? as usize;
    if n_public >= n_vars {
        return Err(section.fault(
            at,
            format!("expected fewer than {n_vars} public signals, found {n_public}"),
        ));
    }
    let log_domain = read_log_domain(
        section,
        reader.position(),
        reader.u32("a domain size")?,
        curve,
    )?;
    let (g1, g2) = (curve.g1_bytes(), curve.g2_bytes());
    let header = Header {
        curve,
        n_vars,
        n_public,
        log_domain,
        alpha1: reader.bytes("alpha in G1", g1)?,
        beta1: reader.bytes("beta in G1", g1)?,
        beta2: reader.bytes("beta in G2", g2)?,
        gamma2: reader.bytes("gamma in G2", g2)?,
        delta1: reader.bytes("delta in G1", g1)?,
        delta2: reader.bytes("delta in G2", g2)?,
    };
    reader.finish()?;
    Ok(header)
}

/// Both primes must be those of one curve.
fn read_curve(section: &Section) -> Result<KeyCurve> {
    let mut reader = section.reader();
    let q_bytes = reader.u32("a base field size")? as usize;
    let q = reader.bytes("a base field prime", q_bytes)?;
    let curve = KeyCurve::from_q(&q).ok_or_else(|| Error::Unsupported {
        file: section.file.to_string(),
        what: "curve",
        expected: "the base field of bn128 or bls12381".into(),
        found: "another prime".into(),
    })?;
    let at = reader.position();
    let r_bytes = reader.u32("a scalar field size")? as usize;
    let r = reader.bytes("a scalar field prime", r_bytes)?;
    if r != curve.r() {
        return Err(section.fault(
            at,
            format!(
                "expected the scalar field prime of {}, found another",
                curve.name()
            ),
        ));
    }
    Ok(curve)
}

fn read_log_domain(section: &Section, at: usize, domain: u32, curve: KeyCurve) -> Result<u32> {
    if !domain.is_power_of_two() {
        return Err(section.fault(
            at,
            format!("expected a power of two as domain size, found {domain}"),
        ));
    }
    let (log_domain, most) = (domain.trailing_zeros(), curve.max_log_domain());
    if log_domain > most {
        return Err(section.fault(
            at,
            format!("expected a domain of at most 2^{most}, found 2^{log_domain}"),
        ));
    }
    Ok(log_domain)
}
