//! p = 2^64 − 2^32 + 1. Values are any `u64`, until [`Field::canonical`].

use super::{Arith, Field};
use bytemuck::{Pod, Zeroable};
use proofmill_field::{FieldId, FieldSpec, Int, int};

/// An element; compared by its residue.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(transparent)]
pub(crate) struct Goldilocks(pub(crate) u64);

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

/// Keeps a branch that is taken once in 2^32 times a branch: as a conditional move it would lengthen
/// every sum (measured: a transform of 2^12 takes a seventh longer).
#[inline(always)]
fn rare() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: an empty instruction sequence, which touches nothing.
    unsafe {
        std::arch::asm!("", options(nomem, nostack, preserves_flags));
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
        if again {
            rare();
            // a second carry leaves a sum below EPSILON, so a third cannot be
            return Goldilocks(sum + EPSILON);
        }
        Goldilocks(sum)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let (d, borrow) = self.0.overflowing_sub(other.0);
        let (d, again) = d.overflowing_sub(if borrow { EPSILON } else { 0 });
        if again {
            rare();
            // a second borrow leaves a difference above 2^64 − EPSILON, so a third cannot be
            return Goldilocks(d - EPSILON);
        }
        Goldilocks(d)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // x = x0 + 2^64·x1 + 2^96·x2 ≡ x0 + (2^32 − 1)·x1 − x2, with x1, x2 < 2^32
        let x = self.0 as u128 * other.0 as u128;
        let (low, high) = (x as u64, (x >> 64) as u64);
        let (t, borrow) = low.overflowing_sub(high >> 32);
        let t = if borrow {
            rare();
            t - EPSILON // low < x2 < 2^32, so t ≥ 2^64 − 2^32: this does not wrap
        } else {
            t
        };
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
