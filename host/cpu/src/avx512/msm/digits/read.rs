//! Scalars to halves: out of Montgomery form, compared with the modulus, brought to at most r/2 with a
//! sign, split.

use crate::avx512::lanes::{self, Lanes, MASK, blend, constant, limbs, splat, sub, words_of, zero};
use crate::endomorphism;
use crate::msm::scalars::{Block, Extremes, Halves};
use crate::{Form, Unreduced};
use core::arch::x86_64::*;
use proofmill_field::{CurveId, int};

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
            let k = lanes::split::<5>(&words);
            let reduced = below(&k, &constant(&constants.r));
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
    let two = |i: usize| unsafe { _mm512_loadu_si512(bytes.as_ptr().add(64 * i).cast()) };
    words_of(&[two(0), two(1), two(2), two(3)])
}

/// Four words, times 16, to five limbs: below 2^260.
#[target_feature(enable = "avx512f,avx512vbmi2")]
#[inline]
fn times_16(w: &[__m512i; 4]) -> Lanes<5> {
    let m = splat(MASK);
    Lanes([
        _mm512_and_si512(_mm512_slli_epi64::<4>(w[0]), m),
        _mm512_and_si512(_mm512_shrdi_epi64::<48>(w[0], w[1]), m),
        _mm512_and_si512(_mm512_shrdi_epi64::<36>(w[1], w[2]), m),
        _mm512_and_si512(_mm512_shrdi_epi64::<24>(w[2], w[3]), m),
        _mm512_srli_epi64::<12>(w[3]),
    ])
}

/// t/2^260 mod r for t < 2^260: with q < 2^260 it is (t + q·r)/2^260 < 1 + r, and r itself only for
/// a multiple of r other than 0.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn from_montgomery(constants: &Constants, t: &Lanes<5>) -> Lanes<5> {
    let r = constant(&constants.r).0;
    let neg_inverse = splat(constants.neg_inverse);
    let mut t = t.0;
    for _ in 0..5 {
        // columns stay below 2^52 + 5·(2·2^52 + 2^12): each gains two halves of products a step
        let q = _mm512_madd52lo_epu64(_mm512_setzero_si512(), t[0], neg_inverse);
        let low = _mm512_madd52lo_epu64(t[0], q, r[0]);
        let mut next = zero::<5>().0;
        for j in 1..5 {
            next[j - 1] = _mm512_madd52lo_epu64(t[j], q, r[j]);
        }
        next[0] = _mm512_add_epi64(next[0], _mm512_srli_epi64::<{ lanes::BITS as u32 }>(low));
        for j in 0..5 {
            next[j] = _mm512_madd52hi_epu64(next[j], q, r[j]);
        }
        t = next;
    }
    lanes::clean(Lanes(t))
}

/// Lanes in which a < b.
#[target_feature(enable = "avx512f")]
#[inline]
fn below(a: &Lanes<5>, b: &Lanes<5>) -> __mmask8 {
    negative_lanes(lanes::clean(sub(a, b)).0[4])
}

/// The smaller of k and r − k, and the lanes of the latter.
#[target_feature(enable = "avx512f")]
#[inline]
fn shortest(constants: &Constants, k: &Lanes<5>) -> (Lanes<5>, __mmask8) {
    let negative = below(&constant(&constants.half), k);
    let other = lanes::clean(sub(&constant(&constants.r), k));
    (blend(negative, k, &other), negative)
}

/// Two words, negated in some lanes.
#[target_feature(enable = "avx512f")]
#[inline]
fn opposite((low, high): (__m512i, __m512i), lanes: __mmask8) -> (__m512i, __m512i) {
    let zero = _mm512_setzero_si512();
    // −(2^64·h + l) = 2^64·(−h − (l ≠ 0)) − l
    let borrow = _mm512_mask_test_epi64_mask(lanes, low, low);
    let high = _mm512_mask_sub_epi64(high, lanes, zero, high);
    let high = _mm512_mask_sub_epi64(high, borrow, high, splat(1));
    (_mm512_mask_sub_epi64(low, lanes, zero, low), high)
}

/// `Endomorphism::split` with quotients of 2^260 whose columns below the third are left out.
///
/// For k < 2^254 the multiples c taken off are ⌊x' + 1/2⌋ with x − 2^−6 − 2^−100 < x' ≤ x, so that
/// the halves are at most (1/2 + 2^−5)·(B + S): below 0.926·2^126 (BN254), 0.716·2^127 (BLS12-381),
/// 0.575·2^126 (BLS12-377). They are computed modulo 2^128.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn split(constants: &Constants, k: &Lanes<5>) -> [(__m512i, __m512i); 2] {
    let c1 = rounded_product(k, &constants.quotients[0]);
    let c2 = rounded_product(k, &constants.quotients[1]);
    let zero = [_mm512_setzero_si512(); 4];
    let (mut off, mut plus, mut minus) = (zero, zero, zero);
    add_product(&mut off, &c1, &constants.a);
    add_product(&mut off, &c2, &constants.s);
    add_product(&mut plus, &c1, &constants.s);
    add_product(&mut minus, &c2, &constants.b);
    [
        difference(&[k.0[0], k.0[1], k.0[2]], &off),
        difference(&[plus[0], plus[1], plus[2]], &minus),
    ]
}

/// ⌊k·q/2^260 + 1/2⌋, below 2^128, but for the columns below the third.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn rounded_product(k: &Lanes<5>, q: &[u64; 3]) -> [__m512i; 3] {
    let mut t = [_mm512_setzero_si512(); 8];
    t[4] = splat(1 << 51);
    for i in 0..5 {
        for j in 0..3 {
            let q = splat(q[j]);
            // at most six halves of products a column: < 2^55
            if i + j >= 3 {
                t[i + j] = _mm512_madd52lo_epu64(t[i + j], k.0[i], q);
            }
            if i + j >= 2 {
                t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], k.0[i], q);
            }
        }
    }
    let t = lanes::clean(Lanes([t[3], t[4], t[5], t[6], t[7]])).0;
    [t[2], t[3], t[4]]
}

/// t += c·x modulo 2^156 (three columns; the fourth holds what is of no use).
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn add_product(t: &mut [__m512i; 4], c: &[__m512i; 3], x: &[u64; 3]) {
    for i in 0..3 {
        for j in 0..3 - i {
            let x = splat(x[j]);
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], c[i], x);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], c[i], x);
        }
    }
}

/// a − b modulo 2^128, as two words; columns below 2^57.
#[target_feature(enable = "avx512f")]
#[inline]
fn difference(a: &[__m512i; 3], b: &[__m512i; 4]) -> (__m512i, __m512i) {
    let minus = |i: usize| _mm512_sub_epi64(a[i], b[i]);
    let [d0, d1, d2] = lanes::clean(Lanes([minus(0), minus(1), minus(2)])).0;
    (
        _mm512_or_si512(d0, _mm512_slli_epi64::<52>(d1)),
        _mm512_or_si512(_mm512_srli_epi64::<12>(d1), _mm512_slli_epi64::<40>(d2)),
    )
}
