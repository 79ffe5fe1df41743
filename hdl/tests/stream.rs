//! The streaming transform: its blocks against their models, the core against the definition.

#![allow(clippy::unwrap_used)]

use proofmill_field::{FieldId, Int, Random, int, naive};
use proofmill_hdl::arith::goldilocks::FIELD;
use proofmill_hdl::design::verilog;
use proofmill_hdl::sim::core::{Answer, Job, run};
use proofmill_hdl::sim::{self, Model};
use proofmill_hdl::stream::{
    chain::Chain, core::StreamCore, coset::Coset, model, pipeline::Pipeline, reorder::Reorder,
    rotate::Rotate, stage::Stage, unit::Unit,
};
use rust_hdl::prelude::*;

const LOG_N: u32 = 12;
const N: usize = 1 << LOG_N;

fn elements(seed: u64, count: usize) -> Vec<u64> {
    let mut random = Random::seeded(seed);
    (0..count)
        .map(|_| random.element(FieldId::Goldilocks)[0])
        .collect()
}

/// `None`, said so, without Verilator.
fn simulated(block: impl Block) -> Option<Model> {
    (!sim::is_missing()).then(|| Model::new(&verilog(block).unwrap()).unwrap())
}

/// What comes out of a block for these words, which come at full rate or with random gaps.
fn through(model: &mut Model, words: &[u64], gaps: bool) -> Vec<u64> {
    let names = ["reset", "in_valid", "in_word", "out_valid", "out_word"];
    let [reset, in_valid, in_word, out_valid, out_word] =
        names.map(|name| model.port(name).unwrap());
    model.set(reset, 1);
    model.tick(1);
    model.set(reset, 0);
    let (mut sent, mut received, mut random) = (0, vec![], Random::seeded(3));
    for _ in 0..4 * words.len() + 500 {
        let valid = sent < words.len() && !(gaps && random.word().is_multiple_of(4));
        model.set(in_valid, valid.into());
        model.set(in_word, if valid { words[sent] } else { !0 });
        sent += usize::from(valid);
        model.tick(1);
        if model.get(out_valid) == 1 {
            received.push(model.get(out_word));
        }
    }
    received
}

fn agrees(block: impl Block, words: &[u64], expected: &[u64]) {
    let Some(mut model) = simulated(block) else {
        return;
    };
    for gaps in [false, true, false] {
        let ours = through(&mut model, words, gaps);
        assert_eq!(ours.len(), expected.len(), "gaps: {gaps}");
        for (i, (ours, expected)) in ours.iter().zip(expected).enumerate() {
            assert_eq!(ours, expected, "word {i}, gaps: {gaps}");
        }
    }
}

#[test]
fn every_power_of_eight() {
    let Some(mut model) = simulated(Rotate::default()) else {
        return;
    };
    let p = FIELD.modulus[0];
    let powers = (0..64).map(|i| 1u64 << i);
    let edges = powers.flat_map(|x| [x - 1, x, x + 1, p - x, x.wrapping_neg()]);
    let random = elements(2, 1600).into_iter();
    let words: Vec<_> = edges.filter(|&x| x < p).chain(random).collect();
    let operands = words
        .iter()
        .flat_map(|&word| (0..64).map(move |e| (word, e)));
    let (words, exponents): (Vec<_>, Vec<_>) = operands.unzip();
    let inputs = [
        ("word", words.as_slice()),
        ("exponent", exponents.as_slice()),
    ];
    let results = sim::full_rate(&mut model, &inputs, "result", Rotate::LATENCY).unwrap();
    assert_eq!(results.len(), words.len());
    for (i, &result) in results.iter().enumerate() {
        let (word, exponent) = (words[i], exponents[i]);
        assert_eq!(
            result,
            model::rotate(word, exponent),
            "{word:#x} · 8^{exponent}"
        );
    }
}

#[test]
fn stages_add_and_subtract() {
    for log_half in [0, 2] {
        let words = elements(log_half as u64, 8 << log_half);
        let mut expected = words.clone();
        model::stage(&mut expected, log_half);
        agrees(Stage::new(log_half), &words, &expected);
    }
}

