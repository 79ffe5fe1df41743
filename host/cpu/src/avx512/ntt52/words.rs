//! Packed words and limbs, elements one after the other and lane by lane.

use super::lanes::{Limbs, Vector, all};
use super::modulus::{Constants, MASK};
use crate::arith::Modulus;
use std::arch::x86_64::*;

/// Four words to five limbs.
#[inline]
#[target_feature(enable = "avx512f,avx512vbmi2")]
pub(super) fn unpacked(w: &[Vector; 4]) -> Limbs {
    let mask = all(MASK);
    [
        _mm512_and_si512(w[0], mask),
        _mm512_and_si512(_mm512_shrdi_epi64::<52>(w[0], w[1]), mask),
        _mm512_and_si512(_mm512_shrdi_epi64::<40>(w[1], w[2]), mask),
        _mm512_and_si512(_mm512_shrdi_epi64::<28>(w[2], w[3]), mask),
        _mm512_srli_epi64::<16>(w[3]),
    ]
}

/// Five limbs below 2^52, together below 2^256, to four words.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn packed<P: Modulus>(a: &Limbs) -> [Vector; 4] {
    let () = Constants::<P>::FITS;
    [
        _mm512_or_si512(a[0], _mm512_slli_epi64::<52>(a[1])),
        _mm512_or_si512(_mm512_srli_epi64::<12>(a[1]), _mm512_slli_epi64::<40>(a[2])),
        _mm512_or_si512(_mm512_srli_epi64::<24>(a[2]), _mm512_slli_epi64::<28>(a[3])),
        _mm512_or_si512(_mm512_srli_epi64::<36>(a[3]), _mm512_slli_epi64::<16>(a[4])),
    ]
}

/// Eight elements of four words, two in a vector, to a vector for each word.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn words_of(z: &[Vector; 4]) -> [Vector; 4] {
    let low = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
    let high = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
    let a = _mm512_permutex2var_epi64(z[0], low, z[1]);
    let b = _mm512_permutex2var_epi64(z[2], low, z[3]);
    let c = _mm512_permutex2var_epi64(z[0], high, z[1]);
    let d = _mm512_permutex2var_epi64(z[2], high, z[3]);
    [
        _mm512_shuffle_i64x2::<0x44>(a, b),
        _mm512_shuffle_i64x2::<0xee>(a, b),
        _mm512_shuffle_i64x2::<0x44>(c, d),
        _mm512_shuffle_i64x2::<0xee>(c, d),
    ]
}

/// The inverse of [`words_of`].
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn elements_of(w: &[Vector; 4]) -> [Vector; 4] {
    let a = _mm512_shuffle_i64x2::<0x44>(w[0], w[1]);
    let b = _mm512_shuffle_i64x2::<0xee>(w[0], w[1]);
    let c = _mm512_shuffle_i64x2::<0x44>(w[2], w[3]);
    let d = _mm512_shuffle_i64x2::<0xee>(w[2], w[3]);
    let even = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
    let odd = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
    [
        _mm512_permutex2var_epi64(a, even, c),
        _mm512_permutex2var_epi64(a, odd, c),
        _mm512_permutex2var_epi64(b, even, d),
        _mm512_permutex2var_epi64(b, odd, d),
    ]
}

/// 8 × 8 words: out[i] holds word i of every vector. 24 shuffles.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn transposed(r: &[Vector; 8]) -> [Vector; 8] {
    // pairs of rows, then 128-bit blocks 0, 2 and 1, 3 of each, twice
    let pairs = [
        _mm512_unpacklo_epi64(r[0], r[1]),
        _mm512_unpackhi_epi64(r[0], r[1]),
        _mm512_unpacklo_epi64(r[2], r[3]),
        _mm512_unpackhi_epi64(r[2], r[3]),
        _mm512_unpacklo_epi64(r[4], r[5]),
        _mm512_unpackhi_epi64(r[4], r[5]),
        _mm512_unpacklo_epi64(r[6], r[7]),
        _mm512_unpackhi_epi64(r[6], r[7]),
    ];
    let [a0, a1, a2, a3, a4, a5, a6, a7] = pairs;
    let fours = [
        _mm512_shuffle_i64x2::<0x88>(a0, a2),
        _mm512_shuffle_i64x2::<0x88>(a1, a3),
        _mm512_shuffle_i64x2::<0xdd>(a0, a2),
        _mm512_shuffle_i64x2::<0xdd>(a1, a3),
        _mm512_shuffle_i64x2::<0x88>(a4, a6),
        _mm512_shuffle_i64x2::<0x88>(a5, a7),
        _mm512_shuffle_i64x2::<0xdd>(a4, a6),
        _mm512_shuffle_i64x2::<0xdd>(a5, a7),
    ];
    let [b0, b1, b2, b3, b4, b5, b6, b7] = fours;
    [
        _mm512_shuffle_i64x2::<0x88>(b0, b4),
        _mm512_shuffle_i64x2::<0x88>(b1, b5),
        _mm512_shuffle_i64x2::<0x88>(b2, b6),
        _mm512_shuffle_i64x2::<0x88>(b3, b7),
        _mm512_shuffle_i64x2::<0xdd>(b0, b4),
        _mm512_shuffle_i64x2::<0xdd>(b1, b5),
        _mm512_shuffle_i64x2::<0xdd>(b2, b6),
        _mm512_shuffle_i64x2::<0xdd>(b3, b7),
    ]
}
