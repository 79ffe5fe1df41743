//! BabyBear and KoalaBear: Montgomery arithmetic on one 32-bit word, R = 2^32.

use super::{Arith, Field, Modulus};
use bytemuck::{Pod, Zeroable};
use proofmill_field::{FieldSpec, Int, int};
use std::marker::PhantomData;

/// An element, reduced.
#[derive(Clone, Copy, PartialEq)]
#[repr(transparent)]
pub struct Mont31<P>(pub(crate) u32, PhantomData<P>);

// SAFETY: transparent over an integer; the marker has no size.
unsafe impl<P: Modulus> Zeroable for Mont31<P> {}
// SAFETY: as above; every bit pattern is a value of the type (not necessarily a reduced one).
unsafe impl<P: Modulus> Pod for Mont31<P> {}

impl<P: Modulus> Mont31<P> {
    const P: u32 = P::SPEC.modulus[0] as u32;
    /// 1/p mod 2^32.
    const INV: u32 = (P::SPEC.neg_inverse as u32).wrapping_neg();

    const fn new(x: u32) -> Self {
        Mont31(x, PhantomData)
    }
}

impl<P: Modulus> Arith for Mont31<P> {
    const ZERO: Self = Self::new(0);
    const ONE: Self = Self::new(P::SPEC.one[0] as u32);

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let sum = self.0.wrapping_add(other.0); // reduced operands: < 2p < 2^32
        Self::new(sum.min(sum.wrapping_sub(Self::P)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // if it wraps, adding p gives the smaller word: a − b + 2^32 > p − (b − a)
        let d = self.0.wrapping_sub(other.0);
        Self::new(d.min(d.wrapping_add(Self::P)))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let t = self.0 as u64 * other.0 as u64;
        let m = (t as u32).wrapping_mul(Self::INV);
        let u = (m as u64 * Self::P as u64) >> 32;
        // low words of t and m·p agree, so the difference of the high words is exact: in (−p, p)
        let d = ((t >> 32) as u32).wrapping_sub(u as u32);
        Self::new(d.min(d.wrapping_add(Self::P)))
    }

    fn inverse_vartime(self) -> Self {
        self.pow((Self::P - 2) as u64)
    }
}

impl<P: Modulus> Field for Mont31<P> {
    const SPEC: &'static FieldSpec = P::SPEC;

    fn from_int(a: &Int) -> Self {
        Self::new(a[0] as u32)
    }

    fn to_int(self) -> Int {
        int::small(self.0 as u64)
    }

    #[inline]
    fn is_canonical(&self) -> bool {
        self.0 < Self::P
    }
}
