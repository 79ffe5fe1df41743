//! The same inputs in every program.

use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::PrimeField;
use p3_field::TwoAdicField;
use std::iter::successors;

/// log2 of the rows, and the columns, of a batch.
pub fn batch(quick: bool) -> (u32, usize) {
    if quick { (8, 64) } else { (18, 64) }
}

/// A row's size in words.
pub fn batch_size(quick: bool) -> String {
    let (log_n, columns) = batch(quick);
    format!("2^{log_n}x{columns}")
}

/// G, 2G, 3G …
fn bases<A: AffineRepr>(n: usize) -> Vec<A> {
    let g = A::Group::generator();
    let multiples: Vec<_> = successors(Some(g), |p| Some(*p + g)).take(n).collect();
    A::Group::normalize_batch(&multiples)
}

/// Bases and scalars of the longest sum.
pub fn sums<A: AffineRepr>(logs: &[u32]) -> (Vec<A>, Vec<A::ScalarField>) {
    let n = logs.iter().max().map_or(0, |log| 1 << log);
    (bases(n), elements(n))
}

/// Elements of a large field, each the square of the one before plus seven.
pub fn elements<F: PrimeField>(n: usize) -> Vec<F> {
    let start = F::from(0x1234_5678_9abc_def1u64).square();
    let next = |s: &F| Some(s.square() + F::from(7u64));
    successors(Some(start), next).skip(64).take(n).collect()
}

/// Elements of a small field: i² + 7.
pub fn small<F: TwoAdicField>(n: usize) -> Vec<F> {
    (0..n as u64).map(|i| F::from_u64(i * i + 7)).collect()
}
