//! Products in wide fields: emitted Verilog under Verilator at full rate, all contexts at work.

#![allow(clippy::unwrap_used)]

use num_bigint::BigUint;
use proofmill_field::{FieldId, Int, Random, int};
use proofmill_hdl::arith::wide::{Multiply, Plan, Reduction, model, plan};
use proofmill_hdl::design::verilog;
use proofmill_hdl::sim::{self, Model};

/// Factors are less than this times p: its square is less than R / p.
const RANGE: u64 = 1 << 7;

type Factors = [BigUint; 2];

/// Multiples of p and what is beside them, all ones in all digits and in every other one.
fn edges(plan: &Plan) -> Vec<BigUint> {
    let p = plan.modulus();
    let ones = (BigUint::from(1u8) << (plan.field.bits + 6)) - 1u8; // < 2^7·p
    let period = (BigUint::from(1u8) << 36) - 1u8;
    let odd = &ones / &period * plan::digit(&ones, 0);
    let mut edges = vec![BigUint::default(), 1u8.into(), 2u8.into(), ones, odd];
    for multiple in [1, 2, 3, RANGE / 2, RANGE] {
        let x = &p * multiple;
        edges.extend([&x - 1u8, &x - 2u8]);
        edges.extend(
            (multiple < RANGE)
                .then(|| [x.clone(), x + 1u8])
                .into_iter()
                .flatten(),
        );
    }
    edges
}

/// Every pair of edges, what is as large as it may be, then random factors.
fn factors(plan: &Plan, count: usize) -> Vec<Factors> {
    let edges = edges(plan);
    let pairs = edges
        .iter()
        .flat_map(|a| edges.iter().map(|b| [a.clone(), b.clone()]));
    let p = plan.modulus();
    let end = BigUint::from(1u8) << (18 * plan.digits); // R
    let largest = [
        [&end - &p - 1u8, &p - 1u8],
        [&p - 1u8, &end - 1u8],
        [&end - &p - 1u8, 1u8.into()],
    ];
    let mut random = Random::seeded(381);
    let mut below = |bound: &BigUint| {
        let words: Vec<u8> = (0..8).flat_map(|_| random.word().to_le_bytes()).collect();
        BigUint::from_bytes_le(&words) % bound
    };
    let ranges = [&p * RANGE, p.clone()];
    let random = (0..count).map(|i| [below(&ranges[i % 2]), below(&ranges[i % 2])]);
    let largest = largest.into_iter().collect::<Vec<_>>();
    pairs
        .chain(largest)
        .chain(random.collect::<Vec<_>>())
        .collect()
}

/// a·b/R mod p by the field's own arithmetic.
fn expected(plan: &Plan, [a, b]: &Factors) -> BigUint {
    let p = plan.modulus();
    let element = |x: BigUint| {
        let mut limbs = (x % &p).to_u64_digits();
        limbs.resize(int::LIMBS, 0);
        Int::try_from(limbs).unwrap()
    };
    let product = plan.field.mul(&element(a.clone()), &element(b.clone()));
    let scale = BigUint::from(1u8) << (2 * plan.field.log_r as usize - 18 * plan.digits);
    plan::integer(&plan.field.mul(&product, &element(scale)))
}

/// Feeds a pair every n clocks, or leaves its place empty, and collects the products.
fn products(plan: &Plan, factors: &[Option<Factors>]) -> Vec<BigUint> {
    let mut model = Model::new(&verilog(Multiply::new(plan)).unwrap()).unwrap();
    let [start, a, b, done, product] =
        ["start", "a", "b", "done", "product"].map(|name| model.port(name).unwrap());
    let (n, latency) = (plan.digits, plan.latency());
    let nothing = [vec![0; n], vec![0; n]];
    let mut digits = nothing.clone();
    let mut found = Vec::new();
    for clock in 0..factors.len() * n + latency + n {
        let job = factors.get(clock / n).and_then(|job| job.as_ref());
        if clock % n == 0 {
            digits = job.map_or(nothing.clone(), |job| {
                job.each_ref().map(|x| plan::digits(x, n))
            });
        }
        model.set(start, u64::from(clock % n == 0 && job.is_some()));
        model.set(a, digits[0][clock % n]);
        model.set(b, digits[1][clock % n]);
        model.tick(1);
        let since = (clock + 1).checked_sub(latency);
        let job = since
            .and_then(|since| factors.get(since / n))
            .and_then(|job| job.as_ref());
        let is_first = job.is_some() && since.is_some_and(|since| since % n == 0);
        assert_eq!(model.get(done) == 1, is_first, "clock {clock}");
        if job.is_some() {
            found.push(model.get(product));
        }
    }
    found.chunks(n).map(plan::from_digits).collect()
}

fn agrees(field: FieldId, reduction: Reduction, count: usize) {
    let plan = Plan::new(field.spec(), reduction);
    let factors = factors(&plan, count);
    for pair in factors.iter().take(500) {
        let found = model::multiply(&plan, &pair[0], &pair[1]);
        check(&plan, pair, &found);
    }
    if sim::is_missing() {
        return;
    }
    let jobs: Vec<_> = factors.iter().cloned().map(Some).collect();
    let found = products(&plan, &jobs);
    assert_eq!(found.len(), factors.len());
    for (pair, found) in factors.iter().zip(&found) {
        check(&plan, pair, found);
    }
}

/// The residue is right, and the result at most a·b/R + p.
fn check(plan: &Plan, pair: &Factors, found: &BigUint) {
    let p = plan.modulus();
    let [a, b] = pair;
    assert_eq!(found % &p, expected(plan, pair), "{a:#x} · {b:#x}");
    assert!(found << (18 * plan.digits) <= a * b + (p << (18 * plan.digits)));
}

#[test]
fn products_over_bn254_fq() {
    agrees(FieldId::Bn254Fq, Reduction::Tables, 100_000);
}

#[test]
fn products_over_bn254_fq_by_multipliers_alone() {
    agrees(FieldId::Bn254Fq, Reduction::Multipliers, 2_000);
}

#[test]
fn products_over_bls12_381_fq() {
    agrees(FieldId::Bls12_381Fq, Reduction::Tables, 100_000);
}

/// p ≡ 1 mod 2^18: q takes no multiplier.
#[test]
fn products_over_bn254_fr() {
    agrees(FieldId::Bn254Fr, Reduction::Tables, 20_000);
}

#[test]
fn products_over_bls12_377() {
    agrees(FieldId::Bls12_377Fq, Reduction::Tables, 2_000);
    agrees(FieldId::Bls12_377Fr, Reduction::Multipliers, 2_000);
}

#[test]
fn empty_places_give_no_product_and_disturb_none() {
    if sim::is_missing() {
        return;
    }
    let plan = Plan::new(FieldId::Bn254Fq.spec(), Reduction::Tables);
    let factors = factors(&plan, 0);
    let is_there = |i: usize| i.is_multiple_of(3) || i % 40 < 20;
    let some = |(i, pair): (usize, &Factors)| is_there(i).then(|| pair.clone());
    let jobs: Vec<_> = factors.iter().enumerate().map(some).collect();
    let pairs: Vec<_> = jobs.iter().flatten().collect();
    let found = products(&plan, &jobs);
    assert_eq!(found.len(), pairs.len());
    for (pair, found) in pairs.into_iter().zip(&found) {
        check(&plan, pair, found);
    }
}
