//! Affine additions, eight lanes by many vectors, with one inversion.
//!
//! A bucket's sum so far is (x₁, Y₁) with Y₁ = s·y₁, where s = (−1)^(additions so far): so
//! Y₃ = Λ·(x₃ − x₁) + Y₁ = −s·y₃ is a product with an addend, and one sign serves a whole round.
//! With Λ = (Y₁ − s·y₂) / (x₁ − x₂) = s·λ, and x₃ = Λ² − x₂ − x₁. Five products and a square, one
//! of the products for the denominators' running product and two for taking it apart.
//!
//! Ranges, in multiples of p and kept by every addition, BN254's (the tightest) beside them:
//!
//! | value | range |
//! |---|---|
//! | 5 − x₂ and ±y₂ raised, from the table | (2.98, 5.02) |
//! | x₁ | (−1.2, 4) |
//! | Y₁ | (−1.1, 2.5) |
//!
//! x₁ and Y₁ are raw: a limb grows by less than 2^58 a round, and is carried every sixteenth.
//!
//! Whether any denominator is 0 mod p (equal or opposite points) shows in the product of all: only
//! then is the round's first pass done again with every one looked at. Infinity is told by the
//! table's zero words and by a mask beside the sums.

mod invert;
mod rare;

use super::coordinate::{Coordinate, one, product, product_add, square_add};
use super::points::{self, Packed};
use super::schedule::{Run, Schedule};
use crate::arith::{Arith, Modulus};
use crate::avx512::lanes::times;
use crate::memory::Table;
use core::arch::x86_64::*;
use invert::invert;
use rare::{Rare, fix, special};

/// Independent running products, and the vectors that are taken through each step together.
const CHAINS: usize = 4;

/// Vectors between a load from the table and its prefetch.
const AHEAD: usize = 6;

/// A vector of sums, with what the second pass needs of the first.
#[derive(Clone, Copy)]
#[repr(C)]
struct Entry<const L: usize, const D: usize> {
    x: Coordinate<L, D>,
    y: Coordinate<L, D>,
    /// 5p − x₂, clean.
    minus_x: Coordinate<L, D>,
    /// Numerator of Λ, a factor.
    numerator: Coordinate<L, D>,
    /// Product of the chain's denominators before this one, a factor.
    before: Coordinate<L, D>,
}

// SAFETY: plain values, all of one alignment and of sizes that are multiples of it: no padding.
unsafe impl<const L: usize, const D: usize> bytemuck::Zeroable for Entry<L, D> {}
// SAFETY: as above.
unsafe impl<const L: usize, const D: usize> bytemuck::Pod for Entry<L, D> {}

/// Memory of [`accumulate`], for one thread.
pub(crate) struct Work<const L: usize, const D: usize> {
    entries: Table<Entry<L, D>>,
    /// Lanes whose sum is infinity, by vector.
    infinite: Vec<u8>,
    rare: Vec<Rare<L, D>>,
}

/// Where a block's points stand.
#[derive(Clone, Copy)]
struct Place<'a, const W: usize> {
    table: &'a [Packed<W>],
    codes: &'a [u32],
    /// Codes from one round to the next.
    stride: usize,
}

impl<'a, const W: usize> Place<'a, W> {
    /// What round r adds.
    fn round(&self, r: usize) -> Round<'a, W> {
        Round {
            table: self.table,
            codes: &self.codes[r * self.stride..],
            next: self.codes.get((r + 1) * self.stride..).unwrap_or(&[]),
            flip: (r % 2) as u32,
        }
    }
}

/// What a round adds to the sums.
#[derive(Clone, Copy)]
struct Round<'a, const W: usize> {
    table: &'a [Packed<W>],
    codes: &'a [u32],
    /// The codes of the round after it, for prefetching.
    next: &'a [u32],
    /// 1 where s = 1: the numerator takes −s·y₂.
    flip: u32,
}

impl<const L: usize, const D: usize> Work<L, D> {
    /// Vectors that are summed side by side: their entries fill a third of a second-level cache of
    /// 1.25 MB, 256 of BN254's G1, or where that is too few to share an inversion, more.
    const VECTORS: usize = {
        let fitting = (420 << 10) / size_of::<Entry<L, D>>() / CHAINS * CHAINS;
        if fitting < 96 { 96 } else { fitting }
    };

    pub(crate) fn new() -> Self {
        // at least a large page, so that the passes miss no translation
        let page = (1 << 21) / size_of::<Entry<L, D>>() + 1;
        Work {
            entries: Table::zeroed(Self::VECTORS.max(page)),
            infinite: vec![0; Self::VECTORS],
            rare: Vec::new(),
        }
    }
}

