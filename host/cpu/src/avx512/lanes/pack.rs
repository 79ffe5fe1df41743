//! Between rows of 64-bit words in memory and limbs of 52 bits in lanes.

use super::{BITS, Lanes, MASK, splat, zero};
use core::arch::x86_64::*;

/// An 8 by 8 transpose of 64-bit words (its own inverse): 24 shuffles.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn transpose(r: [__m512i; 8]) -> [__m512i; 8] {
    let mut t = r;
    for i in [0, 2, 4, 6] {
        t[i] = _mm512_unpacklo_epi64(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi64(r[i], r[i + 1]);
    }
    let mut u = t;
    for (low, high) in [(0, 4), (1, 5)] {
        let (a, b, c, d) = (t[low], t[low + 2], t[high], t[high + 2]);
        let (ab, cd) = (
            _mm512_shuffle_i64x2::<0x88>(a, b),
            _mm512_shuffle_i64x2::<0x88>(c, d),
        );
        u[low] = _mm512_shuffle_i64x2::<0x88>(ab, cd);
        u[low + 4] = _mm512_shuffle_i64x2::<0xdd>(ab, cd);
        let (ab, cd) = (
            _mm512_shuffle_i64x2::<0xdd>(a, b),
            _mm512_shuffle_i64x2::<0xdd>(c, d),
        );
        u[low + 2] = _mm512_shuffle_i64x2::<0x88>(ab, cd);
        u[low + 6] = _mm512_shuffle_i64x2::<0xdd>(ab, cd);
    }
    u
}

/// Eight elements of four words, two in a vector, to a vector for each word.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn words_of(z: &[__m512i; 4]) -> [__m512i; 4] {
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

/// 64-bit words of each lane to clean limbs.
#[inline]
#[target_feature(enable = "avx512f,avx512vbmi2")]
pub(crate) fn split<const L: usize>(words: &[__m512i]) -> Lanes<L> {
    let mut out = zero();
    for j in 0..L {
        let (word, shift) = (BITS * j / 64, (BITS * j % 64) as u64);
        let low = words[word];
        let limb = if word + 1 < words.len() && shift > 12 {
            _mm512_shrdv_epi64(low, words[word + 1], splat(shift))
        } else {
            _mm512_srlv_epi64(low, splat(shift))
        };
        // the last limb of the last word is shorter than 52 bits
        out.0[j] = if 64 * words.len() - BITS * j <= BITS {
            limb
        } else {
            _mm512_and_si512(limb, splat(MASK))
        };
    }
    out
}

/// Clean limbs to 64-bit words; what the last word cannot hold is lost.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn join<const L: usize>(a: &Lanes<L>, words: &mut [__m512i]) {
    words.fill(_mm512_setzero_si512());
    for j in 0..L {
        let (word, shift) = (BITS * j / 64, (BITS * j % 64) as u64);
        let low = _mm512_sllv_epi64(a.0[j], splat(shift));
        words[word] = _mm512_or_si512(words[word], low);
        if shift > 12 && word + 1 < words.len() {
            let high = _mm512_srlv_epi64(a.0[j], splat(64 - shift));
            words[word + 1] = _mm512_or_si512(words[word + 1], high);
        }
    }
}
