//! Where the transforms of columns and of rows read and write.

use super::super::dft::{Sink, Source};
use super::super::lanes::*;
use super::super::modulus::Constants;
use super::super::plan::Plan;
use super::super::words::*;
use super::{Cells, Elements, PAD};
use crate::arith::Modulus;
use proofmill_field::naive;
use std::arch::x86_64::*;
use std::marker::PhantomData;

/// Rows of columns that are asked for before they are needed: at n = 2^20 all rows lie in eight sets
/// of a second-level cache of twenty ways, so that more would drive each other out.
const AHEAD: usize = 24;

/// Rows of results whose places are asked for before they are written.
const SOON: usize = 8;

/// Eight columns i2 of elements in natural order.
pub(super) struct Columns {
    pub(super) data: Elements,
    pub(super) n2: usize,
    pub(super) first: usize,
}

impl Source for Columns {
    const BATCH: usize = 1;

    #[inline]
    #[target_feature(enable = "avx512f,avx512vbmi2")]
    unsafe fn load(&self, j: usize, step: usize, head: usize, rows: &mut [Row]) {
        // some rows ahead, or the first rows of the next columns
        let ahead = j + (AHEAD / head).max(1);
        let (next, columns) = match ahead < step {
            true => (ahead, self.first),
            false => (ahead - step, self.first + 8),
        };
        for (k, row) in rows[..head].iter_mut().enumerate() {
            let soon = (next + k * step) * self.n2 + columns;
            prefetch_eight(self.data.0.wrapping_add(soon));
            let from = self
                .data
                .0
                .wrapping_add((j + k * step) * self.n2 + self.first);
            // SAFETY: eight elements from (i1, first) on; the caller's.
            *row = Row(unpacked(&words_of(&unsafe { read(from) })));
        }
    }
}

/// Eight columns i2 of elements in bit-reversed order: element i at rev(i2)·n1 + rev(i1).
pub(super) struct ReversedColumns {
    pub(super) data: Elements,
    pub(super) log_1: u32,
    pub(super) log_2: u32,
    pub(super) first: usize,
}

impl Source for ReversedColumns {
    const BATCH: usize = 1;

    #[inline]
    #[target_feature(enable = "avx512f,avx512vbmi2")]
    unsafe fn load(&self, j: usize, step: usize, head: usize, rows: &mut [Row]) {
        let (low, high) = rows[..head].split_at_mut(head / 2);
        let lane = |l: usize| {
            let place = naive::bit_reverse(self.first + l, self.log_2) << self.log_1;
            self.data.0.wrapping_add(place)
        };
        let lanes = [
            lane(0),
            lane(1),
            lane(2),
            lane(3),
            lane(4),
            lane(5),
            lane(6),
            lane(7),
        ];
        for (k, (low, high)) in low.iter_mut().zip(high).enumerate() {
            // rows i1 and i1 + n1/2 lie side by side
            let place = naive::bit_reverse(j + k * step, self.log_1);
            // SAFETY: two elements of row rev(i2) from an even place on; the caller's.
            let pairs = unsafe { read_lanes(lanes, place) };
            let [a, b, c, d, e, f, g, h] = transpose(pairs);
            *low = Row(unpacked(&[a, b, c, d]));
            *high = Row(unpacked(&[e, f, g, h]));
        }
    }
}

/// Eight rows k1 from the cells.
pub(super) struct Turned {
    pub(super) cells: Cells,
    pub(super) n1: usize,
    pub(super) first: usize,
}

impl Source for Turned {
    const BATCH: usize = 8;

