//! Devices that lie, hang, vanish or break: the answer comes out right from another device, the
//! guilty one is named and set aside, and the innocent one keeps its place.
//!
//! Every faulty device wraps a right computation (the CPU's) and says that it is the fastest by far,
//! so that the planner always turns to it first.

#![cfg(feature = "arkworks")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole program is a test"
)]

mod common;

#[path = "faults/bad_input.rs"]
mod bad_input;
#[path = "faults/device.rs"]
mod device;

use bytes::Bytes;
use common::{chain, ntt_chain, pack, pool, upload};
use device::{FAULTS, FaultyBackend};
use proofmill::device::{Backend, Config, Device, DeviceInfo, Estimator, Output};
use proofmill::job::{Chain, Form, Points, Step};
use proofmill::{
    Builder, DeviceError, Direction, Done, Error, Fault, Ntt, Options, Policy, Pool, Random,
    WrongResult,
};
use proofmill_field::naive::NaiveGroup;
use proofmill_field::{CurveId, FieldId, Group, Int, int};
use std::sync::Arc;
use std::time::Duration;

const FIELD: FieldId = FieldId::Goldilocks;

/// A transform whose first output is zero.
fn transform() -> Chain {
    let mut random = Random::seeded(5);
    let spec = FIELD.spec();
    let mut values: Vec<Int> = (0..7).map(|_| random.element(FIELD)).collect();
    let sum = values.iter().fold(int::ZERO, |sum, a| spec.add(&sum, a));
    values.push(spec.neg(&sum));
    ntt_chain(pack(FIELD, &values), &Ntt::new(3, Direction::Forward))
}

/// 3·G + 5·G, over resident bases.
fn sum(curve: CurveId, group: Group) -> Chain {
    let naive = NaiveGroup::new(curve.spec(), group);
    let size = curve.spec().point_bytes(group);
    let mut bytes = vec![0; 2 * size];
    bytes
        .chunks_mut(size)
        .for_each(|out| naive.write(&naive.generator(), out));
    let bases = Points::new(curve, group, bytes.into()).unwrap().resident();
    let scalars = common::pack_as(Form::Small, &[int::small(3), int::small(5)]);
    chain(
        "msm",
        vec![upload(0, scalars), Step::Msm { scalars: 0, bases }],
    )
}

/// What a job must bring back, from a device that is trusted.
fn right(job: &Chain) -> (Vec<Bytes>, Vec<Bytes>) {
    let reference = pool(&["ref:0"], 1, Some(Policy::Off));
    bytes_of(&reference.run(vec![job.clone()]).unwrap()[0])
}

fn bytes_of(done: &Done) -> (Vec<Bytes>, Vec<Bytes>) {
    let values = done.values.iter().map(|v| v.bytes().clone()).collect();
    (
        values,
        done.points.iter().map(|p| p.bytes().clone()).collect(),
    )
}

fn builder(devices: &[&str]) -> Builder {
    let builder = Pool::builder().backend(&FaultyBackend).threads(1);
    builder.devices(devices.iter().copied())
}

fn open(devices: &[&str]) -> Pool {
    builder(devices).open().unwrap()
}

fn only(pool: &Pool, device: &str, policy: Option<Policy>) -> Pool {
    let device = Some(device.into());
    pool.with(Options { policy, device })
}

fn unusable(pool: &Pool) -> Vec<(String, String)> {
    let aside = |d: DeviceInfo| d.unusable.map(|why| (d.id, why));
    pool.devices().into_iter().filter_map(aside).collect()
}

/// The guilty device and no other is set aside with this fault, and stays so.
fn is_set_aside(pool: &Pool, guilty: &str, fault: &Fault) {
    let aside = unusable(pool);
    let [(id, why)] = &aside[..] else {
        panic!("{guilty}: set aside: {aside:?}")
    };
    assert_eq!(id, guilty);
    assert!(why.contains(&fault.to_string()), "{why}");
    let evidence = pool.evidence();
    assert_eq!(evidence.len(), 1, "{evidence:?}");
    assert_eq!(evidence[0].device, guilty);
    assert_eq!(evidence[0].fault.to_string(), fault.to_string());
    assert!(!evidence[0].job.is_empty());
    assert_eq!(
        evidence[0].output.is_some(),
        matches!(fault, Fault::Wrong(_)),
        "{evidence:?}"
    );
}

