//! Points in tables: packed words in the private form.
//!
//! A point is x‖y, each component a whole number of 64-bit words. What is stored is not x but
//! 5p − x, in (2.98p, 5p], because additions want −x₂ raised above zero; and y raised to
//! (2.98p, 5.02p), so that 8p − y is in the same range. All words zero is infinity, told from every
//! point by its range.

use super::coordinate::Coordinate;
use crate::arith::{Arith, Modulus};
use crate::avx512::lanes::{self, join, power_of_two, splat, split, times, transpose};
use crate::curve::Affine;
use core::arch::x86_64::*;
use proofmill_field::{Int, int};

/// A point of W words: 8 for BN254's G1, 12 for the 377- and 381-bit ones, 16 and 24 for G2.
#[derive(Clone, Copy, PartialEq, Debug)]
#[repr(C, align(32))]
pub(crate) struct Packed<const W: usize>(pub(crate) [u64; W]);

// SAFETY: words alone; sizes are multiples of the alignment (W is a multiple of 4), so no padding.
unsafe impl<const W: usize> bytemuck::Zeroable for Packed<W> {}
// SAFETY: as above; every bit pattern is a value.
unsafe impl<const W: usize> bytemuck::Pod for Packed<W> {}

impl<const W: usize> Packed<W> {
    /// The point at infinity.
    pub(crate) const INFINITY: Self = Packed([0; W]);
}

/// Words of eight rows of W words, at any alignment, transposed: the k-th vector holds word k of
/// each. 24 shuffles for eight words, 12 for four.
#[inline]
#[target_feature(enable = "avx512f")]
fn words_of<const W: usize, const CALLER: bool>(rows: [&[u8]; 8]) -> [__m512i; W] {
    assert!(rows.iter().all(|row| row.len() >= 8 * W));
    let mut out = [_mm512_setzero_si512(); W];
    for first in (0..W).step_by(8) {
        let at = |i: usize| rows[i][8 * first..].as_ptr();
        if W - first >= 8 {
            // SAFETY: eight words of every row are left.
            let row = |i: usize| unsafe { _mm512_loadu_si512(at(i).cast()) };
            let rows = [
                row(0),
                row(1),
                row(2),
                row(3),
                row(4),
                row(5),
                row(6),
                row(7),
            ];
            out[first..first + 8].copy_from_slice(&transpose(rows));
        } else {
            // SAFETY: four words of every row are left (W is a multiple of 4).
            let row = |i: usize| unsafe { _mm256_loadu_si256(at(i).cast()) };
            let pair =
                |i: usize| _mm512_inserti64x4::<1>(_mm512_castsi256_si512(row(i)), row(i + 2));
            out[first..first + 4].copy_from_slice(&narrow([pair(0), pair(1), pair(4), pair(5)]));
        }
    }
    out
}

/// Rows 0|2, 1|3, 4|6 and 5|7 of four words each, transposed.
#[inline]
#[target_feature(enable = "avx512f")]
fn narrow(pairs: [__m512i; 4]) -> [__m512i; 4] {
    let [a, b, c, d] = pairs;
    let (even, even_high) = (_mm512_unpacklo_epi64(a, b), _mm512_unpacklo_epi64(c, d));
    let (odd, odd_high) = (_mm512_unpackhi_epi64(a, b), _mm512_unpackhi_epi64(c, d));
    [
        _mm512_shuffle_i64x2::<0x88>(even, even_high),
        _mm512_shuffle_i64x2::<0x88>(odd, odd_high),
        _mm512_shuffle_i64x2::<0xdd>(even, even_high),
        _mm512_shuffle_i64x2::<0xdd>(odd, odd_high),
    ]
}

/// The inverse of [`words_of`].
#[inline]
#[target_feature(enable = "avx512f")]
fn rows_of<const W: usize>(words: &[__m512i; W], out: &mut [Packed<W>; 8]) {
    for first in (0..W).step_by(8) {
        let mut t = [_mm512_setzero_si512(); 8];
        let count = (W - first).min(8);
        t[..count].copy_from_slice(&words[first..first + count]);
        for (out, row) in out.iter_mut().zip(transpose(t)) {
            let out = &mut out.0[first..first + count];
            if count == 8 {
                // SAFETY: eight words.
                unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), row) };
            } else {
                // SAFETY: four words (W is a multiple of 4), and only they are written.
                unsafe { _mm512_mask_storeu_epi64(out.as_mut_ptr().cast(), 0xf, row) };
            }
        }
    }
}

