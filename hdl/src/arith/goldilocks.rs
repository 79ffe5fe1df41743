//! Goldilocks, p = 2^64 − 2^32 + 1: canonical operands in, canonical results out, one result per clock.
//!
//! What a block leaves between −p and 2p goes through [`Canonical`].

mod multiply;

pub use multiply::Multiply;

use proofmill_field::{FieldId, FieldSpec};
use rust_hdl::prelude::*;

/// The field, and with it the software model of every block here.
pub const FIELD: &FieldSpec = FieldId::Goldilocks.spec();

/// 2^64 mod p = 2^32 − 1.
const EPSILON: u64 = FIELD.modulus[0].wrapping_neg();

/// Takes a value in [−p, 2p) to [0, p).
#[derive(LogicBlock)]
pub struct Canonical {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The value, in two's complement.
    pub value: Signal<In, Bits<66>>,
    /// The same modulo p.
    pub result: Signal<Out, Bits<64>>,
    high: Signal<Local, Bits<32>>,
    low: Signal<Local, Bits<32>>,
    /// value < 0.
    below: DFF<Bit>,
    /// value ≥ p.
    above: DFF<Bit>,
    word: DFF<Bits<64>>,
    correction: Signal<Local, Bits<64>>,
    out: DFF<Bits<64>>,
    zero: Constant<Bits<64>>,
    plus_p: Constant<Bits<64>>,
    minus_p: Constant<Bits<64>>,
}

impl Canonical {
    /// Clocks from operand to result.
    pub const LATENCY: usize = 2;
}

impl Default for Canonical {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            value: Default::default(),
            result: Default::default(),
            high: Default::default(),
            low: Default::default(),
            below: Default::default(),
            above: Default::default(),
            word: Default::default(),
            correction: Default::default(),
            out: Default::default(),
            zero: Constant::new(0u64.into()),
            plus_p: Constant::new(FIELD.modulus[0].into()),
            minus_p: Constant::new(EPSILON.into()),
        }
    }
}

impl Logic for Canonical {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, below, above, word, out);
        self.high.next = self.value.val().get_bits::<32>(32);
        self.low.next = self.value.val().get_bits::<32>(0);
        // p ≤ value < 2^64: high is all ones and low is not zero.
        self.below.d.next = self.value.val().get_bit(65);
        self.above.d.next = (!self.value.val().get_bit(65))
            & (self.value.val().get_bit(64) | ((self.high.val().all()) & (self.low.val().any())));
        self.word.d.next = self.value.val().get_bits::<64>(0);
        self.correction.next = self.zero.val();
        if self.above.q.val() {
            self.correction.next = self.minus_p.val();
        }
        if self.below.q.val() {
            self.correction.next = self.plus_p.val();
        }
        self.out.d.next = self.word.q.val() + self.correction.val();
        self.result.next = self.out.q.val();
    }
}

/// left + right mod p.
#[derive(LogicBlock, Default)]
pub struct Add {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// First summand.
    pub left: Signal<In, Bits<64>>,
    /// Second summand.
    pub right: Signal<In, Bits<64>>,
    /// The sum.
    pub sum: Signal<Out, Bits<64>>,
    whole: DFF<Bits<66>>,
    canonical: Canonical,
}

impl Add {
    /// Clocks from operands to result.
    pub const LATENCY: usize = 1 + Canonical::LATENCY;
}

impl Logic for Add {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, whole);
        self.canonical.clock.next = self.clock.val();
        self.whole.d.next =
            bit_cast::<66, 64>(self.left.val()) + bit_cast::<66, 64>(self.right.val());
        self.canonical.value.next = self.whole.q.val();
        self.sum.next = self.canonical.result.val();
    }
}

/// left − right mod p.
#[derive(LogicBlock)]
pub struct Subtract {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Minuend.
    pub left: Signal<In, Bits<64>>,
    /// Subtrahend.
    pub right: Signal<In, Bits<64>>,
    /// The difference.
    pub difference: Signal<Out, Bits<64>>,
    whole: DFF<Bits<65>>,
    word: Signal<Local, Bits<64>>,
    correction: Signal<Local, Bits<64>>,
    out: DFF<Bits<64>>,
    zero: Constant<Bits<64>>,
    minus_p: Constant<Bits<64>>,
}

impl Subtract {
    /// Clocks from operands to result.
    pub const LATENCY: usize = 2;
}

impl Default for Subtract {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            left: Default::default(),
            right: Default::default(),
            difference: Default::default(),
            whole: Default::default(),
            word: Default::default(),
            correction: Default::default(),
            out: Default::default(),
            zero: Constant::new(0u64.into()),
            minus_p: Constant::new(EPSILON.into()),
        }
    }
}

impl Logic for Subtract {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, whole, out);
        self.whole.d.next =
            bit_cast::<65, 64>(self.left.val()) - bit_cast::<65, 64>(self.right.val());
        self.word.next = self.whole.q.val().get_bits::<64>(0);
        self.correction.next = self.zero.val();
        if self.whole.q.val().get_bit(64) {
            self.correction.next = self.minus_p.val();
        }
        // Adding p is subtracting 2^64 − p, modulo 2^64.
        self.out.d.next = self.word.val() - self.correction.val();
        self.difference.next = self.out.q.val();
    }
}
