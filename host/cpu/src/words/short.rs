//! BabyBear and KoalaBear: eight lanes modulo 2^52.
//!
//! A lane is an integer X ≥ 0, far below 2^52, known modulo 2^52: the multiply-add reads 52 bits, so
//! whatever gathers above them does no harm. A product by a constant w (Shoup) takes any X < 2^52:
//! q = ⌊X·w'/2^52⌋ with w' = ⌊w·2^52/p⌋, and X·w − q·p < (1 + X/2^52)·p + 1 is at most 2p.
//!
//! In a network of sixteen every output is a sum of all inputs, each times a power of ω16, so only
//! differences could fall below zero. Elements K < 8, from which others are subtracted, start with
//! OFFSET[K]·p on top. With inputs below 3p (x0: anything), in units of p: what is subtracted from
//! elements 4…7 is < 3; from 2, 3: < 3, and then < 3 + OFFSET[4] + 3 = 10; from 1: 3, 10 and
//! x2 + x6 + x10 + x14 < 12 + 16 + 4 = 32; from 0: 3, 10, 32 and the odd elements
//! < 24 + 48 + 16 + 4 + 4 = 96. Products are below 3p too. Smaller networks subtract less: of
//! four, x2 < 3 + 16 from x0 and x1, and x1 + x3 < 6 + 48 + 16 from x0; of eight, x_(K+4) < 7, then
//! x2 + x6 < 26 from x0 and x1, then x1 + x3 + x5 + x7 < 12 + 72 from x0. Outputs grow by less than
//! 16·3 + 144 + 48 + 32 + 16 = 288 a pass: after five passes below 2^42.

use super::{Lanes, compiled_for};
use crate::arith::Modulus;
use crate::dispatch;
use proofmill_field::{FieldId, FieldSpec};
use std::arch::x86_64::*;
use std::marker::PhantomData;

/// The arithmetic of a field of 31 bits.
#[derive(Clone, Copy)]
pub(super) struct Short<P>(PhantomData<P>);

/// Multiples of p added to element K of a network (above).
const OFFSET: [u64; 16] = [144, 48, 16, 16, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0];

/// w and ⌊w·2^52/p⌋.
type Twiddle = [u64; 2];

impl<P: Modulus> Short<P> {
    const SPEC: &FieldSpec = P::SPEC;
    const P: u64 = Self::SPEC.modulus[0];
    /// −p mod 2^52.
    const NEG: i64 = (1 << 52) - Self::P as i64;
    /// ⌊2^52/p⌋.
    const BARRETT: i64 = ((1 << 52) / Self::P) as i64;
    /// ⌊2^82/p⌋ < 2^52.
    const HALF_SHOUP: i64 = ((1u128 << 82) / Self::P as u128) as i64;
    /// ω16^E.
    const ROOTS: [Twiddle; 8] = {
        let (roots, mut out, mut i) = (super::roots(Self::SPEC), [[0; 2]; 8], 0);
        while i < 8 {
            out[i] = Self::shoup(roots[i]);
            i += 1;
        }
        out
    };

    #[inline(always)]
    fn neg() -> __m512i {
        // SAFETY: called only by methods of `Short`, which `detect` made.
        unsafe { _mm512_set1_epi64(Self::NEG) }
    }

    const fn shoup(w: u64) -> Twiddle {
        // 52 bits in two steps: each dividend is below 2^63
        let (high, rest) = ((w << 32) / Self::P, (w << 32) % Self::P);
        [w, (high << 20) + (rest << 20) / Self::P]
    }

    /// x·w + offset·p, with x < 2^52; see above.
    #[inline(always)]
    fn times(self, x: __m512i, w: &Twiddle, offset: u64) -> __m512i {
        // SAFETY: `detect` found AVX-512 and IFMA.
        unsafe {
            let (w, shoup) = (
                _mm512_set1_epi64(w[0] as i64),
                _mm512_set1_epi64(w[1] as i64),
            );
            let q = _mm512_madd52hi_epu64(_mm512_setzero_si512(), x, shoup);
            let offset = _mm512_set1_epi64((offset * Self::P) as i64);
            let low = _mm512_madd52lo_epu64(offset, x, w);
            _mm512_madd52lo_epu64(low, q, Self::neg())
        }
    }
}

impl<P: Modulus> Lanes for Short<P> {
    type Word = u32;
    type State = __m512i;
    type Twiddle = Twiddle;

    const ID: FieldId = P::SPEC.id;
    const HALVES: usize = 2;
    const SIDE: usize = 16;

    fn detect() -> Option<Self> {
        dispatch::has_ifma().then_some(Short(PhantomData))
    }

    compiled_for!("avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2");

    #[inline(always)]
    fn product(a: u64, b: u64) -> u64 {
        a * b % Self::P // < 2^62
    }

