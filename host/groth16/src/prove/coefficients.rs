//! a = A·w and b = B·w, the sparse products at the start of a proof.

use crate::check;
use crate::curve::{MontgomeryField, SnarkCurve};
use crate::error::Result;
use crate::wtns::Witness;
use crate::zkey::{Coefficient, Zkey};
use ark_ff::AdditiveGroup;
use bytes::Bytes;
use rayon::prelude::*;

/// Rows of one task; below this a thread costs more than it saves.
const ROWS: usize = 1 << 10;

/// The products, one element in data form for each row of the domain.
///
/// An entry holds v·R² as a plain integer and the witness w as one: read as data forms, their product is v·w·R, the
/// data form of v·w, at the cost of one multiplication and no conversion.
pub(super) fn products<E: SnarkCurve>(zkey: &Zkey, witness: &Witness) -> Result<[Bytes; 2]> {
    check::coefficients(zkey)?;
    let (entries, rows) = (zkey.coefficients(), zkey.header().domain());
    // plain integers below r, read as if they were data forms
    let values = witness.values();
    let read = |bytes: &[u8]| E::ScalarField::from_montgomery_le(bytes).unwrap_or_default();
    let witness: Vec<E::ScalarField> = values.par_chunks(32).map(read).collect();
    let mut a = vec![E::ScalarField::ZERO; rows];
    let mut b = a.clone();
    // snarkjs writes the entries by rising row: then every task has its own run of them
    let sorted = entries
        .par_windows(2)
        .with_min_len(ROWS)
        .all(|w| w[0].row() <= w[1].row());
    let run = if sorted { ROWS } else { rows };
    a.par_chunks_mut(run)
        .zip(b.par_chunks_mut(run))
        .enumerate()
        .for_each(|(i, (a, b))| {
            let first = i * run;
            let part = match sorted {
                true => part(entries, first, first + a.len()),
                false => entries,
            };
            for entry in part {
                let into = if entry.matrix() == 0 {
                    &mut *a
                } else {
                    &mut *b
                };
                // both are there, as checked above, unless somebody rewrites the mapped file meanwhile
                let row = (entry.row() as usize).checked_sub(first);
                let row = row.and_then(|row| into.get_mut(row));
                if let (Some(row), Some(value)) = (row, witness.get(entry.signal() as usize)) {
                    *row += read(entry.value()) * value;
                }
            }
        });
    Ok([data_forms(&a), data_forms(&b)])
}

/// The entries of rows `first..last`, of entries sorted by row.
fn part(entries: &[Coefficient], first: usize, last: usize) -> &[Coefficient] {
    let from = entries.partition_point(|e| (e.row() as usize) < first);
    let to = entries.partition_point(|e| (e.row() as usize) < last);
    entries.get(from..to).unwrap_or_default()
}

fn data_forms<F: MontgomeryField>(values: &[F]) -> Bytes {
    let mut out = Vec::with_capacity(values.len() * 32);
    values.iter().for_each(|v| v.push_montgomery_le(&mut out));
    out.into()
}
