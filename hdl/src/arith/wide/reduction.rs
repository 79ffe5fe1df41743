//! q, and the digits of q·p. Clocks as in [`super::column`].

use super::plan::{self, Plan};
use crate::leaf::{Delay, Multiplier18};
use num_bigint::BigUint;
use rust_hdl::prelude::*;

/// q = −x/p mod 2^18, two clocks after x: one DSP multiplier.
#[derive(LogicBlock)]
pub struct Quotient {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The lowest digit x.
    pub low: Signal<In, Bits<18>>,
    /// q.
    pub q: Signal<Out, Bits<18>>,
    multiply: Multiplier18,
    factor: Constant<Bits<18>>,
    product: Signal<Local, Bits<36>>,
}

impl Quotient {
    /// For any p.
    pub fn new(plan: &Plan) -> Self {
        Quotient {
            clock: Default::default(),
            low: Default::default(),
            q: Default::default(),
            multiply: Default::default(),
            factor: Constant::new(plan.neg_inverse().into()),
            product: Default::default(),
        }
    }
}

impl Logic for Quotient {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, multiply);
        self.multiply.a.next = self.low.val();
        self.multiply.b.next = self.factor.val();
        self.product.next = self.multiply.p.val();
        self.q.next = self.product.val().get_bits::<18>(0);
    }
}

/// The same where p ≡ 1 mod 2^18: q = −x, and no multiplier.
#[derive(LogicBlock, Default)]
pub struct Negation {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The lowest digit x.
    pub low: Signal<In, Bits<18>>,
    /// q.
    pub q: Signal<Out, Bits<18>>,
    complement: DFF<Bits<18>>,
    negated: DFF<Bits<18>>,
}

impl Logic for Negation {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, complement, negated);
        self.complement.d.next = !self.low.val();
        self.negated.d.next = self.complement.q.val() + 1;
        self.q.next = self.negated.q.val();
    }
}

/// From which bit of q on each table is looked up, and by how many bits.
pub(super) const PARTS: [(usize, usize); 4] = [(0, 5), (5, 5), (10, 4), (14, 4)];

/// Digit j of the multiples of p by four or five bits of q each, summed: ≤ 4·(2^18 − 1).
#[derive(LogicBlock)]
pub struct TableDigit {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// q, clock 8.
    pub q: Signal<In, Bits<18>>,
    /// The same for the next column.
    pub q_out: Signal<Out, Bits<18>>,
    /// The sum, clock 11.
    pub multiple: Signal<Out, Bits<21>>,
    q_1: DFF<Bits<18>>,
    lower_tables: [ROM<Bits<18>, 5>; 2],
    upper_tables: [ROM<Bits<18>, 4>; 2],
    words: [DFF<Bits<18>>; 4],
    lower: DFF<Bits<19>>,
    upper: DFF<Bits<19>>,
    total: DFF<Bits<21>>,
}

impl TableDigit {
    /// The digit at place j.
    pub fn new(plan: &Plan, j: usize) -> Self {
        let p = plan.modulus();
        let word = |multiple: BigUint| plan::digit(&multiple, j).into();
        let words = |part: usize| {
            let (from, bits) = PARTS[part];
            (0..1u64 << bits)
                .map(move |v| (v, from))
                .map(|(v, from)| word((&p * v) << from))
        };
        TableDigit {
            clock: Default::default(),
            q: Default::default(),
            q_out: Default::default(),
            multiple: Default::default(),
            q_1: Default::default(),
            lower_tables: [words(0).into(), words(1).into()],
            upper_tables: [words(2).into(), words(3).into()],
            words: Default::default(),
            lower: Default::default(),
            upper: Default::default(),
            total: Default::default(),
        }
    }
}

