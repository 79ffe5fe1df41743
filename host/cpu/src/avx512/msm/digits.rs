//! Scalars to halves and digits, eight at a time: out of Montgomery form, compared with the modulus,
//! brought to at most r/2 with a sign, split, cut.

use crate::endomorphism;
use crate::msm::scalars::{Block, Digits, Extremes, Halves, Windows};
use crate::{Form, Unreduced};
use core::arch::x86_64::*;
use proofmill_field::{CurveId, Int, int};

/// Bits of a limb.
const BITS: u32 = 52;
const MASK: u64 = (1 << BITS) - 1;

/// The constants of a curve's scalars, in limbs of 52 bits.
struct Constants {
    /// The modulus r and (r − 1)/2.
    r: [u64; 5],
    half: [u64; 5],
    /// −1/r mod 2^52.
    neg_inverse: u64,
    /// The lattice: A, S and B.
    a: [u64; 3],
    s: [u64; 3],
    b: [u64; 3],
    /// ⌊2^260·B/r⌋ and ⌊2^260·S/r⌋, below 2^134.
    quotients: [[u64; 3]; 2],
}

const fn limbs<const N: usize>(x: &Int) -> [u64; N] {
    let (mut out, mut i) = ([0; N], 0);
    while i < N {
        out[i] = int::shr(x, BITS * i as u32)[0] & MASK;
        i += 1;
    }
    out
}

impl Constants {
    const fn derive(curve: CurveId) -> Self {
        let (phi, field) = (endomorphism::of(curve), curve.spec().scalar);
        let (q1, q2) = phi.quotients(260);
        Constants {
            r: limbs(&field.modulus),
            half: limbs(&int::shr(&field.modulus, 1)),
            neg_inverse: field.neg_inverse & MASK,
            a: limbs(&endomorphism::wide(phi.a)),
            s: limbs(&endomorphism::wide(phi.s)),
            b: limbs(&endomorphism::wide(phi.b)),
            quotients: [limbs(&q1), limbs(&q2)],
        }
    }

    fn of(curve: CurveId) -> &'static Self {
        const BN254: Constants = Constants::derive(CurveId::Bn254);
        const BLS12_381: Constants = Constants::derive(CurveId::Bls12_381);
        const BLS12_377: Constants = Constants::derive(CurveId::Bls12_377);
        match curve {
            CurveId::Bn254 => &BN254,
            CurveId::Bls12_381 => &BLS12_381,
            CurveId::Bls12_377 => &BLS12_377,
        }
    }
}

/// [`Halves::read`] on vectors.
///
/// # Safety
/// The processor has AVX-512 F, IFMA and VBMI2.
pub(crate) unsafe fn read(curve: CurveId, scalars: &[u8], form: Form) -> Result<Halves, Unreduced> {
    let constants = Constants::of(curve);
    Halves::read_with(scalars, form, |bytes, blocks| match form {
        // SAFETY: the caller's.
        Form::Data(_) => unsafe { read_run::<true>(constants, bytes, blocks) },
        // SAFETY: likewise.
        Form::Integer(_) => unsafe { read_run::<false>(constants, bytes, blocks) },
        Form::Small => Ok(read_small(bytes, blocks)),
    })
}

fn read_small(bytes: &[u8], blocks: &mut [Block]) -> Extremes {
    let mut most = 0;
    for (i, word) in bytes.chunks_exact(8).enumerate() {
        let word: u64 = bytemuck::pod_read_unaligned(word);
        blocks[i / 8][0][i % 8] = word;
        most = most.max(word);
    }
    [[0, most], [0, 0]]
}

/// Bytes of eight scalars.
const EIGHT: usize = 8 * 32;

