//! The same transform in Rust, block by block: what each block makes of the words that stream through it.

use super::plan::{self, EXPONENTS, LOG_N};
use crate::arith::goldilocks::FIELD;
use proofmill_field::{int, naive};

fn multiply(a: u64, b: u64) -> u64 {
    FIELD.mul(&int::small(a), &int::small(b))[0]
}

/// `word` · 8^`exponent`: [`super::rotate::Rotate`].
pub fn rotate(word: u64, exponent: u64) -> u64 {
    multiply(word, FIELD.pow(&int::small(8), &int::small(exponent))[0])
}

/// [`super::stage::Stage`] with halves of 2^`log_half` words.
pub fn stage(words: &mut [u64], log_half: usize) {
    for block in words.chunks_exact_mut(2 << log_half) {
        let (first, second) = block.split_at_mut(1 << log_half);
        for (a, b) in first.iter_mut().zip(second) {
            let (left, right) = (int::small(*a), int::small(*b));
            *a = FIELD.add(&left, &right)[0];
            *b = FIELD.sub(&left, &right)[0];
        }
    }
}

/// [`super::turn::Turn`] after stage `stage` of a unit.
pub fn turn(words: &mut [u64], stage: usize, log_stride: usize) {
    for (i, word) in words.iter_mut().enumerate() {
        let place = (i >> log_stride) as u64 % EXPONENTS;
        *word = rotate(*word, plan::of_eight(plan::turns(stage, place)));
    }
}

/// [`super::unit::Unit`].
pub fn unit(words: &mut [u64], log_stride: usize) {
    for i in 0..6 {
        stage(words, log_stride + 5 - i);
        if i < 5 {
            turn(words, i, log_stride);
        }
    }
}

/// [`super::twiddle::Twiddle`].
pub fn twiddle(words: &mut [u64], inverse: bool) {
    for (i, word) in words.iter_mut().enumerate() {
        let exponent = (naive::bit_reverse(i >> 6, 6) * (i & 63)) as u64;
        let turned = rotate(*word, plan::of_eight(exponent / EXPONENTS));
        let index = exponent % EXPONENTS + if inverse { EXPONENTS } else { 0 };
        *word = multiply(turned, plan::root(index));
    }
}

/// [`super::pipeline::Pipeline`]: 2^12 words, natural order in, bit-reversed order out.
pub fn pipeline(words: &mut [u64], inverse: bool) {
    unit(words, 6);
    twiddle(words, inverse);
    unit(words, 0);
}

/// [`super::core::StreamCore`]: 2^12 words, natural order in and out.
pub fn transform(words: &mut [u64], inverse: bool) {
    pipeline(words, inverse);
    let n = words.len();
    let place = |i: usize| naive::bit_reverse(if inverse { (n - i) % n } else { i }, LOG_N);
    let ordered: Vec<_> = (0..n).map(|i| words[place(i)]).collect();
    words.copy_from_slice(&ordered);
}

/// [`transform`] with word i multiplied by `shift`^i: going in if forward, coming out if inverse.
pub fn coset_transform(words: &mut [u64], inverse: bool, shift: u64) {
    let scale = |words: &mut [u64]| {
        let mut power = 1;
        for word in words {
            *word = multiply(*word, power);
            power = multiply(power, shift);
        }
    };
    if !inverse {
        scale(words);
    }
    transform(words, inverse);
    if inverse {
        scale(words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofmill_field::{FieldId, Random};

    fn random(count: usize) -> Vec<u64> {
        let mut random = Random::seeded(7);
        (0..count)
            .map(|_| random.element(FieldId::Goldilocks)[0])
            .collect()
    }

    fn defined(words: &[u64], log_n: u32) -> Vec<u64> {
        let words: Vec<_> = words.iter().map(|&word| int::small(word)).collect();
        let root = FIELD.root_of_unity(log_n).unwrap();
        let all = naive::transform(FIELD, &words, &root, &FIELD.one, words.len());
        all.iter().map(|word| word[0]).collect()
    }

    #[test]
    fn a_unit_is_the_transform_of_64_in_bit_reversed_order() {
        let words = random(64);
        let mut ours = words.clone();
        unit(&mut ours, 0);
        let expected = defined(&words, 6);
        for (i, &word) in expected.iter().enumerate() {
            assert_eq!(ours[naive::bit_reverse(i, 6)], word, "{i}");
        }
    }

    #[test]
    fn forward_is_the_definition_and_inverse_undoes_it() {
        let words = random(1 << LOG_N);
        let mut ours = words.clone();
        transform(&mut ours, false);
        assert_eq!(ours, defined(&words, LOG_N));
        transform(&mut ours, true);
        assert_eq!(ours, words);
    }

    #[test]
    fn the_roots_of_a_unit_are_powers_of_two() {
        let root = FIELD.root_of_unity(6).unwrap()[0];
        assert_eq!(rotate(1, plan::of_eight(1)), root);
    }
}
