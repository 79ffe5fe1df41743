//! Whether a device does what it claims: known answers and checked random jobs for every operation
//! that it offers.
//!
//! Known answers are small jobs compared with the definitions of `proofmill_field::naive`, and the
//! doubled generator of BN254 as EIP-196 has it. Random jobs are checked as [`Policy::Full`] says.
//! The first wrong answer sets the device aside for the life of the pool, so that what follows is
//! not run.

use crate::error::{Error, Fault, WrongResult};
use crate::job::{Chain, Direction, Form, Layout, Ntt, Order, Points, Step, Values};
use crate::pool::{Done, Options, Policy, Pool};
use proofmill_field::Random;
use proofmill_field::naive::{self, NaiveGroup};
use proofmill_field::{CurveId, FieldId, Group, Int, int};
use std::time::{Duration, Instant};

/// What a test of one device found.
#[derive(Clone, Debug)]
pub struct Selftest {
    /// The device.
    pub device: String,
    /// Every operation that Proofmill knows, in order.
    pub operations: Vec<Operation>,
    /// Time of the whole test.
    pub time: Duration,
}

/// One operation of a device.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Such as `ntt/goldilocks/inverse` or `msm/bn254/g1/batch`.
    pub name: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Time from the job to the judgement.
    pub time: Duration,
}

/// What came of an operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The answer is right.
    Passed,
    /// The device gave a wrong answer or none.
    Failed(Fault),
    /// The device does not claim to do this.
    NotOffered,
    /// An earlier failure has set the device aside.
    NotRun,
}

impl Selftest {
    /// Whether no operation failed.
    pub fn passed(&self) -> bool {
        let bad = |o: &Operation| matches!(o.outcome, Outcome::Failed(_) | Outcome::NotRun);
        !self.operations.iter().any(bad)
    }
}

/// Tests one device of a pool. `progress` is told the name of each operation before it is run.
///
/// Fails only if there is no such device, or if it was set aside before; what it does wrong is part
/// of the result.
pub fn run(pool: &Pool, device: &str, mut progress: impl FnMut(&str)) -> Result<Selftest, Error> {
    let start = Instant::now();
    let listed = pool.devices();
    let Some(info) = listed.iter().find(|info| info.id == device) else {
        let found = listed.into_iter().map(|info| info.id).collect();
        return Err(Error::UnknownDevice {
            id: device.into(),
            found,
        });
    };
    if let Some(reason) = info.unusable.clone() {
        return Err(Error::Unusable {
            id: device.into(),
            reason,
        });
    }
    let only = pool.with(Options {
        policy: Some(Policy::Full),
        device: Some(device.into()),
    });
    let (mut operations, mut failed) = (Vec::new(), false);
    for case in cases()? {
        progress(&case.name);
        let begun = Instant::now();
        let outcome = match failed {
            true => Outcome::NotRun,
            false => case.run(&only, device)?,
        };
        failed |= matches!(outcome, Outcome::Failed(_));
        operations.push(Operation {
            name: case.name,
            outcome,
            time: begun.elapsed(),
        });
    }
    Ok(Selftest {
        device: device.into(),
        operations,
        time: start.elapsed(),
    })
}

/// A job, with its answer where that is known.
struct Case {
    name: String,
    chain: Chain,
    /// The bytes of the only download or the only msm.
    answer: Option<Vec<u8>>,
}

