//! What a multiplier is made from.

use num_bigint::BigUint;
use proofmill_field::{FieldSpec, Int};

/// Bits of a digit: what a DSP multiplier takes.
pub const DIGIT_BITS: usize = 18;

/// Clocks from a column's sum to its next one; see [`super::column`].
const LOOP: usize = 8;

/// Where the multiples q·p of the modulus come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Reduction {
    /// Tables of its multiples by four bits of q: LUTs.
    Tables,
    /// DSP multipliers, one for each digit.
    Multipliers,
}

/// A multiplier for a field of 253 to 381 bits: digits, contexts, constants.
#[derive(Clone)]
pub struct Plan {
    /// The field.
    pub field: &'static FieldSpec,
    /// Digits n of an operand; a product every n clocks, R = 2^(18·n).
    pub digits: usize,
    /// Products at work, one in each clock of the loop; no common divisor with n.
    pub contexts: usize,
    /// How q·p is made.
    pub reduction: Reduction,
}

impl Plan {
    /// The fewest digits that leave p < R / 2^15, so that factors with a·b < 2^15·p² give less than 2p.
    pub fn new(field: &'static FieldSpec, reduction: Reduction) -> Self {
        let digits = (field.bits as usize + 15).div_ceil(DIGIT_BITS);
        let coprime = |contexts: &usize| gcd(*contexts, digits) == 1;
        let contexts = (LOOP..).find(coprime).unwrap_or(LOOP);
        Plan {
            field,
            digits,
            contexts,
            reduction,
        }
    }

    /// Clocks from the first digits of the factors to the first digit of the product: n turns of the loop, three
    /// clocks before and eight after them.
    pub fn latency(&self) -> usize {
        3 + self.contexts * self.digits + 8
    }

    /// log2 R.
    pub fn bits(&self) -> usize {
        DIGIT_BITS * self.digits
    }

    /// Clocks by which the loop is longer than it must be.
    pub(super) fn spare(&self) -> usize {
        self.contexts - LOOP
    }

    /// p.
    pub fn modulus(&self) -> BigUint {
        integer(&self.field.modulus)
    }

    /// −1/p mod 2^18.
    pub fn neg_inverse(&self) -> u64 {
        self.field.neg_inverse & MASK
    }
}

/// The digit's bits.
pub(super) const MASK: u64 = (1 << DIGIT_BITS) - 1;

/// The digit at place j.
pub fn digit(x: &BigUint, j: usize) -> u64 {
    let bits = (x >> (DIGIT_BITS * j)).iter_u64_digits().next();
    bits.unwrap_or(0) & MASK
}

/// The lowest digits.
pub fn digits(x: &BigUint, count: usize) -> Vec<u64> {
    (0..count).map(|j| digit(x, j)).collect()
}

/// The integer Σ d_j·2^(18·j), of digits of any size.
pub fn from_digits(digits: &[u64]) -> BigUint {
    let step = |sum: BigUint, digit: &u64| (sum << DIGIT_BITS) + *digit;
    digits.iter().rev().fold(BigUint::default(), step)
}

/// The same integer in the other type.
pub fn integer(x: &Int) -> BigUint {
    let bytes: Vec<u8> = x.iter().flat_map(|limb| limb.to_le_bytes()).collect();
    BigUint::from_bytes_le(&bytes)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
