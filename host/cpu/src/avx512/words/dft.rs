//! One transform of m rows for every lane: natural order in, bit-reversed out.
//!
//! A first pass of radix 2, 4, 8 or 16 leaves m / radix rows to each of its blocks; then each block
//! is finished alone, sixteen rows at a time, in the caches. In a pass over block b of nb the row t
//! of the radix r is multiplied by ω_(r·nb)^(rev(b)·t), and then goes through a transform of r rows
//! with the field's own ω16: if the root's is ω16^u, row t is element u·t mod r of it.

use super::plan::Dft;
use super::{LANES, Lanes};
use crate::memory::Table;
use std::cell::RefCell;

/// What happens to rows when they are loaded.
#[derive(Clone, Copy)]
pub(super) enum Input<'a, L: Lanes> {
    /// Nothing.
    Plain,
    /// Row i times a constant.
    Rows(&'a [L::Twiddle]),
    /// Row i, vector v, times eight words of the table at (v·m + i)·8.
    Words(&'a [L::Word]),
}

/// Rows to transform: vector v of row i is at base + at[i] + 8·v.
#[derive(Clone, Copy)]
pub(super) struct Source<'a, L: Lanes> {
    pub(super) base: *const L::Word,
    pub(super) at: &'a [usize],
    /// Words in a row.
    pub(super) words: usize,
    pub(super) input: Input<'a, L>,
}

/// A thread's memory for one tile.
pub(super) struct Scratch {
    /// Rows between passes.
    states: Table<u64>,
    /// Rows of a finished block.
    block: Table<u64>,
    /// For the steps: transposed rows.
    pub(super) staged: Table<u64>,
}

/// Its words; more if it has more.
pub(super) fn grown(table: &mut Table<u64>, bytes: usize) -> *mut u64 {
    let words = bytes.div_ceil(8);
    if table.len() < words {
        *table = Table::zeroed(words);
    }
    table.as_mut_ptr()
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch {
        states: Table::zeroed(0),
        block: Table::zeroed(0),
        staged: Table::zeroed(0),
    });
}

/// Runs `work` with this thread's scratch memory; `work` must not wait for other tasks.
pub(super) fn with_scratch<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    SCRATCH.with(|scratch| work(&mut scratch.borrow_mut()))
}

/// A row of the first blocks is set apart by one vector from the next: at a stride of a power of two
/// they would share a few sets of the cache.
const PAD: usize = 1;

/// Vectors of states from one column of vectors to the next.
fn column_stride<L: Lanes>(dft: &Dft<L>) -> usize {
    dft.rows + dft.radix * PAD
}

/// Transforms the rows and hands them over by blocks of output: the index of the block's first row
/// in bit-reversed order, and the rows, each `words` long, one after the other.
///
/// # Safety
/// The features; the source must be readable, its `at` and its factors as long as the transform.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
pub(super) unsafe fn run<L: Lanes>(
    lanes: L,
    dft: &Dft<L>,
    source: Source<'_, L>,
    scratch: &mut Scratch,
    mut flush: impl FnMut(usize, *const L::Word),
) {
    let vectors = source.words.div_ceil(LANES);
    let stride = column_stride(dft);
    let bytes = vectors * stride * size_of::<L::State>();
    let states = grown(&mut scratch.states, bytes).cast::<L::State>();
    let block_rows = dft.rows / dft.radix;
    let together = if block_rows == 1 {
        dft.radix
    } else {
        block_rows
    };
    let block_bytes = together * source.words * size_of::<L::Word>();
    let block = grown(&mut scratch.block, block_bytes).cast::<L::Word>();
    let whole = Whole {
        lanes,
        dft,
        words: source.words,
        vectors,
        stride,
        states,
        block,
    };
    // SAFETY: `states` has room for all vectors, `block` for the rows of a block; the source is the
    // caller's word.
    unsafe {
        match dft.radix {
            2 => whole.first::<2>(source),
            4 => whole.first::<4>(source),
            8 => whole.first::<8>(source),
            _ => whole.first::<16>(source),
        }
        if block_rows == 1 {
            whole.emit();
            return flush(0, block);
        }
        for b in 0..dft.radix {
            whole.finish(b);
            flush(b * block_rows, block);
        }
    }
}

/// A transform under way.
struct Whole<'a, L: Lanes> {
    lanes: L,
    dft: &'a Dft<L>,
    words: usize,
    vectors: usize,
    stride: usize,
    states: *mut L::State,
    block: *mut L::Word,
}

