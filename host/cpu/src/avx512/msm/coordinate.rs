//! Coordinates of eight points: elements of the base field (D = 1) or of its quadratic extension by
//! u² = −1 (D = 2), in lanes.
//!
//! Bounds are in multiples of p and hold for the tightest field, BN254's, whose R is 84 p.

use crate::arith::Modulus;
use crate::avx512::lanes::{self, Lanes, constant, times};
use core::arch::x86_64::*;

/// Eight coordinates c0 (+ c1·u).
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Coordinate<const L: usize, const D: usize>(pub(crate) [Lanes<L>; D]);

// SAFETY: transparent over an array of plain values.
unsafe impl<const L: usize, const D: usize> bytemuck::Zeroable for Coordinate<L, D> {}
// SAFETY: as above.
unsafe impl<const L: usize, const D: usize> bytemuck::Pod for Coordinate<L, D> {}

impl<const L: usize, const D: usize> Coordinate<L, D> {
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn zero() -> Self {
        Coordinate([lanes::zero(); D])
    }

    /// Writes limb by limb: a plain move of so many bytes is compiled to a call of memcpy.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn put(&mut self, value: Self) {
        for d in 0..D {
            for j in 0..L {
                self.0[d].0[j] = value.0[d].0[j];
            }
        }
    }

    /// a + b, raw.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn add(&self, b: &Self) -> Self {
        let mut out = *self;
        for d in 0..D {
            out.0[d] = lanes::add(&self.0[d], &b.0[d]);
        }
        out
    }

    /// a − b, raw.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn sub(&self, b: &Self) -> Self {
        let mut out = *self;
        for d in 0..D {
            out.0[d] = lanes::sub(&self.0[d], &b.0[d]);
        }
        out
    }

    /// a + k·p, raw, k·p given.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn raise(&self, kp: &[u64; L]) -> Self {
        let mut out = *self;
        for d in 0..D {
            out.0[d] = lanes::add(&self.0[d], &constant(kp));
        }
        out
    }

    /// k·p − a, raw, k·p given.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn below(&self, kp: &[u64; L]) -> Self {
        let mut out = *self;
        for d in 0..D {
            out.0[d] = lanes::sub(&constant(kp), &self.0[d]);
        }
        out
    }

    /// raw in [0, R) → a factor of [`product`]: carried, and in the extension clean, because there
    /// factors are also negated and added.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn factor(self) -> Self {
        let mut out = self;
        for d in 0..D {
            out.0[d] = if D == 1 {
                lanes::multiplicand(self.0[d])
            } else {
                lanes::clean(self.0[d])
            };
        }
        out
    }

    /// raw → clean (the last limb keeps sign and excess).
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn clean(self) -> Self {
        let mut out = self;
        for d in 0..D {
            out.0[d] = lanes::clean(self.0[d]);
        }
        out
    }

    /// Lanes of `b` where the mask is set, of `a` elsewhere.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn blend(mask: u8, a: &Self, b: &Self) -> Self {
        let mut out = *a;
        for d in 0..D {
            out.0[d] = lanes::blend(mask, &a.0[d], &b.0[d]);
        }
        out
    }

    /// Subtracts k·p (given) where a raw component is at least (sixteenths / 16)·p.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn lower<M: Modulus>(self, sixteenths: u64, kp: &[u64; L]) -> Self {
        let mut out = self;
        for d in 0..D {
            let high = lanes::at_least::<M, L>(&self.0[d], sixteenths);
            out.0[d] = lanes::sub_where(self.0[d], high, kp);
        }
        out
    }

    /// Lanes in which a raw value in [0, count·p) is a multiple of p.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn is_zero<M: Modulus>(&self, count: u64) -> u8 {
        self.0
            .iter()
            .fold(0xff, |mask, a| mask & lanes::is_zero::<M, L>(a, count))
    }
}

/// Eight times the number 1 in private form.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn one<M: Modulus, const L: usize, const D: usize>() -> Coordinate<L, D> {
    let mut out = Coordinate::zero();
    out.0[0] = constant(&const { lanes::limbs(&lanes::power_of_two(M::SPEC, lanes::BITS * L)) });
    out
}

/// a·b + plus, raw; a and b are factors, a below 3p.
///
/// D = 1: plus + [0, 2 + ab/84). D = 2: plus + [0, 2 + (a + 3)·b/84).
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn product_add<M: Modulus, const L: usize, const D: usize>(
    a: &Coordinate<L, D>,
    b: &Coordinate<L, D>,
    plus: &Coordinate<L, D>,
) -> Coordinate<L, D> {
    let mut out = *plus;
    if D == 1 {
        out.0[0] = lanes::mul_add::<M, L>(&a.0[0], &b.0[0], &plus.0[0]);
        return out;
    }
    // four products and two reductions: Karatsuba's saves 50 of 300 multiply-adds for L = 5, and
    // spends them on sums of columns and carries
    let mut t = [lanes::zero(), plus.0[1 % D]];
    lanes::multiply_onto(&mut t, &a.0[0], &b.0[1 % D]);
    lanes::multiply_onto(&mut t, &a.0[1 % D], &b.0[0]);
    let high = lanes::reduce::<M, L>(t);
    let negated = lanes::sub(&constant(&const { times::<M, L>(3) }), &a.0[1 % D]);
    let negated = lanes::multiplicand(negated); // in (0, 3p]
    let mut t = [lanes::zero(), plus.0[0]];
    lanes::multiply_onto(&mut t, &a.0[0], &b.0[0]);
    lanes::multiply_onto(&mut t, &negated, &b.0[1 % D]);
    out.0[0] = lanes::reduce::<M, L>(t);
    out.0[1 % D] = high;
    out
}

/// a·b, raw; as [`product_add`].
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn product<M: Modulus, const L: usize, const D: usize>(
    a: &Coordinate<L, D>,
    b: &Coordinate<L, D>,
) -> Coordinate<L, D> {
    product_add::<M, L, D>(a, b, &Coordinate::zero())
}

/// a² + plus, raw; a is a factor below 3p. The square is below 2.5p.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn square_add<M: Modulus, const L: usize, const D: usize>(
    a: &Coordinate<L, D>,
    plus: &Coordinate<L, D>,
) -> Coordinate<L, D> {
    let mut out = *plus;
    if D == 1 {
        // 2 + 9/84
        out.0[0] = lanes::reduce::<M, L>(lanes::square_columns(&a.0[0], &plus.0[0]));
        return out;
    }
    let (a0, a1) = (&a.0[0], &a.0[1 % D]);
    let twice = lanes::multiplicand(lanes::add(a1, a1)); // < 6p
    out.0[1 % D] = lanes::mul_add::<M, L>(a0, &twice, &plus.0[1 % D]); // 2 + 18/84
    let sum = lanes::multiplicand(lanes::add(a0, a1)); // < 6p
    let raised = lanes::add(a0, &constant(&const { times::<M, L>(3) }));
    let difference = lanes::multiplicand(lanes::sub(&raised, a1)); // in (0, 6p)
    out.0[0] = lanes::mul_add::<M, L>(&sum, &difference, &plus.0[0]); // 2 + 36/84
    out
}

/// The same permutation of lanes in every limb.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn permute<const L: usize, const D: usize>(
    a: &Coordinate<L, D>,
    order: __m512i,
) -> Coordinate<L, D> {
    let mut out = *a;
    for d in 0..D {
        for j in 0..L {
            out.0[d].0[j] = _mm512_permutexvar_epi64(order, a.0[d].0[j]);
        }
    }
    out
}
