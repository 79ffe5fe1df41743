//! Number-theoretic transforms, in place.
//!
//! Two passes do everything. [`split`] takes natural order to bit-reversed order: at each layer a
//! block j is split into blocks 2j and 2j + 1 by butterflies with *one* twiddle, `table[j]`.
//! [`merge`] is its mirror image and takes bit-reversed order to natural order. With
//! `table[j] = ω_{2n'}^{rev(j)}`, a value that does not depend on the size n', one table of powers
//! in bit-reversed order serves every size and layer (Seiler, eprint 2018/039). With the inverse
//! root the same passes do the inverse transform, times n.
//!
//! Both recurse depth-first, two layers at a time, so that blocks fall into the caches by
//! themselves; a row-major batch is the same thing with rows in place of elements.

mod butterfly;
mod tile;
mod twiddles;

use super::arith::{Field, Goldilocks, GoldilocksLane};
use super::dispatch::{self, each_path};
use super::{parallel, permute};
use crate::with_field;
use crate::{Direction, Layout, Ntt, Order};
use butterfly::{
    Butterfly, Merge, Split, merge_2, merge_4, quarters, radix_2_merge, radix_2_split,
    radix_4_merge, radix_4_split, split_2, split_4,
};
use bytemuck::Pod;
use proofmill_field::{FieldId, Int};
use std::any::TypeId;
use twiddles::{Table, Twiddles, table};

/// Bytes of a block below which it is not worth waking another thread.
pub const SERIAL_BYTES: usize = 1 << 16;
/// Elements of a pass handled by one task.
const TASK_BYTES: usize = 1 << 15;

/// Runs `work` on chunks with their places, on all threads if there is more than one chunk.
fn in_chunks<T: Pod>(data: &mut [T], work: impl Fn(usize, &mut [T]) + Sync) {
    let size = TASK_BYTES / size_of::<T>();
    if data.len() <= size {
        return work(0, data);
    }
    parallel::chunks(data, size, |i, chunk| work(i * size, chunk));
}

/// Runs the transform on elements in data form; `data` holds whole columns of the input and room for
/// the output: the input lies in its first `columns << log_n` elements. Where the elements are not
/// aligned, by way of a copy.
pub fn run(field: FieldId, data: &mut [u8], ntt: &Ntt) {
    with_field!(field, F => on_elements(data, |data: &mut [F]| transform(data, ntt)));
}

/// Element i times base^i, where in bit-reversed order the element at place i is element rev(i).
/// `base` is in data form. Alignment as for [`run`].
pub fn scale(field: FieldId, data: &mut [u8], base: &Int, order: Order) {
    with_field!(field, F => on_elements(data, |data: &mut [F]| {
        scale_by_powers(data, 1, F::ONE, F::from_int(base), order);
    }));
}

fn on_elements<F: Field>(data: &mut [u8], work: impl FnOnce(&mut [F])) {
    if let Ok(data) = bytemuck::try_cast_slice_mut(data) {
        return work(data);
    }
    let mut copy = vec![F::ZERO; data.len() / size_of::<F>()];
    bytemuck::cast_slice_mut::<F, u8>(&mut copy).copy_from_slice(data);
    work(&mut copy);
    data.copy_from_slice(bytemuck::cast_slice(&copy));
}

/// As [`run`].
pub(crate) fn transform<F: Field>(data: &mut [F], ntt: &Ntt) {
    #[cfg(target_arch = "x86_64")]
    if crate::words::run(data, ntt) || crate::avx512::ntt52::run(data, ntt) {
        return;
    }
    if TypeId::of::<F>() == TypeId::of::<Goldilocks>() && dispatch::has_avx512() {
        in_chunks(bytemuck::cast_slice_mut(data), |_, chunk| {
            GoldilocksLane::reduce_all(chunk);
        });
        return run_as::<GoldilocksLane>(bytemuck::cast_slice_mut(data), ntt);
    }
    run_as(data, ntt);
}

pub(crate) fn run_as<F: Field>(data: &mut [F], ntt: &Ntt) {
    match ntt.layout {
        Layout::RowMajor => Plan::new(ntt, ntt.columns).run(data),
        Layout::Contiguous => {
            let plan = Plan::new(ntt, 1);
            spread(data, ntt);
            parallel::chunks(data, ntt.output_rows(), |_, column| plan.run(column));
        }
    }
}

/// Columns of the input to the places of the output's columns, from the last one down.
pub(crate) fn spread<F: Field>(data: &mut [F], ntt: &Ntt) {
    if ntt.added_bits == 0 {
        return;
    }
    let (n, rows) = (1 << ntt.log_n, ntt.output_rows());
    for column in (1..ntt.columns).rev() {
        data.copy_within(column * n..(column + 1) * n, column * rows);
    }
}

