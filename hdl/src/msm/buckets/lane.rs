//! An adder with its buckets.

use super::plan::{ADDRESS, Plan};
use super::store::Store;
use crate::leaf::{Delay, Ram};
use crate::msm::adder::Adder;
use rust_hdl::prelude::*;

/// What adds into the buckets of some windows. All lanes do the same at the same clock, but to other buckets.
#[derive(LogicBlock)]
pub struct Lane {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets additions, not points.
    pub reset: Signal<In, Bit>,
    /// A digit of a scalar comes: its window and half, and the digit.
    pub digit_write: Signal<In, Bit>,
    /// See `digit_write`.
    pub digit_address: Signal<In, Bits<7>>,
    /// See `digit_write`.
    pub digit: Signal<In, Bits<20>>,
    /// The window and half of the next addition.
    pub place: Signal<In, Bits<7>>,
    /// Its bucket comes from the digit there, and whether it is an addition at all.
    pub accumulates: Signal<In, Bit>,
    /// Otherwise its left summand's place.
    pub left: Signal<In, Bits<ADDRESS>>,
    /// And the sum's.
    pub left_target: Signal<In, Bits<ADDRESS>>,
    /// It is an addition.
    pub live: Signal<In, Bit>,
    /// But not in the highest lane.
    pub below: Signal<In, Bit>,
    /// It begins.
    pub begins: Signal<In, Bit>,
    /// A digit's place in a point, a clock after it was asked for.
    pub load_offset: Signal<In, Bits<ADDRESS>>,
    /// Where the right memory is read, a clock later.
    pub right_address: Signal<In, Bits<ADDRESS>>,
    /// Whose right memory is meant.
    pub takes_own: Signal<In, Bit>,
    /// See `takes_own`.
    pub takes_above: Signal<In, Bit>,
    /// A digit of the point.
    pub x_or_z: Signal<In, Bits<18>>,
    /// See `x_or_z`.
    pub y: Signal<In, Bits<18>>,
    /// See `x_or_z`.
    pub minus_y: Signal<In, Bits<18>>,
    /// See `x_or_z`.
    pub is_y: Signal<In, Bit>,
    /// What the right memory of the lane above reads.
    pub above: Signal<In, Bits<18>>,
    /// What the own one reads.
    pub right_data: Signal<Out, Bits<18>>,
    /// What the adder asks for and gives, as [`Adder`] has it.
    pub load: Signal<Out, Bit>,
    /// See `load`.
    pub load_coordinate: Signal<Out, Bits<2>>,
    /// See `load`.
    pub load_digit: Signal<Out, Bits<5>>,
    /// See `load`.
    pub load_context: Signal<Out, Bits<2>>,
    /// See `load`.
    pub sum_place: Signal<Out, Bit>,
    /// See `load`.
    pub sum_coordinate: Signal<Out, Bits<2>>,
    /// See `load`.
    pub sum_digit: Signal<Out, Bits<5>>,
    /// See `load`.
    pub sum_context: Signal<Out, Bits<2>>,
    /// A sum's digit's place in a point, a clock later.
    pub sum_offset: Signal<In, Bits<ADDRESS>>,
    /// Where the right memory keeps it, two clocks later, and whether it does, above whether the left one does.
    pub write_address: Signal<In, Bits<ADDRESS>>,
    /// See `write_address`.
    pub keeps: Signal<In, Bits<2>>,
    /// A digit of infinity for the left memory.
    pub wipe_left: Signal<In, Bit>,
    /// And for the right one.
    pub wipe_right: Signal<In, Bit>,
    /// Where.
    pub wipe_address: Signal<In, Bits<ADDRESS>>,
    /// The digit.
    pub wipe_digit: Signal<In, Bits<18>>,
    digits: Ram<20, 7>,
    source: Signal<Local, Bits<ADDRESS>>,
    target: Signal<Local, Bits<ADDRESS>>,
    is_valid: Signal<Local, Bit>,
    // of the addition that has begun
    base: DFF<Bits<ADDRESS>>,
    valid: DFF<Bit>,
    negative: DFF<Bit>,
    read_address: DFF<Bits<ADDRESS>>,
    p: DFF<Bits<18>>,
    q: DFF<Bits<18>>,
    left_store: Store,
    right_store: Store,
    adder: Adder,
    targets: Ram<ADDRESS, 2>,
    left_write_address: DFF<Bits<ADDRESS>>,
    sums: Delay<18>,
    sum: Signal<Local, Bits<18>>,
    sum_valids: Delay<1>,
    is_highest: Constant<Bit>,
}

