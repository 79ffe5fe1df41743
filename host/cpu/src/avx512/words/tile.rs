//! A thread's memory for rows that are transformed together.
//!
//! Rows come from where they lie, in runs of up to 256 bytes, to neighbouring places, and go back
//! from there: at strides of a power of two they would share a few sets of the caches. While one
//! tile is transformed, the next one is loaded and the one before is stored, a little at a time, from
//! and to lines that were asked for some turns earlier ([`pipeline`]). Rows that lie one after the
//! other stay where they are ([`in_place`]).

use super::plan::Dft;
use super::{LANES, Lanes, dft};
use crate::memory::Table;
use std::arch::x86_64::*;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::ops::Range;

/// A thread's memory.
pub(super) struct Scratch {
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

/// Rows of whole vectors.
pub(super) struct Tile<'a, L: Lanes> {
    pub(super) words: *mut L::Word,
    /// Words from one row to the next.
    pub(super) stride: usize,
    pub(super) vectors: usize,
    /// Room for the states of one vector.
    pub(super) states: *mut L::State,
    memory: PhantomData<&'a mut Scratch>,
}

/// A tile's rows elsewhere.
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

/// One of `turns` parts of a transfer.
#[derive(Clone, Copy)]
struct Part {
    turn: usize,
    turns: usize,
}

impl Part {
    const WHOLE: Part = Part { turn: 0, turns: 1 };

    /// Its part of so many things.
    fn of(self, count: usize) -> Range<usize> {
        let share = count.div_ceil(self.turns);
        (self.turn * share).min(count)..((self.turn + 1) * share).min(count)
    }
}

/// Turns by which lines are asked for before they are loaded.
const AHEAD: usize = 3;

impl Scratch {
    /// Three tiles for the transform, of rows of so many words.
    fn tiles<L: Lanes>(&mut self, dft: &Dft<L>, words: usize) -> [Tile<'_, L>; 3] {
        let vectors = words.div_ceil(LANES);
        // an odd number of cache lines
        let lines = (vectors * LANES * size_of::<L::Word>()).div_ceil(64) | 1;
        let states = grown(&mut self.states, dft::state_bytes(dft)).cast();
        self.tiles.each_mut().map(|table| Tile {
            words: grown(table, dft.rows * lines * 64).cast(),
            stride: lines * 64 / size_of::<L::Word>(),
            vectors,
            states,
            memory: PhantomData,
        })
    }
}

/// For each index the rows at `from(index)` are loaded, `work` is called, and the rows are stored at
/// `to(index)`, if that is a place. `work` gets the tile, one to use as it likes if nothing is
/// stored, and what it must call as [`dft::run`] does. An index's rows are loaded before those of
/// the two before it are stored.
///
/// # Safety
/// The features; places of as many rows as the transform has, each of no more than `width` words.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
pub(super) unsafe fn pipeline<'a, L: Lanes>(
    lanes: L,
    dft: &Dft<L>,
    width: usize,
    range: Range<usize>,
    from: impl Fn(usize) -> Place<'a, L::Word>,
    to: impl Fn(usize) -> Option<Place<'a, L::Word>>,
    mut work: impl FnMut(usize, &Tile<'_, L>, &Tile<'_, L>, &dyn Fn(usize)),
) {
    SCRATCH.with_borrow_mut(|scratch| {
        let [mut before, mut now, mut next] = scratch.tiles(dft, width);
        // SAFETY: passed on.
        unsafe { now.load(lanes, &from(range.start), Part::WHOLE) };
        for index in range.clone() {
            let stored = if index > range.start {
                to(index - 1)
            } else {
                None
            };
            let loaded = (index + 1 < range.end).then(|| from(index + 1));
            now.vectors = from(index).words.div_ceil(LANES);
            // what `work` makes in it is as wide
            before.vectors = now.vectors;
            let turns = now.turns(dft.rows);
            let turn = |turn| {
                let part = Part { turn, turns };
                // SAFETY: passed on.
                unsafe {
                    if let Some(place) = &stored {
                        place.fetch::<L>(part);
                        before.store(lanes, place, part);
                    }
                    if let Some(place) = &loaded {
                        place.fetch::<L>(part);
                        next.load(lanes, place, part);
                    }
                }
            };
            work(index, &now, &before, &turn);
            (before, now, next) = (now, next, before);
        }
        if let Some(place) = to(range.end - 1) {
            // SAFETY: passed on.
            unsafe { before.store(lanes, &place, Part::WHOLE) };
        }
    });
}

