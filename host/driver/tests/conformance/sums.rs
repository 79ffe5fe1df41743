//! Sums of points: every group, every kind of base and scalar, in every form.
//!
//! The bases have known discrete logarithms d_i, so that any sum is judged by one naive scalar
//! multiplication, (Σ k_i·d_i)·G; small ones also by the definition.

use crate::bench::{Record, devices, run};
use crate::common::{chain, pack_as, upload};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, PrimeField};
use bytes::Bytes;
use proofmill::job::{Chain, Form, Points, Step};
use proofmill::{BadJob, Error, Options, Policy, Pool, Random};
use proofmill_field::naive::NaiveGroup;
use proofmill_field::{CurveId, CurveSpec, Group, Int, int};

/// The order of the scalars and the naive group.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) curve: &'static CurveSpec,
    pub(crate) group: Group,
}

/// Bases with their discrete logarithms, plain integers below r.
#[derive(Clone)]
pub(crate) struct Bases {
    pub(crate) logs: Vec<Int>,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Different,
    SomeInfinite,
    PairsEqual,
    PairsOpposite,
    AllEqual,
    AllInfinite,
}

const KINDS: [Kind; 6] = [
    Kind::Different,
    Kind::SomeInfinite,
    Kind::PairsEqual,
    Kind::PairsOpposite,
    Kind::AllEqual,
    Kind::AllInfinite,
];

#[derive(Clone, Copy, PartialEq, Debug)]
enum Scalars {
    Uniform,
    Zero,
    One,
    MinusOne,
    MinusTwo,
    BelowHalf,
    AboveHalf,
    Small,
    ZeroOne,
    AllEqual,
    OneBucket,
    Edges,
    Widest64,
}

const SCALARS: [Scalars; 13] = [
    Scalars::Uniform,
    Scalars::Zero,
    Scalars::One,
    Scalars::MinusOne,
    Scalars::MinusTwo,
    Scalars::BelowHalf,
    Scalars::AboveHalf,
    Scalars::Small,
    Scalars::ZeroOne,
    Scalars::AllEqual,
    Scalars::OneBucket,
    Scalars::Edges,
    Scalars::Widest64,
];

impl Scalars {
    /// Plain integers below r.
    fn draw(self, n: usize, setting: Setting, random: &mut Random) -> Vec<Int> {
        let r = setting.curve.scalar;
        let less = |k: u64| int::sub(&r.modulus, &int::small(k)).0;
        let half = int::shr(&r.modulus, 1); // (r − 1)/2
        let above = int::add(&half, &int::small(1)).0;
        let edges = [
            int::ZERO,
            int::small(1),
            less(1),
            less(2),
            half,
            above,
            int::small(2),
        ];
        let same = r.from_data(&random.element(r.id));
        let scalar = |i: usize| match self {
            Scalars::Uniform => r.from_data(&random.element(r.id)),
            Scalars::Zero => int::ZERO,
            Scalars::One => int::small(1),
            Scalars::MinusOne => less(1),
            Scalars::MinusTwo => less(2),
            Scalars::BelowHalf => half,
            Scalars::AboveHalf => above,
            Scalars::Small => int::small(random.word() >> 48),
            Scalars::ZeroOne => int::small(random.word() & 1),
            Scalars::AllEqual => same,
            Scalars::OneBucket if i % 16 == 3 => r.from_data(&random.element(r.id)),
            Scalars::OneBucket => int::small(0x7777),
            Scalars::Edges => edges[random.word() as usize % edges.len()],
            Scalars::Widest64 => int::small(u64::MAX - (random.word() & 3)),
        };
        (0..n).map(scalar).collect()
    }

    fn fits_64_bits(self) -> bool {
        use Scalars::{One, Small, Widest64, Zero, ZeroOne};
        matches!(self, Zero | One | Small | ZeroOne | Widest64)
    }
}

impl Setting {
    fn name(self) -> String {
        format!("msm/{}/{}/", self.curve.name, self.group)
    }

    /// Σ k_i·d_i mod r.
    fn dot(self, scalars: &[Int], logs: &[Int]) -> Int {
        let r = self.curve.scalar;
        let term = |(k, d): (&Int, &Int)| r.mul(&r.to_data(k), &r.to_data(d));
        let terms = scalars.iter().zip(logs).map(term);
        r.from_data(&terms.fold(int::ZERO, |sum, t| r.add(&sum, &t)))
    }

