//! Transpositions in registers.

use std::arch::x86_64::*;

/// 8 × 8 words of 64 bits: 24 shuffles.
///
/// # Safety
/// AVX-512 F; eight words at each address readable, or writable.
#[inline(always)]
pub(super) unsafe fn words_64(from: impl Fn(usize) -> *const u64, to: impl Fn(usize) -> *mut u64) {
    // SAFETY: the caller vouches for instructions and addresses.
    unsafe {
        let mut rows = [_mm512_setzero_si512(); 8];
        for i in 0..8 {
            rows[i] = _mm512_loadu_si512(from(i).cast());
        }
        let columns = transposed(rows);
        for i in 0..8 {
            _mm512_storeu_si512(to(i).cast(), columns[i]);
        }
    }
}

/// 16 × 16 words of 32 bits: 64 shuffles.
///
/// # Safety
/// AVX-512 F; sixteen words at each address readable, or writable.
#[inline(always)]
pub(super) unsafe fn words_32(from: impl Fn(usize) -> *const u32, to: impl Fn(usize) -> *mut u32) {
    // SAFETY: the caller vouches for instructions and addresses.
    unsafe {
        let zero = _mm512_setzero_si512();
        let (mut low, mut high) = ([zero; 8], [zero; 8]);
        for k in 0..8 {
            let a = _mm512_loadu_si512(from(2 * k).cast());
            let b = _mm512_loadu_si512(from(2 * k + 1).cast());
            (low[k], high[k]) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        }
        // lane l of a pair of rows holds columns 4(l/2) + l%2, or two more
        let (low, high) = (transposed(low), transposed(high));
        for c in 0..16 {
            let half = if c % 4 < 2 { &low } else { &high };
            _mm512_storeu_si512(to(c).cast(), half[c / 4 * 2 + c % 2]);
        }
    }
}

/// # Safety
/// AVX-512 F.
#[inline(always)]
unsafe fn transposed(rows: [__m512i; 8]) -> [__m512i; 8] {
    // SAFETY: the caller vouches for the instructions.
    unsafe {
        let zero = _mm512_setzero_si512();
        let (mut pairs, mut fours, mut out) = ([zero; 8], [zero; 8], [zero; 8]);
        for k in 0..4 {
            let (x, y) = (rows[2 * k], rows[2 * k + 1]);
            pairs[2 * k] = _mm512_unpacklo_epi64(x, y);
            pairs[2 * k + 1] = _mm512_unpackhi_epi64(x, y);
        }
        for half in 0..2 {
            for k in 0..2 {
                let (x, y) = (pairs[4 * half + k], pairs[4 * half + 2 + k]);
                fours[4 * half + k] = _mm512_shuffle_i64x2::<0x88>(x, y); // quarters 0, 2 of each
                fours[4 * half + 2 + k] = _mm512_shuffle_i64x2::<0xdd>(x, y); // quarters 1, 3
            }
        }
        for k in 0..4 {
            out[k] = _mm512_shuffle_i64x2::<0x88>(fours[k], fours[4 + k]);
            out[4 + k] = _mm512_shuffle_i64x2::<0xdd>(fours[k], fours[4 + k]);
        }
        out
    }
}

/// 8 × 8 words of 32 bits: 24 shuffles.
///
/// # Safety
/// AVX2; eight words at each address readable, or writable.
#[inline(always)]
pub(super) unsafe fn words_32_by_8(
    from: impl Fn(usize) -> *const u32,
    to: impl Fn(usize) -> *mut u32,
) {
    // SAFETY: the caller vouches for instructions and addresses.
    unsafe {
        let zero = _mm256_setzero_si256();
        let (mut pairs, mut fours) = ([zero; 8], [zero; 8]);
        for k in 0..4 {
            let a = _mm256_loadu_si256(from(2 * k).cast());
            let b = _mm256_loadu_si256(from(2 * k + 1).cast());
            pairs[2 * k] = _mm256_unpacklo_epi32(a, b);
            pairs[2 * k + 1] = _mm256_unpackhi_epi32(a, b);
        }
        // a half of fours[4h + c] holds column c, or 4 + c, of rows 4h to 4h + 3
        for half in 0..2 {
            for c in 0..2 {
                let (a, b) = (pairs[4 * half + c], pairs[4 * half + 2 + c]);
                fours[4 * half + 2 * c] = _mm256_unpacklo_epi64(a, b);
                fours[4 * half + 2 * c + 1] = _mm256_unpackhi_epi64(a, b);
            }
        }
        for c in 0..4 {
            let (a, b) = (fours[c], fours[4 + c]);
            _mm256_storeu_si256(to(c).cast(), _mm256_permute2x128_si256::<0x20>(a, b));
            _mm256_storeu_si256(to(4 + c).cast(), _mm256_permute2x128_si256::<0x31>(a, b));
        }
    }
}

/// 8 × 8 words of 64 bits: 32 shuffles.
///
/// # Safety
/// AVX2; eight words at each address readable, or writable.
#[inline(always)]
pub(super) unsafe fn words_64_by_4(
    from: impl Fn(usize) -> *const u64,
    to: impl Fn(usize) -> *mut u64,
) {
    for quarter in 0..4 {
        let (row, column) = (quarter / 2 * 4, quarter % 2 * 4);
        // SAFETY: the caller vouches for instructions and addresses.
        unsafe {
            let mut pairs = [_mm256_setzero_si256(); 4];
            for k in 0..2 {
                let a = _mm256_loadu_si256(from(row + 2 * k).add(column).cast());
                let b = _mm256_loadu_si256(from(row + 2 * k + 1).add(column).cast());
                // columns 0 and 2, and 1 and 3
                pairs[k] = _mm256_unpacklo_epi64(a, b);
                pairs[2 + k] = _mm256_unpackhi_epi64(a, b);
            }
            for c in 0..2 {
                let (a, b) = (pairs[2 * c], pairs[2 * c + 1]);
                let (low, high) = (to(column + c).add(row), to(column + 2 + c).add(row));
                _mm256_storeu_si256(low.cast(), _mm256_permute2x128_si256::<0x20>(a, b));
                _mm256_storeu_si256(high.cast(), _mm256_permute2x128_si256::<0x31>(a, b));
            }
        }
    }
}
