//! A thread's memory for rows that are transformed together.
//!
//! Rows of whole lines are read where they lie, and written where they have to go. Others come to
//! neighbouring places first, and go back from there: short ones, and columns, which are transposed
//! on the way.

use super::dft::{self, Input, Rows, Run};
use super::plan::Dft;
use super::{Kernel, Lanes};
use crate::memory::Table;
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

/// Words of a row in tiles of so many rows: up to 2^18 bytes. A second cache of 1 MiB holds three.
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
                self.lanes
                    .run(Transfer::<_, false>(self.lanes, &from, &tile));
            }
            run.run(source.unwrap_or(tile), target.unwrap_or(tile), input, then);
            if target.is_none() {
                self.lanes.run(Transfer::<_, true>(self.lanes, &to, &tile));
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
    #[inline(always)]
    unsafe fn transfer<L: Lanes<Word = W>, const BACK: bool>(&self, lanes: L, tile: &Rows<'_, W>) {
        let row = |i: usize| tile.base.wrapping_add(tile.at[i]);
        match self.lie {
            Lie::Rows(at) => {
                for (i, at) in at.iter().enumerate() {
                    let (from, to) = ends::<W, BACK>(self.base.wrapping_add(*at), row(i));
                    // SAFETY: whole rows, of the caller and of the tile.
                    unsafe { from.copy_to_nonoverlapping(to, self.words) };
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

/// [`Place::transfer`].
struct Transfer<'a, L: Lanes, const BACK: bool>(L, &'a Place<'a, L::Word>, &'a Rows<'a, L::Word>);

impl<L: Lanes, const BACK: bool> Kernel for Transfer<'_, L, BACK> {
    #[inline(always)]
    unsafe fn run(self) {
        // SAFETY: passed on.
        unsafe { self.1.transfer::<L, BACK>(self.0, self.2) }
    }
}
