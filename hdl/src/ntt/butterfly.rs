//! left ± right · factor, one butterfly per clock.

use crate::arith::{goldilocks, mont31};
use crate::leaf::Delay;
use proofmill_field::FieldSpec;
use rust_hdl::prelude::*;

/// A butterfly over BabyBear or KoalaBear; the factor is in Montgomery form.
#[derive(LogicBlock)]
pub struct Butterfly31 {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The element that is not multiplied.
    pub left: Signal<In, Bits<31>>,
    /// The element that is.
    pub right: Signal<In, Bits<31>>,
    /// By this.
    pub factor: Signal<In, Bits<31>>,
    /// left + right · factor, [`Butterfly31::LATENCY`] clocks later.
    pub sum: Signal<Out, Bits<31>>,
    /// left − right · factor, with the sum.
    pub difference: Signal<Out, Bits<31>>,
    waits: Delay<31>,
    multiply: mont31::Multiply,
    add: mont31::Add,
    subtract: mont31::Subtract,
}

impl Butterfly31 {
    /// Clocks from operands to results.
    pub const LATENCY: usize = mont31::Multiply::LATENCY + mont31::Add::LATENCY;

    /// A butterfly over a field of 31 bits.
    pub fn new(field: &FieldSpec) -> Self {
        Butterfly31 {
            clock: Default::default(),
            left: Default::default(),
            right: Default::default(),
            factor: Default::default(),
            sum: Default::default(),
            difference: Default::default(),
            waits: Delay::new(mont31::Multiply::LATENCY),
            multiply: mont31::Multiply::new(field),
            add: mont31::Add::new(field),
            subtract: mont31::Subtract::new(field),
        }
    }
}

impl Logic for Butterfly31 {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, waits, multiply, add, subtract);
        self.waits.d.next = self.left.val();
        self.multiply.left.next = self.right.val();
        self.multiply.right.next = self.factor.val();
        self.add.left.next = self.waits.q.val();
        self.add.right.next = self.multiply.product.val();
        self.subtract.left.next = self.waits.q.val();
        self.subtract.right.next = self.multiply.product.val();
        self.sum.next = self.add.sum.val();
        self.difference.next = self.subtract.difference.val();
    }
}

/// A butterfly over Goldilocks.
#[derive(LogicBlock)]
pub struct Butterfly64 {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The element that is not multiplied.
    pub left: Signal<In, Bits<64>>,
    /// The element that is.
    pub right: Signal<In, Bits<64>>,
    /// By this.
    pub factor: Signal<In, Bits<64>>,
    /// left + right · factor, [`Butterfly64::LATENCY`] clocks later.
    pub sum: Signal<Out, Bits<64>>,
    /// left − right · factor, with the sum.
    pub difference: Signal<Out, Bits<64>>,
    waits: Delay<64>,
    multiply: goldilocks::Multiply,
    add: goldilocks::Add,
    subtract: goldilocks::Subtract,
    catches_up: Delay<64>,
}

impl Butterfly64 {
    /// Clocks from operands to results.
    pub const LATENCY: usize = goldilocks::Multiply::LATENCY + goldilocks::Add::LATENCY;

    /// A butterfly; the field is Goldilocks whatever is given, as for the other kind.
    pub fn new(_: &FieldSpec) -> Self {
        Butterfly64 {
            clock: Default::default(),
            left: Default::default(),
            right: Default::default(),
            factor: Default::default(),
            sum: Default::default(),
            difference: Default::default(),
            waits: Delay::new(goldilocks::Multiply::LATENCY),
            multiply: Default::default(),
            add: Default::default(),
            subtract: Default::default(),
            catches_up: Delay::new(goldilocks::Add::LATENCY - goldilocks::Subtract::LATENCY),
        }
    }
}

impl Logic for Butterfly64 {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, waits, multiply, add, subtract, catches_up);
        self.waits.d.next = self.left.val();
        self.multiply.left.next = self.right.val();
        self.multiply.right.next = self.factor.val();
        self.add.left.next = self.waits.q.val();
        self.add.right.next = self.multiply.product.val();
        self.subtract.left.next = self.waits.q.val();
        self.subtract.right.next = self.multiply.product.val();
        self.catches_up.d.next = self.subtract.difference.val();
        self.sum.next = self.add.sum.val();
        self.difference.next = self.catches_up.q.val();
    }
}
