//! Groth16's quotient as a chain, against a host computation, under every policy.

use crate::bench::ids;
use crate::common::{chain, pack, pool, unpack, upload};
use crate::transforms::foreign_root;
use proofmill::job::{Chain, Points, Step};
use proofmill::{Checked, Direction, Ntt, Order, Policy, Pool, Random};
use proofmill_field::naive::{self, NaiveGroup};
use proofmill_field::{CurveId, CurveSpec, FieldId, FieldSpec, Group, Int, int};
use std::collections::BTreeSet;

const POLICIES: [Option<Policy>; 6] = [
    None,
    Some(Policy::Off),
    Some(Policy::Proof),
    Some(Policy::Sampled(1)),
    Some(Policy::Sampled(2)),
    Some(Policy::Full),
];

/// Values of a and b on the subgroup; wanted: (a·b − c) on the coset, where c is the polynomial of
/// degree < n with the products as its values, and the sum of bases with that.
struct Quotient {
    curve: &'static CurveSpec,
    log_n: u32,
    a: Vec<Int>,
    b: Vec<Int>,
    shift: Int,
    root: Option<Int>,
    bases: Points,
}

impl Quotient {
    fn example(curve: CurveId, group: Group, log_n: u32, root: Option<Int>) -> Self {
        let (curve, mut random) = (curve.spec(), Random::seeded(u64::from(log_n)));
        let n = 1usize << log_n;
        let mut elements =
            |n: usize| -> Vec<Int> { (0..n).map(|_| random.element(curve.scalar.id)).collect() };
        let (a, b, shift) = (elements(n), elements(n), elements(1)[0]);
        let naive = NaiveGroup::new(curve, group);
        let (size, mut point) = (curve.point_bytes(group), naive.generator());
        let mut bytes = vec![0; n * size];
        for out in bytes.chunks_mut(size).skip(1) {
            naive.write(&point, out); // the first stays infinite
            point = naive.add(&point, &naive.generator());
        }
        let bases = Points::new(curve.id, group, bytes.into())
            .unwrap()
            .resident();
        Quotient {
            curve,
            log_n,
            a,
            b,
            shift,
            root,
            bases,
        }
    }

    fn ntt(&self, direction: Direction, input: Order, output: Order) -> Ntt {
        let root = self.root;
        Ntt {
            input,
            output,
            root,
            ..Ntt::new(self.log_n, direction)
        }
    }

    /// `by_coset`: the shift is part of the transform instead of a step of its own.
    fn chain(&self, by_coset: bool) -> Chain {
        let field = self.curve.scalar.id;
        let (natural, reversed) = (Order::Natural, Order::BitReversed);
        let (on, base, order) = (vec![0, 1, 2], self.shift, reversed);
        let inverse = self.ntt(Direction::Inverse, natural, reversed);
        let mut forward = self.ntt(Direction::Forward, reversed, natural);
        let mut steps = vec![
            upload(0, pack(field, &self.a)),
            upload(1, pack(field, &self.b)),
            Step::Mul { to: 2, a: 0, b: 1 },
            Step::Ntt {
                on: on.clone(),
                ntt: inverse,
            },
        ];
        match by_coset {
            true => forward.coset = Some(base),
            false => steps.push(Step::ScaleByPowers {
                on: on.clone(),
                base,
                order,
            }),
        }
        steps.extend([
            Step::Ntt { on, ntt: forward },
            Step::Mul { to: 0, a: 0, b: 1 },
            Step::Sub { to: 0, a: 0, b: 2 },
            Step::Msm {
                scalars: 0,
                bases: self.bases.clone(),
            },
            Step::Download { from: 0 },
        ]);
        chain("quotient", steps)
    }

    fn answer(&self) -> (Vec<Int>, Vec<u8>) {
        let (f, n) = (self.curve.scalar, 1usize << self.log_n);
        let root = self
            .ntt(Direction::Forward, Order::Natural, Order::Natural)
            .root_of_unity(f.id, self.log_n)
            .unwrap();
        let pairs = || self.a.iter().zip(&self.b);
        let c: Vec<Int> = pairs().map(|(a, b)| f.mul(a, b)).collect();
        let on_coset = |values: &[Int]| {
            let coefficients = interpolation(f, values, &root);
            naive::transform(f, &coefficients, &root, &self.shift, n)
        };
        let (a, b, c) = (on_coset(&self.a), on_coset(&self.b), on_coset(&c));
        let products = a.iter().zip(&b).map(|(a, b)| f.mul(a, b));
        let h: Vec<Int> = products.zip(&c).map(|(ab, c)| f.sub(&ab, c)).collect();
        let group = NaiveGroup::new(self.curve, self.bases.group());
        let size = self.bases.point_bytes();
        let points: Vec<_> = self
            .bases
            .bytes()
            .chunks(size)
            .map(|p| group.read(p))
            .collect();
        let scalars: Vec<Int> = h.iter().map(|a| f.from_data(a)).collect();
        let mut sum = vec![0; size];
        group.write(&group.msm(&points, &scalars), &mut sum);
        (h, sum)
    }
}

