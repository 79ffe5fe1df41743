//! Transforms of all columns of a row-major batch; every lane is a column.
//!
//! Indices as in [`super::vector`]: n1 rows j1 for every j2, then n2 rows j2 for every k1, whose
//! factors ω^(j2·k1) are made on the way, one for a whole row. All in place, natural order to
//! bit-reversed or the other way round; up to 2^10 rows are one step, in any order.
//!
//! A low-degree extension goes over memory three times: the inverse's first step, into the room of the
//! output; its second step, whose n2 coefficients of each residue modulo n1 are at once scaled and
//! taken forward to 2^added_bits·n2 values; the forward transform's second step, of n1 rows.

use super::dft::Input;
use super::plan::{Dft, Root};
use super::tile::{self, Lie, Place, Tiles};
use super::vector::{in_ranges, inverse_of, words};
use super::{Lanes, Shared, power, residue};
use crate::arith::Field;
use crate::{Direction, Ntt, Order, ntt, permute};
use proofmill_field::naive;
use std::ops::Range;

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
        tile: tile::words::<L>(1 << log[1]),
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
    /// Of those, in a tile.
    tile: usize,
    /// log2 of n1 and n2.
    log: [u32; 2],
    forward: Root,
    inverse: Root,
    /// Of the coset, a plain residue.
    shift: u64,
}

/// Transforms of rows in place, or from one place to another.
struct Step<'a, L: Lanes> {
    dft: &'a Dft<L>,
    /// First row of each transform's input, and places of its rows.
    from: &'a (dyn Fn(usize) -> usize + Sync),
    at: &'a [usize],
    factors: Factors<'a, L>,
    /// First row of the output, if it is another, and places of its slots.
    to: Option<&'a (dyn Fn(usize) -> usize + Sync)>,
    slots: &'a [usize],
}