#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn read_run<const DATA: bool>(
    constants: &Constants,
    bytes: &[u8],
    blocks: &mut [Block],
) -> Result<Extremes, usize> {
    let mut most = [_mm512_setzero_si512(); 4];
    for (i, (eight, block)) in bytes.chunks(EIGHT).zip(blocks).enumerate() {
        let mut padded = [0u8; EIGHT];
        let whole: &[u8; EIGHT] = match eight.try_into() {
            Ok(whole) => whole,
            Err(_) => {
                padded[..eight.len()].copy_from_slice(eight);
                &padded
            }
        };
        let words = load(whole);
        let k = if DATA {
            from_montgomery(constants, &times_16(&words))
        } else {
            let k = split_words(&words);
            let reduced = below(&k, &constants.r);
            if reduced != 0xff {
                return Err(8 * i + reduced.trailing_ones() as usize);
            }
            k
        };
        let (k, negative) = shortest(constants, &k);
        let halves = split(constants, &k);
        for (h, half) in halves.into_iter().enumerate() {
            let (low, high) = opposite(half, negative);
            store(&mut block[2 * h], low);
            store(&mut block[2 * h + 1], high);
            let below_zero = negative_lanes(high);
            let (low, high) = opposite((low, high), below_zero);
            most[2 * h] = _mm512_max_epu64(most[2 * h], high);
            most[2 * h + 1] = _mm512_max_epu64(most[2 * h + 1], low);
        }
    }
    let most = most.map(|m| _mm512_reduce_max_epu64(m));
    Ok([[most[0], most[1]], [most[2], most[3]]])
}

/// Lanes below zero.
#[target_feature(enable = "avx512f")]
#[inline]
fn negative_lanes(x: __m512i) -> __mmask8 {
    _mm512_cmplt_epi64_mask(x, _mm512_setzero_si512())
}

#[target_feature(enable = "avx512f")]
#[inline]
fn store(to: &mut [u64; 8], x: __m512i) {
    // SAFETY: 64 writable bytes.
    unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), x) }
}

/// Word j of each of eight scalars.
#[target_feature(enable = "avx512f")]
#[inline]
fn load(bytes: &[u8; EIGHT]) -> [__m512i; 4] {
    // SAFETY: 64 readable bytes from each of 0, 64, 128, 192.
    let pairs =
        [0, 1, 2, 3].map(|i| unsafe { _mm512_loadu_si512(bytes.as_ptr().add(64 * i).cast()) });
    // words 0 and 1, then 2 and 3, of four scalars
    let first = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
    let second = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
    let [a, b, c, d] = pairs;
    let (ab, cd) = (
        _mm512_permutex2var_epi64(a, first, b),
        _mm512_permutex2var_epi64(c, first, d),
    );
    let (ab2, cd2) = (
        _mm512_permutex2var_epi64(a, second, b),
        _mm512_permutex2var_epi64(c, second, d),
    );
    [
        _mm512_shuffle_i64x2::<0x44>(ab, cd),
        _mm512_shuffle_i64x2::<0xee>(ab, cd),
        _mm512_shuffle_i64x2::<0x44>(ab2, cd2),
        _mm512_shuffle_i64x2::<0xee>(ab2, cd2),
    ]
}

#[target_feature(enable = "avx512f")]
#[inline]
fn set(x: u64) -> __m512i {
    _mm512_set1_epi64(x as i64)
}

/// Four words to five limbs.
#[target_feature(enable = "avx512f,avx512vbmi2")]
#[inline]
fn split_words(w: &[__m512i; 4]) -> [__m512i; 5] {
    let m = set(MASK);
    [
        _mm512_and_si512(w[0], m),
        _mm512_and_si512(_mm512_shrdi_epi64::<52>(w[0], w[1]), m),
        _mm512_and_si512(_mm512_shrdi_epi64::<40>(w[1], w[2]), m),
        _mm512_and_si512(_mm512_shrdi_epi64::<28>(w[2], w[3]), m),
        _mm512_srli_epi64::<16>(w[3]),
    ]
}

/// Four words, times 16, to five limbs: below 2^260.
#[target_feature(enable = "avx512f,avx512vbmi2")]
#[inline]
fn times_16(w: &[__m512i; 4]) -> [__m512i; 5] {
    let m = set(MASK);
    [
        _mm512_and_si512(_mm512_slli_epi64::<4>(w[0]), m),
        _mm512_and_si512(_mm512_shrdi_epi64::<48>(w[0], w[1]), m),
        _mm512_and_si512(_mm512_shrdi_epi64::<36>(w[1], w[2]), m),
        _mm512_and_si512(_mm512_shrdi_epi64::<24>(w[2], w[3]), m),
        _mm512_srli_epi64::<12>(w[3]),
    ]
}