    #[inline]
    #[target_feature(enable = "avx512f,avx512vbmi2")]
    unsafe fn load(&self, j: usize, step: usize, head: usize, rows: &mut [Row]) {
        // (number of octets, i2 from one to the next, rows from one to the next, rows between lanes)
        let (octets, i2_step, to_step, lane_step) = match step {
            1 => (head / 8, 8, 8, 1),
            _ => (head, step, 1, head),
        };
        for k in 0..octets {
            let group = (j + k * i2_step) / 8;
            let at = group * (self.n1 + PAD) + self.first;
            let from = self.cells.0.wrapping_add(at);
            for l in 0..8 {
                prefetch_eight(from.wrapping_add(self.n1 + PAD + l).cast());
            }
            // SAFETY: cells first..first + 8 of a group, written before; the caller's.
            let cells = unsafe { &*from.cast::<[Cell; 8]>() };
            let c = cells;
            let word = |w: usize| {
                [
                    c[0].0[w], c[1].0[w], c[2].0[w], c[3].0[w], c[4].0[w], c[5].0[w], c[6].0[w],
                    c[7].0[w],
                ]
            };
            let w0 = transpose(word(0));
            let w1 = transpose(word(1));
            let w2 = transpose(word(2));
            let w3 = transpose(word(3));
            for l in 0..8 {
                rows[k * to_step + l * lane_step] = Row(unpacked(&[w0[l], w1[l], w2[l], w3[l]]));
            }
        }
    }
}

/// The columns' results, twisted, to the cells of their group.
pub(super) struct Twist<'a, P> {
    pub(super) plan: &'a Plan,
    pub(super) group: usize,
    pub(super) cells: Cells,
    pub(super) modulus: PhantomData<P>,
}

impl<P: Modulus> Sink for Twist<'_, P> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    unsafe fn take(&self, first: usize, rows: &[Row]) {
        let log_1 = self.plan.log_n / 2;
        let n1 = 1usize << log_1;
        let factors = &self.plan.twist[self.group * n1 + first..][..rows.len()];
        let to = self.cells.0.wrapping_add(self.group * (n1 + PAD));
        for (r, (pair, factors)) in rows
            .as_chunks::<2>()
            .0
            .iter()
            .zip(factors.as_chunks::<2>().0)
            .enumerate()
        {
            let (a, b) = (carried(&pair[0].0), carried(&pair[1].0));
            let (v, w) = (unpacked(&factors[0].0), unpacked(&factors[1].0));
            let (a, b) = montgomery_pair!(P, a, b, v, w);
            let k1 = naive::bit_reverse(first + 2 * r, log_1);
            let soon = naive::bit_reverse((first + 2 * r + SOON) % n1, log_1);
            prefetch_to_write(to.wrapping_add(soon).cast());
            prefetch_to_write(to.wrapping_add(soon + n1 / 2).cast());
            // SAFETY: k1 and k1 + n1/2 are cells of this group, which no other task touches.
            unsafe {
                write_cell(to.wrapping_add(k1), packed::<P>(&a));
                write_cell(to.wrapping_add(k1 + n1 / 2), packed::<P>(&b));
            }
        }
    }
}

/// Where the rows' results go: eight k1 from `first` on.
pub(super) struct Place<'a, P> {
    pub(super) plan: &'a Plan,
    pub(super) data: Elements,
    pub(super) first: usize,
    pub(super) modulus: PhantomData<P>,
}

impl<P: Modulus> Place<'_, P> {
    /// Row r as words, reduced.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    fn words(&self, r: usize, row: &Row) -> [Vector; 4] {
        let limbs = match self.plan.finish.get(r) {
            None => canonical::<P>(&row.0),
            // [−p, p) and the offset
            Some(w) => canonical::<P>(&offset::<P>(&product::<P, true>(&carried(&row.0), w))),
        };
        packed::<P>(&limbs)
    }
}

/// Natural order: element k2·n1 + k1.
pub(super) struct Columned<'a, P>(pub(super) Place<'a, P>);

impl<P: Modulus> Sink for Columned<'_, P> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    unsafe fn take(&self, first: usize, rows: &[Row]) {
        let place = &self.0;
        let (log_1, log_2) = (place.plan.log_n / 2, place.plan.log_n.div_ceil(2));
        for (r, row) in rows.iter().enumerate() {
            let at = |r: usize| {
                let k2 = naive::bit_reverse(r % (1 << log_2), log_2);
                place.data.0.wrapping_add((k2 << log_1) + place.first)
            };
            let elements = elements_of(&place.words(first + r, row));
            prefetch_to_write(at(first + r + SOON));
            let to = at(first + r);
            // SAFETY: eight elements of the row k2, which no other task writes.
            unsafe { write(to, elements) };
        }
    }
}

