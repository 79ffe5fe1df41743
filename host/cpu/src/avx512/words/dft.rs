//! One transform of m rows for every lane: natural order in, bit-reversed out.
//!
//! A first pass of radix 2, 4, 8 or 16 leaves m / radix rows to each of its blocks; then each block
//! is finished alone, sixteen rows at a time, in the caches. In a pass over block b of nb the row t
//! of the radix r is multiplied by ω_(r·nb)^(rev(b)·t), and then goes through a transform of r rows
//! with the field's own ω16: if the root's is ω16^u, row t is element u·t mod r of it.

use super::plan::Dft;
use super::tile::Tile;
use super::{LANES, Lanes};

/// A transform of sixteen, element k from `load!(k)`, rows k and k + 1 of the output, which is
/// bit-reversed, to `put!(k, x)`. Four columns, then four rows, so that few values are alive.
macro_rules! network_16 {
    ($l:expr, $load:ident, $put:ident) => {{
        let mut x = [$load!(0); 16];
        network_16!(@column $l, $load, x, (0) 4 8 12);
        network_16!(@column $l, $load, x, 1 5 9 13);
        network_16!(@column $l, $load, x, 2 6 10 14);
        network_16!(@column $l, $load, x, 3 7 11 15);
        network_16!(@row $l, $put, x, 0 1 2 3, 0 0 4);
        network_16!(@row $l, $put, x, 4 5 6 7, 4 2 6);
        network_16!(@row $l, $put, x, 8 9 10 11, 2 1 5);
        network_16!(@row $l, $put, x, 12 13 14 15, 6 3 7);
    }};
    (@column $l:expr, $load:ident, $x:ident, $(($first:literal))? $($k:literal)*) => {
        $( $x[$k] = $load!($k); )*
        network_16!(@butterflies $l, $x, $($first)? $($k)*, 0 0 4);
    };
    (@row $l:expr, $put:ident, $x:ident, $a:literal $b:literal $c:literal $d:literal, $($e:literal)*) => {
        network_16!(@butterflies $l, $x, $a $b $c $d, $($e)*);
        $put!($a, [$x[$a], $x[$b]]);
        $put!($c, [$x[$c], $x[$d]]);
    };
    (@butterflies $l:expr, $x:ident, $a:literal $b:literal $c:literal $d:literal, $e:literal $f:literal $g:literal) => {
        ($x[$a], $x[$c]) = $l.butterfly::<$e>($x[$a], $x[$c]);
        ($x[$b], $x[$d]) = $l.butterfly::<$e>($x[$b], $x[$d]);
        ($x[$a], $x[$b]) = $l.butterfly::<$f>($x[$a], $x[$b]);
        ($x[$c], $x[$d]) = $l.butterfly::<$g>($x[$c], $x[$d]);
    };
}

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

/// A row of the first blocks is set apart by one vector from the next: at a stride of a power of two
/// they would share a few sets of the cache.
const PAD: usize = 1;

/// Bytes of the states of one vector of rows.
pub(super) fn state_bytes<L: Lanes>(dft: &Dft<L>) -> usize {
    (dft.rows + dft.radix * PAD) * size_of::<L::State>()
}

/// Transforms the rows of the tile in place, vector by vector, so that a vector's states lie in the
/// first cache; `turn` is called, with numbers from 0, for every vector of sixteen rows, or of all if
/// they are fewer.
///
/// # Safety
/// The features; the tile has the transform's rows, and factors as many.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
pub(super) unsafe fn run<L: Lanes>(
    lanes: L,
    dft: &Dft<L>,
    tile: &Tile<'_, L>,
    input: Input<'_, L>,
    turn: &dyn Fn(usize),
) {
    let block_rows = dft.rows / dft.radix;
    for v in 0..tile.vectors {
        let column = Column {
            lanes,
            dft,
            words: tile.words.wrapping_add(v * LANES),
            stride: tile.stride,
            states: tile.states,
        };
        // SAFETY: `states` has room for one vector of all rows.
        unsafe {
            match dft.radix {
                2 => column.first::<2>(input, v),
                4 => column.first::<4>(input, v),
                8 => column.first::<8>(input, v),
                _ => column.first::<16>(input, v),
            }
            if block_rows == 1 {
                column.emit();
                turn(v);
                continue;
            }
            for b in 0..dft.radix {
                column.finish(b, |i| turn(v * dft.rows / 16 + i));
            }
        }
    }
}

/// One vector of the rows, under way.
struct Column<'a, L: Lanes> {
    lanes: L,
    dft: &'a Dft<L>,
    words: *mut L::Word,
    stride: usize,
    states: *mut L::State,
}