#[test]
fn a_unit_transforms_64_words() {
    let words = elements(4, 5 * 64);
    let mut expected = words.clone();
    model::unit(&mut expected, 0);
    agrees(Unit::new(0), &words, &expected);
}

#[test]
fn a_lane_transforms_what_the_one_before_gives() {
    let words = elements(7, N);
    let mut expected = words.clone();
    model::pipeline(&mut expected, false);
    model::pipeline(&mut expected, false);
    agrees(Chain::new(2), &words, &expected);
}

/// The unit in rust-hdl's own simulator: a transform of 2^6.
#[test]
fn a_unit_in_the_simulator_of_rust_hdl() {
    let words = elements(6, 64);
    let mut expected = words.clone();
    model::unit(&mut expected, 0);
    let mut unit = Unit::new(0);
    unit.connect_all();
    let mut received = vec![];
    for i in 0..128 + Unit::LATENCY {
        unit.in_valid.next = i < words.len();
        unit.in_word.next = words.get(i).copied().unwrap_or_default().into();
        sim::tick_block(&mut unit, |unit, clock| unit.clock.next = clock);
        if unit.out_valid.val() {
            received.push(unit.out_word.val().to_u64());
        }
    }
    assert_eq!(received, expected);
}

struct Core {
    model: Model,
    clocks: u64,
}

fn job(seed: u64, inverse: bool) -> Job {
    Job {
        log_n: LOG_N,
        inverse,
        coset_shift: 1,
        words: elements(seed, N),
    }
}

fn on(job: Job, coset_shift: u64) -> Job {
    Job { coset_shift, ..job }
}

fn answer(job: &Job) -> Vec<u64> {
    let mut words = job.words.clone();
    model::coset_transform(&mut words, job.inverse, job.coset_shift);
    words
}

impl Core {
    fn new(has_coset: bool) -> Option<Core> {
        let mut core = Core {
            model: simulated(StreamCore::new(has_coset))?,
            clocks: 0,
        };
        core.set("log_n", LOG_N.into());
        core.set("coset_shift", 1);
        Some(core)
    }

    fn get(&self, name: &str) -> u64 {
        self.model.get(self.model.port(name).unwrap())
    }

    fn set(&mut self, name: &str, word: u64) {
        let port = self.model.port(name).unwrap();
        self.model.set(port, word);
    }

    fn tick(&mut self) {
        self.model.tick(1);
        self.clocks += 1;
    }

    fn reset(&mut self) {
        self.set("reset", 1);
        self.tick();
        self.set("reset", 0);
    }

    fn check(&mut self, jobs: &[Job], stalls: Option<u64>) -> Vec<Answer> {
        let answers = run(&mut self.model, jobs, stalls).unwrap();
        assert_eq!(answers.len(), jobs.len());
        for (i, (ours, job)) in answers.iter().zip(jobs).enumerate() {
            assert!(ours.words == answer(job), "job {i}, stalls: {stalls:?}");
            assert_eq!(ours.done, 1, "job {i}, stalls: {stalls:?}");
        }
        answers
    }
}

#[test]
fn the_core_transforms_by_the_definition() {
    let job = job(10, false);
    let words: Vec<_> = job.words.iter().map(|&word| int::small(word)).collect();
    let root = FIELD.root_of_unity(LOG_N).unwrap();
    let expected = naive::transform(FIELD, &words, &root, &FIELD.one, N);
    let Some(mut core) = Core::new(false) else {
        return;
    };
    let answers = run(&mut core.model, &[job], None).unwrap();
    let expected: Vec<_> = expected.iter().map(|word: &Int| word[0]).collect();
    assert!(answers[0].words == expected);
}

