//! Transforms of all columns of a row-major batch; every lane is a column.
//!
//! Indices as in [`super::vector`]: n1 rows j1 for every j2, then n2 rows j2 for every k1, whose
//! factors ω^(j2·k1) are made on the way, one for a whole row. All in place, natural order to
//! bit-reversed or the other way round; up to 2^10 rows are one step, in any order.
//!
//! A low-degree extension goes over memory three times: the inverse's first step, into the room of the
//! output; its second step, whose n2 coefficients of each residue modulo n1 are at once scaled and
//! taken forward to 2^added_bits·n2 values; the forward transform's second step, of n1 rows.

use super::dft::{self, Input, Scratch, Source};
use super::plan::{Dft, Root};
use super::vector::{inverse_of, run_to_rows, words};
use super::{LANES, Lanes, Shared, power, residue};
use crate::arith::Field;
use crate::{Direction, Ntt, Order, ntt, permute};
use proofmill_field::naive;
use rayon::prelude::*;
use std::sync::Arc;

/// log2 of the rows that one step does.
const ONE_STEP: u32 = 10;

/// log2 of the most rows; a step's states of one tile then take 2 MiB at most.
const MAX_LOG: u32 = 24;

/// Whether these kernels do it.
pub(super) fn covers(ntt: &Ntt) -> bool {
    ntt.log_n > 0 && ntt.log_n.saturating_add(ntt.added_bits) <= MAX_LOG
}

/// Transforms all columns, with room for the output behind the input.
pub(super) fn run<F: Field, L: Lanes>(lanes: L, data: &mut [F], ntt: &Ntt) {
    let spec = F::SPEC;
    let root = ntt.root.unwrap_or(spec.root);
    let log = match ntt.log_n {
        0..=ONE_STEP => [0, ntt.log_n],
        _ => [ntt.log_n / 2, ntt.log_n.div_ceil(2)],
    };
    let batch = Batch {
        lanes,
        data: Shared(words::<F, L>(data).as_mut_ptr()),
        width: ntt.columns,
        log,
        forward: Root::new::<L>(&root),
        inverse: Root::new::<L>(&spec.inverse(&root)),
        shift: ntt.coset.as_ref().map_or(1, residue::<L>),
    };
    let scale = inverse_of::<L>(1 << ntt.log_n);
    // SAFETY: `lanes` proves the features; `data` has the output's rows, and they are at least the
    // input's.
    let output = unsafe {
        match ntt.direction {
            Direction::Forward if ntt.added_bits > 0 => {
                batch.extend(ntt.input, ntt.added_bits, scale);
                Order::BitReversed
            }
            Direction::Forward => {
                batch.transform(batch.forward, [1, batch.shift], ntt.input, ntt.output)
            }
            Direction::Inverse => batch.transform(batch.inverse, [scale, 1], ntt.input, ntt.output),
        }
    };
    if output != ntt.output {
        permute::bit_reverse(data, ntt.columns);
    }
    if let (Direction::Inverse, Some(shift)) = (ntt.direction, &ntt.coset) {
        let shift = F::from_int(shift).inverse_vartime();
        ntt::scale_by_powers(data, ntt.columns, F::ONE, shift, ntt.output);
    }
}

struct Batch<L: Lanes> {
    lanes: L,
    data: Shared<L::Word>,
    /// Words in a row.
    width: usize,
    /// log2 of n1 and n2.
    log: [u32; 2],
    forward: Root,
    inverse: Root,
    /// Of the coset, a plain residue.
    shift: u64,
}

/// A transform of rows in place, or from one place to another.
struct Move<'a, L: Lanes> {
    dft: &'a Dft<L>,
    /// First row of the input, and places of its rows.
    from: usize,
    at: &'a [usize],
    input: Input<'a, L>,
    /// First row of the output, and places of its slots.
    to: usize,
    slots: &'a [usize],
}

/// Place i·stride of row i, or of row rev(i).
fn places(log: u32, order: Order, stride: usize) -> Vec<usize> {
    let place = |i| match order {
        Order::Natural => i * stride,
        Order::BitReversed => naive::bit_reverse(i, log) * stride,
    };
    (0..1 << log).map(place).collect()
}

/// start·ratio^i as factors, in four chains.
fn factors<L: Lanes>(out: &mut Vec<L::Twiddle>, count: usize, start: u64, ratio: u64) {
    let mut chains = [start; 4];
    for i in 1..4 {
        chains[i] = L::product(chains[i - 1], ratio);
    }
    let step = power::<L>(ratio, 4);
    out.clear();
    while out.len() < count {
        out.extend(chains.map(L::prepare));
        chains = chains.map(|x| L::product(x, step));
    }
    out.truncate(count);
}

