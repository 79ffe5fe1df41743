//! Products in fields of 253 to 381 bits, a digit of 18 bits per clock.
//!
//! Montgomery's product a·b/R with R = 2^(18·n), one digit of b after the other:
//!
//! T ← (T + a·b_i + q·p) / 2^18, q = −(T + a·b_i)/p mod 2^18
//!
//! Carries stay between digits: U_j = T_j + lo(a_j·b_i) + hi(a_(j−1)·b_i) + digit j of q·p, and T_j is hi(U_j) +
//! lo(U_(j+1)). A turn takes as many clocks as there are contexts, which take turns; a product begins
//! every n clocks and is at work for n turns.
//!
//! Ranges: a < R − p, b < R → a·b/R + p, so that a·b ≤ p·R gives less than 2p; the result is not reduced.
//!
//! Read in this order: [`plan`], [`model`], [`column`], [`reduction`], [`row`], [`issue`].

pub mod column;
pub mod issue;
pub mod model;
pub mod plan;
pub mod reduction;
pub mod row;

pub use plan::{Plan, Reduction};

use crate::leaf::Delay;
use issue::Issue;
use row::Row;
use rust_hdl::prelude::*;

/// A product every n clocks, digit by digit: see [`Plan`] for n, R and the latency.
///
/// Digit j of both factors and of the product go in and out j clocks after their first ones. Starts are multiples of
/// n clocks apart.
#[derive(LogicBlock)]
pub struct Multiply {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The first digits of two factors are there.
    pub start: Signal<In, Bit>,
    /// A digit of a < R − p.
    pub a: Signal<In, Bits<18>>,
    /// A digit of b < R.
    pub b: Signal<In, Bits<18>>,
    /// The first digit of a product is there.
    pub done: Signal<Out, Bit>,
    /// A digit of the product, at most a·b/R + p.
    pub product: Signal<Out, Bits<18>>,
    issue: Issue,
    row: Row,
    finish: Delay<1>,
    high: DFF<Bits<3>>,
    carry: Signal<Local, Bits<1>>,
    digit: DFF<Bits<19>>,
    is_first: DFF<Bit>,
    is_done: DFF<Bit>,
}

impl Multiply {
    /// A multiplier.
    pub fn new(plan: &Plan) -> Self {
        Multiply {
            clock: Default::default(),
            start: Default::default(),
            a: Default::default(),
            b: Default::default(),
            done: Default::default(),
            product: Default::default(),
            issue: Issue::new(plan),
            row: Row::new(plan),
            finish: Delay::new(Row::LATENCY),
            high: Default::default(),
            carry: Default::default(),
            digit: Default::default(),
            is_first: Default::default(),
            is_done: Default::default(),
        }
    }
}

impl Logic for Multiply {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, high, digit, is_first, is_done);
        clock!(self, clock, issue, row, finish);
        self.issue.start.next = self.start.val();
        self.issue.a.next = self.a.val();
        self.issue.b.next = self.b.val();
        self.row.a.next = self.issue.a_out.val();
        self.row.write.next = self.issue.write.val();
        self.row.write_slot.next = self.issue.write_slot.val();
        self.row.slot.next = self.issue.slot.val();
        self.row.b.next = self.issue.digit.val();
        self.row.first.next = self.issue.first.val();
        self.row.finish.next = self.issue.finish.val();
        self.finish.d.next = self.issue.finish.val().into();
        // digit j = lo(U_(j+1)) + hi(U_j) + carry ≤ 2^18 − 1 + 6 + 1
        self.is_first.d.next = self.finish.q.val().any();
        self.high.d.next = self.row.high.val();
        self.carry.next = self.digit.q.val().get_bits::<1>(18);
        if self.is_first.q.val() {
            self.carry.next = 0.into();
        }
        self.digit.d.next = bit_cast::<19, 18>(self.row.low.val())
            + bit_cast::<19, 3>(self.high.q.val())
            + bit_cast::<19, 1>(self.carry.val());
        self.product.next = self.digit.q.val().get_bits::<18>(0);
        self.is_done.d.next = self.is_first.q.val();
        self.done.next = self.is_done.q.val();
    }
}