/// The first device asked is guilty: another gives the right answer, and the report tells.
fn caught(pool: &Pool, guilty: &str, job: &Chain) -> Fault {
    let expected = right(job);
    let done = pool.run(vec![job.clone()]).unwrap().remove(0);
    assert_eq!(bytes_of(&done), expected, "{guilty}");
    assert!(
        !done.report.devices().contains(&guilty),
        "{:?}",
        done.report
    );
    let [failure] = &done.report.failures[..] else {
        panic!("{guilty}: {:?}", done.report.failures)
    };
    assert_eq!(failure.device, guilty);
    is_set_aside(pool, guilty, &failure.fault);
    // it gets no more work
    let again = pool.run(vec![job.clone()]).unwrap().remove(0);
    assert_eq!(bytes_of(&again), expected);
    assert!(again.report.failures.is_empty() && pool.evidence().len() == 1);
    assert!(!again.report.devices().contains(&guilty));
    let error = only(pool, guilty, None).run(vec![job.clone()]).unwrap_err();
    assert!(
        matches!(&error, Error::Unusable { id, .. } if id == guilty),
        "{error}"
    );
    failure.fault.clone()
}

/// Asked for by name, a faulty device ends in an error that names it.
fn no_silent_fallback(guilty: &str, job: &Chain) {
    let pool = open(&[guilty, "cpu:0", "ref:0"]);
    match only(&pool, guilty, Some(Policy::Full)).run(vec![job.clone()]) {
        Err(Error::NoDevice { failures, .. }) => {
            assert_eq!(failures.len(), 1, "{failures:?}");
            assert_eq!(failures[0].device, guilty);
        }
        other => panic!("{guilty}: {other:?}"),
    }
    assert_eq!(unusable(&pool).len(), 1, "{guilty}");
}

/// All that must hold of a device whose first answer is wrong.
fn convict(guilty: &str, job: &Chain, expected: &WrongResult) {
    for others in [&["cpu:0"][..], &["ref:0"], &["cpu:0", "ref:0"]] {
        let devices: Vec<&str> = [guilty].into_iter().chain(others.iter().copied()).collect();
        let fault = caught(&open(&devices), guilty, job);
        let Fault::Wrong(wrong) = &fault else {
            panic!("{guilty}: {fault}")
        };
        match (wrong, expected) {
            // whoever computed it again
            (WrongResult::Recomputed { .. }, WrongResult::Recomputed { .. }) => {}
            (found, expected) => assert_eq!(found, expected, "{guilty}"),
        }
    }
    no_silent_fallback(guilty, job);
}

/// Unchecked, the lie passes, and the report says that nothing was checked.
fn passes_unchecked(guilty: &str, job: &Chain) {
    let pool = open(&[guilty, "cpu:0"]);
    for policy in [Policy::Off, Policy::Proof] {
        let options = Options {
            policy: Some(policy),
            device: None,
        };
        let done = pool.with(options).run(vec![job.clone()]).unwrap().remove(0);
        assert_eq!(done.report.devices(), [guilty]);
        assert!(bytes_of(&done) != right(job), "{guilty} told the truth");
        assert!(done.report.checked.is_empty() && done.report.failures.is_empty());
    }
    assert!(pool.evidence().is_empty() && unusable(&pool).is_empty());
}

const GROUPS: [(CurveId, Group); 5] = [
    (CurveId::Bn254, Group::G1),
    (CurveId::Bn254, Group::G2),
    (CurveId::Bls12_381, Group::G1),
    (CurveId::Bls12_381, Group::G2),
    (CurveId::Bls12_377, Group::G1),
];

#[test]
fn a_flipped_bit_is_caught() {
    convict("flips-a-bit", &transform(), &WrongResult::Transform);
    passes_unchecked("flips-a-bit", &transform());
}