/// Lanes of vector v of a row of so many words.
#[inline(always)]
fn mask(words: usize, v: usize) -> u8 {
    match words - v * LANES {
        rest @ 0..LANES => (1 << rest) - 1,
        _ => 0xff,
    }
}

impl<L: Lanes> Whole<'_, L> {
    /// # Safety
    /// As [`run`].
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn first<const R: usize>(&self, source: Source<'_, L>) {
        // SAFETY: passed on.
        unsafe {
            match source.input {
                Input::Plain => self.first_with::<R, 0>(source, &[], &[]),
                Input::Rows(w) => self.first_with::<R, 1>(source, w, &[]),
                Input::Words(table) => self.first_with::<R, 2>(source, &[], table),
            }
        }
    }

    /// # Safety
    /// As [`run`]; one factor for each row if HOW = 1, one table for all vectors if HOW = 2.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn first_with<const R: usize, const HOW: u8>(
        &self,
        source: Source<'_, L>,
        factors: &[L::Twiddle],
        table: &[L::Word],
    ) {
        let (l, rows) = (self.lanes, self.dft.rows);
        let q = rows / R;
        for s in 0..q {
            for v in 0..self.vectors {
                let mask = mask(self.words, v);
                // SAFETY: row < rows, and the rest is the caller's word.
                let element = |row: usize| unsafe {
                    let from = source.base.add(*source.at.get_unchecked(row) + LANES * v);
                    prefetch(from.wrapping_add(self.words));
                    (from, table.as_ptr().wrapping_add((v * rows + row) * LANES))
                };
                let row = |k: usize| self.dft.order[k] % R * q + s;
                macro_rules! load {
                    ($($k:literal)*) => {[$({
                        let row = row($k);
                        let (from, table) = element(row);
                        match HOW {
                            0 => l.fresh::<$k>(l.load(from, mask)),
                            1 => l.scaled::<$k>(l.load(from, mask), factors.get_unchecked(row)),
                            _ => l.twist::<$k>(from, mask, table),
                        }
                    }),*]};
                }
                let to = self.states.wrapping_add(v * self.stride + s);
                let step = q + PAD;
                // SAFETY: R blocks of q rows and the padding lie in the column.
                unsafe {
                    match R {
                        2 => put(network_2(l, load!(0 1)), to, step),
                        4 => put(network_4(l, load!(0 1 2 3)), to, step),
                        8 => put(network_8(l, load!(0 1 2 3 4 5 6 7)), to, step),
                        _ => {
                            let x = load!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
                            put(network_16(l, x), to, step);
                        }
                    }
                }
            }
        }
    }

    /// All passes after the first over block `b` of it, into `self.block`.
    ///
    /// # Safety
    /// `first` has run.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn finish(&self, b: usize) {
        let rows = self.dft.rows / self.dft.radix;
        for v in 0..self.vectors {
            let start = self.states.wrapping_add(v * self.stride + b * (rows + PAD));
            let (mut len, mut pass) = (rows, 0);
            while len > 16 {
                let blocks = rows / len;
                for i in 0..blocks {
                    let w = self.dft.twiddles(pass, b * blocks + i);
                    // SAFETY: `len` rows from there belong to the block.
                    unsafe { self.middle(start.wrapping_add(i * len), len / 16, w) };
                }
                (len, pass) = (len / 16, pass + 1);
            }
            for i in 0..rows / 16 {
                let w = self.dft.twiddles(pass, b * (rows / 16) + i);
                let to = self.block.wrapping_add(i * 16 * self.words + v * LANES);
                // SAFETY: sixteen rows each.
                unsafe { self.last(start.wrapping_add(i * 16), to, mask(self.words, v), w) };
            }
        }
    }

    /// Sixteen times `q` rows.
    ///
    /// # Safety
    /// They must be states of this transform.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn middle(&self, start: *mut L::State, q: usize, w: &[L::Twiddle; 15]) {
        for s in 0..q {
            // SAFETY: row 16·s' + s < 16·q.
            unsafe {
                let at = start.add(s);
                put(network_16(self.lanes, self.twiddled(at, q, w)), at, q);
            }
        }
    }

    /// Sixteen rows, to their place in the block.
    ///
    /// # Safety
    /// As [`Whole::middle`]; sixteen rows of words at `to`.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn last(&self, start: *mut L::State, to: *mut L::Word, mask: u8, w: &[L::Twiddle; 15]) {
        let l = self.lanes;
        // SAFETY: the caller's word.
        unsafe {
            let x = network_16(l, self.twiddled(start, 1, w));
            macro_rules! store {
                ($($k:literal)*) => {$( l.store(x[$k], to.add($k * self.words), mask); )*};
            }
            store!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        }
    }

    /// Sixteen rows q apart with their factors.
    ///
    /// # Safety
    /// As [`Whole::middle`].
    #[inline(always)]
    unsafe fn twiddled(
        &self,
        at: *const L::State,
        q: usize,
        w: &[L::Twiddle; 15],
    ) -> [L::State; 16] {
        let l = self.lanes;
        macro_rules! load {
            ($($k:literal)*) => {
                // SAFETY: the caller's word; order[k] < 16.
                unsafe {
                    [l.carried(*at), $(
                        l.twiddle::<$k>(*at.add(self.dft.order[$k] * q), &w[$k - 1])
                    ),*]
                }
            };
        }
        load!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    }

    /// The states of a transform of one pass, as words.
    ///
    /// # Safety
    /// `first` has run.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn emit(&self) {
        for v in 0..self.vectors {
            for i in 0..self.dft.rows {
                // SAFETY: q = 1: row i is block i of the first pass.
                unsafe {
                    let x = *self.states.add(v * self.stride + i * (1 + PAD));
                    let to = self.block.add(i * self.words + v * LANES);
                    self.lanes.store(x, to, mask(self.words, v));
                }
            }
        }
    }
}

