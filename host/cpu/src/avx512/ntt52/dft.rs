//! A transform of m rows, eight columns at a time: natural order in, bit-reversed out.
//!
//! As in [`crate::ntt`], a block is split by butterflies of one twiddle; two layers at a time. The
//! first passes run on A rows m/A apart, straight from the source, in the first-level cache; the
//! rest on blocks of at most 64 rows, whence the results go straight to the sink.
//!
//! Ranges, in multiples of p. Values carry an offset of CENTRE·p, so that they stay positive without
//! an addition at each butterfly: they lie in [CENTRE − s, CENTRE + s], where the spread s grows by
//! 5 with each layer, by 1 with precise products. [`Dft::new`] picks the products such that
//! s ≤ CENTRE at the end. Block 0, whose twiddles are 1, 1, i, is kept in [0, 2p) without the offset.

mod butterfly;

use super::lanes::Row;
use super::modulus::{Constants, Twiddle};
use crate::arith::{Arith, Field, Modulus, Mont};
use butterfly::{FirstHalving, Halving, Quarters, Trivial, View, each};
use proofmill_field::naive;

/// Rows of a block that stays in the first-level cache.
const BLOCK: usize = 64;

/// The largest transform: rows.
pub(super) const MAX_LOG_ROWS: u32 = 12;

type Element<P> = Mont<P, 4>;

/// One or two layers.
struct Pass {
    radix: usize,
    precise: bool,
    /// For each block: of the block, and of its two halves (radix 4).
    twiddles: Vec<[Twiddle; 3]>,
}

/// The tables of one transform.
pub(super) struct Dft {
    rows: usize,
    /// Rows of the first passes.
    head: usize,
    /// How many passes those are.
    head_passes: usize,
    /// Whether the values lie on a coset: no twiddle is 1.
    coset: bool,
    passes: Vec<Pass>,
}

/// Where a transform's rows come from. Row i = j + k·step belongs to the head j.
pub(super) trait Source {
    /// Heads loaded together, where there are as many.
    const BATCH: usize;

    /// Writes the rows j + k·step, k < head, of the batch from j on to rows[(j' − j)·head + k]:
    /// below 2p, limbs below 2^52. With step 1 there is one head, of all rows.
    ///
    /// # Safety
    /// The processor has the vectors' instructions, and nobody writes the source meanwhile.
    unsafe fn load(&self, j: usize, step: usize, head: usize, rows: &mut [Row]);
}

/// Where a transform's rows go.
pub(super) trait Sink {
    /// Takes the rows from place `first` on, a multiple of their number (8 at least): below 2^260,
    /// uncarried.
    ///
    /// # Safety
    /// The processor has the vectors' instructions, and nobody else touches the rows' places.
    unsafe fn take(&self, first: usize, rows: &[Row]);
}

/// The twiddle of a factor in data form.
pub(super) fn twiddle<P: Modulus>(w: Element<P>) -> Twiddle {
    // plain w = data form · 1/R; w·2^260 = data form · 2^4
    let plain = w.mul(Element::new([1, 0, 0, 0]));
    Twiddle::new::<P>(plain.0, times_16(w).0)
}

/// 16a: from R = 2^256 to R = 2^260.
pub(super) fn times_16<P: Modulus>(a: Element<P>) -> Element<P> {
    a.double().double().double().double()
}

/// 1, base, base², ….
pub(super) fn powers<P: Modulus>(base: Element<P>, count: usize) -> Vec<Element<P>> {
    std::iter::successors(Some(Element::ONE), |x| Some(x.mul(base)))
        .take(count)
        .collect()
}

impl Dft {
    /// A transform of 2^log_rows ≥ 8 rows by a root of that order, inputs below `input`·p (at most 2),
    /// on the coset of `shift`.
    pub(super) fn new<P: Modulus>(
        log_rows: u32,
        root: Element<P>,
        shift: Element<P>,
        input: u64,
    ) -> Self {
        let rows = 1usize << log_rows;
        let coset = shift != Element::ONE;
        let roots = powers(root, rows / 2);
        let layer = |log_blocks: u32| -> Vec<Twiddle> {
            let half = rows >> (log_blocks + 1);
            let scale = shift.pow(half as u64);
            let factor = |b| roots[naive::bit_reverse(b, log_blocks) * half].mul(scale);
            (0..1 << log_blocks).map(|b| twiddle(factor(b))).collect()
        };
        let (mut passes, mut done) = (Vec::new(), 0);
        while done < log_rows {
            let radix = if (log_rows - done) % 2 == 1 { 2 } else { 4 };
            let whole = layer(done);
            let halves = if radix == 4 {
                layer(done + 1)
            } else {
                Vec::new()
            };
            let half = |i: usize| halves.get(i).copied().unwrap_or_default();
            let twiddles = (0..whole.len())
                .map(|b| [whole[b], half(2 * b), half(2 * b + 1)])
                .collect();
            passes.push(Pass {
                radix,
                precise: true,
                twiddles,
            });
            done += radix.ilog2();
        }
        let mut this = Dft {
            rows,
            head: rows,
            head_passes: passes.len(),
            coset,
            passes,
        };
        this.choose_products(input, Constants::<P>::CENTRE);
        this.choose_head();
        this
    }

    /// As many fast products as the spread allows, from the last pass on.
    fn choose_products(&mut self, input: u64, centre: u64) {
        for i in (0..self.passes.len()).rev() {
            self.passes[i].precise = false;
            self.passes[i].precise = self.spread(input) > centre;
        }
        debug_assert!(self.spread(input) <= centre);
    }

