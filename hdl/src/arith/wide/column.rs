//! One digit of every product at work.
//!
//! Clocks are counted from the one in which a context's turn shows its slot to column 0; column j does the same
//! j clocks later, so that operands enter and products leave one digit per clock, and every wire but that of the
//! entering digit leads to a neighbour.
//!
//! | clock | |
//! |---|---|
//! | 1 | a, b |
//! | 3 | a·b < 2^36 |
//! | 4 | lo(a_j·b) + hi(a_(j−1)·b) < 2^19 |
//! | 5 | + hi(U_j) of the turn before |
//! | 6 | + lo(U_(j+1)) of the turn before: < 3·2^18 + 7, 20 bits |
//! | 8 | q, from the lowest digit of column 0 |
//! | 11 | digit j of q·p, see [`super::reduction`]: < 4·2^18 |
//! | 12 | U_j, their sum: < 7·2^18, 21 bits |
//!
//! T_j = hi(U_j) + lo(U_(j+1)) is the digit of the sum after the turn. U_j ≤ T_j + 2·(2^18 − 1) + 4·(2^18 − 1) with
//! T_j ≤ 2^18 − 1 + 6 is less than 7·2^18, so hi(U_j) ≤ 6.

use super::plan::Plan;
use crate::leaf::{Delay, Multiplier18, Ram};
use rust_hdl::prelude::*;

/// A column with a digit of the factor a.
#[derive(LogicBlock)]
pub struct Column {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Digits of a as they come in.
    pub a: Signal<In, Bits<18>>,
    /// The context to which they belong.
    pub write_slot: Signal<In, Bits<4>>,
    /// Whether this column's one is there.
    pub write: Signal<In, Bit>,
    /// The same for the next column.
    pub write_out: Signal<Out, Bit>,
    /// Whose turn it is, clock 0.
    pub slot: Signal<In, Bits<4>>,
    /// The same for the next column.
    pub slot_out: Signal<Out, Bits<4>>,
    /// Its digit of b, clock 1.
    pub b: Signal<In, Bits<18>>,
    /// The same for the next column.
    pub b_out: Signal<Out, Bits<18>>,
    /// Whether it is a context's first turn, clock 4.
    pub first: Signal<In, Bit>,
    /// The same for the next column.
    pub first_out: Signal<Out, Bit>,
    /// Whether the turn before was its last one, clock 4.
    pub finish: Signal<In, Bit>,
    /// The same for the next column.
    pub finish_out: Signal<Out, Bit>,
    /// High half of the product of the column below, clock 2.
    pub high: Signal<In, Bits<18>>,
    /// High half of the own one, clock 3.
    pub high_out: Signal<Out, Bits<18>>,
    /// lo(U_(j+1)), clock 5.
    pub next_low: Signal<In, Bits<18>>,
    /// What is to be added by a multiple of p, clock 11.
    pub multiple: Signal<In, Bits<21>>,
    /// The lowest digit before that, clock 6: column 0 finds q from it.
    pub low: Signal<Out, Bits<18>>,
    /// U_j, clock 4 of the next turn.
    pub sum: Signal<Out, Bits<21>>,
    /// The last U_j of a context, a clock later; otherwise zero.
    pub result: Signal<Out, Bits<21>>,
    factors: Ram<18, 4>,
    multiply: Multiplier18,
    product: Signal<Local, Bits<36>>,
    write_1: DFF<Bit>,
    slot_1: DFF<Bits<4>>,
    b_1: DFF<Bits<18>>,
    first_1: DFF<Bit>,
    finish_1: DFF<Bit>,
    high_1: DFF<Bits<18>>,
    fresh: DFF<Bits<19>>,
    carried: DFF<Bits<20>>,
    partial: DFF<Bits<20>>,
    waits: Delay<20>,
    total: DFF<Bits<21>>,
    results: DFF<Bits<21>>,
}

impl Column {
    /// A column of a multiplier.
    pub fn new(plan: &Plan) -> Self {
        Column {
            clock: Default::default(),
            a: Default::default(),
            write_slot: Default::default(),
            write: Default::default(),
            write_out: Default::default(),
            slot: Default::default(),
            slot_out: Default::default(),
            b: Default::default(),
            b_out: Default::default(),
            first: Default::default(),
            first_out: Default::default(),
            finish: Default::default(),
            finish_out: Default::default(),
            high: Default::default(),
            high_out: Default::default(),
            next_low: Default::default(),
            multiple: Default::default(),
            low: Default::default(),
            sum: Default::default(),
            result: Default::default(),
            factors: Ram::new(plan.contexts),
            multiply: Default::default(),
            product: Default::default(),
            write_1: Default::default(),
            slot_1: Default::default(),
            b_1: Default::default(),
            first_1: Default::default(),
            finish_1: Default::default(),
            high_1: Default::default(),
            fresh: Default::default(),
            carried: Default::default(),
            partial: Default::default(),
            waits: Delay::new(5 + plan.spare()),
            total: Default::default(),
            results: Default::default(),
        }
    }
}

