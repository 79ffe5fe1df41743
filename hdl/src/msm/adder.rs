//! The complete point addition over one multiplier, digit by digit.
//!
//! ```text
//! p → left Side  ┐
//!                Multiply → Back → sum, both sides
//! q → right Side ┘
//! ```
//!
//! An addition begins every 12·n clocks, n the multiplier's digits, and the multiplier never rests. More additions
//! per clock are more of these side by side. Values are not reduced: [`range`] bounds them.
//!
//! Read in this order: [`formula`], [`range`], [`schedule`], [`replay`], [`front`], [`side`], [`back`].

pub mod back;
pub mod counter;
pub mod formula;
pub mod front;
pub mod range;
pub mod replay;
pub mod schedule;
pub mod side;

use crate::arith::wide::{self, Multiply, plan};
use crate::leaf::{Delay, Rom};
use back::Back;
use counter::Counter;
use front::Front;
use num_bigint::BigUint;
use proofmill_field::CurveSpec;
use range::{Bound, ONE, Ranges};
use rust_hdl::prelude::*;
use schedule::{BACK, GIVEN, Schedule};
use side::Side;

/// What an adder is made from.
#[derive(Clone)]
pub struct Plan {
    /// The multiplier over the coordinates' field.
    pub multiplier: wide::Plan,
    /// Three times the b of the curve's equation.
    pub b3: u64,
    /// How large values become.
    pub ranges: Ranges,
    /// When what happens.
    pub schedule: Schedule,
    /// −1/p mod R.
    neg_inverse: BigUint,
}

impl Plan {
    /// An adder for G1 of a curve; `None` if the ranges do not close.
    pub fn new(curve: &CurveSpec, reduction: wide::Reduction) -> Option<Plan> {
        let multiplier = wide::Plan::new(curve.base, reduction);
        let b3 = 3 * curve.b;
        let slack = multiplier.bits() as u32 - curve.base.bits; // p < 2^bits
        let r = BigUint::from(1u8) << multiplier.bits();
        let inverse = multiplier.modulus().modinv(&r)?;
        Some(Plan {
            ranges: Ranges::new(b3, slack)?,
            schedule: Schedule::new(multiplier.digits, multiplier.latency()),
            neg_inverse: r - inverse,
            multiplier,
            b3,
        })
    }

    fn modulus(&self) -> BigUint {
        self.multiplier.modulus()
    }

    /// The multiples of p that the back adds, by the number in its word.
    fn offsets(&self) -> [u64; 4] {
        let ranges = &self.ranges;
        [
            0,
            ranges.less_offset,
            self.b3 * ranges.less_offset,
            ranges.from_offset,
        ]
    }

    /// The digits of k·p, filled up to 32.
    fn multiple(&self, k: u64) -> impl Iterator<Item = Bits<18>> {
        let digits = plan::digits(&(self.modulus() * k), 32);
        digits.into_iter().map(|digit| digit.into())
    }

    /// a·b/R as the multiplier gives it, without its digits.
    fn product(&self, a: &BigUint, b: &BigUint) -> BigUint {
        let bits = self.multiplier.bits();
        let low = |x: BigUint| x & ((BigUint::from(1u8) << bits) - 1u8);
        let product = a * b;
        let q = low(low(product.clone()) * &self.neg_inverse);
        (product + q * self.modulus()) >> bits
    }

    fn assert_below(&self, value: &BigUint, bound: Bound) {
        assert!(value * BigUint::from(ONE) < self.modulus() * BigUint::from(bound));
    }
}

