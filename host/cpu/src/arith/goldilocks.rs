//! p = 2^64 − 2^32 + 1. Values are any `u64`, until [`Field::canonical`].

use super::{Arith, Field};
use bytemuck::{Pod, Zeroable};
use proofmill_field::{FieldId, FieldSpec, Int, int};

/// An element; compared by its residue.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(transparent)]
pub struct Goldilocks(pub(crate) u64);

const P: u64 = 0u64.wrapping_sub(EPSILON);
/// 2^64 mod p.
const EPSILON: u64 = 0xffff_ffff;
const _: () = assert!(P == FieldId::Goldilocks.spec().modulus[0]);

impl Goldilocks {
    #[inline(always)]
    fn reduced(x: u64) -> Self {
        Goldilocks(if x >= P { x - P } else { x })
    }
}

impl PartialEq for Goldilocks {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        Self::reduced(self.0).0 == Self::reduced(other.0).0
    }
}

impl Arith for Goldilocks {
    const ZERO: Self = Goldilocks(0);
    const ONE: Self = Goldilocks(1);

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let (sum, carry) = self.0.overflowing_add(other.0);
        let (sum, again) = sum.overflowing_add(if carry { EPSILON } else { 0 });
        // a second carry leaves a sum below EPSILON, so a third cannot be
        Goldilocks(if again { sum + EPSILON } else { sum })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let (d, borrow) = self.0.overflowing_sub(other.0);
        let (d, again) = d.overflowing_sub(if borrow { EPSILON } else { 0 });
        // a second borrow leaves a difference above 2^64 − EPSILON, so a third cannot be
        Goldilocks(if again { d - EPSILON } else { d })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // x = x0 + 2^64·x1 + 2^96·x2 ≡ x0 + (2^32 − 1)·x1 − x2, with x1, x2 < 2^32
        let x = self.0 as u128 * other.0 as u128;
        let (low, high) = (x as u64, (x >> 64) as u64);
        let (t, borrow) = low.overflowing_sub(high >> 32);
        // low < x2 < 2^32, so t ≥ 2^64 − 2^32: subtracting EPSILON does not wrap
        let t = if borrow { t - EPSILON } else { t };
        let product = (high & EPSILON) * EPSILON; // ≤ 2^64 − 2^33 + 1
        let (sum, carry) = t.overflowing_add(product);
        // after a carry sum ≤ 2^64 − 2^33, so adding EPSILON does not wrap
        Goldilocks(if carry { sum + EPSILON } else { sum })
    }

    fn inverse_vartime(self) -> Self {
        self.pow(P - 2)
    }
}

impl Field for Goldilocks {
    const SPEC: &'static FieldSpec = FieldId::Goldilocks.spec();

    fn from_int(a: &Int) -> Self {
        Goldilocks(a[0])
    }

    fn to_int(self) -> Int {
        int::small(self.canonical().0)
    }

    const LAZY: bool = true;

    #[inline(always)]
    fn canonical(self) -> Self {
        Self::reduced(self.0)
    }

    #[inline]
    fn is_canonical(&self) -> bool {
        self.0 < P
    }
}

/// A reduced element whose arithmetic is made of what vectors have: products of 32-bit halves,
/// comparisons and selections. With AVX-512 eight of them go at once; alone it is slower than
/// [`Goldilocks`].
#[derive(Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(transparent)]
pub struct GoldilocksLane(u64);

impl GoldilocksLane {
    /// Reduces words, which are lanes from then on.
    pub fn reduce_all(words: &mut [Goldilocks]) {
        words.iter_mut().for_each(|x| *x = x.canonical());
    }

    /// a·b as 64-bit halves (low, high).
    #[inline(always)]
    fn wide(a: u64, b: u64) -> (u64, u64) {
        let (a0, a1, b0, b1) = (a & EPSILON, a >> 32, b & EPSILON, b >> 32);
        let low = a0 * b0;
        let mid = a1 * b0 + (low >> 32); // ≤ (2^32 − 1)² + 2^32 − 1 < 2^64
        let mid_2 = a0 * b1 + (mid & EPSILON); // likewise
        (
            (low & EPSILON) | mid_2 << 32,
            a1 * b1 + (mid >> 32) + (mid_2 >> 32),
        )
    }
}

impl Arith for GoldilocksLane {
    const ZERO: Self = GoldilocksLane(0);
    const ONE: Self = GoldilocksLane(1);

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.sub(GoldilocksLane(P - other.0)) // in [0, p], and sub takes p on its right
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let d = self.0.wrapping_sub(other.0);
        GoldilocksLane(if self.0 < other.0 {
            d.wrapping_add(P)
        } else {
            d
        })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // as in Goldilocks::mul
        let (low, high) = Self::wide(self.0, other.0);
        let (upper, middle) = (high >> 32, high & EPSILON);
        let t = low.wrapping_sub(upper);
        let t = if low < upper {
            t.wrapping_sub(EPSILON)
        } else {
            t
        };
        let sum = t.wrapping_add((middle << 32) - middle);
        let sum = if sum < t {
            sum.wrapping_add(EPSILON)
        } else {
            sum
        };
        // sum < p wraps to the larger word
        GoldilocksLane(sum.min(sum.wrapping_sub(P)))
    }

    fn inverse_vartime(self) -> Self {
        self.pow(P - 2)
    }
}

impl Field for GoldilocksLane {
    const SPEC: &'static FieldSpec = FieldId::Goldilocks.spec();

    fn from_int(a: &Int) -> Self {
        GoldilocksLane(a[0])
    }

    fn to_int(self) -> Int {
        int::small(self.0)
    }

    fn is_canonical(&self) -> bool {
        self.0 < P
    }
}
