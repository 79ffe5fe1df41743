//! The product modulo p from nine products of 18 bits.
//!
//! With A = A0 + A1·2^32, B alike, P0 = A0·B0, P1 = A1·B1 and S = (A0 + A1)·(B0 + B1):
//! A·B ≡ P0 − P1 + (S − P0)·2^32, since 2^64 ≡ 2^32 − 1. Each of the three is Karatsuba's three again.

use super::{Canonical, EPSILON};
use crate::leaf::Multiplier18;
use rust_hdl::prelude::*;

/// left · right of 33 bits each, in full: three products of at most 18 bits.
#[derive(LogicBlock, Default)]
struct Product33 {
    pub clock: Signal<In, Clock>,
    pub left: Signal<In, Bits<33>>,
    pub right: Signal<In, Bits<33>>,
    pub product: Signal<Out, Bits<66>>,
    left_limbs: [DFF<Bits<18>>; 3],
    right_limbs: [DFF<Bits<18>>; 3],
    multiply: [Multiplier18; 3],
    low: Signal<Local, Bits<36>>,
    high: Signal<Local, Bits<36>>,
    ends: DFF<Bits<66>>,
    ends_1: DFF<Bits<66>>,
    ends_sum: DFF<Bits<36>>,
    all: DFF<Bits<36>>,
    middle: DFF<Bits<36>>,
    out: DFF<Bits<66>>,
}

impl Product33 {
    const LATENCY: usize = 4 + Multiplier18::LATENCY;
}

impl Logic for Product33 {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, ends, ends_1, ends_sum, all, middle, out);
        for i in 0..3 {
            self.left_limbs[i].clock.next = self.clock.val();
            self.right_limbs[i].clock.next = self.clock.val();
            self.multiply[i].clock.next = self.clock.val();
            self.multiply[i].a.next = self.left_limbs[i].q.val();
            self.multiply[i].b.next = self.right_limbs[i].q.val();
        }
        // Limbs of 16 and 17 bits, and their sum of 18.
        self.left_limbs[0].d.next = bit_cast::<18, 16>(self.left.val().get_bits::<16>(0));
        self.left_limbs[1].d.next = bit_cast::<18, 17>(self.left.val().get_bits::<17>(16));
        self.left_limbs[2].d.next = bit_cast::<18, 16>(self.left.val().get_bits::<16>(0))
            + bit_cast::<18, 17>(self.left.val().get_bits::<17>(16));
        self.right_limbs[0].d.next = bit_cast::<18, 16>(self.right.val().get_bits::<16>(0));
        self.right_limbs[1].d.next = bit_cast::<18, 17>(self.right.val().get_bits::<17>(16));
        self.right_limbs[2].d.next = bit_cast::<18, 16>(self.right.val().get_bits::<16>(0))
            + bit_cast::<18, 17>(self.right.val().get_bits::<17>(16));
        self.low.next = self.multiply[0].p.val();
        self.high.next = self.multiply[1].p.val();
        // low < 2^32, high < 2^34
        self.ends.d.next =
            (bit_cast::<66, 36>(self.high.val()) << 32) | bit_cast::<66, 36>(self.low.val());
        self.ends_1.d.next = self.ends.q.val();
        self.ends_sum.d.next = self.low.val() + self.high.val();
        self.all.d.next = self.multiply[2].p.val();
        self.middle.d.next = self.all.q.val() - self.ends_sum.q.val();
        self.out.d.next = self.ends_1.q.val() + (bit_cast::<66, 36>(self.middle.q.val()) << 16);
        self.product.next = self.out.q.val();
    }
}

/// left · right mod p: nine DSP multipliers.
#[derive(LogicBlock)]
pub struct Multiply {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// First factor.
    pub left: Signal<In, Bits<64>>,
    /// Second factor.
    pub right: Signal<In, Bits<64>>,
    /// The product.
    pub product: Signal<Out, Bits<64>>,
    /// A0, A1, A0 + A1.
    left_halves: [DFF<Bits<33>>; 3],
    /// B0, B1, B0 + B1.
    right_halves: [DFF<Bits<33>>; 3],
    /// P0, P1, S.
    products: [Product33; 3],
    /// U = S − P0 < 2^66 in words of 32 bits: u0, u1, u2.
    crossed: DFF<Bits<66>>,
    /// P0 − P1, as everything of 67 bits in two's complement.
    ends: DFF<Bits<67>>,
    ends_1: DFF<Bits<67>>,
    /// u0 + u1.
    upper: DFF<Bits<33>>,
    /// u1 + u2.
    lower: DFF<Bits<33>>,
    lower_1: DFF<Bits<33>>,
    partial: DFF<Bits<67>>,
    /// t = P0 − P1 + (u0 + u1)·2^32 − u1 − u2, |t| < 2^66.
    total: DFF<Bits<67>>,
    overflow: Signal<Local, Bits<3>>,
    /// ⌊t / 2^64⌋, in −2 … 2, times 2^32 − 1.
    fold: Signal<Local, Bits<66>>,
    folded: DFF<Bits<66>>,
    canonical: Canonical,
    folds: [Constant<Bits<66>>; 5],
}