    /// How far from the centre the results may lie.
    fn spread(&self, input: u64) -> u64 {
        let (mut spread, mut first) = (input, true);
        for pass in &self.passes {
            let product = if pass.precise { 1 } else { 5 };
            // block 0 of four: x0 + x2 − x1 − x3 and x0 − x2 ± a product, of inputs below 2p
            let trivial = |input: u64| (2 * input).max(input + product);
            spread = match (pass.radix, first && !self.coset) {
                (2, true) => input,
                (2, false) => spread + product,
                (_, true) => trivial(input),
                (_, false) if self.coset => spread + 2 * product,
                (_, false) => (spread + 2 * product).max(trivial(2)),
            };
            first = false;
        }
        spread
    }

    fn choose_head(&mut self) {
        if self.rows <= BLOCK {
            return;
        }
        (self.head, self.head_passes) = (1, 0);
        while self.rows / self.head > BLOCK {
            self.head *= self.passes[self.head_passes].radix;
            self.head_passes += 1;
        }
    }

    /// Rows of working memory that [`Dft::run`] needs.
    pub(super) fn scratch_rows(&self) -> usize {
        self.rows + 8 * self.head
    }

    /// Bytes of the tables.
    pub(super) fn bytes(&self) -> usize {
        let of = |pass: &Pass| size_of_val(&pass.twiddles[..]);
        self.passes.iter().map(of).sum()
    }

    /// Transforms what the source gives.
    ///
    /// # Safety
    /// As for [`Source::load`] and [`Sink::take`].
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    pub(super) unsafe fn run<P: Modulus, S: Source, T: Sink>(
        &self,
        source: &S,
        sink: &T,
        scratch: &mut [Row],
    ) {
        let (rows, stage) = scratch.split_at_mut(self.rows);
        let step = self.rows / self.head;
        if step == 1 {
            // SAFETY: the caller's.
            unsafe { source.load(0, 1, self.rows, rows) };
            self.tail::<P>(rows, 0, 0, 1);
            // SAFETY: the caller's.
            return unsafe { sink.take(0, rows) };
        }
        for j in (0..step).step_by(S::BATCH) {
            // SAFETY: the caller's.
            unsafe { source.load(j, step, self.head, stage) };
            for (i, head) in stage.chunks_exact_mut(self.head).take(S::BATCH).enumerate() {
                self.head::<P>(head, rows, j + i);
            }
        }
        for (c, block) in rows.chunks_exact_mut(step).enumerate() {
            self.tail::<P>(block, self.head_passes, c, self.head);
            // SAFETY: the caller's.
            unsafe { sink.take(c * step, block) };
        }
    }

    /// The first passes, on the rows j + k·step of which `stage` holds the input.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    fn head<P: Modulus>(&self, stage: &mut [Row], rows: &mut [Row], j: usize) {
        let step = self.rows / self.head;
        let last = self.head_passes - 1;
        let mut blocks = 1;
        for (i, pass) in self.passes[..last].iter().enumerate() {
            let all = stage.as_mut_ptr();
            let view = View {
                from: all,
                from_step: 1,
                to: all,
                to_step: 1,
                rows: self.head / blocks,
            };
            // SAFETY: `head` rows, in place.
            unsafe { self.pass::<P>(pass, i == 0, 0, blocks, view) };
            blocks *= pass.radix;
        }
        let view = View {
            from: stage.as_ptr(),
            from_step: 1,
            to: rows[j..].as_mut_ptr(),
            to_step: step,
            rows: self.head / blocks,
        };
        debug_assert!(j < step && stage.len() == self.head && rows.len() == self.rows);
        // SAFETY: `head` rows of the stage, to as many rows from j < step on, `step` apart.
        unsafe { self.pass::<P>(&self.passes[last], last == 0, 0, blocks, view) };
    }

    /// The passes from `done` on, on block c of `blocks`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    fn tail<P: Modulus>(&self, block: &mut [Row], done: usize, c: usize, blocks: usize) {
        debug_assert!(c < blocks && block.len() * blocks == self.rows);
        let mut parts = 1;
        for (i, pass) in self.passes.iter().enumerate().skip(done) {
            let all = block.as_mut_ptr();
            let rows = block.len() / parts;
            let view = View {
                from: all,
                from_step: 1,
                to: all,
                to_step: 1,
                rows,
            };
            // SAFETY: `parts` blocks of `rows` rows, in place.
            unsafe { self.pass::<P>(pass, i == 0, c * parts, parts, view) };
            parts *= pass.radix;
        }
    }

    /// One pass over `count` blocks from the block `first` on.
    ///
    /// # Safety
    /// The view's rows lie in memory that is not used otherwise.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    unsafe fn pass<P: Modulus>(
        &self,
        pass: &Pass,
        raw: bool,
        first: usize,
        count: usize,
        view: View,
    ) {
        let mut twiddles = &pass.twiddles[first..first + count];
        let mut view = view;
        // SAFETY: the caller's.
        unsafe {
            if first == 0 && !self.coset {
                match (pass.radix, pass.precise) {
                    (2, _) => each::<P, Halving>(view, &twiddles[0]),
                    (_, false) => each::<P, Trivial<false>>(view, &twiddles[0]),
                    (_, true) => each::<P, Trivial<true>>(view, &twiddles[0]),
                }
                (twiddles, view) = (&twiddles[1..], view.block(1));
            }
            match (pass.radix, pass.precise, raw) {
                _ if twiddles.is_empty() => {}
                (2, ..) => each::<P, FirstHalving>(view, &twiddles[0]),
                (_, false, false) => Quarters::<false, false>::all::<P>(view, twiddles),
                (_, false, true) => Quarters::<false, true>::all::<P>(view, twiddles),
                (_, true, false) => Quarters::<true, false>::all::<P>(view, twiddles),
                (_, true, true) => Quarters::<true, true>::all::<P>(view, twiddles),
            }
        }
    }
}
