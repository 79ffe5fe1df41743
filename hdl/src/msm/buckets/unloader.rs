//! The result as it goes out.

use super::plan::{ADDRESS, Plan};
use super::store::Store;
use crate::arith::wide::plan::DIGIT_BITS;
use rust_hdl::prelude::*;

/// Reads X, Y and Z of the total digit by digit and gives them as words of 64 bits, the lowest ones first.
#[derive(LogicBlock)]
pub struct Unloader {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets what it does.
    pub reset: Signal<In, Bit>,
    /// The total is there, at address 0.
    pub start: Signal<In, Bit>,
    /// It is being read.
    pub busy: Signal<Out, Bit>,
    /// Where to read.
    pub address: Signal<Out, Bits<ADDRESS>>,
    /// The digit, clocks of a read later.
    pub digit: Signal<In, Bits<18>>,
    /// A word.
    pub data: Signal<Out, Bits<64>>,
    /// It is there.
    pub valid: Signal<Out, Bit>,
    /// It is taken.
    pub ready: Signal<In, Bit>,
    /// It is the last one and is taken.
    pub done: Signal<Out, Bit>,
    is_busy: DFF<Bit>,
    place: DFF<Bits<ADDRESS>>,
    number: DFF<Bits<5>>,
    coordinate: DFF<Bits<2>>,
    /// Clocks since the address, then bits that have been shifted.
    phase: DFF<Bits<5>>,
    shift: DFF<Bits<18>>,
    is_shifting: DFF<Bit>,
    word: DFF<Bits<64>>,
    bits: DFF<Bits<7>>,
    words: DFF<Bits<4>>,
    is_full: DFF<Bit>,
    finish: Signal<Local, Bit>,
    read: Constant<Bits<5>>,
    last_bit: Constant<Bits<5>>,
    last_number: Constant<Bits<5>>,
    count: Constant<Bits<4>>,
    last_word: Constant<Bits<4>>,
    top_bit: Constant<Bits<64>>,
}

impl Unloader {
    /// Clocks of a digit: its address, a register before it, the read, its bits.
    pub const DIGIT: usize = 2 + Store::LATENCY + DIGIT_BITS;

    /// For the points of a curve.
    pub fn new(plan: &Plan) -> Self {
        let limbs = plan.curve.base.limbs() as u64;
        Unloader {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            busy: Default::default(),
            address: Default::default(),
            digit: Default::default(),
            data: Default::default(),
            valid: Default::default(),
            ready: Default::default(),
            done: Default::default(),
            is_busy: Default::default(),
            place: Default::default(),
            number: Default::default(),
            coordinate: Default::default(),
            phase: Default::default(),
            shift: Default::default(),
            is_shifting: Default::default(),
            word: Default::default(),
            bits: Default::default(),
            words: Default::default(),
            is_full: Default::default(),
            finish: Default::default(),
            read: Constant::new((Store::LATENCY as u64 + 1).into()),
            last_bit: Constant::new((DIGIT_BITS as u64 - 1).into()),
            last_number: Constant::new((plan.adder.multiplier.digits as u64 - 1).into()),
            count: Constant::new(limbs.into()),
            last_word: Constant::new((limbs - 1).into()),
            top_bit: Constant::new((1u64 << 63).into()),
        }
    }
}

impl Logic for Unloader {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            is_busy,
            place,
            number,
            coordinate,
            phase,
            shift,
            is_shifting
        );
        dff_setup!(self, clock, word, bits, words, is_full);
        self.busy.next = self.is_busy.q.val();
        self.address.next = self.place.q.val();
        self.data.next = self.word.q.val();
        self.valid.next = self.is_full.q.val();
        self.finish.next = self.is_full.q.val()
            & self.ready.val()
            & (self.words.q.val() == self.last_word.val())
            & (self.coordinate.q.val() == 2);
        self.done.next = self.finish.val();
        if self.is_busy.q.val() & (!self.is_full.q.val()) {
            self.phase.d.next = self.phase.q.val() + 1;
            if self.is_shifting.q.val() {
                self.shift.d.next = self.shift.q.val() >> 1;
                // bits above a coordinate's words are zero
                if self.words.q.val() != self.count.val() {
                    self.word.d.next = self.word.q.val() >> 1;
                    if self.shift.q.val().get_bit(0) {
                        self.word.d.next = (self.word.q.val() >> 1) | self.top_bit.val();
                    }
                    self.bits.d.next = self.bits.q.val() + 1;
                    if self.bits.q.val() == 63 {
                        self.is_full.d.next = true;
                    }
                }
                if self.phase.q.val() == self.last_bit.val() {
                    self.phase.d.next = 0.into();
                    self.is_shifting.d.next = false;
                    self.place.d.next = self.place.q.val() + 1;
                    self.number.d.next = self.number.q.val() + 1;
                    if self.number.q.val() == self.last_number.val() {
                        self.number.d.next = 0.into();
                        self.words.d.next = 0.into();
                        self.coordinate.d.next = self.coordinate.q.val() + 1;
                    }
                }
            } else if self.phase.q.val() == self.read.val() {
                self.shift.d.next = self.digit.val();
                self.phase.d.next = 0.into();
                self.is_shifting.d.next = true;
            }
        }
        if self.is_full.q.val() & self.ready.val() {
            self.is_full.d.next = false;
            self.bits.d.next = 0.into();
            self.words.d.next = self.words.q.val() + 1;
        }
        if self.start.val() {
            self.is_busy.d.next = true;
        }
        if self.reset.val() | self.finish.val() {
            self.is_busy.d.next = false;
            self.is_full.d.next = false;
            self.is_shifting.d.next = false;
            self.place.d.next = 0.into();
            self.number.d.next = 0.into();
            self.coordinate.d.next = 0.into();
            self.phase.d.next = 0.into();
            self.bits.d.next = 0.into();
            self.words.d.next = 0.into();
        }
    }
}
