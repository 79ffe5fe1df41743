//! Montgomery arithmetic on N 64-bit limbs, R = 2^(64·N).

#[cfg(target_arch = "x86_64")]
mod adx;

use super::{Arith, Field, Modulus};
use crate::{dispatch, inverse};
use bytemuck::{Pod, Zeroable};
use proofmill_field::{FieldSpec, Int, int};
use std::marker::PhantomData;

/// An element, reduced.
#[derive(Clone, Copy, PartialEq)]
#[repr(transparent)]
pub struct Mont<P, const N: usize>(pub(crate) [u64; N], PhantomData<P>);

// SAFETY: transparent over an array of integers; the marker has no size.
unsafe impl<P: Modulus, const N: usize> Zeroable for Mont<P, N> {}
// SAFETY: as above; every bit pattern is a value of the type (not necessarily a reduced one).
unsafe impl<P: Modulus, const N: usize> Pod for Mont<P, N> {}

impl<P: Modulus, const N: usize> Mont<P, N> {
    const P: [u64; N] = FieldSpec::low(&P::SPEC.modulus);
    const INV: u64 = P::SPEC.neg_inverse;
    /// The product loop adds two carries into one limb: their sum stays below 2^64 as long as the
    /// top limb of p is below 2^63 − 1 (gnark's condition, hackmd.io/@gnark/modular_multiplication).
    const SPARE_BIT: () = assert!(Self::P[N - 1] < (1 << 63) - 1);

    /// The element with this data form, reduced.
    pub const fn new(limbs: [u64; N]) -> Self {
        Mont(limbs, PhantomData)
    }

    /// One outer step of the product: t ← (t + a·b_i + m·p) / 2^64, with t < 2p throughout.
    #[inline(always)]
    fn step(t: &mut [u64; N], a: &[u64; N], b: u64) {
        let (low, mut carry_a) = multiply_add(t[0], a[0], b, 0);
        let m = low.wrapping_mul(Self::INV);
        let (_, mut carry_m) = multiply_add(low, m, Self::P[0], 0);
        for j in 1..N {
            let low;
            (low, carry_a) = multiply_add(t[j], a[j], b, carry_a);
            (t[j - 1], carry_m) = multiply_add(low, m, Self::P[j], carry_m);
        }
        // reduced operands do not overflow: SPARE_BIT. Others give a wrong product, not a panic.
        t[N - 1] = carry_a.wrapping_add(carry_m);
    }

    /// The product in [0, 2p), one step after the other.
    #[inline(always)]
    fn steps(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
        let mut t = [0; N];
        // spelled out: left to itself the compiler keeps the outer loop of six rolled
        Self::step(&mut t, a, b[0]);
        Self::step(&mut t, a, b[1]);
        Self::step(&mut t, a, b[2]);
        Self::step(&mut t, a, b[3]);
        if N > 4 {
            Self::step(&mut t, a, b[4]);
            Self::step(&mut t, a, b[5]);
        }
        t
    }

    /// The same with ADX, where the processor has it.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn product(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
        if !dispatch::has_adx() {
            return Self::steps(a, b);
        }
        let constants = const {
            &adx::Constants {
                modulus: Self::P,
                neg_inverse: Self::INV,
            }
        };
        // SAFETY: just asked.
        unsafe { adx::product(a, b, constants) }
    }

    /// The product in [0, 2p).
    #[cfg(not(target_arch = "x86_64"))]
    #[inline(always)]
    fn product(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
        Self::steps(a, b)
    }

    /// [0, 2p) → [0, p)
    #[inline(always)]
    fn reduced(t: [u64; N]) -> Self {
        let (mut d, mut borrow) = ([0; N], false);
        for i in 0..N {
            (d[i], borrow) = subtract(t[i], Self::P[i], borrow);
        }
        let mut out = [0; N];
        for i in 0..N {
            out[i] = if borrow { t[i] } else { d[i] };
        }
        Self::new(out)
    }
}

/// t + a·b + carry, as (low, high): at most 2^128 − 1.
#[inline(always)]
fn multiply_add(t: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let sum = a as u128 * b as u128 + t as u128 + carry as u128;
    (sum as u64, (sum >> 64) as u64)
}