/// Adds a pair of points every 12·n clocks.
///
/// It asks for both points' coordinates, a digit in each clock, in the order X, Y, Z; they come [`GIVEN`] clocks later. It
/// gives the coordinates of the sums, in the order of the pairs but Z before Y before X. Nothing can be held back.
/// Of four additions at work each has a number, its context.
#[derive(LogicBlock)]
pub struct Adder {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets all pairs.
    pub reset: Signal<In, Bit>,
    /// A digit is wanted.
    pub load: Signal<Out, Bit>,
    /// Of X, Y or Z.
    pub load_coordinate: Signal<Out, Bits<2>>,
    /// Which one.
    pub load_digit: Signal<Out, Bits<5>>,
    /// Of which addition.
    pub load_context: Signal<Out, Bits<2>>,
    /// Whether there is a pair at all, with the first digits of X.
    pub valid: Signal<In, Bit>,
    /// The digit of the one point.
    pub p: Signal<In, Bits<18>>,
    /// The digit of the other point.
    pub q: Signal<In, Bits<18>>,
    /// A digit of a sum is there, from the lowest one on.
    pub sum_valid: Signal<Out, Bit>,
    /// It would be if there had been a pair.
    pub sum_place: Signal<Out, Bit>,
    /// Of X, Y or Z.
    pub sum_coordinate: Signal<Out, Bits<2>>,
    /// Which one.
    pub sum_digit: Signal<Out, Bits<5>>,
    /// Of which addition.
    pub sum_context: Signal<Out, Bits<2>>,
    /// The digit.
    pub sum: Signal<Out, Bits<18>>,
    front_counter: Counter,
    back_counter: Counter,
    /// Clocks until the back's first slot begins.
    waited: DFF<Bits<9>>,
    lag: Constant<Bits<9>>,
    front_rows: Rom<20, 4>,
    front_row: Signal<Local, Bits<20>>,
    front_digit: DFF<Bits<5>>,
    front_period: DFF<Bits<2>>,
    front_context: Signal<Local, Bits<2>>,
    front_place: Signal<Local, Bits<7>>,
    front_first: DFF<Bit>,
    offsets: Rom<18, 5>,
    left: Side,
    right: Side,
    starts: Delay<1>,
    multiply: Multiply,
    back_rows: Rom<32, 4>,
    back_row: Signal<Local, Bits<32>>,
    back_digit: DFF<Bits<5>>,
    back_period: DFF<Bits<2>>,
    back_context: Signal<Local, Bits<2>>,
    loaded: Signal<Local, Bits<2>>,
    back: Back,
    keep_address: Signal<Local, Bits<10>>,
    keeps: Delay<18>,
    keep: Signal<Local, Bits<18>>,
    is_load: Signal<Local, Bit>,
    loads: Delay<3>,
    /// The contexts whose pair is one.
    live: DFF<Bits<4>>,
}

impl Adder {
    /// An adder.
    pub fn new(plan: &Plan) -> Self {
        let (n, rows) = (plan.multiplier.digits, plan.schedule.rows);
        Adder {
            clock: Default::default(),
            reset: Default::default(),
            load: Default::default(),
            load_coordinate: Default::default(),
            load_digit: Default::default(),
            load_context: Default::default(),
            valid: Default::default(),
            p: Default::default(),
            q: Default::default(),
            sum_valid: Default::default(),
            sum_place: Default::default(),
            sum_coordinate: Default::default(),
            sum_digit: Default::default(),
            sum_context: Default::default(),
            sum: Default::default(),
            front_counter: Counter::new(n),
            back_counter: Counter::new(n),
            waited: Default::default(),
            lag: Constant::new((plan.schedule.lag as u64).into()),
            front_rows: Rom::new(rows.iter().map(|row| row.front().into())),
            front_row: Default::default(),
            front_digit: Default::default(),
            front_period: Default::default(),
            front_context: Default::default(),
            front_place: Default::default(),
            front_first: Default::default(),
            offsets: Rom::new(plan.multiple(plan.ranges.factor_offset)),
            left: Default::default(),
            right: Default::default(),
            starts: Delay::new(Front::LATENCY),
            multiply: Multiply::new(&plan.multiplier),
            back_rows: Rom::new(rows.iter().map(|row| row.back().into())),
            back_row: Default::default(),
            back_digit: Default::default(),
            back_period: Default::default(),
            back_context: Default::default(),
            loaded: Default::default(),
            back: Back::new(plan),
            keep_address: Default::default(),
            keeps: Delay::new(2 + BACK),
            keep: Default::default(),
            is_load: Default::default(),
            loads: Delay::new(GIVEN),
            live: Default::default(),
        }
    }
}