fn interpolation(f: &FieldSpec, values: &[Int], root: &Int) -> Vec<Int> {
    let per_n = f.inverse(&f.element(values.len() as u64));
    let sums = naive::transform(f, values, &f.inverse(root), &f.one, values.len());
    sums.iter().map(|a| f.mul(a, &per_n)).collect()
}

fn nobody_is_blamed(pool: &Pool, case: &str) {
    let evidence = pool.evidence();
    assert!(evidence.is_empty(), "{case}: {evidence:?}");
    let blamed = pool.devices().into_iter().find(|d| d.unusable.is_some());
    assert!(blamed.is_none(), "{case}: {blamed:?}");
}

#[test]
fn the_quotient_of_groth16_holds_on_every_device_under_every_policy() {
    let snarkjs = foreign_root(FieldId::Bls12_381Fr);
    let jobs = [
        Quotient::example(CurveId::Bn254, Group::G1, 4, None),
        Quotient::example(CurveId::Bn254, Group::G2, 0, None),
        Quotient::example(CurveId::Bls12_381, Group::G1, 3, Some(snarkjs)),
        Quotient::example(CurveId::Bls12_381, Group::G2, 1, Some(snarkjs)),
    ];
    let mut count = 0;
    for job in &jobs {
        let (h, sum) = job.answer();
        let alone = ids().into_iter().map(|id| vec![id]);
        for devices in alone.chain([vec!["cpu:0", "ref:0"]]) {
            for policy in POLICIES {
                for by_coset in [false, true] {
                    let pool = pool(&devices, 2, policy);
                    let case = format!("{} {devices:?} {policy:?}", job.curve.name);
                    let done = pool.run(vec![job.chain(by_coset)]).unwrap().remove(0);
                    assert_eq!(unpack(&done.values[0]), h, "{case}");
                    assert_eq!(&done.points[0].bytes()[..], sum, "{case}");
                    assert!(done.report.failures.is_empty(), "{case}");
                    nobody_is_blamed(&pool, &case);
                    count += 1;
                }
            }
        }
    }
    println!("chains/quotient: {count} cases ran");
}

#[test]
fn a_full_check_of_a_chain_names_every_kind_of_check() {
    let pool = pool(&["cpu:0", "ref:0"], 1, Some(Policy::Full));
    let job = Quotient::example(CurveId::Bn254, Group::G1, 3, None);
    let done = pool.run(vec![job.chain(false)]).unwrap().remove(0);
    for expected in [Checked::Canonical, Checked::Transform, Checked::Points] {
        assert!(done.report.checked.contains(&expected), "{expected:?}");
    }
    let recomputed = |c: &Checked| matches!(c, Checked::Recomputed(_));
    assert!(done.report.checked.iter().any(recomputed));
}

#[test]
fn sampling_never_blames_an_innocent_device_for_a_chain() {
    let pool = pool(&["cpu:0"], 1, Some(Policy::Sampled(2)));
    let job = Quotient::example(CurveId::Bn254, Group::G1, 2, None);
    for attempt in 0..40 {
        let done = pool.run(vec![job.chain(false)]).map_err(|e| e.to_string());
        nobody_is_blamed(&pool, &format!("attempt {attempt}"));
        assert_eq!(unpack(&done.unwrap()[0].values[0]), job.answer().0);
    }
}

#[test]
fn scaling_by_one_and_transforming_reduce_words_of_goldilocks() {
    let field = FieldId::Goldilocks;
    let p = field.spec().modulus[0];
    let words: Vec<Int> = [p, p + 1, u64::MAX, 5].map(int::small).to_vec();
    let reduced: Vec<Int> = [0, 1, u64::MAX - p, 5].map(int::small).to_vec();
    let (on, order) = (vec![0], Order::Natural);
    let (base, n) = (field.spec().one, 64);
    for device in ids() {
        for repeat in [1, n] {
            // short for the serial code, long for the vector code
            let (words, reduced) = (words.repeat(repeat), reduced.repeat(repeat));
            let scale = Step::ScaleByPowers {
                on: on.clone(),
                base,
                order,
            };
            let steps = vec![
                upload(0, pack(field, &words)),
                scale,
                Step::Download { from: 0 },
            ];
            let done = pool(&[device], 1, Some(Policy::Off)).run(vec![chain("t", steps)]);
            assert_eq!(unpack(&done.unwrap()[0].values[0]), reduced, "{device}");
        }
    }
}

