//! What becomes of a product.

use super::Plan;
use crate::leaf::{Delay, Ram, Rom};
use rust_hdl::prelude::*;

/// m − x − y, x + m or x − m, times b3 or not, with an offset: [`BACK`](super::schedule::BACK) clocks later, digit by digit.
#[derive(LogicBlock)]
pub struct Combine {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// A digit of the product m.
    pub product: Signal<In, Bits<18>>,
    /// A digit of a raw product.
    pub x: Signal<In, Bits<18>>,
    /// A digit of another one.
    pub y: Signal<In, Bits<18>>,
    /// As the table has it: whether m is taken from x, or added to it, whether b3 counts, and whether x and y do.
    pub how: Signal<In, Bits<5>>,
    /// A digit of a multiple of p, three clocks later.
    pub offset: Signal<In, Bits<18>>,
    /// They are the first digits.
    pub first: Signal<In, Bit>,
    /// A digit of the outcome.
    pub outcome: Signal<Out, Bits<18>>,
    minus: [Signal<Local, Bits<18>>; 2],
    left: DFF<Bits<28>>,
    right: DFF<Bits<28>>,
    is_plus: DFF<Bit>,
    is_scaled: [DFF<Bit>; 2],
    is_first: [DFF<Bit>; 4],
    difference: DFF<Bits<28>>,
    scaled: DFF<Bits<28>>,
    partial: DFF<Bits<28>>,
    carry: Signal<Local, Bits<28>>,
    total: DFF<Bits<28>>,
    /// The two bits of b3.
    high: Constant<Bits<5>>,
    low: Constant<Bits<5>>,
}

impl Combine {
    /// For b3 of two bits, less than 32: 9, 12 and 3.
    pub fn new(b3: u64) -> Self {
        Combine {
            clock: Default::default(),
            product: Default::default(),
            x: Default::default(),
            y: Default::default(),
            how: Default::default(),
            offset: Default::default(),
            first: Default::default(),
            outcome: Default::default(),
            minus: Default::default(),
            left: Default::default(),
            right: Default::default(),
            is_plus: Default::default(),
            is_scaled: Default::default(),
            is_first: Default::default(),
            difference: Default::default(),
            scaled: Default::default(),
            partial: Default::default(),
            carry: Default::default(),
            total: Default::default(),
            high: Constant::new(u64::from(b3.ilog2()).into()),
            low: Constant::new(u64::from(b3.trailing_zeros()).into()),
        }
    }
}

// Two's complement of 28 bits: a difference lies in −2^19 … 2^19, scaled in −2^24 … 2^24, a carry in −2^7 … 2^7.
impl Logic for Combine {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, left, right, is_plus, difference, scaled);
        dff_setup!(self, clock, partial, total);
        for i in 0..4 {
            self.is_first[i].clock.next = self.clock.val();
        }
        for i in 0..3 {
            self.is_first[i + 1].d.next = self.is_first[i].q.val();
        }
        self.is_first[0].d.next = self.first.val();
        self.is_scaled[0].clock.next = self.clock.val();
        self.is_scaled[1].clock.next = self.clock.val();
        self.is_scaled[0].d.next = self.how.val().get_bit(2);
        self.is_scaled[1].d.next = self.is_scaled[0].q.val();
        self.left.d.next = bit_cast::<28, 18>(self.product.val());
        self.minus[0].next = 0.into();
        if self.how.val().get_bit(3) {
            self.minus[0].next = self.x.val();
        }
        self.minus[1].next = 0.into();
        if self.how.val().get_bit(4) {
            self.minus[1].next = self.y.val();
        }
        // with m in x's place there is no y
        if self.how.val().get_bit(0) {
            self.left.d.next = bit_cast::<28, 18>(self.x.val());
            self.minus[0].next = self.product.val();
        }
        self.right.d.next =
            bit_cast::<28, 18>(self.minus[0].val()) + bit_cast::<28, 18>(self.minus[1].val());
        self.is_plus.d.next = self.how.val().get_bit(1);
        self.difference.d.next = self.left.q.val() - self.right.q.val();
        if self.is_plus.q.val() {
            self.difference.d.next = self.left.q.val() + self.right.q.val();
        }
        self.scaled.d.next = self.difference.q.val();
        if self.is_scaled[1].q.val() {
            self.scaled.d.next = (self.difference.q.val() << self.high.val())
                + (self.difference.q.val() << self.low.val());
        }
        self.partial.d.next = self.scaled.q.val() + bit_cast::<28, 18>(self.offset.val());
        self.carry.next = bit_cast::<28, 10>(self.total.q.val().get_bits::<10>(18));
        if self.total.q.val().get_bit(27) {
            self.carry.next = bit_cast::<28, 10>(self.total.q.val().get_bits::<10>(18)) | 0xffffc00;
        }
        if self.is_first[3].q.val() {
            self.carry.next = 0.into();
        }
        self.total.d.next = self.partial.q.val() + self.carry.val();
        self.outcome.next = self.total.q.val().get_bits::<18>(0);
    }
}

