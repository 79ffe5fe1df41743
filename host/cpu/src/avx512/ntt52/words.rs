//! Packed words and limbs, elements one after the other and lane by lane.

use super::lanes::{Limbs, Vector};
use super::modulus::Constants;
use crate::arith::Modulus;
use crate::avx512::lanes;
pub(super) use lanes::{transpose, words_of};
use std::arch::x86_64::*;

/// Four words to five limbs.
#[inline]
#[target_feature(enable = "avx512f,avx512vbmi2")]
pub(super) fn unpacked(w: &[Vector; 4]) -> Limbs {
    lanes::split::<5>(w).0
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