/// The sum of each run's points: put to out[bucket], or where the bucket was cut, pushed to `cut`.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub(crate) fn accumulate<M: Modulus, C: Arith, const L: usize, const D: usize, const W: usize>(
    table: &[Packed<W>],
    schedule: &Schedule,
    out: &mut [Packed<W>],
    cut: &mut Vec<(u32, Packed<W>)>,
    work: &mut Work<L, D>,
) {
    let block = 8 * Work::<L, D>::VECTORS;
    for (runs, start) in schedule.runs.chunks(schedule.stride).zip(&schedule.chunks) {
        for (k, runs) in runs.chunks(block).enumerate() {
            let codes = &schedule.codes[*start as usize + k * block..];
            let place = Place {
                table,
                codes,
                stride: schedule.stride,
            };
            sum_block::<M, C, L, D, W>(place, runs, work);
            retire::<M, L, D, W>(runs, work, out, cut);
        }
    }
}

/// Sums up to [`Work::VECTORS`] vectors of runs, by falling length.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn sum_block<M: Modulus, C: Arith, const L: usize, const D: usize, const W: usize>(
    place: Place<'_, W>,
    runs: &[Run],
    work: &mut Work<L, D>,
) {
    first_points::<M, L, D, W>(place.round(0), runs.len(), work);
    let mut live = runs.len();
    for r in 1..runs[0].len as usize {
        // the first run is live to the end
        while runs[live - 1].len as usize <= r {
            live -= 1;
        }
        if r % 16 == 0 {
            carry(&mut work.entries[..live.div_ceil(8)]);
        }
        add_round::<M, C, L, D, W>(place.round(r), live, work);
    }
}

/// Puts the sums where they belong.
#[target_feature(enable = "avx512f")]
fn retire<M: Modulus, const L: usize, const D: usize, const W: usize>(
    runs: &[Run],
    work: &Work<L, D>,
    out: &mut [Packed<W>],
    cut: &mut Vec<(u32, Packed<W>)>,
) {
    let mut sums = [Packed::INFINITY; 8];
    for (v, runs) in runs.chunks(8).enumerate() {
        // rounds change the sign of a vector's every sum, until its longest run ends
        let negative = if runs[0].len % 2 == 0 { 0xff } else { 0 };
        let entry = &work.entries[v];
        let infinite = work.infinite[v];
        points::pack::<M, L, D, W>(&entry.x, &entry.y, negative, infinite, &mut sums);
        for (run, sum) in runs.iter().zip(&sums) {
            if run.is_part() {
                cut.push((run.bucket() as u32, *sum));
            } else {
                out[run.bucket()] = *sum;
            }
        }
    }
}

#[target_feature(enable = "avx512f")]
fn carry<const L: usize, const D: usize>(entries: &mut [Entry<L, D>]) {
    for entry in entries {
        let (x, y) = (entry.x.clean(), entry.y.clean());
        entry.x.put(x);
        entry.y.put(y);
    }
}

/// The sums become the round's points.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn first_points<M: Modulus, const L: usize, const D: usize, const W: usize>(
    round: Round<'_, W>,
    live: usize,
    work: &mut Work<L, D>,
) {
    for v in 0..live.div_ceil(8) {
        fetch::<_MM_HINT_T0, W>(round.table, round.codes, v + AHEAD);
        let ([x, y], infinite) = round.load::<M, L, D, true>(v);
        // [0, 2.02], (−1.02, 1.02)
        work.entries[v].x.put(x.below(&const { times::<M, L>(5) }));
        let four = Coordinate::zero().raise(&const { times::<M, L>(4) });
        work.entries[v].y.put(y.sub(&four));
        work.infinite[v] = infinite;
    }
}

impl<const W: usize> Round<'_, W> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512vbmi2")]
    fn load<M: Modulus, const L: usize, const D: usize, const FIRST: bool>(
        &self,
        v: usize,
    ) -> ([Coordinate<L, D>; 2], u8) {
        let codes = self.codes[8 * v..].first_chunk().unwrap_or(&[0; 8]);
        points::load::<M, L, D, W, FIRST>(self.table, codes, self.flip)
    }
}

/// Has the points of a vector's codes brought near.
#[inline]
#[target_feature(enable = "avx512f")]
fn fetch<const HINT: i32, const W: usize>(table: &[Packed<W>], codes: &[u32], v: usize) {
    let Some(codes) = codes.get(8 * v..8 * v + 8) else {
        return;
    };
    for code in codes {
        let point = table
            .as_ptr()
            .wrapping_add((code >> 1) as usize)
            .cast::<i8>();
        for line in (0..8 * W).step_by(64) {
            _mm_prefetch::<HINT>(point.wrapping_add(line)); // any address will do
        }
    }
}