/// As [`pipeline`] for rows one after the other that are transformed where they lie: no copies, and
/// the next ones are asked for meanwhile.
///
/// # Safety
/// The features; the places hold whole vectors and lie in rows `stride` words apart, as many as the
/// transform has.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
pub(super) unsafe fn in_place<'a, L: Lanes>(
    dft: &Dft<L>,
    stride: usize,
    range: Range<usize>,
    place: impl Fn(usize) -> Place<'a, L::Word>,
    mut work: impl FnMut(usize, &Tile<'_, L>, &dyn Fn(usize)),
) {
    SCRATCH.with_borrow_mut(|scratch| {
        let states = grown(&mut scratch.states, dft::state_bytes(dft)).cast();
        for index in range {
            let (here, next) = (place(index), place(index + 1));
            let tile = Tile {
                words: here.base,
                stride,
                vectors: here.words / LANES,
                states,
                memory: PhantomData,
            };
            let turns = tile.turns(dft.rows);
            work(index, &tile, &|turn| next.fetch::<L>(Part { turn, turns }));
        }
    });
}

impl<W> Place<'_, W> {
    /// Asks for the lines of the part that is [`AHEAD`]; any address will do.
    #[inline(always)]
    fn fetch<L: Lanes>(&self, part: Part) {
        let line = 64 / size_of::<W>();
        let turn = part.turn + AHEAD;
        let part = Part { turn, ..part };
        match self.lie {
            Lie::Rows(at) => {
                for at in &at[part.of(at.len())] {
                    for word in (0..self.words).step_by(line) {
                        prefetch(self.base.wrapping_add(at + word));
                    }
                }
            }
            Lie::Columns { starts, at } => {
                let along = at.len() / L::SIDE;
                for block in part.of(starts.len() / L::SIDE * along) {
                    for start in &starts[block / along * L::SIDE..][..L::SIDE] {
                        prefetch(self.base.wrapping_add(start + block % along * L::SIDE));
                    }
                }
            }
        }
    }
}

/// Any address will do.
#[inline(always)]
fn prefetch<T>(at: *const T) {
    // SAFETY: a prefetch never faults.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
}

impl<L: Lanes> Tile<'_, L> {
    /// How often a transform of its rows calls back ([`dft::run`]).
    fn turns(&self, rows: usize) -> usize {
        self.vectors * (rows / 16).max(1)
    }

    /// Row i.
    fn row(&self, i: usize) -> *mut L::Word {
        self.words.wrapping_add(i * self.stride)
    }

    /// # Safety
    /// The features; the place is readable, its rows no longer than the tile's.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn load(&self, lanes: L, place: &Place<'_, L::Word>, part: Part) {
        let base = place.base.cast_const();
        // SAFETY: passed on.
        unsafe {
            match place.lie {
                Lie::Rows(at) => {
                    for i in part.of(at.len()) {
                        copy_row(base.add(at[i]), self.row(i), place.words);
                    }
                }
                Lie::Columns { starts, at } => {
                    self.blocks(starts, at, part, |column, starts, word, rows| {
                        lanes.transpose(
                            |r| base.wrapping_add(starts[r] + word),
                            |r| self.row(rows[r]).wrapping_add(column),
                        );
                    });
                }
            }
        }
    }

    /// # Safety
    /// As [`Tile::load`], writable.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn store(&self, lanes: L, place: &Place<'_, L::Word>, part: Part) {
        // SAFETY: passed on.
        unsafe {
            match place.lie {
                Lie::Rows(at) => {
                    for i in part.of(at.len()) {
                        copy_row(self.row(i), place.base.add(at[i]), place.words);
                    }
                }
                Lie::Columns { starts, at } => {
                    self.blocks(starts, at, part, |column, starts, word, rows| {
                        lanes.transpose(
                            |r| self.row(rows[r]).wrapping_add(column),
                            |r| place.base.wrapping_add(starts[r] + word),
                        );
                    });
                }
            }
        }
    }

    /// Calls `block` for each square of a part: its first column, where its columns start, the
    /// first of their words, and its rows.
    #[inline(always)]
    fn blocks(
        &self,
        starts: &[usize],
        at: &[usize],
        part: Part,
        block: impl Fn(usize, &[usize], usize, &[usize]),
    ) {
        let along = at.len() / L::SIDE;
        for i in part.of(starts.len() / L::SIDE * along) {
            let (column, word) = (i / along * L::SIDE, i % along * L::SIDE);
            block(
                column,
                &starts[column..][..L::SIDE],
                word,
                &at[word..][..L::SIDE],
            );
        }
    }

    /// All rows in another order: row i from row at[i] of the other tile.
    ///
    /// # Safety
    /// The features; both have the rows.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub(super) unsafe fn permute(&self, other: &Tile<'_, L>, at: &[usize]) {
        for (i, at) in at.iter().enumerate() {
            // SAFETY: whole rows of tiles.
            unsafe { copy_row(other.row(*at), self.row(i), other.vectors * LANES) };
        }
    }

    /// Stores all rows.
    ///
    /// # Safety
    /// As [`Tile::load`], writable.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    pub(super) unsafe fn store_all(&self, lanes: L, place: &Place<'_, L::Word>) {
        // SAFETY: passed on.
        unsafe { self.store(lanes, place, Part::WHOLE) };
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