impl Logic for Adder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, waited, front_digit, front_period, front_first);
        dff_setup!(self, clock, back_digit, back_period, live);
        clock!(
            self,
            clock,
            front_counter,
            back_counter,
            front_rows,
            offsets
        );
        clock!(
            self, clock, left, right, starts, multiply, back_rows, back, keeps, loads
        );
        // The front's clock 0: digit, slot, period.
        self.front_counter.reset.next = self.reset.val();
        self.front_counter.run.next = true;
        self.front_rows.address.next = self.front_counter.slot.val();
        self.front_digit.d.next = self.front_counter.digit.val();
        self.front_period.d.next = self.front_counter.period.val();
        // 1: addresses.
        self.front_row.next = self.front_rows.data.val();
        self.front_context.next =
            self.front_period.q.val() - self.front_row.val().get_bits::<2>(18);
        self.front_place.next = (bit_cast::<7, 2>(self.front_context.val()) << 5)
            | bit_cast::<7, 5>(self.front_digit.q.val());
        self.left.row.next = self.front_row.val().get_bits::<9>(0);
        self.left.place.next = self.front_place.val();
        self.right.row.next = self.front_row.val().get_bits::<9>(9);
        self.right.place.next = self.front_place.val();
        self.offsets.address.next = self.front_digit.q.val();
        self.front_first.d.next = self.front_digit.q.val() == 0;
        // 2: values.
        self.left.first.next = self.front_first.q.val();
        self.left.offset.next = self.offsets.data.val();
        self.right.first.next = self.front_first.q.val();
        self.right.offset.next = self.offsets.data.val();
        self.starts.d.next = self.front_first.q.val().into();
        // 6: factors.
        self.multiply.start.next = self.starts.q.val().any();
        self.multiply.a.next = self.left.factor.val();
        self.multiply.b.next = self.right.factor.val();
        // The back's clock 0: digit, slot, period.
        self.back_counter.reset.next = self.reset.val();
        self.back_counter.run.next = self.waited.q.val() == self.lag.val();
        if self.waited.q.val() != self.lag.val() {
            self.waited.d.next = self.waited.q.val() + 1;
        }
        if self.reset.val() {
            self.waited.d.next = 0.into();
        }
        self.back_rows.address.next = self.back_counter.slot.val();
        self.back_digit.d.next = self.back_counter.digit.val();
        self.back_period.d.next = self.back_counter.period.val();
        // 1: what is wanted from outside, and where everything will go.
        self.back_row.next = self.back_rows.data.val();
        self.back_context.next = self.back_period.q.val() - self.back_row.val().get_bits::<2>(30);
        self.loaded.next = self.back_period.q.val() - self.back_row.val().get_bits::<2>(8);
        self.back.row.next = self.back_row.val();
        self.back.place.next = (bit_cast::<7, 2>(self.back_context.val()) << 5)
            | bit_cast::<7, 5>(self.back_digit.q.val());
        self.back.first.next = self.back_digit.q.val() == 0;
        self.keep_address.next = (bit_cast::<10, 3>(self.back_row.val().get_bits::<3>(0)) << 7)
            | (bit_cast::<10, 2>(self.loaded.val()) << 5)
            | bit_cast::<10, 5>(self.back_digit.q.val());
        self.keeps.d.next = bit_cast::<18, 10>(self.keep_address.val())
            | (bit_cast::<18, 3>(self.back_row.val().get_bits::<3>(3)) << 10)
            | (bit_cast::<18, 3>(self.back_row.val().get_bits::<3>(27)) << 13)
            | (bit_cast::<18, 2>(self.back_context.val()) << 16);
        self.load.next = self.back_row.val().get_bit(5);
        self.load_coordinate.next = self.back_row.val().get_bits::<2>(6);
        self.load_digit.next = self.back_digit.q.val();
        self.load_context.next = self.loaded.val();
        self.is_load.next = self.back_row.val().get_bit(5)
            && (self.back_row.val().get_bits::<2>(6) == 0)
            && (self.back_digit.q.val() == 0);
        self.loads.d.next = bit_cast::<3, 2>(self.loaded.val());
        if self.is_load.val() {
            self.loads.d.next = bit_cast::<3, 2>(self.loaded.val()) | 4;
        }
        // 3: the product. What comes from outside, GIVEN clocks after it was asked for, is kept at 8.
        self.back.product.next = self.multiply.product.val();
        self.left.given.next = self.p.val();
        self.right.given.next = self.q.val();
        if self.loads.q.val().get_bit(2) {
            self.live.d.next = self.live.q.val().replace_bit(
                self.loads.q.val().get_bits::<2>(0).index(),
                self.valid.val(),
            );
        }
        if self.reset.val() {
            self.live.d.next = 0.into();
        }
        // 8: the outcome.
        self.keep.next = self.keeps.q.val();
        self.left.outcome.next = self.back.outcome.val();
        self.left.keep_address.next = self.keep.val().get_bits::<10>(0);
        self.left.keep.next = self.keep.val().get_bit(10);
        self.left.load.next = self.keep.val().get_bit(12);
        self.right.outcome.next = self.back.outcome.val();
        self.right.keep_address.next = self.keep.val().get_bits::<10>(0);
        self.right.keep.next = self.keep.val().get_bit(11);
        self.right.load.next = self.keep.val().get_bit(12);
        self.sum.next = self.back.outcome.val();
        self.sum_coordinate.next = self.keep.val().get_bits::<2>(14);
        self.sum_place.next = self.keep.val().get_bit(13);
        self.sum_digit.next = self.keep.val().get_bits::<5>(0);
        self.sum_context.next = self.keep.val().get_bits::<2>(16);
        self.sum_valid.next = self.keep.val().get_bit(13)
            && self
                .live
                .q
                .val()
                .get_bit(self.keep.val().get_bits::<2>(16).index());
    }
}
