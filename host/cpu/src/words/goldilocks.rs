//! Goldilocks: eight lanes in limbs of 48 bits.
//!
//! i = 2^48 is a square root of −1, as 2^96 ≡ −1. A lane is a + b·i with signed 64-bit a and b, so a
//! product by i exchanges them, additions have no carries, and a shift by k < 48 bits brings limbs
//! back to 48 bits. Zero is (1, 2^48) and (−2^48, 1): multiples of these keep a sum's a positive and
//! its b negative, as carries want them.
//!
//! Words w are also c + d·i with 0 ≤ c < 2^32 and 0 ≤ d ≤ 2^32 + 2^16: [`gaussian`]. A product by
//! such a constant, given with that of i·w = e + f·i, is Re = a·c + b·e and Im = a·d + b·f: eight
//! multiply-adds for the lower 52 bits and for the rest, whose weight is 2^52 = 16i: two more.

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
pub(super) struct Pair(__m512i, __m512i);

/// w = c + d·i and i·w = e + f·i, all below 2^33.
type Twiddle = [u64; 4];

/// 2^64 mod p.
pub(super) const EPSILON: i64 = 0xffff_ffff;
pub(super) const LIMB: i64 = (1 << 48) - 1;
/// A form of zero, added to a sum of sixteen with |a|, |b| < 2^62 − 2^14: makes a ≥ 0 and b < 0.
const OFFSET: [i64; 2] = [(1 << 62) - (1 << 14), -(1 << 62) - (1 << 14)];

/// w < p as c + d·2^48. With λ = (2^32 − 1) − 2^16·i ≡ 0, from w = c0 + d0·2^48 the multiple kλ is
/// taken off that leaves c < 2^32 − 1; k ≤ 2^16, so d = d0 + k·2^16 ≤ 2^32 + 2^16 − 2.
#[inline(always)]
const fn gaussian(w: u64) -> [u64; 2] {
    let (low, high) = (w & LIMB as u64, w >> 48);
    let k = low / EPSILON as u64;
    [low - k * EPSILON as u64, high + (k << 16)]
}

#[inline(always)]
fn all(x: i64) -> __m512i {
    // SAFETY: called only by methods of `Goldilocks`, which `detect` made.
    unsafe { _mm512_set1_epi64(x) }
}

/// Limbs below 2^48 + 2^16 and at least zero, of a ≥ 0 and b < 0.
#[inline(always)]
fn settled(Pair(a, b): Pair) -> Pair {
    // SAFETY: as in `all`.
    unsafe {
        let (up, down) = (_mm512_srai_epi64::<48>(a), _mm512_srai_epi64::<48>(b));
        // up in [0, 2^15), down in [−2^15, 0)
        let low = |x| _mm512_and_si512(x, all(LIMB));
        Pair(_mm512_sub_epi64(low(a), down), _mm512_add_epi64(low(b), up))
    }
}

/// (a + b·i)·2^K; limbs within ±(2^48 + 2^(15+K)).
#[inline(always)]
fn shifted<const K: u32>(Pair(a, b): Pair) -> Pair {
    // SAFETY: as in `all`.
    unsafe {
        let (up, down) = (all(K as i64), all(48 - K as i64));
        let low = |x| _mm512_and_si512(_mm512_sllv_epi64(x, up), all(LIMB));
        let high = |x| _mm512_srav_epi64(x, down);
        Pair(
            _mm512_sub_epi64(low(a), high(b)),
            _mm512_add_epi64(low(b), high(a)),
        )
    }
}

/// x·w for limbs in [0, 2^49): a in [2^52 − 2^36, 2^54), b in [−16, 2^54), and OFFSET for K = 0.
#[inline(always)]
fn product<const K: usize>(Pair(a, b): Pair, w: &Twiddle) -> Pair {
    let offset = if K == 0 { OFFSET } else { [0; 2] };
    let [c, d, e, f] = w.map(|x| all(x as i64));
    // SAFETY: as in `all`.
    unsafe {
        let low = |sum, c, e| _mm512_madd52lo_epu64(_mm512_madd52lo_epu64(sum, a, c), b, e);
        let high = |sum, c, e| _mm512_madd52hi_epu64(_mm512_madd52hi_epu64(sum, a, c), b, e);
        // 1 + Im/2^52 ≥ 1, so the product by 2^52 − 16 is 2^52 − 16 − 16·⌊Im/2^52⌋; the excess of
        // 2^52 = 16i is taken off Im, that of −16 put on Re
        let im_high = high(all(1), d, f); // < 2^31
        let re_high = high(_mm512_setzero_si512(), c, e);
        let re = low(all(16 + offset[0]), c, e);
        let im = low(all(-16 + offset[1]), d, f);
        Pair(
            _mm512_madd52lo_epu64(re, im_high, all((1 << 52) - 16)),
            _mm512_madd52lo_epu64(im, re_high, all(16)),
        )
    }
}

/// The reduced words of a ≥ 0 and b < 0.
#[inline(always)]
fn reduced(Pair(a, b): Pair) -> __m512i {
    // SAFETY: as in `all`.
    unsafe {
        // a ≥ 0, b < 0: first −⌊b/2^48⌋ into a, then ⌊a/2^48⌋ into b: a < 2^48, b < 2^48 + 2^16
        let a = _mm512_sub_epi64(a, _mm512_srai_epi64::<48>(b));
        let up = _mm512_srli_epi64::<48>(a);
        let b = _mm512_add_epi64(_mm512_and_si512(b, all(LIMB)), up);
        let a = _mm512_and_si512(a, all(LIMB));
        // b = b0 + 2^16·b1: a + 2^48·b0 < 2^64, and 2^64·b1 ≡ (2^32 − 1)·b1 ≤ p − 1
        let b1 = _mm512_srli_epi64::<16>(b);
        let high = _mm512_sub_epi64(_mm512_slli_epi64::<32>(b1), b1);
        let low = _mm512_add_epi64(_mm512_slli_epi64::<48>(b), a);
        let sum = _mm512_add_epi64(low, high);
        let carry = _mm512_cmplt_epu64_mask(sum, high);
        // after a carry sum < p − 1, so this does not carry again
        let sum = _mm512_mask_add_epi64(sum, carry, sum, all(EPSILON));
        // sum ≥ p wraps to the smaller word
        _mm512_min_epu64(sum, _mm512_add_epi64(sum, all(EPSILON)))
    }
}