#[test]
fn a_flipped_bit_is_caught_in_every_field_and_shape() {
    for field in FieldId::ALL {
        let mut random = Random::seeded(1);
        let log_n = field.spec().two_adicity.min(4);
        let plain = Ntt::new(log_n, Direction::Forward);
        let coset = Some(field.spec().element(field.spec().generator));
        let direction = Direction::Inverse;
        let extended = Ntt {
            log_n: log_n - 1,
            added_bits: 1,
            coset,
            ..plain.clone()
        };
        let inverse = Ntt {
            direction,
            coset,
            columns: 3,
            ..plain.clone()
        };
        for ntt in [plain, inverse, extended] {
            let n = ntt.columns << ntt.log_n;
            let values: Vec<Int> = (0..n).map(|_| random.element(field)).collect();
            let job = ntt_chain(pack(field, &values), &ntt);
            let fault = caught(&open(&["flips-a-bit", "cpu:0"]), "flips-a-bit", &job);
            assert!(
                matches!(fault, Fault::Wrong(WrongResult::Transform)),
                "{field} {fault}"
            );
        }
    }
}

#[test]
fn a_value_that_is_not_reduced_is_caught() {
    let (index, field) = (0, FIELD);
    convict(
        "does-not-reduce",
        &transform(),
        &WrongResult::Unreduced { index, field },
    );
    passes_unchecked("does-not-reduce", &transform());
}

#[test]
fn a_wrong_point_of_the_right_group_is_caught_by_computing_it_again() {
    for (curve, group) in GROUPS {
        let job = sum(curve, group);
        let (index, by) = (0, String::new());
        convict("wrong-point", &job, &WrongResult::Recomputed { index, by });
        passes_unchecked("wrong-point", &job);
    }
}

#[test]
fn a_point_off_the_curve_is_caught() {
    for (curve, group) in GROUPS {
        let job = sum(curve, group);
        convict("off-the-curve", &job, &WrongResult::NotOnCurve { index: 0 });
    }
    passes_unchecked("off-the-curve", &sum(CurveId::Bn254, Group::G1));
}

#[test]
fn a_point_with_an_unreduced_coordinate_is_caught() {
    for (curve, group) in GROUPS {
        let (index, field) = (0, curve.spec().base.id);
        convict(
            "unreduced-point",
            &sum(curve, group),
            &WrongResult::Unreduced { index, field },
        );
    }
}

#[test]
fn a_point_outside_the_subgroup_is_caught() {
    for (curve, group) in GROUPS.into_iter().skip(1) {
        let job = sum(curve, group);
        convict(
            "outside-the-subgroup",
            &job,
            &WrongResult::NotInSubgroup { index: 0 },
        );
    }
    passes_unchecked("outside-the-subgroup", &sum(CurveId::Bls12_381, Group::G1));
}

#[test]
fn a_wrong_number_of_values_is_caught_under_every_policy() {
    let what = "downloaded values";
    let (expected, found) = (8, 7);
    convict(
        "one-value-less",
        &transform(),
        &WrongResult::Shape {
            what,
            expected,
            found,
        },
    );
    let found = 0;
    for guilty in ["no-answer", "wrong-kind"] {
        convict(
            guilty,
            &transform(),
            &WrongResult::Shape {
                what,
                expected,
                found,
            },
        );
    }
    let (what, expected, found) = ("downloads", 0, 1);
    convict(
        "too-many-answers",
        &transform(),
        &WrongResult::Shape {
            what,
            expected,
            found,
        },
    );
    let (what, expected, found) = ("sums", 1, 0);
    for guilty in ["one-value-less", "no-answer"] {
        let job = sum(CurveId::Bn254, Group::G1);
        convict(
            guilty,
            &job,
            &WrongResult::Shape {
                what,
                expected,
                found,
            },
        );
    }
    for guilty in [
        "one-value-less",
        "no-answer",
        "wrong-kind",
        "too-many-answers",
    ] {
        for policy in [Policy::Off, Policy::Proof, Policy::Sampled(1000)] {
            let options = Options {
                policy: Some(policy),
                device: None,
            };
            caught(
                &open(&[guilty, "cpu:0"]).with(options),
                guilty,
                &transform(),
            );
        }
    }
}

