//! BabyBear and KoalaBear, p = 2^31 − 2^s + 1: canonical operands in, canonical results out, one result
//! per clock.
//!
//! The product is Montgomery's with R = 2^32. 1/p ≡ 1 + 2^s + 2^31 mod 2^32 for both fields (the test of
//! this module computes it), so that the reduction takes shifts and sums and no multiplier.

use crate::leaf::{Delay, Multiplier18};
use proofmill_field::FieldSpec;
use rust_hdl::prelude::*;

/// left + right mod p.
#[derive(LogicBlock)]
pub struct Add {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Summand.
    pub left: Signal<In, Bits<31>>,
    /// Summand.
    pub right: Signal<In, Bits<31>>,
    /// The sum, [`Add::LATENCY`] clocks later.
    pub sum: Signal<Out, Bits<31>>,
    whole: DFF<Bits<32>>,
    reduced: Signal<Local, Bits<32>>,
    out: DFF<Bits<31>>,
    p: Constant<Bits<32>>,
}

impl Add {
    /// Clocks from operands to result.
    pub const LATENCY: usize = 2;

    /// Addition in a field of 31 bits.
    pub fn new(field: &FieldSpec) -> Self {
        Add {
            clock: Default::default(),
            left: Default::default(),
            right: Default::default(),
            sum: Default::default(),
            whole: Default::default(),
            reduced: Default::default(),
            out: Default::default(),
            p: Constant::new(field.modulus[0].into()),
        }
    }
}

impl Logic for Add {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, whole, out);
        self.whole.d.next =
            bit_cast::<32, 31>(self.left.val()) + bit_cast::<32, 31>(self.right.val());
        // in [−p, p), p < 2^31
        self.reduced.next = self.whole.q.val() - self.p.val();
        self.out.d.next = self.reduced.val().get_bits::<31>(0);
        if self.reduced.val().get_bit(31) {
            self.out.d.next = self.whole.q.val().get_bits::<31>(0);
        }
        self.sum.next = self.out.q.val();
    }
}

/// left − right mod p.
#[derive(LogicBlock)]
pub struct Subtract {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Minuend.
    pub left: Signal<In, Bits<31>>,
    /// Subtrahend.
    pub right: Signal<In, Bits<31>>,
    /// The difference, [`Subtract::LATENCY`] clocks later.
    pub difference: Signal<Out, Bits<31>>,
    whole: DFF<Bits<32>>,
    correction: Signal<Local, Bits<31>>,
    out: DFF<Bits<31>>,
    zero: Constant<Bits<31>>,
    p: Constant<Bits<31>>,
}

impl Subtract {
    /// Clocks from operands to result.
    pub const LATENCY: usize = 2;

    /// Subtraction in a field of 31 bits.
    pub fn new(field: &FieldSpec) -> Self {
        Subtract {
            clock: Default::default(),
            left: Default::default(),
            right: Default::default(),
            difference: Default::default(),
            whole: Default::default(),
            correction: Default::default(),
            out: Default::default(),
            zero: Constant::new(0u64.into()),
            p: Constant::new(field.modulus[0].into()),
        }
    }
}

impl Logic for Subtract {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, whole, out);
        self.whole.d.next =
            bit_cast::<32, 31>(self.left.val()) - bit_cast::<32, 31>(self.right.val());
        self.correction.next = self.zero.val();
        if self.whole.q.val().get_bit(31) {
            self.correction.next = self.p.val();
        }
        self.out.d.next = self.whole.q.val().get_bits::<31>(0) + self.correction.val();
        self.difference.next = self.out.q.val();
    }
}

/// left · right / 2^32 mod p: three DSP multipliers.
#[derive(LogicBlock)]
pub struct Multiply {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Factor.
    pub left: Signal<In, Bits<31>>,
    /// Factor.
    pub right: Signal<In, Bits<31>>,
    /// The product, [`Multiply::LATENCY`] clocks later.
    pub product: Signal<Out, Bits<31>>,
    left_limbs: [DFF<Bits<18>>; 3],
    right_limbs: [DFF<Bits<18>>; 3],
    multipliers: [Multiplier18; 3],
    low: Signal<Local, Bits<36>>,
    high: Signal<Local, Bits<36>>,
    ends: DFF<Bits<62>>,
    ends_1: DFF<Bits<62>>,
    ends_sum: DFF<Bits<36>>,
    all: DFF<Bits<36>>,
    middle: DFF<Bits<36>>,
    whole: DFF<Bits<62>>,
    whole_low: Signal<Local, Bits<32>>,
    partial: Signal<Local, Bits<32>>,
    factor: DFF<Bits<32>>,
    factor_1: Signal<Local, Bits<63>>,
    cancelled: DFF<Bits<32>>,
    multiple: DFF<Bits<63>>,
    carry: DFF<Bits<32>>,
    top: Delay<32>,
    difference: DFF<Bits<32>>,
    taken: Signal<Local, Bits<32>>,
    correction: Signal<Local, Bits<31>>,
    out: DFF<Bits<31>>,
    s: Constant<Bits<5>>,
    zero: Constant<Bits<31>>,
    one: Constant<Bits<32>>,
    p: Constant<Bits<31>>,
}

