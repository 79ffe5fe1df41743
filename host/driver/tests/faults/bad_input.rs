//! Whose fault it is when answers differ or the input itself is bad.

use super::device::stranger;
use super::*;
use proofmill::BadJob;

/// Σ k_i·P_i over given bytes.
fn sum_of(curve: CurveId, group: Group, points: Vec<u8>, scalars: proofmill::job::Values) -> Chain {
    let bases = Points::new(curve, group, points.into()).unwrap();
    let steps = vec![upload(0, scalars), Step::Msm { scalars: 0, bases }];
    chain("msm", steps)
}

fn small(n: usize) -> proofmill::job::Values {
    let scalars: Vec<Int> = (1..=n as u64).map(int::small).collect();
    common::pack_as(Form::Small, &scalars)
}

fn bad_job(pool: &Pool, job: &Chain) -> BadJob {
    match pool.run(vec![job.clone()]) {
        Err(Error::BadJob(bad)) => bad,
        other => panic!("{other:?}"),
    }
}

#[test]
fn where_two_wrong_points_differ_the_textbook_convicts_both() {
    for (curve, group) in GROUPS {
        let job = sum(curve, group);
        for devices in [
            ["wrong-point", "another-wrong-point", "cpu:0"],
            ["another-wrong-point", "wrong-point", "cpu:0"],
        ] {
            let pool = open(&devices);
            let done = pool.run(vec![job.clone()]).unwrap().remove(0);
            assert_eq!(bytes_of(&done), right(&job));
            assert_eq!(done.report.devices(), ["cpu:0"]);
            let mut guilty: Vec<_> = unusable(&pool).into_iter().map(|(id, _)| id).collect();
            guilty.sort();
            assert_eq!(guilty, ["another-wrong-point", "wrong-point"]);
            for evidence in pool.evidence() {
                let by_textbook = matches!(&evidence.fault,
                    Fault::Wrong(WrongResult::Recomputed { by, .. }) if by == "textbook");
                assert!(by_textbook, "{evidence:?}");
            }
        }
    }
}

#[test]
fn bases_outside_the_subgroup_are_the_callers_fault_and_nobody_is_blamed() {
    for (curve, group) in GROUPS.into_iter().skip(1) {
        let naive = NaiveGroup::new(curve.spec(), group);
        let mut points = vec![0; curve.spec().point_bytes(group)];
        naive.write(&naive.generator(), &mut points);
        points.extend(stranger(curve, group));
        let job = sum_of(curve, group, points, small(2));
        for devices in [&["honest", "cpu:0"][..], &["honest"]] {
            let pool = open(devices);
            assert_eq!(bad_job(&pool, &job), BadJob::NotInSubgroup { index: 1 });
            assert!(pool.evidence().is_empty() && unusable(&pool).is_empty());
        }
    }
}

#[test]
fn bases_off_the_curve_are_the_callers_fault_and_nobody_is_blamed() {
    let (curve, group) = (CurveId::Bn254, Group::G1);
    let mut points = vec![0; 3 * curve.spec().point_bytes(group)];
    points[130] = 1;
    let job = sum_of(curve, group, points, small(3));
    let pool = open(&["honest", "cpu:0"]);
    assert_eq!(bad_job(&pool, &job), BadJob::NotOnCurve { index: 2 });
    assert!(pool.evidence().is_empty() && unusable(&pool).is_empty());
}

#[test]
fn unreduced_scalars_are_the_callers_fault_whoever_finds_them() {
    let (curve, group) = (CurveId::Bn254, Group::G1);
    let naive = NaiveGroup::new(curve.spec(), group);
    let mut point = vec![0; curve.spec().point_bytes(group)];
    naive.write(&naive.generator(), &mut point);
    let field = curve.spec().scalar;
    let scalars = common::pack_as(Form::Integer(field.id), &[int::small(1), field.modulus]);
    let job = sum_of(curve, group, [point.clone(), point].concat(), scalars);
    let (what, index) = ("scalar", 1);
    let field = field.id;
    for devices in [
        &["cpu:0"][..],
        &["calls-the-job-bad", "cpu:0"],
        &["honest", "cpu:0"],
    ] {
        let pool = open(devices);
        let bad = bad_job(&pool, &job);
        assert_eq!(bad, BadJob::Unreduced { what, index, field }, "{devices:?}");
        assert!(
            pool.evidence().is_empty() && unusable(&pool).is_empty(),
            "{devices:?}"
        );
    }
}

#[test]
fn a_device_that_calls_a_good_job_bad_is_not_believed() {
    for job in [transform(), sum(CurveId::Bls12_381, Group::G1)] {
        let fault = caught(
            &open(&["calls-the-job-bad", "cpu:0"]),
            "calls-the-job-bad",
            &job,
        );
        assert!(
            matches!(fault, Fault::Device(DeviceError::BadJob(_))),
            "{fault}"
        );
        no_silent_fallback("calls-the-job-bad", &job);
    }
}

/// Half of the jobs are drawn. A lie is either caught and redone, or its report says that nothing
/// was checked: an answer is never both drawn and taken as it came.
#[test]
fn under_lots_a_lie_passes_only_where_the_report_says_unchecked() {
    let (mut caught, mut passed) = (0, 0);
    while caught < 3 || passed < 3 {
        let options = Options {
            policy: Some(Policy::Sampled(2)),
            device: None,
        };
        let pool = open(&["flips-a-bit", "cpu:0"]).with(options);
        let job = transform();
        let done = pool.run(vec![job.clone()]).unwrap().remove(0);
        if bytes_of(&done) == right(&job) {
            assert_eq!(done.report.failures.len(), 1);
            caught += 1;
        } else {
            assert!(done.report.checked.is_empty(), "{:?}", done.report);
            assert!(pool.evidence().is_empty());
            passed += 1;
        }
    }
}
