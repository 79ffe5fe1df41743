//! What turns which word: the exponents of the streaming transform.
//!
//! A unit of six stages is a transform of 64 by eight times eight. A word's place within it has six
//! digits, the highest first: after a stage, its digit is a frequency, those below are still times.

use crate::arith::goldilocks::FIELD;
use proofmill_field::int;
use rust_hdl::prelude::Bits;

/// The order of 8, and the size of a unit's transform.
pub const EXPONENTS: u64 = 64;

/// 8^`root_exponent()` is the field's root of unity of order 64.
fn root_exponent() -> u64 {
    let root = FIELD.root_of_unity(6);
    let is_root = |&e: &u64| Some(FIELD.pow(&int::small(8), &int::small(e))) == root;
    (0..EXPONENTS).find(is_root).unwrap_or_default()
}

/// The exponent of 8 in the root of order 64 to the power of `turns`.
pub fn of_eight(turns: u64) -> u64 {
    root_exponent() * turns % EXPONENTS
}

/// The power of the root of order 64 that the word at `place` (six digits) takes after stage `stage`
/// (0 to 4) of a unit.
pub fn turns(stage: usize, place: u64) -> u64 {
    let digit = |i: u64| place >> i & 1;
    let frequency = |i: u64| digit(i) + 2 * digit(i - 1);
    match stage {
        0 => 16 * digit(5) * digit(4),
        1 => 8 * digit(3) * frequency(5),
        2 => (place & 7) * (frequency(5) + 4 * digit(3)),
        3 => 16 * digit(2) * digit(1),
        _ => 8 * digit(0) * frequency(2),
    }
}

/// log2 of the transform's size.
pub const LOG_N: u32 = 12;

/// Word `index` of the table between the units: w^(index mod 64) for w of order 2^`LOG_N`, and from 64
/// on divided by 2^`LOG_N`.
pub fn root(index: u64) -> u64 {
    let w = FIELD.root_of_unity(LOG_N).unwrap_or(FIELD.one);
    let power = FIELD.pow(&w, &int::small(index % EXPONENTS));
    let divisor = FIELD.element(if index < EXPONENTS { 1 } else { 1 << LOG_N });
    FIELD.mul(&power, &FIELD.inverse(&divisor))[0]
}

/// A one for each of 96 bits that counts negatively after a rotation by 3·(exponent mod 32).
pub fn signs(exponent: u64) -> Bits<96> {
    let wrapped = (Bits::from(1u64) << (3 * (exponent % 32))) - 1u64;
    if exponent < 32 { wrapped } else { !wrapped }
}