/// Bit-reversed order: element k at rev(k1)·n2 + rev(k2).
pub(super) struct Rowed<'a, P>(pub(super) Place<'a, P>);

impl<P: Modulus> Sink for Rowed<'_, P> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    unsafe fn take(&self, first: usize, rows: &[Row]) {
        let place = &self.0;
        let (log_1, log_2) = (place.plan.log_n / 2, place.plan.log_n.div_ceil(2));
        for (r, pair) in rows.as_chunks::<2>().0.iter().enumerate() {
            let r = first + 2 * r;
            let [a, b, c, d] = place.words(r, &pair[0]);
            let [e, f, g, h] = place.words(r + 1, &pair[1]);
            let lanes = transpose([a, b, c, d, e, f, g, h]);
            for (l, lane) in lanes.into_iter().enumerate() {
                let row = naive::bit_reverse(place.first + l, log_1) << log_2;
                let to = place.data.0.wrapping_add(row + r);
                // SAFETY: the elements r and r + 1 of the row rev(k1), which no other task writes.
                unsafe { _mm512_storeu_si512(to.cast(), lane) };
            }
        }
    }
}

/// Eight elements into the second-level cache; any address will do.
#[inline]
fn prefetch_eight(at: *const [u64; 4]) {
    for i in [0, 2, 4, 6] {
        // SAFETY: a hint, which never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.wrapping_add(i).cast()) };
    }
}

/// Eight elements into the first-level cache, to be written; any address will do.
#[inline]
fn prefetch_to_write(at: *const [u64; 4]) {
    for i in [0, 2, 4, 6] {
        // SAFETY: a hint, which never faults.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(at.wrapping_add(i).cast()) };
    }
}

/// # Safety
/// Eight elements to read.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn read(from: *const [u64; 4]) -> [Vector; 4] {
    // SAFETY: the caller's.
    unsafe {
        [
            _mm512_loadu_si512(from.cast()),
            _mm512_loadu_si512(from.add(2).cast()),
            _mm512_loadu_si512(from.add(4).cast()),
            _mm512_loadu_si512(from.add(6).cast()),
        ]
    }
}

/// # Safety
/// Two elements to read at the place in each lane.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn read_lanes(lanes: [*mut [u64; 4]; 8], place: usize) -> [Vector; 8] {
    // SAFETY: the caller's.
    unsafe {
        [
            _mm512_loadu_si512(lanes[0].add(place).cast()),
            _mm512_loadu_si512(lanes[1].add(place).cast()),
            _mm512_loadu_si512(lanes[2].add(place).cast()),
            _mm512_loadu_si512(lanes[3].add(place).cast()),
            _mm512_loadu_si512(lanes[4].add(place).cast()),
            _mm512_loadu_si512(lanes[5].add(place).cast()),
            _mm512_loadu_si512(lanes[6].add(place).cast()),
            _mm512_loadu_si512(lanes[7].add(place).cast()),
        ]
    }
}

/// # Safety
/// Eight elements to write.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn write(to: *mut [u64; 4], z: [Vector; 4]) {
    // SAFETY: the caller's.
    unsafe {
        _mm512_storeu_si512(to.cast(), z[0]);
        _mm512_storeu_si512(to.add(2).cast(), z[1]);
        _mm512_storeu_si512(to.add(4).cast(), z[2]);
        _mm512_storeu_si512(to.add(6).cast(), z[3]);
    }
}

/// # Safety
/// A cell to write, aligned.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn write_cell(to: *mut Cell, words: [Vector; 4]) {
    // SAFETY: the caller's.
    let cell = unsafe { &mut (*to).0 };
    cell[0] = words[0];
    cell[1] = words[1];
    cell[2] = words[2];
    cell[3] = words[3];
}
