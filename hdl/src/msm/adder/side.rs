//! One factor's memory, and the factor from it.

use super::front::Front;
use super::schedule::{BACK, GIVEN};
use crate::leaf::{Delay, Ram};
use rust_hdl::prelude::*;

/// Values of four additions, of eight places each; addresses are place, context (2 bits) and digit (5 bits).
///
/// Clocks from the address: the value after one, the factor after five.
#[derive(LogicBlock)]
pub struct Side {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The factor's part of the front's word: two places and how their values are added, clock 0.
    pub row: Signal<In, Bits<9>>,
    /// Context and digit, clock 0.
    pub place: Signal<In, Bits<7>>,
    /// They are the first digits, clock 1.
    pub first: Signal<In, Bit>,
    /// A digit of what a difference has added, clock 1.
    pub offset: Signal<In, Bits<18>>,
    /// The factor's digit.
    pub factor: Signal<Out, Bits<18>>,
    /// A digit of a coordinate that is loaded, [`GIVEN`] clocks after it was asked for.
    pub given: Signal<In, Bits<18>>,
    /// A digit of an outcome.
    pub outcome: Signal<In, Bits<18>>,
    /// Whether to keep the coordinate instead.
    pub load: Signal<In, Bit>,
    /// Where to keep it.
    pub keep_address: Signal<In, Bits<10>>,
    /// Whether to keep any.
    pub keep: Signal<In, Bit>,
    values: [Ram<18, 10>; 2],
    how: DFF<Bits<3>>,
    front: Front,
    given_before: Delay<18>,
    kept: Signal<Local, Bits<18>>,
}

impl Default for Side {
    fn default() -> Self {
        Side {
            clock: Default::default(),
            row: Default::default(),
            place: Default::default(),
            first: Default::default(),
            offset: Default::default(),
            factor: Default::default(),
            given: Default::default(),
            outcome: Default::default(),
            load: Default::default(),
            keep_address: Default::default(),
            keep: Default::default(),
            values: Default::default(),
            how: Default::default(),
            front: Default::default(),
            given_before: Delay::new(2 + BACK - GIVEN),
            kept: Default::default(),
        }
    }
}

impl Logic for Side {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, how);
        clock!(self, clock, front, given_before);
        self.given_before.d.next = self.given.val();
        self.kept.next = self.outcome.val();
        if self.load.val() {
            self.kept.next = self.given_before.q.val();
        }
        for i in 0..2 {
            self.values[i].clock.next = self.clock.val();
            self.values[i].read_enable.next = true;
            self.values[i].write_address.next = self.keep_address.val();
            self.values[i].write_data.next = self.kept.val();
            self.values[i].write_enable.next = self.keep.val();
        }
        self.values[0].read_address.next = (bit_cast::<10, 3>(self.row.val().get_bits::<3>(0))
            << 7)
            | bit_cast::<10, 7>(self.place.val());
        self.values[1].read_address.next = (bit_cast::<10, 3>(self.row.val().get_bits::<3>(3))
            << 7)
            | bit_cast::<10, 7>(self.place.val());
        self.how.d.next = self.row.val().get_bits::<3>(6);
        self.front.x.next = self.values[0].read_data.val();
        self.front.y.next = self.values[1].read_data.val();
        self.front.how.next = self.how.q.val();
        self.front.offset.next = self.offset.val();
        self.front.first.next = self.first.val();
        self.factor.next = self.front.factor.val();
    }
}
