//! The driver of FPGA cards against a card in software: every kind of transform, and every fault that a card or
//! what lies between may have.

#![cfg(all(feature = "fpga", target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole program is a test"
)]

#[allow(dead_code, reason = "the other programs use the rest")]
mod common;
#[path = "fpga/peer.rs"]
mod peer;
#[path = "conformance/transform_judge.rs"]
mod transform_judge;
#[path = "fpga/transforms.rs"]
mod transforms;

use common::{ntt_chain, pack, unpack};
use peer::{DESIGN, Peer, capabilities};
use proofmill::WrongResult;
use proofmill::job::Chain;
use proofmill::{Builder, DeviceError, Direction, Done, Fault, Ntt, Options, Policy, Pool, Random};
use proofmill_field::{FieldId, Int};
use proofmill_wire::Capabilities;
use std::path::Path;
use std::sync::atomic::Ordering;
use tempfile::TempDir;
use transform_judge::Case;

/// A card with the folder in which its design is known.
struct Bench {
    peer: Peer,
    designs: TempDir,
}

impl Bench {
    fn new(can: Capabilities) -> Bench {
        let designs = tempfile::tempdir().unwrap();
        let manifest = format!(r#"{{"design": "software", "design_hash": "{DESIGN}"}}"#);
        std::fs::write(designs.path().join("software.json"), manifest).unwrap();
        let peer = Peer::start(can);
        Bench { peer, designs }
    }

    /// The card and what else is named.
    fn builder(&self, others: &[&str]) -> Builder {
        let ids = ["fpga:0"].iter().chain(others).copied();
        let builder = Pool::builder().devices(ids).threads(1);
        builder
            .cards([&self.peer.path])
            .designs(self.designs.path())
    }

    fn open(&self) -> Pool {
        self.builder(&[]).policy(Policy::Off).open().unwrap()
    }
}

fn elements(field: FieldId, n: usize, random: &mut Random) -> Vec<Int> {
    (0..n).map(|_| random.element(field)).collect()
}

/// Runs one transform on the pool and has it judged by the definition.
fn holds(pool: &Pool, field: FieldId, ntt: &Ntt, random: &mut Random) {
    let input = elements(field, ntt.columns << ntt.log_n, random);
    let done = pool.run(vec![ntt_chain(pack(field, &input), ntt)]).unwrap();
    let (input, output) = (&input[..], &unpack(&done[0].values[0])[..]);
    let case = Case {
        field,
        ntt,
        input,
        output,
    };
    case.judge(random)
        .unwrap_or_else(|e| panic!("{field} {ntt:?}: {e}"));
}

/// So many transforms: of enough of them the planner gives some to a card and some to the textbook, however slow the
/// machine.
fn many(count: usize, seed: u64) -> Vec<Chain> {
    let (field, mut random) = (FieldId::Goldilocks, Random::seeded(seed));
    let mut values = || pack(field, &elements(field, 64, &mut random));
    let ntt = Ntt::new(6, Direction::Forward);
    (0..count).map(|_| ntt_chain(values(), &ntt)).collect()
}

fn bytes_of(done: &[Done]) -> Vec<bytes::Bytes> {
    done.iter()
        .map(|done| done.values[0].bytes().clone())
        .collect()
}

/// The card fails; the next device gives the right answers, and the report says why.
fn taken_over(bench: &Bench, pool: &Pool) -> Vec<Fault> {
    let jobs = many(512, 10);
    let done = pool.run(jobs.clone()).unwrap();
    let judge = Pool::builder().devices(["ref:0"]).open().unwrap();
    assert_eq!(bytes_of(&done), bytes_of(&judge.run(jobs).unwrap()));
    let failures: Vec<_> = done.iter().flat_map(|d| &d.report.failures).collect();
    assert!(!failures.is_empty(), "the card was not asked");
    assert!(failures.iter().all(|f| f.device == "fpga:0"));
    let card = pool
        .devices()
        .into_iter()
        .find(|d| d.id == "fpga:0")
        .unwrap();
    assert!(
        card.unusable.unwrap().starts_with("set aside"),
        "{}",
        bench.peer.path
    );
    failures.into_iter().map(|f| f.fault.clone()).collect()
}

fn two_devices(bench: &Bench) -> Pool {
    bench.builder(&["ref:0"]).open().unwrap()
}

fn bench() -> Bench {
    Bench::new(capabilities(FieldId::Goldilocks, 6))
}

#[test]
fn a_card_that_vanishes_is_replaced() {
    let bench = bench();
    let pool = two_devices(&bench);
    *bench.peer.faults.lives_left.lock().unwrap() = Some(5);
    for fault in taken_over(&bench, &pool) {
        assert!(
            matches!(fault, Fault::Device(DeviceError::Lost(_))),
            "{fault}"
        );
    }
}

#[test]
fn a_card_that_falls_silent_is_replaced() {
    let bench = bench();
    let pool = two_devices(&bench);
    *bench.peer.faults.answers_left.lock().unwrap() = Some(5);
    for fault in taken_over(&bench, &pool) {
        assert!(
            matches!(fault, Fault::Device(DeviceError::Hung(_))),
            "{fault}"
        );
    }
}

#[test]
fn corrupted_frames_are_sent_again() {
    let bench = bench();
    let pool = bench.open();
    // about one frame in three, each way
    bench
        .peer
        .faults
        .corrupt_answers
        .store(1501, Ordering::Relaxed);
    bench
        .peer
        .faults
        .corrupt_requests
        .store(1402, Ordering::Relaxed);
    let jobs = many(32, 11);
    let judge = Pool::builder().devices(["ref:0"]).open().unwrap();
    assert_eq!(
        bytes_of(&pool.run(jobs.clone()).unwrap()),
        bytes_of(&judge.run(jobs).unwrap())
    );
}

#[test]
fn a_line_that_corrupts_every_frame_is_an_error() {
    for requests in [true, false] {
        let bench = bench();
        let (pool, faults) = (two_devices(&bench), &bench.peer.faults);
        let line = if requests {
            &faults.corrupt_requests
        } else {
            &faults.corrupt_answers
        };
        line.store(20, Ordering::Relaxed);
        for fault in taken_over(&bench, &pool) {
            // a header that is hit leaves the other side waiting for the rest
            assert!(
                matches!(
                    fault,
                    Fault::Device(DeviceError::Failed(_) | DeviceError::Hung(_))
                ),
                "{fault}"
            );
        }
    }
}

#[test]
fn a_core_with_a_fault_is_replaced() {
    let bench = bench();
    let pool = two_devices(&bench);
    bench.peer.faults.core_fault.store(true, Ordering::Relaxed);
    for fault in taken_over(&bench, &pool) {
        assert!(fault.to_string().contains("fault"), "{fault}");
    }
}

#[test]
fn a_wrong_answer_is_caught() {
    let bench = bench();
    let pool = two_devices(&bench);
    bench.peer.faults.wrong.store(1, Ordering::Relaxed);
    for fault in taken_over(&bench, &pool) {
        assert!(
            matches!(fault, Fault::Wrong(WrongResult::Transform)),
            "{fault}"
        );
    }
}

#[test]
fn a_card_that_computes_wrongly_is_not_opened() {
    let bench = bench();
    bench.peer.faults.wrong.store(1, Ordering::Relaxed);
    let error = bench.builder(&[]).open().err().unwrap().to_string();
    assert!(error.contains("self-test: value 0"), "{error}");
}

#[test]
fn another_design_is_refused() {
    let bench = bench();
    bench
        .peer
        .faults
        .other_design
        .store(true, Ordering::Relaxed);
    let error = bench.builder(&[]).open().err().unwrap().to_string();
    assert!(error.contains("card holds design 5b5a5a5a"), "{error}");
    bench
        .peer
        .faults
        .other_design
        .store(false, Ordering::Relaxed);
    // without the manifest the right one is just as unknown
    let error = |designs: &Path| {
        let pool = Pool::builder().cards([&bench.peer.path]).designs(designs);
        pool.devices(["fpga:0"]).open().err().unwrap().to_string()
    };
    let empty = tempfile::tempdir().unwrap();
    let unknown = error(empty.path());
    assert!(unknown.contains("card holds design 5a5a5a5a"), "{unknown}");
    let absent = error(Path::new("/nonexistent"));
    assert!(absent.contains("designs folder /nonexistent"), "{absent}");
}

#[test]
fn a_card_that_is_flashed_while_it_is_used_is_replaced() {
    let bench = bench();
    let pool = two_devices(&bench);
    bench
        .peer
        .faults
        .other_design
        .store(true, Ordering::Relaxed);
    for fault in taken_over(&bench, &pool) {
        let why = "card holds design 5b5a5a5a now, was opened with 5a5a5a5a";
        assert_eq!(fault.to_string(), why);
    }
}

#[test]
fn a_card_has_one_user() {
    let bench = bench();
    let pool = bench.open();
    let second = bench.builder(&["ref:0"]).open().err().unwrap().to_string();
    let own = std::process::id();
    assert!(
        second.contains(&format!("busy, held by process {own}")),
        "{second}"
    );
    drop(pool);
    assert_eq!(bench.open().devices()[0].unusable, None);
}

#[test]
fn the_list_says_what_a_card_is() {
    let bench = bench();
    let found = bench.open().devices();
    let path = &bench.peer.path;
    let expected =
        format!("goldilocks ntt to 2^6, 1 butterfly a clock, 1000 MHz, design 5a5a5a5a at {path}");
    assert_eq!(
        (found[0].id.as_str(), found[0].name.as_str()),
        ("fpga:0", expected.as_str())
    );
    let absent = Pool::builder()
        .cards(["/nonexistent/tty"])
        .open()
        .unwrap()
        .devices();
    let absent = absent.into_iter().find(|d| d.id == "fpga:0").unwrap();
    assert!(absent.unusable.unwrap().contains("/nonexistent/tty"));
}

#[test]
fn what_a_host_left_behind_is_forgotten() {
    let bench = bench();
    let pool = bench.open();
    *bench.peer.faults.answers_left.lock().unwrap() = Some(6);
    let device = Some("fpga:0".into());
    let options = Options {
        policy: None,
        device,
    };
    pool.with(options).run(many(32, 12)).unwrap_err();
    drop(pool);
    *bench.peer.faults.answers_left.lock().unwrap() = None;
    holds(
        &bench.open(),
        FieldId::Goldilocks,
        &Ntt::new(6, Direction::Forward),
        &mut Random::seeded(13),
    );
}