impl Multiply {
    /// Clocks from operands to result.
    pub const LATENCY: usize = 8 + Multiplier18::LATENCY;

    /// Multiplication in a field of 31 bits with p = 2^31 − 2^s + 1.
    pub fn new(field: &FieldSpec) -> Self {
        Multiply {
            clock: Default::default(),
            left: Default::default(),
            right: Default::default(),
            product: Default::default(),
            left_limbs: Default::default(),
            right_limbs: Default::default(),
            multipliers: Default::default(),
            low: Default::default(),
            high: Default::default(),
            ends: Default::default(),
            ends_1: Default::default(),
            ends_sum: Default::default(),
            all: Default::default(),
            middle: Default::default(),
            whole: Default::default(),
            whole_low: Default::default(),
            partial: Default::default(),
            factor: Default::default(),
            factor_1: Default::default(),
            cancelled: Default::default(),
            multiple: Default::default(),
            carry: Default::default(),
            top: Delay::new(2),
            difference: Default::default(),
            taken: Default::default(),
            correction: Default::default(),
            out: Default::default(),
            s: Constant::new(u64::from(field.two_adicity).into()),
            zero: Constant::new(0u64.into()),
            one: Constant::new(1u64.into()),
            p: Constant::new(field.modulus[0].into()),
        }
    }
}