/// Into the second cache; any address will do.
#[inline(always)]
fn prefetch<T>(at: *const T) {
    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
    // SAFETY: a prefetch never faults.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) };
}

/// # Safety
/// `to` + k·step must be writable.
#[inline(always)]
unsafe fn put<S: Copy, const R: usize>(x: [S; R], to: *mut S, step: usize) {
    for k in 0..R {
        // SAFETY: the caller's word.
        unsafe { *to.add(k * step) = x[k] };
    }
}

macro_rules! network {
    ($name:ident, $r:literal, $($e:literal: $(($i:literal $j:literal))*;)*) => {
        /// A transform of the rows with the field's ω16, bit-reversed out.
        #[inline(always)]
        fn $name<L: Lanes>(l: L, mut x: [L::State; $r]) -> [L::State; $r] {
            $($( (x[$i], x[$j]) = l.butterfly::<$e>(x[$i], x[$j]); )*)*
            x
        }
    };
}

network!(network_2, 2, 0: (0 1););
network!(network_4, 4, 0: (0 2) (1 3) (0 1); 4: (2 3););
network!(network_8, 8,
    0: (0 4) (1 5) (2 6) (3 7) (0 2) (1 3); 4: (4 6) (5 7);
    0: (0 1); 4: (2 3); 2: (4 5); 6: (6 7););
network!(network_16, 16,
    0: (0 8) (1 9) (2 10) (3 11) (4 12) (5 13) (6 14) (7 15) (0 4) (1 5) (2 6) (3 7);
    4: (8 12) (9 13) (10 14) (11 15);
    0: (0 2) (1 3); 4: (4 6) (5 7); 2: (8 10) (9 11); 6: (12 14) (13 15);
    0: (0 1); 4: (2 3); 2: (4 5); 6: (6 7); 1: (8 9); 5: (10 11); 3: (12 13); 7: (14 15););

/// Rows of `words` words, one after the other, to `to` + at(i).
///
/// # Safety
/// The features; as many words at each address.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn copy_rows<W: Copy>(
    mut from: *const W,
    rows: usize,
    words: usize,
    to: *mut W,
    at: impl Fn(usize) -> usize,
) {
    use std::arch::x86_64::{
        _mm512_loadu_si512, _mm512_mask_storeu_epi8, _mm512_maskz_loadu_epi8, _mm512_storeu_si512,
    };
    let bytes = words * size_of::<W>();
    let rest = (1u64 << (bytes % 64)) - 1;
    for i in 0..rows {
        let (source, target) = (from.cast::<u8>(), to.wrapping_add(at(i)).cast::<u8>());
        // SAFETY: whole vectors, and the bytes of the mask, lie in the row.
        unsafe {
            let mut done = 0;
            while done + 64 <= bytes {
                _mm512_storeu_si512(
                    target.add(done).cast(),
                    _mm512_loadu_si512(source.add(done).cast()),
                );
                done += 64;
            }
            if rest != 0 {
                let x = _mm512_maskz_loadu_epi8(rest, source.add(done).cast());
                _mm512_mask_storeu_epi8(target.add(done).cast(), rest, x);
            }
            from = from.add(words);
        }
    }
}
