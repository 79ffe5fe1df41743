//! Transforms of one vector of n = n1·n2 elements.
//!
//! Input j = j1·n2 + j2, output k = k1 + n1·k2: first transforms of n1 rows j1 for every column j2,
//! then, times ω^(j2·k1), of n2 rows j2 for every k1. Lanes are neighbouring j2, then neighbouring k1.
//! In natural order lanes lie side by side, in bit-reversed order rows do: there tiles are transposed
//! on the way. Natural input and output: by way of a vector of n words; else in place.

use super::dft::Input;
use super::plan::{Dft, Root};
use super::tile::{self, Lie, Place};
use super::{Lanes, Shared, residue};
use crate::arith::Field;
use crate::memory::Table;
use crate::{Direction, Ntt, Order, ntt, permute};
use proofmill_field::{Int, naive};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// log2 of the largest transform: its table of twiddles has as many words.
const MAX_LOG: u32 = 24;

/// Whether these kernels do it.
pub(super) fn covers<L: Lanes>(ntt: &Ntt) -> bool {
    // both steps need whole lines
    ntt.log_n >= 2 * L::LINE.ilog2() && ntt.log_n.saturating_add(ntt.added_bits) <= MAX_LOG
}

/// Transforms one column with room for its output.
pub(super) fn run<F: Field, L: Lanes>(lanes: L, data: &mut [F], ntt: &Ntt) {
    let spec = F::SPEC;
    let root = ntt.root.unwrap_or(spec.root);
    let shift = ntt.coset.as_ref().map_or(F::ONE, F::from_int);
    let n = 1usize << ntt.log_n;
    let forward = Root::new::<L>(&root);
    let inverse = || (Root::new::<L>(&spec.inverse(&root)), inverse_of::<L>(n));
    let go = |data: &mut [F], (root, scale): (Root, u64), input, output| {
        transform(
            lanes,
            words::<F, L>(data),
            ntt.log_n,
            root,
            scale,
            [input, output],
        );
    };
    match ntt.direction {
        Direction::Inverse => {
            go(data, inverse(), ntt.input, ntt.output);
            scale_by_powers(data, shift.inverse_vartime(), ntt.output);
        }
        Direction::Forward if ntt.added_bits == 0 => {
            scale_by_powers(data, shift, ntt.input);
            go(data, (forward, 1), ntt.input, ntt.output);
        }
        Direction::Forward => {
            let (first, rest) = data.split_at_mut(n);
            go(first, inverse(), ntt.input, Order::Natural);
            // the part of the coset at bit-reversed places b·n.. is shift·ω^rev(b) times the subgroup
            let step = F::from_int(
                &ntt.root_of_unity(spec.id, ntt.log_n + ntt.added_bits)
                    .unwrap_or(spec.one),
            );
            let part = |b: usize| shift.mul(step.pow(naive::bit_reverse(b, ntt.added_bits) as u64));
            rest.par_chunks_mut(n).enumerate().for_each(|(b, to)| {
                to.copy_from_slice(first);
                scale_by_powers(to, part(b + 1), Order::Natural);
                go(to, (forward, 1), Order::Natural, Order::BitReversed);
            });
            scale_by_powers(first, shift, Order::Natural);
            go(first, (forward, 1), Order::Natural, Order::BitReversed);
            if ntt.output == Order::Natural {
                permute::bit_reverse(data, 1);
            }
        }
    }
}

/// 1/n as a plain residue.
pub(super) fn inverse_of<L: Lanes>(n: usize) -> u64 {
    let spec = L::ID.spec();
    let n: Int = spec.element(n as u64);
    residue::<L>(&spec.inverse(&n))
}

fn scale_by_powers<F: Field>(data: &mut [F], base: F, order: Order) {
    if base != F::ONE {
        ntt::scale_by_powers(data, 1, F::ONE, base, order);
    }
}

/// The elements as words.
pub(super) fn words<F: Field, L: Lanes>(data: &mut [F]) -> &mut [L::Word] {
    bytemuck::cast_slice_mut(data)
}

/// Vectors between the steps, kept for the next transform.
static MIDDLES: Mutex<Vec<Table<u64>>> = Mutex::new(Vec::new());
/// At most so many, of at most so many bytes: 2^22 words of 64 bits and their padding.
const MIDDLES_KEPT: (usize, usize) = (2, (1 << 25) + (1 << 20));

