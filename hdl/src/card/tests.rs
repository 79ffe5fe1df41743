//! A card with a core that is no transform, under Verilator: frames, registers, jobs, and what goes wrong ([`wrong`]).

mod wrong;

use super::mirror::{LOG_N, Mirror};
use super::{CORE_WAIT, Identity, Simulation, identified};
use crate::{design, sim};
use proofmill_field::Random;
use proofmill_wire::frame::MAX_BYTES;
use proofmill_wire::register::{self, INPUT, MAGIC, OUTPUT};
use proofmill_wire::{Capabilities, Decoder, DesignId, Frame, Job, Opcode, State, Status};
use rust_hdl::prelude::*;
use std::collections::VecDeque;

card!(
    /// A card that computes nothing.
    MirrorCard [],
    Mirror,
    LOG_N
);

const CAN: Capabilities = Capabilities {
    field: 4,
    min_log_n: 1,
    max_log_n: LOG_N as u8,
    log_butterflies: 0,
    buffers: 1,
    coset: true,
    inverse: true,
    reversed_input: false,
    reversed_output: false,
    streaming: false,
};
const CLOCK_HZ: u64 = 12_345_678;

/// An answer: opcode, tag, status, words.
type Answer = (Opcode, u8, Status, Vec<u64>);

/// A host at the end of a perfect line.
struct Host {
    card: Simulation,
    design: DesignId,
    decoder: Decoder,
    tag: u8,
}

/// `None`, with a word why, where there is no Verilator.
fn host() -> Option<Host> {
    if sim::is_missing() {
        return None;
    }
    let verilog =
        |identity: &Identity| design::verilog(MirrorCard::new(Mirror::default(), identity));
    let (design, verilog) = identified(CAN, CLOCK_HZ, verilog).unwrap();
    let card = Simulation::new(&verilog).unwrap();
    let (decoder, tag) = (Decoder::default(), 0);
    Some(Host {
        card,
        design,
        decoder,
        tag,
    })
}

fn encode(frame: &Frame<'_>, words: &[u64]) -> Vec<u8> {
    let payload: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    let payload = &payload[..];
    let mut bytes = [0; MAX_BYTES];
    let len = Frame { payload, ..*frame }.encode(&mut bytes).unwrap();
    bytes[..len].to_vec()
}

impl Host {
    /// Sends bytes and returns what the card answers until it rests.
    fn talk(&mut self, bytes: &[u8]) -> Vec<Answer> {
        let (mut input, mut output) = (VecDeque::from(bytes.to_vec()), Vec::new());
        let limit = self.card.clocks() + 64 * bytes.len() as u64 + (2 << CORE_WAIT);
        while !input.is_empty() || self.card.is_active() {
            self.card.run(&mut input, &mut output, 256);
            assert!(self.card.clocks() < limit, "the card does not come to rest");
        }
        self.decode(&output)
    }

    fn decode(&mut self, bytes: &[u8]) -> Vec<Answer> {
        let mut answers = Vec::new();
        for byte in bytes {
            if let Some(frame) = self.decoder.push(*byte) {
                let frame = frame.expect("the card sends whole frames");
                let (opcode, status) = (
                    Opcode::from_byte(frame.opcode),
                    Status::from_code(frame.status),
                );
                answers.push((
                    opcode.unwrap(),
                    frame.tag,
                    status.unwrap(),
                    frame.values().collect(),
                ));
            }
        }
        answers
    }

    fn request(&mut self, frame: Frame<'_>, words: &[u64]) -> Answer {
        self.tag = self.tag.wrapping_add(1);
        let tag = self.tag;
        let mut answers = self.talk(&encode(&Frame { tag, ..frame }, words));
        assert_eq!((answers.len(), answers[0].1), (1, tag));
        answers.remove(0)
    }

    fn read(&mut self, address: u32, words: usize) -> Result<Vec<u64>, Status> {
        let answer = self.request(Frame::new(Opcode::Read, 0, address, words as u8), &[]);
        match answer {
            (Opcode::Data, _, Status::Ok, values) => Ok(values),
            (Opcode::Done, _, status, _) if status != Status::Ok => Err(status),
            other => panic!("{other:?}"),
        }
    }

    fn write(&mut self, address: u32, words: &[u64]) -> Status {
        let frame = Frame::new(Opcode::Write, 0, address, words.len() as u8);
        let (opcode, _, status, values) = self.request(frame, words);
        assert!(opcode == Opcode::Done && values.is_empty());
        status
    }

