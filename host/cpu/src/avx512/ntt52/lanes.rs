//! Arithmetic on eight residues at once: five limbs of 52 bits, a vector for each limb.
//!
//! Numbers stand for residues mod p and are themselves known mod 2^260: the multiply-add reads the
//! low 52 bits of a limb, so that what lies above them in the top limb never counts, and what lies
//! above them in a lower limb counts once it is carried. `k` below is the capacity ⌊2^260/p⌋ (84 for
//! BN254, 35 for BLS12-381, 219 for BLS12-377).

#![expect(
    clippy::absurd_extreme_comparisons,
    reason = "indices are constants, one copy of the block for each"
)]

use super::modulus::{Constants, Twiddle};
use crate::arith::Modulus;
pub(super) use crate::avx512::lanes::{MASK, splat};
use bytemuck::{Pod, Zeroable};
use std::arch::x86_64::*;

/// Eight 64-bit lanes.
pub(super) type Vector = __m512i;

/// Eight residues.
pub(super) type Limbs = [Vector; 5];

/// Eight residues in memory.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Row(pub(super) Limbs);

// SAFETY: five vectors of integers without padding; all zero is a value.
unsafe impl Zeroable for Row {}
// SAFETY: as above; any bits are a value.
unsafe impl Pod for Row {}

/// Eight packed residues in memory, word by word.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Cell(pub(super) [Vector; 4]);

// SAFETY: four vectors of integers without padding; all zero is a value.
unsafe impl Zeroable for Cell {}
// SAFETY: as above; any bits are a value.
unsafe impl Pod for Cell {}

/// The block five times, with constant indices: left to itself the compiler keeps the loops rolled
/// and the limbs in memory.
macro_rules! five {
    ($i:ident => $block:block) => {{
        {
            const $i: usize = 0;
            $block
        }
        {
            const $i: usize = 1;
            $block
        }
        {
            const $i: usize = 2;
            $block
        }
        {
            const $i: usize = 3;
            $block
        }
        {
            const $i: usize = 4;
            $block
        }
    }};
}

macro_rules! low {
    ($sum:expr, $a:expr, $b:expr) => {
        $sum = _mm512_madd52lo_epu64($sum, $a, $b)
    };
}

macro_rules! high {
    ($sum:expr, $a:expr, $b:expr) => {
        $sum = _mm512_madd52hi_epu64($sum, $a, $b)
    };
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn constant(x: &[u64; 5]) -> Limbs {
    [
        splat(x[0]),
        splat(x[1]),
        splat(x[2]),
        splat(x[3]),
        splat(x[4]),
    ]
}

/// a + b, limb by limb.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn add(a: &Limbs, b: &Limbs) -> Limbs {
    let mut out = *a;
    five!(K => { out[K] = _mm512_add_epi64(a[K], b[K]); });
    out
}

/// a − b, limb by limb; limbs are signed from here on.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn sub(a: &Limbs, b: &Limbs) -> Limbs {
    let mut out = *a;
    five!(K => { out[K] = _mm512_sub_epi64(a[K], b[K]); });
    out
}

/// a + CENTRE·p.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn offset<P: Modulus>(a: &Limbs) -> Limbs {
    add(a, &constant(&Constants::<P>::OFFSET))
}

/// a + 2p.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn plus_2p<P: Modulus>(a: &Limbs) -> Limbs {
    add(a, &constant(&Constants::<P>::TWICE_P))
}

/// Carries to the top: the low 52 bits of each limb are right, what lies above them stays.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn carried(a: &Limbs) -> Limbs {
    let mut out = *a;
    out[1] = _mm512_add_epi64(out[1], _mm512_srai_epi64::<52>(out[0]));
    out[2] = _mm512_add_epi64(out[2], _mm512_srai_epi64::<52>(out[1]));
    out[3] = _mm512_add_epi64(out[3], _mm512_srai_epi64::<52>(out[2]));
    out[4] = _mm512_add_epi64(out[4], _mm512_srai_epi64::<52>(out[3]));
    out
}

/// Limbs below 2^52.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn normalised(a: &Limbs) -> Limbs {
    let mut out = carried(a);
    five!(K => { out[K] = _mm512_and_si512(out[K], splat(MASK)); });
    out
}