#[test]
fn a_device_that_hangs_is_left_behind() {
    for job in [transform(), sum(CurveId::Bn254, Group::G1)] {
        for policy in [None, Some(Policy::Off)] {
            let soon = Duration::from_millis(30);
            let pool = builder(&["hangs", "cpu:0"])
                .deadline(soon, 1)
                .open()
                .unwrap();
            let fault = caught(
                &pool.with(Options {
                    policy,
                    device: None,
                }),
                "hangs",
                &job,
            );
            assert!(
                matches!(fault, Fault::Device(DeviceError::Hung(_))),
                "{fault}"
            );
        }
    }
}

#[test]
fn a_device_that_hangs_when_asked_for_a_second_opinion_is_left_behind() {
    let soon = Duration::from_millis(30);
    let pool = builder(&["hangs", "cpu:0"])
        .deadline(soon, 1)
        .open()
        .unwrap();
    let job = sum(CurveId::Bn254, Group::G1);
    let done = only(&pool, "cpu:0", Some(Policy::Full))
        .run(vec![job.clone()])
        .unwrap();
    assert_eq!(bytes_of(&done[0]), right(&job));
    let fault = Fault::Device(DeviceError::Hung(Duration::from_nanos(30_000_002)));
    is_set_aside(&pool, "hangs", &fault);
}

#[test]
fn a_device_that_vanishes_or_panics_is_replaced() {
    for job in [transform(), sum(CurveId::Bls12_381, Group::G2)] {
        for guilty in ["vanishes", "panics"] {
            for policy in [None, Some(Policy::Off), Some(Policy::Full)] {
                let pool = open(&[guilty, "cpu:0"]).with(Options {
                    policy,
                    device: None,
                });
                let fault = caught(&pool, guilty, &job);
                assert!(
                    matches!(fault, Fault::Device(DeviceError::Lost(_))),
                    "{fault}"
                );
            }
            no_silent_fallback(guilty, &job);
        }
    }
}

#[test]
fn a_device_that_cannot_load_bases_is_replaced_for_sums_and_still_transforms_before() {
    let pool = open(&["cannot-load", "cpu:0"]);
    let done = pool.run(vec![transform()]).unwrap().remove(0);
    assert_eq!(done.report.devices(), ["cannot-load"]);
    assert_eq!(bytes_of(&done), right(&transform()));
    let fault = caught(&pool, "cannot-load", &sum(CurveId::Bn254, Group::G2));
    let expected = DeviceError::Failed("out of memory".into());
    assert!(matches!(fault, Fault::Device(e) if e == expected));
    no_silent_fallback("cannot-load", &sum(CurveId::Bn254, Group::G2));
}

#[test]
fn a_device_that_begins_to_lie_is_caught_then() {
    let guilty = "lies-the-second-time";
    for job in [transform(), sum(CurveId::Bls12_381, Group::G1)] {
        let pool = open(&[guilty, "cpu:0"]);
        let first = pool.run(vec![job.clone()]).unwrap().remove(0);
        assert_eq!(first.report.devices(), [guilty]);
        assert!(!first.report.checked.is_empty() && first.report.failures.is_empty());
        assert!(unusable(&pool).is_empty());
        assert!(matches!(caught(&pool, guilty, &job), Fault::Wrong(_)));
    }
}

/// Without support for what it claimed, a device is passed over but not condemned.
#[test]
fn a_wrong_estimate_is_no_crime() {
    let pool = open(&["no-support", "cpu:0"]);
    let done = pool.run(vec![transform()]).unwrap().remove(0);
    assert_eq!(bytes_of(&done), right(&transform()));
    assert_eq!(done.report.failures[0].device, "no-support");
    assert!(pool.evidence().is_empty() && unusable(&pool).is_empty());
}

#[test]
fn a_liar_asked_for_the_second_opinion_is_the_one_that_is_blamed() {
    for (curve, group) in GROUPS {
        let job = sum(curve, group);
        for liar in ["wrong-point", "off-the-curve", "unreduced-point"] {
            for others in [&["cpu:0"][..], &["cpu:0", "ref:0"]] {
                let devices: Vec<&str> = [liar].into_iter().chain(others.iter().copied()).collect();
                let pool = open(&devices);
                let asked = only(&pool, "cpu:0", Some(Policy::Full));
                let done = asked.run(vec![job.clone()]).unwrap().remove(0);
                assert_eq!(done.report.devices(), ["cpu:0"]);
                assert_eq!(bytes_of(&done), right(&job));
                let evidence = pool.evidence();
                assert_eq!(evidence.len(), 1, "{evidence:?}");
                is_set_aside(&pool, liar, &evidence[0].fault);
            }
        }
    }
}

