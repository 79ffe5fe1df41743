//! Frames through a decoder: whole, cut short, with bits flipped, among garbage.
#![allow(clippy::unwrap_used, reason = "the whole program is a test")]

use proofmill_wire::frame::{MAX_BYTES, MAX_WORDS, SYNC, place};
use proofmill_wire::{Broken, Decoder, Frame, Opcode, Status};

/// What a decoder made of bytes: frames with their words, and what was broken.
fn decode(bytes: &[u8]) -> Vec<Result<(Frame<'static>, Vec<u64>), Broken>> {
    let mut decoder = Decoder::default();
    let mut found = Vec::new();
    for byte in bytes {
        found.extend(decoder.push(*byte).map(|result| match result {
            Ok(frame) => Ok((
                Frame {
                    payload: &[],
                    ..frame
                },
                frame.values().collect(),
            )),
            Err((why, _)) => Err(why),
        }));
    }
    found
}

fn encode(frame: &Frame<'_>) -> Vec<u8> {
    let mut out = [0; MAX_BYTES];
    let bytes = frame.encode(&mut out).unwrap();
    out[..bytes].to_vec()
}

/// One frame of every kind and length class; words that look like a sync are among them.
fn samples() -> Vec<(Frame<'static>, Vec<u64>)> {
    let lengths = [1, 2, 3, MAX_WORDS];
    let carrying = |opcode, words: usize| {
        let values = (0..words as u64).map(|i| (i + 1).wrapping_mul(0x5aa5_5aa5_0101_a55a));
        (
            Frame::new(opcode, words as u8, 0x1234_5678, words as u8),
            values.collect(),
        )
    };
    let bare = |opcode| (Frame::new(opcode, 0xa5, u32::MAX, 1), Vec::new());
    let with = |opcode| lengths.map(|words| carrying(opcode, words));
    let mut all = [Opcode::Read, Opcode::Done].map(bare).to_vec();
    all.extend([Opcode::Write, Opcode::Data].into_iter().flat_map(with));
    all
}

fn bytes_of((frame, values): &(Frame<'static>, Vec<u64>)) -> Vec<u8> {
    let payload: Vec<u8> = values.iter().flat_map(|w| w.to_le_bytes()).collect();
    encode(&Frame {
        payload: &payload,
        ..*frame
    })
}

#[test]
fn frames_come_out_as_they_went_in() {
    let (mut stream, mut expected) = (Vec::new(), Vec::new());
    for sample in samples() {
        stream.extend(bytes_of(&sample));
        expected.push(Ok(sample));
    }
    assert_eq!(decode(&stream), expected);
}

#[test]
fn a_frame_cut_short_is_none() {
    for sample in samples() {
        let bytes = bytes_of(&sample);
        for len in 0..bytes.len() {
            assert!(decode(&bytes[..len]).is_empty());
            assert_eq!(decode(&bytes[len + 1..]).iter().flatten().count(), 0);
        }
    }
}

#[test]
fn a_flipped_bit_is_caught() {
    for sample in samples() {
        let mut bytes = bytes_of(&sample);
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&bytes).iter().flatten().count(), 0, "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn a_frame_is_found_after_garbage() {
    let sample = samples().remove(3);
    let mut stream = vec![0, 0xff, SYNC[0], 0, SYNC[1], SYNC[0]]; // ends with half a sync
    stream.extend(bytes_of(&sample));
    assert_eq!(decode(&stream), [Ok(sample)]);
}

#[test]
fn lengths_that_no_frame_has_end_at_the_header() {
    for words in [0, MAX_WORDS as u8 + 1, u8::MAX] {
        let sample = samples().remove(2);
        let mut stream = bytes_of(&sample);
        stream[place::WORDS] = words;
        stream.truncate(proofmill_wire::frame::HEADER_BYTES);
        stream.extend(bytes_of(&sample));
        assert_eq!(decode(&stream), [Err(Broken::Length), Ok(sample)]);
    }
}

#[test]
fn a_frame_without_words_may_be_about_any_number() {
    for words in [0, 1, MAX_WORDS as u8 + 1, u8::MAX] {
        let frame = Frame::new(Opcode::Read, 1, 2, words);
        assert_eq!(decode(&encode(&frame)), [Ok((frame, Vec::new()))]);
    }
}

#[test]
fn what_is_no_frame_is_not_encoded() {
    let request = Frame::new(Opcode::Write, 0, 0, 2);
    let mut out = [0; MAX_BYTES];
    assert_eq!(request.encode(&mut out), None); // no words
    let payload = [0; 16];
    let write = Frame {
        payload: &payload,
        ..request
    };
    assert_eq!(write.encode(&mut out), Some(30));
    assert_eq!(write.encode(&mut out[..29]), None); // no room
    let read = Frame {
        opcode: Opcode::Read.byte(),
        ..write
    };
    assert_eq!(read.encode(&mut out), None); // carries none
}

#[test]
fn answers_repeat_the_request() {
    let request = Frame::new(Opcode::Read, 7, 5, 1);
    let refusal = request.answer(Status::BadAddress, &[]);
    assert_eq!(
        (refusal.tag, refusal.address, refusal.status),
        (7, 5, Status::BadAddress.code())
    );
    assert_eq!(Opcode::from_byte(refusal.opcode), Some(Opcode::Done));
    let payload = 9u64.to_le_bytes();
    let data = request.answer(Status::Ok, &payload);
    assert_eq!(Opcode::from_byte(data.opcode), Some(Opcode::Data));
    assert!(data.values().eq([9]));
    assert_eq!(Opcode::from_byte(0), None);
    assert!(Opcode::Data.carries() && !Opcode::Done.carries());
}
