//! Eight elements of a prime field in one register each limb: L limbs of 52 bits, one element a
//! 64-bit lane, multiplied by AVX-512's 52-bit multiply-add (IFMA).
//!
//! L = 5 serves moduli of up to 256 bits, L = 8 those of 377 and 381. The private form is
//! Montgomery's with R = 2^(52·L), which is 84 p for BN254's base field and more for every other one
//! used here. Three states of a value are told apart:
//!
//! | state | limbs | good for |
//! |---|---|---|
//! | raw | signed, any magnitude below 2^63 | sums, differences, the addend of a product |
//! | multiplicand | low 52 bits right, what was carried on left above them; value in [0, R) | factors |
//! | clean | in [0, 2^52) | all of that, equality, packing |
//!
//! The multiplier reads the low 52 bits of a limb only, so a factor's carries need no masks.
//!
//! Cost of a product for L = 5: 100 multiply-adds and 11 other operations, 8 more for its carries.

mod pack;

pub(crate) use pack::{join, split, transpose, words_of};

use crate::arith::Modulus;
use core::arch::x86_64::*;
use proofmill_field::{FieldSpec, Int};

/// Bits of a limb.
pub(crate) const BITS: usize = 52;
/// The low bits of a limb.
pub(crate) const MASK: u64 = (1 << BITS) - 1;

/// Eight elements, limb by limb.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Lanes<const L: usize>(pub(crate) [__m512i; L]);

// SAFETY: transparent over vectors of integers; all zero is a value.
unsafe impl<const L: usize> bytemuck::Zeroable for Lanes<L> {}
// SAFETY: as above: no padding, every bit pattern a value.
unsafe impl<const L: usize> bytemuck::Pod for Lanes<L> {}

/// The columns of a product: column k is `[k / L][k % L]`.
pub(crate) type Columns<const L: usize> = [Lanes<L>; 2];

/// 64-bit words as limbs of 52 bits; what the last one cannot hold is lost.
pub(crate) const fn limbs<const L: usize>(a: &[u64]) -> [u64; L] {
    let (mut out, mut j) = ([0; L], 0);
    while j < L {
        let (word, shift) = (BITS * j / 64, BITS * j % 64);
        if word < a.len() {
            out[j] = a[word] >> shift;
            if shift > 12 && word + 1 < a.len() {
                out[j] |= a[word + 1] << (64 - shift);
            }
        }
        out[j] &= MASK;
        j += 1;
    }
    out
}

/// k·p; the last limb keeps what is above its 52 bits.
pub(crate) const fn times<M: Modulus, const L: usize>(k: u64) -> [u64; L] {
    let (p, mut out, mut carry, mut j) = (limbs::<L>(&M::SPEC.modulus), [0; L], 0, 0);
    while j < L {
        carry += p[j] as u128 * k as u128;
        out[j] = if j + 1 < L {
            carry as u64 & MASK
        } else {
            carry as u64
        };
        carry >>= BITS;
        j += 1;
    }
    out
}

/// 2^k mod p, a plain integer.
pub(crate) const fn power_of_two(spec: &FieldSpec, k: usize) -> Int {
    let (mut out, mut i) = ([1, 0, 0, 0, 0, 0], 0);
    while i < k {
        out = spec.add(&out, &out);
        i += 1;
    }
    out
}

/// −1/p mod 2^52.
const fn negated_inverse<M: Modulus>() -> u64 {
    M::SPEC.neg_inverse & MASK
}

/// N' = (N + 1) / 2^52, where N = p · (−1/p mod 2^52) is the multiple of p that is −1 mod 2^52.
/// Then t + (t mod 2^52)·N = 2^52 · (t / 2^52 + (t mod 2^52)·N'): a step of the reduction whose
/// quotient digit is the column itself. N' ≤ p.
const fn friendly<M: Modulus, const L: usize>() -> [u64; L] {
    let (p, k) = (limbs::<L>(&M::SPEC.modulus), negated_inverse::<M>());
    let (mut out, mut carry, mut j) = ([0; L], 1u128, 0);
    while j < L {
        carry += p[j] as u128 * k as u128;
        if j > 0 {
            out[j - 1] = carry as u64 & MASK;
        }
        carry >>= BITS;
        j += 1;
    }
    out[L - 1] = carry as u64;
    out
}

/// The same word in all lanes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn splat(x: u64) -> __m512i {
    _mm512_set1_epi64(x as i64)
}

