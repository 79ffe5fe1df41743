//! The last four layers of a transform of one vector over a small field.
//!
//! There a block is shorter than a vector register, so sixteen blocks are done side by side: a tile
//! of 16 × 16 elements is transposed, every butterfly becomes one on sixteen lanes, each lane with
//! its own block's twiddles, which lie in the order of use.

use super::{Butterfly, Field, Merge, Split};

/// Rows of a block, and blocks of a tile.
pub(super) const SIDE: usize = 16;

type Lanes<F> = [F; SIDE];

/// For the sixteen blocks b of a tile: w[b], w[2b], w[2b+1] of the first two layers, then for each of
/// their quarters q: w[4b+q], w[8b+2q], w[8b+2q+1].
pub(super) type Twiddles<F> = [Lanes<F>; 15];

/// Whether tiles are worth it: one vector, small elements, at least one tile.
#[inline(always)]
pub(super) fn fits<F>(rows: usize, width: usize) -> bool {
    width == 1 && size_of::<F>() <= 8 && rows >= SIDE * SIDE
}

/// The twiddles of every tile of the size that has these powers.
pub(super) fn twiddles<F: Field>(powers: &[F]) -> Vec<Twiddles<F>> {
    let rows = 2 * powers.len();
    if !fits::<F>(rows, 1) {
        return Vec::new();
    }
    let of_tile = |tile: usize| {
        let mut out = [[F::ZERO; SIDE]; 15];
        for lane in 0..SIDE {
            let b = tile * SIDE + lane;
            let first = [b, 2 * b, 2 * b + 1].into_iter();
            let quarters = (0..4).flat_map(|q| [4 * b + q, 8 * b + 2 * q, 8 * b + 2 * q + 1]);
            for (place, j) in first.chain(quarters).enumerate() {
                out[place][lane] = powers[j];
            }
        }
        out
    };
    (0..rows / (SIDE * SIDE)).map(of_tile).collect()
}

/// Blocks of sixteen, natural order → bit-reversed; the twiddles begin with those of the first tile.
#[inline(always)]
pub(super) fn split<F: Field>(data: &mut [F], twiddles: &[Twiddles<F>]) {
    for (block, w) in data
        .as_chunks_mut::<{ SIDE * SIDE }>()
        .0
        .iter_mut()
        .zip(twiddles)
    {
        let mut t = transposed(block);
        for i in 0..4 {
            each(
                &mut t,
                [i, i + 4, i + 8, i + 12],
                [&w[0], &w[1], &w[2]],
                Split,
            );
        }
        for q in 0..4 {
            let i = 4 * q;
            let w = [&w[3 + 3 * q], &w[4 + 3 * q], &w[5 + 3 * q]];
            each(&mut t, [i, i + 1, i + 2, i + 3], w, Split);
        }
        restore(&t, block);
    }
}

/// Blocks of sixteen, bit-reversed order → natural.
#[inline(always)]
pub(super) fn merge<F: Field>(data: &mut [F], twiddles: &[Twiddles<F>]) {
    for (block, w) in data
        .as_chunks_mut::<{ SIDE * SIDE }>()
        .0
        .iter_mut()
        .zip(twiddles)
    {
        let mut t = transposed(block);
        for q in 0..4 {
            let i = 4 * q;
            let w = [&w[3 + 3 * q], &w[4 + 3 * q], &w[5 + 3 * q]];
            each(&mut t, [i, i + 1, i + 2, i + 3], w, Merge);
        }
        for i in 0..4 {
            each(
                &mut t,
                [i, i + 4, i + 8, i + 12],
                [&w[0], &w[1], &w[2]],
                Merge,
            );
        }
        restore(&t, block);
    }
}

#[inline(always)]
fn transposed<F: Field>(block: &[F; SIDE * SIDE]) -> [Lanes<F>; SIDE] {
    let mut t = [[F::ZERO; SIDE]; SIDE];
    for lane in 0..SIDE {
        for i in 0..SIDE {
            t[i][lane] = block[SIDE * lane + i];
        }
    }
    t
}

#[inline(always)]
fn restore<F: Field>(t: &[Lanes<F>; SIDE], block: &mut [F; SIDE * SIDE]) {
    for lane in 0..SIDE {
        for i in 0..SIDE {
            block[SIDE * lane + i] = t[i][lane];
        }
    }
}

/// Lane l of the rows `at` through the butterfly with lane l of the twiddles.
#[inline(always)]
fn each<F: Field, B: Butterfly<F>>(
    t: &mut [Lanes<F>; SIDE],
    at: [usize; 4],
    w: [&Lanes<F>; 3],
    butterfly: impl Fn([F; 3]) -> B,
) {
    for l in 0..SIDE {
        let y = butterfly(w.map(|w| w[l])).apply(at.map(|i| t[i][l]));
        for (i, y) in at.into_iter().zip(y) {
            t[i][l] = y;
        }
    }
}