/// Words to the two coordinates.
#[inline]
#[target_feature(enable = "avx512f,avx512vbmi2")]
fn split_point<const L: usize, const D: usize, const W: usize>(
    words: &[__m512i; W],
) -> [Coordinate<L, D>; 2] {
    let (mut out, n) = ([Coordinate::zero(); 2], W / (2 * D));
    for i in 0..2 {
        for d in 0..D {
            out[i].0[d] = split(&words[(i * D + d) * n..][..n]);
        }
    }
    out
}

/// Eight points of a table by their codes (index << 1 | negative): 5p − x, ±y raised to
/// (2.98p, 5.02p), clean and raw, and the lanes at infinity. `flip` is 1 to negate all of them.
/// `CALLER` tells places of use apart: the compiler inlines what has one.
#[inline]
#[target_feature(enable = "avx512f,avx512vbmi2")]
pub(crate) fn load<
    M: Modulus,
    const L: usize,
    const D: usize,
    const W: usize,
    const CALLER: bool,
>(
    table: &[Packed<W>],
    codes: &[u32; 8],
    flip: u32,
) -> ([Coordinate<L, D>; 2], u8) {
    let row = |i: usize| bytemuck::bytes_of(&table[(codes[i] >> 1) as usize]);
    let rows = [
        row(0),
        row(1),
        row(2),
        row(3),
        row(4),
        row(5),
        row(6),
        row(7),
    ];
    let words = words_of::<W, CALLER>(rows);
    // the last word of 5p − x > 2.98p is zero at infinity only
    let last = words[W / 2 - 1];
    let infinite = _mm512_testn_epi64_mask(last, last);
    let [x, mut y] = split_point::<L, D, W>(&words);
    // SAFETY: eight codes.
    let codes = unsafe { _mm256_loadu_si256(codes.as_ptr().cast()) };
    let signs = _mm512_xor_si512(_mm512_cvtepu32_epi64(codes), splat(flip as u64));
    let negative = _mm512_test_epi64_mask(signs, splat(1));
    let raised = const { times::<M, L>(8) };
    for d in 0..D {
        for j in 0..L {
            let limb = y.0[d].0[j];
            y.0[d].0[j] = _mm512_mask_sub_epi64(limb, negative, splat(raised[j]), limb);
        }
    }
    ([x, y], infinite)
}

/// Eight points to packed form: x in (−1.2p, 4p) and y in (−1.1p, 2.5p), raw. Lanes of `negative`
/// are negated, those of `infinite` are at infinity.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn pack<M: Modulus, const L: usize, const D: usize, const W: usize>(
    x: &Coordinate<L, D>,
    y: &Coordinate<L, D>,
    negative: u8,
    infinite: u8,
    out: &mut [Packed<W>; 8],
) {
    let five = &const { times::<M, L>(5) };
    // to [0, 2.02p): from 2.01p on minus 2p, below 0.01p plus 2p (by 2p more and 2p less)
    let settle = |a: &Coordinate<L, D>| {
        let a = a.lower::<M>(32, &times::<M, L>(2));
        a.raise(&times::<M, L>(2)).lower::<M>(32, &times::<M, L>(2))
    };
    let x = settle(x).below(five).clean();
    let y = settle(y);
    let y = Coordinate::blend(negative, &y.raise(&times::<M, L>(3)), &y.below(five));
    pack_ranged(&x, &y.clean(), infinite, out);
}

/// Clean components in the ranges of the table to packed points.
#[inline]
#[target_feature(enable = "avx512f")]
fn pack_ranged<const L: usize, const D: usize, const W: usize>(
    x: &Coordinate<L, D>,
    y: &Coordinate<L, D>,
    infinite: u8,
    out: &mut [Packed<W>; 8],
) {
    let (mut words, n) = ([_mm512_setzero_si512(); W], W / (2 * D));
    for d in 0..D {
        join(&x.0[d], &mut words[d * n..][..n]);
        join(&y.0[d], &mut words[(D + d) * n..][..n]);
    }
    for word in &mut words {
        *word = _mm512_maskz_mov_epi64(!infinite, *word);
    }
    rows_of(&words, out);
}

/// The factor that takes data form to private form: data a·2^r times 2^(2·52L − r), divided by
/// R = 2^(52L), is a·R.
const fn to_private<M: Modulus, const L: usize>() -> Int {
    power_of_two(M::SPEC, 2 * lanes::BITS * L - M::SPEC.log_r as usize)
}