/// One transform with its tables.
struct Plan<'a, F> {
    ntt: &'a Ntt,
    /// Elements in a row.
    width: usize,
    forward: Option<Table<F>>,
    inverse: Option<Table<F>>,
    /// 1/n.
    scale: F,
    shift: Option<F>,
}

impl<'a, F: Field> Plan<'a, F> {
    fn new(ntt: &'a Ntt, width: usize) -> Self {
        let spec = F::SPEC;
        let root = ntt.root.unwrap_or(spec.root);
        let extends = ntt.added_bits > 0;
        let forward = ntt.direction == Direction::Forward;
        let log_rows = ntt.log_n + ntt.added_bits;
        // n = 2^log_n < p for every field that has the two-adicity
        let scale = F::element(1 << ntt.log_n).inverse_vartime();
        Plan {
            ntt,
            width,
            forward: forward.then(|| table(&root, log_rows)),
            inverse: (!forward || extends).then(|| table(&spec.inverse(&root), ntt.log_n)),
            scale,
            shift: ntt.coset.as_ref().map(F::from_int),
        }
    }

    fn run(&self, data: &mut [F]) {
        self.transform(data);
        if F::LAZY {
            in_chunks(data, |_, chunk| {
                chunk.iter_mut().for_each(|x| *x = x.canonical());
            });
        }
    }

    fn transform(&self, data: &mut [F]) {
        let Ntt {
            log_n,
            added_bits,
            direction,
            input,
            output,
            ..
        } = *self.ntt;
        let n = self.width << log_n;
        match (direction, &self.forward, &self.inverse) {
            (Direction::Forward, Some(forward), Some(inverse)) if added_bits > 0 => {
                // values → coefficients in natural order → values on the larger coset
                self.pass(&mut data[..n], inverse, log_n, input, Order::Natural);
                let (shift, scale) = (self.shift.unwrap_or(F::ONE), self.scale);
                scale_by_powers(&mut data[..n], self.width, scale, shift, Order::Natural);
                // the first layers meet only zeros: every block is a copy
                let (first, rest) = data.split_at_mut(n);
                parallel::chunks(rest, n, |_, block| block.copy_from_slice(first));
                parallel::chunks(data, n, |j, block| split(block, self.width, j, forward));
                if output == Order::Natural {
                    permute::bit_reverse(data, self.width);
                }
            }
            (Direction::Forward, Some(forward), _) => {
                if let Some(shift) = self.shift {
                    scale_by_powers(data, self.width, F::ONE, shift, input);
                }
                self.pass(data, forward, log_n, input, output);
            }
            (_, _, Some(inverse)) => {
                self.pass(data, inverse, log_n, input, output);
                let shift = self.shift.map_or(F::ONE, F::inverse_vartime);
                scale_by_powers(data, self.width, self.scale, shift, output);
            }
            _ => {}
        }
    }

    fn pass(&self, data: &mut [F], table: &Twiddles<F>, log_n: u32, input: Order, output: Order) {
        if log_n == 0 {
            return;
        }
        match input {
            Order::Natural => {
                split(data, self.width, 0, table);
                if output == Order::Natural {
                    permute::bit_reverse(data, self.width);
                }
            }
            Order::BitReversed => {
                merge(data, self.width, 0, table);
                if output == Order::BitReversed {
                    permute::bit_reverse(data, self.width);
                }
            }
        }
    }
}

/// Row i times scale·base^i, where in bit-reversed order the row at place i is row rev(i).
pub(crate) fn scale_by_powers<F: Field>(
    data: &mut [F],
    width: usize,
    scale: F,
    base: F,
    order: Order,
) {
    if base == F::ONE {
        if scale != F::ONE || F::LAZY {
            in_chunks(data, |_, chunk| {
                chunk.iter_mut().for_each(|x| *x = x.mul(scale).canonical());
            });
        }
        return;
    }
    // i = high·2^k + low: base^i = base^low · (base^(2^k))^high, and likewise with bits reversed
    let rows = data.len() / width;
    let log_rows = rows.next_power_of_two().trailing_zeros();
    let k = log_rows.div_ceil(2).min(10);
    let power_of_two = |e: u32| (0..e).fold(base, |x, _| x.square());
    let (lows, highs) = match order {
        Order::Natural => (
            powers(base, 1 << k),
            powers(power_of_two(k), rows.div_ceil(1 << k)),
        ),
        Order::BitReversed => {
            let high_bits = log_rows - k;
            let mut lows = powers(power_of_two(high_bits), 1 << k);
            permute::bit_reverse(&mut lows, 1);
            let mut highs = powers(base, 1 << high_bits);
            permute::bit_reverse(&mut highs, 1);
            (lows, highs)
        }
    };
    let scale_block = |block: &mut [F], high: F| {
        let high = high.mul(scale);
        for (row, low) in block.chunks_exact_mut(width).zip(&lows) {
            let factor = low.mul(high);
            row.iter_mut().for_each(|x| *x = x.mul(factor).canonical());
        }
    };
    if size_of_val(data) <= SERIAL_BYTES {
        let blocks = data.chunks_mut(width << k).zip(highs);
        return blocks.for_each(|(block, high)| scale_block(block, high));
    }
    parallel::chunks(data, width << k, |i, block| scale_block(block, highs[i]));
}

