//! Transforms of one vector of n = n1·n2 elements.
//!
//! Input j = j1·n2 + j2, output k = k1 + n1·k2: first transforms of n1 rows j1 for every column j2,
//! then, times ω^(j2·k1), of n2 rows j2 for every k1. Lanes are neighbouring j2, then neighbouring k1.
//! In natural order lanes lie side by side, in bit-reversed order rows do: there tiles are transposed
//! on the way. Natural input and output: by way of a vector of n words; else in place.

use super::dft::{self, Input, Scratch, Source};
use super::plan::{Dft, Root};
use super::{LANES, Lanes, Shared, residue};
use crate::arith::Field;
use crate::memory::Table;
use crate::{Direction, Ntt, Order, ntt, permute};
use proofmill_field::{Int, naive};
use rayon::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// log2 of the largest transform: its table of twiddles has as many words.
const MAX_LOG: u32 = 24;

/// Whether these kernels do it.
pub(super) fn covers<L: Lanes>(ntt: &Ntt) -> bool {
    // both steps need whole transpositions
    ntt.log_n >= 2 * L::SIDE.ilog2() && ntt.log_n.saturating_add(ntt.added_bits) <= MAX_LOG
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
/// At most so many, of at most so many bytes.
const MIDDLES_KEPT: (usize, usize) = (2, 1 << 25);

fn middles() -> std::sync::MutexGuard<'static, Vec<Table<u64>>> {
    MIDDLES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` with memory for so many bytes.
fn with_middle<T>(bytes: usize, work: impl FnOnce(*mut u64) -> T) -> T {
    let mut table = middles().pop().unwrap_or_else(|| Table::zeroed(0));
    let out = work(dft::grown(&mut table, bytes));
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
                with_middle(size_of_val(data), |middle| {
                    let middle = Shared(middle.cast());
                    steps.columns(middle, Order::Natural);
                    steps.rows(middle, Order::Natural, output);
                });
            }
            (Order::Natural, Order::BitReversed) => {
                steps.columns(steps.data, Order::BitReversed);
                steps.rows(steps.data, Order::BitReversed, output);
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
    /// Runs `tile` on the first lane of every tile of `across` lanes, each `deep` rows, with the
    /// lanes of a tile and the thread's memory.
    fn tiles(&self, across: usize, tile: impl Fn(usize, usize, &mut Scratch) + Sync) {
        let width = (L::TILE * LANES).min(across);
        let run = |t: usize| dft::with_scratch(|scratch| tile(t * width, width, scratch));
        let bytes = size_of::<L::Word>() << (self.log[0] + self.log[1]);
        match bytes <= 4 * ntt::SERIAL_BYTES {
            true => (0..across / width).for_each(run),
            false => (0..across / width).into_par_iter().for_each(run),
        }
    }

    /// The twiddles of the second step from lane k1 on.
    fn twists(&self, k1: usize) -> Input<'_, L> {
        Input::Words(&self.twists[k1 << self.log[1]..])
    }

    /// First step, natural input: row k1 of `to`, or row rev(k1), gets the n2 results of k1.
    ///
    /// # Safety
    /// `to` has n words, and is `data` only if the order is bit-reversed.
    unsafe fn columns(&self, to: Shared<L::Word>, order: Order) {
        let [log_1, log_2] = self.log;
        let n2 = 1 << log_2;
        let from = places(log_1, n2, Order::Natural);
        // slot i of the transform is k1 = rev(i)
        let targets = places(log_1, n2, opposite(order));
        self.tiles(n2, |j2, words, scratch| {
            let source = Source {
                // SAFETY: j2 + words ≤ n2.
                base: unsafe { self.data.get().add(j2) },
                at: &from,
                words,
                input: Input::Plain,
            };
            // SAFETY: a tile reads and writes its own columns; the features are proved by `lanes`.
            unsafe {
                let to = to.get().add(j2);
                run_to_rows(self.lanes, &self.dfts[0], source, scratch, to, &targets);
            }
        });
    }

    /// Second step after [`Steps::columns`]: the row of k1 in `from` lies in this order. To `data`.
    ///
    /// # Safety
    /// As there; `from` is `data` only if the output is bit-reversed.
    unsafe fn rows(&self, from: Shared<L::Word>, order: Order, output: Order) {
        let [log_1, log_2] = self.log;
        let (n1, n2) = (1 << log_1, 1usize << log_2);
        let starts = places(log_1, n2, order);
        let targets = places(log_2, n1, Order::BitReversed);
        self.tiles(n1, |k1, words, scratch| {
            let starts = &starts[k1..k1 + words];
            let at: Vec<usize> = (0..n2).map(|i| i * words).collect();
            let staged = dft::grown(&mut scratch.staged, n2 * words * size_of::<L::Word>());
            let staged = staged.cast::<L::Word>();
            let source = Source {
                base: staged,
                at: &at,
                words,
                input: self.twists(k1),
            };
            let (l, dft) = (self.lanes, &self.dfts[1]);
            // SAFETY: a tile reads its own rows, and writes them or its own columns; the features
            // are proved by `lanes`.
            unsafe {
                to_columns(l, from.get(), starts, n2, staged);
                match output {
                    Order::Natural => {
                        let to = self.data.get().add(k1);
                        run_to_rows(l, dft, source, scratch, to, &targets);
                    }
                    Order::BitReversed => {
                        run_to_columns(l, dft, source, scratch, self.data.get(), starts);
                    }
                }
            }
        });
    }

    /// First step, bit-reversed input, in place: place k1 of block rev(j2) gets the result of k1.
    ///
    /// # Safety
    /// `data` has n words.
    unsafe fn blocks(&self) {
        let [log_1, log_2] = self.log;
        let n1 = 1usize << log_1;
        self.tiles(1 << log_2, |block, words, scratch| {
            let starts: Vec<usize> = (0..words).map(|i| (block + i) * n1).collect();
            let at = places(log_1, words, Order::BitReversed);
            let bytes = n1 * words * size_of::<L::Word>();
            let staged = dft::grown(&mut scratch.staged, bytes).cast::<L::Word>();
            let source = Source {
                base: staged,
                at: &at,
                words,
                input: Input::Plain,
            };
            let (l, data) = (self.lanes, self.data.get());
            // SAFETY: a tile touches its own blocks; its rows are all loaded before the first is
            // written back; the features are proved by `lanes`.
            unsafe {
                to_columns(l, data, &starts, n1, staged);
                run_to_rows(l, &self.dfts[0], source, scratch, staged, &at);
                from_columns(l, staged, words, 0..n1, data, &starts);
            }
        });
    }

    /// Second step after [`Steps::blocks`], in place.
    ///
    /// # Safety
    /// As there. Lanes are k1 in natural order, columns of the matrix of rev(j2) and k1.
    unsafe fn stripes(&self) {
        let [log_1, log_2] = self.log;
        let n1 = 1 << log_1;
        let at = places(log_2, n1, Order::BitReversed);
        self.tiles(n1, |k1, words, scratch| {
            // SAFETY: k1 + words ≤ n1; a tile touches its own columns, and its rows are all loaded
            // before the first is written back; the features are proved by `lanes`.
            unsafe {
                let base = self.data.get().add(k1);
                let source = Source {
                    base,
                    at: &at,
                    words,
                    input: self.twists(k1),
                };
                run_to_rows(self.lanes, &self.dfts[1], source, scratch, base, &at);
            }
        });
    }
}

pub(super) fn opposite(order: Order) -> Order {
    match order {
        Order::Natural => Order::BitReversed,
        Order::BitReversed => Order::Natural,
    }
}

/// A transform whose output slot i goes to `to` + at[i].
///
/// # Safety
/// As [`dft::run`], and rows of `source.words` words there.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
pub(super) unsafe fn run_to_rows<L: Lanes>(
    lanes: L,
    dft: &Dft<L>,
    source: Source<'_, L>,
    scratch: &mut Scratch,
    to: *mut L::Word,
    at: &[usize],
) {
    let rows = dft.block_rows();
    // SAFETY: passed on.
    unsafe {
        dft::run(lanes, dft, source, scratch, |first, block| {
            dft::copy_rows(block, rows, source.words, to, |i| at[first + i]);
        });
    }
}

/// A transform whose lane l goes to the row at `to` + starts[l].
///
/// # Safety
/// As [`dft::run`], and rows as long as the transform there.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
unsafe fn run_to_columns<L: Lanes>(
    lanes: L,
    dft: &Dft<L>,
    source: Source<'_, L>,
    scratch: &mut Scratch,
    to: *mut L::Word,
    starts: &[usize],
) {
    let rows = dft.block_rows();
    // SAFETY: passed on.
    unsafe {
        dft::run(lanes, dft, source, scratch, |first, block| {
            from_columns(lanes, block, source.words, first..first + rows, to, starts);
        });
    }
}

/// Row l of `from` (at starts[l], of n words) becomes column l of `to`, a matrix of n rows.
///
/// # Safety
/// The words must be there; n and the number of rows are multiples of `SIDE`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
unsafe fn to_columns<L: Lanes>(
    lanes: L,
    from: *const L::Word,
    starts: &[usize],
    n: usize,
    to: *mut L::Word,
) {
    let width = starts.len();
    for (group, starts) in starts.chunks_exact(L::SIDE).enumerate() {
        for i in (0..n).step_by(L::SIDE) {
            // SAFETY: the caller's word.
            unsafe {
                lanes.transpose(
                    |r| from.wrapping_add(starts[r] + i),
                    |r| to.wrapping_add((i + r) * width + group * L::SIDE),
                );
            }
        }
    }
}

/// The reverse: rows `range` of a matrix of `width` columns, of which `from` is the first.
///
/// # Safety
/// As [`to_columns`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
unsafe fn from_columns<L: Lanes>(
    lanes: L,
    from: *const L::Word,
    width: usize,
    range: std::ops::Range<usize>,
    to: *mut L::Word,
    starts: &[usize],
) {
    for (group, starts) in starts.chunks_exact(L::SIDE).enumerate() {
        for i in (0..range.len()).step_by(L::SIDE) {
            // SAFETY: the caller's word.
            unsafe {
                lanes.transpose(
                    |r| from.wrapping_add((i + r) * width + group * L::SIDE),
                    |r| to.wrapping_add(starts[r] + range.start + i),
                );
            }
        }
    }
}
