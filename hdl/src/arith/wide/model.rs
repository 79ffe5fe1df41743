//! The recurrence in software, digit by digit, with its ranges asserted.

use super::plan::{self, DIGIT_BITS, MASK, Plan, Reduction};
use super::reduction::PARTS;
use num_bigint::BigUint;

/// a·b/R as the multiplier gives it: not reduced, at most a·b/R + p.
///
/// # Panics
/// If a sum leaves its range: a ≥ R − p or b ≥ R.
pub fn multiply(plan: &Plan, a: &BigUint, b: &BigUint) -> BigUint {
    let n = plan.digits;
    let a = plan::digits(a, n + 1);
    let mut sums = vec![0; n + 1]; // T_j
    for b in plan::digits(b, n) {
        let q = (sums[0] + a[0] * b).wrapping_mul(plan.neg_inverse()) & MASK;
        let multiple = multiple(plan, q);
        let column = |j: usize| {
            let below = j.checked_sub(1).map_or(0, |j| (a[j] * b) >> DIGIT_BITS);
            sums[j] + ((a[j] * b) & MASK) + below + multiple[j]
        };
        let columns: Vec<u64> = (0..=n).map(column).collect(); // U_j
        assert!(columns.iter().all(|u| *u < 7 << DIGIT_BITS));
        assert!(columns[n] <= MASK, "a ≥ R − p");
        assert_eq!(columns[0] & MASK, 0);
        let above = |j: usize| columns.get(j + 1).map_or(0, |u| u & MASK);
        sums = (0..=n)
            .map(|j| (columns[j] >> DIGIT_BITS) + above(j))
            .collect();
        assert!(sums.iter().all(|t| *t <= MASK + 6));
    }
    plan::from_digits(&sums)
}

/// The digits of q·p, each a sum without carries.
fn multiple(plan: &Plan, q: u64) -> Vec<u64> {
    let (p, n) = (plan.modulus(), plan.digits);
    let parts: Vec<BigUint> = match plan.reduction {
        Reduction::Tables => {
            let part = |(from, bits)| (&p * (q >> from & ((1u64 << bits) - 1))) << from;
            PARTS.map(part).to_vec()
        }
        Reduction::Multipliers => {
            let half = |shift: usize| {
                let digit = |j: usize| ((plan::digit(&p, j) * q) >> shift) & MASK;
                plan::from_digits(&(0..n).map(digit).collect::<Vec<_>>()) << shift
            };
            vec![half(0), half(DIGIT_BITS)]
        }
    };
    let digit = |j: usize| parts.iter().map(|part| plan::digit(part, j)).sum();
    (0..=n).map(digit).collect()
}
