//! The same sums in software, addition by addition as the lanes make them.

use super::Plan;
use crate::arith::wide::plan::integer;
use crate::msm::adder::replay::{self, Point};
use num_bigint::BigUint;

/// An affine point in data form; `None` is infinity.
pub type Base = Option<[BigUint; 2]>;

/// The total of a job, digit for digit what the machine gives.
///
/// # Panics
/// If a value leaves the adder's ranges.
pub fn total(plan: &Plan, bases: &[Base], scalars: &[BigUint]) -> Point {
    let sums = aggregate(plan, &accumulate(plan, bases, scalars));
    let lanes = sums.chunks(plan.windows());
    let lanes: Vec<_> = lanes.map(|sums| lane_total(plan, sums)).collect();
    let (highest, below) = match lanes.split_last() {
        Some((highest, below)) => (highest.clone(), below),
        None => (infinity(), &[][..]),
    };
    below.iter().rev().fold(highest, |total, lane| {
        let fetched = add(plan, infinity(), total);
        add(plan, lane.clone(), doubled(plan, fetched, plan.lane_bits()))
    })
}

/// What a place of the memories is before anything has been added.
fn infinity() -> Point {
    [0u8, 1, 0].map(BigUint::from)
}

fn add(plan: &Plan, p: Point, q: Point) -> Point {
    let [sum] = replay::sums(&plan.adder, &[[p, q]])
        .try_into()
        .unwrap_or_default();
    sum
}

fn doubled(plan: &Plan, point: Point, times: usize) -> Point {
    (0..times).fold(point, |sum, _| add(plan, sum.clone(), sum))
}

/// The buckets of every window of every lane.
fn accumulate(plan: &Plan, bases: &[Base], scalars: &[BigUint]) -> Vec<Vec<Point>> {
    let lane = (0..plan.windows()).map(|v| vec![infinity(); plan.buckets(v)]);
    let lane: Vec<_> = lane.collect();
    let mut buckets: Vec<_> = (0..plan.lanes).flat_map(|_| lane.clone()).collect();
    let field = plan.curve.base;
    for (base, scalar) in bases.iter().zip(scalars) {
        let Some([x, y]) = base else { continue };
        let point = |digit: i64| {
            let y = if digit < 0 {
                integer(&field.modulus) - y
            } else {
                y.clone()
            };
            [x.clone(), y, integer(&field.one)]
        };
        let digits = plan.digits(scalar);
        let taken = digits.iter().enumerate().filter(|(_, digit)| **digit != 0);
        let taken: Vec<_> = taken
            .map(|(w, digit)| (w, digit.unsigned_abs() as usize - 1, *digit))
            .collect();
        let pair = |(w, i, digit): &(usize, usize, i64)| [buckets[*w][*i].clone(), point(*digit)];
        let pairs: Vec<_> = taken.iter().map(pair).collect();
        for ((w, i, _), sum) in taken.iter().zip(replay::sums(&plan.adder, &pairs)) {
            buckets[*w][*i] = sum;
        }
    }
    buckets
}

/// Σ i·bucket_i of every window, by running sums from the highest bucket down.
fn aggregate(plan: &Plan, buckets: &[Vec<Point>]) -> Vec<Point> {
    let mut running = vec![infinity(); buckets.len()];
    let mut sums = running.clone();
    for i in (0..plan.buckets(0)).rev() {
        let live = (0..buckets.len()).filter(|w| i < buckets[*w].len());
        let live: Vec<_> = live.collect();
        let pairs: Vec<_> = live
            .iter()
            .map(|w| [buckets[*w][i].clone(), running[*w].clone()])
            .collect();
        for (w, sum) in live.iter().zip(replay::sums(&plan.adder, &pairs)) {
            running[*w] = sum;
        }
        let pairs: Vec<_> = live
            .iter()
            .map(|w| [sums[*w].clone(), running[*w].clone()])
            .collect();
        for (w, sum) in live.iter().zip(replay::sums(&plan.adder, &pairs)) {
            sums[*w] = sum;
        }
    }
    sums
}

/// A lane's windows' sums by Horner's rule.
fn lane_total(plan: &Plan, sums: &[Point]) -> Point {
    let windows = sums.iter().zip(&plan.widths).rev();
    let mut total = infinity();
    for (i, (sum, width)) in windows.enumerate() {
        let times = if i == 0 { 0 } else { *width };
        total = add(plan, sum.clone(), doubled(plan, total, times));
    }
    total
}