impl<L: Lanes> Batch<L> {
    /// Runs `stripe` for each index, with a list for factors and the thread's memory.
    fn stripes(
        &self,
        count: usize,
        stripe: impl Fn(usize, &mut Vec<L::Twiddle>, &mut Scratch) + Sync,
    ) {
        let bytes = (self.width * size_of::<L::Word>()) << (self.log[0] + self.log[1]);
        let run = |list: &mut Vec<L::Twiddle>, i: usize| {
            dft::with_scratch(|scratch| stripe(i, list, scratch));
        };
        if bytes <= 4 * ntt::SERIAL_BYTES {
            let mut list = Vec::new();
            return (0..count).for_each(|i| run(&mut list, i));
        }
        (0..count).into_par_iter().for_each_init(Vec::new, run);
    }

    /// Slices of a row: first word and number of words.
    fn slices(&self) -> impl Iterator<Item = (usize, usize)> + use<L> {
        let (width, tile) = (self.width, L::TILE * LANES);
        (0..width)
            .step_by(tile)
            .map(move |first| (first, tile.min(width - first)))
    }

    /// The rows of a batch at a row and these places of whole rows, as a source.
    ///
    /// # Safety
    /// They must lie in the data.
    unsafe fn source<'a>(
        &self,
        (first, words): (usize, usize),
        row: usize,
        at: &'a [usize],
        input: Input<'a, L>,
    ) -> Source<'a, L> {
        // SAFETY: the caller's word.
        let base = unsafe { self.data.get().add(row * self.width + first) };
        Source {
            base,
            at,
            words,
            input,
        }
    }

    /// All slices of a move.
    ///
    /// # Safety
    /// Rows must lie in the data, and no other task may touch them.
    unsafe fn apply(&self, step: &Move<'_, L>, scratch: &mut Scratch) {
        for slice in self.slices() {
            // SAFETY: the caller's word; `lanes` proves the features.
            unsafe {
                let source = self.source(slice, step.from, step.at, step.input);
                let to = self.data.get().add(step.to * self.width + slice.0);
                run_to_rows(self.lanes, step.dft, source, scratch, to, step.slots);
            }
        }
    }

    /// Times scale·shift^j of element j, transformed; gives the order in which the rows are then.
    ///
    /// # Safety
    /// `data` has n rows, which no one else uses.
    unsafe fn transform(
        &self,
        root: Root,
        [scale, shift]: [u64; 2],
        input: Order,
        output: Order,
    ) -> Order {
        let (w, [log_1, log_2]) = (self.width, self.log);
        let (n1, n2) = (1usize << log_1, 1usize << log_2);
        let output = match log_1 {
            0 => output,
            _ => super::vector::opposite(input),
        };
        // of block i, row r of the first step; stripes lie across blocks
        let (blocks, stripes) = match input {
            Order::Natural => ([1, n2], [n2, 1]),
            Order::BitReversed => ([n1, 1], [1, n1]),
        };
        if log_1 > 0 {
            let dft = root.dft(log_1);
            let at = places(log_1, input, blocks[1] * w);
            let slots = places(log_1, Order::Natural, blocks[1] * w);
            let slots = if input == Order::Natural { &slots } else { &at };
            let mut list = Vec::new();
            factors::<L>(&mut list, n1, 1, power::<L>(shift, n2 as u64));
            let input = if shift == 1 {
                Input::Plain
            } else {
                Input::Rows(&list)
            };
            self.stripes(n2, |i, _, scratch| {
                let (from, to) = (i * blocks[0], i * blocks[0]);
                let step = Move {
                    dft: &dft,
                    from,
                    at: &at,
                    input,
                    to,
                    slots,
                };
                // SAFETY: rows of block i, to themselves.
                unsafe { self.apply(&step, scratch) };
            });
        }
        let dft: Arc<Dft<L>> = root.dft(log_2);
        let at = places(log_2, input, stripes[1] * w);
        let slots = places(log_2, super::vector::opposite(output), stripes[1] * w);
        let whole = root.of_order::<L>(log_1 + log_2);
        let plain = log_1 == 0 && shift == 1 && scale == 1;
        self.stripes(n1, |i, list, scratch| {
            // the k1 of the stripe: its place, or its place reversed
            let k1 = match input {
                Order::Natural => naive::bit_reverse(i, log_1),
                Order::BitReversed => i,
            };
            let input = match plain {
                true => Input::Plain,
                false => {
                    let ratio = L::product(shift, power::<L>(whole, k1 as u64));
                    factors::<L>(list, n2, scale, ratio);
                    Input::Rows(list)
                }
            };
            let (from, to) = (i * stripes[0], i * stripes[0]);
            let step = Move {
                dft: &dft,
                from,
                at: &at,
                input,
                to,
                slots: &slots,
            };
            // SAFETY: rows of stripe i, to themselves.
            unsafe { self.apply(&step, scratch) };
        });
        output
    }

    /// The extension; bit-reversed output.
    ///
    /// # Safety
    /// `data` has n·2^added_bits rows, which no one else uses.
    unsafe fn extend(&self, input: Order, added_bits: u32, scale: u64) {
        let [log_1, log_2] = self.log;
        let n = 1usize << (log_1 + log_2);
        // SAFETY: passed on; without a first step the second finds the input where it is.
        unsafe {
            if log_1 > 0 {
                self.extend_first(input, n);
                self.extend_middle(Order::Natural, n, added_bits, scale);
                self.extend_last(added_bits);
            } else {
                self.extend_middle(input, 0, added_bits, scale);
            }
        }
    }

    /// First step of the inverse: row n + j2·n1 + k1 gets the result of k1.
    ///
    /// # Safety
    /// As [`Batch::extend`].
    unsafe fn extend_first(&self, input: Order, n: usize) {
        let (w, [log_1, log_2]) = (self.width, self.log);
        let (n1, n2) = (1usize << log_1, 1usize << log_2);
        let dft = self.inverse.dft(log_1);
        let at = match input {
            Order::Natural => places(log_1, input, n2 * w),
            Order::BitReversed => places(log_1, input, w),
        };
        let slots = places(log_1, Order::BitReversed, w);
        self.stripes(n2, |j2, _, scratch| {
            let from = match input {
                Order::Natural => j2,
                Order::BitReversed => naive::bit_reverse(j2, log_2) * n1,
            };
            let to = n + j2 * n1;
            let step = Move {
                dft: &dft,
                from,
                at: &at,
                input: Input::Plain,
                to,
                slots: &slots,
            };
            // SAFETY: rows of j2, in the first n rows and then in the second n.
            unsafe { self.apply(&step, scratch) };
        });
    }

    /// Second step of the inverse from rows `first` on, and first step of the forward transform: of
    /// frequency q the value of k1 goes to row rev(q)·n1 + k1.
    ///
    /// # Safety
    /// As [`Batch::extend`].
    unsafe fn extend_middle(&self, input: Order, first: usize, added_bits: u32, scale: u64) {
        let (w, [log_1, log_2]) = (self.width, self.log);
        let (n1, n2) = (1usize << log_1, 1usize << log_2);
        let (back, forth) = (self.inverse.dft(log_2), self.forward.dft(log_2));
        let at = places(log_2, input, n1 * w);
        let slots = places(log_2, Order::Natural, n1 * w);
        let whole = self.inverse.of_order::<L>(log_1 + log_2);
        let parts = self.parts(added_bits);
        self.stripes(n1, |k1, list, scratch| {
            let start = L::product(scale, power::<L>(self.shift, k1 as u64));
            factors::<L>(list, n2, start, power::<L>(whole, k1 as u64));
            for slice in self.slices() {
                let words = slice.1;
                let staged = dft::grown(&mut scratch.staged, n2 * words * size_of::<L::Word>());
                let staged = staged.cast::<L::Word>();
                let natural = places(log_2, Order::Natural, words);
                let reversed = places(log_2, Order::BitReversed, words);
                // SAFETY: the stripe of k1, read whole before it is written; `lanes` proves the
                // features.
                unsafe {
                    let source = self.source(slice, first + k1, &at, Input::Rows(list));
                    run_to_rows(self.lanes, &back, source, scratch, staged, &reversed);
                    for (b, part) in parts.iter().enumerate() {
                        let input = Input::Rows(part);
                        let source = Source {
                            base: staged,
                            at: &natural,
                            words,
                            input,
                        };
                        let row = (b << (log_1 + log_2)) + k1;
                        let to = self.data.get().add(row * w + slice.0);
                        run_to_rows(self.lanes, &forth, source, scratch, to, &slots);
                    }
                }
            }
        });
    }

    /// For each part rev(b) of the coset, in bit-reversed order: the factors
    /// (shift^n1·ω^b)^k2 for ω of order n2·2^added_bits.
    fn parts(&self, added_bits: u32) -> Vec<Vec<L::Twiddle>> {
        let [log_1, log_2] = self.log;
        let root = self.forward.of_order::<L>(log_2 + added_bits);
        let shift = power::<L>(self.shift, 1 << log_1);
        let part = |b: usize| {
            let turn = power::<L>(root, naive::bit_reverse(b, added_bits) as u64);
            let mut list = Vec::new();
            factors::<L>(&mut list, 1 << log_2, 1, L::product(shift, turn));
            list
        };
        (0..1 << added_bits).map(part).collect()
    }

    /// Second step of the forward transform: blocks of n1 rows, in place.
    ///
    /// # Safety
    /// As [`Batch::extend`].
    unsafe fn extend_last(&self, added_bits: u32) {
        let (w, [log_1, log_2]) = (self.width, self.log);
        let n1 = 1usize << log_1;
        let dft = self.forward.dft(log_1);
        let rows = places(log_1, Order::Natural, w);
        let whole = self.forward.of_order::<L>(log_1 + log_2 + added_bits);
        self.stripes(1 << (log_2 + added_bits), |i, list, scratch| {
            let q = naive::bit_reverse(i, log_2 + added_bits);
            factors::<L>(list, n1, 1, power::<L>(whole, q as u64));
            let (from, to) = (i * n1, i * n1);
            let input = Input::Rows(list);
            let step = Move {
                dft: &dft,
                from,
                at: &rows,
                input,
                to,
                slots: &rows,
            };
            // SAFETY: the rows of block i, to themselves.
            unsafe { self.apply(&step, scratch) };
        });
    }
}
