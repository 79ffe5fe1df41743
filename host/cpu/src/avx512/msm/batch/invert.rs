//! One inversion for all chains and lanes.

use super::CHAINS;
use crate::arith::{Arith, Modulus};
use crate::avx512::lanes::{self, constant, join, splat};
use crate::avx512::msm::coordinate::{Coordinate, one, permute, product};
use core::arch::x86_64::*;

/// Each chain's product, in every lane, becomes its inverse. False where one of them is zero: then
/// they are spoilt.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn invert<M: Modulus, C: Arith, const L: usize, const D: usize>(
    runs: &mut [Coordinate<L, D>; CHAINS],
) -> bool {
    let multiply = |a: &_, b: &_| product::<M, L, D>(a, b).factor();
    let mut before = *runs;
    for i in 1..CHAINS {
        before[i] = multiply(&before[i - 1], &runs[i]);
    }
    // the product over all lanes, in every lane, and that over the other lanes
    let mut all = before[CHAINS - 1];
    let mut others = one::<M, L, D>();
    for distance in [1, 2, 4] {
        let order = _mm512_xor_si512(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0), splat(distance));
        let swapped = permute(&all, order);
        others = multiply(&swapped, &others);
        all = multiply(&all, &swapped);
    }
    let product = extract::<M, C, L, D>(&all);
    let inverse = product.inverse_vartime();
    let mut run = multiply(&others, &restore::<M, C, L, D>(&inverse));
    for i in (1..CHAINS).rev() {
        let inverse = multiply(&run, &before[i - 1]);
        run = multiply(&run, &runs[i]);
        runs[i] = inverse;
    }
    runs[0] = run;
    product != C::ZERO
}

/// Lane 0 of a factor below 3p as the number whose data form has the same digits, reduced.
#[target_feature(enable = "avx512f")]
fn extract<M: Modulus, C: Arith, const L: usize, const D: usize>(a: &Coordinate<L, D>) -> C {
    let mut out = C::zeroed();
    let n = size_of::<C>() / (8 * D);
    let words: &mut [u64] = bytemuck::cast_slice_mut(bytemuck::bytes_of_mut(&mut out));
    for (d, words) in words.chunks_mut(n).enumerate().take(D) {
        let mut vectors = [_mm512_setzero_si512(); 6];
        join(&lanes::masked(a.0[d]), &mut vectors[..n]);
        let mut value = [0u64; 6];
        for (value, vector) in value.iter_mut().zip(vectors) {
            *value = _mm_cvtsi128_si64(_mm512_castsi512_si128(vector)) as u64;
        }
        while !proofmill_field::int::less(&value, &M::SPEC.modulus) {
            value = proofmill_field::int::sub(&value, &M::SPEC.modulus).0;
        }
        words.copy_from_slice(&value[..n]);
    }
    out
}

/// The private form, in all lanes, of the inverse of what [`extract`] read: with w the digits read
/// and 2^r the R of data form, `a` has the digits 2^(2r)/w and R³/2^(2r) makes R²/w of them.
#[target_feature(enable = "avx512f,avx512ifma")]
fn restore<M: Modulus, C: Arith, const L: usize, const D: usize>(a: &C) -> Coordinate<L, D> {
    let words: &[u64] = bytemuck::cast_slice(bytemuck::bytes_of(a));
    let scale = const {
        let power = 3 * lanes::BITS * L - 2 * M::SPEC.log_r as usize;
        lanes::limbs::<L>(&lanes::power_of_two(M::SPEC, power))
    };
    let mut out = Coordinate::zero();
    for (d, words) in words.chunks(words.len() / D).enumerate().take(D) {
        let mut value = [0u64; 6];
        value[..words.len()].copy_from_slice(words);
        let value = constant(&lanes::limbs::<L>(&value));
        out.0[d] = lanes::mul::<M, L>(&value, &constant(&scale));
    }
    out.factor()
}