impl Case {
    fn run(&self, pool: &Pool, device: &str) -> Result<Outcome, Error> {
        let shapes = self.chain.validate()?;
        if shapes.iter().any(|s| pool.estimate(device, s).is_none()) {
            return Ok(Outcome::NotOffered);
        }
        // resident bases: the second job finds them there
        for _ in 0..self.runs() {
            let outcome = match pool.run(vec![self.chain.clone()]) {
                Ok(done) => self.compare(&done),
                Err(Error::NoDevice { mut failures, job }) => match failures.pop() {
                    Some(failure) => Outcome::Failed(failure.fault),
                    None => return Err(Error::NoDevice { job, failures }),
                },
                Err(other) => return Err(other),
            };
            if !matches!(outcome, Outcome::Passed) {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Passed)
    }

    fn runs(&self) -> usize {
        let resident =
            |step: &Step| matches!(step, Step::Msm { bases, .. } if bases.key().is_some());
        if self.chain.steps.iter().any(resident) {
            2
        } else {
            1
        }
    }

    fn compare(&self, done: &[Done]) -> Outcome {
        let Some(answer) = &self.answer else {
            return Outcome::Passed;
        };
        let done = done.first();
        let values = done.and_then(|d| d.values.first());
        if values.is_some_and(|v| v.bytes() == answer) {
            return Outcome::Passed;
        }
        let Some(points) = done.and_then(|d| d.points.first()) else {
            return Outcome::Failed(WrongResult::Transform.into());
        };
        let size = points.point_bytes();
        let pairs = points.bytes().chunks(size).zip(answer.chunks(size));
        match pairs.into_iter().position(|(found, right)| found != right) {
            None => Outcome::Passed,
            Some(index) => {
                let by = "the definition".into();
                Outcome::Failed(WrongResult::Recomputed { index, by }.into())
            }
        }
    }
}

fn cases() -> Result<Vec<Case>, Error> {
    let (mut out, mut random) = (Vec::new(), Random::seeded(2026));
    for field in FieldId::ALL {
        transforms(field, &mut random, &mut out)?;
    }
    for curve in CurveId::ALL {
        for &group in curve.spec().groups() {
            sums(curve, group, &mut random, &mut out)?;
        }
    }
    Ok(out)
}

/// Columns of the random batches.
const COLUMNS: usize = 8;

fn transforms(field: FieldId, random: &mut Random, out: &mut Vec<Case>) -> Result<(), Error> {
    let spec = field.spec();
    // most base fields of the curves have no root beyond −1
    let log_n = spec.two_adicity.min(8);
    let plain = Ntt::new(log_n, Direction::Forward);
    let coset = Some(spec.element(spec.generator));
    let (direction, layout, columns) = (Direction::Inverse, Layout::RowMajor, COLUMNS);
    let (input, output) = (Order::BitReversed, Order::BitReversed);
    let (shorter, added_bits) = (log_n.saturating_sub(2), log_n.min(2));
    let kinds = [
        ("forward", plain.clone()),
        (
            "inverse",
            Ntt {
                direction,
                ..plain.clone()
            },
        ),
        (
            "coset",
            Ntt {
                coset,
                ..plain.clone()
            },
        ),
        (
            "bit-reversed in",
            Ntt {
                input,
                ..plain.clone()
            },
        ),
        (
            "bit-reversed out",
            Ntt {
                output,
                ..plain.clone()
            },
        ),
        (
            "row-major batch",
            Ntt {
                layout,
                columns,
                ..plain.clone()
            },
        ),
        (
            "extension",
            Ntt {
                log_n: shorter,
                added_bits,
                coset,
                ..plain
            },
        ),
    ];
    out.push(known_transform(field)?);
    for (kind, ntt) in kinds {
        let elements: Vec<Int> = (0..ntt.columns << ntt.log_n)
            .map(|_| random.element(field))
            .collect();
        let (name, answer) = (format!("ntt/{field}/{kind}"), None);
        let chain = transform(field, &elements, ntt)?;
        out.push(Case {
            name,
            chain,
            answer,
        });
    }
    Ok(())
}

/// 1, 2, 3, … p − 1 transformed, compared with the definition.
fn known_transform(field: FieldId) -> Result<Case, Error> {
    let spec = field.spec();
    let log_n = spec.two_adicity.min(4);
    let n = 1 << log_n;
    let mut elements: Vec<Int> = (1..=n as u64).map(|i| spec.element(i)).collect();
    elements[n - 1] = spec.neg(&spec.one);
    let root = spec.root_of_unity(log_n).unwrap_or(spec.one);
    let answer = naive::transform(spec, &elements, &root, &spec.one, n);
    Ok(Case {
        name: format!("ntt/{field}/known answer"),
        chain: transform(field, &elements, Ntt::new(log_n, Direction::Forward))?,
        answer: Some(bytes(spec.bytes, &answer)),
    })
}

fn transform(field: FieldId, elements: &[Int], ntt: Ntt) -> Result<Chain, Error> {
    let bytes = bytes(field.spec().bytes, elements);
    let values = Values::new(Form::Data(field), bytes.into())?;
    let steps = vec![
        Step::Upload { to: 0, values },
        Step::Ntt { on: vec![0], ntt },
        Step::Download { from: 0 },
    ];
    let label = "selftest".into();
    Ok(Chain { label, steps })
}

fn bytes(size: usize, integers: &[Int]) -> Vec<u8> {
    let one = |a: &Int| {
        a.iter()
            .flat_map(|limb| limb.to_le_bytes())
            .take(size)
            .collect::<Vec<_>>()
    };
    integers.iter().flat_map(one).collect()
}

/// Points of the random sums; odd, with infinity, an equal and an opposite pair among them.
const POINTS: usize = 9;

fn sums(
    curve: CurveId,
    group: Group,
    random: &mut Random,
    out: &mut Vec<Case>,
) -> Result<(), Error> {
    let (r, size) = (curve.spec().scalar, curve.spec().point_bytes(group));
    let bases = Points::new(curve, group, example(curve, group).into())?;
    let infinities = Points::new(curve, group, vec![0; POINTS * size].into())?;
    let mut data = |n: usize| -> Vec<Int> { (0..n).map(|_| random.element(r.id)).collect() };
    let (one, two, three, batch) = (data(POINTS), data(POINTS), data(POINTS), data(3 * POINTS));
    let integers: Vec<Int> = data(POINTS).iter().map(|k| r.from_data(k)).collect();
    let mut edges = integers.clone();
    edges[0] = int::sub(&r.modulus, &int::small(1)).0;
    let small: Vec<Int> = (0..POINTS as u64)
        .map(|i| int::small(u64::MAX >> (7 * i)))
        .collect();
    let bits: Vec<Int> = (0..POINTS as u64)
        .map(|i| int::small((i % 3) & 1))
        .collect();
    let (elements, plain) = (Form::Data(r.id), Form::Integer(r.id));
    let kinds = [
        ("inline", elements, one, bases.clone()),
        ("resident", elements, two, bases.clone().resident()),
        ("batch", elements, batch, bases.clone().resident()),
        ("integers", plain, edges, bases.clone()),
        ("small", Form::Small, small, bases.clone()),
        ("0/1", plain, bits, bases),
        ("infinities", elements, three, infinities),
    ];
    out.push(known_sum(curve, group)?);
    for (kind, form, scalars, bases) in kinds {
        let (name, answer) = (format!("msm/{curve}/{group}/{kind}"), None);
        let chain = sum(form, &scalars, bases)?;
        out.push(Case {
            name,
            chain,
            answer,
        });
    }
    Ok(())
}

/// G, 2G, … with infinity, an equal and an opposite pair.
fn example(curve: CurveId, group: Group) -> Vec<u8> {
    let (naive, spec) = (NaiveGroup::new(curve.spec(), group), curve.spec());
    let (size, order) = (spec.point_bytes(group), spec.scalar.modulus);
    let multiples = [1, 2, 3, 0, 5, 5, 7, 8].map(int::small);
    let opposite = int::sub(&order, &int::small(8)).0;
    let mut out = vec![0; POINTS * size];
    let logs = multiples.iter().chain([&opposite]);
    for (log, out) in logs.zip(out.chunks_mut(size)) {
        naive.write(&naive.scale(&naive.generator(), log), out);
    }
    out
}

/// 2·(1, 2) on BN254, from EIP-196.
const DOUBLED: [Int; 2] = [
    int::from_hex("0x030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3"),
    int::from_hex("0x15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4"),
];

/// 3·G − G.
fn known_sum(curve: CurveId, group: Group) -> Result<Case, Error> {
    let (naive, spec) = (NaiveGroup::new(curve.spec(), group), curve.spec());
    let (g, size) = (naive.generator(), spec.point_bytes(group));
    let mut bases = vec![0; 2 * size];
    bases.chunks_mut(size).for_each(|out| naive.write(&g, out));
    let scalars = [
        int::small(3),
        int::sub(&spec.scalar.modulus, &int::small(1)).0,
    ];
    let mut answer = vec![0; size];
    naive.write(&naive.add(&g, &g), &mut answer);
    if (curve, group) == (CurveId::Bn254, Group::G1) {
        answer = bytes(spec.base.bytes, &DOUBLED.map(|a| spec.base.to_data(&a)));
    }
    let bases = Points::new(curve, group, bases.into())?;
    Ok(Case {
        name: format!("msm/{curve}/{group}/known answer"),
        chain: sum(Form::Integer(spec.scalar.id), &scalars, bases)?,
        answer: Some(answer),
    })
}

fn sum(form: Form, scalars: &[Int], bases: Points) -> Result<Chain, Error> {
    let values = Values::new(form, bytes(form.bytes(), scalars).into())?;
    let steps = vec![
        Step::Upload { to: 0, values },
        Step::Msm { scalars: 0, bases },
    ];
    let label = "selftest".into();
    Ok(Chain { label, steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_built_in_devices_pass_every_operation() {
        let pool = Pool::builder().devices(["cpu:0", "ref:0"]).open().unwrap();
        for device in ["cpu:0", "ref:0"] {
            let mut names = Vec::new();
            let test = run(&pool, device, |name| names.push(name.to_string())).unwrap();
            let outcomes = test.operations.iter();
            let all = outcomes
                .clone()
                .all(|o| matches!(o.outcome, Outcome::Passed));
            assert!(all && test.passed(), "{:?}", test.operations);
            assert!(outcomes.map(|o| &o.name).eq(&names));
            assert_eq!(names.len(), 9 * 8 + 5 * 8);
            println!("{device}: {:?}", test.time);
        }
    }

    #[test]
    fn a_device_that_does_not_exist_is_an_error() {
        let pool = Pool::builder().devices(["cpu:0"]).open().unwrap();
        let error = run(&pool, "gpu:0", |_| {}).unwrap_err();
        assert!(matches!(error, Error::UnknownDevice { .. }), "{error}");
    }
}