/// t/2^260 mod r for t < 2^260: with q < 2^260 it is (t + q·r)/2^260 < 1 + r, and r itself only for
/// a multiple of r other than 0.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn from_montgomery(constants: &Constants, t: &[__m512i; 5]) -> [__m512i; 5] {
    let (zero, r) = (_mm512_setzero_si512(), constants.r.map(|x| set(x)));
    let neg_inverse = set(constants.neg_inverse);
    let mut t = *t;
    for _ in 0..5 {
        // columns stay below 2^52 + 5·(2·2^52 + 2^12): each gains two halves of products a step
        let q = _mm512_madd52lo_epu64(zero, t[0], neg_inverse);
        let low = _mm512_madd52lo_epu64(t[0], q, r[0]);
        let mut next = [zero; 5];
        for j in 1..5 {
            next[j - 1] = _mm512_madd52lo_epu64(t[j], q, r[j]);
        }
        next[0] = _mm512_add_epi64(next[0], _mm512_srli_epi64::<BITS>(low));
        for j in 0..5 {
            next[j] = _mm512_madd52hi_epu64(next[j], q, r[j]);
        }
        t = next;
    }
    carried(t)
}

/// Carries made whole; limbs may be negative, the value may not but in its top limb.
#[target_feature(enable = "avx512f")]
#[inline]
fn carried<const N: usize>(mut t: [__m512i; N]) -> [__m512i; N] {
    for j in 0..N - 1 {
        t[j + 1] = _mm512_add_epi64(t[j + 1], _mm512_srai_epi64::<BITS>(t[j]));
        t[j] = _mm512_and_si512(t[j], set(MASK));
    }
    t
}

#[target_feature(enable = "avx512f")]
#[inline]
fn minus(a: &[__m512i; 5], b: &[__m512i; 5]) -> [__m512i; 5] {
    let mut out = *a;
    for j in 0..5 {
        out[j] = _mm512_sub_epi64(a[j], b[j]);
    }
    carried(out)
}

/// Lanes in which a < b.
#[target_feature(enable = "avx512f")]
#[inline]
fn below(a: &[__m512i; 5], b: &[u64; 5]) -> __mmask8 {
    negative_lanes(minus(a, &b.map(|x| set(x)))[4])
}

/// The smaller of k and r − k, and the lanes of the latter.
#[target_feature(enable = "avx512f")]
#[inline]
fn shortest(constants: &Constants, k: &[__m512i; 5]) -> ([__m512i; 5], __mmask8) {
    let negative = negative_lanes(minus(&constants.half.map(|x| set(x)), k)[4]);
    let other = minus(&constants.r.map(|x| set(x)), k);
    let mut out = *k;
    for j in 0..5 {
        out[j] = _mm512_mask_blend_epi64(negative, k[j], other[j]);
    }
    (out, negative)
}

/// Two words, negated in some lanes.
#[target_feature(enable = "avx512f")]
#[inline]
fn opposite((low, high): (__m512i, __m512i), lanes: __mmask8) -> (__m512i, __m512i) {
    let zero = _mm512_setzero_si512();
    // −(2^64·h + l) = 2^64·(−h − (l ≠ 0)) − l
    let borrow = _mm512_mask_test_epi64_mask(lanes, low, low);
    let high = _mm512_mask_sub_epi64(high, lanes, zero, high);
    let high = _mm512_mask_sub_epi64(high, borrow, high, set(1));
    (_mm512_mask_sub_epi64(low, lanes, zero, low), high)
}

/// `Endomorphism::split` with quotients of 2^260 whose columns below the third are left out.
///
/// For k < 2^254 the multiples c taken off are ⌊x' + 1/2⌋ with x − 2^−6 − 2^−100 < x' ≤ x, so that
/// the halves are at most (1/2 + 2^−5)·(B + S): below 0.926·2^126 (BN254), 0.716·2^127 (BLS12-381),
/// 0.575·2^126 (BLS12-377). They are computed modulo 2^128.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn split(constants: &Constants, k: &[__m512i; 5]) -> [(__m512i, __m512i); 2] {
    let c1 = rounded_product(k, &constants.quotients[0]);
    let c2 = rounded_product(k, &constants.quotients[1]);
    let zero = [_mm512_setzero_si512(); 4];
    let (mut off, mut plus, mut minus) = (zero, zero, zero);
    add_product(&mut off, &c1, &constants.a);
    add_product(&mut off, &c2, &constants.s);
    add_product(&mut plus, &c1, &constants.s);
    add_product(&mut minus, &c2, &constants.b);
    [
        difference(&[k[0], k[1], k[2]], &off),
        difference(&[plus[0], plus[1], plus[2]], &minus),
    ]
}

