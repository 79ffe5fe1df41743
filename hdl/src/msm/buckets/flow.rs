//! Where the digits of summands come from and those of sums go, for all lanes.

use super::offset::Offset;
use super::plan::{ADDRESS, Plan};
use crate::leaf::{Delay, Ram};
use rust_hdl::prelude::*;

/// Follows the additions of the lanes, which all do the same at the same clock.
///
/// Clocks from asking for a digit: its offset in a point after one, the right memory's address after two. From a sum's
/// digit: the offset after one, the right memory's address after two.
#[derive(LogicBlock)]
pub struct Flow {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// A digit is asked for.
    pub load: Signal<In, Bit>,
    /// Of X, Y or Z.
    pub load_coordinate: Signal<In, Bits<2>>,
    /// Which one.
    pub load_digit: Signal<In, Bits<5>>,
    /// Of which addition.
    pub load_context: Signal<In, Bits<2>>,
    /// It is an addition's first one.
    pub begins: Signal<Out, Bit>,
    /// Its place in a point.
    pub load_offset: Signal<Out, Bits<ADDRESS>>,
    /// The right summand's place, and the sum's.
    pub right: [Signal<In, Bits<ADDRESS>>; 2],
    /// Which memories keep the sum.
    pub keep: Signal<In, Bits<2>>,
    /// The right summand is a lane's own, or that of the lane above; otherwise the point.
    pub own: Signal<In, Bit>,
    /// See `own`.
    pub above: Signal<In, Bit>,
    /// Of the addition that has begun.
    pub takes_own: Signal<Out, Bit>,
    /// Of the addition that has begun.
    pub takes_above: Signal<Out, Bit>,
    /// Where the right memories are read.
    pub read_address: Signal<Out, Bits<ADDRESS>>,
    /// They are read elsewhere.
    pub unloads: Signal<In, Bit>,
    /// Namely here.
    pub unload_address: Signal<In, Bits<ADDRESS>>,
    /// A digit of a sum is there, or would be.
    pub sum_place: Signal<In, Bit>,
    /// Of X, Y or Z.
    pub sum_coordinate: Signal<In, Bits<2>>,
    /// Which one.
    pub sum_digit: Signal<In, Bits<5>>,
    /// Of which addition.
    pub sum_context: Signal<In, Bits<2>>,
    /// Its place in a point.
    pub sum_offset: Signal<Out, Bits<ADDRESS>>,
    /// Where the right memories are written.
    pub write_address: Signal<Out, Bits<ADDRESS>>,
    /// The left memories keep it, two clocks later, and the right ones.
    pub keeps: Signal<Out, Bits<2>>,
    /// `sum_place` two clocks later.
    pub hold: Signal<Out, Bit>,
    loads: Offset,
    base: DFF<Bits<ADDRESS>>,
    is_own: DFF<Bit>,
    is_above: DFF<Bit>,
    read_address_2: DFF<Bits<ADDRESS>>,
    targets: Ram<20, 2>,
    sums: Offset,
    write_address_2: DFF<Bits<ADDRESS>>,
    keeps_2: DFF<Bits<2>>,
    holds: Delay<1>,
}

impl Flow {
    /// For the points of a machine.
    pub fn new(plan: &Plan) -> Self {
        Flow {
            clock: Default::default(),
            load: Default::default(),
            load_coordinate: Default::default(),
            load_digit: Default::default(),
            load_context: Default::default(),
            begins: Default::default(),
            load_offset: Default::default(),
            right: Default::default(),
            keep: Default::default(),
            own: Default::default(),
            above: Default::default(),
            takes_own: Default::default(),
            takes_above: Default::default(),
            read_address: Default::default(),
            unloads: Default::default(),
            unload_address: Default::default(),
            sum_place: Default::default(),
            sum_coordinate: Default::default(),
            sum_digit: Default::default(),
            sum_context: Default::default(),
            sum_offset: Default::default(),
            write_address: Default::default(),
            keeps: Default::default(),
            hold: Default::default(),
            loads: Offset::new(plan),
            base: Default::default(),
            is_own: Default::default(),
            is_above: Default::default(),
            read_address_2: Default::default(),
            targets: Default::default(),
            sums: Offset::new(plan),
            write_address_2: Default::default(),
            keeps_2: Default::default(),
            holds: Delay::new(2),
        }
    }
}

impl Logic for Flow {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            base,
            is_own,
            is_above,
            read_address_2,
            write_address_2,
            keeps_2
        );
        clock!(self, clock, loads, sums, targets, holds);
        self.begins.next =
            self.load.val() & (!self.load_coordinate.val().any()) & (!self.load_digit.val().any());
        self.loads.coordinate.next = self.load_coordinate.val();
        self.loads.digit.next = self.load_digit.val();
        self.load_offset.next = self.loads.offset.val();
        self.targets.write_enable.next = self.begins.val();
        self.targets.write_address.next = self.load_context.val();
        self.targets.write_data.next = bit_cast::<20, ADDRESS>(self.right[1].val())
            | (bit_cast::<20, 2>(self.keep.val()) << 18);
        if self.begins.val() {
            self.base.d.next = self.right[0].val();
            self.is_own.d.next = self.own.val();
            self.is_above.d.next = self.above.val();
        }
        self.takes_own.next = self.is_own.q.val();
        self.takes_above.next = self.is_above.q.val();
        self.read_address_2.d.next = self.base.q.val() + self.loads.offset.val();
        if self.unloads.val() {
            self.read_address_2.d.next = self.unload_address.val();
        }
        self.read_address.next = self.read_address_2.q.val();
        self.sums.coordinate.next = self.sum_coordinate.val();
        self.sums.digit.next = self.sum_digit.val();
        self.sum_offset.next = self.sums.offset.val();
        self.targets.read_enable.next = true;
        self.targets.read_address.next = self.sum_context.val();
        self.write_address_2.d.next =
            self.targets.read_data.val().get_bits::<ADDRESS>(0) + self.sums.offset.val();
        self.write_address.next = self.write_address_2.q.val();
        self.keeps_2.d.next = self.targets.read_data.val().get_bits::<2>(18);
        self.keeps.next = self.keeps_2.q.val();
        self.holds.d.next = self.sum_place.val().into();
        self.hold.next = self.holds.q.val().any();
    }
}