    /// log·G as bytes.
    fn multiple(self, log: &Int) -> Vec<u8> {
        let group = NaiveGroup::new(self.curve, self.group);
        let mut out = vec![0; self.curve.point_bytes(self.group)];
        group.write(&group.scale(&group.generator(), log), &mut out);
        out
    }

    pub(crate) fn points(self, bases: &Bases) -> Points {
        Points::new(
            self.curve.id,
            self.group,
            Bytes::copy_from_slice(&bases.bytes),
        )
        .unwrap()
    }

    /// The scalars in a form.
    fn values(self, form: Form, scalars: &[Int]) -> proofmill::job::Values {
        match form {
            Form::Data(field) => {
                let data: Vec<_> = scalars.iter().map(|k| field.spec().to_data(k)).collect();
                pack_as(form, &data)
            }
            _ => pack_as(form, scalars),
        }
    }

    fn job(self, form: Form, scalars: &[Int], bases: Points) -> Chain {
        let steps = vec![
            upload(0, self.values(form, scalars)),
            Step::Msm { scalars: 0, bases },
        ];
        chain("msm", steps)
    }
}

/// Points s·G, (s + t)·G, (s + 2t)·G … with arkworks, which can normalise many at once.
fn progression<P: SWCurveConfig>(setting: Setting, n: usize, random: &mut Random) -> Bases {
    let r = setting.curve.scalar;
    let (start, step) = (random.element(r.id), random.element(r.id));
    let multiple = |k: &Int| Affine::<P>::generator().mul_bigint(&r.from_data(k)[..4]);
    let (mut point, mut log, step_point) = (multiple(&start), start, multiple(&step));
    let (mut logs, mut points) = (Vec::new(), Vec::new());
    for _ in 0..n {
        logs.push(r.from_data(&log));
        points.push(point);
        (point, log) = (point + step_point, r.add(&log, &step));
    }
    let affine = <Affine<P> as AffineRepr>::Group::normalize_batch(&points);
    let bytes = affine.iter().flat_map(|p| data_form(p)).collect();
    Bases { logs, bytes }
}

/// x‖y of a finite point as arkworks holds it.
pub(crate) fn data_form<P: SWCurveConfig>(point: &Affine<P>) -> Vec<u8> {
    let parts = [point.x, point.y];
    let parts = parts.iter().flat_map(|c| c.to_base_prime_field_elements());
    // R·a mod p as an integer is the Montgomery form of a
    let limbs = |a: <P::BaseField as Field>::BasePrimeField| {
        type Prime<P> = <<P as ark_ec::CurveConfig>::BaseField as Field>::BasePrimeField;
        let limbs = a.into_bigint().as_ref().len() as u64;
        let r = Prime::<P>::from(2u64).pow([64 * limbs]);
        (a * r).into_bigint().as_ref().to_vec()
    };
    parts.flat_map(limbs).flat_map(u64::to_le_bytes).collect()
}

fn arrange(setting: Setting, from: &Bases, n: usize, kind: Kind) -> Bases {
    let (size, base) = (setting.curve.point_bytes(setting.group), setting.curve.base);
    let mut out = Bases {
        logs: Vec::new(),
        bytes: Vec::new(),
    };
    for i in 0..n {
        let (index, infinite, opposite) = match kind {
            Kind::Different => (i, false, false),
            Kind::SomeInfinite => (i, i % 3 == 1, false),
            Kind::PairsEqual => (i / 2, false, false),
            Kind::PairsOpposite => (i / 2, false, i % 2 == 1),
            Kind::AllEqual => (0, false, false),
            Kind::AllInfinite => (0, true, false),
        };
        let mut bytes = from.bytes[index * size..][..size].to_vec();
        let mut log = from.logs[index];
        if infinite {
            (bytes, log) = (vec![0; size], int::ZERO);
        }
        if opposite {
            for y in bytes[size / 2..].chunks_mut(base.bytes) {
                let negated = base.neg(&base.read(y));
                base.write(&negated, y);
            }
            log = int::sub(&setting.curve.scalar.modulus, &log).0; // 0 < log
        }
        out.logs.push(log);
        out.bytes.extend(bytes);
    }
    out
}

