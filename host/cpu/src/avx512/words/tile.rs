//! A thread's memory for rows that are transformed together.
//!
//! Rows of whole lines are read where they lie, and written where they have to go. Others come to
//! neighbouring places first, and go back from there: short ones, and columns, which are transposed
//! on the way.

use super::Lanes;
use super::dft::{self, Input, Rows, Run};
use super::plan::Dft;
use crate::memory::Table;
use std::arch::x86_64::*;
use std::cell::RefCell;

/// A thread's memory.
struct Scratch {
    /// Rows before and after, between the passes, and as the caller likes.
    tiles: [Table<u64>; 3],
    states: Table<u64>,
}

/// Its words; more if it has less.
pub(super) fn grown(table: &mut Table<u64>, bytes: usize) -> *mut u64 {
    let words = bytes.div_ceil(8);
    if table.len() < words {
        *table = Table::zeroed(words);
    }
    table.as_mut_ptr()
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch {
        tiles: [0; 3].map(Table::zeroed),
        states: Table::zeroed(0),
    });
}

/// Words of a row in tiles of so many rows: up to 2^18 bytes, which the second cache holds three of.
pub(super) fn words<L: Lanes>(rows: usize) -> usize {
    (4096 / rows).clamp(1, 8) * L::LINE
}

/// A tile's rows.
#[derive(Clone, Copy)]
pub(super) struct Place<'a, W> {
    pub(super) base: *mut W,
    /// Words in a row.
    pub(super) words: usize,
    pub(super) lie: Lie<'a>,
}

/// How they lie.
#[derive(Clone, Copy)]
pub(super) enum Lie<'a> {
    /// Row i at base + at[i].
    Rows(&'a [usize]),
    /// Column l at base + starts[l], word i of it for row at[i]. Both lists are multiples of
    /// [`Lanes::SIDE`].
    Columns {
        starts: &'a [usize],
        at: &'a [usize],
    },
}

/// What transforms of one kind use.
pub(super) struct Tiles<'a, L: Lanes> {
    lanes: L,
    /// Places of the rows of a tile.
    at: &'a [usize],
    tiles: [*mut L::Word; 3],
    states: *mut L::State,
}

/// Runs `work` with tiles of so many rows of so many words.
pub(super) fn with<L: Lanes>(
    lanes: L,
    rows: usize,
    words: usize,
    work: impl FnOnce(&Tiles<'_, L>),
) {
    // a line more after each sixteenth, and an odd number in a row: at strides of a power of two rows
    // would share a few sets of the caches
    let lines = words.div_ceil(L::LINE) | 1;
    let at: Vec<usize> = (0..rows)
        .map(|i| (i * lines + i * 16 / rows) * L::LINE)
        .collect();
    SCRATCH.with_borrow_mut(|scratch| {
        let bytes = (rows * lines + 16) * 64;
        let tiles = scratch.tiles.each_mut();
        work(&Tiles {
            lanes,
            at: &at,
            tiles: tiles.map(|table| grown(table, bytes).cast()),
            states: grown(&mut scratch.states, dft::state_bytes::<L>()).cast(),
        });
    });
}

impl<L: Lanes> Tiles<'_, L> {
    /// The tile that is the caller's, with its rows in this order.
    pub(super) fn own<'a>(&self, words: usize, at: &'a [usize]) -> Place<'a, L::Word> {
        let (base, lie) = (self.tiles[2], Lie::Rows(at));
        Place { base, words, lie }
    }

    /// Places of its rows.
    pub(super) fn at(&self) -> &[usize] {
        self.at
    }

    /// Transforms the rows of one place to another, which may be the same, of as many words. `then` is
    /// the base of the place that comes next.
    ///
    /// # Safety
    /// The features; as many rows as the transform has, of no more words than were said, readable
    /// and writable; factors as many.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    pub(super) unsafe fn run(
        &self,
        dft: &Dft<L>,
        from: Place<'_, L::Word>,
        to: Place<'_, L::Word>,
        input: Input<'_, L>,
        then: *mut L::Word,
    ) {
        let tile = Rows::all(self.tiles[0], self.at);
        let run = Run {
            lanes: self.lanes,
            dft,
            lines: from.words.div_ceil(L::LINE),
            states: self.states,
            middle: Rows::all(self.tiles[1], self.at),
        };
        let (source, target) = (from.lines::<L>(), to.lines::<L>());
        // what is copied into the tile is not asked for by the places of its rows
        let then = if source.is_some() { then } else { tile.base };
        // SAFETY: passed on.
        unsafe {
            if source.is_none() {
                from.transfer::<L, false>(self.lanes, &tile);
            }
            run.run(source.unwrap_or(tile), target.unwrap_or(tile), input, then);
            if target.is_none() {
                to.transfer::<L, true>(self.lanes, &tile);
            }
        }
    }
}

impl<'a, W> Place<'a, W> {
    /// Its rows, if they are of whole lines.
    fn lines<L: Lanes<Word = W>>(&self) -> Option<Rows<'a, W>> {
        match self.lie {
            Lie::Rows(at) if self.words.is_multiple_of(L::LINE) => Some(Rows::all(self.base, at)),
            _ => None,
        }
    }

    /// All rows to the tile, or back.
    ///
    /// # Safety
    /// The features; rows no longer than the tile's, readable or writable.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn transfer<L: Lanes<Word = W>, const BACK: bool>(&self, lanes: L, tile: &Rows<'_, W>) {
        let row = |i: usize| tile.base.wrapping_add(tile.at[i]);
        match self.lie {
            Lie::Rows(at) => {
                for (i, at) in at.iter().enumerate() {
                    let (from, to) = ends::<W, BACK>(self.base.wrapping_add(*at), row(i));
                    // SAFETY: whole rows.
                    unsafe { copy_row(from, to, self.words) };
                }
            }
            Lie::Columns { starts, at } => {
                for (column, starts) in (0..).step_by(L::SIDE).zip(starts.chunks_exact(L::SIDE)) {
                    for (word, at) in (0..).step_by(L::SIDE).zip(at.chunks_exact(L::SIDE)) {
                        let outer = |i: usize| self.base.wrapping_add(starts[i] + word);
                        let inner = |i: usize| row(at[i]).wrapping_add(column);
                        // SAFETY: a square of the columns, and of the tile.
                        unsafe {
                            match BACK {
                                false => lanes.transpose(|i| outer(i).cast_const(), inner),
                                true => lanes.transpose(|i| inner(i).cast_const(), outer),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// From and to.
fn ends<W, const BACK: bool>(outer: *mut W, inner: *mut W) -> (*const W, *mut W) {
    match BACK {
        false => (outer, inner),
        true => (inner, outer),
    }
}

/// `words` words from one address to another.
///
/// # Safety
/// The features; as many words at each address.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn copy_row<W>(from: *const W, to: *mut W, words: usize) {
    let bytes = words * size_of::<W>();
    let (from, to) = (from.cast::<u8>(), to.cast::<u8>());
    // SAFETY: whole vectors, and the bytes of the mask, lie in the row.
    unsafe {
        let mut done = 0;
        while done + 64 <= bytes {
            let x = _mm512_loadu_si512(from.add(done).cast());
            _mm512_storeu_si512(to.add(done).cast(), x);
            done += 64;
        }
        if !bytes.is_multiple_of(64) {
            let rest = (1u64 << (bytes % 64)) - 1;
            let x = _mm512_maskz_loadu_epi8(rest, from.add(done).cast());
            _mm512_mask_storeu_epi8(to.add(done).cast(), rest, x);
        }
    }
}