#[inline(always)]
fn subtract(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    #[cfg(target_arch = "x86_64")]
    {
        let mut d = 0;
        let borrow = std::arch::x86_64::_subborrow_u64(borrow as u8, a, b, &mut d);
        (d, borrow != 0)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let (d, b1) = a.overflowing_sub(b);
        let (d, b2) = d.overflowing_sub(borrow as u64);
        (d, b1 | b2)
    }
}

#[inline(always)]
fn add(a: u64, b: u64, carry: bool) -> (u64, bool) {
    #[cfg(target_arch = "x86_64")]
    {
        let mut s = 0;
        let carry = std::arch::x86_64::_addcarry_u64(carry as u8, a, b, &mut s);
        (s, carry != 0)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let (s, c1) = a.overflowing_add(b);
        let (s, c2) = s.overflowing_add(carry as u64);
        (s, c1 | c2)
    }
}

impl<P: Modulus, const N: usize> Arith for Mont<P, N> {
    const ZERO: Self = Self::new([0; N]);
    const ONE: Self = Self::new(FieldSpec::low(&P::SPEC.one));

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // a + b < 2p < 2^(64·N): no carry out
        let (mut sum, mut carry) = ([0; N], false);
        for i in 0..N {
            (sum[i], carry) = add(self.0[i], other.0[i], carry);
        }
        Self::reduced(sum)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let (mut d, mut borrow) = ([0; N], false);
        for i in 0..N {
            (d[i], borrow) = subtract(self.0[i], other.0[i], borrow);
        }
        let (mut out, mut carry) = ([0; N], false);
        for i in 0..N {
            let p = if borrow { Self::P[i] } else { 0 };
            (out[i], carry) = add(d[i], p, carry);
        }
        Self::new(out)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let () = Self::SPARE_BIT;
        Self::reduced(Self::product(&self.0, &other.0))
    }

    fn inverse_vartime(self) -> Self {
        // a·R → 1/(a·R), times R³/R
        const { assert!(Self::P[N - 1] < 1 << 63) };
        let p = inverse::Odd {
            modulus: Self::P,
            neg_inverse: Self::INV,
        };
        let r3 = const { P::SPEC.mul(&P::SPEC.r2, &P::SPEC.r2) };
        Self::new(inverse::inverse_vartime(&self.0, &p)).mul(Self::new(FieldSpec::low(&r3)))
    }
}

impl<P: Modulus, const N: usize> Field for Mont<P, N> {
    const SPEC: &'static FieldSpec = P::SPEC;

    fn from_int(a: &Int) -> Self {
        Self::new(FieldSpec::low(a))
    }

    fn to_int(self) -> Int {
        let mut out = int::ZERO;
        out[..N].copy_from_slice(&self.0);
        out
    }

    #[inline]
    fn is_canonical(&self) -> bool {
        let mut borrow = false;
        for i in 0..N {
            (_, borrow) = subtract(self.0[i], Self::P[i], borrow);
        }
        borrow
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::arith::{Bls12_377Fq, Bls12_381Fq, Bls12_381Fr, Bn254Fq};
    use proofmill_field::Random;

    fn agree<P: Modulus, const N: usize>() {
        let (spec, mut random) = (P::SPEC, Random::seeded(4));
        let top = int::sub(&spec.modulus, &int::small(1)).0;
        let mut element = |i: usize| match i % 5 {
            0 => top,
            1 => [int::ZERO, int::small(1), spec.r2][i / 5 % 3],
            _ => random.element(spec.id),
        };
        for i in 0..100_000 {
            let [a, b] = [element(i), element(i / 5)].map(|a| FieldSpec::low(&a));
            let expected = Mont::<P, N>::steps(&a, &b);
            assert_eq!(Mont::<P, N>::product(&a, &b), expected, "{a:x?} {b:x?}");
        }
    }

    #[test]
    fn both_products_agree() {
        if !dispatch::has_adx() {
            println!("skipped: no ADX, or PROOFMILL_CPU forces another path");
            return;
        }
        agree::<Bn254Fq, 4>();
        agree::<Bls12_381Fr, 4>();
        agree::<Bls12_381Fq, 6>();
        agree::<Bls12_377Fq, 6>();
    }
}
