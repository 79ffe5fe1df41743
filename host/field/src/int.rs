//! Integers of up to 384 bits and the constant arithmetic from which the field constants are derived.

/// Limbs of an [`Int`].
pub const LIMBS: usize = 6;

/// A non-negative integer below 2^384, little-endian 64-bit limbs.
pub type Int = [u64; LIMBS];

/// Zero.
pub const ZERO: Int = [0; LIMBS];

/// A small integer.
pub const fn small(x: u64) -> Int {
    [x, 0, 0, 0, 0, 0]
}

/// The integer written as hexadecimal digits; anything but digits is passed over (`0x`, `_`).
pub const fn from_hex(text: &str) -> Int {
    let (digits, mut out, mut i) = (text.as_bytes(), ZERO, 0);
    while i < digits.len() {
        let digit = match digits[i] {
            c @ b'0'..=b'9' => c - b'0',
            c @ b'a'..=b'f' => c - b'a' + 10,
            _ => {
                i += 1;
                continue;
            }
        };
        let mut j = LIMBS;
        while j > 0 {
            j -= 1;
            let below = if j == 0 {
                digit as u64
            } else {
                out[j - 1] >> 60
            };
            out[j] = out[j] << 4 | below;
        }
        i += 1;
    }
    out
}

/// `a < b`.
pub const fn less(a: &Int, b: &Int) -> bool {
    let mut i = LIMBS;
    while i > 0 {
        i -= 1;
        if a[i] != b[i] {
            return a[i] < b[i];
        }
    }
    false
}

/// `a == 0`.
pub const fn is_zero(a: &Int) -> bool {
    bits(a) == 0
}

/// Bits up to the highest one that is set.
pub const fn bits(a: &Int) -> u32 {
    let mut i = LIMBS;
    while i > 0 {
        i -= 1;
        if a[i] != 0 {
            return 64 * i as u32 + 64 - a[i].leading_zeros();
        }
    }
    0
}

/// Bit `i`; zero past the end.
pub const fn bit(a: &Int, i: u32) -> bool {
    (i as usize) < 64 * LIMBS && a[i as usize / 64] >> (i % 64) & 1 == 1
}

/// `a + b` mod 2^384 and the carry.
pub const fn add(a: &Int, b: &Int) -> (Int, bool) {
    let (mut out, mut carry, mut i) = (ZERO, 0, 0);
    while i < LIMBS {
        let t = a[i] as u128 + b[i] as u128 + carry; // < 2^65
        out[i] = t as u64;
        carry = t >> 64;
        i += 1;
    }
    (out, carry != 0)
}

/// `a − b` mod 2^384 and the borrow.
pub const fn sub(a: &Int, b: &Int) -> (Int, bool) {
    let (mut out, mut borrow, mut i) = (ZERO, false, 0);
    while i < LIMBS {
        let (t, b1) = a[i].overflowing_sub(b[i]);
        let (t, b2) = t.overflowing_sub(borrow as u64);
        out[i] = t;
        borrow = b1 | b2;
        i += 1;
    }
    (out, borrow)
}

/// `a >> k`, for any `k`.
pub const fn shr(a: &Int, k: u32) -> Int {
    let (limbs, k, mut out, mut i) = (k as usize / 64, k % 64, ZERO, 0);
    while i + limbs < LIMBS {
        let low = a[i + limbs] >> k;
        let high = if k > 0 && i + limbs + 1 < LIMBS {
            a[i + limbs + 1] << (64 - k)
        } else {
            0
        };
        out[i] = low | high;
        i += 1;
    }
    out
}

/// The number of trailing zero bits of `a > 0`.
pub const fn trailing_zeros(a: &Int) -> u32 {
    let mut i = 0;
    while i < LIMBS && a[i] == 0 {
        i += 1;
    }
    if i == LIMBS {
        64 * LIMBS as u32
    } else {
        64 * i as u32 + a[i].trailing_zeros()
    }
}

/// −1/p mod 2^64 for odd p, by Newton's iteration (each step doubles the right bits, from 3).
pub const fn neg_inverse(p: u64) -> u64 {
    let (mut x, mut i) = (p.wrapping_mul(3) ^ 2, 0); // right to 5 bits
    while i < 4 {
        x = x.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(x)));
        i += 1;
    }
    x.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_read_across_limbs() {
        assert_eq!(from_hex("0x1_0000000000000002"), [2, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn shifts_cross_limbs_and_end_in_zero() {
        let a = from_hex("0x123456789abcdef0fedcba9876543210");
        assert_eq!(shr(&a, 4), from_hex("0x123456789abcdef0fedcba987654321"));
        assert_eq!(shr(&a, 64), small(0x123456789abcdef0));
        assert_eq!(shr(&a, 400), ZERO);
        assert_eq!(trailing_zeros(&a), 4);
    }

    #[test]
    fn the_negated_inverse_is_one() {
        for p in [1u64, 3, 0xffff_ffff_0000_0001, 0x3c208c16d87cfd47] {
            assert_eq!(p.wrapping_mul(neg_inverse(p)), u64::MAX);
        }
    }
}