/// What a transform's rows are multiplied by.
enum Factors<'a, L: Lanes> {
    None,
    /// The same for all transforms.
    Same(&'a [L::Twiddle]),
    /// Of each transform the first factor and the ratio of the next to it.
    Each(&'a (dyn Fn(usize) -> [u64; 2] + Sync)),
}

/// Place i·stride of row i, or of row rev(i).
fn places(log: u32, order: Order, stride: usize) -> Vec<usize> {
    let place = |i| match order {
        Order::Natural => i * stride,
        Order::BitReversed => naive::bit_reverse(i, log) * stride,
    };
    (0..1 << log).map(place).collect()
}

/// start·ratio^i as the factor of row i, in four chains.
fn factors<L: Lanes>(out: &mut Vec<L::Twiddle>, dft: &Dft<L>, [start, ratio]: [u64; 2]) {
    let mut chains = [start; 4];
    for i in 1..4 {
        chains[i] = L::product(chains[i - 1], ratio);
    }
    let step = power::<L>(ratio, 4);
    out.resize(dft.rows, L::prepare(0));
    for places in dft.place.chunks(4) {
        for (place, x) in places.iter().zip(chains) {
            out[*place] = L::prepare(x);
        }
        chains = chains.map(|x| L::product(x, step));
    }
}

impl<L: Lanes> Batch<L> {
    /// Runs `work` on ranges of the slices of so many stripes, numbered stripe by stripe, with tiles
    /// of so many rows.
    fn in_ranges(
        &self,
        stripes: usize,
        rows: usize,
        work: impl Fn(Range<usize>, &Tiles<'_, L>) + Sync + Send,
    ) {
        let bytes = (self.width * size_of::<L::Word>()) << (self.log[0] + self.log[1]);
        let count = stripes * self.slices();
        in_ranges(count, bytes <= 4 * ntt::SERIAL_BYTES, |range| {
            let words = self.width.min(self.tile);
            tile::with(self.lanes, rows, words, |tiles| work(range, tiles));
        });
    }

    /// Slices of a row.
    fn slices(&self) -> usize {
        self.width.div_ceil(self.tile)
    }

    /// The slice of this number of the rows from `row` on.
    fn place<'a>(&self, row: usize, slice: usize, at: &'a [usize]) -> Place<'a, L::Word> {
        let first = slice * self.tile;
        Place {
            base: self.data.get().wrapping_add(row * self.width + first),
            words: self.tile.min(self.width - first),
            lie: Lie::Rows(at),
        }
    }

    /// So many transforms.
    ///
    /// # Safety
    /// Rows must lie in the data, and each be touched by one of the transforms.
    unsafe fn run(&self, step: &Step<'_, L>, count: usize) {
        let slices = self.slices();
        let (dft, to) = (step.dft, step.to.unwrap_or(step.from));
        self.in_ranges(count, dft.rows, |range, tiles| {
            let (mut list, mut of) = (Vec::new(), usize::MAX);
            let from = |i| self.place((step.from)(i / slices), i % slices, step.at);
            for i in range {
                let input = match step.factors {
                    Factors::None => Input::Plain,
                    Factors::Same(list) => Input::Rows(list),
                    Factors::Each(progression) => {
                        if of != i / slices {
                            of = i / slices;
                            factors::<L>(&mut list, dft, progression(of));
                        }
                        Input::Rows(&list)
                    }
                };
                let to = self.place(to(i / slices), i % slices, step.slots);
                // SAFETY: the caller's word; `lanes` proves the features.
                unsafe { tiles.run(dft, from(i), to, input, from(i + 1).base) };
            }
        });
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
            let at = places(log_1, input, blocks[1] * w);
            let natural = places(log_1, Order::Natural, blocks[1] * w);
            let mut list = Vec::new();
            let dft = root.dft(log_1);
            factors::<L>(&mut list, &dft, [1, power::<L>(shift, n2 as u64)]);
            let step = Step {
                dft: &dft,
                from: &|i| i * blocks[0],
                at: &at,
                factors: match shift {
                    1 => Factors::None,
                    _ => Factors::Same(&list),
                },
                to: None,
                slots: if input == Order::Natural {
                    &natural
                } else {
                    &at
                },
            };
            // SAFETY: rows of block i, to themselves.
            unsafe { self.run(&step, n2) };
        }
        let whole = root.of_order::<L>(log_1 + log_2);
        let progression = |i| {
            // the k1 of the stripe: its place, or its place reversed
            let k1 = match input {
                Order::Natural => naive::bit_reverse(i, log_1),
                Order::BitReversed => i,
            };
            [scale, L::product(shift, power::<L>(whole, k1 as u64))]
        };
        let plain = log_1 == 0 && shift == 1 && scale == 1;
        let step = Step {
            dft: &root.dft(log_2),
            from: &|i| i * stripes[0],
            at: &places(log_2, input, stripes[1] * w),
            factors: match plain {
                true => Factors::None,
                false => Factors::Each(&progression),
            },
            to: None,
            slots: &places(log_2, super::vector::opposite(output), stripes[1] * w),
        };
        // SAFETY: rows of stripe i, to themselves.
        unsafe { self.run(&step, n1) };
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
        let from = |j2| match input {
            Order::Natural => j2,
            Order::BitReversed => naive::bit_reverse(j2, log_2) * n1,
        };
        let stride = match input {
            Order::Natural => n2 * w,
            Order::BitReversed => w,
        };
        let step = Step {
            dft: &self.inverse.dft(log_1),
            from: &from,
            at: &places(log_1, input, stride),
            factors: Factors::None,
            to: Some(&|j2| n + j2 * n1),
            slots: &places(log_1, Order::BitReversed, w),
        };
        // SAFETY: rows of j2, in the first n rows and then in the second n.
        unsafe { self.run(&step, n2) };
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
        let parts = self.parts(&forth, added_bits);
        let slices = self.slices();
        self.in_ranges(n1, n2, |range, tiles| {
            let natural = tiles.at();
            let reversed: Vec<usize> = (0..n2)
                .map(|i| natural[naive::bit_reverse(i, log_2)])
                .collect();
            let (mut list, mut of) = (Vec::new(), usize::MAX);
            for (k1, slice) in range.map(|i| (i / slices, i % slices)) {
                if of != k1 {
                    of = k1;
                    let start = L::product(scale, power::<L>(self.shift, k1 as u64));
                    let ratio = power::<L>(whole, k1 as u64);
                    factors::<L>(&mut list, &back, [start, ratio]);
                }
                let from = self.place(first + k1, slice, &at);
                let then = from.base.wrapping_add(w);
                let values = tiles.own(from.words, natural);
                // SAFETY: the stripe of k1, read whole before it is written; `lanes` proves the
                // features.
                unsafe {
                    let reversed = tiles.own(from.words, &reversed);
                    tiles.run(&back, from, reversed, Input::Rows(&list), then);
                    for (b, part) in parts.iter().enumerate() {
                        let row = (b << (log_1 + log_2)) + k1;
                        let to = self.place(row, slice, &slots);
                        tiles.run(&forth, values, to, Input::Rows(part), values.base);
                    }
                }
            }
        });
    }

    /// For each part rev(b) of the coset, in bit-reversed order: the factors
    /// (shift^n1·ω^b)^k2 for ω of order n2·2^added_bits.
    fn parts(&self, dft: &Dft<L>, added_bits: u32) -> Vec<Vec<L::Twiddle>> {
        let [log_1, log_2] = self.log;
        let root = self.forward.of_order::<L>(log_2 + added_bits);
        let shift = power::<L>(self.shift, 1 << log_1);
        let part = |b: usize| {
            let turn = power::<L>(root, naive::bit_reverse(b, added_bits) as u64);
            let mut list = Vec::new();
            factors::<L>(&mut list, dft, [1, L::product(shift, turn)]);
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
        let rows = places(log_1, Order::Natural, w);
        let whole = self.forward.of_order::<L>(log_1 + log_2 + added_bits);
        let progression = |i| {
            let q = naive::bit_reverse(i, log_2 + added_bits);
            [1, power::<L>(whole, q as u64)]
        };
        let step = Step {
            dft: &self.forward.dft(log_1),
            from: &|i| i * n1,
            at: &rows,
            factors: Factors::Each(&progression),
            to: None,
            slots: &rows,
        };
        // SAFETY: the rows of block i, to themselves.
        unsafe { self.run(&step, 1 << (log_2 + added_bits)) };
    }
}