fn middles() -> std::sync::MutexGuard<'static, Vec<Table<u64>>> {
    MIDDLES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` with memory for so many bytes.
fn with_middle<T>(bytes: usize, work: impl FnOnce(*mut u64) -> T) -> T {
    let mut table = middles().pop().unwrap_or_else(|| Table::zeroed(0));
    let out = work(tile::grown(&mut table, bytes));
    let mut kept = middles();
    if kept.len() < MIDDLES_KEPT.0 && table.len() * 8 <= MIDDLES_KEPT.1 {
        kept.push(table);
    }
    out
}

/// A transform of 2^log_n words and its tables.
struct Steps<L: Lanes> {
    lanes: L,
    log: [u32; 2],
    dfts: [Arc<Dft<L>>; 2],
    twists: Arc<Table<L::Word>>,
    data: Shared<L::Word>,
}

fn transform<L: Lanes>(
    lanes: L,
    data: &mut [L::Word],
    log_n: u32,
    root: Root,
    scale: u64,
    [input, output]: [Order; 2],
) {
    let log = [log_n / 2, log_n.div_ceil(2)];
    let steps = Steps {
        lanes,
        log,
        dfts: log.map(|log| root.dft(log)),
        twists: root.twists::<L>(log[0], log[1], scale),
        data: Shared(data.as_mut_ptr()),
    };
    // SAFETY: `lanes` proves the features, and `data` has 2^log_n words.
    unsafe {
        match (input, output) {
            (Order::Natural, Order::Natural) => {
                // an odd number of lines: columns would share a few sets of the caches
                let stride = (1 << log[1]) + L::LINE;
                let bytes = (stride << log[0]) * size_of::<L::Word>();
                with_middle(bytes, |middle| {
                    let middle = Shared(middle.cast());
                    steps.columns(middle, stride, Order::Natural);
                    steps.rows(middle, stride, Order::Natural, output);
                });
            }
            (Order::Natural, Order::BitReversed) => {
                let stride = 1 << log[1];
                steps.columns(steps.data, stride, Order::BitReversed);
                steps.rows(steps.data, stride, Order::BitReversed, output);
            }
            (Order::BitReversed, _) => {
                steps.blocks();
                steps.stripes();
            }
        }
    }
    if [input, output] == [Order::BitReversed; 2] {
        permute::bit_reverse(data, 1);
    }
}

/// i·stride for 2^log values i, or for i in bit-reversed order.
fn places(log: u32, stride: usize, order: Order) -> Vec<usize> {
    let place = |i| match order {
        Order::Natural => i * stride,
        Order::BitReversed => naive::bit_reverse(i, log) * stride,
    };
    (0..1 << log).map(place).collect()
}

impl<L: Lanes> Steps<L> {
    /// Runs step 0 or 1 on all tiles of `across` lanes, from one place to another, each given the
    /// tile's first lane and its number of lanes.
    ///
    /// # Safety
    /// As [`tile::Tiles::run`]; a tile's rows are no other's, but by way of other memory.
    unsafe fn step<'a>(
        &self,
        step: usize,
        from: impl Fn(usize, usize) -> Place<'a, L::Word> + Sync,
        to: impl Fn(usize, usize) -> Place<'a, L::Word> + Sync,
    ) {
        let across = 1 << self.log[1 - step];
        let bytes = size_of::<L::Word>() << (self.log[0] + self.log[1]);
        let serial = bytes <= 4 * ntt::SERIAL_BYTES;
        let threads = if serial {
            1
        } else {
            rayon::current_num_threads()
        };
        // a tile for each thread, if whole lines allow
        let share = (across / threads.next_power_of_two()).max(L::LINE);
        let width = tile::words::<L>(1 << self.log[step]).min(share).min(across);
        let (lanes, dft) = (self.lanes, &*self.dfts[step]);
        in_ranges(across / width, serial, |range| {
            tile::with(lanes, dft.rows, width, |tiles| {
                for first in range.map(|i| i * width) {
                    let input = match step {
                        0 => Input::Plain,
                        _ => Input::Lines(&self.twists[first << self.log[1]..]),
                    };
                    let (from, to) = (from(first, width), to(first, width));
                    let then = from.base.wrapping_add(width);
                    // SAFETY: the caller's word; `lanes` proves the features.
                    unsafe { tiles.run(dft, from, to, input, then) };
                }
            });
        });
    }

    /// First step, natural input: row k1 of `to`, or row rev(k1), gets the n2 results of k1.
    ///
    /// # Safety
    /// `to` has n words, and is `data` only if the order is bit-reversed.
    unsafe fn columns(&self, to: Shared<L::Word>, stride: usize, order: Order) {
        let [log_1, log_2] = self.log;
        let from = places(log_1, 1 << log_2, Order::Natural);
        // slot i of the transform is k1 = rev(i)
        let targets = places(log_1, stride, opposite(order));
        // SAFETY: a tile reads and writes its own columns.
        unsafe {
            self.step(
                0,
                |j2, words| self.data.rows(j2, words, &from),
                |j2, words| to.rows(j2, words, &targets),
            );
        }
    }

    /// Second step after [`Steps::columns`]: the row of k1 in `from` lies in this order. To `data`.
    ///
    /// # Safety
    /// As there; `from` is `data` only if the output is bit-reversed.
    unsafe fn rows(&self, from: Shared<L::Word>, stride: usize, order: Order, output: Order) {
        let [log_1, log_2] = self.log;
        let starts = places(log_1, stride, order);
        let targets = places(log_2, 1 << log_1, Order::BitReversed);
        let slots = places(log_2, 1, Order::Natural);
        // SAFETY: a tile reads its own rows, and writes them or its own columns.
        unsafe {
            self.step(
                1,
                |k1, words| from.columns(&starts[k1..k1 + words], &slots),
                |k1, words| match output {
                    Order::Natural => self.data.rows(k1, words, &targets),
                    Order::BitReversed => self.data.columns(&starts[k1..k1 + words], &slots),
                },
            );
        }
    }

    /// First step, bit-reversed input, in place: place k1 of block rev(j2) gets the result of k1.
    ///
    /// # Safety
    /// `data` has n words.
    unsafe fn blocks(&self) {
        let [log_1, log_2] = self.log;
        let starts = places(log_2, 1 << log_1, Order::Natural);
        let at = places(log_1, 1, Order::BitReversed);
        let place = |block, words| self.data.columns(&starts[block..block + words], &at);
        // SAFETY: a tile touches its own blocks.
        unsafe { self.step(0, place, place) };
    }

    /// Second step after [`Steps::blocks`], in place.
    ///
    /// # Safety
    /// As there. Lanes are k1 in natural order, columns of the matrix of rev(j2) and k1.
    unsafe fn stripes(&self) {
        let [log_1, log_2] = self.log;
        let at = places(log_2, 1 << log_1, Order::BitReversed);
        let place = |k1, words| self.data.rows(k1, words, &at);
        // SAFETY: a tile touches its own columns.
        unsafe { self.step(1, place, place) };
    }
}

impl<W> Shared<W> {
    /// Rows of so many words, from word `first` on.
    fn rows(self, first: usize, words: usize, at: &[usize]) -> Place<'_, W> {
        let (base, lie) = (self.0.wrapping_add(first), Lie::Rows(at));
        Place { base, words, lie }
    }

    /// Columns that start at these words.
    fn columns<'a>(self, starts: &'a [usize], at: &'a [usize]) -> Place<'a, W> {
        let (base, lie) = (self.0, Lie::Columns { starts, at });
        let words = starts.len();
        Place { base, words, lie }
    }
}

/// Runs `work` on ranges of 0..count: on one, or on some for each thread.
pub(super) fn in_ranges(count: usize, serial: bool, work: impl Fn(Range<usize>) + Sync + Send) {
    let threads = rayon::current_num_threads();
    if serial || threads == 1 {
        return work(0..count);
    }
    let size = count.div_ceil(4 * threads);
    let start = |i| i * size;
    (0..count.div_ceil(size))
        .into_par_iter()
        .for_each(|i| work(start(i)..start(i + 1).min(count)));
}

pub(super) fn opposite(order: Order) -> Order {
    match order {
        Order::Natural => Order::BitReversed,
        Order::BitReversed => Order::Natural,
    }
}
