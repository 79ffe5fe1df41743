//! Sums of runs of affine points, all runs together.
//!
//! The points of every run are added in pairs, then the sums in pairs, until one is left. A round
//! computes all its additions with shared inversions (Montgomery's trick), about 6 products each.
//! A tree has no order of work to schedule: no two additions of a round touch the same point, and
//! one run of a million points costs the same as a million runs of one.

use super::arith::Arith;
use super::curve::Affine;
use super::dispatch::each_path;

/// Additions that share an inversion: at 5 µs an inversion it adds 5 ns to each, and the batch
/// (192 bytes an addition for BN254 G1) stays in the second-level cache.
const BATCH: usize = 1024;

/// One addition P + Q waiting for its inverted denominator.
#[derive(Clone, Copy)]
struct Pending<F> {
    x1: F,
    y1: F,
    x2: F,
    /// λ = numerator / denominator.
    numerator: F,
    denominator: F,
    /// Product of the denominators before this one.
    before: F,
    to: usize,
}

/// The working memory of [`Adder::sum_runs`].
pub(crate) struct Adder<F> {
    pending: Vec<Pending<F>>,
    product: F,
}

impl<F: Arith> Adder<F> {
    pub(crate) fn new() -> Self {
        Adder {
            pending: Vec::with_capacity(BATCH),
            product: F::ONE,
        }
    }

    /// out[to] = p + q: at once where it costs nothing, otherwise when the batch is full.
    #[inline(always)]
    fn add(&mut self, out: &mut [Affine<F>], to: usize, p: Affine<F>, q: Affine<F>) {
        let difference = q.x.sub(p.x);
        let (mut numerator, mut denominator) = (q.y.sub(p.y), difference);
        if difference == F::ZERO || p.is_infinity() || q.is_infinity() {
            if p.is_infinity() {
                out[to] = q;
                return;
            }
            if q.is_infinity() {
                out[to] = p;
                return;
            }
            if p.y != q.y || p.y == F::ZERO {
                out[to] = Affine::INFINITY;
                return;
            }
            let xx = p.x.square();
            (numerator, denominator) = (xx.double().add(xx), p.y.double());
        }
        let before = self.product;
        self.product = before.mul(denominator);
        let (x1, y1, x2) = (p.x, p.y, q.x);
        self.pending.push(Pending {
            x1,
            y1,
            x2,
            numerator,
            denominator,
            before,
            to,
        });
        if self.pending.len() == BATCH {
            flush(self, out);
        }
    }

    /// Sums run after run of `lengths[i]` points, `point(k)` being the k-th of all of them. The sum
    /// of run i is returned at place i, infinity for an empty run.
    #[inline(always)]
    pub(crate) fn sum_runs(
        &mut self,
        mut lengths: Vec<u32>,
        point: impl Fn(usize) -> Affine<F>,
    ) -> Vec<Affine<F>> {
        let halves: usize = lengths.iter().map(|n| n.div_ceil(2) as usize).sum();
        let mut points = vec![Affine::INFINITY; halves];
        // one call, because it is large
        let mut outside = true;
        loop {
            let longest = self.round(&mut lengths, &mut points, |points, from| match outside {
                true => point(from),
                false => points[from],
            });
            outside = false;
            if longest <= 1 {
                break;
            }
        }
        let mut sums = points.into_iter();
        let mut sum = |n: u32| if n == 0 { None } else { sums.next() };
        lengths
            .into_iter()
            .map(|n| sum(n).unwrap_or(Affine::INFINITY))
            .collect()
    }

    /// Halves every run: its k-th pair goes to the k-th place of the shorter run. In place, a round
    /// writes no point before it was read: a sum lies at or below both its terms.
    #[inline(always)]
    fn round(
        &mut self,
        lengths: &mut [u32],
        points: &mut [Affine<F>],
        point: impl Fn(&[Affine<F>], usize) -> Affine<F>,
    ) -> u32 {
        let (mut from, mut to, mut longest) = (0, 0, 0);
        for length in lengths {
            let n = *length as usize;
            for _ in 0..n / 2 {
                let (p, q) = (point(points, from), point(points, from + 1));
                self.add(points, to, p, q);
                (from, to) = (from + 2, to + 1);
            }
            if n % 2 == 1 {
                points[to] = point(points, from);
                (from, to) = (from + 1, to + 1);
            }
            *length = length.div_ceil(2);
            longest = longest.max(*length);
        }
        flush(self, points);
        longest
    }
}

each_path! {
/// The additions that wait, with one inversion. Never inlined: it is large, and so is each of its
/// callers.
fn flush<F: Arith>(adder: &mut Adder<F>, out: &mut [Affine<F>]) {
    let mut inverse = adder.product.inverse_vartime();
    for p in adder.pending.drain(..).rev() {
        let slope = p.numerator.mul(inverse.mul(p.before));
        inverse = inverse.mul(p.denominator);
        let x = slope.square().sub(p.x1).sub(p.x2);
        out[p.to] = Affine {
            x,
            y: slope.mul(p.x1.sub(x)).sub(p.y1),
        };
    }
    adder.product = F::ONE;
}
}
