//! Requests carried out: words into and out of registers and buffers.

use super::{HEADER_BITS, byte_of, status};
use proofmill_wire::frame::{MAX_WORDS, place};
use proofmill_wire::register::{self, READABLE, REGION_SHIFT};
use proofmill_wire::{Opcode, Status};
use rust_hdl::prelude::*;

// where the fields of a header are picked out below
const _: () = {
    const fn bit(place: usize) -> usize {
        8 * (place - place::OPCODE)
    }
    assert!(bit(place::TAG) == 8 && bit(place::ADDRESS) == 16 && bit(place::WORDS) == 48);
    assert!(bit(place::STATUS) == 56 && HEADER_BITS == 64 && REGION_SHIFT == 28);
};

#[derive(LogicState, Clone, Copy, Debug, PartialEq)]
enum Phase {
    Idle,
    Judge,
    Copy,
    Settle,
    Answer,
}

/// Takes requests from the receiver one by one and hands their answers to the transmitter. `K`: log2 of the words in
/// each buffer.
#[derive(LogicBlock)]
pub(super) struct Executive<const K: usize> {
    pub(super) clock: Signal<In, Clock>,
    pub(super) active: Signal<Out, Bit>,
    // the receiver's frame
    pub(super) request: Signal<In, Bit>,
    pub(super) verdict: Signal<In, Bits<8>>,
    pub(super) header: Signal<In, Bits<64>>,
    pub(super) taken: Signal<Out, Bit>,
    pub(super) word_address: Signal<Out, Bits<7>>,
    // the transmitter's
    pub(super) sending: Signal<In, Bit>,
    pub(super) send: Signal<Out, Bit>,
    pub(super) refusal: Signal<Out, Bit>,
    pub(super) answer: Signal<Out, Bits<64>>,
    pub(super) answer_words: Signal<Out, Bits<8>>,
    pub(super) answer_index: Signal<In, Bits<8>>,
    // registers and buffers
    pub(super) read_address: Signal<Out, Bits<28>>,
    pub(super) reads_output: Signal<Out, Bit>,
    pub(super) write_address: Signal<Out, Bits<28>>,
    pub(super) register_write: Signal<Out, Bit>,
    pub(super) register_outcome: Signal<In, Bits<8>>,
    pub(super) input_write: Signal<Out, Bit>,
    /// The input may be overwritten.
    pub(super) input_free: Signal<In, Bit>,
    /// There is an output.
    pub(super) output_there: Signal<In, Bit>,
    phase: DFF<Phase>,
    head: DFF<Bits<64>>,
    judged: DFF<Bits<8>>,
    copied: DFF<Bits<8>>,
    wrote: DFF<Bit>,
    opcode: Signal<Local, Bits<8>>,
    words: Signal<Local, Bits<8>>,
    region: Signal<Local, Bits<4>>,
    offset: Signal<Local, Bits<28>>,
    limit: Signal<Local, Bits<32>>,
    readable: Signal<Local, Bit>,
    writable: Signal<Local, Bit>,
    in_buffer: Signal<Local, Bit>,
    kept: Signal<Local, Bits<64>>,
    read: Constant<Bits<8>>,
    write: Constant<Bits<8>>,
    data: Constant<Bits<64>>,
    acknowledged: Constant<Bits<64>>,
    kept_of_header: Constant<Bits<64>>,
    registers: Constant<Bits<4>>,
    input_region: Constant<Bits<4>>,
    output_region: Constant<Bits<4>>,
    readable_end: Constant<Bits<32>>,
    writable_start: Constant<Bits<28>>,
    writable_end: Constant<Bits<32>>,
    buffer_end: Constant<Bits<32>>,
    most: Constant<Bits<8>>,
    ok: Constant<Bits<8>>,
    bad_length: Constant<Bits<8>>,
    bad_opcode: Constant<Bits<8>>,
    bad_address: Constant<Bits<8>>,
    busy: Constant<Bits<8>>,
}

fn end(address: u64) -> Constant<Bits<32>> {
    Constant::new(address.into())
}

fn region(address: u32) -> Constant<Bits<4>> {
    Constant::new(u64::from(address >> REGION_SHIFT).into())
}

fn lowest_byte(opcode: Opcode) -> Constant<Bits<64>> {
    Constant::new(u64::from(opcode.byte()).into())
}

impl<const K: usize> Default for Executive<K> {
    fn default() -> Self {
        // what is neither opcode nor status
        let kept = (u64::MAX << 8) & (u64::MAX >> 8);
        Executive {
            clock: Default::default(),
            active: Default::default(),
            request: Default::default(),
            verdict: Default::default(),
            header: Default::default(),
            taken: Default::default(),
            word_address: Default::default(),
            sending: Default::default(),
            send: Default::default(),
            refusal: Default::default(),
            answer: Default::default(),
            answer_words: Default::default(),
            answer_index: Default::default(),
            read_address: Default::default(),
            reads_output: Default::default(),
            write_address: Default::default(),
            register_write: Default::default(),
            register_outcome: Default::default(),
            input_write: Default::default(),
            input_free: Default::default(),
            output_there: Default::default(),
            phase: Default::default(),
            head: Default::default(),
            judged: Default::default(),
            copied: Default::default(),
            wrote: Default::default(),
            opcode: Default::default(),
            words: Default::default(),
            region: Default::default(),
            offset: Default::default(),
            limit: Default::default(),
            readable: Default::default(),
            writable: Default::default(),
            in_buffer: Default::default(),
            kept: Default::default(),
            read: byte_of(Opcode::Read.byte()),
            write: byte_of(Opcode::Write.byte()),
            data: lowest_byte(Opcode::Data),
            acknowledged: lowest_byte(Opcode::Done),
            kept_of_header: Constant::new(kept.into()),
            registers: region(register::ID),
            input_region: region(register::INPUT),
            output_region: region(register::OUTPUT),
            readable_end: end(READABLE.into()),
            writable_start: Constant::new(u64::from(register::SHIFT).into()),
            writable_end: end(u64::from(register::RESET) + 1),
            buffer_end: end(1 << K),
            most: byte_of(MAX_WORDS as u8),
            ok: status(Status::Ok),
            bad_length: status(Status::BadLength),
            bad_opcode: status(Status::BadOpcode),
            bad_address: status(Status::BadAddress),
            busy: status(Status::Busy),
        }
    }
}

