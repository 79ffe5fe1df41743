//! Many multiples of one point: signed windows over a table of affine multiples, additions in batches that share one
//! inversion.

use crate::curve::KeyPoint;
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField, Zero};
use rayon::prelude::*;

/// Points that share an inversion. One inversion costs some 100 additions, so 2^12 hide it.
const BATCH: usize = 1 << 12;

/// Table entries d · 2^(window·w) · base for d in 1..=2^(window−1), window after window.
pub(crate) struct FixedBase<A> {
    window: usize,
    table: Vec<A>,
}

impl<A: KeyPoint> FixedBase<A> {
    /// A table for about `expected` multiples: at most 2^15 · 17 entries.
    pub(crate) fn new(base: A, expected: usize) -> Self {
        let additions = |&window: &usize| windows::<A>(window) * (expected + (1 << (window - 1)));
        let window = (2..=16).min_by_key(additions).unwrap_or(8);
        let mut start = base.into_group();
        let mut starts = Vec::with_capacity(windows::<A>(window));
        for _ in 0..windows::<A>(window) {
            starts.push(start);
            for _ in 0..window {
                start.double_in_place();
            }
        }
        let table = starts
            .into_par_iter()
            .flat_map_iter(|start| multiples::<A>(start.into(), window))
            .collect();
        Self { window, table }
    }

    /// The multiples of the base by these scalars, in order.
    pub(crate) fn mul_batch(&self, scalars: &[A::ScalarField]) -> Vec<A> {
        scalars
            .par_chunks(BATCH)
            .flat_map_iter(|batch| self.mul_one_batch(batch))
            .collect()
    }

    fn mul_one_batch(&self, scalars: &[A::ScalarField]) -> Vec<A> {
        let half = 1usize << (self.window - 1);
        let mut recoded: Vec<_> = scalars
            .iter()
            .map(|scalar| (scalar.into_bigint(), 0))
            .collect();
        let mut sums = Vec::new();
        let mut addends = Vec::with_capacity(scalars.len());
        for multiples in self.table.chunks_exact(half) {
            addends.clear();
            addends.extend(recoded.iter_mut().map(|(scalar, carry)| {
                let digit = next_digit(scalar, carry, self.window);
                let multiple = multiples.get(digit.unsigned_abs().wrapping_sub(1));
                let multiple = multiple.copied().unwrap_or_else(A::zero);
                if digit < 0 { -multiple } else { multiple }
            }));
            match sums.len() {
                0 => sums.clone_from(&addends),
                _ => add_pairs(&mut sums, &addends),
            }
        }
        sums
    }
}

/// Signed digits need one bit more than the scalar, for the last carry.
fn windows<A: KeyPoint>(window: usize) -> usize {
    (A::ScalarField::MODULUS_BIT_SIZE as usize + 1).div_ceil(window)
}

/// Takes the lowest digit, in −2^(window−1) < digit ≤ 2^(window−1), off a scalar; window ≤ 16.
fn next_digit<B: BigInteger>(scalar: &mut B, carry: &mut usize, window: usize) -> isize {
    let low = scalar.as_ref().first().copied().unwrap_or(0) as usize & ((1 << window) - 1);
    *scalar >>= window as u32;
    let raw = low + *carry;
    *carry = usize::from(raw > 1 << (window - 1));
    raw as isize - ((*carry as isize) << window)
}

/// start · d for d in 1..=2^(window−1), by doubling the list.
fn multiples<A: KeyPoint>(start: A, window: usize) -> Vec<A> {
    let mut list = vec![start];
    for _ in 1..window {
        let last = list.last().copied().unwrap_or(start);
        let mut upper = list.clone();
        add_pairs(&mut upper, &vec![last; list.len()]);
        list.append(&mut upper);
    }
    list
}

/// How two points add up.
enum Sum<F> {
    /// On a line through both of this slope, once the inverse is multiplied in.
    Slope(F),
    /// The second alone: the first is infinity.
    Second,
    /// The first alone: the second is infinity.
    First,
    /// To infinity: the points are opposite.
    Nothing,
}