#[test]
fn a_second_opinion_without_an_answer_condemns_only_its_giver() {
    let job = sum(CurveId::Bn254, Group::G1);
    for liar in [
        "vanishes",
        "panics",
        "no-answer",
        "one-value-less",
        "cannot-load",
    ] {
        let pool = open(&[liar, "cpu:0"]);
        let asked = only(&pool, "cpu:0", Some(Policy::Full));
        let done = asked.run(vec![job.clone()]).unwrap().remove(0);
        assert_eq!(bytes_of(&done), right(&job), "{liar}");
        let aside = unusable(&pool);
        assert!(aside.len() == 1 && aside[0].0 == liar, "{liar}: {aside:?}");
    }
}

#[test]
fn two_liars_are_both_found_and_the_third_device_is_right() {
    let job = sum(CurveId::Bls12_381, Group::G1);
    let pool = open(&["wrong-point", "outside-the-subgroup", "vanishes", "cpu:0"]);
    for _ in 0..3 {
        let done = pool.run(vec![job.clone()]).unwrap().remove(0);
        assert_eq!(bytes_of(&done), right(&job));
        assert_eq!(done.report.devices(), ["cpu:0"]);
    }
    let guilty: Vec<String> = unusable(&pool).into_iter().map(|(id, _)| id).collect();
    assert!(
        guilty.len() == 3 && !guilty.contains(&"cpu:0".into()),
        "{guilty:?}"
    );
}

#[test]
fn when_every_device_lies_the_call_fails() {
    let pool = open(&["flips-a-bit", "vanishes"]);
    match pool.run(vec![transform()]) {
        Err(Error::NoDevice { failures, .. }) => assert_eq!(failures.len(), 2, "{failures:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(unusable(&pool).len(), 2);
}

#[test]
fn the_callers_values_stay_as_they_were_when_the_device_fails() {
    let pool = only(&open(&["flips-a-bit", "cpu:0"]), "flips-a-bit", None);
    let mut values: Vec<ark_bn254::Fr> = (0..8u64).map(Into::into).collect();
    let before = values.clone();
    assert!(pool.ntt(&mut values, Direction::Forward).is_err());
    assert_eq!(values, before);
}

#[test]
fn a_lie_in_a_pointwise_step_or_a_mere_transfer_is_caught() {
    let elements = |n: u64| pack(FIELD, &[int::small(n), int::small(2), int::small(3)]);
    let two = || vec![upload(0, elements(4)), upload(1, elements(7))];
    let (on, base, order) = (vec![0], FIELD.spec().element(3), proofmill::Order::Natural);
    let steps = [
        Some(Step::Mul { to: 0, a: 0, b: 1 }),
        Some(Step::Sub { to: 0, a: 0, b: 1 }),
        Some(Step::ScaleByPowers { on, base, order }),
        None,
    ];
    let mut passed = Vec::new();
    for step in steps {
        let download = [Step::Download { from: 0 }];
        let steps = two()
            .into_iter()
            .chain(step.clone())
            .chain(download)
            .collect();
        let job = chain("pointwise", steps);
        let pool = open(&["flips-a-bit", "cpu:0"]);
        let done = pool.run(vec![job.clone()]).unwrap().remove(0);
        let right = bytes_of(&done) == right(&job);
        if !right {
            passed.push(format!("{step:?}: {:?}", done.report.checked));
        }
    }
    assert!(
        passed.is_empty(),
        "lies that passed as checked: {passed:#?}"
    );
}

#[test]
fn many_chains_at_once_survive_a_liar() {
    let (a, b) = (transform(), sum(CurveId::Bn254, Group::G1));
    let expected = [right(&a), right(&b)];
    for guilty in [
        "flips-a-bit",
        "panics",
        "vanishes",
        "no-answer",
        "wrong-point",
    ] {
        let pool = open(&[guilty, "cpu:0", "ref:0"]);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let jobs: Vec<Chain> = [&a, &b, &a, &b, &a].map(Clone::clone).into();
                    for (i, done) in pool.run(jobs).unwrap().iter().enumerate() {
                        assert_eq!(bytes_of(done), expected[i % 2], "{guilty}");
                    }
                });
            }
        });
        let aside = unusable(&pool);
        assert!(aside.len() == 1 && aside[0].0 == guilty, "{aside:?}");
    }
}

