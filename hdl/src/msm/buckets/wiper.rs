//! Buckets back to infinity.

use super::plan::{ADDRESS, Plan};
use rust_hdl::prelude::*;

/// Writes (0 : 1 : 0), digit by digit, whenever the memories take no sum: into a bucket that has been taken, or everywhere.
#[derive(LogicBlock)]
pub struct Wiper {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Everywhere, from the next clock on.
    pub all: Signal<In, Bit>,
    /// Into the bucket at this address.
    pub start: Signal<In, Bit>,
    /// The address.
    pub base: Signal<In, Bits<ADDRESS>>,
    /// A sum is being written.
    pub hold: Signal<In, Bit>,
    /// Not done.
    pub busy: Signal<Out, Bit>,
    /// A digit is to be written to the left memory.
    pub left: Signal<Out, Bit>,
    /// And to the right one.
    pub right: Signal<Out, Bit>,
    /// Where.
    pub address: Signal<Out, Bits<ADDRESS>>,
    /// The digit.
    pub digit: Signal<Out, Bits<18>>,
    is_busy: DFF<Bit>,
    is_right: DFF<Bit>,
    place: DFF<Bits<ADDRESS>>,
    last_place: DFF<Bits<ADDRESS>>,
    /// Which digit of a point.
    at: DFF<Bits<7>>,
    left_end: Constant<Bits<ADDRESS>>,
    right_end: Constant<Bits<ADDRESS>>,
    last: Constant<Bits<ADDRESS>>,
    one_at: Constant<Bits<7>>,
    last_at: Constant<Bits<7>>,
}

impl Wiper {
    /// For the memories of a machine.
    pub fn new(plan: &Plan) -> Self {
        let stride = plan.stride() as u64;
        Wiper {
            clock: Default::default(),
            all: Default::default(),
            start: Default::default(),
            base: Default::default(),
            hold: Default::default(),
            busy: Default::default(),
            left: Default::default(),
            right: Default::default(),
            address: Default::default(),
            digit: Default::default(),
            is_busy: Default::default(),
            is_right: Default::default(),
            place: Default::default(),
            last_place: Default::default(),
            at: Default::default(),
            left_end: Constant::new((plan.left_words() as u64 - 1).into()),
            right_end: Constant::new((plan.right_words() as u64 - 1).into()),
            last: Constant::new((stride - 1).into()),
            one_at: Constant::new((stride / 3).into()),
            last_at: Constant::new((stride - 1).into()),
        }
    }
}

impl Logic for Wiper {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, is_busy, is_right, place, last_place, at);
        self.busy.next = self.is_busy.q.val();
        self.left.next = self.is_busy.q.val() & (!self.hold.val());
        self.right.next = self.is_right.q.val() & (!self.hold.val());
        self.address.next = self.place.q.val();
        self.digit.next = 0.into();
        if self.at.q.val() == self.one_at.val() {
            self.digit.next = 1.into();
        }
        if self.is_busy.q.val() & (!self.hold.val()) {
            self.place.d.next = self.place.q.val() + 1;
            self.at.d.next = self.at.q.val() + 1;
            if self.at.q.val() == self.last_at.val() {
                self.at.d.next = 0.into();
            }
            if self.place.q.val() == self.right_end.val() {
                self.is_right.d.next = false;
            }
            if self.place.q.val() == self.last_place.q.val() {
                self.is_busy.d.next = false;
            }
        }
        if self.start.val() {
            self.is_busy.d.next = true;
            self.place.d.next = self.base.val();
            self.last_place.d.next = self.base.val() + self.last.val();
            self.at.d.next = 0.into();
        }
        if self.all.val() {
            self.is_busy.d.next = true;
            self.is_right.d.next = true;
            self.place.d.next = 0.into();
            self.last_place.d.next = self.left_end.val();
            self.at.d.next = 0.into();
        }
    }
}
