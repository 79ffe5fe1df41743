//! Devices that give no answer: they hang, vanish, panic, cannot load or cannot be opened.

use crate::*;

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
