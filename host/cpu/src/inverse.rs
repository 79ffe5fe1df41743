//! Modular inversion on 64-bit limbs: the binary GCD with 31 steps at a time on 64-bit
//! approximations (T. Pornin, "Optimized Binary GCD for Modular Inversion", eprint 2020/972).
//!
//! Time depends on the data: it ends once the smaller number is zero.

use std::hint::select_unpredictable as select;

/// Steps between two updates of the long numbers.
const STEPS: usize = 31;
const LOW: u64 = (1 << STEPS) - 1;

/// An odd modulus below 2^(64N − 1).
#[derive(Clone, Copy)]
pub(crate) struct Odd<const N: usize> {
    /// The modulus.
    pub(crate) modulus: [u64; N],
    /// −1/modulus mod 2^64.
    pub(crate) neg_inverse: u64,
}

/// Row (f, g) of a matrix: stands for f·a + g·b, with |f| + |g| ≤ 2^31.
#[derive(Clone, Copy)]
struct Row {
    f: i64,
    g: i64,
}

/// 1/y mod p for y < p; 0 for 0 (and whatever has a common divisor with p).
pub(crate) fn inverse_vartime<const N: usize>(y: &[u64; N], p: &Odd<N>) -> [u64; N] {
    // a = u·y and b = v·y mod p throughout; at the end a = 0, b = gcd(y, p) = 1
    let (mut a, mut b) = (*y, p.modulus);
    let (mut u, mut v) = ([0; N], [0; N]);
    u[0] = 1;
    while a != [0; N] {
        let (approximate_a, approximate_b) = approximate(&a, &b);
        let (mut row_a, mut row_b) = steps(approximate_a, approximate_b);
        // the approximations may leave a number negative: its row changes sign with it
        let (next_a, next_b) = (halved(&a, &b, &mut row_a), halved(&a, &b, &mut row_b));
        (a, b) = (next_a, next_b);
        (u, v) = (p.halved(&u, &v, row_a), p.halved(&u, &v, row_b));
    }
    v
}

/// The 33 highest bits that either number has and the 31 lowest, of both.
#[inline(always)]
fn approximate<const N: usize>(a: &[u64; N], b: &[u64; N]) -> (u64, u64) {
    let top = (0..N).rev().find(|i| a[*i] | b[*i] != 0).unwrap_or(0);
    if top == 0 {
        return (a[0], b[0]);
    }
    let shift = (a[top] | b[top]).leading_zeros();
    let high = |x: &[u64; N]| x[top] << shift | x[top - 1] >> 1 >> (63 - shift);
    let join = |x: &[u64; N]| x[0] & LOW | high(x) & !LOW;
    (join(a), join(b))
}

/// 31 steps: a, where odd, becomes |a − b| and b the smaller of them; then a is halved. Instead of
/// halving the rows, the other one is doubled: the rows stand for 2^31 times the numbers.
#[inline(always)]
fn steps(mut a: u64, mut b: u64) -> (Row, Row) {
    // f in the low half of a word, g in the high one: sums and differences move together
    let (mut row_a, mut row_b) = (1u64, 1u64 << 32);
    for _ in 0..STEPS {
        let (odd, less) = (a & 1 == 1, a < b);
        let difference = select(less, b.wrapping_sub(a), a.wrapping_sub(b));
        let row = select(less, row_b.wrapping_sub(row_a), row_a.wrapping_sub(row_b));
        let (smaller, row_smaller) = (select(less, a, b), select(less, row_a, row_b));
        b = select(odd, smaller, b);
        row_b = select(odd, row_smaller, row_b) << 1;
        a = select(odd, difference, a) >> 1;
        row_a = select(odd, row, row_a);
    }
    (unpack(row_a), unpack(row_b))
}

/// Halves in [−2^31 + 1, 2^31] of a word f + 2^32·g.
#[inline(always)]
fn unpack(row: u64) -> Row {
    const BIAS: i64 = 0x7fff_ffff;
    let row = row.wrapping_add(BIAS as u64 | (BIAS as u64) << 32);
    Row {
        f: (row & 0xffff_ffff) as i64 - BIAS,
        g: (row >> 32) as i64 - BIAS,
    }
}