/// One addition for each of the first `live` sums.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn add_round<M: Modulus, C: Arith, const L: usize, const D: usize, const W: usize>(
    round: Round<'_, W>,
    live: usize,
    work: &mut Work<L, D>,
) {
    let vectors = live.div_ceil(8);
    let mut runs = [one::<M, L, D>(); CHAINS];
    forward::<M, L, D, W>(round, vectors, work, &mut runs, false);
    if !invert::<M, C, L, D>(&mut runs) {
        runs = [one::<M, L, D>(); CHAINS];
        forward::<M, L, D, W>(round, vectors, work, &mut runs, true);
        invert::<M, C, L, D>(&mut runs);
    }
    backward::<M, L, D, W>(round, vectors, work, &mut runs);
}

/// The first pass: numerators, denominators and their running products.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn forward<M: Modulus, const L: usize, const D: usize, const W: usize>(
    round: Round<'_, W>,
    vectors: usize,
    work: &mut Work<L, D>,
    runs: &mut [Coordinate<L, D>; CHAINS],
    exact: bool,
) {
    work.rare.clear();
    for v in 0..vectors {
        fetch::<_MM_HINT_T0, W>(round.table, round.codes, v + AHEAD);
        let ([minus_x, y], infinite) = round.load::<M, L, D, false>(v);
        let entry = &mut work.entries[v];
        // (2.98 − 1.2, 5.02 + 4) and (2.98 − 1.1, 5.02 + 2.5)
        let mut denominator = entry.x.add(&minus_x).factor();
        let numerator = entry.y.add(&y);
        entry.numerator.put(numerator.factor());
        entry.minus_x.put(minus_x);
        let run = &mut runs[v % CHAINS];
        entry.before.put(*run);
        if exact || infinite | work.infinite[v] != 0 {
            denominator = special::<M, L, D>(v, work, &numerator, &y, infinite, exact);
        }
        run.put(product::<M, L, D>(run, &denominator).factor());
    }
}

/// The second pass: sums from the inverted products, last vectors first.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn backward<M: Modulus, const L: usize, const D: usize, const W: usize>(
    round: Round<'_, W>,
    vectors: usize,
    work: &mut Work<L, D>,
    runs: &mut [Coordinate<L, D>; CHAINS],
) {
    let mut slopes = [Coordinate::<L, D>::zero(); CHAINS];
    let groups = vectors.div_ceil(CHAINS);
    for first in (0..groups).rev().map(|g| g * CHAINS) {
        let group = CHAINS.min(vectors - first);
        let entries = &mut work.entries[first..first + group];
        // rare vectors were pushed in rising order
        let rare = work.rare.len()
            - work
                .rare
                .iter()
                .rev()
                .take_while(|r| r.vector >= first)
                .count();
        for (i, ((entry, run), inverse)) in
            entries.iter().zip(&mut *runs).zip(&mut slopes).enumerate()
        {
            fetch::<_MM_HINT_T1, W>(round.table, round.next, first + i);
            let mut denominator = entry.x.add(&entry.minus_x).factor();
            if let Some(r) = work.rare[rare..].iter().find(|r| r.vector == first + i) {
                denominator = r.denominator;
            }
            inverse.put(product::<M, L, D>(run, &entry.before).factor());
            run.put(product::<M, L, D>(run, &denominator).factor());
        }
        for (entry, slope) in entries.iter().zip(&mut slopes) {
            slope.put(product::<M, L, D>(slope, &entry.numerator).factor());
        }
        for (entry, slope) in entries.iter_mut().zip(&slopes) {
            let x1 = entry.x;
            // Λ² in [0, 2.5): (5 − 2.02 − 4, 2.5 + 5.02 + 1.2), then from 3.875 on minus 5
            let x3 = square_add::<M, L, D>(slope, &entry.minus_x).sub(&x1);
            let x3 = x3.lower::<M>(62, &const { times::<M, L>(5) });
            // (−5.2, 5.2) + 6
            let rise = x3.sub(&x1).raise(&const { times::<M, L>(6) });
            entry.x.put(x3);
            entry.numerator.put(rise.factor());
        }
        for (entry, slope) in entries.iter_mut().zip(&slopes) {
            // the product is in [0, 2.8): (−1.1, 2.5 + 2.8), then from 2.25 on minus 3
            let y3 = product_add::<M, L, D>(slope, &entry.numerator, &entry.y);
            entry.y.put(y3.lower::<M>(36, &const { times::<M, L>(3) }));
        }
        if rare < work.rare.len() {
            fix(
                &mut work.entries,
                &mut work.infinite,
                work.rare.drain(rare..),
            );
        }
    }
}

#[cfg(test)]
mod tests;
