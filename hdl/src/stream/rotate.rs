//! Multiplication by powers of eight, without a multiplier: 2 has order 192 modulo p.

use super::plan::{self, EXPONENTS};
use crate::arith::goldilocks::Canonical;
use rust_hdl::prelude::*;

/// word · 8^exponent mod p.
///
/// 2^96 ≡ −1, so that 96 bits are rotated, by three at a time up to 93, and those that wrapped count
/// negatively; 8^32 ≡ −1 turns all signs. `signs` has a one for each bit that counts negatively, and
/// the sum of the bits with their signs is (bits ^ signs) − signs.
#[derive(LogicBlock)]
pub struct Rotate {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Canonical.
    pub word: Signal<In, Bits<64>>,
    /// Exponent of 8, whose order is 64.
    pub exponent: Signal<In, Bits<6>>,
    /// Canonical.
    pub result: Signal<Out, Bits<64>>,
    whole: Signal<Local, Bits<96>>,
    coarse: DFF<Bits<96>>,
    middle: DFF<Bits<96>>,
    fine: Signal<Local, Bits<96>>,
    flipped: DFF<Bits<96>>,
    exponent_1: DFF<Bits<6>>,
    exponent_2: DFF<Bits<6>>,
    sign_table: ROM<Bits<96>, 6>,
    signs: DFF<Bits<96>>,
    signs_1: DFF<Bits<96>>,
    /// In (−2^96, 2^96), two's complement.
    weighed: DFF<Bits<97>>,
    /// Bits 64 to 95 of `weighed`, worth 2^64 ≡ 2^32 − 1.
    top: Signal<Local, Bits<32>>,
    low: DFF<Bits<33>>,
    high: DFF<Bits<33>>,
    negative: DFF<Bit>,
    joined: Signal<Local, Bits<66>>,
    carry: Signal<Local, Bits<66>>,
    summand: Signal<Local, Bits<66>>,
    sum: DFF<Bits<66>>,
    canonical: Canonical,
    zero: Constant<Bits<66>>,
    borrow: Constant<Bits<66>>,
}

impl Rotate {
    /// Clocks from operand to result.
    pub const LATENCY: usize = 6 + Canonical::LATENCY;
}

impl Default for Rotate {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            word: Default::default(),
            exponent: Default::default(),
            result: Default::default(),
            whole: Default::default(),
            coarse: Default::default(),
            middle: Default::default(),
            fine: Default::default(),
            flipped: Default::default(),
            exponent_1: Default::default(),
            exponent_2: Default::default(),
            sign_table: (0..EXPONENTS).map(plan::signs).into(),
            signs: Default::default(),
            signs_1: Default::default(),
            weighed: Default::default(),
            top: Default::default(),
            low: Default::default(),
            high: Default::default(),
            negative: Default::default(),
            joined: Default::default(),
            carry: Default::default(),
            summand: Default::default(),
            sum: Default::default(),
            canonical: Default::default(),
            zero: Constant::new(0u64.into()),
            borrow: Constant::new(Bits::<66>::from(0u64) - (Bits::<66>::from(1u64) << 32)),
        }
    }
}

impl Logic for Rotate {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, coarse, middle, flipped, exponent_1, exponent_2, signs, signs_1, weighed,
            low, high, negative, sum
        );
        self.canonical.clock.next = self.clock.val();
        // Rotate by 48 and 24, by 12 and 6, by 3.
        self.whole.next = bit_cast::<96, 64>(self.word.val());
        self.coarse.d.next = self.whole.val();
        if self.exponent.val().get_bits::<2>(3) == 1 {
            self.coarse.d.next = self.whole.val() << 24;
        }
        if self.exponent.val().get_bits::<2>(3) == 2 {
            self.coarse.d.next = (self.whole.val() << 48) | (self.whole.val() >> 48);
        }
        if self.exponent.val().get_bits::<2>(3) == 3 {
            self.coarse.d.next = (self.whole.val() << 72) | (self.whole.val() >> 24);
        }
        self.exponent_1.d.next = self.exponent.val();
        self.middle.d.next = self.coarse.q.val();
        if self.exponent_1.q.val().get_bits::<2>(1) == 1 {
            self.middle.d.next = (self.coarse.q.val() << 6) | (self.coarse.q.val() >> 90);
        }
        if self.exponent_1.q.val().get_bits::<2>(1) == 2 {
            self.middle.d.next = (self.coarse.q.val() << 12) | (self.coarse.q.val() >> 84);
        }
        if self.exponent_1.q.val().get_bits::<2>(1) == 3 {
            self.middle.d.next = (self.coarse.q.val() << 18) | (self.coarse.q.val() >> 78);
        }
        self.exponent_2.d.next = self.exponent_1.q.val();
        self.sign_table.address.next = self.exponent_1.q.val();
        self.signs.d.next = self.sign_table.data.val();
        self.fine.next = self.middle.q.val();
        if self.exponent_2.q.val().get_bit(0) {
            self.fine.next = (self.middle.q.val() << 3) | (self.middle.q.val() >> 93);
        }
        self.flipped.d.next = self.fine.val() ^ self.signs.q.val();
        self.signs_1.d.next = self.signs.q.val();
        self.weighed.d.next =
            bit_cast::<97, 96>(self.flipped.q.val()) - bit_cast::<97, 96>(self.signs_1.q.val());
        // low + high·2^32 + negative, for the sign is worth −2^96 ≡ 1; at most 2p − 1.
        self.top.next = self.weighed.q.val().get_bits::<32>(64);
        self.low.d.next = bit_cast::<33, 32>(self.weighed.q.val().get_bits::<32>(0))
            - bit_cast::<33, 32>(self.top.val());
        self.high.d.next = bit_cast::<33, 32>(self.weighed.q.val().get_bits::<32>(32))
            + bit_cast::<33, 32>(self.top.val());
        self.negative.d.next = self.weighed.q.val().get_bit(96);
        self.joined.next = (bit_cast::<66, 33>(self.high.q.val()) << 32)
            | bit_cast::<66, 32>(self.low.q.val().get_bits::<32>(0));
        self.carry.next = self.zero.val();
        if self.low.q.val().get_bit(32) {
            self.carry.next = self.borrow.val();
        }
        self.summand.next = self.carry.val();
        if self.negative.q.val() {
            self.summand.next = self.carry.val() | 1;
        }
        self.sum.d.next = self.joined.val() + self.summand.val();
        self.canonical.value.next = self.sum.q.val();
        self.result.next = self.canonical.result.val();
    }
}