impl Lane {
    /// The lane of this number.
    pub fn new(plan: &Plan, number: usize) -> Self {
        Lane {
            clock: Default::default(),
            reset: Default::default(),
            digit_write: Default::default(),
            digit_address: Default::default(),
            digit: Default::default(),
            place: Default::default(),
            accumulates: Default::default(),
            left: Default::default(),
            left_target: Default::default(),
            live: Default::default(),
            below: Default::default(),
            begins: Default::default(),
            load_offset: Default::default(),
            right_address: Default::default(),
            takes_own: Default::default(),
            takes_above: Default::default(),
            x_or_z: Default::default(),
            y: Default::default(),
            minus_y: Default::default(),
            is_y: Default::default(),
            above: Default::default(),
            right_data: Default::default(),
            load: Default::default(),
            load_coordinate: Default::default(),
            load_digit: Default::default(),
            load_context: Default::default(),
            sum_place: Default::default(),
            sum_coordinate: Default::default(),
            sum_digit: Default::default(),
            sum_context: Default::default(),
            sum_offset: Default::default(),
            write_address: Default::default(),
            keeps: Default::default(),
            wipe_left: Default::default(),
            wipe_right: Default::default(),
            wipe_address: Default::default(),
            wipe_digit: Default::default(),
            digits: Ram::new(2 * plan.windows().next_power_of_two()),
            source: Default::default(),
            target: Default::default(),
            is_valid: Default::default(),
            base: Default::default(),
            valid: Default::default(),
            negative: Default::default(),
            read_address: Default::default(),
            p: Default::default(),
            q: Default::default(),
            left_store: Store::new(plan.left_words()),
            right_store: Store::new(plan.right_words()),
            adder: Adder::new(&plan.adder),
            targets: Default::default(),
            left_write_address: Default::default(),
            sums: Delay::new(2),
            sum: Default::default(),
            sum_valids: Delay::new(2),
            is_highest: Constant::new(number + 1 == plan.lanes),
        }
    }
}

impl Logic for Lane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            base,
            valid,
            negative,
            read_address,
            p,
            q,
            left_write_address
        );
        clock!(
            self,
            clock,
            digits,
            left_store,
            right_store,
            adder,
            targets,
            sums,
            sum_valids
        );
        // the next addition
        self.digits.write_enable.next = self.digit_write.val();
        self.digits.write_address.next = self.digit_address.val();
        self.digits.write_data.next = self.digit.val();
        self.digits.read_enable.next = true;
        self.digits.read_address.next = self.place.val();
        self.source.next = self.left.val();
        self.target.next = self.left_target.val();
        self.is_valid.next = self.live.val() & (!(self.below.val() & self.is_highest.val()));
        if self.accumulates.val() {
            self.source.next = self.digits.read_data.val().get_bits::<ADDRESS>(0);
            self.target.next = self.digits.read_data.val().get_bits::<ADDRESS>(0);
            self.is_valid.next = self.live.val() & self.digits.read_data.val().get_bit(19);
        }
        if self.begins.val() {
            self.base.d.next = self.source.val();
            self.valid.d.next = self.is_valid.val();
            self.negative.d.next = self.digits.read_data.val().get_bit(18);
        }
        self.targets.write_enable.next = self.begins.val();
        self.targets.write_address.next = self.adder.load_context.val();
        self.targets.write_data.next = self.target.val();
        // its summands
        self.read_address.d.next = self.base.q.val() + self.load_offset.val();
        self.left_store.read_address.next = self.read_address.q.val();
        self.right_store.read_address.next = self.right_address.val();
        self.right_data.next = self.right_store.read_data.val();
        self.p.d.next = self.left_store.read_data.val();
        self.q.d.next = self.x_or_z.val();
        if self.is_y.val() {
            self.q.d.next = self.y.val();
            if self.negative.q.val() {
                self.q.d.next = self.minus_y.val();
            }
        }
        if self.takes_own.val() {
            self.q.d.next = self.right_store.read_data.val();
        }
        if self.takes_above.val() {
            self.q.d.next = self.above.val();
        }
        self.adder.reset.next = self.reset.val();
        self.adder.valid.next = self.valid.q.val();
        self.adder.p.next = self.p.q.val();
        self.adder.q.next = self.q.q.val();
        self.load.next = self.adder.load.val();
        self.load_coordinate.next = self.adder.load_coordinate.val();
        self.load_digit.next = self.adder.load_digit.val();
        self.load_context.next = self.adder.load_context.val();
        // sums
        self.sum_place.next = self.adder.sum_place.val();
        self.sum_coordinate.next = self.adder.sum_coordinate.val();
        self.sum_digit.next = self.adder.sum_digit.val();
        self.sum_context.next = self.adder.sum_context.val();
        self.targets.read_enable.next = true;
        self.targets.read_address.next = self.adder.sum_context.val();
        self.left_write_address.d.next = self.targets.read_data.val() + self.sum_offset.val();
        self.sums.d.next = self.adder.sum.val();
        self.sum_valids.d.next = self.adder.sum_valid.val().into();
        self.sum.next = self.sums.q.val();
        self.left_store.write_address.next = self.left_write_address.q.val();
        self.left_store.write_data.next = self.sum.val();
        self.left_store.write.next = self.sum_valids.q.val().any() & self.keeps.val().get_bit(0);
        self.right_store.write_address.next = self.write_address.val();
        self.right_store.write_data.next = self.sum.val();
        self.right_store.write.next = self.sum_valids.q.val().any() & self.keeps.val().get_bit(1);
        if self.wipe_left.val() {
            self.left_store.write_address.next = self.wipe_address.val();
            self.left_store.write_data.next = self.wipe_digit.val();
            self.left_store.write.next = true;
        }
        if self.wipe_right.val() {
            self.right_store.write_address.next = self.wipe_address.val();
            self.right_store.write_data.next = self.wipe_digit.val();
            self.right_store.write.next = true;
        }
    }
}