impl<L: Lanes> Column<'_, L> {
    /// # Safety
    /// As [`run`].
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn first<const R: usize>(&self, input: Input<'_, L>, v: usize) {
        // SAFETY: passed on.
        unsafe {
            match input {
                Input::Plain => self.first_with::<R, 0>(&[], &[]),
                Input::Rows(w) => self.first_with::<R, 1>(w, &[]),
                Input::Words(table) => {
                    self.first_with::<R, 2>(&[], &table[v * self.dft.rows * LANES..]);
                }
            }
        }
    }

    /// # Safety
    /// As [`run`]; one factor for each row if HOW = 1, eight words if HOW = 2.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn first_with<const R: usize, const HOW: u8>(
        &self,
        factors: &[L::Twiddle],
        table: &[L::Word],
    ) {
        let l = self.lanes;
        let q = self.dft.rows / R;
        let starts = self.dft.order.map(|t| t % R * q);
        let words = starts.map(|row| self.words.wrapping_add(row * self.stride));
        for s in 0..q {
            let place = s * self.stride;
            macro_rules! load {
                ($k:literal) => {{
                    let (from, row) = (words[$k].add(place), starts[$k] + s);
                    match HOW {
                        0 => l.fresh::<$k>(l.load(from)),
                        1 => l.scaled::<$k>(l.load(from), factors.get_unchecked(row)),
                        _ => l.twist::<$k>(from, table.as_ptr().add(row * LANES)),
                    }
                }};
            }
            let to = self.states.wrapping_add(s);
            let step = q + PAD;
            macro_rules! put {
                ($k:literal, $x:expr) => {
                    put($x, to.add($k * step), step)
                };
            }
            // SAFETY: row < rows, and R blocks of q rows and the padding are the states.
            unsafe {
                match R {
                    2 => put(network_2(l, [load!(0), load!(1)]), to, step),
                    4 => {
                        let x = [load!(0), load!(1), load!(2), load!(3)];
                        put(network_4(l, x), to, step);
                    }
                    8 => {
                        let [a, b, c, d] = [load!(0), load!(1), load!(2), load!(3)];
                        let x = [a, b, c, d, load!(4), load!(5), load!(6), load!(7)];
                        put(network_8(l, x), to, step);
                    }
                    _ => network_16!(l, load, put),
                }
            }
        }
    }

    /// All passes after the first over block `b` of it, and back to words; `done` gets the numbers
    /// of finished sixteens of rows.
    ///
    /// # Safety
    /// `first` has run.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn finish(&self, b: usize, done: impl Fn(usize)) {
        let rows = self.dft.rows / self.dft.radix;
        let start = self.states.wrapping_add(b * (rows + PAD));
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
        let starts = self.dft.order.map(|t| t * size_of::<L::State>());
        for i in 0..rows / 16 {
            let number = b * (rows / 16) + i;
            let w = self.dft.twiddles(pass, number);
            let to = self.words.wrapping_add(number * 16 * self.stride);
            // SAFETY: sixteen rows each.
            unsafe { self.last(start.wrapping_add(i * 16), &starts, to, w) };
            done(number);
        }
    }

    /// Sixteen times `q` rows.
    ///
    /// # Safety
    /// They must be states of this transform.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn middle(&self, start: *mut L::State, q: usize, w: &[L::Twiddle; 15]) {
        let l = self.lanes;
        let starts = self.dft.order.map(|t| t * q * size_of::<L::State>());
        for s in 0..q {
            // SAFETY: row 16·s' + s < 16·q.
            unsafe {
                let at = start.add(s);
                macro_rules! load {
                    (0) => {
                        l.carried(*at)
                    };
                    ($k:literal) => {
                        l.twiddle::<$k>(*at.byte_add(starts[$k]), &w[$k - 1])
                    };
                }
                macro_rules! put {
                    ($k:literal, $x:expr) => {
                        put($x, at.add($k * q), q)
                    };
                }
                network_16!(l, load, put);
            }
        }
    }

    /// Sixteen rows, of which element k of the network is starts[k] bytes after the first, to their
    /// place in the tile.
    ///
    /// # Safety
    /// As [`Column::middle`]; sixteen rows of words at `to`.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn last(
        &self,
        start: *const L::State,
        starts: &[usize; 16],
        to: *mut L::Word,
        w: &[L::Twiddle; 15],
    ) {
        let l = self.lanes;
        // SAFETY: the caller's word.
        unsafe {
            macro_rules! load {
                (0) => {
                    l.carried(*start)
                };
                ($k:literal) => {
                    l.twiddle::<$k>(*start.byte_add(starts[$k]), &w[$k - 1])
                };
            }
            macro_rules! put {
                ($k:literal, $x:expr) => {{
                    let at = to.add($k * self.stride);
                    l.store($x, [at, at.add(self.stride)]);
                }};
            }
            network_16!(l, load, put);
        }
    }

    /// The states of a transform of one pass, as words.
    ///
    /// # Safety
    /// `first` has run.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
    unsafe fn emit(&self) {
        for i in (0..self.dft.rows).step_by(2) {
            // SAFETY: q = 1: row i is block i of the first pass.
            unsafe {
                let x = self.states.add(i * (1 + PAD));
                let to = self.words.add(i * self.stride);
                self.lanes
                    .store([*x, *x.add(1 + PAD)], [to, to.add(self.stride)]);
            }
        }
    }
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