/// The raw products of four additions, and what is made of them and the product that comes.
///
/// Clocks from the row: the product comes after two, the outcome follows [`BACK`](super::schedule::BACK) later.
#[derive(LogicBlock)]
pub struct Back {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The back's word.
    pub row: Signal<In, Bits<32>>,
    /// Context (2 bits) and digit (5 bits).
    pub place: Signal<In, Bits<7>>,
    /// They are the first digits.
    pub first: Signal<In, Bit>,
    /// A digit of the product, two clocks later.
    pub product: Signal<In, Bits<18>>,
    /// A digit of the outcome.
    pub outcome: Signal<Out, Bits<18>>,
    raw: [Ram<18, 10>; 2],
    x: DFF<Bits<18>>,
    y: DFF<Bits<18>>,
    hows: Delay<5>,
    firsts: Delay<1>,
    keep_address: Delay<10>,
    keeps: Delay<1>,
    wants: Delay<7>,
    offsets: Rom<18, 7>,
    offset: DFF<Bits<18>>,
    combine: Combine,
}

impl Back {
    /// For the products of an adder.
    pub fn new(plan: &Plan) -> Self {
        Back {
            clock: Default::default(),
            row: Default::default(),
            place: Default::default(),
            first: Default::default(),
            product: Default::default(),
            outcome: Default::default(),
            raw: Default::default(),
            x: Default::default(),
            y: Default::default(),
            hows: Delay::new(2),
            firsts: Delay::new(2),
            keep_address: Delay::new(2),
            keeps: Delay::new(2),
            wants: Delay::new(3),
            offsets: Rom::new(plan.offsets().into_iter().flat_map(|k| plan.multiple(k))),
            offset: Default::default(),
            combine: Combine::new(plan.b3),
        }
    }
}

impl Logic for Back {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, x, y, offset);
        clock!(
            self,
            clock,
            hows,
            firsts,
            keep_address,
            keeps,
            wants,
            offsets,
            combine
        );
        self.keep_address.d.next = (bit_cast::<10, 3>(self.row.val().get_bits::<3>(10)) << 7)
            | bit_cast::<10, 7>(self.place.val());
        self.keeps.d.next = self.row.val().get_bits::<1>(13);
        self.raw[0].read_address.next = (bit_cast::<10, 3>(self.row.val().get_bits::<3>(14)) << 7)
            | bit_cast::<10, 7>(self.place.val());
        self.raw[1].read_address.next = (bit_cast::<10, 3>(self.row.val().get_bits::<3>(18)) << 7)
            | bit_cast::<10, 7>(self.place.val());
        self.hows.d.next = bit_cast::<5, 3>(self.row.val().get_bits::<3>(22))
            | (bit_cast::<5, 1>(self.row.val().get_bits::<1>(17)) << 3)
            | (bit_cast::<5, 1>(self.row.val().get_bits::<1>(21)) << 4);
        self.firsts.d.next = self.first.val().into();
        self.wants.d.next = (bit_cast::<7, 2>(self.row.val().get_bits::<2>(25)) << 5)
            | bit_cast::<7, 5>(self.place.val().get_bits::<5>(0));
        for i in 0..2 {
            self.raw[i].clock.next = self.clock.val();
            self.raw[i].read_enable.next = true;
            self.raw[i].write_address.next = self.keep_address.q.val();
            self.raw[i].write_data.next = self.product.val();
            self.raw[i].write_enable.next = self.keeps.q.val().any();
        }
        self.combine.product.next = self.product.val();
        // block memories are slow: a register before anything is added
        self.x.d.next = self.raw[0].read_data.val();
        self.y.d.next = self.raw[1].read_data.val();
        self.combine.x.next = self.x.q.val();
        self.combine.y.next = self.y.q.val();
        self.combine.how.next = self.hows.q.val();
        self.combine.first.next = self.firsts.q.val().any();
        self.offsets.address.next = self.wants.q.val();
        self.offset.d.next = self.offsets.data.val();
        self.combine.offset.next = self.offset.q.val();
        self.outcome.next = self.combine.outcome.val();
    }
}
