//! The library on a simulated card: the program `proofmill-hdl card`, reached as a board is.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole program is a test"
)]

#[allow(dead_code, reason = "the other programs use the rest")]
#[path = "../../host/driver/tests/common/mod.rs"]
mod common;
#[path = "../../host/driver/tests/conformance/transform_judge.rs"]
mod transform_judge;

use common::{ntt_chain, pack, unpack};
use proofmill::job::Chain;
use proofmill::{Builder, DeviceError, Direction, Fault, Ntt, Policy, Pool, Random};
use proofmill_field::FieldId;
use proofmill_hdl::sim;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use transform_judge::Case;

const FIELD: FieldId = FieldId::BabyBear;
const LOG_N_MAX: u32 = 10;

/// A card's process, the path of its terminal, and the folder with its manifest.
struct Card {
    process: Child,
    path: String,
    designs: TempDir,
}

impl Card {
    /// `None` where there is no Verilator.
    fn start(core: &str) -> Option<Card> {
        if sim::is_missing() {
            return None;
        }
        let designs = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_proofmill-hdl"))
            .args([
                "card",
                "--design",
                core,
                "--log-n-max",
                &LOG_N_MAX.to_string(),
                "--manifest",
            ])
            .arg(designs.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut path = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut path)
            .unwrap();
        let path = path.trim().to_string();
        assert!(!path.is_empty(), "the card did not start");
        Some(Card {
            process,
            path,
            designs,
        })
    }

    fn builder(&self, others: &[&str]) -> Builder {
        let ids = ["fpga:0"].iter().chain(others).copied();
        let builder = Pool::builder().devices(ids).threads(1);
        builder.cards([&self.path]).designs(self.designs.path())
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(self.process.id() as i32).unwrap();
        kill_process(process, signal).unwrap();
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn job(log_n: u32, random: &mut Random) -> Chain {
    let values: Vec<_> = (0..1 << log_n).map(|_| random.element(FIELD)).collect();
    ntt_chain(pack(FIELD, &values), &Ntt::new(log_n, Direction::Forward))
}

fn holds(pool: &Pool, ntt: &Ntt, random: &mut Random) {
    let input: Vec<_> = (0..1 << ntt.log_n).map(|_| random.element(FIELD)).collect();
    let done = pool.run(vec![ntt_chain(pack(FIELD, &input), ntt)]).unwrap();
    let output = unpack(&done[0].values[0]);
    let (input, output, field) = (&input[..], &output[..], FIELD);
    let case = Case {
        field,
        ntt,
        input,
        output,
    };
    case.judge(random)
        .unwrap_or_else(|e| panic!("{ntt:?}: {e}"));
}

/// Up to the card's size and beyond, both directions, with and without coset.
#[test]
fn transforms_agree_with_the_definition() {
    let Some(card) = Card::start("ntt-babybear") else {
        return;
    };
    let pool = card.builder(&[]).policy(Policy::Off).open().unwrap();
    let mut random = Random::seeded(1);
    for log_n in 0..LOG_N_MAX + 3 {
        for direction in [Direction::Forward, Direction::Inverse] {
            for coset in [None, Some(random.element(FIELD))] {
                let ntt = Ntt {
                    coset,
                    ..Ntt::new(log_n, direction)
                };
                holds(&pool, &ntt, &mut random);
            }
        }
    }
}

/// Many jobs at once: the card is first in line for some of them. Its faults, and that all answers are right.
fn faults(pool: &Pool) -> Vec<Fault> {
    let mut random = Random::seeded(2);
    let jobs: Vec<_> = (0..512).map(|_| job(6, &mut random)).collect();
    let done = pool.run(jobs.clone()).unwrap();
    let judge = Pool::builder().devices(["ref:0"]).open().unwrap();
    for (found, expected) in done.iter().zip(judge.run(jobs).unwrap()) {
        assert_eq!(found.values[0].bytes(), expected.values[0].bytes());
    }
    let faults = done.into_iter().flat_map(|d| d.report.failures);
    faults.map(|failure| failure.fault).collect()
}

#[test]
fn jobs_follow_each_other_without_reset() {
    let Some(card) = Card::start("ntt-babybear") else {
        return;
    };
    let pool = card.builder(&[]).open().unwrap();
    for _ in 0..3 {
        assert!(faults(&pool).is_empty());
    }
}

#[test]
fn a_killed_card_is_replaced() {
    let Some(mut card) = Card::start("ntt-babybear") else {
        return;
    };
    let pool = card.builder(&["ref:0"]).open().unwrap();
    card.process.kill().unwrap();
    card.process.wait().unwrap();
    let faults = faults(&pool);
    let lost = |fault: &Fault| matches!(fault, Fault::Device(DeviceError::Lost(_)));
    assert!(!faults.is_empty() && faults.iter().all(lost), "{faults:?}");
}

#[test]
fn a_stopped_card_is_replaced_and_may_come_back() {
    let Some(card) = Card::start("ntt-babybear") else {
        return;
    };
    let pool = card.builder(&["ref:0"]).open().unwrap();
    card.signal(Signal::STOP);
    let faults = faults(&pool);
    card.signal(Signal::CONT);
    let hung = |fault: &Fault| matches!(fault, Fault::Device(DeviceError::Hung(_)));
    assert!(!faults.is_empty() && faults.iter().all(hung), "{faults:?}");
    drop(pool);
    // what was left half done is forgotten
    let pool = card.builder(&[]).policy(Policy::Off).open().unwrap();
    holds(
        &pool,
        &Ntt::new(LOG_N_MAX, Direction::Forward),
        &mut Random::seeded(3),
    );
}

#[test]
fn a_card_finds_its_way_out_of_garbage() {
    let Some(card) = Card::start("ntt-babybear") else {
        return;
    };
    let mut random = Random::seeded(4);
    for _ in 0..3 {
        let garbage: Vec<u8> = (0..1000).map(|_| random.word() as u8).collect();
        let mut line = std::fs::OpenOptions::new()
            .write(true)
            .open(&card.path)
            .unwrap();
        line.write_all(&garbage).unwrap();
        drop(line);
        let pool = card.builder(&[]).policy(Policy::Off).open().unwrap();
        holds(&pool, &Ntt::new(3, Direction::Inverse), &mut random);
    }
}

#[test]
fn a_card_with_another_design_is_refused() {
    let (Some(card), Some(other)) = (Card::start("ntt-babybear"), Card::start("ntt-koalabear"))
    else {
        return;
    };
    // the other card, where only the first one's design is known
    let builder = Pool::builder().devices(["fpga:0"]).cards([&other.path]);
    let error = builder
        .designs(card.designs.path())
        .open()
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("card holds design"), "{error}");
    assert!(other.builder(&[]).open().is_ok());
}
