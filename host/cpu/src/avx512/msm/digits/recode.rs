//! Halves to signed digits.

use crate::avx512::lanes::splat;
use crate::msm::scalars::{Block, Digits, Halves, Windows};
use core::arch::x86_64::*;

/// [`Digits::cut`] on vectors.
///
/// # Safety
/// The processor has AVX-512 F, BW, VL and VBMI2.
pub(crate) unsafe fn cut(halves: &Halves, windows: &Windows) -> Digits {
    Digits::cut_with(halves, windows, |blocks, half, rows| {
        // SAFETY: the caller's.
        unsafe { recode(blocks, half, windows, rows) }
    })
}

/// Blocks whose digits are written together: a cache line.
const GROUP: usize = 4;

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2")]
fn recode(blocks: &[Block], half: usize, windows: &Windows, rows: &mut [&mut [i16]]) {
    for (i, blocks) in blocks.chunks(GROUP).enumerate() {
        if let Ok(blocks) = <&[Block; GROUP]>::try_from(blocks) {
            recode_blocks(blocks, half, windows, rows, 8 * GROUP * i);
        } else {
            for (j, block) in blocks.iter().enumerate() {
                recode_blocks(&[*block], half, windows, rows, 8 * (GROUP * i + j));
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2")]
#[inline]
fn recode_blocks<const N: usize>(
    blocks: &[Block; N],
    half: usize,
    windows: &Windows,
    rows: &mut [&mut [i16]],
    at: usize,
) {
    let Some((last, rows)) = rows.split_last_mut() else {
        return;
    };
    let (bias, c) = (windows.bias(), windows.c);
    let (count, by) = (splat(c as u64), _mm_cvtsi64_si128(c as i64));
    let (mask, middle) = (splat((1 << c) - 1), splat(1 << (c - 1)));
    let (mut low, mut high) = ([_mm512_setzero_si512(); N], [_mm512_setzero_si512(); N]);
    for b in 0..N {
        let word = |j: usize| {
            // SAFETY: 64 readable bytes.
            unsafe { _mm512_loadu_si512(blocks[b][2 * half + j].as_ptr().cast()) }
        };
        let bias_low = splat(bias as u64);
        low[b] = _mm512_add_epi64(word(0), bias_low);
        let carry = _mm512_cmplt_epu64_mask(low[b], bias_low);
        high[b] = _mm512_add_epi64(word(1), splat((bias >> 64) as u64));
        high[b] = _mm512_mask_add_epi64(high[b], carry, high[b], splat(1));
    }
    for row in rows {
        for b in 0..N {
            let digit = _mm512_sub_epi64(_mm512_and_si512(low[b], mask), middle);
            put(row, at + 8 * b, digit);
            low[b] = _mm512_shrdv_epi64(low[b], high[b], count);
            high[b] = _mm512_sra_epi64(high[b], by);
        }
    }
    for b in 0..N {
        put(last, at + 8 * b, low[b]);
    }
}

/// row[at..at + 8] = digits.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
#[inline]
fn put(row: &mut [i16], at: usize, digits: __m512i) {
    let row = &mut row[at..at + 8];
    // SAFETY: 16 writable bytes.
    unsafe { _mm_storeu_si128(row.as_mut_ptr().cast(), _mm512_cvtepi64_epi16(digits)) }
}