/// sums\[i\] += addends\[i\], all cases, with one inversion: 5 multiplications and a square for a pair.
fn add_pairs<A: KeyPoint>(sums: &mut [A], addends: &[A]) {
    let mut product = A::BaseField::ONE;
    let mut steps = Vec::with_capacity(sums.len());
    for (a, b) in sums.iter().zip(addends) {
        let (sum, denominator) = numerator_and_denominator(a, b);
        steps.push((sum, denominator, product));
        if let Some(denominator) = denominator {
            product *= denominator;
        }
    }
    let mut inverse = product.inverse().unwrap_or(A::BaseField::ONE); // a product of non-zero factors
    for ((slot, b), (sum, denominator, before)) in sums.iter_mut().zip(addends).zip(steps).rev() {
        let here = inverse * before;
        if let Some(denominator) = denominator {
            inverse *= denominator;
        }
        *slot = match sum {
            Sum::Slope(numerator) => third_point(slot, b, numerator * here),
            Sum::Second => *b,
            Sum::First => *slot,
            Sum::Nothing => A::zero(),
        };
    }
}

/// The slope's numerator, and its denominator, which is not zero, where there is a slope.
fn numerator_and_denominator<A: KeyPoint>(
    a: &A,
    b: &A,
) -> (Sum<A::BaseField>, Option<A::BaseField>) {
    let Some((x1, y1)) = a.xy() else {
        return (Sum::Second, None);
    };
    let Some((x2, y2)) = b.xy() else {
        return (Sum::First, None);
    };
    let dx = x2 - x1;
    if !dx.is_zero() {
        (Sum::Slope(y2 - y1), Some(dx))
    } else if y1 == y2 && !y1.is_zero() {
        let square = x1.square(); // both curves have a = 0, so the slope is 3x² / 2y
        (Sum::Slope(square.double() + square), Some(y1.double()))
    } else {
        (Sum::Nothing, None)
    }
}

/// a + b on a line of this slope.
fn third_point<A: KeyPoint>(a: &A, b: &A, slope: A::BaseField) -> A {
    let (Some((x1, y1)), Some((x2, _))) = (a.xy(), b.xy()) else {
        return A::zero();
    };
    let x = slope.square() - x1 - x2;
    A::from_xy_unchecked(x, slope * (x1 - x) - y1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Source;
    use ark_ec::{AffineRepr, CurveGroup};

    fn agrees_with_double_and_add<A: KeyPoint>(expected: usize) {
        let base = (A::generator() * A::ScalarField::from(77u64)).into_affine();
        let table = FixedBase::new(base, expected);
        let mut source = Source::seeded(5);
        let mut scalars: Vec<A::ScalarField> =
            [0u64, 1, 2, 3, 127, 128, 129, 1 << 15, (1 << 16) - 1]
                .map(Into::into)
                .into();
        scalars.extend(scalars.clone().iter().map(|scalar| -*scalar));
        scalars.extend((0..50).map(|_| source.scalar::<A::ScalarField>().unwrap()));
        let naive: Vec<A> = scalars
            .iter()
            .map(|scalar| (base * scalar).into_affine())
            .collect();
        assert_eq!(table.mul_batch(&scalars), naive);
    }

    #[test]
    fn every_window_agrees_with_double_and_add() {
        for expected in [0, 10, 1000, 100_000, 10_000_000] {
            agrees_with_double_and_add::<ark_bn254::G1Affine>(expected);
        }
        agrees_with_double_and_add::<ark_bn254::G2Affine>(100);
        agrees_with_double_and_add::<ark_bls12_381::G1Affine>(100);
        agrees_with_double_and_add::<ark_bls12_381::G2Affine>(100);
    }

    #[test]
    fn equal_opposite_and_infinite_points_add_up() {
        let g = ark_bn254::G1Affine::generator();
        let mut sums = [g, g, ark_bn254::G1Affine::zero(), g];
        add_pairs(&mut sums, &[g, -g, g, ark_bn254::G1Affine::zero()]);
        assert_eq!(
            sums,
            [(g + g).into_affine(), ark_bn254::G1Affine::zero(), g, g]
        );
    }
}
