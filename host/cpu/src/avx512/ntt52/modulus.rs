//! What the kernels know of a modulus p, and constant factors.

use crate::arith::Modulus;
use crate::avx512::lanes::{MASK, limbs};
use proofmill_field::{Int, int};
use std::marker::PhantomData;

/// A constant factor w with ⌊w·2^260/p⌋: Shoup's product.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(super) struct Twiddle {
    pub(super) factor: [u64; 5],
    pub(super) quotient: [u64; 5],
}

/// a·b mod 2^260.
const fn low_product(a: [u64; 5], b: [u64; 5]) -> [u64; 5] {
    let (mut out, mut carry, mut k) = ([0; 5], 0u128, 0);
    while k < 5 {
        let mut i = 0;
        while i <= k {
            carry += a[i] as u128 * b[k - i] as u128; // < 6·2^104
            i += 1;
        }
        out[k] = carry as u64 & MASK;
        carry >>= 52;
        k += 1;
    }
    out
}

/// −a mod 2^260.
const fn negative(a: [u64; 5]) -> [u64; 5] {
    let (mut out, mut carry, mut k) = ([0; 5], 1, 0);
    while k < 5 {
        let sum = (!a[k] & MASK) + carry;
        out[k] = sum & MASK;
        carry = sum >> 52;
        k += 1;
    }
    out
}

/// What the kernels know of a modulus.
pub(super) struct Constants<P>(PhantomData<P>);

impl<P: Modulus> Constants<P> {
    pub(super) const P: [u64; 5] = limbs(&P::SPEC.modulus);
    /// 2^260 − p: adding a multiple of it subtracts that multiple of p.
    pub(super) const MINUS_P: [u64; 5] = negative(Self::P);
    /// −1/p mod 2^260, by Newton's iteration.
    const MINUS_INVERSE: [u64; 5] = {
        let (mut x, mut bits) = ([1, 0, 0, 0, 0], 1);
        while bits < 260 {
            // x ← x·(2 − p·x)
            let minus = negative(low_product(Self::P, x));
            let two = add_two(minus);
            x = low_product(x, two);
            bits *= 2;
        }
        negative(x)
    };
    /// −1/p mod 2^52.
    pub(super) const DIGIT: u64 = Self::MINUS_INVERSE[0];
    /// ⌊2^260/p⌋: counted bit by bit.
    pub(super) const CAPACITY: u64 = {
        // 2^260 and p are compared as numbers of six words
        let mut power: Int = int::ZERO;
        power[4] = 1 << 4;
        let mut count = 0;
        while !int::less(&power, &P::SPEC.modulus) {
            power = int::sub(&power, &P::SPEC.modulus).0;
            count += 1;
        }
        // what is left above k·p: the bounds of `product_pair` need at least 2^212
        assert!(int::bits(&power) > 212);
        count
    };
    /// Half the capacity: the multiple of p that lazy values are offset by.
    pub(super) const CENTRE: u64 = Self::CAPACITY / 2;
    /// Bits that p takes in its top limb.
    pub(super) const TOP_BITS: u32 = P::SPEC.bits - 208;
    /// ⌊2^(52 + TOP_BITS − 1)/(p₄ + 1)⌋ < 2^52, because p₄ ≥ 2^(TOP_BITS − 1).
    pub(super) const RECIPROCAL: u64 =
        ((1u128 << (51 + Self::TOP_BITS)) / (Self::P[4] as u128 + 1)) as u64;
    /// Packing 2p into four words, and the fields' four words at all.
    pub(super) const FITS: () = assert!(
        P::SPEC.bits <= 255 && P::SPEC.bits >= 250 && P::SPEC.bytes == 32 && P::SPEC.log_r == 256
    );

    /// k·p mod 2^260.
    pub(super) const fn multiple(k: u64) -> [u64; 5] {
        low_product(Self::P, [k, 0, 0, 0, 0])
    }
    pub(super) const OFFSET: [u64; 5] = Self::multiple(Self::CENTRE);
    pub(super) const TWICE_P: [u64; 5] = Self::multiple(2);
    pub(super) const MINUS_5P: [u64; 5] = negative(Self::multiple(5));
}

const fn add_two(mut a: [u64; 5]) -> [u64; 5] {
    a[0] += 2;
    let mut k = 0;
    while k < 4 {
        a[k + 1] += a[k] >> 52;
        a[k] &= MASK;
        k += 1;
    }
    a[4] &= MASK;
    a
}

impl Twiddle {
    /// The factor w < p from w·2^260 mod p and w, as plain integers.
    pub(super) fn new<P: Modulus>(w: [u64; 4], shifted: [u64; 4]) -> Self {
        // ⌊w·2^260/p⌋ = (w·2^260 − shifted)/p exactly, and mod 2^260 that is −shifted/p
        Twiddle {
            factor: limbs(&w),
            quotient: low_product(limbs(&shifted), Constants::<P>::MINUS_INVERSE),
        }
    }
}
