//! The complete addition: its schedule in software, and the emitted Verilog under Verilator.

#![allow(clippy::unwrap_used)]

use num_bigint::BigUint;
use proofmill_field::naive::{NaiveGroup, Projective};
use proofmill_field::{CurveId, CurveSpec, Group, Random, int};
use proofmill_hdl::arith::wide::{Reduction, plan};
use proofmill_hdl::design::verilog;
use proofmill_hdl::msm::adder::range::ONE;
use proofmill_hdl::msm::adder::replay::{self, Point};
use proofmill_hdl::msm::adder::schedule::GIVEN;
use proofmill_hdl::msm::adder::{Adder, Plan};
use proofmill_hdl::sim::{self, Model};
use std::collections::VecDeque;

/// Pairs with their sums by definition.
struct Cases {
    pairs: Vec<[Point; 2]>,
    sums: Vec<Projective>,
}

/// Coordinates times a factor that is not zero: the same point.
fn scaled(curve: &CurveSpec, point: &Projective, random: &mut Random) -> Projective {
    let factor = random.element(curve.base.id);
    let factor = if int::is_zero(&factor) {
        curve.base.one
    } else {
        factor
    };
    point.map(|[x, _]| [curve.base.mul(&x, &factor), int::ZERO])
}

/// The adder's form of a coordinate, R / R64 times the data form.
fn converted(plan: &Plan, x: &int::Int) -> BigUint {
    let shift = plan.multiplier.bits() - plan.multiplier.field.log_r as usize;
    (plan::integer(x) << shift) % plan.multiplier.modulus()
}

/// Random pairs, and with 0, P and Q all pairs of 0, P, −P and Q, each with other coordinates; unreduced.
fn cases(curve: &'static CurveSpec, plan: &Plan, count: usize) -> Cases {
    let group = NaiveGroup::new(curve, Group::G1);
    let mut random = Random::seeded(254);
    let multiple =
        |random: &mut Random| group.scale(&group.generator(), &random.element(curve.scalar.id));
    let mut points: Vec<_> = (0..40).map(|_| multiple(&mut random)).collect();
    let [[x, _], [y, _], z] = points[0];
    points.extend([
        [[x, int::ZERO], [curve.base.neg(&y), int::ZERO], z],
        group.infinity(),
    ]);
    let special = [0, 1, 40, 41];
    let corner = special.into_iter().flat_map(|i| special.map(|j| (i, j)));
    let mut indices: Vec<(usize, usize)> = corner.collect();
    let any = |random: &mut Random| random.word() as usize % points.len();
    indices.extend((indices.len()..count).map(|_| (any(&mut random), any(&mut random))));
    let mut cases = Cases {
        pairs: vec![],
        sums: vec![],
    };
    let spare = plan.ranges.coordinate / ONE; // whole multiples of p
    for (i, j) in indices {
        let pair = [i, j].map(|i| scaled(curve, &points[i], &mut random));
        cases.sums.push(group.add(&pair[0], &pair[1]));
        let mut lazy = |x: &int::Int| {
            converted(plan, x) + plan.multiplier.modulus() * (random.word() % spare as u64)
        };
        cases
            .pairs
            .push(pair.map(|point| point.map(|[x, _]| lazy(&x))));
    }
    cases
}

fn check(plan: &Plan, expected: &Projective, found: &Point) {
    let p = plan.multiplier.modulus();
    for ([x, _], found) in expected.iter().zip(found) {
        assert_eq!(found % &p, converted(plan, x));
        let bound = BigUint::from(plan.ranges.coordinate);
        assert!(found * BigUint::from(ONE) < &p * bound);
    }
}

fn adder(curve: CurveId) -> Plan {
    Plan::new(curve.spec(), Reduction::Tables).unwrap()
}

#[test]
fn the_schedule_adds() {
    for curve in CurveId::ALL {
        let plan = adder(curve);
        let cases = cases(curve.spec(), &plan, 300);
        let found = replay::sums(&plan, &cases.pairs);
        for (expected, found) in cases.sums.iter().zip(&found) {
            check(&plan, expected, found);
        }
    }
}

