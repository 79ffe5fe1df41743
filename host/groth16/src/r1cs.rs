//! circom's constraint system (`.r1cs`): rows A·w ∘ B·w = C·w over plain integers.

use crate::binfile::{Binfile, Format, Section};
use crate::curve::KeyCurve;
use crate::error::{Error, Result};
use crate::wtns::scalar_curve;
use bytemuck::{Pod, Zeroable};
use bytes::Bytes;
use std::fmt;
use std::path::Path;

static FORMAT: Format = Format {
    magic: *b"r1cs",
    version: 1,
    sections: &[
        (1, "header"),
        (2, "constraints"),
        (3, "labels"),
        (4, "custom gates used"),
        (5, "custom gates applied"),
    ],
};

/// One entry of a row, 36 bytes, unaligned little-endian as in the file.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub struct Term {
    wire: [u8; 4],
    coefficient: [u8; 32],
}

impl Term {
    /// Below `n_wires`.
    pub fn wire(&self) -> usize {
        u32::from_le_bytes(self.wire) as usize
    }

    /// A plain little-endian integer below r.
    pub fn coefficient(&self) -> &[u8; 32] {
        &self.coefficient
    }
}

/// The three rows of a constraint, views of the file.
#[derive(Clone, Copy)]
pub struct Constraint<'a> {
    /// Row of A.
    pub a: &'a [Term],
    /// Row of B.
    pub b: &'a [Term],
    /// Row of C.
    pub c: &'a [Term],
}

/// A constraint system over a mapped file.
#[derive(Clone)]
pub struct R1cs {
    curve: KeyCurve,
    n_wires: usize,
    n_public: usize,
    n_constraints: usize,
    constraints: Section,
}

impl R1cs {
    /// Maps a constraint system and checks all of it, O(size): every wire exists, every coefficient is below r.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_binfile(&Binfile::open(path, &FORMAT)?)
    }

    /// The same from memory; `name` stands for the file in messages.
    pub fn from_bytes(name: &str, bytes: Bytes) -> Result<Self> {
        Self::from_binfile(&Binfile::from_bytes(name, bytes, &FORMAT)?)
    }

    fn from_binfile(file: &Binfile) -> Result<Self> {
        refuse_custom_gates(file)?;
        let r1cs = read_header(&file.section(1)?, file.section(2)?)?;
        // The labels justify the number of wires: without them a tiny file could claim four thousand million.
        file.section(3)?.expect_elements(r1cs.n_wires as u64, 8)?;
        let mut constraints = Constraints {
            r1cs: &r1cs,
            rest: &r1cs.constraints.bytes,
        };
        for row in 0..r1cs.n_constraints {
            let constraint = constraints.parse()?;
            for term in [constraint.a, constraint.b, constraint.c]
                .into_iter()
                .flatten()
            {
                r1cs.check_term(row, term)?;
            }
        }
        match constraints.rest.len() {
            0 => Ok(r1cs),
            n => Err(constraints.fault(format!("expected the end, found {n} more bytes"))),
        }
    }

    fn check_term(&self, row: usize, term: &Term) -> Result<()> {
        let at = (std::ptr::from_ref(term) as usize)
            .saturating_sub(self.constraints.bytes.as_ptr() as usize);
        if term.wire() >= self.n_wires {
            let what = format!(
                "constraint {row}: expected a wire below {}, found {}",
                self.n_wires,
                term.wire()
            );
            return Err(self.constraints.fault(at, what));
        }
        if !self.curve.is_scalar(term.coefficient()) {
            let what =
                format!("constraint {row}: expected a coefficient below r, found a larger one");
            return Err(self.constraints.fault(at + 4, what));
        }
        Ok(())
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.constraints.file
    }

    /// The curve whose scalar field the constraints are over.
    pub fn curve(&self) -> KeyCurve {
        self.curve
    }

    /// Wires, the constant 1 included.
    pub fn n_wires(&self) -> usize {
        self.n_wires
    }

    /// Public outputs and inputs, the constant 1 not included; below `n_wires`.
    pub fn n_public(&self) -> usize {
        self.n_public
    }

    /// Rows.
    pub fn n_constraints(&self) -> usize {
        self.n_constraints
    }

    /// The constraints in order, read as they are asked for.
    pub fn constraints(&self) -> Constraints<'_> {
        Constraints {
            r1cs: self,
            rest: &self.constraints.bytes,
        }
    }
}

