//! Bytes in, requests out.

use super::crc::Crc;
use super::{HEADER_BITS, byte_of, status};
use crate::leaf::Ram;
use proofmill_wire::frame::{CRC_BYTES, MAX_WORDS, SYNC};
use proofmill_wire::{Opcode, Status};
use rust_hdl::prelude::*;

#[derive(LogicState, Clone, Copy, Debug, PartialEq)]
enum Phase {
    First,
    Second,
    Header,
    Length,
    Words,
    Crc,
    Judge,
    Held,
}

/// Finds frames and keeps one until it is taken. Bytes that come meanwhile wait.
///
/// A frame that stops for 2^W clocks is held as one that was cut.
#[derive(LogicBlock)]
pub(super) struct Receiver<const W: usize> {
    pub(super) clock: Signal<In, Clock>,
    pub(super) octet: Signal<In, Bits<8>>,
    pub(super) valid: Signal<In, Bit>,
    pub(super) ready: Signal<Out, Bit>,
    /// Whether a frame has begun or is held.
    pub(super) active: Signal<Out, Bit>,
    /// Whether a frame is held.
    pub(super) request: Signal<Out, Bit>,
    /// Its status: ok, or why it is no good.
    pub(super) verdict: Signal<Out, Bits<8>>,
    /// The bytes from opcode to status, the first one lowest.
    pub(super) header: Signal<Out, Bits<64>>,
    /// The frame may be forgotten.
    pub(super) taken: Signal<In, Bit>,
    pub(super) word_address: Signal<In, Bits<7>>,
    /// A word of the frame, one clock after its address.
    pub(super) word: Signal<Out, Bits<64>>,
    phase: DFF<Phase>,
    head: DFF<Bits<64>>,
    assembled: DFF<Bits<64>>,
    count: DFF<Bits<3>>,
    index: DFF<Bits<8>>,
    judged: DFF<Bits<8>>,
    silence: DFF<Bits<W>>,
    crc: Crc,
    staging: Ram<64, 7>,
    accept: Signal<Local, Bit>,
    amid: Signal<Local, Bit>,
    widened: Signal<Local, Bits<64>>,
    shifted: Signal<Local, Bits<64>>,
    following: Signal<Local, Bits<8>>,
    words: Signal<Local, Bits<8>>,
    opcode: Signal<Local, Bits<8>>,
    sync_first: Constant<Bits<8>>,
    sync_second: Constant<Bits<8>>,
    carries: Constant<Bits<8>>,
    most: Constant<Bits<8>>,
    last_of_header: Constant<Bits<3>>,
    last_of_crc: Constant<Bits<3>>,
    residue: Constant<Bits<32>>,
    ok: Constant<Bits<8>>,
    bad_crc: Constant<Bits<8>>,
    bad_length: Constant<Bits<8>>,
    cut: Constant<Bits<8>>,
}

impl<const W: usize> Default for Receiver<W> {
    fn default() -> Self {
        Receiver {
            clock: Default::default(),
            octet: Default::default(),
            valid: Default::default(),
            ready: Default::default(),
            active: Default::default(),
            request: Default::default(),
            verdict: Default::default(),
            header: Default::default(),
            taken: Default::default(),
            word_address: Default::default(),
            word: Default::default(),
            phase: Default::default(),
            head: Default::default(),
            assembled: Default::default(),
            count: Default::default(),
            index: Default::default(),
            judged: Default::default(),
            silence: Default::default(),
            crc: Default::default(),
            staging: Default::default(),
            accept: Default::default(),
            amid: Default::default(),
            widened: Default::default(),
            shifted: Default::default(),
            following: Default::default(),
            words: Default::default(),
            opcode: Default::default(),
            sync_first: byte_of(SYNC[0]),
            sync_second: byte_of(SYNC[1]),
            carries: byte_of(Opcode::CARRIES),
            most: byte_of(MAX_WORDS as u8),
            last_of_header: Constant::new((HEADER_BITS / 8 - 1).into()),
            last_of_crc: Constant::new((CRC_BYTES as u64 - 1).into()),
            residue: Constant::new(u64::from(Crc::residue()).into()),
            ok: status(Status::Ok),
            bad_crc: status(Status::BadCrc),
            bad_length: status(Status::BadLength),
            cut: status(Status::Cut),
        }
    }
}