/// The same element in all lanes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn constant<const L: usize>(a: &[u64; L]) -> Lanes<L> {
    let mut out = zero();
    for j in 0..L {
        out.0[j] = splat(a[j]);
    }
    out
}

/// Zeros.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn zero<const L: usize>() -> Lanes<L> {
    Lanes([_mm512_setzero_si512(); L])
}

/// a + b, raw.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn add<const L: usize>(a: &Lanes<L>, b: &Lanes<L>) -> Lanes<L> {
    let mut out = *a;
    for j in 0..L {
        out.0[j] = _mm512_add_epi64(a.0[j], b.0[j]);
    }
    out
}

/// a − b, raw.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn sub<const L: usize>(a: &Lanes<L>, b: &Lanes<L>) -> Lanes<L> {
    let mut out = *a;
    for j in 0..L {
        out.0[j] = _mm512_sub_epi64(a.0[j], b.0[j]);
    }
    out
}

/// Lanes of `b` where the mask is set, of `a` elsewhere.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn blend<const L: usize>(mask: u8, a: &Lanes<L>, b: &Lanes<L>) -> Lanes<L> {
    let mut out = *a;
    for j in 0..L {
        out.0[j] = _mm512_mask_blend_epi64(mask, a.0[j], b.0[j]);
    }
    out
}

/// raw in [0, R) → multiplicand.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn multiplicand<const L: usize>(mut a: Lanes<L>) -> Lanes<L> {
    for j in 1..L {
        a.0[j] = _mm512_add_epi64(a.0[j], _mm512_srai_epi64(a.0[j - 1], BITS as u32));
    }
    a
}

/// raw → clean, except that the last limb keeps sign and excess: clean for values in [0, R).
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn clean<const L: usize>(a: Lanes<L>) -> Lanes<L> {
    let mut a = multiplicand(a);
    for j in 0..L - 1 {
        a.0[j] = _mm512_and_si512(a.0[j], splat(MASK));
    }
    a
}

/// Lanes in which a raw value is at least (sixteenths / 16)·p, give or take 2^-9 p.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn at_least<M: Modulus, const L: usize>(a: &Lanes<L>, sixteenths: u64) -> u8 {
    // limbs below 2^62: those under the second highest are less than a unit of the highest
    // (2^208 < 2^-45 p, or 2^364 < 2^-12 p), and the second highest is carried where it matters
    let mut top = a.0[L - 1];
    if L > 5 {
        top = _mm512_add_epi64(top, _mm512_srai_epi64(a.0[L - 2], BITS as u32));
    }
    let limit = times::<M, L>(sixteenths)[L - 1] >> 4;
    _mm512_cmpge_epi64_mask(top, splat(limit))
}

/// a − k·p in the lanes of the mask, raw.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn sub_where<const L: usize>(mut a: Lanes<L>, mask: u8, kp: &[u64; L]) -> Lanes<L> {
    for j in 0..L {
        a.0[j] = _mm512_mask_sub_epi64(a.0[j], mask, a.0[j], splat(kp[j]));
    }
    a
}

/// A multiplicand made clean.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn masked<const L: usize>(mut a: Lanes<L>) -> Lanes<L> {
    for j in 0..L {
        a.0[j] = _mm512_and_si512(a.0[j], splat(MASK));
    }
    a
}

/// Lanes in which clean limbs equal those of a constant.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn equal<const L: usize>(a: &Lanes<L>, b: &[u64; L]) -> u8 {
    let mut mask = 0xff;
    for j in 0..L {
        mask &= _mm512_cmpeq_epi64_mask(a.0[j], splat(b[j]));
    }
    mask
}

/// Lanes in which a raw value in [0, count·p) is a multiple of p.
#[target_feature(enable = "avx512f")]
pub(crate) fn is_zero<M: Modulus, const L: usize>(a: &Lanes<L>, count: u64) -> u8 {
    let a = clean(*a);
    (0..count).fold(0, |mask, k| mask | equal(&a, &times::<M, L>(k)))
}

/// t_(i+k) += lo(a·b_k), t_(i+k+1) += hi(a·b_k) for k from `from`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn accumulate<const L: usize>(t: &mut Columns<L>, i: usize, a: __m512i, b: &Lanes<L>, from: usize) {
    for k in from..L {
        let (low, high) = (i + k, i + k + 1);
        let (x, y) = (t[low / L].0[low % L], t[high / L].0[high % L]);
        t[low / L].0[low % L] = _mm512_madd52lo_epu64(x, a, b.0[k]);
        t[high / L].0[high % L] = _mm512_madd52hi_epu64(y, a, b.0[k]);
    }
}

