//! The thorough look at a key: every point and every coefficient. O(n) with a subgroup test for each point.

use crate::binfile::Section;
use crate::curve::{KeyPoint, SnarkCurve};
use crate::error::Result;
use crate::with_curve;
use crate::zkey::Zkey;
use ark_ec::AffineRepr;
use rayon::prelude::*;

/// Points to a rayon task: a subgroup test takes some microseconds.
const CHUNK: usize = 64;

/// Points of one section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointCount {
    /// The section's name: `A`.
    pub section: &'static str,
    /// All points.
    pub points: usize,
    /// Those at infinity.
    pub infinite: usize,
}

/// What a good key holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// IC, A, B1, C, H, B2.
    pub sections: Vec<PointCount>,
    /// Entries of the matrices A and B.
    pub coefficients: usize,
}

/// Checks every point (coordinates below q, on the curve, in the subgroup), the header's fixed points (those and
/// finite, the two forms of β and of δ in agreement) and every coefficient. The first bad thing in the file is the error.
pub fn check(zkey: &Zkey) -> Result<Summary> {
    with_curve!(zkey.curve(), E => check_curve::<E>(zkey))
}

fn check_curve<E: SnarkCurve>(zkey: &Zkey) -> Result<Summary> {
    fixed_points::<E>(zkey)?;
    coefficients(zkey)?;
    for (_, section) in g1_sections(zkey) {
        points::<E::G1Affine>(section, zkey.curve().g1_bytes())?;
    }
    points::<E::G2Affine>(&zkey.b2, zkey.curve().g2_bytes())?;
    Ok(count(zkey))
}

fn g1_sections(zkey: &Zkey) -> [(&'static str, &Section); 5] {
    [
        ("IC", &zkey.ic),
        ("A", &zkey.a),
        ("B1", &zkey.b1),
        ("C", &zkey.c),
        ("H", &zkey.h),
    ]
}

/// The summary alone, with no look at anything but infinity: what `zkey info` shows.
pub fn count(zkey: &Zkey) -> Summary {
    let counted = |section: &'static str, bytes: &[u8], size: usize| PointCount {
        section,
        points: bytes.len() / size,
        infinite: bytes
            .par_chunks_exact(size)
            .filter(|point| point.iter().all(|&byte| byte == 0))
            .count(),
    };
    let curve = zkey.curve();
    let g1 =
        g1_sections(zkey).map(|(name, section)| counted(name, &section.bytes, curve.g1_bytes()));
    let mut sections = g1.to_vec();
    sections.push(counted("B2", &zkey.b2.bytes, curve.g2_bytes()));
    Summary {
        sections,
        coefficients: zkey.coefficients().len(),
    }
}

/// Checks every coefficient: matrix A or B, row inside the domain, signal inside the witness, value below r. O(n)
/// without any field arithmetic.
pub fn coefficients(zkey: &Zkey) -> Result<()> {
    let (domain, n_vars, curve) = (zkey.header().domain(), zkey.header().n_vars, zkey.curve());
    let entries = zkey.coefficients();
    let bad = entries
        .par_iter()
        .with_min_len(4096)
        .position_first(|entry| {
            !(entry.matrix() < 2
                && (entry.row() as usize) < domain
                && (entry.signal() as usize) < n_vars
                && curve.is_scalar(entry.value()))
        });
    let Some((index, entry)) = bad.and_then(|index| Some((index, entries.get(index)?))) else {
        return Ok(());
    };
    let what = if entry.matrix() > 1 {
        format!("expected matrix 0 or 1, found {}", entry.matrix())
    } else if entry.row() as usize >= domain {
        format!("expected a row below {domain}, found {}", entry.row())
    } else if entry.signal() as usize >= n_vars {
        format!("expected a signal below {n_vars}, found {}", entry.signal())
    } else {
        "expected a value below r, found a larger one".to_string()
    };
    Err(zkey.coefficients.fault(
        4 + index * size_of_val(entry),
        format!("coefficient {index}: {what}"),
    ))
}

/// A G1 or G2 point of the header, checked and finite.
pub(crate) fn fixed_point<A: KeyPoint>(zkey: &Zkey, name: &str, bytes: &[u8]) -> Result<A> {
    let section = &zkey.header_section;
    let at = (bytes.as_ptr() as usize).saturating_sub(section.bytes.as_ptr() as usize);
    match A::decode_checked(bytes) {
        Ok(point) if point.is_zero() => Err(section.fault(
            at,
            format!("{name}: expected a finite point, found infinity"),
        )),
        Ok(point) => Ok(point),
        Err(fault) => Err(section.fault(at, format!("{name}: {fault}"))),
    }
}

fn fixed_points<E: SnarkCurve>(zkey: &Zkey) -> Result<()> {
    let header = zkey.header();
    fixed_point::<E::G1Affine>(zkey, "alpha in G1", &header.alpha1)?;
    fixed_point::<E::G2Affine>(zkey, "gamma in G2", &header.gamma2)?;
    let beta1 = fixed_point::<E::G1Affine>(zkey, "beta in G1", &header.beta1)?;
    let beta2 = fixed_point::<E::G2Affine>(zkey, "beta in G2", &header.beta2)?;
    let delta1 = fixed_point::<E::G1Affine>(zkey, "delta in G1", &header.delta1)?;
    let delta2 = fixed_point::<E::G2Affine>(zkey, "delta in G2", &header.delta2)?;
    same_scalar::<E>(zkey, "beta", beta1, beta2)?;
    same_scalar::<E>(zkey, "delta", delta1, delta2)
}

/// e(x·G1, G2) = e(G1, x·G2).
fn same_scalar<E: SnarkCurve>(
    zkey: &Zkey,
    name: &str,
    in_g1: E::G1Affine,
    in_g2: E::G2Affine,
) -> Result<()> {
    if E::pairing(in_g1, E::G2Affine::generator()) == E::pairing(E::G1Affine::generator(), in_g2) {
        return Ok(());
    }
    Err(zkey
        .header_section
        .fault(0, format!("expected one {name} in G1 and G2, found two")))
}

fn points<A: KeyPoint>(section: &Section, size: usize) -> Result<()> {
    let outcomes = section
        .bytes
        .par_chunks_exact(size)
        .with_min_len(CHUNK)
        .enumerate();
    let bad = outcomes.find_map_first(|(index, bytes)| {
        let fault = A::decode_checked(bytes).err()?;
        Some(section.fault(index * size, format!("point {index}: {fault}")))
    });
    bad.map_or(Ok(()), Err)
}

impl Summary {
    /// Points of all sections.
    pub fn points(&self) -> usize {
        self.sections.iter().map(|count| count.points).sum()
    }
}