impl Logic for Multiply {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, ends, ends_1, ends_sum, all, middle, whole, factor
        );
        dff_setup!(self, clock, cancelled, multiple, carry, difference, out);
        self.top.clock.next = self.clock.val();
        for i in 0..3 {
            self.left_limbs[i].clock.next = self.clock.val();
            self.right_limbs[i].clock.next = self.clock.val();
            self.multipliers[i].clock.next = self.clock.val();
            self.multipliers[i].a.next = self.left_limbs[i].q.val();
            self.multipliers[i].b.next = self.right_limbs[i].q.val();
        }
        // Karatsuba: limbs of 16 and 15 bits, and their sum of 17
        self.left_limbs[0].d.next = bit_cast::<18, 16>(self.left.val().get_bits::<16>(0));
        self.left_limbs[1].d.next = bit_cast::<18, 15>(self.left.val().get_bits::<15>(16));
        self.left_limbs[2].d.next = bit_cast::<18, 16>(self.left.val().get_bits::<16>(0))
            + bit_cast::<18, 15>(self.left.val().get_bits::<15>(16));
        self.right_limbs[0].d.next = bit_cast::<18, 16>(self.right.val().get_bits::<16>(0));
        self.right_limbs[1].d.next = bit_cast::<18, 15>(self.right.val().get_bits::<15>(16));
        self.right_limbs[2].d.next = bit_cast::<18, 16>(self.right.val().get_bits::<16>(0))
            + bit_cast::<18, 15>(self.right.val().get_bits::<15>(16));
        self.low.next = self.multipliers[0].p.val(); // < 2^32
        self.high.next = self.multipliers[1].p.val(); // < 2^30
        self.ends.d.next =
            (bit_cast::<62, 36>(self.high.val()) << 32) | bit_cast::<62, 36>(self.low.val());
        self.ends_1.d.next = self.ends.q.val();
        self.ends_sum.d.next = self.low.val() + self.high.val();
        self.all.d.next = self.multipliers[2].p.val();
        self.middle.d.next = self.all.q.val() - self.ends_sum.q.val(); // < 2^33
        self.whole.d.next = self.ends_1.q.val() + (bit_cast::<62, 36>(self.middle.q.val()) << 16);
        // factor = whole / p mod 2^32, so that whole − factor · p is 2^32 times the result
        self.whole_low.next = self.whole.q.val().get_bits::<32>(0);
        self.partial.next = self.whole_low.val() + (self.whole_low.val() << self.s.val());
        self.factor.d.next = self.partial.val() + (self.whole_low.val() << 31);
        self.cancelled.d.next = self.whole_low.val();
        self.top.d.next = bit_cast::<32, 30>(self.whole.q.val().get_bits::<30>(32));
        // factor · p = multiple + factor, whose low word is that of the product: it carries where the
        // low word is less than the factor
        self.factor_1.next = bit_cast::<63, 32>(self.factor.q.val());
        self.multiple.d.next = (self.factor_1.val() << 31) - (self.factor_1.val() << self.s.val());
        self.carry.d.next = bit_cast::<32, 31>(self.zero.val());
        if self.cancelled.q.val() < self.factor.q.val() {
            self.carry.d.next = self.one.val();
        }
        // in (−p, p)
        self.taken.next =
            bit_cast::<32, 31>(self.multiple.q.val().get_bits::<31>(32)) + self.carry.q.val();
        self.difference.d.next = self.top.q.val() - self.taken.val();
        self.correction.next = self.zero.val();
        if self.difference.q.val().get_bit(31) {
            self.correction.next = self.p.val();
        }
        self.out.d.next = self.difference.q.val().get_bits::<31>(0) + self.correction.val();
        self.product.next = self.out.q.val();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::verilog;
    use crate::sim::{self, Model};
    use proofmill_field::{FieldId, Random, int};

    const FIELDS: [FieldId; 2] = [FieldId::BabyBear, FieldId::KoalaBear];

    /// Edges against edges, then random pairs.
    fn operands(field: FieldId, count: usize) -> [Vec<u64>; 2] {
        let p = field.spec().modulus[0];
        let half = p / 2;
        let edges = [
            0,
            1,
            2,
            0xffff,
            0x10000,
            0x10001,
            half,
            half + 1,
            p - 2,
            p - 1,
        ];
        let pairs = edges
            .iter()
            .flat_map(|a| edges.iter().map(move |b| (*a, *b)));
        let mut random = Random::seeded(31);
        let mut word = || random.element(field)[0];
        let random = (0..count).map(|_| (word(), word())).collect::<Vec<_>>();
        let (left, right) = pairs.chain(random).unzip();
        [left, right]
    }

    fn check(
        text: &str,
        output: &str,
        latency: usize,
        field: FieldId,
        judge: impl Fn(u64, u64) -> u64,
    ) {
        let [left, right] = operands(field, 100_000);
        let mut model = Model::new(text).unwrap();
        let inputs: [(&str, &[u64]); 2] = [("left", &left), ("right", &right)];
        let found = sim::full_rate(&mut model, &inputs, output, latency).unwrap();
        let expected: Vec<_> = left
            .iter()
            .zip(&right)
            .map(|(a, b)| judge(*a, *b))
            .collect();
        assert_eq!(found.len(), expected.len());
        let wrong = (0..found.len()).find(|i| found[*i] != expected[*i]);
        assert_eq!(
            wrong.map(|i| (left[i], right[i], found[i], expected[i])),
            None,
            "{field}"
        );
    }

    #[test]
    fn the_inverse_of_p_is_three_powers_of_two() {
        for field in FIELDS.map(FieldId::spec) {
            let inverse = 1 + (1u64 << field.two_adicity) + (1 << 31);
            assert_eq!((inverse.wrapping_mul(field.modulus[0])) as u32, 1);
            assert_eq!(field.modulus[0], (1 << 31) - (1 << field.two_adicity) + 1);
        }
    }

    #[test]
    fn sums_differences_and_products_are_the_fields() {
        if sim::is_missing() {
            return;
        }
        for field in FIELDS {
            let spec = field.spec();
            let naive = |operation: fn(&FieldSpec, &int::Int, &int::Int) -> int::Int| {
                move |a, b| operation(spec, &int::small(a), &int::small(b))[0]
            };
            let text = verilog(Add::new(spec)).unwrap();
            check(&text, "sum", Add::LATENCY, field, naive(FieldSpec::add));
            let text = verilog(Subtract::new(spec)).unwrap();
            check(
                &text,
                "difference",
                Subtract::LATENCY,
                field,
                naive(FieldSpec::sub),
            );
            let text = verilog(Multiply::new(spec)).unwrap();
            check(
                &text,
                "product",
                Multiply::LATENCY,
                field,
                naive(FieldSpec::mul),
            );
        }
    }

    #[test]
    fn rust_hdl_agrees_with_itself() {
        let field = FieldId::BabyBear;
        let [left, right] = operands(field, 100);
        let mut block = Multiply::new(field.spec());
        block.connect_all();
        let mut found = Vec::new();
        for i in 0..left.len() + Multiply::LATENCY {
            block.left.next = left[i % left.len()].into();
            block.right.next = right[i % left.len()].into();
            sim::tick_block(&mut block, |block, level| block.clock.next = level);
            found.push(block.product.val().to_u64());
        }
        for i in 0..left.len() {
            let expected = field
                .spec()
                .mul(&int::small(left[i]), &int::small(right[i]))[0];
            assert_eq!(found[i + Multiply::LATENCY - 1], expected);
        }
    }
}