impl Logic for TableDigit {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, q_1, lower, upper, total);
        for k in 0..4 {
            self.words[k].clock.next = self.clock.val();
        }
        self.q_1.d.next = self.q.val();
        self.q_out.next = self.q_1.q.val();
        self.lower_tables[0].address.next = self.q.val().get_bits::<5>(0);
        self.lower_tables[1].address.next = self.q.val().get_bits::<5>(5);
        self.upper_tables[0].address.next = self.q.val().get_bits::<4>(10);
        self.upper_tables[1].address.next = self.q.val().get_bits::<4>(14);
        self.words[0].d.next = self.lower_tables[0].data.val();
        self.words[1].d.next = self.lower_tables[1].data.val();
        self.words[2].d.next = self.upper_tables[0].data.val();
        self.words[3].d.next = self.upper_tables[1].data.val();
        self.lower.d.next =
            bit_cast::<19, 18>(self.words[0].q.val()) + bit_cast::<19, 18>(self.words[1].q.val());
        self.upper.d.next =
            bit_cast::<19, 18>(self.words[2].q.val()) + bit_cast::<19, 18>(self.words[3].q.val());
        self.total.d.next =
            bit_cast::<21, 19>(self.lower.q.val()) + bit_cast::<21, 19>(self.upper.q.val());
        self.multiple.next = self.total.q.val();
    }
}

/// lo(p_j·q) + hi(p_(j−1)·q) ≤ 2·(2^18 − 1): one DSP multiplier.
#[derive(LogicBlock)]
pub struct ProductDigit {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// q, clock 8.
    pub q: Signal<In, Bits<18>>,
    /// The same for the next column.
    pub q_out: Signal<Out, Bits<18>>,
    /// High half of the product of the column below, clock 9.
    pub high: Signal<In, Bits<18>>,
    /// High half of the own one, clock 10.
    pub high_out: Signal<Out, Bits<18>>,
    /// The sum, clock 11.
    pub multiple: Signal<Out, Bits<21>>,
    q_1: DFF<Bits<18>>,
    factor: Constant<Bits<18>>,
    multiply: Multiplier18,
    product: Signal<Local, Bits<36>>,
    high_1: DFF<Bits<18>>,
    total: DFF<Bits<21>>,
}

impl ProductDigit {
    /// The digit at place j.
    pub fn new(plan: &Plan, j: usize) -> Self {
        ProductDigit {
            clock: Default::default(),
            q: Default::default(),
            q_out: Default::default(),
            high: Default::default(),
            high_out: Default::default(),
            multiple: Default::default(),
            q_1: Default::default(),
            factor: Constant::new(plan::digit(&plan.modulus(), j).into()),
            multiply: Default::default(),
            product: Default::default(),
            high_1: Default::default(),
            total: Default::default(),
        }
    }
}

impl Logic for ProductDigit {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, q_1, high_1, total);
        clock!(self, clock, multiply);
        self.q_1.d.next = self.q.val();
        self.q_out.next = self.q_1.q.val();
        self.multiply.a.next = self.q.val();
        self.multiply.b.next = self.factor.val();
        self.product.next = self.multiply.p.val();
        self.high_out.next = self.product.val().get_bits::<18>(18);
        self.high_1.d.next = self.high.val();
        self.total.d.next = bit_cast::<21, 18>(self.product.val().get_bits::<18>(0))
            + bit_cast::<21, 18>(self.high_1.q.val());
        self.multiple.next = self.total.q.val();
    }
}

/// The highest digit where multipliers make the others: hi(p_(n−1)·q).
#[derive(LogicBlock)]
pub struct ProductTop {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// High half of the product of the column below, clock 9.
    pub high: Signal<In, Bits<18>>,
    /// The same, clock 11.
    pub multiple: Signal<Out, Bits<21>>,
    waits: Delay<18>,
}

impl Default for ProductTop {
    fn default() -> Self {
        ProductTop {
            clock: Default::default(),
            high: Default::default(),
            multiple: Default::default(),
            waits: Delay::new(2),
        }
    }
}

impl Logic for ProductTop {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, waits);
        self.waits.d.next = self.high.val();
        self.multiple.next = bit_cast::<21, 18>(self.waits.q.val());
    }
}