/// An estimate of any size must not break the planner or the deadline.
#[test]
fn a_device_with_absurd_estimates_does_not_break_the_pool() {
    struct Absurd;
    impl Backend for Absurd {
        fn name(&self) -> &'static str {
            "absurd"
        }
        fn list(&self, config: &Config) -> Vec<DeviceInfo> {
            let mut info = FaultyBackend.list(config).remove(0);
            info.id = "absurd".into();
            vec![info]
        }
        fn open(&self, info: &DeviceInfo, config: &Config) -> Result<Box<dyn Device>, DeviceError> {
            Ok(Box::new(AbsurdDevice(FaultyBackend.open(info, config)?)))
        }
    }
    struct AbsurdDevice(Box<dyn Device>);
    impl Device for AbsurdDevice {
        fn info(&self) -> &DeviceInfo {
            self.0.info()
        }
        fn estimator(&self) -> Estimator {
            Arc::new(|_| Some(Duration::MAX))
        }
        fn run(&mut self, chains: Vec<Chain>) -> Result<Vec<Output>, DeviceError> {
            self.0.run(chains)
        }
    }
    let pool = Pool::builder()
        .backend(&Absurd)
        .devices(["absurd", "cpu:0"])
        .open()
        .unwrap();
    for device in [None, Some("absurd".to_string())] {
        let chains = vec![transform(), transform()];
        let done = pool
            .with(Options {
                policy: None,
                device,
            })
            .run(chains)
            .unwrap();
        assert_eq!(bytes_of(&done[1]), right(&transform()));
    }
}

/// The lists of unusable devices: one that cannot be opened is shown with its reason.
#[test]
fn a_device_that_cannot_be_opened_is_listed_with_its_reason() {
    struct Closed;
    impl Backend for Closed {
        fn name(&self) -> &'static str {
            "closed"
        }
        fn list(&self, config: &Config) -> Vec<DeviceInfo> {
            let mut list = FaultyBackend.list(config);
            list.truncate(2);
            (list[0].id, list[1].id) = ("closed:0".into(), "closed:1".into());
            list[1].unusable = Some("no power".into());
            list
        }
        fn open(&self, _: &DeviceInfo, _: &Config) -> Result<Box<dyn Device>, DeviceError> {
            Err(DeviceError::Failed("locked by another process".into()))
        }
    }
    let pool = Pool::builder().backend(&Closed).threads(1).open().unwrap();
    let reasons = unusable(&pool);
    assert_eq!(
        reasons[0],
        ("closed:0".into(), "locked by another process".into())
    );
    assert_eq!(reasons[1], ("closed:1".into(), "no power".into()));
    pool.run(vec![transform()]).unwrap();
    let chosen = Pool::builder()
        .backend(&Closed)
        .devices(["closed:1", "cpu:0"])
        .open();
    assert!(matches!(chosen, Err(Error::Unusable { id, .. }) if id == "closed:1"));
}

#[test]
fn the_selftest_names_what_fails_and_runs_nothing_after_it() {
    use proofmill::selftest::{self, Outcome};
    for guilty in FAULTS.into_iter().filter(|fault| *fault != "honest") {
        // these faults show only where a value fits, or where the pool waits for long
        if matches!(guilty, "does-not-reduce" | "hangs") {
            continue;
        }
        let pool = open(&[guilty, "cpu:0"]);
        let test = selftest::run(&pool, guilty, |_| {}).unwrap();
        assert!(!test.passed(), "{guilty}");
        let failed = |o: &&selftest::Operation| matches!(o.outcome, Outcome::Failed(_));
        assert_eq!(test.operations.iter().filter(failed).count(), 1, "{guilty}");
    }
    let pool = open(&["honest", "cpu:0"]);
    assert!(selftest::run(&pool, "honest", |_| {}).unwrap().passed());
}