/// By the discrete logarithms; small ones by the definition, too.
fn judge(setting: Setting, bases: &Bases, scalars: &[Int], found: &[u8]) -> Result<(), String> {
    let expected = setting.multiple(&setting.dot(scalars, &bases.logs));
    if scalars.len() <= 3 {
        let group = NaiveGroup::new(setting.curve, setting.group);
        let size = expected.len();
        let points: Vec<_> = bases.bytes.chunks(size).map(|p| group.read(p)).collect();
        let mut definition = vec![0; size];
        group.write(&group.msm(&points, scalars), &mut definition);
        assert_eq!(definition, expected, "the judges disagree");
    }
    match found == expected {
        true => Ok(()),
        false => Err("not the sum".into()),
    }
}

/// Sizes at which every kind of base meets every kind of scalar.
const SMALL: [usize; 12] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 33];
/// Sizes at which kinds are drawn; the number of draws.
const LARGE: [(usize, usize); 22] = [
    (63, 3),
    (64, 3),
    (65, 3),
    (127, 3),
    (128, 2),
    (129, 2),
    (255, 2),
    (256, 2),
    (257, 2),
    (511, 2),
    (513, 2),
    (1000, 2),
    (1023, 2),
    (1025, 2),
    (2049, 2),
    (4095, 2),
    (4097, 2),
    (8191, 2),
    (16383, 1),
    (16385, 1),
    (32767, 1),
    (65536, 1),
];

fn sums_of<P: SWCurveConfig>(curve: CurveId, group: Group) {
    let setting = Setting {
        curve: curve.spec(),
        group,
    };
    let mut random = Random::seeded(curve as u64 * 2 + group as u64);
    let (devices, mut record) = (devices(5), Record::default());
    let all = progression::<P>(setting, 1 << 16, &mut random);
    let mut cases: Vec<(usize, Kind, Scalars)> = Vec::new();
    for (i, n) in SMALL.into_iter().enumerate() {
        for (j, kind) in KINDS.into_iter().enumerate() {
            for (k, scalars) in SCALARS.into_iter().enumerate() {
                // the slow group takes every other one: each pair of options all the same
                if group == Group::G1 || (i + j + k) % 2 == 0 {
                    cases.push((n, kind, scalars));
                }
            }
        }
    }
    for (n, draws) in LARGE {
        for draw in 0..draws {
            let kind = match draw {
                0 => Kind::Different,
                _ => KINDS[random.word() as usize % KINDS.len()],
            };
            let scalars = match (draw, n > 20_000) {
                (_, true) => Scalars::Uniform,
                _ => SCALARS[random.word() as usize % SCALARS.len()],
            };
            cases.push((n, kind, scalars));
        }
    }
    for (number, (n, kind, scalars)) in cases.into_iter().enumerate() {
        let bases = arrange(setting, &all, n, kind);
        let integers = scalars.draw(n, setting, &mut random);
        let field = setting.curve.scalar.id;
        let form = match number % 3 {
            0 if scalars.fits_64_bits() => Form::Small,
            1 => Form::Integer(field),
            _ => Form::Data(field),
        };
        let points = match number % 4 {
            0 => setting.points(&bases).resident(),
            _ => setting.points(&bases),
        };
        let job = setting.job(form, &integers, points);
        let name = format!("{}{n} {kind:?} {scalars:?} {form}", setting.name());
        let mut accepted: Option<Bytes> = None;
        for (place, device) in devices.iter().enumerate() {
            let skip = n > 4000 && place > 0 && (n > 20_000 || number % 2 == place % 2);
            if n > device.limit || skip {
                continue;
            }
            let outcome = run(&device.pool, &job).and_then(|done| {
                let [points] = &done.points[..] else {
                    return Err("not one answer".into());
                };
                if accepted.as_ref().is_some_and(|a| a == points.bytes()) {
                    return Ok(());
                }
                judge(setting, &bases, &integers, points.bytes())?;
                accepted = Some(points.bytes().clone());
                Ok(())
            });
            record.note(&device.name, &name, outcome);
        }
    }
    batches(setting, &all, &mut record, &mut random);
    record.close(&setting.name());
}

