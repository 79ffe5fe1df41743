//! Multiplication by the powers of a coset's shift.

use super::line::Line;
use super::trail::Trail;
use crate::arith::goldilocks::Multiply;
use crate::leaf::{Delay, Ram};
use rust_hdl::prelude::*;

/// Multiplies the word of index i by shift^i: nine DSP multipliers.
///
/// The powers are kept; filling the table with others takes 2^12 + 12·18 clocks or so, in which no word
/// may come. The first 2^k powers times shift^(2^k) are the next 2^k; then that factor is squared.
#[derive(LogicBlock)]
pub struct Coset {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub reset: Signal<In, Bit>,
    /// Fills the table.
    pub fill: Signal<In, Bit>,
    /// With the powers of this.
    pub shift: Signal<In, Bits<64>>,
    /// The table is being filled.
    pub busy: Signal<Out, Bit>,
    /// A word comes in.
    pub in_valid: Signal<In, Bit>,
    /// The word, canonical.
    pub in_word: Signal<In, Bits<64>>,
    /// Its index.
    pub index: Signal<In, Bits<12>>,
    /// It is on a coset; otherwise it stays as it is.
    pub scale: Signal<In, Bit>,
    /// A word goes out.
    pub out_valid: Signal<Out, Bit>,
    /// The word, canonical.
    pub out_word: Signal<Out, Bits<64>>,
    powers: Ram<64, 12>,
    power: DFF<Bits<64>>,
    word: Delay<64>,
    scales: Trail,
    multiply: Multiply,
    trail: Trail,
    filling: DFF<Bit>,
    /// 2^k, and shift^(2^k).
    known: DFF<Bits<13>>,
    step: DFF<Bits<64>>,
    /// Index of the power that is multiplied next; 2^k for the factor itself, which is squared.
    next: DFF<Bits<13>>,
    /// The pass is not yet wholly sent into the multiplier.
    issue: Signal<Local, Bit>,
    squares: Trail,
    arrivals: Trail,
    /// Powers in the table.
    filled: DFF<Bits<13>>,
    left: Signal<Local, Bits<64>>,
    right: Signal<Local, Bits<64>>,
    one: Constant<Bits<64>>,
}

impl Coset {
    /// Clocks from word to word.
    pub const LATENCY: usize = Line::LATENCY + Multiply::LATENCY;
}

impl Default for Coset {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            fill: Default::default(),
            shift: Default::default(),
            busy: Default::default(),
            in_valid: Default::default(),
            in_word: Default::default(),
            index: Default::default(),
            scale: Default::default(),
            out_valid: Default::default(),
            out_word: Default::default(),
            powers: Default::default(),
            power: Default::default(),
            word: Delay::new(Line::LATENCY),
            scales: Trail::new(Line::LATENCY),
            multiply: Default::default(),
            trail: Trail::new(Self::LATENCY),
            filling: Default::default(),
            known: Default::default(),
            step: Default::default(),
            next: Default::default(),
            issue: Default::default(),
            squares: Trail::new(Line::LATENCY),
            arrivals: Trail::new(Self::LATENCY),
            filled: Default::default(),
            left: Default::default(),
            right: Default::default(),
            one: Constant::new(1u64.into()),
        }
    }
}

impl Logic for Coset {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, power, filling, known, step, next, filled);
        clock!(
            self, clock, powers, word, scales, multiply, trail, squares, arrivals
        );
        self.scales.reset.next = self.reset.val();
        self.trail.reset.next = self.reset.val();
        self.squares.reset.next = self.reset.val();
        self.arrivals.reset.next = self.reset.val();
        // Words pass the table and the multiplier; while it is filled, the powers known do.
        self.issue.next = self.filling.q.val() & (self.next.q.val() <= self.known.q.val());
        self.powers.read_enable.next = true;
        self.powers.read_address.next = self.index.val();
        if self.filling.q.val() {
            self.powers.read_address.next = self.next.q.val().get_bits::<12>(0);
        }
        self.power.d.next = self.powers.read_data.val();
        self.word.d.next = self.in_word.val();
        self.scales.enter.next = self.scale.val();
        self.squares.enter.next = self.next.q.val() == self.known.q.val();
        self.left.next = self.word.q.val();
        self.right.next = self.one.val();
        if self.scales.leave.val() {
            self.right.next = self.power.q.val();
        }
        if self.filling.q.val() {
            self.right.next = self.step.q.val();
            self.left.next = self.power.q.val();
            if self.squares.leave.val() {
                self.left.next = self.step.q.val();
            }
        }
        self.multiply.left.next = self.left.val();
        self.multiply.right.next = self.right.val();
        self.trail.enter.next = self.in_valid.val();
        self.out_valid.next = self.trail.leave.val();
        self.out_word.next = self.multiply.product.val();
        // The table: 1 first, then a pass for each k.
        self.busy.next = self.filling.q.val();
        self.arrivals.enter.next = self.issue.val();
        self.powers.write_enable.next = self.fill.val() | self.arrivals.leave.val();
        self.powers.write_address.next = self.filled.q.val().get_bits::<12>(0);
        self.powers.write_data.next = self.multiply.product.val();
        if self.issue.val() {
            self.next.d.next = self.next.q.val() + 1;
        }
        if self.arrivals.leave.val() {
            self.filled.d.next = self.filled.q.val() + 1;
            if self.filled.q.val() == (self.known.q.val() << 1) {
                self.powers.write_enable.next = false;
                self.filled.d.next = self.filled.q.val();
                self.step.d.next = self.multiply.product.val();
                self.known.d.next = self.known.q.val() << 1;
                self.next.d.next = 0.into();
                self.filling.d.next = !self.known.q.val().get_bit(11);
            }
        }
        if self.fill.val() {
            self.filling.d.next = true;
            self.step.d.next = self.shift.val();
            self.known.d.next = 1.into();
            self.next.d.next = 0.into();
            self.filled.d.next = 1.into();
            self.powers.write_address.next = 0.into();
            self.powers.write_data.next = self.one.val();
        }
        if self.reset.val() {
            self.filling.d.next = false;
        }
    }
}
