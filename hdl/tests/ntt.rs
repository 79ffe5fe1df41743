//! The emitted Verilog of the in-place cores under Verilator, against the definition.

#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests

mod common;

use common::{expected, job};
use proofmill_field::{FieldId, Random};
use proofmill_hdl::design::{Core, Design};
use proofmill_hdl::sim::core::{Job, run};
use proofmill_hdl::sim::{self, Model};

/// Every size, direction, with and without a coset, twice each so that the table of powers is met both old
/// and new.
fn jobs(field: FieldId, log_n_max: u32) -> Vec<Job> {
    let mut random = Random::seeded(u64::from(log_n_max));
    let mut jobs = Vec::new();
    for log_n in (1..=log_n_max).chain((1..log_n_max).rev()) {
        let shift = random.element(field);
        for inverse in [false, true] {
            for shift in [field.spec().one, shift] {
                jobs.push(job(field, log_n, inverse, shift, &mut random));
            }
        }
        jobs.push(job(field, log_n, true, shift, &mut random));
    }
    jobs
}

/// Each transform alone, from a size on, stays within 1.02·n·(N/2B + 16) clocks, and N/B more for a pass over
/// the elements: where there are powers, the second time; the first time at the largest size.
fn check_clocks(design: Design) {
    if sim::is_missing() {
        return;
    }
    let mut model = Model::new(&design.verilog().unwrap()).unwrap();
    let field = design.core.field();
    let lanes = f64::from(design.butterflies);
    let mut random = Random::seeded(12);
    for log_n in 5..=design.log_n_max {
        let shift = random.element(field);
        for (inverse, shift) in [(false, field.spec().one), (false, shift), (true, shift)] {
            let job = job(field, log_n, inverse, shift, &mut random);
            let passes = inverse || shift != field.spec().one;
            let (n, size) = (f64::from(log_n), f64::from(1 << log_n));
            let pass = if passes { size / lanes } else { 0.0 };
            let bound = 1.02 * n * (size / 2.0 / lanes + 16.0) + pass;
            let mut cycles = || {
                let answers = run(&mut model, std::slice::from_ref(&job), None).unwrap();
                answers[0].cycles as f64
            };
            let (first, second) = (cycles(), cycles());
            println!("2^{log_n} {inverse} {passes}: {first}, {second}, bound {bound:.0}");
            assert!(second <= bound || (passes && log_n < 6), "{log_n}");
            assert!(
                first <= bound || (passes && log_n < design.log_n_max),
                "{log_n}"
            );
        }
    }
}

fn check(design: Design) {
    if sim::is_missing() {
        return;
    }
    let mut model = Model::new(&design.verilog().unwrap()).unwrap();
    let field = design.core.field();
    let jobs = jobs(field, design.log_n_max);
    let expected: Vec<_> = jobs.iter().map(|job| expected(field.spec(), job)).collect();
    for stalls in [None, Some(1), Some(2)] {
        let answers = run(&mut model, &jobs, stalls).unwrap();
        for ((job, answer), expected) in jobs.iter().zip(&answers).zip(&expected) {
            let what = (job.log_n, job.inverse, job.coset_shift, stalls);
            assert!(
                answer.words == *expected,
                "{design:?}: wrong words for {what:?}"
            );
        }
    }
}

#[test]
fn lanes_are_right() {
    for (core, butterflies) in [
        (Core::NttBabyBear, 1),
        (Core::NttBabyBear, 2),
        (Core::NttGoldilocks, 4),
    ] {
        check(Design {
            core,
            log_n_max: 6,
            butterflies,
        });
    }
}

#[test]
fn goldilocks_is_right_up_to_its_largest_size() {
    let design = Design {
        core: Core::NttGoldilocks,
        log_n_max: 12,
        butterflies: 1,
    };
    check(design);
    check_clocks(design);
}

#[test]
fn koalabear_is_right_up_to_its_largest_size() {
    let design = Design {
        core: Core::NttKoalaBear,
        log_n_max: 12,
        butterflies: 1,
    };
    check(design);
    check_clocks(design);
}

/// A core of 2^6 and the ports that these tests move by hand.
fn small() -> Option<Model> {
    let design = Design {
        core: Core::NttBabyBear,
        log_n_max: 6,
        butterflies: 1,
    };
    (!sim::is_missing()).then(|| Model::new(&design.verilog().unwrap()).unwrap())
}

#[test]
fn a_size_out_of_range_is_refused() {
    let Some(mut model) = small() else { return };
    let ports = ["start", "log_n", "fault", "in_ready"];
    let [start, log_n, fault, in_ready] = ports.map(|name| model.port(name).unwrap());
    for size in [0, 7, 31] {
        model.set(start, 1);
        model.set(log_n, size);
        model.tick(1);
        model.set(start, 0);
        assert_eq!((model.get(fault), model.get(in_ready)), (1, 0), "{size}");
        model.tick(1);
        assert_eq!((model.get(fault), model.get(in_ready)), (0, 0), "{size}");
    }
}

#[test]
fn a_reset_at_any_time_leaves_a_core_that_is_right() {
    let Some(mut model) = small() else { return };
    let field = FieldId::BabyBear;
    let mut random = Random::seeded(5);
    let shift = random.element(field);
    let reset = model.port("reset").unwrap();
    let ports = ["start", "log_n", "inverse", "coset_shift", "in_valid"];
    let [start, log_n, inverse, coset_shift, in_valid] =
        ports.map(|name| model.port(name).unwrap());
    for clocks in (0..600).step_by(7) {
        for (port, word) in [
            (log_n, 6),
            (inverse, 1),
            (coset_shift, shift[0]),
            (in_valid, 1),
        ] {
            model.set(port, word);
        }
        model.set(start, 1);
        model.tick(clocks);
        model.set(start, 0);
        model.set(reset, 1);
        model.tick(1);
        model.set(reset, 0);
        let job = job(field, 6, clocks % 2 == 0, shift, &mut random);
        let answers = run(&mut model, std::slice::from_ref(&job), None).unwrap();
        assert!(answers[0].words == expected(field.spec(), &job), "{clocks}");
    }
}