/// Converts points in data form, at any alignment, to `out`; places past the last one become
/// infinity. With `image`, also (β·x, y) there, for β in data form.
///
/// One product for each component, two for those of x with an image.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub(crate) fn convert<M: Modulus, const L: usize, const D: usize, const W: usize>(
    points: &[u8],
    out: &mut [Packed<W>],
    mut image: Option<(&Int, &mut [Packed<W>])>,
) {
    let spec = M::SPEC;
    let plain = const { to_private::<M, L>() };
    let beta = image.as_ref().map_or(int::ZERO, |(beta, _)| **beta);
    let factors = [lanes::limbs(&plain), lanes::limbs(&spec.mul(&plain, &beta))];
    for (i, out) in out.chunks_mut(8).enumerate() {
        let bytes = points.get(64 * W * i..).unwrap_or(&[]);
        let mut image = image.as_mut().map(|(_, image)| {
            let end = image.len().min(8 * i + 8);
            &mut image[8 * i..end]
        });
        let mapped = image
            .as_deref_mut()
            .and_then(|image| image.as_chunks_mut().0.first_mut());
        match (out.as_chunks_mut().0.first_mut(), mapped) {
            (Some(out), Some(mapped)) if bytes.len() >= 64 * W => {
                convert_eight::<M, L, D, W>(bytes, &factors, out, mapped);
            }
            _ => {
                let [mut rows, mut plain, mut mapped] = [[Packed::INFINITY; 8]; 3];
                let bytes = &bytes[..bytes.len().min(64 * W)];
                bytemuck::bytes_of_mut(&mut rows)[..bytes.len()].copy_from_slice(bytes);
                let bytes = bytemuck::bytes_of(&rows);
                convert_eight::<M, L, D, W>(bytes, &factors, &mut plain, &mut mapped);
                out.copy_from_slice(&plain[..out.len()]);
                if let Some(image) = image {
                    image.copy_from_slice(&mapped[..image.len()]);
                }
            }
        }
    }
}

/// Eight points, and their images.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn convert_eight<M: Modulus, const L: usize, const D: usize, const W: usize>(
    bytes: &[u8],
    factors: &[[u64; L]; 2],
    plain: &mut [Packed<W>; 8],
    image: &mut [Packed<W>; 8],
) {
    let row = |i: usize| &bytes[8 * W * i..];
    let rows = [
        row(0),
        row(1),
        row(2),
        row(3),
        row(4),
        row(5),
        row(6),
        row(7),
    ];
    let words = words_of::<W, false>(rows);
    let mut any = words[0];
    for word in &words[1..] {
        any = _mm512_or_si512(any, *word);
    }
    let infinite = _mm512_testn_epi64_mask(any, any);
    let [mut x, mut y] = split_point::<L, D, W>(&words);
    let mut mapped = x;
    for d in 0..D {
        // 1·1/84 + 2 < 2.02
        mapped.0[d] = lanes::mul::<M, L>(&x.0[d], &lanes::constant(&factors[1]));
        x.0[d] = lanes::mul::<M, L>(&x.0[d], &lanes::constant(&factors[0]));
        y.0[d] = lanes::mul::<M, L>(&y.0[d], &lanes::constant(&factors[0]));
    }
    let five = &const { times::<M, L>(5) };
    let y = y.raise(&const { times::<M, L>(3) }).clean();
    pack_ranged(&x.below(five).clean(), &y, infinite, plain);
    pack_ranged(&mapped.below(five).clean(), &y, infinite, image);
}

/// A packed point in data form.
pub(crate) fn unpack<M: Modulus, C: Arith, const L: usize, const W: usize>(
    point: &Packed<W>,
) -> Affine<C> {
    if *point == Packed::INFINITY {
        return Affine::INFINITY;
    }
    let (spec, n) = (M::SPEC, M::SPEC.limbs());
    let mut digits = *point;
    for digits in digits.0.chunks_mut(n) {
        let mut value = [0; 6];
        value[..n].copy_from_slice(digits);
        while !int::less(&value, &spec.modulus) {
            value = int::sub(&value, &spec.modulus).0;
        }
        digits.copy_from_slice(&value[..n]);
    }
    // digits a·R' (R' = 2^(52L)); times 2^(2r)/R', divided by 2^r, is a·2^r
    let power = const { power_of_two(M::SPEC, 2 * M::SPEC.log_r as usize - lanes::BITS * L) };
    let mut scale = C::ZERO;
    bytemuck::cast_slice_mut(bytemuck::bytes_of_mut(&mut scale))[..n].copy_from_slice(&power[..n]);
    let point: Affine<C> = bytemuck::pod_read_unaligned(bytemuck::bytes_of(&digits));
    Affine {
        x: point.x.neg().mul(scale), // 5p − x
        y: point.y.mul(scale),
    }
}