impl Multiply {
    /// Clocks from operands to result.
    pub const LATENCY: usize = 6 + Product33::LATENCY + Canonical::LATENCY;
}

/// k·(2^32 − 1) in two's complement of 66 bits.
fn fold(k: u64) -> Constant<Bits<66>> {
    let magnitude = Bits::<66>::from(EPSILON);
    let zero = Bits::<66>::from(0u64);
    Constant::new(match k {
        0 => zero,
        1 => magnitude,
        2 => magnitude + magnitude,
        3 => zero - magnitude - magnitude,
        _ => zero - magnitude,
    })
}

impl Default for Multiply {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            left: Default::default(),
            right: Default::default(),
            product: Default::default(),
            left_halves: Default::default(),
            right_halves: Default::default(),
            products: Default::default(),
            crossed: Default::default(),
            ends: Default::default(),
            ends_1: Default::default(),
            upper: Default::default(),
            lower: Default::default(),
            lower_1: Default::default(),
            partial: Default::default(),
            total: Default::default(),
            overflow: Default::default(),
            fold: Default::default(),
            folded: Default::default(),
            canonical: Default::default(),
            folds: [0, 1, 2, 3, 4].map(fold),
        }
    }
}

impl Logic for Multiply {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, crossed, ends, ends_1, upper, lower, lower_1, partial, total, folded
        );
        self.canonical.clock.next = self.clock.val();
        for i in 0..3 {
            self.left_halves[i].clock.next = self.clock.val();
            self.right_halves[i].clock.next = self.clock.val();
            self.products[i].clock.next = self.clock.val();
            self.products[i].left.next = self.left_halves[i].q.val();
            self.products[i].right.next = self.right_halves[i].q.val();
        }
        self.left_halves[0].d.next = bit_cast::<33, 32>(self.left.val().get_bits::<32>(0));
        self.left_halves[1].d.next = bit_cast::<33, 32>(self.left.val().get_bits::<32>(32));
        self.left_halves[2].d.next = bit_cast::<33, 32>(self.left.val().get_bits::<32>(0))
            + bit_cast::<33, 32>(self.left.val().get_bits::<32>(32));
        self.right_halves[0].d.next = bit_cast::<33, 32>(self.right.val().get_bits::<32>(0));
        self.right_halves[1].d.next = bit_cast::<33, 32>(self.right.val().get_bits::<32>(32));
        self.right_halves[2].d.next = bit_cast::<33, 32>(self.right.val().get_bits::<32>(0))
            + bit_cast::<33, 32>(self.right.val().get_bits::<32>(32));
        self.crossed.d.next = self.products[2].product.val() - self.products[0].product.val();
        self.ends.d.next = bit_cast::<67, 66>(self.products[0].product.val())
            - bit_cast::<67, 66>(self.products[1].product.val());
        self.ends_1.d.next = self.ends.q.val();
        self.upper.d.next = bit_cast::<33, 32>(self.crossed.q.val().get_bits::<32>(0))
            + bit_cast::<33, 32>(self.crossed.q.val().get_bits::<32>(32));
        self.lower.d.next = bit_cast::<33, 32>(self.crossed.q.val().get_bits::<32>(32))
            + bit_cast::<33, 2>(self.crossed.q.val().get_bits::<2>(64));
        self.lower_1.d.next = self.lower.q.val();
        self.partial.d.next = self.ends_1.q.val() + (bit_cast::<67, 33>(self.upper.q.val()) << 32);
        self.total.d.next = self.partial.q.val() - bit_cast::<67, 33>(self.lower_1.q.val());
        self.overflow.next = self.total.q.val().get_bits::<3>(64);
        self.fold.next = self.folds[0].val();
        if self.overflow.val() == 1 {
            self.fold.next = self.folds[1].val();
        }
        if self.overflow.val() == 2 {
            self.fold.next = self.folds[2].val();
        }
        if self.overflow.val() == 6 {
            self.fold.next = self.folds[3].val();
        }
        if self.overflow.val() == 7 {
            self.fold.next = self.folds[4].val();
        }
        self.folded.d.next =
            bit_cast::<66, 64>(self.total.q.val().get_bits::<64>(0)) + self.fold.val();
        self.canonical.value.next = self.folded.q.val();
        self.product.next = self.canonical.result.val();
    }
}
