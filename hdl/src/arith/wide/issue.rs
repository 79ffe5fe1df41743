//! Whose turn it is, and with which digit of b.

use super::plan::Plan;
use crate::leaf::{Delay, Ram};
use rust_hdl::prelude::*;

/// Keeps the digits of b, counts the turns, and tells column 0 of [`super::row`] what to do.
///
/// A product that starts in clock s has its first turn in clock s + 3 and its last one n − 1 turns later; the
/// one after that, when its context is free again, is where its result leaves.
#[derive(LogicBlock)]
pub struct Issue {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The first digits are there.
    pub start: Signal<In, Bit>,
    /// A digit of a.
    pub a: Signal<In, Bits<18>>,
    /// A digit of b.
    pub b: Signal<In, Bits<18>>,
    /// The digit of a, a clock later.
    pub a_out: Signal<Out, Bits<18>>,
    /// It is the first one.
    pub write: Signal<Out, Bit>,
    /// Its context.
    pub write_slot: Signal<Out, Bits<4>>,
    /// Whose turn it is.
    pub slot: Signal<Out, Bits<4>>,
    /// Its digit of b, a clock later.
    pub digit: Signal<Out, Bits<18>>,
    /// It is its first turn, four clocks later.
    pub first: Signal<Out, Bit>,
    /// Its last turn was the one before, four clocks later.
    pub finish: Signal<Out, Bit>,
    started: DFF<Bit>,
    a_1: DFF<Bits<18>>,
    b_1: DFF<Bits<18>>,
    /// Whose turn it will be in three clocks.
    ahead: DFF<Bits<4>>,
    /// And in one.
    slots: Delay<4>,
    slot_1: DFF<Bits<4>>,
    writes: DFF<Bits<4>>,
    place: DFF<Bits<5>>,
    digits: Ram<18, 9>,
    digit_1: DFF<Bits<18>>,
    /// Turns that the context still has, this one included.
    turns: DFF<Bits<5>>,
    previous: Delay<5>,
    is_over: DFF<Bit>,
    is_first: DFF<Bit>,
    firsts: Delay<1>,
    finishes: Delay<1>,
    count: Constant<Bits<5>>,
    last: Constant<Bits<4>>,
}

impl Issue {
    /// For the contexts of a multiplier.
    pub fn new(plan: &Plan) -> Self {
        Issue {
            clock: Default::default(),
            start: Default::default(),
            a: Default::default(),
            b: Default::default(),
            a_out: Default::default(),
            write: Default::default(),
            write_slot: Default::default(),
            slot: Default::default(),
            digit: Default::default(),
            first: Default::default(),
            finish: Default::default(),
            started: Default::default(),
            a_1: Default::default(),
            b_1: Default::default(),
            ahead: Default::default(),
            slots: Delay::new(2),
            slot_1: Default::default(),
            writes: Default::default(),
            place: Default::default(),
            digits: Default::default(),
            digit_1: Default::default(),
            turns: Default::default(),
            previous: Delay::new(plan.contexts - 1),
            is_over: Default::default(),
            is_first: Default::default(),
            firsts: Delay::new(5),
            finishes: Delay::new(5),
            count: Constant::new((plan.digits as u64).into()),
            last: Constant::new((plan.contexts as u64 - 1).into()),
        }
    }
}

impl Logic for Issue {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, started, a_1, b_1, ahead, writes, place);
        dff_setup!(self, clock, turns, is_over, is_first, slot_1, digit_1);
        clock!(self, clock, slots, digits, previous, firsts, finishes);
        self.started.d.next = self.start.val();
        self.a_1.d.next = self.a.val();
        self.b_1.d.next = self.b.val();
        self.ahead.d.next = self.ahead.q.val() + 1;
        if self.ahead.q.val() == self.last.val() {
            self.ahead.d.next = 0.into();
        }
        self.slots.d.next = self.ahead.q.val();
        self.slot_1.d.next = self.slots.q.val();
        self.slot.next = self.slot_1.q.val();
        // digit i of b lies at the place n − i of its context: the number of turns when it is wanted
        if self.place.q.val().any() {
            self.place.d.next = self.place.q.val() - 1;
        }
        self.writes.d.next = self.writes.q.val();
        if self.start.val() {
            self.place.d.next = self.count.val();
            self.writes.d.next = self.ahead.q.val();
        }
        self.digits.write_address.next =
            (bit_cast::<9, 4>(self.writes.q.val()) << 5) | bit_cast::<9, 5>(self.place.q.val());
        self.digits.write_data.next = self.b_1.q.val();
        self.digits.write_enable.next = self.place.q.val().any();
        self.turns.d.next = self.previous.q.val();
        if self.previous.q.val().any() {
            self.turns.d.next = self.previous.q.val() - 1;
        }
        if self.started.q.val() {
            self.turns.d.next = self.count.val();
        }
        self.previous.d.next = self.turns.q.val();
        self.is_over.d.next = self.previous.q.val() == 1;
        self.is_first.d.next = self.started.q.val();
        self.digits.read_address.next =
            (bit_cast::<9, 4>(self.slots.q.val()) << 5) | bit_cast::<9, 5>(self.turns.q.val());
        self.digits.read_enable.next = true;
        // block memories are slow: a register before the digit goes anywhere
        self.digit_1.d.next = self.digits.read_data.val();
        self.digit.next = self.digit_1.q.val();
        self.firsts.d.next = self.is_first.q.val().into();
        self.finishes.d.next = self.is_over.q.val().into();
        self.first.next = self.firsts.q.val().any();
        self.finish.next = self.finishes.q.val().any();
        self.a_out.next = self.a_1.q.val();
        self.write.next = self.started.q.val();
        self.write_slot.next = self.writes.q.val();
    }
}
