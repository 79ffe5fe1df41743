//! Answers in, bytes out.

use super::HEADER_BITS;
use super::crc::Crc;
use proofmill_wire::frame::{CRC_BYTES, SYNC};
use rust_hdl::prelude::*;

#[derive(LogicState, Clone, Copy, Debug, PartialEq)]
enum Phase {
    Idle,
    Sync,
    Header,
    Words,
    Crc,
}

/// Sends one answer at a time. A word is asked for by its index at least eight clocks before it is needed.
#[derive(LogicBlock)]
pub(super) struct Transmitter {
    pub(super) clock: Signal<In, Clock>,
    /// Starts an answer; only while not `sending`.
    pub(super) send: Signal<In, Bit>,
    /// The bytes from opcode to status, the first one lowest.
    pub(super) header: Signal<In, Bits<64>>,
    /// How many words follow it.
    pub(super) words: Signal<In, Bits<8>>,
    pub(super) index: Signal<Out, Bits<8>>,
    /// The word of the index.
    pub(super) word: Signal<In, Bits<64>>,
    pub(super) sending: Signal<Out, Bit>,
    pub(super) octet: Signal<Out, Bits<8>>,
    pub(super) valid: Signal<Out, Bit>,
    pub(super) ready: Signal<In, Bit>,
    phase: DFF<Phase>,
    /// What is to be sent next, the first byte lowest, and how many bytes of it.
    rest: DFF<Bits<64>>,
    left: DFF<Bits<4>>,
    head: DFF<Bits<64>>,
    count: DFF<Bits<8>>,
    place: DFF<Bits<8>>,
    crc: Crc,
    moves: Signal<Local, Bit>,
    checked: Signal<Local, Bits<32>>,
    sync: Constant<Bits<64>>,
    sync_bytes: Constant<Bits<4>>,
    header_bytes: Constant<Bits<4>>,
    crc_bytes: Constant<Bits<4>>,
}

impl Default for Transmitter {
    fn default() -> Self {
        Transmitter {
            clock: Default::default(),
            send: Default::default(),
            header: Default::default(),
            words: Default::default(),
            index: Default::default(),
            word: Default::default(),
            sending: Default::default(),
            octet: Default::default(),
            valid: Default::default(),
            ready: Default::default(),
            phase: Default::default(),
            rest: Default::default(),
            left: Default::default(),
            head: Default::default(),
            count: Default::default(),
            place: Default::default(),
            crc: Default::default(),
            moves: Default::default(),
            checked: Default::default(),
            sync: Constant::new(u64::from(u16::from_le_bytes(SYNC)).into()),
            sync_bytes: Constant::new((SYNC.len() as u64).into()),
            header_bytes: Constant::new((HEADER_BITS / 8).into()),
            crc_bytes: Constant::new((CRC_BYTES as u64).into()),
        }
    }
}

impl Logic for Transmitter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, phase, rest, left, head, count, place);
        clock!(self, clock, crc);
        self.sending.next = self.phase.q.val() != Phase::Idle;
        self.index.next = self.place.q.val();
        self.octet.next = self.rest.q.val().get_bits::<8>(0);
        self.valid.next = self.left.q.val().any();
        self.moves.next = self.valid.val() & self.ready.val();
        self.checked.next = !self.crc.value.val();
        self.crc.octet.next = self.octet.val();
        self.crc.clear.next = self.phase.q.val() == Phase::Sync;
        self.crc.valid.next = self.moves.val();
        if self.moves.val() {
            self.rest.d.next = self.rest.q.val() >> 8;
            self.left.d.next = self.left.q.val() - 1;
        }
        if self.send.val() {
            self.phase.d.next = Phase::Sync;
            self.rest.d.next = self.sync.val();
            self.left.d.next = self.sync_bytes.val();
            self.head.d.next = self.header.val();
            self.count.d.next = self.words.val();
            self.place.d.next = 0.into();
        } else if !self.left.q.val().any() {
            match self.phase.q.val() {
                Phase::Sync => {
                    self.phase.d.next = Phase::Header;
                    self.rest.d.next = self.head.q.val();
                    self.left.d.next = self.header_bytes.val();
                }
                Phase::Header => {
                    self.phase.d.next = Phase::Words;
                }
                Phase::Words => {
                    if self.place.q.val() == self.count.q.val() {
                        self.phase.d.next = Phase::Crc;
                        self.rest.d.next = bit_cast::<64, 32>(self.checked.val());
                        self.left.d.next = self.crc_bytes.val();
                    } else {
                        self.rest.d.next = self.word.val();
                        self.left.d.next = self.header_bytes.val();
                        self.place.d.next = self.place.q.val() + 1;
                    }
                }
                Phase::Crc => {
                    self.phase.d.next = Phase::Idle;
                }
                _ => {
                    self.phase.d.next = Phase::Idle;
                }
            }
        }
    }
}