impl<const K: usize> Logic for Executive<K> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, phase, head, judged, copied, wrote);
        self.active.next = self.phase.q.val() != Phase::Idle;
        self.taken.next = false;
        self.send.next = false;
        self.refusal.next = false;
        self.input_write.next = false;
        self.register_write.next = false;
        self.wrote.d.next = false;

        self.opcode.next = self.head.q.val().get_bits::<8>(0);
        self.offset.next = self.head.q.val().get_bits::<28>(16);
        self.region.next = self.head.q.val().get_bits::<4>(44);
        self.words.next = self.head.q.val().get_bits::<8>(48);
        // below 2^28 + 2^8
        self.limit.next =
            bit_cast::<32, 28>(self.offset.val()) + bit_cast::<32, 8>(self.words.val());
        self.in_buffer.next = self.limit.val() <= self.buffer_end.val();
        self.readable.next = (self.region.val() == self.registers.val())
            & (self.limit.val() <= self.readable_end.val());
        self.writable.next = (self.region.val() == self.registers.val())
            & (self.offset.val() >= self.writable_start.val())
            & (self.limit.val() <= self.writable_end.val());

        // what is read: the word of the transmitter's index, which it needs some clocks later
        self.read_address.next = self.offset.val() + bit_cast::<28, 8>(self.answer_index.val());
        self.reads_output.next = self.region.val() == self.output_region.val();
        // what is written: the word before the one that is asked for
        self.word_address.next = self.copied.q.val().get_bits::<7>(0);
        self.write_address.next = (self.offset.val() + bit_cast::<28, 8>(self.copied.q.val())) - 1;

        self.kept.next = (self.head.q.val() & self.kept_of_header.val())
            | (bit_cast::<64, 8>(self.judged.q.val()) << 56);
        self.answer_words.next = 0.into();
        self.answer.next = self.kept.val() | self.acknowledged.val();
        if (self.judged.q.val() == self.ok.val()) & (self.opcode.val() == self.read.val()) {
            self.answer_words.next = self.words.val();
            self.answer.next = self.kept.val() | self.data.val();
        }

        match self.phase.q.val() {
            Phase::Idle => {
                // an answer that is being sent reads by the header of its request
                if self.request.val() & (!self.sending.val()) {
                    self.head.d.next = self.header.val();
                    self.judged.d.next = self.verdict.val();
                    self.copied.d.next = 0.into();
                    self.phase.d.next = Phase::Judge;
                }
            }
            Phase::Judge => {
                self.phase.d.next = Phase::Answer;
                if self.judged.q.val() == self.ok.val() {
                    self.judged.d.next = self.bad_address.val();
                    if (!self.words.val().any()) | (self.words.val() > self.most.val()) {
                        self.judged.d.next = self.bad_length.val();
                    } else if self.opcode.val() == self.read.val() {
                        if self.readable.val() {
                            self.judged.d.next = self.ok.val();
                        }
                        if (self.region.val() == self.output_region.val()) & self.in_buffer.val() {
                            self.judged.d.next = self.busy.val();
                            if self.output_there.val() {
                                self.judged.d.next = self.ok.val();
                            }
                        }
                    } else if self.opcode.val() == self.write.val() {
                        if self.writable.val() {
                            self.judged.d.next = self.ok.val();
                            self.phase.d.next = Phase::Copy;
                        }
                        if (self.region.val() == self.input_region.val()) & self.in_buffer.val() {
                            self.judged.d.next = self.busy.val();
                            if self.input_free.val() {
                                self.judged.d.next = self.ok.val();
                                self.phase.d.next = Phase::Copy;
                            }
                        }
                    } else {
                        self.judged.d.next = self.bad_opcode.val();
                    }
                }
            }
            Phase::Copy => {
                self.copied.d.next = self.copied.q.val() + 1;
                if self.copied.q.val() == self.words.val() {
                    self.phase.d.next = Phase::Settle;
                }
                if self.copied.q.val().any() {
                    if self.region.val() == self.input_region.val() {
                        self.input_write.next = true;
                    } else {
                        self.register_write.next = true;
                        self.wrote.d.next = true;
                    }
                }
            }
            Phase::Settle => {
                self.phase.d.next = Phase::Answer;
            }
            Phase::Answer => {
                self.send.next = true;
                self.taken.next = true;
                self.phase.d.next = Phase::Idle;
                self.refusal.next = self.judged.q.val() != self.ok.val();
            }
            _ => {
                self.phase.d.next = Phase::Idle;
            }
        }
        // a word that was refused ends the request
        if self.wrote.q.val() & (self.register_outcome.val() != self.ok.val()) {
            self.judged.d.next = self.register_outcome.val();
            self.phase.d.next = Phase::Answer;
            self.register_write.next = false;
        }
    }
}