/// Several sums over one base set.
fn batches(setting: Setting, all: &Bases, record: &mut Record, random: &mut Random) {
    let field = setting.curve.scalar.id;
    for (n, sums) in [(1, 3), (2, 2), (5, 4), (33, 3), (300, 5)] {
        let bases = arrange(setting, all, n, Kind::SomeInfinite);
        let runs: Vec<_> = (0..sums)
            .map(|i| SCALARS[(i * 5) % SCALARS.len()].draw(n, setting, random))
            .collect();
        for form in [Form::Data(field), Form::Integer(field)] {
            let points = setting.points(&bases).resident();
            let job = setting.job(form, &runs.concat(), points);
            for device in devices(40).iter().filter(|d| n * sums <= d.limit) {
                let outcome = run(&device.pool, &job).and_then(|done| {
                    let answer = done.points.first().ok_or("no answer")?;
                    if answer.len() != sums {
                        return Err(format!("{} sums", answer.len()));
                    }
                    let size = answer.point_bytes();
                    let judged = runs.iter().zip(answer.bytes().chunks(size));
                    judged
                        .into_iter()
                        .try_for_each(|(run, sum)| judge(setting, &bases, run, sum))
                });
                let name = format!("{}batch {n} × {sums} {form}", setting.name());
                record.note(&device.name, &name, outcome);
            }
        }
    }
}

/// Every unreduced scalar is refused by its index in the whole job, and no device is blamed.
fn unreduced_scalars_of<P: SWCurveConfig>(curve: CurveId, group: Group) {
    let setting = Setting {
        curve: curve.spec(),
        group,
    };
    let (r, all) = (
        setting.curve.scalar,
        progression::<P>(setting, 4, &mut Random::seeded(1)),
    );
    for (n, sums, index) in [(1, 1, 0), (4, 1, 2), (3, 3, 7)] {
        for bad in [r.modulus, [u64::MAX, u64::MAX, u64::MAX, u64::MAX, 0, 0]] {
            let points = setting.points(&arrange(setting, &all, n, Kind::Different));
            let mut integers = vec![int::small(5); n * sums];
            integers[index] = bad;
            for device in devices(9) {
                for policy in [Policy::Off, Policy::Full] {
                    let options = Options {
                        policy: Some(policy),
                        device: None,
                    };
                    let pool = device.pool.with(options);
                    let job = setting.job(Form::Integer(r.id), &integers, points.clone());
                    let error = pool.run(vec![job]).unwrap_err();
                    let (what, field) = ("scalar", r.id);
                    let expected = BadJob::Unreduced { what, index, field };
                    let found = match &error {
                        Error::BadJob(bad) => bad,
                        other => panic!("{}: {other}", device.name),
                    };
                    assert_eq!(found, &expected, "{} {n} × {sums}", device.name);
                    assert!(pool.evidence().is_empty() && usable(&pool));
                }
            }
        }
    }
}

fn usable(pool: &Pool) -> bool {
    pool.devices().iter().all(|d| d.unusable.is_none())
}

#[test]
fn every_sum_over_bn254_g1_agrees_with_the_definition() {
    sums_of::<ark_bn254::g1::Config>(CurveId::Bn254, Group::G1);
}

#[test]
fn every_sum_over_bn254_g2_agrees_with_the_definition() {
    sums_of::<ark_bn254::g2::Config>(CurveId::Bn254, Group::G2);
}

#[test]
fn every_sum_over_bls12_381_g1_agrees_with_the_definition() {
    sums_of::<ark_bls12_381::g1::Config>(CurveId::Bls12_381, Group::G1);
}

#[test]
fn every_sum_over_bls12_381_g2_agrees_with_the_definition() {
    sums_of::<ark_bls12_381::g2::Config>(CurveId::Bls12_381, Group::G2);
}

#[test]
fn every_sum_over_bls12_377_g1_agrees_with_the_definition() {
    sums_of::<ark_bls12_377::g1::Config>(CurveId::Bls12_377, Group::G1);
}

#[test]
fn an_integer_not_below_the_order_is_a_bad_job_that_names_its_index() {
    unreduced_scalars_of::<ark_bn254::g1::Config>(CurveId::Bn254, Group::G1);
    unreduced_scalars_of::<ark_bls12_381::g2::Config>(CurveId::Bls12_381, Group::G2);
    unreduced_scalars_of::<ark_bls12_377::g1::Config>(CurveId::Bls12_377, Group::G1);
}