fn powers<F: Field>(base: F, count: usize) -> Vec<F> {
    std::iter::successors(Some(F::ONE), |x| Some(x.mul(base)))
        .take(count)
        .collect()
}

/// Block `j`, natural order → bit-reversed.
fn split<F: Field>(data: &mut [F], width: usize, j: usize, twiddles: &Twiddles<F>) {
    let table = &twiddles.powers;
    let rows = data.len() / width;
    if rows < 2 {
        return;
    }
    if size_of_val(data) <= SERIAL_BYTES {
        split_serial(data, width, j, twiddles);
    } else if rows.is_multiple_of(4) {
        radix_4_split(data, [table[j], table[2 * j], table[2 * j + 1]], j == 0);
        parallel::chunks(data, data.len() / 4, |i, block| {
            split(block, width, 4 * j + i, twiddles)
        });
    } else {
        radix_2_split(data, table[j]);
        parallel::chunks(data, data.len() / 2, |i, block| {
            split(block, width, 2 * j + i, twiddles)
        });
    }
}

each_path! {
/// As [`split`], one thread, layer by layer: the block lies in the cache.
fn split_serial<F: Field>(data: &mut [F], width: usize, j: usize, twiddles: &Twiddles<F>) {
    let table = &twiddles.powers;
    let mut rows = data.len() / width;
    let last = if tile::fits::<F>(rows, width) { tile::SIDE } else { 1 };
    let mut first = j; // index of the first block of the layer
    if rows.trailing_zeros() % 2 == 1 {
        let (a, b) = data.split_at_mut(data.len() / 2);
        split_2(a, b, table[first]);
        (rows, first) = (rows / 2, 2 * first);
    }
    while rows > last {
        for (i, block) in data.chunks_exact_mut(rows * width).enumerate() {
            let b = first + i;
            split_4(quarters(block), [table[b], table[2 * b], table[2 * b + 1]], b == 0);
        }
        (rows, first) = (rows / 4, 4 * first);
    }
    if last > 1 {
        tile::split(data, &twiddles.tiles[first / tile::SIDE..]);
    }
}
}

/// Block `j`, bit-reversed order → natural.
fn merge<F: Field>(data: &mut [F], width: usize, j: usize, twiddles: &Twiddles<F>) {
    let table = &twiddles.powers;
    let rows = data.len() / width;
    if rows < 2 {
        return;
    }
    if size_of_val(data) <= SERIAL_BYTES {
        merge_serial(data, width, j, twiddles);
    } else if rows.is_multiple_of(4) {
        parallel::chunks(data, data.len() / 4, |i, block| {
            merge(block, width, 4 * j + i, twiddles)
        });
        radix_4_merge(data, [table[j], table[2 * j], table[2 * j + 1]], j == 0);
    } else {
        parallel::chunks(data, data.len() / 2, |i, block| {
            merge(block, width, 2 * j + i, twiddles)
        });
        radix_2_merge(data, table[j]);
    }
}

each_path! {
/// As [`merge`], one thread, layer by layer.
fn merge_serial<F: Field>(data: &mut [F], width: usize, j: usize, twiddles: &Twiddles<F>) {
    let table = &twiddles.powers;
    let rows = data.len() / width;
    let log_rows = rows.trailing_zeros();
    let mut log_block = 2;
    if tile::fits::<F>(rows, width) {
        tile::merge(data, &twiddles.tiles[j * rows / (tile::SIDE * tile::SIDE)..]);
        log_block = 6;
    }
    while log_block <= log_rows {
        let first = j << (log_rows - log_block);
        for (i, block) in data.chunks_exact_mut(width << log_block).enumerate() {
            let b = first + i;
            merge_4(quarters(block), [table[b], table[2 * b], table[2 * b + 1]], b == 0);
        }
        log_block += 2;
    }
    if log_rows % 2 == 1 {
        let (a, b) = data.split_at_mut(data.len() / 2);
        merge_2(a, b, table[j]);
    }
}
}