    fn state(&mut self) -> State {
        State::from_word(self.read(register::STATE, 1).unwrap()[0])
    }

    fn start(&mut self, number: u16, log_n: u8, inverse: bool, shift: u64) -> Status {
        let job = Job {
            number,
            log_n,
            inverse,
        };
        self.write(register::SHIFT, &[shift, job.word()])
    }

    fn reset(&mut self) {
        assert_eq!(
            self.write(register::RESET, &[register::RESET_KEY]),
            Status::Ok
        );
        assert_eq!(self.state(), State::default());
    }
}

fn mirrored(words: &[u64], inverse: bool, shift: u64) -> Vec<u64> {
    let word = |w: &u64| w.wrapping_add(shift) ^ if inverse { u64::MAX } else { 0 };
    words.iter().map(word).collect()
}

fn state(accepted: u16, fed: u16, done: u16) -> State {
    State {
        accepted,
        fed,
        done,
        fault: false,
    }
}

#[test]
fn a_card_says_what_it_is() {
    let Some(mut host) = host() else { return };
    let words = host
        .read(register::ID, register::READABLE as usize)
        .unwrap();
    let at = |address: u32| words[address as usize];
    assert_eq!(at(register::ID), MAGIC);
    let design = &words[register::DESIGN as usize..][..4];
    assert_eq!(design, host.design.words());
    assert_eq!(
        Capabilities::from_word(at(register::CAPABILITIES)),
        Some(CAN)
    );
    assert_eq!(at(register::CLOCK_HZ), CLOCK_HZ);
    assert_eq!(State::from_word(at(register::STATE)), State::default());
    let uptime = host.read(register::UPTIME_CYCLES, 1).unwrap()[0];
    assert!(at(register::UPTIME_CYCLES) < uptime && uptime < host.card.clocks());
}

#[test]
fn jobs_go_through_in_order() {
    let Some(mut host) = host() else { return };
    let mut random = Random::seeded(1);
    let mut number = 0;
    let mut last: Option<(u8, Vec<u64>)> = None;
    for log_n in [1, 6, 2, 5, 3, 4, 6, 6] {
        for inverse in [false, true] {
            let (words, shift) = (
                (0..1u64 << log_n)
                    .map(|_| random.word())
                    .collect::<Vec<_>>(),
                random.word(),
            );
            assert_eq!(host.write(INPUT, &words), Status::Ok);
            number += 1;
            assert_eq!(host.start(number, log_n, inverse, shift), Status::Ok);
            // the job before lies ready, and stays so until it is released
            if let Some((log_n, expected)) = last {
                assert_eq!(host.state().done, number - 1);
                assert_eq!(host.read(OUTPUT, 1 << log_n), Ok(expected));
                assert_eq!(
                    host.write(register::RELEASE, &[u64::from(number - 1)]),
                    Status::Ok
                );
            }
            assert_eq!(host.state(), state(number, number, number));
            assert_eq!(
                host.read(register::JOB_CYCLES, 1),
                Ok(vec![u64::from(log_n)])
            );
            last = Some((log_n, mirrored(&words, inverse, shift)));
        }
    }
}

/// Two requests on their way, as the driver has them: each answer has its own words.
#[test]
fn an_answer_is_not_disturbed_by_the_next_request() {
    let Some(mut host) = host() else { return };
    let words: Vec<u64> = (1..=1 << LOG_N).collect();
    assert_eq!(host.write(INPUT, &words), Status::Ok);
    assert_eq!(host.start(1, LOG_N as u8, false, 0), Status::Ok);
    let read = |tag, address, words| encode(&Frame::new(Opcode::Read, tag, address, words), &[]);
    let half = 1 << (LOG_N - 1);
    let second = read(2, OUTPUT + u32::from(half), half);
    let bytes = [
        read(1, OUTPUT, half),
        second,
        read(3, register::ID, 7),
        read(4, OUTPUT, half),
    ];
    let answers = host.talk(&bytes.concat());
    let (low, high) = words.split_at(half.into());
    assert_eq!(answers[0].3, low);
    assert_eq!(answers[1].3, high);
    assert_eq!((answers[2].3[0], answers[2].3[6]), (MAGIC, CLOCK_HZ));
    assert_eq!(answers[3].3, low);
}