/// Runs the expression for every i below L ≤ 8: left to itself the compiler keeps the loops rolled.
macro_rules! unrolled {
    ($L:ident, $i:ident => $body:expr) => {
        unrolled!(@ $L, $i, $body, 0 1 2 3 4 5 6 7)
    };
    (@ $L:ident, $i:ident, $body:expr, $($n:literal)*) => {{
        const { assert!($L <= 8) };
        $(if $n < $L {
            let $i: usize = $n;
            $body
        })*
    }};
}

/// t + a·b; a column grows by less than 2·L·2^52.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn multiply_onto<const L: usize>(t: &mut Columns<L>, a: &Lanes<L>, b: &Lanes<L>) {
    unrolled!(L, i => accumulate(t, i, a.0[i], b, 0));
}

/// a² + `plus`·R: every cross product once, then doubled.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn square_columns<const L: usize>(a: &Lanes<L>, plus: &Lanes<L>) -> Columns<L> {
    let mut t = [zero(); 2];
    unrolled!(L, i => accumulate(&mut t, i, a.0[i], a, i + 1));
    for k in 1..L {
        t[0].0[k] = _mm512_add_epi64(t[0].0[k], t[0].0[k]);
        t[1].0[k - 1] = _mm512_add_epi64(t[1].0[k - 1], t[1].0[k - 1]);
    }
    for i in 0..L {
        let (low, high) = (2 * i, 2 * i + 1);
        let (x, y) = (t[low / L].0[low % L], t[high / L].0[high % L]);
        t[low / L].0[low % L] = _mm512_madd52lo_epu64(x, a.0[i], a.0[i]);
        t[high / L].0[high % L] = _mm512_madd52hi_epu64(y, a.0[i], a.0[i]);
    }
    t[1] = add(&t[1], plus);
    t
}

/// t/R mod p, raw, in (t/R, t/R + 2p + 2^-40 p). Columns of t are in [0, 2^62), but the upper ones
/// may be raw.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn reduce<M: Modulus, const L: usize>(mut t: Columns<L>) -> Lanes<L> {
    let n = constant(&const { friendly::<M, L>() });
    // L − 1 steps by N', each adding less than 2^52·N' ≤ 2^52·p to what the next ones divide by
    // 2^52: the last of them leaves p, those before it nearly nothing
    unrolled!(L, i => if i + 1 < L {
        let digit = t[0].0[i];
        let next = _mm512_add_epi64(t[0].0[i + 1], _mm512_srai_epi64(digit, BITS as u32));
        t[0].0[i + 1] = next;
        accumulate(&mut t, i + 1, digit, &n, 0);
    });
    // one by p itself, which adds less than p. Its lowest column becomes a multiple of 2^52: the
    // carry is known without that product
    let last = t[0].0[L - 1];
    let digit = _mm512_madd52lo_epu64(
        _mm512_setzero_si512(),
        last,
        splat(const { negated_inverse::<M>() }),
    );
    let carry = _mm512_srai_epi64(_mm512_add_epi64(last, splat(MASK)), BITS as u32);
    t[1].0[0] = _mm512_add_epi64(t[1].0[0], carry);
    let p = constant(&const { times::<M, L>(1) });
    t[1].0[0] = _mm512_madd52hi_epu64(t[1].0[0], digit, p.0[0]);
    accumulate(&mut t, L - 1, digit, &p, 1);
    t[1]
}

/// a·b/R + plus mod p, raw, below a·b/R + plus + 2p.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn mul_add<M: Modulus, const L: usize>(
    a: &Lanes<L>,
    b: &Lanes<L>,
    plus: &Lanes<L>,
) -> Lanes<L> {
    let mut t = [zero(), *plus];
    multiply_onto(&mut t, a, b);
    reduce::<M, L>(t)
}

/// a·b/R mod p, raw, below a·b/R + 2p.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn mul<M: Modulus, const L: usize>(a: &Lanes<L>, b: &Lanes<L>) -> Lanes<L> {
    mul_add::<M, L>(a, b, &zero())
}

#[cfg(test)]
mod tests;
