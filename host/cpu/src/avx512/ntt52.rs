//! Transforms over the scalar fields of four words, on the 52-bit multiply-add.
//!
//! Twiddles are plain residues in Shoup's form, so that values keep the Montgomery form of the
//! caller. Read in this order: [`modulus`], [`lanes`] (arithmetic), [`words`],
//! [`dft`], [`plan`], [`sixstep`].
//!
//! What is left to the portable path: fewer than 2^6 or more than 2^24 elements in a column of input
//! or output.
//!
//! Memory, beside the data: a plan for each size, direction and coset (a little over 32 bytes for an
//! element; the last 256 MiB of them are kept), a table of 32 bytes for an element while a transform
//! runs (128 MiB are kept), and half a megabyte for each thread.

mod dft;
mod lanes;
mod modulus;
mod plan;
mod sixstep;
#[cfg(test)]
mod tests;
mod words;

use crate::arith::{Bls12_377Fr, Bls12_381Fr, Bn254Fr, Field, Modulus, Mont};
use crate::{Direction, Layout, Ntt, Order, dispatch, parallel, permute};
use dft::MAX_LOG_ROWS;
use plan::plan;
use proofmill_field::{FieldId, Int, naive};

/// Runs the transform as [`crate::ntt::run`] does, if these kernels have the field and the size and
/// the processor has their instructions; otherwise does nothing and says so.
pub(crate) fn run<F: Field>(data: &mut [F], ntt: &Ntt) -> bool {
    let log_rows = ntt.log_n + ntt.added_bits;
    if size_of::<F>() != 32 || ntt.log_n < 6 || log_rows > 2 * MAX_LOG_ROWS || !dispatch::has_ifma()
    {
        return false;
    }
    match F::SPEC.id {
        FieldId::Bn254Fr => all_columns::<Bn254Fr>(bytemuck::cast_slice_mut(data), ntt),
        FieldId::Bls12_381Fr => all_columns::<Bls12_381Fr>(bytemuck::cast_slice_mut(data), ntt),
        FieldId::Bls12_377Fr => all_columns::<Bls12_377Fr>(bytemuck::cast_slice_mut(data), ntt),
        _ => return false,
    }
    true
}

fn all_columns<P: Modulus>(data: &mut [[u64; 4]], ntt: &Ntt) {
    if ntt.columns == 1 {
        return column::<P>(data, ntt, true);
    }
    match ntt.layout {
        Layout::Contiguous => contiguous::<P>(data, ntt),
        Layout::RowMajor => row_major::<P>(data, ntt),
    }
}

/// Whether there are columns enough for every thread to take its own.
fn by_columns(ntt: &Ntt) -> bool {
    ntt.columns >= rayon::current_num_threads()
}

fn contiguous<P: Modulus>(data: &mut [[u64; 4]], ntt: &Ntt) {
    let (n, rows) = (1 << ntt.log_n, ntt.output_rows());
    if ntt.added_bits > 0 {
        // to the places of the output's columns, from the last one down
        for i in (1..ntt.columns).rev() {
            data.copy_within(i * n..(i + 1) * n, i * rows);
        }
    }
    match by_columns(ntt) {
        true => parallel::chunks(data, rows, |_, data| column::<P>(data, ntt, false)),
        false => data
            .chunks_exact_mut(rows)
            .for_each(|data| column::<P>(data, ntt, true)),
    }
}

/// Columns are taken out one by one and put back.
fn row_major<P: Modulus>(data: &mut [[u64; 4]], ntt: &Ntt) {
    let width = ntt.columns;
    let n = width << ntt.log_n;
    let mut columns = vec![[0; 4]; data.len()];
    let rows = ntt.output_rows();
    let work = |c: usize, out: &mut [[u64; 4]]| {
        for (to, row) in out.iter_mut().zip(data[..n].chunks_exact(width)) {
            *to = row[c];
        }
        column::<P>(out, ntt, !by_columns(ntt));
    };
    match by_columns(ntt) {
        true => parallel::chunks(&mut columns, rows, work),
        false => (columns.chunks_exact_mut(rows).enumerate()).for_each(|(c, out)| work(c, out)),
    }
    const TASK: usize = 1 << 8;
    parallel::chunks(data, TASK * width, |task, data| {
        for (i, row) in data.chunks_exact_mut(width).enumerate() {
            for (c, to) in row.iter_mut().enumerate() {
                *to = columns[c * rows + TASK * task + i];
            }
        }
    });
}

/// One column: n elements of input at the front of the room for the output.
fn column<P: Modulus>(data: &mut [[u64; 4]], ntt: &Ntt, parallel: bool) {
    let Ntt {
        log_n,
        added_bits,
        direction,
        input,
        output,
        coset,
        ..
    } = ntt;
    let run = |data: &mut [[u64; 4]], direction, shift, input, output| {
        let plan = plan::<P>(*log_n, direction, ntt, shift);
        // SAFETY: `run` asked for the instructions.
        unsafe { sixstep::run::<P>(&plan, data, input, output, parallel) };
    };
    if *added_bits == 0 || *direction == Direction::Inverse {
        return run(data, *direction, *coset, *input, *output);
    }
    let (first, rest) = data.split_at_mut(1 << log_n);
    run(first, Direction::Inverse, None, *input, Order::Natural);
    // block j of the bit-reversed output: the coset shift·w^rev(j), w the root of the larger order
    let spec = P::SPEC;
    let root = ntt
        .root_of_unity(spec.id, log_n + added_bits)
        .unwrap_or(spec.one);
    let shift_of = |j: usize| -> Int {
        let (mut shift, mut power) = (coset.unwrap_or(spec.one), root);
        let exponent = naive::bit_reverse(j, *added_bits);
        for bit in 0..*added_bits {
            if exponent >> bit & 1 == 1 {
                shift = spec.mul(&shift, &power);
            }
            power = spec.mul(&power, &power);
        }
        shift
    };
    for (j, block) in rest.chunks_exact_mut(1 << log_n).enumerate() {
        block.copy_from_slice(first);
        let shift = Some(shift_of(j + 1));
        run(
            block,
            Direction::Forward,
            shift,
            Order::Natural,
            Order::BitReversed,
        );
    }
    run(
        first,
        Direction::Forward,
        Some(shift_of(0)),
        Order::Natural,
        Order::BitReversed,
    );
    if *output == Order::Natural {
        permute::bit_reverse(bytemuck::cast_slice_mut::<_, Mont<P, 4>>(data), 1);
    }
}