/// ⌊k·q/2^260 + 1/2⌋, below 2^128, but for the columns below the third.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn rounded_product(k: &[__m512i; 5], q: &[u64; 3]) -> [__m512i; 3] {
    let mut t = [_mm512_setzero_si512(); 8];
    t[4] = set(1 << 51);
    for i in 0..5 {
        for j in 0..3 {
            let q = set(q[j]);
            // at most six halves of products a column: < 2^55
            if i + j >= 3 {
                t[i + j] = _mm512_madd52lo_epu64(t[i + j], k[i], q);
            }
            if i + j >= 2 {
                t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], k[i], q);
            }
        }
    }
    let t = carried([t[3], t[4], t[5], t[6], t[7]]);
    [t[2], t[3], t[4]]
}

/// t += c·x modulo 2^156 (three columns; the fourth holds what is of no use).
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn add_product(t: &mut [__m512i; 4], c: &[__m512i; 3], x: &[u64; 3]) {
    for i in 0..3 {
        for j in 0..3 - i {
            let x = set(x[j]);
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], c[i], x);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], c[i], x);
        }
    }
}

/// a − b modulo 2^128, as two words; columns below 2^57.
#[target_feature(enable = "avx512f")]
#[inline]
fn difference(a: &[__m512i; 3], b: &[__m512i; 4]) -> (__m512i, __m512i) {
    let sub = |i: usize| _mm512_sub_epi64(a[i], b[i]);
    let [d0, d1, d2] = carried([sub(0), sub(1), sub(2)]);
    (
        _mm512_or_si512(d0, _mm512_slli_epi64::<52>(d1)),
        _mm512_or_si512(_mm512_srli_epi64::<12>(d1), _mm512_slli_epi64::<40>(d2)),
    )
}

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
    let (count, by) = (set(c as u64), _mm_cvtsi64_si128(c as i64));
    let (mask, middle) = (set((1 << c) - 1), set(1 << (c - 1)));
    let (mut low, mut high) = ([_mm512_setzero_si512(); N], [_mm512_setzero_si512(); N]);
    for b in 0..N {
        let word = |j: usize| {
            // SAFETY: 64 readable bytes.
            unsafe { _mm512_loadu_si512(blocks[b][2 * half + j].as_ptr().cast()) }
        };
        let bias_low = set(bias as u64);
        low[b] = _mm512_add_epi64(word(0), bias_low);
        let carry = _mm512_cmplt_epu64_mask(low[b], bias_low);
        high[b] = _mm512_add_epi64(word(1), set((bias >> 64) as u64));
        high[b] = _mm512_mask_add_epi64(high[b], carry, high[b], set(1));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch;
    use crate::with_field;
    use proofmill_field::Random;

    /// Both readers' halves, if the processor has the vectors.
    fn both(curve: CurveId, scalars: &[u8], form: Form) -> Option<[Result<Halves, Unreduced>; 2]> {
        if !dispatch::has_ifma() {
            println!("skipped: no AVX-512 IFMA");
            return None;
        }
        // SAFETY: just asked.
        let vector = unsafe { read(curve, scalars, form) };
        let phi = endomorphism::of(curve);
        let portable =
            with_field!(curve.spec().scalar.id, S => Halves::read::<S>(scalars, form, phi));
        Some([portable, vector])
    }

    fn scalars(curve: CurveId, count: usize, data: bool) -> Vec<u8> {
        let (field, mut random) = (curve.spec().scalar, Random::seeded(1));
        let (top, half) = (
            int::sub(&field.modulus, &int::small(1)).0,
            int::shr(&field.modulus, 1),
        );
        let mut values: Vec<Int> = (0..20)
            .flat_map(|i| {
                let i = int::small(i);
                [
                    i,
                    int::sub(&top, &i).0,
                    int::sub(&half, &i).0,
                    int::add(&half, &i).0,
                ]
            })
            .collect();
        values.extend((0..253).map(endomorphism::power_of_2));
        values.extend((0..count).map(|_| random.element(field.id)));
        let mut out = vec![0; 32 * values.len()];
        for (x, bytes) in values.iter().zip(out.chunks_mut(32)) {
            field.write(&if data { field.to_data(x) } else { *x }, bytes);
        }
        out
    }

    #[test]
    fn a_million_scalars_are_read_as_the_portable_reader_reads_them() {
        for curve in CurveId::ALL {
            let field = curve.spec().scalar.id;
            for (form, data) in [(Form::Data(field), true), (Form::Integer(field), false)] {
                let bytes = scalars(curve, 500_003, data);
                let Some([Ok(portable), Ok(vector)]) = both(curve, &bytes, form) else {
                    return;
                };
                let phi = endomorphism::of(curve);
                let bound = (phi.b + phi.s) / 2 + ((phi.b + phi.s) >> 5);
                assert!(vector.bound() <= bound | u64::MAX as u128);
                for (p, v) in portable.blocks.iter().zip(&vector.blocks) {
                    for lane in 0..8 {
                        let [p, v] = [p, v].map(|b| crate::msm::scalars::halves(b, lane));
                        // the multiple taken off may differ by the reader's rounding: by a vector
                        // of the lattice's basis
                        let by = [0, 1].map(|h| p[h].wrapping_sub(v[h]));
                        assert!(phi.is_basis_multiple(by), "{p:?} {v:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn small_scalars_and_their_opposites_have_one_half() {
        for curve in CurveId::ALL {
            let field = curve.spec().scalar;
            let values = [0, 1, 2, 0xffff_ffff, u64::MAX].map(int::small);
            let all = values.iter().flat_map(|x| [*x, field.neg(x)]);
            let bytes: Vec<u8> = all
                .flat_map(|x| {
                    let mut bytes = [0; 32];
                    field.write(&x, &mut bytes);
                    bytes
                })
                .collect();
            let Some(read) = both(curve, &bytes, Form::Integer(field.id)) else {
                return;
            };
            for halves in read {
                let Ok(halves) = halves else {
                    panic!("reduced")
                };
                assert_eq!((halves.count(), halves.bound()), (1, u64::MAX as u128));
                for (i, value) in values.iter().enumerate() {
                    for (j, sign) in [1, -1].into_iter().enumerate() {
                        let at = 2 * i + j;
                        let [k, zero] = crate::msm::scalars::halves(&halves.blocks[at / 8], at % 8);
                        assert_eq!((k, zero), (sign * value[0] as i128, 0));
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_unreduced_integer_is_named() {
        for curve in CurveId::ALL {
            let field = curve.spec().scalar;
            let valid = scalars(curve, 5000, false);
            for (at, value) in [
                (0, field.modulus),
                (3, [u64::MAX; 6]),
                (4999, field.modulus),
            ] {
                let mut bytes = valid.clone();
                for later in [at, at + 1, at + 300] {
                    field.write(&value, &mut bytes[32 * later..][..32]);
                }
                let Some(read) = both(curve, &bytes, Form::Integer(field.id)) else {
                    return;
                };
                for halves in read {
                    assert_eq!(halves.err(), Some(Unreduced { index: at }));
                }
            }
        }
    }

    #[test]
    fn digits_are_those_of_the_portable_cut_and_sum_to_the_scalar() {
        for curve in CurveId::ALL {
            let bytes = scalars(curve, 3000, false);
            let Some([_, Ok(halves)]) = both(curve, &bytes, Form::Integer(curve.spec().scalar.id))
            else {
                return;
            };
            for c in 2..=16 {
                let windows = Windows::choose(halves.bound(), |w| (w.c != c) as u32 as f64);
                assert_eq!(windows.c, c);
                let portable = Digits::cut(&halves, &windows);
                // SAFETY: `both` found the processor's vectors.
                let vector = unsafe { cut(&halves, &windows) };
                for w in 0..windows.count {
                    assert!(
                        portable.window(w) == vector.window(w),
                        "{curve} {windows:?} {w}"
                    );
                    let most = vector.window(w).iter().map(|d| d.unsigned_abs()).max();
                    assert!(most.is_some_and(|d| d as usize <= windows.buckets(w)));
                }
                for i in 0..halves.len() {
                    let k = crate::msm::scalars::halves(&halves.blocks[i / 8], i % 8);
                    for (h, k) in k.into_iter().enumerate() {
                        let digit = |w: usize| vector.window(w)[h * halves.len() + i] as i128;
                        let sum = (0..windows.count)
                            .rev()
                            .fold(0, |sum, w| (sum << c) + digit(w));
                        assert_eq!(sum, k);
                    }
                }
            }
        }
    }

    #[test]
    fn small_integers_are_read() {
        let words: Vec<u64> = (0..1001)
            .map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .collect();
        let Some(read) = both(CurveId::Bn254, bytemuck::cast_slice(&words), Form::Small) else {
            return;
        };
        let [Ok(portable), Ok(vector)] = read else {
            panic!("no modulus")
        };
        assert!(portable.blocks == vector.blocks && portable.bounds == vector.bounds);
        assert_eq!(vector.count(), 1);
    }
}
