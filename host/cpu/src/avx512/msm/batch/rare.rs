//! The lanes that the formulas do not fit: equal, opposite and infinite points.

use super::{Entry, Work};
use crate::arith::Modulus;
use crate::avx512::lanes::times;
use crate::avx512::msm::coordinate::{Coordinate, one, square_add};

/// Lanes of a vector that the formulas do not fit.
pub(super) struct Rare<const L: usize, const D: usize> {
    pub(super) vector: usize,
    /// The denominators of the whole vector.
    pub(super) denominator: Coordinate<L, D>,
    /// Lanes whose sum is this point, and those of them whose sum is infinity.
    pub(super) known: u8,
    pub(super) infinite: u8,
    pub(super) x: Coordinate<L, D>,
    pub(super) y: Coordinate<L, D>,
}

/// Deals with the lanes of a vector that have an operand at infinity or (looked for only if `exact`)
/// equal x: their denominators become 1, or 2Y₁ for a doubling, whose numerator is 3x₁².
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn special<M: Modulus, const L: usize, const D: usize>(
    v: usize,
    work: &mut Work<L, D>,
    numerator: &Coordinate<L, D>,
    y2: &Coordinate<L, D>,
    infinite2: u8,
    exact: bool,
) -> Coordinate<L, D> {
    let entry = &mut work.entries[v];
    let infinite1 = work.infinite[v];
    let difference = entry.x.add(&entry.minus_x);
    let mut denominator = difference.factor();
    let mut same = 0;
    if exact {
        same = difference.is_zero::<M>(10) & !(infinite1 | infinite2);
    }
    if infinite1 | infinite2 | same == 0 {
        return denominator;
    }
    let same_y = if same == 0 {
        0
    } else {
        same & numerator.is_zero::<M>(9)
    };
    if same_y != 0 {
        double::<M, L, D>(entry, &mut denominator, same_y);
    }
    let known = infinite1 | infinite2 | (same & !same_y);
    denominator = Coordinate::blend(known, &denominator, &one::<M, L, D>());
    // a sum that stays takes the new sign: 3 − Y₁ in (0.5, 4.1), lowered to (−0.75, 2.25); the point
    // that is the sum has −s·y₂ − 4 in (−1.02, 1.02)
    let stays = entry
        .y
        .below(&times::<M, L>(3))
        .lower::<M>(36, &times::<M, L>(3));
    let starts = y2.sub(&Coordinate::zero().raise(&times::<M, L>(4)));
    let point = entry.minus_x.below(&times::<M, L>(5));
    let x = Coordinate::blend(infinite1, &entry.x, &point).clean();
    let y = Coordinate::blend(infinite1, &stays, &starts).clean();
    work.rare.push(Rare {
        vector: v,
        denominator,
        known,
        infinite: (infinite1 & infinite2) | (same & !same_y),
        x,
        y,
    });
    denominator
}

/// Puts 3x₁² over 2Y₁ where the mask is set.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma")]
fn double<M: Modulus, const L: usize, const D: usize>(
    entry: &mut Entry<L, D>,
    denominator: &mut Coordinate<L, D>,
    mask: u8,
) {
    let (two, three) = (&times::<M, L>(2), &times::<M, L>(3));
    // 2Y₁ + 3p in (0.8, 8); x₁ + 2p in (0.8, 6), lowered below 3p for the square
    let twice = entry.y.add(&entry.y).raise(three).factor();
    let x1 = entry.x.raise(two).lower::<M>(48, three).factor();
    let square = square_add::<M, L, D>(&x1, &Coordinate::zero());
    let triple = square.add(&square).add(&square).factor();
    let numerator = Coordinate::blend(mask, &entry.numerator, &triple);
    entry.numerator.put(numerator);
    denominator.put(Coordinate::blend(mask, denominator, &twice));
}

/// Puts the sums that are known without the formulas.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f")]
pub(super) fn fix<const L: usize, const D: usize>(
    entries: &mut [Entry<L, D>],
    infinite: &mut [u8],
    rare: impl Iterator<Item = Rare<L, D>>,
) {
    for r in rare {
        let entry = &mut entries[r.vector];
        let (x, y) = (
            Coordinate::blend(r.known, &entry.x, &r.x),
            Coordinate::blend(r.known, &entry.y, &r.y),
        );
        entry.x.put(x);
        entry.y.put(y);
        infinite[r.vector] = r.infinite;
    }
}
