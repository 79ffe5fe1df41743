//! Goldilocks on AVX2: four lanes in limbs of 48 bits.
//!
//! As in [`super::goldilocks`] a lane is a + b·i with i = 2^48, i² = −1. Here limbs are never negative
//! where they are shifted, since AVX2 shifts no signs in: elements K < 8 of a network, from which others
//! are subtracted, start with OFFSET[K] times a form of zero, [`ZERO`], whose limbs are both a little
//! more than U = 2^49. With inputs below U, in units of ZERO: what is subtracted from 4…7 is < 1;
//! from 2, 3: < 1, and then < 1 + OFFSET[4] + 1 = 3; from 1: 3, and x3 + x7 + x11 + x15 < 3 + 1 + 4 = 8
//! from x1 + x5 + x9 + x13 > 7 + 1; from 0: 8 likewise, and the odd elements < 7 + 3 + 1 + 1 + 8 = 20
//! from the even ones > 15 + 3 + 1 + 1. What is a shift's result is < 1 and > −2^43, which the
//! 2^44 by which each ZERO exceeds U covers. Smaller networks subtract less. So outputs are positive
//! and < 16 + 32 = 48 units < 2^55.
//!
//! Products are of pieces of 28 bits by words of 32: of a constant by its powers of two at the pieces.

use super::goldilocks::{EPSILON, LIMB};
use super::{Lanes, compiled_for};
use crate::arith::{self, Arith, Field};
use crate::dispatch;
use proofmill_field::FieldId;
use std::arch::x86_64::*;

/// The arithmetic of Goldilocks.
#[derive(Clone, Copy)]
pub(super) struct Goldilocks(());

/// a + b·i.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Pair(__m256i, __m256i);

/// The words of w, 2^28·w, 2^48·w and 2^76·w.
type Twiddle = [[u32; 2]; 4];

