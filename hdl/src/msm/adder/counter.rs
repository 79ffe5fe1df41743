//! Where in the schedule a half of the datapath is.

use super::schedule::SLOTS;
use rust_hdl::prelude::*;

/// Counts digits, slots and periods.
#[derive(LogicBlock)]
pub struct Counter {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Back to the first digit of the first slot of the first period.
    pub reset: Signal<In, Bit>,
    /// Whether to count.
    pub run: Signal<In, Bit>,
    /// The digit.
    pub digit: Signal<Out, Bits<5>>,
    /// The slot.
    pub slot: Signal<Out, Bits<4>>,
    /// The period, modulo 4.
    pub period: Signal<Out, Bits<2>>,
    digits: DFF<Bits<5>>,
    slots: DFF<Bits<4>>,
    periods: DFF<Bits<2>>,
    last_digit: Constant<Bits<5>>,
    last_slot: Constant<Bits<4>>,
}

impl Counter {
    /// For slots of so many digits.
    pub fn new(digits: usize) -> Self {
        Counter {
            clock: Default::default(),
            reset: Default::default(),
            run: Default::default(),
            digit: Default::default(),
            slot: Default::default(),
            period: Default::default(),
            digits: Default::default(),
            slots: Default::default(),
            periods: Default::default(),
            last_digit: Constant::new((digits as u64 - 1).into()),
            last_slot: Constant::new((SLOTS as u64 - 1).into()),
        }
    }
}

impl Logic for Counter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, digits, slots, periods);
        if self.run.val() {
            self.digits.d.next = self.digits.q.val() + 1;
            if self.digits.q.val() == self.last_digit.val() {
                self.digits.d.next = 0.into();
                self.slots.d.next = self.slots.q.val() + 1;
                if self.slots.q.val() == self.last_slot.val() {
                    self.slots.d.next = 0.into();
                    self.periods.d.next = self.periods.q.val() + 1;
                }
            }
        }
        if self.reset.val() {
            self.digits.d.next = 0.into();
            self.slots.d.next = 0.into();
            self.periods.d.next = 0.into();
        }
        self.digit.next = self.digits.q.val();
        self.slot.next = self.slots.q.val();
        self.period.next = self.periods.q.val();
    }
}