/// Two products a·w by constants, independent and interleaved: one is a chain of a hundred cycles
/// with forty of work. a is carried and at most CAPACITY·p.
///
/// r = a·w − q·p − c·p mod 2^260, where q is the high half of a·⌊w·2^260/p⌋ short of its columns
/// 0..4. Those sum up to less than 9·2^260 and the quotient's own rounding costs less than one more:
/// a·w − q·p lies in [0, 10p), and with c = 5 the result in [−5p, 5p). With column 4 taken as well
/// (`PRECISE`, 11 operations more) only its low 52 bits are lost, less than (1 + 2^−49)·2^260, and
/// as a ≤ CAPACITY·p < 2^260 − 2^211 the rounding costs less than 1 − 2^−49: [0, 2p), and with c = 1
/// the result lies in [−p, p).
///
/// Columns of the result: at most 18 terms below 2^52 and a limb, < 2^57.
///
/// A macro, because the compiler does not inline so long a function, and limbs that go through
/// memory cost a quarter of the time.
macro_rules! product_pair {
    ($P:ty, $precise:expr, $a:expr, $b:expr, $wa:expr, $wb:expr) => {{
    let zero = _mm512_setzero_si512();
    let (mut qa, mut qb) = ([zero; 5], [zero; 5]);
    let (mut ca, mut cb) = (zero, zero);
    five!(J => {
        let (va, vb) = (splat($wa.quotient[J]), splat($wb.quotient[J]));
        five!(I => {
            if I + J >= 5 {
                low!(qa[(I + J) % 5], $a[I], va);
                low!(qb[(I + J) % 5], $b[I], vb);
            }
            if I + J >= 4 {
                high!(qa[(I + J + 1) % 5], $a[I], va);
                high!(qb[(I + J + 1) % 5], $b[I], vb);
            }
            if $precise && I + J == 4 {
                low!(ca, $a[I], va);
                low!(cb, $b[I], vb);
            }
            if $precise && I + J == 3 {
                high!(ca, $a[I], va);
                high!(cb, $b[I], vb);
            }
        });
    });
    let start = constant(start::<$P, { $precise }>());
    let (mut ra, mut rb) = (start, start);
    five!(J => {
        let (va, vb) = (splat($wa.factor[J]), splat($wb.factor[J]));
        five!(I => {
            if I + J < 5 {
                low!(ra[(I + J) % 5], $a[I], va);
                low!(rb[(I + J) % 5], $b[I], vb);
            }
            if I + J < 4 {
                high!(ra[(I + J + 1) % 5], $a[I], va);
                high!(rb[(I + J + 1) % 5], $b[I], vb);
            }
        });
    });
    if $precise {
        qa[0] = _mm512_add_epi64(qa[0], _mm512_srli_epi64::<52>(ca));
        qb[0] = _mm512_add_epi64(qb[0], _mm512_srli_epi64::<52>(cb));
    }
    five!(I => {
        if I > 0 {
            qa[I] = _mm512_add_epi64(qa[I], _mm512_srli_epi64::<52>(qa[(I + 4) % 5]));
            qb[I] = _mm512_add_epi64(qb[I], _mm512_srli_epi64::<52>(qb[(I + 4) % 5]));
        }
        five!(J => {
            let v = splat(Constants::<$P>::MINUS_P[J]);
            if I + J < 5 {
                low!(ra[(I + J) % 5], qa[I], v);
                low!(rb[(I + J) % 5], qb[I], v);
            }
            if I + J < 4 {
                high!(ra[(I + J + 1) % 5], qa[I], v);
                high!(rb[(I + J + 1) % 5], qb[I], v);
            }
        });
    });
    (ra, rb)
    }};
}

/// One of [`product_pair`].
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn product<P: Modulus, const PRECISE: bool>(a: &Limbs, w: &Twiddle) -> Limbs {
    let zero = _mm512_setzero_si512();
    let (mut q, mut c) = ([zero; 5], zero);
    let mut r = constant(start::<P, PRECISE>());
    five!(J => {
        let (v, u) = (splat(w.quotient[J]), splat(w.factor[J]));
        five!(I => {
            if I + J >= 5 { low!(q[(I + J) % 5], a[I], v); }
            if I + J >= 4 { high!(q[(I + J + 1) % 5], a[I], v); }
            if PRECISE && I + J == 4 { low!(c, a[I], v); }
            if PRECISE && I + J == 3 { high!(c, a[I], v); }
            if I + J < 5 { low!(r[(I + J) % 5], a[I], u); }
            if I + J < 4 { high!(r[(I + J + 1) % 5], a[I], u); }
        });
    });
    if PRECISE {
        q[0] = _mm512_add_epi64(q[0], _mm512_srli_epi64::<52>(c));
    }
    five!(I => {
        if I > 0 {
            q[I] = _mm512_add_epi64(q[I], _mm512_srli_epi64::<52>(q[(I + 4) % 5]));
        }
        five!(J => {
            let v = splat(Constants::<P>::MINUS_P[J]);
            if I + J < 5 { low!(r[(I + J) % 5], q[I], v); }
            if I + J < 4 { high!(r[(I + J + 1) % 5], q[I], v); }
        });
    });
    r
}