/// Multiples of ZERO added to element K of a network (above).
const OFFSET: [i64; 16] = [15, 7, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
/// λ + i·λ of λ = (2^32 − 1) − 2^16·i ≡ 0, times 2^17 + 2^13.
const ZERO: [i64; 2] = {
    let times = (1 << 17) + (1 << 13);
    [times * (EPSILON + (1 << 16)), times * (EPSILON - (1 << 16))]
};
const _: () = assert!(ZERO[0] > ZERO[1] && ZERO[1] > (1 << 49) + (1 << 44));
/// The sign, by which unsigned words are compared as signed ones.
const SIGN: i64 = i64::MIN;

#[inline(always)]
fn all(x: i64) -> __m256i {
    // SAFETY: called only by methods of `Goldilocks`, which `detect` made.
    unsafe { _mm256_set1_epi64x(x) }
}

#[inline(always)]
fn sum(x: __m256i, y: __m256i) -> __m256i {
    // SAFETY: as in `all`.
    unsafe { _mm256_add_epi64(x, y) }
}

#[inline(always)]
fn difference(x: __m256i, y: __m256i) -> __m256i {
    // SAFETY: as in `all`.
    unsafe { _mm256_sub_epi64(x, y) }
}

#[inline(always)]
fn right<const K: i32>(x: __m256i) -> __m256i {
    // SAFETY: as in `all`.
    unsafe { _mm256_srli_epi64::<K>(x) }
}

#[inline(always)]
fn left<const K: i32>(x: __m256i) -> __m256i {
    // SAFETY: as in `all`.
    unsafe { _mm256_slli_epi64::<K>(x) }
}

#[inline(always)]
fn masked(x: __m256i, mask: i64) -> __m256i {
    // SAFETY: as in `all`.
    unsafe { _mm256_and_si256(x, all(mask)) }
}

/// The products of low halves.
#[inline(always)]
fn times(x: __m256i, y: __m256i) -> __m256i {
    // SAFETY: as in `all`.
    unsafe { _mm256_mul_epu32(x, y) }
}

/// All bits of the low half where x > y as signed numbers, else 0.
#[inline(always)]
fn more(x: __m256i, y: __m256i) -> __m256i {
    // SAFETY: as in `all`.
    right::<32>(unsafe { _mm256_cmpgt_epi64(x, y) })
}

/// (a + b·i)·2^K with UP = K and DOWN = 48 − K, of limbs in [0, 2^55); limbs in
/// (−2^(7 + K), 2^48 + 2^(7 + K)).
#[inline(always)]
fn shifted<const UP: i32, const DOWN: i32>(Pair(a, b): Pair) -> Pair {
    let low = [masked(left::<UP>(a), LIMB), masked(left::<UP>(b), LIMB)];
    Pair(
        difference(low[0], right::<DOWN>(b)),
        sum(low[1], right::<DOWN>(a)),
    )
}

/// The sum of the pieces times one of their words.
#[inline(always)]
fn dot<const HALF: usize, const N: usize>(pieces: [__m256i; N], words: &Twiddle) -> __m256i {
    let mut out = all(0);
    for i in 0..N {
        // SAFETY: as in `all`. High halves are not read.
        let word = unsafe { _mm256_set1_epi32(words[i][HALF] as i32) };
        out = sum(out, times(pieces[i], word));
    }
    out
}

/// The sum of the pieces, below 2^28 each, times their words: limbs below 2^49 and 2^47.
#[inline(always)]
fn product<const N: usize>(pieces: [__m256i; N], words: &Twiddle) -> Pair {
    // x + y·2^32, both below 4·2^60
    let (x, y) = (dot::<0, N>(pieces, words), dot::<1, N>(pieces, words));
    Pair(
        sum(masked(x, LIMB), left::<32>(masked(y, 0xffff))),
        sum(right::<48>(x), right::<16>(y)),
    )
}

/// The low 28 bits and the rest, below 2^27, of a limb.
#[inline(always)]
fn pieces(x: __m256i) -> [__m256i; 2] {
    [masked(x, (1 << 28) - 1), right::<28>(x)]
}

/// OFFSET[K] more.
#[inline(always)]
fn raised<const K: usize>(x: Pair) -> Pair {
    match OFFSET[K] {
        0 => x,
        k => Pair(sum(x.0, all(k * ZERO[0])), sum(x.1, all(k * ZERO[1]))),
    }
}

/// The reduced words of limbs in (2^7, 2^55).
#[inline(always)]
fn reduced(Pair(a, b): Pair) -> __m256i {
    // first −⌊b/2^48⌋ into a, then ⌊a/2^48⌋ into b: a < 2^48, b < 2^48 + 2^7
    let a = difference(a, right::<48>(b));
    let b = sum(masked(b, LIMB), right::<48>(a));
    let a = masked(a, LIMB);
    // b = b0 + 2^16·b1: a + 2^48·b0 < 2^64, and 2^64·b1 ≡ (2^32 − 1)·b1 ≤ p − 1
    let b1 = right::<16>(b);
    let high = difference(left::<32>(b1), b1);
    // 2^63 more than the sum, and than `high`, compare as the words themselves do
    let word = sum(sum(left::<48>(b), high), sum(a, all(SIGN)));
    let carry = more(sum(high, all(SIGN)), word);
    // after a carry the word is < p − 1, so this does not carry again
    let word = sum(word, carry);
    let p = 1 - (EPSILON + 1); // 2^64 − 2^32 + 1, wrapped
    let above = more(word, all((p - 1) ^ SIGN));
    sum(sum(word, all(SIGN)), above)
}

impl Lanes for Goldilocks {
    type Word = u64;
    type State = Pair;
    type Twiddle = Twiddle;

    const ID: FieldId = FieldId::Goldilocks;
    const HALVES: usize = 2;
    const SIDE: usize = 8;

    fn detect() -> Option<Self> {
        dispatch::has_avx2().then_some(Goldilocks(()))
    }

    compiled_for!("avx2,bmi1,bmi2");

    fn sixteenth(_: u64) -> u64 {
        1 << 12
    }

    #[inline(always)]
    fn product(a: u64, b: u64) -> u64 {
        arith::Goldilocks(a).mul(arith::Goldilocks(b)).canonical().0
    }

    #[inline(always)]
    fn prepare(w: u64) -> Twiddle {
        [0, 28, 48, 76].map(|k| {
            let w = Self::product(Self::product(w, 1 << (k / 2)), 1 << (k / 2));
            [w as u32, (w >> 32) as u32]
        })
    }

    #[inline(always)]
    fn word(w: u64) -> u64 {
        w
    }

    #[inline(always)]
    unsafe fn load<const H: usize>(self, from: *const u64) -> Pair {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        let x = unsafe { _mm256_loadu_si256(from.add(4 * H).cast()) };
        Pair(masked(x, LIMB), right::<48>(x))
    }

    /// Limbs in (−2^32, 2^48) and [0, 2^48 + 2^16) besides OFFSET.
    #[inline(always)]
    unsafe fn twist<const K: usize, const H: usize>(
        self,
        from: *const u64,
        table: *const u64,
    ) -> Pair {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        let (x, w) = unsafe {
            (
                _mm256_loadu_si256(from.add(4 * H).cast()),
                _mm256_loadu_si256(table.add(4 * H).cast()),
            )
        };
        let (x1, w1) = (right::<32>(x), right::<32>(w));
        // (2^32 − 1)² + 2·(2^32 − 1) = 2^64 − 1
        let r0 = times(x, w);
        let r1 = sum(times(x1, w), right::<32>(r0));
        let r2 = sum(times(x, w1), masked(r1, EPSILON));
        let high = sum(times(x1, w1), sum(right::<32>(r1), right::<32>(r2)));
        // SAFETY: as above.
        let low = unsafe { _mm256_blend_epi32::<0xaa>(r0, left::<32>(r2)) };
        // 2^64 = 2^16·i, 2^96 = −1
        raised::<K>(Pair(
            difference(masked(low, LIMB), right::<32>(high)),
            sum(right::<48>(low), left::<16>(masked(high, EPSILON))),
        ))
    }

    #[inline(always)]
    unsafe fn store<const H: usize>(self, x: Pair, _: *mut Pair, to: *mut u64) {
        // SAFETY: the caller vouches for the words.
        unsafe { _mm256_storeu_si256(to.add(4 * H).cast(), reduced(x)) };
    }

    #[inline(always)]
    unsafe fn transpose(self, from: impl Fn(usize) -> *const u64, to: impl Fn(usize) -> *mut u64) {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe { super::transpose::words_64_by_4(from, to) }
    }

    #[inline(always)]
    fn fresh<const K: usize>(self, x: Pair) -> Pair {
        raised::<K>(x)
    }

    #[inline(always)]
    fn carried(self, Pair(a, b): Pair) -> Pair {
        raised::<0>(Pair(
            difference(masked(a, LIMB), right::<48>(b)),
            sum(masked(b, LIMB), right::<48>(a)),
        ))
    }

    /// Of a loaded element b < 2^16.
    #[inline(always)]
    fn scaled<const K: usize>(self, Pair(a, b): Pair, w: &Twiddle) -> Pair {
        let [a0, a1] = pieces(a);
        raised::<K>(product([a0, a1, b], w))
    }

    #[inline(always)]
    fn twiddle<const K: usize>(self, Pair(a, b): Pair, w: &Twiddle) -> Pair {
        let ([a0, a1], [b0, b1]) = (pieces(a), pieces(b));
        raised::<K>(product([a0, a1, b0, b1], w))
    }

    /// ω16 = 2^12.
    #[inline(always)]
    fn butterfly<const E: usize>(self, a: Pair, b: Pair) -> (Pair, Pair) {
        let b = match E % 4 {
            0 => b,
            1 => shifted::<12, 36>(b),
            2 => shifted::<24, 24>(b),
            _ => shifted::<36, 12>(b),
        };
        if E < 4 {
            (
                Pair(sum(a.0, b.0), sum(a.1, b.1)),
                Pair(difference(a.0, b.0), difference(a.1, b.1)),
            )
        } else {
            // i·b = −b.1 + b.0·i
            (
                Pair(difference(a.0, b.1), sum(a.1, b.0)),
                Pair(sum(a.0, b.1), difference(a.1, b.0)),
            )
        }
    }
}