#[test]
fn every_slot_has_its_product_and_ranges_close() {
    for curve in CurveId::ALL {
        let plan = adder(curve);
        let mut products = plan.schedule.rows.map(|row| row.product);
        products.sort_unstable();
        assert_eq!(products, std::array::from_fn(|i| i), "{curve}");
        assert!(plan.ranges.coordinate < 4 * ONE, "{curve}");
        let factors = plan.ranges.factors.as_flattened();
        assert!(factors.iter().all(|bound| *bound < 64 * ONE), "{curve}");
        assert!(
            plan.schedule.latency() < 4 * plan.schedule.period(),
            "{curve}"
        );
    }
}

/// Sums of pairs that are given as the adder asks for them.
fn sums(plan: &Plan, pairs: &[[Point; 2]]) -> Vec<Point> {
    let mut model = Model::new(&verilog(Adder::new(plan)).unwrap()).unwrap();
    let names = [
        "reset",
        "valid",
        "p",
        "q",
        "load",
        "load_coordinate",
        "load_digit",
    ];
    let [reset, valid, p, q, load, coordinate, digit] = names.map(|name| model.port(name).unwrap());
    let names = ["sum_valid", "sum_coordinate", "sum"];
    let [sum_valid, sum_coordinate, sum] = names.map(|name| model.port(name).unwrap());
    let n = plan.multiplier.digits;
    let digits = |x: &BigUint| plan::digits(x, n);
    let pairs: Vec<_> = pairs
        .iter()
        .map(|pair| pair.each_ref().map(|point| point.each_ref().map(digits)))
        .collect();
    model.set(reset, 1);
    model.tick(3);
    model.set(reset, 0);
    let mut asked = [0; 3];
    let mut found: [Vec<u64>; 3] = Default::default();
    let clocks = plan.schedule.period() * (pairs.len() + 6);
    let (mut begun, mut ended) = (None, None);
    let mut before = VecDeque::from(vec![None; GIVEN - 1]); // what was asked for
    for clock in 0..clocks {
        let wanted = (model.get(load) == 1)
            .then(|| [coordinate, digit].map(|port| model.get(port) as usize));
        if model.get(sum_valid) == 1 {
            found[model.get(sum_coordinate) as usize].push(model.get(sum));
            let is_whole = found.iter().all(|digits| digits.len() >= n);
            ended = ended.or(is_whole.then_some(clock));
        }
        begun = begun.or(wanted.map(|_| clock));
        model.tick(1);
        before.push_back(wanted);
        if let Some(Some([c, j])) = before.pop_front() {
            let pair = pairs.get(asked[c]);
            model.set(valid, u64::from(pair.is_some()));
            model.set(p, pair.map_or(0, |pair| pair[0][c][j]));
            model.set(q, pair.map_or(0, |pair| pair[1][c][j]));
            asked[c] += usize::from(j + 1 == n);
        }
    }
    let latency = ended.zip(begun).map(|(ended, begun)| ended - begun);
    assert_eq!(latency, Some(plan.schedule.latency()));
    let [x, y, z] = found.map(|digits| digits.chunks(n).map(plan::from_digits).collect::<Vec<_>>());
    assert_eq!([x.len(), y.len(), z.len()], [pairs.len(); 3]);
    x.into_iter()
        .zip(y)
        .zip(z)
        .map(|((x, y), z)| [x, y, z])
        .collect()
}

fn agrees(curve: CurveId, count: usize) {
    if sim::is_missing() {
        return;
    }
    let plan = adder(curve);
    let cases = cases(curve.spec(), &plan, count);
    let found = sums(&plan, &cases.pairs);
    for (expected, found) in cases.sums.iter().zip(&found) {
        check(&plan, expected, found);
    }
    let some = count.min(500);
    assert_eq!(found[..some], replay::sums(&plan, &cases.pairs[..some]));
}

#[test]
fn sums_over_bn254() {
    agrees(CurveId::Bn254, 100_000);
}

#[test]
fn sums_over_bls12_381() {
    agrees(CurveId::Bls12_381, 10_000);
}

#[test]
fn sums_over_bls12_377() {
    agrees(CurveId::Bls12_377, 1_000);
}
