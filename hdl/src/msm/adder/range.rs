//! How large values become: interval arithmetic over [`PRODUCTS`], in units of p.

use super::formula::{Factor, Kept, Outcome, PRODUCTS, Raw, Target};
use std::collections::HashMap;

/// 1 of a [`Bound`]: bounds are numbers of 2^-32 p, rounded up.
pub const ONE: Bound = 1 << 32;

/// A value is less than so many times p / 2^32.
pub type Bound = u128;

/// Bounds of everything in an addition, and the multiples of p that keep differences from being negative.
#[derive(Clone, Debug)]
pub struct Ranges {
    /// Coordinates, in and out.
    pub coordinate: Bound,
    /// Factors of each product.
    pub factors: [[Bound; 2]; 12],
    /// Each product.
    pub products: [Bound; 12],
    /// What becomes of each.
    pub outcomes: [Bound; 12],
    /// What a difference of factors has added, in p.
    pub factor_offset: u64,
    /// What m − r − s has added, in p.
    pub less_offset: u64,
    /// What r − m has added, in p.
    pub from_offset: u64,
}

impl Ranges {
    /// For b3, and `slack` with p < R / 2^slack: a·b/R + p in units of p is at most a·b / 2^slack + 1.
    ///
    /// The coordinates' bound is the smallest with which sums are not larger than summands; `None` if there is none
    /// up to 64 p.
    pub fn new(b3: u64, slack: u32) -> Option<Ranges> {
        let mut coordinate = ONE;
        while coordinate <= 64 * ONE {
            let ranges = Ranges::of(coordinate, b3, slack);
            let largest = PRODUCTS.iter().zip(ranges.outcomes);
            let largest = largest.filter(|(product, _)| matches!(product.target, Target::Out(_)));
            let largest = largest.map(|(_, bound)| bound).max()?;
            if largest <= coordinate {
                return Some(ranges);
            }
            coordinate = largest;
        }
        None
    }

    fn of(coordinate: Bound, b3: u64, slack: u32) -> Ranges {
        let mut ranges = Ranges {
            coordinate,
            factors: [[0; 2]; 12],
            products: [0; 12],
            outcomes: [0; 12],
            factor_offset: 0,
            less_offset: 0,
            from_offset: 0,
        };
        let coordinates = [Kept::X, Kept::Y, Kept::Z].map(|kept| (kept, coordinate));
        let mut kept: [HashMap<Kept, Bound>; 2] = [coordinates.into(), coordinates.into()];
        let mut raw: HashMap<Raw, Bound> = HashMap::new();
        for (i, product) in PRODUCTS.iter().enumerate() {
            let factors = [product.left, product.right];
            for side in 0..2 {
                ranges.factors[i][side] = ranges.factor(factors[side], &kept[side]);
            }
            let [a, b] = ranges.factors[i];
            // ≤ 64 p each, so that a·b < 2^76
            ranges.products[i] = ONE + ((a * b) >> (32 + slack)) + 1;
            ranges.outcomes[i] = ranges.outcome(product.outcome, ranges.products[i], &raw, b3);
            raw.extend(product.raw.map(|raw| (raw, ranges.products[i])));
            for (kept, is_there) in kept.iter_mut().zip(product.target.sides()) {
                let target = product.target.kept().filter(|_| is_there);
                kept.extend(target.map(|target| (target, ranges.outcomes[i])));
            }
        }
        ranges
    }

    fn factor(&mut self, factor: Factor, kept: &HashMap<Kept, Bound>) -> Bound {
        let bound = |x: Kept| kept.get(&x).copied().unwrap_or_default();
        match factor {
            Factor::One(x) => bound(x),
            Factor::Sum(x, y) => bound(x) + bound(y),
            Factor::Triple(x) => 3 * bound(x),
            Factor::Difference(x, y) => bound(x) + offset(&mut self.factor_offset, bound(y)),
        }
    }

    fn outcome(&mut self, outcome: Outcome, m: Bound, raw: &HashMap<Raw, Bound>, b3: u64) -> Bound {
        let bound = |r: Raw| raw.get(&r).copied().unwrap_or_default();
        match outcome {
            Outcome::Plain => m,
            Outcome::Scaled => m * Bound::from(b3),
            Outcome::Less(r, s) => m + offset(&mut self.less_offset, bound(r) + bound(s)),
            Outcome::ScaledLess(r, s) => {
                (m + offset(&mut self.less_offset, bound(r) + bound(s))) * Bound::from(b3)
            }
            Outcome::With(r) => m + bound(r),
            Outcome::From(r) => bound(r) + offset(&mut self.from_offset, m),
        }
    }
}

/// Enough p for what is taken away, at least as many as before; their bound.
fn offset(offset: &mut u64, taken: Bound) -> Bound {
    *offset = (*offset).max(taken.div_ceil(ONE) as u64);
    Bound::from(*offset) * ONE
}
