//! BabyBear and KoalaBear on AVX2: eight lanes of 32 bits, reduced.
//!
//! A product by a constant w (Shoup) takes any x < 2^32: with w' = ⌊w·2^32/p⌋ and q = ⌊x·w'/2^32⌋,
//! x·w − q·p < (1 + x/2^32)·p < 2p < 2^32.

use super::{Lanes, compiled_for, transpose};
use crate::arith::Modulus;
use crate::dispatch;
use proofmill_field::{FieldId, FieldSpec};
use std::arch::x86_64::*;
use std::marker::PhantomData;

/// The arithmetic of a field of 31 bits.
#[derive(Clone, Copy)]
pub(super) struct Reduced<P>(PhantomData<P>);

/// w and ⌊w·2^32/p⌋.
type Twiddle = [u32; 2];

impl<P: Modulus> Reduced<P> {
    const SPEC: &FieldSpec = P::SPEC;
    const P: u64 = Self::SPEC.modulus[0];
    /// 1/p mod 2^32.
    const INVERSE: u32 = (Self::SPEC.neg_inverse as u32).wrapping_neg();
    /// ω16^E.
    const ROOTS: [Twiddle; 8] = {
        let (roots, mut out, mut i) = (super::roots(Self::SPEC), [[0; 2]; 8], 0);
        while i < 8 {
            out[i] = Self::shoup(roots[i]);
            i += 1;
        }
        out
    };

    const fn shoup(w: u64) -> Twiddle {
        [w as u32, ((w << 32) / Self::P) as u32]
    }

    #[inline(always)]
    fn all(x: u32) -> __m256i {
        // SAFETY: called only by methods of `Reduced`, which `detect` made.
        unsafe { _mm256_set1_epi32(x as i32) }
    }

    /// x < 2p, reduced.
    #[inline(always)]
    fn below_p(x: __m256i) -> __m256i {
        // SAFETY: as in `all`. The difference wraps to more than x where x < p.
        unsafe { _mm256_min_epu32(x, _mm256_sub_epi32(x, Self::all(Self::P as u32))) }
    }

    /// a − b of a, b < p as a word that may have wrapped, reduced.
    #[inline(always)]
    fn wrapped(x: __m256i) -> __m256i {
        // SAFETY: as in `all`. A negative x is more than x + p.
        unsafe { _mm256_min_epu32(x, _mm256_add_epi32(x, Self::all(Self::P as u32))) }
    }

    /// The high words of products of even lanes, and of odd lanes.
    #[inline(always)]
    fn high_words(even: __m256i, odd: __m256i) -> __m256i {
        // SAFETY: as in `all`.
        unsafe { _mm256_blend_epi32::<0xaa>(_mm256_shuffle_epi32::<0xf5>(even), odd) }
    }

    /// x·w, for any x.
    #[inline(always)]
    fn times(x: __m256i, [w, shoup]: Twiddle) -> __m256i {
        let (w, shoup) = (Self::all(w), Self::all(shoup));
        // SAFETY: as in `all`.
        let product = unsafe {
            let even = _mm256_mul_epu32(x, shoup);
            let odd = _mm256_mul_epu32(_mm256_shuffle_epi32::<0xf5>(x), shoup);
            let q = Self::high_words(even, odd);
            let (low, multiple) = (_mm256_mullo_epi32(x, w), Self::all(Self::P as u32));
            _mm256_sub_epi32(low, _mm256_mullo_epi32(q, multiple))
        };
        Self::below_p(product)
    }
}

impl<P: Modulus> Lanes for Reduced<P> {
    type Word = u32;
    type State = __m256i;
    type Twiddle = Twiddle;

    const ID: FieldId = P::SPEC.id;
    const HALVES: usize = 2;
    const SIDE: usize = 8;

    fn detect() -> Option<Self> {
        dispatch::has_avx2().then_some(Reduced(PhantomData))
    }

    compiled_for!("avx2,bmi1,bmi2");

    #[inline(always)]
    fn product(a: u64, b: u64) -> u64 {
        a * b % Self::P // < 2^62
    }

    #[inline(always)]
    fn prepare(w: u64) -> Twiddle {
        Self::shoup(w)
    }

    /// w·2^32, for a Montgomery product.
    #[inline(always)]
    fn word(w: u64) -> u32 {
        ((w << 32) % Self::P) as u32
    }

    #[inline(always)]
    unsafe fn load<const H: usize>(self, from: *const u32) -> __m256i {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe { _mm256_loadu_si256(from.add(8 * H).cast()) }
    }

    #[inline(always)]
    unsafe fn twist<const K: usize, const H: usize>(
        self,
        from: *const u32,
        table: *const u32,
    ) -> __m256i {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe {
            let (x, w) = (self.load::<H>(from), self.load::<H>(table));
            let (inverse, p) = (Self::all(Self::INVERSE), Self::all(Self::P as u32));
            // x·w − m·p: its low word is 0, its high word, in (−p, p), the result
            let half = |x, w| {
                let product = _mm256_mul_epu32(x, w);
                let m = _mm256_mul_epu32(product, inverse);
                _mm256_sub_epi32(product, _mm256_mul_epu32(m, p))
            };
            let odd = |x| _mm256_shuffle_epi32::<0xf5>(x);
            Self::wrapped(Self::high_words(half(x, w), half(odd(x), odd(w))))
        }
    }

    #[inline(always)]
    unsafe fn store<const H: usize>(self, x: __m256i, _: *mut __m256i, to: *mut u32) {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe { _mm256_storeu_si256(to.add(8 * H).cast(), x) }
    }

    #[inline(always)]
    unsafe fn transpose(self, from: impl Fn(usize) -> *const u32, to: impl Fn(usize) -> *mut u32) {
        // SAFETY: `detect` found the instructions; the caller vouches for the words.
        unsafe { transpose::words_32_by_8(from, to) }
    }

    #[inline(always)]
    fn fresh<const K: usize>(self, x: __m256i) -> __m256i {
        x
    }

    #[inline(always)]
    fn carried(self, x: __m256i) -> __m256i {
        x
    }

    #[inline(always)]
    fn scaled<const K: usize>(self, x: __m256i, w: &Twiddle) -> __m256i {
        Self::times(x, *w)
    }

    #[inline(always)]
    fn twiddle<const K: usize>(self, x: __m256i, w: &Twiddle) -> __m256i {
        Self::times(x, *w)
    }

    #[inline(always)]
    fn butterfly<const E: usize>(self, a: __m256i, b: __m256i) -> (__m256i, __m256i) {
        let b = match E {
            0 => b,
            _ => Self::times(b, Self::ROOTS[E]),
        };
        // SAFETY: `detect` found the instructions.
        let (sum, difference) = unsafe { (_mm256_add_epi32(a, b), _mm256_sub_epi32(a, b)) };
        (Self::below_p(sum), Self::wrapped(difference))
    }
}