impl Lanes for Goldilocks {
    type Word = u64;
    type State = Pair;
    type Twiddle = Twiddle;

    const ID: FieldId = FieldId::Goldilocks;
    const HALVES: usize = 1;
    const SIDE: usize = 8;

    fn detect() -> Option<Self> {
        dispatch::has_ifma().then_some(Goldilocks(()))
    }

    compiled_for!("avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2");

    fn sixteenth(_: u64) -> u64 {
        1 << 12
    }

    #[inline(always)]
    fn product(a: u64, b: u64) -> u64 {
        arith::Goldilocks(a).mul(arith::Goldilocks(b)).canonical().0
    }

    #[inline(always)]
    fn prepare(w: u64) -> Twiddle {
        let [c, d] = gaussian(w);
        // i·w = −d + c·i, plus λ + i·λ = (2^32 − 1 + 2^16) + (2^32 − 1 − 2^16)·i
        let e = EPSILON as u64 + (1 << 16) - d;
        [c, d, e, c + EPSILON as u64 - (1 << 16)]
    }

    #[inline(always)]
    fn word(w: u64) -> u64 {
        w
    }

    #[inline(always)]
    unsafe fn load<const H: usize>(self, from: *const u64) -> Pair {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe {
            let x = _mm512_loadu_si512(from.cast());
            Pair(_mm512_and_si512(x, all(LIMB)), _mm512_srli_epi64::<48>(x))
        }
    }

    /// |a|, |b| < 2^58 besides OFFSET.
    #[inline(always)]
    unsafe fn twist<const K: usize, const H: usize>(
        self,
        from: *const u64,
        table: *const u64,
    ) -> Pair {
        let offset = if K == 0 { OFFSET } else { [0; 2] };
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe {
            let x = _mm512_loadu_si512(from.cast());
            let w = _mm512_loadu_si512(table.cast());
            // x = x0 + x1·2^52, w likewise; the multiply-add reads x0 from x
            let (x1, w1) = (_mm512_srli_epi64::<52>(x), _mm512_srli_epi64::<52>(w));
            // r0 + 2^52·r1 + 2^104·r2 = r0 + 16i·r1 − 256·r2; r1 < 3·2^52, r2 < 2^26; again 2^52
            // too much on r0, taken off r1, where r2 ≥ 1
            let r0 = _mm512_madd52lo_epu64(all(256 + offset[0]), x, w);
            let r1 = _mm512_madd52hi_epu64(all(-1), x, w);
            let r1 = _mm512_madd52lo_epu64(r1, x1, w);
            let r1 = _mm512_madd52lo_epu64(r1, x, w1);
            let r2 = _mm512_madd52hi_epu64(all(1), x1, w);
            let r2 = _mm512_madd52hi_epu64(r2, x, w1);
            let r2 = _mm512_madd52lo_epu64(r2, x1, w1);
            let a = _mm512_madd52lo_epu64(r0, r2, all((1 << 52) - 256));
            let b = _mm512_slli_epi64::<4>(r1);
            match K {
                0 => Pair(a, _mm512_add_epi64(b, all(offset[1]))),
                _ => Pair(a, b),
            }
        }
    }

    #[inline(always)]
    unsafe fn store<const H: usize>(self, x: Pair, _: *mut Pair, to: *mut u64) {
        // SAFETY: the caller vouches for the words.
        unsafe { _mm512_storeu_si512(to.cast(), reduced(x)) };
    }

    #[inline(always)]
    unsafe fn transpose(self, from: impl Fn(usize) -> *const u64, to: impl Fn(usize) -> *mut u64) {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe { super::transpose::words_64(from, to) }
    }

    #[inline(always)]
    fn fresh<const K: usize>(self, x: Pair) -> Pair {
        if K > 0 {
            return x;
        }
        // SAFETY: `detect` found the instructions.
        unsafe {
            Pair(
                _mm512_add_epi64(x.0, all(OFFSET[0])),
                _mm512_add_epi64(x.1, all(OFFSET[1])),
            )
        }
    }

    #[inline(always)]
    fn carried(self, x: Pair) -> Pair {
        self.fresh::<0>(settled(x))
    }

    #[inline(always)]
    fn scaled<const K: usize>(self, x: Pair, w: &Twiddle) -> Pair {
        product::<K>(x, w)
    }

    #[inline(always)]
    fn twiddle<const K: usize>(self, x: Pair, w: &Twiddle) -> Pair {
        product::<K>(settled(x), w)
    }

    /// ω16 = 2^12.
    #[inline(always)]
    fn butterfly<const E: usize>(self, a: Pair, b: Pair) -> (Pair, Pair) {
        let b = match E % 4 {
            0 => b,
            1 => shifted::<12>(b),
            2 => shifted::<24>(b),
            _ => shifted::<36>(b),
        };
        // SAFETY: `detect` found the instructions.
        let sum = |x, y| unsafe { _mm512_add_epi64(x, y) };
        // SAFETY: as above.
        let difference = |x, y| unsafe { _mm512_sub_epi64(x, y) };
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