/// A job that waits for the core keeps its shift, whatever is written for the next one.
#[test]
fn a_refused_job_does_not_change_the_one_before() {
    let Some(mut host) = host() else { return };
    for number in 1..=3 {
        assert_eq!(host.write(INPUT, &[10, 20]), Status::Ok);
        assert_eq!(host.start(number, 1, false, number.into()), Status::Ok);
    }
    assert_eq!(host.start(4, 1, false, 99), Status::Busy);
    for number in 1..=3u64 {
        assert_eq!(host.read(OUTPUT, 2), Ok(vec![10 + number, 20 + number]));
        assert_eq!(host.write(register::RELEASE, &[number]), Status::Ok);
    }
}

#[test]
fn what_comes_twice_is_done_once() {
    let Some(mut host) = host() else { return };
    assert_eq!(host.write(INPUT, &[1, 2]), Status::Ok);
    for _ in 0..2 {
        assert_eq!(host.start(1, 1, false, 5), Status::Ok);
        assert_eq!(host.state(), state(1, 1, 1));
    }
    assert_eq!(host.read(OUTPUT, 2), Ok(vec![6, 7]));
    for _ in 0..2 {
        assert_eq!(host.write(register::RELEASE, &[1]), Status::Ok);
        assert_eq!(host.read(OUTPUT, 2), Err(Status::Busy));
    }
    assert_eq!(host.start(2, 1, true, 5), Status::Ok); // the input is still there
    assert_eq!(host.write(register::RELEASE, &[1]), Status::Ok); // late
    assert_eq!(host.read(OUTPUT, 2), Ok(vec![!6, !7]));
}

#[test]
fn an_input_that_is_in_use_is_not_overwritten() {
    let Some(mut host) = host() else { return };
    for number in 1..=3 {
        assert_eq!(host.write(INPUT, &[number, 0]), Status::Ok);
        assert_eq!(host.start(number as u16, 1, false, 0), Status::Ok);
    }
    // the first lies in the output, the second in the core, the third where it was written
    assert_eq!(host.state(), state(3, 2, 1));
    assert_eq!(host.write(INPUT, &[9]), Status::Busy);
    assert_eq!(host.start(4, 1, false, 0), Status::Busy);
    for number in 1..=3u64 {
        assert_eq!(host.read(OUTPUT, 2), Ok(vec![number, 0]));
        assert_eq!(host.write(register::RELEASE, &[number]), Status::Ok);
    }
    assert_eq!(host.state(), state(3, 3, 3));
}

/// Bytes that come in drops, answers that nobody reads for long: nothing is lost.
#[test]
fn both_directions_may_stall() {
    let Some(mut host) = host() else { return };
    let mut random = Random::seeded(3);
    let words: Vec<u64> = (0..1 << LOG_N).map(|_| random.word()).collect();
    let write = encode(&Frame::new(Opcode::Write, 1, INPUT, 1 << LOG_N), &words);
    let job = Job {
        number: 1,
        log_n: LOG_N as u8,
        inverse: false,
    };
    let start = encode(
        &Frame::new(Opcode::Write, 2, register::SHIFT, 2),
        &[0, job.word()],
    );
    let read = encode(&Frame::new(Opcode::Read, 4, OUTPUT, 1 << LOG_N), &[]);
    let wait = encode(&Frame::new(Opcode::Read, 3, 0, 11), &[]).repeat(20);
    let mut bytes = VecDeque::from([write, start, wait, read].concat());
    let (mut input, mut output) = (VecDeque::new(), Vec::new());
    while !bytes.is_empty() || !input.is_empty() || host.card.is_active() {
        let drop = (random.word() % 9) as usize;
        input.extend(bytes.drain(..drop.min(bytes.len())));
        host.card.room = output.len() + (random.word() % 7) as usize;
        host.card.run(&mut input, &mut output, random.word() % 40);
    }
    let answers = host.decode(&output);
    assert_eq!(answers.len(), 23);
    assert!(answers.iter().all(|a| a.2 == Status::Ok));
    assert_eq!(answers[22].3, words);
}

#[test]
fn the_design_id_is_the_hash_of_the_text_without_it() {
    let text = |identity: &Identity| {
        Ok(format!(
            "design {} at {}",
            identity.design, identity.clock_hz
        ))
    };
    let (first, verilog) = identified(CAN, 1, text).unwrap();
    assert_eq!(verilog, format!("design {first} at 1"));
    let (second, _) = identified(CAN, 2, text).unwrap();
    assert!(first != second && first != DesignId::default());
    assert_eq!(identified(CAN, 1, text).unwrap().0, first);
}