impl Logic for Column {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, write_1, slot_1, b_1, first_1, finish_1, high_1, fresh
        );
        dff_setup!(self, clock, carried, partial, total, results);
        clock!(self, clock, factors, multiply, waits);
        self.write_1.d.next = self.write.val();
        self.write_out.next = self.write_1.q.val();
        self.slot_1.d.next = self.slot.val();
        self.slot_out.next = self.slot_1.q.val();
        self.b_1.d.next = self.b.val();
        self.b_out.next = self.b_1.q.val();
        self.first_1.d.next = self.first.val();
        self.first_out.next = self.first_1.q.val();
        self.finish_1.d.next = self.finish.val();
        self.finish_out.next = self.finish_1.q.val();
        self.factors.write_address.next = self.write_slot.val();
        self.factors.write_data.next = self.a.val();
        self.factors.write_enable.next = self.write.val();
        self.factors.read_address.next = self.slot.val();
        self.factors.read_enable.next = true;
        self.multiply.a.next = self.factors.read_data.val();
        self.multiply.b.next = self.b.val();
        self.product.next = self.multiply.p.val();
        self.high_out.next = self.product.val().get_bits::<18>(18);
        self.high_1.d.next = self.high.val();
        self.fresh.d.next = bit_cast::<19, 18>(self.product.val().get_bits::<18>(0))
            + bit_cast::<19, 18>(self.high_1.q.val());
        self.carried.d.next = bit_cast::<20, 19>(self.fresh.q.val())
            + bit_cast::<20, 3>(self.total.q.val().get_bits::<3>(18));
        if self.first.val() {
            self.carried.d.next = bit_cast::<20, 19>(self.fresh.q.val());
        }
        self.partial.d.next = self.carried.q.val() + bit_cast::<20, 18>(self.next_low.val());
        if self.first_1.q.val() {
            self.partial.d.next = self.carried.q.val();
        }
        self.low.next = self.partial.q.val().get_bits::<18>(0);
        self.waits.d.next = self.partial.q.val();
        self.total.d.next = bit_cast::<21, 20>(self.waits.q.val()) + self.multiple.val();
        self.sum.next = self.total.q.val();
        self.results.d.next = 0.into();
        if self.finish.val() {
            self.results.d.next = self.total.q.val();
        }
        self.result.next = self.results.q.val();
    }
}

/// The column above the highest digit: what the one below carries into it, and no digit of its own.
///
/// With a < R − p every T is less than R, so U_n < 2^18: it has no carry, and T_n = 0.
#[derive(LogicBlock)]
pub struct Top {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// As [`Column`] has them.
    pub finish: Signal<In, Bit>,
    /// High half of the product of the column below, clock 2.
    pub high: Signal<In, Bits<18>>,
    /// What is to be added by a multiple of p, clock 11.
    pub multiple: Signal<In, Bits<21>>,
    /// U_n, clock 4 of the next turn.
    pub sum: Signal<Out, Bits<21>>,
    /// The last one of a context, a clock later; otherwise zero.
    pub result: Signal<Out, Bits<21>>,
    waits: Delay<18>,
    total: DFF<Bits<21>>,
    results: DFF<Bits<21>>,
}

impl Top {
    /// The top of a multiplier.
    pub fn new(plan: &Plan) -> Self {
        Top {
            clock: Default::default(),
            finish: Default::default(),
            high: Default::default(),
            multiple: Default::default(),
            sum: Default::default(),
            result: Default::default(),
            waits: Delay::new(9 + plan.spare()),
            total: Default::default(),
            results: Default::default(),
        }
    }
}

impl Logic for Top {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, total, results);
        clock!(self, clock, waits);
        self.waits.d.next = self.high.val();
        self.total.d.next = bit_cast::<21, 18>(self.waits.q.val()) + self.multiple.val();
        self.sum.next = self.total.q.val();
        self.results.d.next = 0.into();
        if self.finish.val() {
            self.results.d.next = self.total.q.val();
        }
        self.result.next = self.results.q.val();
    }
}