/// Chains with one kernel and something beside it, with what they must bring back.
fn odd_chains() -> Vec<(&'static str, Chain, Vec<Vec<Int>>)> {
    let (field, mut random) = (FieldId::BabyBear, Random::seeded(9));
    let f = field.spec();
    let mut elements = |n: usize| -> Vec<Int> { (0..n).map(|_| random.element(field)).collect() };
    let (x, y, long) = (elements(4), elements(4), elements(16));
    let ntt = Ntt::new(2, Direction::Forward);
    let transform = |a: &[Int]| naive::transform(f, a, &f.root_of_unity(2).unwrap(), &f.one, 4);
    let up = |to, a: &[Int]| upload(to, pack(field, a));
    let on = |slots: &[u8]| Step::Ntt {
        on: slots.to_vec(),
        ntt: ntt.clone(),
    };
    let down = |from| Step::Download { from };
    let product: Vec<Int> = x.iter().zip(&y).map(|(a, b)| f.mul(a, b)).collect();
    vec![
        (
            "another upload after the one that is transformed",
            chain("t", vec![up(0, &x), up(1, &y), on(&[0]), down(0)]),
            vec![transform(&x)],
        ),
        (
            "another upload, longer",
            chain("t", vec![up(0, &x), up(1, &long), on(&[0]), down(0)]),
            vec![transform(&x)],
        ),
        (
            "another upload, shorter",
            chain("t", vec![up(0, &x), up(1, &[]), on(&[0]), down(0)]),
            vec![transform(&x)],
        ),
        (
            "two slots transformed by one step",
            chain(
                "t",
                vec![up(0, &x), up(1, &y), on(&[0, 1]), down(0), down(1)],
            ),
            vec![transform(&x), transform(&y)],
        ),
        (
            "a download before the transform",
            chain("t", vec![up(0, &x), down(0), on(&[0]), down(0)]),
            vec![x.clone(), transform(&x)],
        ),
        (
            "the other slot downloaded first",
            chain("t", vec![up(0, &x), up(1, &y), on(&[1]), down(0), down(1)]),
            vec![x.clone(), transform(&y)],
        ),
        (
            "nothing downloaded",
            chain("t", vec![up(0, &x), on(&[0])]),
            vec![],
        ),
        (
            "a slot filled again after the transform",
            chain("t", vec![up(0, &x), on(&[0]), down(0), up(0, &y), down(0)]),
            vec![transform(&x), y.clone()],
        ),
        (
            "a product alone",
            chain(
                "t",
                vec![
                    up(0, &x),
                    up(1, &y),
                    Step::Mul { to: 7, a: 0, b: 1 },
                    down(7),
                ],
            ),
            vec![product],
        ),
        (
            "a difference with itself",
            chain(
                "t",
                vec![up(0, &x), Step::Sub { to: 0, a: 0, b: 0 }, down(0)],
            ),
            vec![vec![int::ZERO; 4]],
        ),
        (
            "no kernel at all",
            chain("t", vec![up(0, &x), up(1, &y), down(1), down(0), down(0)]),
            vec![y.clone(), x.clone(), x.clone()],
        ),
        ("no step", chain("t", vec![]), vec![]),
    ]
}

fn odd_chain_holds(name: &str, job: &Chain, expected: &[Vec<Int>]) -> Result<(), String> {
    let alone = ids().into_iter().map(|id| vec![id]);
    for devices in alone.chain([vec!["cpu:0", "ref:0"]]) {
        for policy in POLICIES {
            let case = format!("{name} {devices:?} {policy:?}");
            let pool = pool(&devices, 1, policy);
            let run = || pool.run(vec![job.clone()]);
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            let answer = caught.map_err(|_| format!("{case}: panicked"))?;
            let done = answer.map_err(|e| format!("{case}: {e}"))?.remove(0);
            let found: Vec<_> = done.values.iter().map(unpack).collect();
            if found != expected {
                return Err(format!("{case}: another answer"));
            }
            if let Some(evidence) = pool.evidence().first() {
                return Err(format!("{case}: {} is blamed", evidence.device));
            }
        }
    }
    Ok(())
}

#[test]
fn chains_of_any_arrangement_hold_and_blame_nobody() {
    let outcomes = odd_chains().into_iter();
    let failed: BTreeSet<String> = outcomes
        .filter_map(|(name, job, expected)| odd_chain_holds(name, &job, &expected).err())
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn many_threads_share_one_pool() {
    let pool = pool(&["cpu:0", "ref:0"], 2, Some(Policy::Full));
    let job = Quotient::example(CurveId::Bn254, Group::G1, 3, None);
    let expected = job.answer();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for round in 0..6 {
                    let chains = vec![job.chain(round % 2 == 0); 1 + round % 3];
                    let policy = POLICIES[round];
                    let options = proofmill::Options {
                        policy,
                        device: None,
                    };
                    for done in pool.with(options).run(chains).unwrap() {
                        assert_eq!(unpack(&done.values[0]), expected.0);
                        assert_eq!(&done.points[0].bytes()[..], expected.1);
                    }
                }
            });
        }
    });
    nobody_is_blamed(&pool, "many threads");
}