    #[inline(always)]
    fn prepare(w: u64) -> Twiddle {
        Self::shoup(w)
    }

    #[inline(always)]
    fn word(w: u64) -> u32 {
        w as u32
    }

    #[inline(always)]
    unsafe fn load<const H: usize>(self, from: *const u32) -> __m512i {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe {
            let line = _mm512_loadu_si512(from.cast());
            match H {
                0 => _mm512_and_si512(line, _mm512_set1_epi64(0xffff_ffff)),
                _ => _mm512_srli_epi64::<32>(line),
            }
        }
    }

    #[inline(always)]
    unsafe fn twist<const K: usize, const H: usize>(
        self,
        from: *const u32,
        table: *const u32,
    ) -> __m512i {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe {
            let x = self.load::<H>(from); // < p
            let w = self.load::<H>(table);
            // ⌊w·2^21·⌊2^82/p⌋/2^52⌋ is w·2^51/p less at most 2, so q is x·w/2p less at most
            // 1 + 2^-19, and x·w − q·2p < 2p·(1 + 2^-19) < 3p
            let shoup = _mm512_madd52hi_epu64(
                _mm512_setzero_si512(),
                _mm512_slli_epi64::<21>(w),
                _mm512_set1_epi64(Self::HALF_SHOUP),
            );
            let q = _mm512_madd52hi_epu64(_mm512_setzero_si512(), x, shoup);
            let offset = _mm512_set1_epi64((OFFSET[K] * Self::P) as i64);
            let low = _mm512_madd52lo_epu64(offset, x, w);
            _mm512_madd52lo_epu64(low, q, _mm512_set1_epi64(Self::NEG - Self::P as i64))
        }
    }

    #[inline(always)]
    unsafe fn store<const H: usize>(self, x: __m512i, kept: *mut __m512i, to: *mut u32) {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe {
            if H == 0 {
                *kept = x;
                return;
            }
            let x = [*kept, x];
            let barrett = _mm512_set1_epi64(Self::BARRETT);
            let zero = _mm512_setzero_si512();
            // x/p − x·⌊2^52/p⌋/2^52 < 1, so the difference is below 2p < 2^32
            let q = [
                _mm512_madd52hi_epu64(zero, x[0], barrett),
                _mm512_madd52hi_epu64(zero, x[1], barrett),
            ];
            let even = _mm512_madd52lo_epu64(x[0], q[0], Self::neg());
            let odd = _mm512_madd52lo_epu64(x[1], q[1], Self::neg());
            // words 0 and 2 of each four to places 1 and 3
            let x = _mm512_mask_shuffle_epi32::<0xa0>(even, 0xaaaa, odd);
            let x = _mm512_min_epu32(x, _mm512_sub_epi32(x, _mm512_set1_epi32(Self::P as i32)));
            _mm512_storeu_si512(to.cast(), x);
        }
    }

    #[inline(always)]
    unsafe fn transpose(self, from: impl Fn(usize) -> *const u32, to: impl Fn(usize) -> *mut u32) {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe { super::transpose::words_32(from, to) }
    }

    #[inline(always)]
    fn fresh<const K: usize>(self, x: __m512i) -> __m512i {
        if OFFSET[K] == 0 {
            return x;
        }
        let offset = (OFFSET[K] * Self::P) as i64;
        // SAFETY: `detect` found the instructions.
        unsafe { _mm512_add_epi64(x, _mm512_set1_epi64(offset)) }
    }

    #[inline(always)]
    fn carried(self, x: __m512i) -> __m512i {
        self.fresh::<0>(x)
    }

    #[inline(always)]
    fn scaled<const K: usize>(self, x: __m512i, w: &Twiddle) -> __m512i {
        self.times(x, w, OFFSET[K])
    }

    #[inline(always)]
    fn twiddle<const K: usize>(self, x: __m512i, w: &Twiddle) -> __m512i {
        self.times(x, w, OFFSET[K])
    }

    #[inline(always)]
    fn butterfly<const E: usize>(self, a: __m512i, b: __m512i) -> (__m512i, __m512i) {
        // SAFETY: `detect` found the instructions.
        unsafe {
            if E == 0 {
                return (_mm512_add_epi64(a, b), _mm512_sub_epi64(a, b));
            }
            // as `times`, on top of a
            let w = _mm512_set1_epi64(Self::ROOTS[E][0] as i64);
            let shoup = _mm512_set1_epi64(Self::ROOTS[E][1] as i64);
            let q = _mm512_madd52hi_epu64(_mm512_setzero_si512(), b, shoup);
            let sum = _mm512_madd52lo_epu64(_mm512_madd52lo_epu64(a, b, w), q, Self::neg());
            (sum, _mm512_sub_epi64(_mm512_add_epi64(a, a), sum))
        }
    }
}
