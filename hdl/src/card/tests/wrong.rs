//! Requests that cannot be carried out, damaged frames, garbage, a core at fault.

use super::{encode, host};
use crate::card::FRAME_WAIT;
use crate::card::mirror::{FAULTY, LOG_N, STUCK};
use proofmill_field::Random;
use proofmill_wire::frame::{MAX_WORDS, SYNC, place};
use proofmill_wire::register::{self, INPUT, MAGIC, OUTPUT};
use proofmill_wire::{Frame, Job, Opcode, State, Status};

#[test]
fn what_cannot_be_done_is_refused() {
    let Some(mut host) = host() else { return };
    let size = 1u32 << LOG_N;
    for (address, words) in [
        (register::READABLE, 1),
        (0, register::READABLE as usize + 1),
        (INPUT, 1),
        (OUTPUT + size, 1),
        (OUTPUT + size - 1, 2),
        (OUTPUT | 1 << 27, 1),
        (3 << 28, 1),
        (u32::MAX, 128),
    ] {
        assert_eq!(
            host.read(address, words),
            Err(Status::BadAddress),
            "{address:#x}"
        );
    }
    for (address, words) in [
        (register::ID, 1),
        (register::SHIFT - 1, 2),
        (register::RESET, 2),
        (OUTPUT, 1),
        (INPUT + size - 1, 2),
        (INPUT, MAX_WORDS),
    ] {
        assert_eq!(
            host.write(address, &vec![0; words]),
            Status::BadAddress,
            "{address:#x}"
        );
    }
    let job = |number, log_n| {
        Job {
            number,
            log_n,
            inverse: false,
        }
        .word()
    };
    for (address, word) in [
        (register::JOB, job(2, 1)),
        (register::JOB, job(1, 0)),
        (register::JOB, job(1, LOG_N as u8 + 1)),
        (register::JOB, job(1, 32 + 1)),
        (register::JOB, job(1, 1) | 1 << 25),
        (register::JOB, job(1, 1) | 1 << 63),
        (register::RELEASE, 1),
        (register::RELEASE, 1 << 16),
        (register::RESET, 0),
    ] {
        assert_eq!(
            host.write(address, &[word]),
            Status::BadValue,
            "{address} {word:#x}"
        );
    }
    assert_eq!(host.state(), State::default());
    assert_eq!(host.read(OUTPUT, 1), Err(Status::Busy));
    for opcode in [0, 2, 0x41, 0x82, 0xc1, 0xff] {
        let frame = Frame {
            opcode,
            ..Frame::new(Opcode::Read, 0, 0, 1)
        };
        let carried = vec![0; usize::from(opcode & Opcode::CARRIES != 0)];
        assert_eq!(
            host.request(frame, &carried).2,
            Status::BadOpcode,
            "{opcode:#x}"
        );
    }
    let refused = host.read(register::REFUSED, 1).unwrap()[0];
    assert_eq!(refused, 8 + 6 + 9 + 1 + 6);
}

#[test]
fn a_flipped_bit_changes_nothing() {
    let Some(mut host) = host() else { return };
    let frame = Frame::new(Opcode::Write, 7, INPUT, 2);
    assert_eq!(host.write(INPUT, &[1, 2]), Status::Ok);
    let mut bytes = encode(&frame, &[3, 4]);
    for bit in 0..8 * bytes.len() {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let answers = host.talk(&bytes);
        assert!(
            answers
                .iter()
                .all(|(_, _, status, _)| *status != Status::Ok),
            "bit {bit}: {answers:?}"
        );
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(host.start(1, 1, false, 0), Status::Ok);
    assert_eq!(host.read(OUTPUT, 2), Ok(vec![1, 2]));
}

#[test]
fn a_frame_cut_short_is_given_up() {
    let Some(mut host) = host() else { return };
    let bytes = encode(&Frame::new(Opcode::Write, 9, INPUT, 2), &[3, 4]);
    for len in [1, 2, 3, 9, 10, 11, 25, bytes.len() - 1] {
        let before = host.card.clocks();
        let answers = host.talk(&bytes[..len]);
        assert!(host.card.clocks() - before >= 1 << FRAME_WAIT);
        let [(Opcode::Done, _, Status::Cut, words)] = &answers[..] else {
            panic!("{len}: {answers:?}")
        };
        assert!(words.is_empty());
        assert_eq!(host.read(register::ID, 1), Ok(vec![MAGIC]));
    }
}

#[test]
fn lengths_that_no_frame_has_are_refused() {
    let Some(mut host) = host() else { return };
    let good = encode(&Frame::new(Opcode::Read, 4, 0, 1), &[]);
    for words in [0, MAX_WORDS as u8 + 1, u8::MAX] {
        let read = encode(&Frame::new(Opcode::Read, 3, 0, words), &[]);
        // of a write, only the header is looked at
        let mut write = encode(&Frame::new(Opcode::Write, 3, INPUT, 1), &[0]);
        write[place::WORDS] = words;
        for bad in [read, write] {
            let answers = host.talk(&[bad, good.clone()].concat());
            let statuses: Vec<_> = answers.iter().map(|a| (a.1, a.2)).collect();
            assert_eq!(statuses, [(3, Status::BadLength), (4, Status::Ok)]);
        }
    }
}

/// Noise with pieces of frames in it, whole and damaged: the card comes to rest and answers again.
#[test]
fn garbage_does_not_hang_it() {
    let Some(mut host) = host() else { return };
    let mut random = Random::seeded(2);
    for _ in 0..40 {
        let mut bytes = Vec::new();
        while bytes.len() < 2000 {
            let words = 1 + random.word() as usize % 12;
            let address = [0, 7, 16, 19, INPUT, OUTPUT][random.word() as usize % 6]
                + random.word() as u32 % 4;
            let values: Vec<u64> = (0..words).map(|_| random.word()).collect();
            let piece = match random.word() % 4 {
                0 => encode(&Frame::new(Opcode::Read, 1, address, words as u8), &[]),
                1 => encode(&Frame::new(Opcode::Write, 1, address, words as u8), &values),
                2 => SYNC.to_vec(),
                _ => values.iter().map(|w| *w as u8).collect(),
            };
            let end = match random.word() % 3 {
                0 => random.word() as usize % (piece.len() + 1),
                _ => piece.len(),
            };
            bytes.extend(&piece[..end]);
            if random.word().is_multiple_of(3) {
                let bit = random.word() as usize % (8 * bytes.len());
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
        host.talk(&bytes);
        assert_eq!(host.read(register::ID, 1), Ok(vec![MAGIC]));
        host.reset();
    }
}

#[test]
fn a_core_that_hangs_or_refuses_is_a_fault_that_a_reset_ends() {
    let Some(mut host) = host() else { return };
    for shift in [FAULTY, STUCK] {
        assert_eq!(host.start(1, 1, false, shift), Status::Ok); // rests once the fault is noticed
        let found = host.state();
        assert!(found.fault && found.accepted == 1, "{found:?}");
        host.reset();
        assert_eq!(host.write(INPUT, &[5, 6]), Status::Ok);
        assert_eq!(host.start(1, 1, false, 0), Status::Ok);
        assert_eq!(host.read(OUTPUT, 2), Ok(vec![5, 6]));
        host.reset();
    }
}