impl<const W: usize> Logic for Receiver<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, phase, head, assembled, count, index, judged, silence
        );
        clock!(self, clock, crc, staging);
        self.request.next = self.phase.q.val() == Phase::Held;
        self.active.next = self.phase.q.val() != Phase::First;
        self.verdict.next = self.judged.q.val();
        self.header.next = self.head.q.val();
        self.words.next = self.head.q.val().get_bits::<8>(48);
        self.opcode.next = self.head.q.val().get_bits::<8>(0);
        // between bytes, a frame is judged or waits to be taken
        self.ready.next = (self.phase.q.val() != Phase::Held)
            & (self.phase.q.val() != Phase::Judge)
            & (self.phase.q.val() != Phase::Length);
        self.accept.next = self.valid.val() & self.ready.val();
        self.widened.next = bit_cast::<64, 8>(self.octet.val());
        self.following.next = self.index.q.val() + 1;
        self.crc.octet.next = self.octet.val();
        self.crc.clear.next =
            (self.phase.q.val() == Phase::First) | (self.phase.q.val() == Phase::Second);
        self.crc.valid.next = self.accept.val();
        self.shifted.next = (self.assembled.q.val() >> 8) | (self.widened.val() << 56);
        self.staging.write_address.next = self.index.q.val().get_bits::<7>(0);
        self.staging.write_data.next = self.shifted.val();
        self.staging.write_enable.next = false;
        self.staging.read_address.next = self.word_address.val();
        self.staging.read_enable.next = true;
        self.word.next = self.staging.read_data.val();
        self.amid.next = (self.phase.q.val() == Phase::Second)
            | (self.phase.q.val() == Phase::Header)
            | (self.phase.q.val() == Phase::Words)
            | (self.phase.q.val() == Phase::Crc);
        self.silence.d.next = 0.into();
        if self.amid.val() & !self.accept.val() {
            self.silence.d.next = self.silence.q.val() + 1;
        }
        match self.phase.q.val() {
            Phase::First => {
                if self.accept.val() & (self.octet.val() == self.sync_first.val()) {
                    self.phase.d.next = Phase::Second;
                }
            }
            Phase::Second => {
                self.count.d.next = 0.into();
                self.head.d.next = 0.into();
                if self.accept.val() & (self.octet.val() == self.sync_second.val()) {
                    self.phase.d.next = Phase::Header;
                } else if self.accept.val() & (self.octet.val() != self.sync_first.val()) {
                    self.phase.d.next = Phase::First;
                }
            }
            Phase::Header => {
                if self.accept.val() {
                    self.head.d.next = (self.head.q.val() >> 8) | (self.widened.val() << 56);
                    self.count.d.next = self.count.q.val() + 1;
                    if self.count.q.val() == self.last_of_header.val() {
                        self.phase.d.next = Phase::Length;
                    }
                }
            }
            Phase::Length => {
                self.count.d.next = 0.into();
                self.index.d.next = 0.into();
                self.phase.d.next = Phase::Crc;
                if (self.opcode.val() & self.carries.val()).any() {
                    self.phase.d.next = Phase::Words;
                    if (!self.words.val().any()) | (self.words.val() > self.most.val()) {
                        self.judged.d.next = self.bad_length.val();
                        self.phase.d.next = Phase::Held;
                    }
                }
            }
            Phase::Words => {
                if self.accept.val() {
                    self.assembled.d.next = self.shifted.val();
                    self.count.d.next = self.count.q.val() + 1;
                    if self.count.q.val().all() {
                        self.staging.write_enable.next = true;
                        self.index.d.next = self.following.val();
                        if self.following.val() == self.words.val() {
                            self.phase.d.next = Phase::Crc;
                        }
                    }
                }
            }
            Phase::Crc => {
                if self.accept.val() {
                    self.count.d.next = self.count.q.val() + 1;
                    if self.count.q.val() == self.last_of_crc.val() {
                        self.phase.d.next = Phase::Judge;
                    }
                }
            }
            Phase::Judge => {
                self.judged.d.next = self.bad_crc.val();
                if self.crc.value.val() == self.residue.val() {
                    self.judged.d.next = self.ok.val();
                }
                self.phase.d.next = Phase::Held;
            }
            Phase::Held => {
                if self.taken.val() {
                    self.phase.d.next = Phase::First;
                }
            }
            _ => {
                self.phase.d.next = Phase::First;
            }
        }
        if self.silence.q.val().all() {
            self.judged.d.next = self.cut.val();
            self.phase.d.next = Phase::Held;
        }
    }
}