/// What a product's columns start from: minus its centre.
pub(super) const fn start<P: Modulus, const PRECISE: bool>() -> &'static [u64; 5] {
    if PRECISE {
        &Constants::<P>::MINUS_P
    } else {
        &Constants::<P>::MINUS_5P
    }
}

/// Montgomery products a·v/2^260 and b·w/2^260, interleaved. a, b are carried and below 2^260,
/// v, w < p in limbs below 2^52. The results are below a·v/2^260 + p < 2p, limbs below 2^52.
macro_rules! montgomery_pair {
    ($P:ty, $a:expr, $b:expr, $v:expr, $w:expr) => {{
    let zero = _mm512_setzero_si512();
    let (mut t, mut u) = ([zero; 5], [zero; 5]);
    five!(J => {
        let (mut g, mut h) = ([zero; 5], [zero; 5]);
        five!(I => {
            low!(t[I], $a[I], $v[J]);
            low!(u[I], $b[I], $w[J]);
        });
        let digit = splat(Constants::<$P>::DIGIT);
        let m = _mm512_madd52lo_epu64(zero, t[0], digit);
        let n = _mm512_madd52lo_epu64(zero, u[0], digit);
        five!(I => {
            high!(g[I], $a[I], $v[J]);
            high!(h[I], $b[I], $w[J]);
        });
        five!(I => {
            let p = splat(Constants::<$P>::P[I]);
            low!(t[I], m, p);
            low!(u[I], n, p);
            high!(g[I], m, p);
            high!(h[I], n, p);
        });
        // the low 52 bits are zero now; a column holds at most 20 terms below 2^52 and a carry
        t[0] = _mm512_add_epi64(_mm512_add_epi64(t[1], g[0]), _mm512_srli_epi64::<52>(t[0]));
        u[0] = _mm512_add_epi64(_mm512_add_epi64(u[1], h[0]), _mm512_srli_epi64::<52>(u[0]));
        five!(I => {
            if I > 0 && I < 4 {
                t[I] = _mm512_add_epi64(t[(I + 1) % 5], g[I]);
                u[I] = _mm512_add_epi64(u[(I + 1) % 5], h[I]);
            }
        });
        t[4] = g[4];
        u[4] = h[4];
    });
    (normalised(&t), normalised(&u))
    }};
}

/// a mod p up to one p: a is carried and below 2^260; the result is below 2p, uncarried.
///
/// q = ⌊a₄·RECIPROCAL/2^52⌋ >> (TOP_BITS − 1) ≤ a/p, and a/p − q < 1 + 2^−35: the divisor's
/// excess and the reciprocal's rounding are relative errors below 2^−43 each, and a/p < 2^8. So
/// a − q·p lies in [0, 2p).
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn estimated<P: Modulus>(a: &Limbs) -> Limbs {
    let zero = _mm512_setzero_si512();
    let high = _mm512_madd52hi_epu64(zero, a[4], splat(Constants::<P>::RECIPROCAL));
    let q = _mm512_srl_epi64(high, _mm_cvtsi64_si128(Constants::<P>::TOP_BITS as i64 - 1));
    let mut out = *a;
    five!(K => { out[K] = _mm512_and_si512(a[K], splat(MASK)); });
    five!(K => {
        let v = splat(Constants::<P>::MINUS_P[K]);
        low!(out[K], q, v);
        if K < 4 {
            high!(out[(K + 1) % 5], q, v);
        }
    });
    out
}

/// As [`estimated`], limbs below 2^52; a need not be carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn reduced<P: Modulus>(a: &Limbs) -> Limbs {
    normalised(&estimated::<P>(&carried(a)))
}

/// The residue below p of any a; a need not be carried.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn canonical<P: Modulus>(a: &Limbs) -> Limbs {
    below_p::<P>(&reduced::<P>(a))
}

/// [0, 2p) → [0, p), limbs below 2^52.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
pub(super) fn below_p<P: Modulus>(a: &Limbs) -> Limbs {
    let difference = carried(&sub(a, &constant(&Constants::<P>::P)));
    let keep = _mm512_movepi64_mask(difference[4]);
    let mut out = *a;
    five!(K => {
        out[K] = _mm512_mask_and_epi64(a[K], !keep, difference[K], splat(MASK));
    });
    out
}

pub(super) use {five, high, low, montgomery_pair, product_pair};
