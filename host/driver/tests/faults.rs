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

#[path = "faults/absent.rs"]
mod absent;
#[path = "faults/bad_input.rs"]
mod bad_input;
#[path = "faults/device.rs"]
mod device;
#[path = "faults/lies.rs"]
mod lies;

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