/// f·a + g·b in two's complement, and its highest limb.
#[inline(always)]
fn combine<const N: usize>(a: &[u64; N], b: &[u64; N], row: Row) -> ([u64; N], i64) {
    let (mut out, mut carry) = ([0; N], 0i128);
    for i in 0..N {
        // |f·a_i + g·b_i| < 2^31·2^64, and the carry is below 2^32
        carry += a[i] as i128 * row.f as i128 + b[i] as i128 * row.g as i128;
        out[i] = carry as u64;
        carry >>= 64;
    }
    (out, carry as i64)
}

/// The number of which these are the limbs, shifted right by 31 bits.
#[inline(always)]
fn shifted<const N: usize>(low: &[u64; N], high: u64) -> [u64; N] {
    let mut out = [0; N];
    for i in 0..N {
        let next = if i + 1 < N { low[i + 1] } else { high };
        out[i] = low[i] >> STEPS | next << (64 - STEPS);
    }
    out
}

/// |f·a + g·b| / 2^31, which divides; the row takes the sign.
#[inline(always)]
fn halved<const N: usize>(a: &[u64; N], b: &[u64; N], row: &mut Row) -> [u64; N] {
    let (mut low, mut high) = combine(a, b, *row);
    if high < 0 {
        let mut carry = true;
        for limb in &mut low {
            (*limb, carry) = (!*limb).overflowing_add(carry as u64);
        }
        high = (!high).wrapping_add(carry as i64);
        (row.f, row.g) = (-row.f, -row.g);
    }
    shifted(&low, high as u64)
}

impl<const N: usize> Odd<N> {
    /// (f·u + g·v) / 2^31 mod p, for u, v < p.
    #[inline(always)]
    fn halved(&self, u: &[u64; N], v: &[u64; N], row: Row) -> [u64; N] {
        let (mut low, high) = combine(u, v, row);
        let k = low[0].wrapping_mul(self.neg_inverse) & LOW;
        let mut carry = 0u128;
        for i in 0..N {
            carry += low[i] as u128 + self.modulus[i] as u128 * k as u128;
            low[i] = carry as u64;
            carry >>= 64;
        }
        let high = high.wrapping_add(carry as i64);
        // in (−2^31·p, 2^32·p) / 2^31
        let out = shifted(&low, high as u64);
        if high < 0 {
            self.plus(&out)
        } else {
            self.reduced(&out)
        }
    }

    /// a + p mod 2^(64N).
    #[inline(always)]
    fn plus(&self, a: &[u64; N]) -> [u64; N] {
        let (mut out, mut carry) = ([0; N], 0u128);
        for i in 0..N {
            carry += a[i] as u128 + self.modulus[i] as u128;
            out[i] = carry as u64;
            carry >>= 64;
        }
        out
    }

    /// [0, 2p) → [0, p)
    #[inline(always)]
    fn reduced(&self, a: &[u64; N]) -> [u64; N] {
        let (mut out, mut borrow) = ([0; N], false);
        for i in 0..N {
            let (difference, first) = a[i].overflowing_sub(self.modulus[i]);
            let second;
            (out[i], second) = difference.overflowing_sub(borrow as u64);
            borrow = first | second;
        }
        select(borrow, *a, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofmill_field::{FieldId, FieldSpec, Random, int};

    fn field_agrees<const N: usize>(id: FieldId, count: usize) {
        let spec = id.spec();
        let p = Odd {
            modulus: FieldSpec::low::<N>(&spec.modulus),
            neg_inverse: spec.neg_inverse,
        };
        let mut random = Random::seeded(4);
        let one = int::small(1);
        let mut values = vec![
            one,
            int::small(2),
            int::sub(&spec.modulus, &one).0,
            spec.one,
        ];
        // powers of two, and few bits at either end, where approximations are coarsest
        values.extend((1..spec.bits - 1).map(|k| spec.reduce(&int::shr(&spec.modulus, k))));
        values.extend((0..count).map(|_| random.element(id)));
        for y in values {
            let mut inverse = int::ZERO;
            inverse[..N].copy_from_slice(&inverse_vartime(&FieldSpec::low::<N>(&y), &p));
            assert!(spec.is_canonical(&inverse));
            // y · 1/y, through the data form of 1/y
            assert_eq!(spec.mul(&y, &spec.to_data(&inverse)), one, "{}", spec.name);
        }
        assert_eq!(inverse_vartime(&[0; N], &p), [0; N]);
    }

    #[test]
    fn inverses_multiply_to_one() {
        for id in FieldId::ALL {
            match id.spec().limbs() {
                4 => field_agrees::<4>(id, 20_000),
                6 => field_agrees::<6>(id, 10_000),
                _ => {}
            }
        }
    }
}