impl fmt::Debug for R1cs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            n_wires,
            n_constraints,
            ..
        } = self;
        write!(
            f,
            "R1cs({}: {}, {n_constraints} constraints, {n_wires} wires)",
            self.name(),
            self.curve.name()
        )
    }
}

/// Iterates over [`R1cs::constraints`].
#[derive(Clone)]
pub struct Constraints<'a> {
    r1cs: &'a R1cs,
    rest: &'a [u8],
}

impl<'a> Constraints<'a> {
    fn parse(&mut self) -> Result<Constraint<'a>> {
        Ok(Constraint {
            a: self.row()?,
            b: self.row()?,
            c: self.row()?,
        })
    }

    fn row(&mut self) -> Result<&'a [Term]> {
        let Some((count, rest)) = self.rest.split_first_chunk::<4>() else {
            return Err(self.fault(format!(
                "expected a number of terms, found {} bytes",
                self.rest.len()
            )));
        };
        let count = u32::from_le_bytes(*count);
        let bytes =
            usize::try_from(u64::from(count) * size_of::<Term>() as u64).unwrap_or(usize::MAX);
        let Some((terms, rest)) = rest.split_at_checked(bytes) else {
            return Err(self.fault(format!(
                "expected {count} terms of 36 bytes, found {} bytes",
                rest.len()
            )));
        };
        self.rest = rest;
        Ok(bytemuck::try_cast_slice(terms).unwrap_or_default())
    }

    fn fault(&self, what: String) -> Error {
        let section = &self.r1cs.constraints;
        section.fault(section.bytes.len() - self.rest.len(), what)
    }
}

impl<'a> Iterator for Constraints<'a> {
    type Item = Constraint<'a>;

    fn next(&mut self) -> Option<Constraint<'a>> {
        if self.rest.is_empty() {
            None
        } else {
            self.parse().ok()
        }
    }
}

fn refuse_custom_gates(file: &Binfile) -> Result<()> {
    for id in [4, 5] {
        // circom writes both sections with a zero count where there are none.
        if file
            .optional(id)
            .is_some_and(|section| section.bytes.iter().any(|&byte| byte != 0))
        {
            return Err(Error::Unsupported {
                file: file.name().to_string(),
                what: "constraints",
                expected: "rank-1 constraints only".into(),
                found: "custom gates (a PLONK circuit)".into(),
            });
        }
    }
    Ok(())
}

fn read_header(header: &Section, constraints: Section) -> Result<R1cs> {
    let mut reader = header.reader();
    let size = reader.u32("a field size")? as usize;
    let curve = scalar_curve(header, &reader.bytes("a prime", size)?)?;
    let n_wires = reader.u32("a number of wires")?;
    let at = reader.position();
    let n_outputs = reader.u32("a number of public outputs")?;
    let n_inputs = reader.u32("a number of public inputs")?;
    reader.u32("a number of private inputs")?;
    reader.u64("a number of labels")?;
    let n_constraints = reader.u32("a number of constraints")? as usize;
    reader.finish()?;
    let n_public = u64::from(n_outputs) + u64::from(n_inputs);
    if n_public >= u64::from(n_wires) {
        let what = format!("expected fewer than {n_wires} public signals, found {n_public}");
        return Err(header.fault(at, what));
    }
    if n_constraints > constraints.bytes.len() / 12 {
        let what = format!(
            "expected {n_constraints} constraints, found {} bytes",
            constraints.bytes.len()
        );
        return Err(constraints.fault(0, what));
    }
    Ok(R1cs {
        curve,
        n_wires: n_wires as usize,
        n_public: n_public as usize,
        n_constraints,
        constraints,
    })
}