#[test]
fn one_transform_per_4096_clocks() {
    for has_coset in [false, true] {
        let Some(mut core) = Core::new(has_coset) else {
            return;
        };
        let shift = if has_coset { 7 } else { 1 };
        let jobs: Vec<_> = (20..26)
            .map(|i| job(i, i % 3 == 0))
            .map(|job| if job.inverse { job } else { on(job, shift) })
            .collect();
        let answers = core.check(&jobs, None);
        assert_eq!(answers[5].last - answers[0].first, 6 * N as u64 - 1);
        // From the last word in to the first one out, as the core counts it.
        let cycles = answers[0].first - answers[0].fed;
        assert_eq!(core.get("cycles"), cycles);
        let coset = if has_coset { Coset::LATENCY } else { 0 };
        let latency = StreamCore::ENTRY + coset + Pipeline::LATENCY + N - 1 + Reorder::LATENCY;
        assert_eq!(cycles, latency as u64);
    }
}

#[test]
fn cosets_come_and_go() {
    let Some(mut core) = Core::new(true) else {
        return;
    };
    let shifts = [7, 7, 1, 7, 1 << 40, FIELD.modulus[0] - 1, 1, 0];
    let job = |(i, &shift)| on(job(60 + i as u64, false), shift);
    let forward: Vec<_> = shifts.iter().enumerate().map(job).collect();
    core.check(&forward, None);
    let turned = |(i, job): (usize, &Job)| Job {
        inverse: i % 3 > 0,
        ..job.clone()
    };
    let mixed: Vec<_> = forward.iter().enumerate().map(turned).collect();
    core.check(&mixed, Some(9));
}

#[test]
fn stalls_at_both_ends_change_no_answer() {
    let jobs: Vec<_> = (30..36).map(|i| job(i, i % 2 == 0)).collect();
    for has_coset in [false, true] {
        let Some(mut core) = Core::new(has_coset) else {
            return;
        };
        core.check(&jobs, Some(9));
        core.check(&jobs[..2], None);
    }
}

#[test]
fn nothing_is_lost_while_nobody_reads() {
    let jobs: Vec<_> = (40..46).map(|i| job(i, false)).collect();
    let Some(mut core) = Core::new(false) else {
        return;
    };
    core.set("in_valid", 1);
    let mut sent = 0;
    for _ in 0..8 * N {
        let ready = core.get("ready");
        core.set("start", ready);
        core.set("in_data", jobs[sent / N].words[sent % N]);
        sent += core.get("in_ready") as usize;
        core.tick();
    }
    assert_eq!(
        sent,
        4 * N - 1,
        "three transforms are held, a fourth waits with its last word"
    );
    core.set("out_ready", 1);
    let mut received = vec![];
    while received.len() < 4 * N {
        core.set("start", 0);
        core.set("in_valid", (sent < 4 * N).into());
        core.set("in_data", jobs[sent.min(4 * N - 1) / N].words[sent % N]);
        core.model.settle();
        sent += (sent < 4 * N && core.get("in_ready") == 1) as usize;
        if core.get("out_valid") == 1 {
            received.push(core.get("out_data"));
        }
        core.tick();
        assert!(core.clocks < 100 * N as u64);
    }
    for (ours, job) in received.chunks(N).zip(&jobs) {
        assert!(ours == answer(job));
    }
}

#[test]
fn a_reset_in_the_middle_leaves_no_trace() {
    let Some(mut core) = Core::new(false) else {
        return;
    };
    core.set("start", 1);
    core.tick();
    core.set("start", 0);
    core.set("in_valid", 1);
    core.set("in_data", 5);
    for _ in 0..N + 1000 {
        core.tick();
    }
    core.set("in_valid", 0);
    core.reset();
    core.check(&[job(50, true), job(51, false)], None);
}

#[test]
fn what_the_core_cannot_do_is_a_fault_and_is_ignored() {
    let Some(mut core) = Core::new(false) else {
        return;
    };
    for (log_n, coset_shift, fault) in [(11, 1, 1), (12, 7, 1), (12, 1, 0)] {
        core.set("log_n", log_n);
        core.set("coset_shift", coset_shift);
        core.set("start", 1);
        core.tick();
        core.set("start", 0);
        assert_eq!(core.get("fault"), fault, "{log_n} {coset_shift}");
        (0..5).for_each(|_| core.tick());
        assert_eq!(core.get("in_ready"), 1 - fault);
    }
}
