//! a = A·w and b = B·w, the sparse products at the start of a proof.

use crate::check;
use crate::curve::{MontgomeryField, SnarkCurve};
use crate::error::Result;
use crate::wtns::{VALUE_BYTES, Witness};
use crate::zkey::{Coefficient, Zkey};
use bytes::Bytes;
use rayon::prelude::*;

/// Rows of one task: their sums, 32 KB, stay in the first cache.
const ROWS: usize = 1 << 9;

/// The products, one element in data form for each row of the domain.
///
/// An entry holds v·R² as a plain integer and the witness w as one: read as data forms, their product is v·w·R, the
/// data form of v·w, at the cost of one multiplication and no conversion. Entries are checked as they are read.
pub(super) fn products<E: SnarkCurve>(zkey: &Zkey, witness: &Witness) -> Result<[Bytes; 2]> {
    let mut out = [(); 2].map(|()| vec![0; zkey.header().domain() * VALUE_BYTES]);
    // snarkjs writes the entries by rising row: then every task has its own run of them
    if add_tasks::<E::ScalarField>(zkey, witness, &mut out, ROWS).is_none() {
        check::coefficients(zkey)?;
        let all = zkey.header().domain();
        add_tasks::<E::ScalarField>(zkey, witness, &mut out, all).ok_or_else(|| {
            let what = "expected a file that stays as it is, found one that changes";
            zkey.coefficients.fault(0, what)
        })?;
    }
    Ok(out.map(Bytes::from))
}

/// Both products in tasks of so many rows; `None` where an entry is bad, or of another task's rows.
fn add_tasks<F: MontgomeryField>(
    zkey: &Zkey,
    witness: &Witness,
    out: &mut [Vec<u8>; 2],
    rows: usize,
) -> Option<()> {
    let (entries, values) = (zkey.coefficients(), witness.values());
    let (values, _) = values.as_chunks();
    let [a, b] = out;
    let domain = a.len() / VALUE_BYTES;
    a.par_chunks_mut(rows * VALUE_BYTES)
        .zip(b.par_chunks_mut(rows * VALUE_BYTES))
        .enumerate()
        .map_init(Vec::new, |sums, (i, (a, b))| {
            let first = i * rows;
            // neighbours search for the same border, so that the tasks' runs are all of the entries
            let border = |row: usize| match row {
                0 => 0,
                row if row >= domain => entries.len(),
                row => entries.partition_point(|e| (e.row() as usize) < row),
            };
            let part = entries.get(border(first)..border(first + rows))?;
            sums.clear();
            sums.resize(a.len() / VALUE_BYTES, [F::ZERO; 2]);
            add(sums, part, values, first)?;
            write(sums, a, b);
            Some(())
        })
        .collect()
}

/// Adds the entries' products with the witness to the sums of their rows, of which `sums` holds those from `first` on.
fn add<F: MontgomeryField>(
    sums: &mut [[F; 2]],
    entries: &[Coefficient],
    values: &[[u8; VALUE_BYTES]],
    first: usize,
) -> Option<()> {
    for entry in entries {
        let row = sums.get_mut((entry.row() as usize).checked_sub(first)?)?;
        let sum = row.get_mut(entry.matrix() as usize)?;
        let coefficient = F::from_montgomery_le(entry.value())?;
        let value = F::from_montgomery_le(values.get(entry.signal() as usize)?)?;
        if !value.is_zero() {
            *sum += coefficient * value;
        }
    }
    Some(())
}

fn write<F: MontgomeryField>(sums: &[[F; 2]], a: &mut [u8], b: &mut [u8]) {
    let (a, b) = (
        a.chunks_exact_mut(VALUE_BYTES),
        b.chunks_exact_mut(VALUE_BYTES),
    );
    for (sum, (a, b)) in sums.iter().zip(a.zip(b)) {
        sum[0].write_montgomery_le(a);
        sum[1].write_montgomery_le(b);
    }
}
