//! Points as they come in.

use super::plan::Plan;
use super::serial::Serial;
use crate::arith::wide::plan;
use crate::leaf::{Delay, Ram, Rom};
use crate::msm::adder::schedule::GIVEN;
use rust_hdl::prelude::*;

/// Turns an affine point into digits of X, Y and −Y, while the digits of the one before are being used.
///
/// Coordinates keep the Montgomery form in which they come: with Z = 1 in that form the point is the same.
#[derive(LogicBlock)]
pub struct Points {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets all points.
    pub reset: Signal<In, Bit>,
    /// A word of x, then of y, the lowest one first; all zero for infinity.
    pub data: Signal<In, Bits<64>>,
    /// It is there.
    pub valid: Signal<In, Bit>,
    /// It is taken if it is there.
    pub ready: Signal<Out, Bit>,
    /// A point is there.
    pub loaded: Signal<Out, Bit>,
    /// It is infinity.
    pub infinite: Signal<Out, Bit>,
    /// It has been used, but for the digits that the addition that begins asks for.
    pub take: Signal<In, Bit>,
    /// An addition begins.
    pub begins: Signal<In, Bit>,
    /// The digit that it asks for.
    pub load_digit: Signal<In, Bits<5>>,
    /// Of which coordinate.
    pub load_coordinate: Signal<In, Bits<2>>,
    /// X's or Z's digit, [`Points::LATENCY`] clocks later.
    pub x_or_z: Signal<Out, Bits<18>>,
    /// Y's and −Y's digits.
    pub ys: [Signal<Out, Bits<18>>; 2],
    /// Whether they are meant.
    pub is_y: Signal<Out, Bit>,
    serial: Serial,
    step: Signal<Local, Bit>,
    is_end: Signal<Local, Bit>,
    digit: DFF<Bits<18>>,
    bits: DFF<Bits<5>>,
    number: DFF<Bits<5>>,
    is_second: DFF<Bit>,
    some: DFF<Bit>,
    modulus: Rom<18, 5>,
    // a clock after the digit's last bit, and two
    complete: DFF<Bit>,
    place: DFF<Bits<6>>,
    complete_y: DFF<Bit>,
    starts: DFF<Bit>,
    borrow: DFF<Bit>,
    difference: Signal<Local, Bits<20>>,
    minus: DFF<Bits<18>>,
    minus_place: DFF<Bits<6>>,
    minus_write: DFF<Bit>,
    finish: Delay<1>,
    infinites: [DFF<Bit>; 2],
    // points begun, whole and used, modulo 4; never more than two apart
    begun: DFF<Bits<2>>,
    whole: DFF<Bits<2>>,
    used: DFF<Bits<2>>,
    full: Signal<Local, Bits<2>>,
    half: DFF<Bit>,
    x: Ram<18, 6>,
    y: Ram<18, 6>,
    minus_y: Ram<18, 6>,
    one: Rom<18, 5>,
    loads: Delay<7>,
    read_place: Signal<Local, Bits<6>>,
    coordinate: DFF<Bits<2>>,
    last_bit: Constant<Bits<5>>,
    last_number: Constant<Bits<5>>,
}

impl Points {
    /// Clocks from asking for a digit to having it: a register before the adder takes it.
    pub const LATENCY: usize = GIVEN - 1;

    /// For the points of a curve.
    pub fn new(plan: &Plan) -> Self {
        let field = plan.curve.base;
        let digits = |x| {
            plan::digits(&plan::integer(x), 32)
                .into_iter()
                .map(Bits::from)
        };
        Points {
            clock: Default::default(),
            reset: Default::default(),
            data: Default::default(),
            valid: Default::default(),
            ready: Default::default(),
            loaded: Default::default(),
            infinite: Default::default(),
            take: Default::default(),
            begins: Default::default(),
            load_digit: Default::default(),
            load_coordinate: Default::default(),
            x_or_z: Default::default(),
            ys: Default::default(),
            is_y: Default::default(),
            serial: Serial::new(field.limbs()),
            step: Default::default(),
            is_end: Default::default(),
            digit: Default::default(),
            bits: Default::default(),
            number: Default::default(),
            is_second: Default::default(),
            some: Default::default(),
            modulus: Rom::new(digits(&field.modulus)),
            complete: Default::default(),
            place: Default::default(),
            complete_y: Default::default(),
            starts: Default::default(),
            borrow: Default::default(),
            difference: Default::default(),
            minus: Default::default(),
            minus_place: Default::default(),
            minus_write: Default::default(),
            finish: Delay::new(2),
            infinites: Default::default(),
            begun: Default::default(),
            whole: Default::default(),
            used: Default::default(),
            full: Default::default(),
            half: Default::default(),
            x: Default::default(),
            y: Default::default(),
            minus_y: Default::default(),
            one: Rom::new(digits(&field.one)),
            loads: Delay::new(Points::LATENCY - 1),
            read_place: Default::default(),
            coordinate: Default::default(),
            last_bit: Constant::new((plan::DIGIT_BITS as u64 - 1).into()),
            last_number: Constant::new((plan.adder.multiplier.digits as u64 - 1).into()),
        }
    }
}

// A point's digits may be overwritten from its last addition's beginning on: the next one's first digit comes 18 clocks
// later at the earliest, its others 18 clocks apart, and Y's after all of X's, while the addition takes X's within
// n + GIVEN clocks and Y's within a period of 12·n.
impl Logic for Points {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, digit, bits, number, is_second, some, complete, place
        );
        dff_setup!(self, clock, complete_y, starts, borrow, minus, minus_place);
        dff_setup!(
            self,
            clock,
            minus_write,
            begun,
            whole,
            used,
            half,
            coordinate
        );
        clock!(
            self, clock, serial, modulus, finish, x, y, minus_y, one, loads
        );
        self.serial.reset.next = self.reset.val();
        self.serial.data.next = self.data.val();
        self.serial.valid.next = self.valid.val();
        self.ready.next = self.serial.ready.val();
        self.full.next = self.used.q.val() + 2;
        self.step.next = self.serial.there.val() & (self.begun.q.val() != self.full.val());
        self.serial.take.next = self.step.val();
        self.is_end.next = self.step.val() & (self.bits.q.val() == self.last_bit.val());
        self.serial.last.next = self.is_end.val() & (self.number.q.val() == self.last_number.val());
        self.finish.d.next = 0.into();
        for i in 0..2 {
            self.infinites[i].clock.next = self.clock.val();
            self.infinites[i].d.next = self.infinites[i].q.val();
        }
        if self.step.val() {
            self.digit.d.next = self.digit.q.val() >> 1;
            if self.serial.lowest.val() {
                self.digit.d.next = (self.digit.q.val() >> 1) | 0x20000;
                self.some.d.next = true;
            }
            self.bits.d.next = self.bits.q.val() + 1;
        }
        if self.is_end.val() {
            self.bits.d.next = 0.into();
            self.number.d.next = self.number.q.val() + 1;
        }
        if self.serial.last.val() {
            self.number.d.next = 0.into();
            self.is_second.d.next = !self.is_second.q.val();
            if self.is_second.q.val() {
                self.begun.d.next = self.begun.q.val() + 1;
                self.finish.d.next = 1.into();
                self.some.d.next = false;
                if self.begun.q.val().get_bit(0) {
                    self.infinites[1].d.next = !(self.some.q.val() | self.serial.lowest.val());
                } else {
                    self.infinites[0].d.next = !(self.some.q.val() | self.serial.lowest.val());
                }
            }
        }
        // the digit
        self.modulus.address.next = self.number.q.val();
        self.complete.d.next = self.is_end.val();
        self.complete_y.d.next = self.is_second.q.val();
        self.starts.d.next = !self.number.q.val().any();
        self.place.d.next = (bit_cast::<6, 1>(self.begun.q.val().get_bits::<1>(0)) << 5)
            | bit_cast::<6, 5>(self.number.q.val());
        self.x.write_address.next = self.place.q.val();
        self.x.write_data.next = self.digit.q.val();
        self.x.write_enable.next = self.complete.q.val() & (!self.complete_y.q.val());
        self.y.write_address.next = self.place.q.val();
        self.y.write_data.next = self.digit.q.val();
        self.y.write_enable.next = self.complete.q.val() & self.complete_y.q.val();
        // p − y, which is less than 0 nowhere: bit 19 is the sign of a digit's difference
        self.difference.next =
            bit_cast::<20, 18>(self.modulus.data.val()) - bit_cast::<20, 18>(self.digit.q.val());
        if self.borrow.q.val() & (!self.starts.q.val()) {
            self.difference.next = bit_cast::<20, 18>(self.modulus.data.val())
                - bit_cast::<20, 18>(self.digit.q.val())
                - 1;
        }
        if self.complete.q.val() {
            self.borrow.d.next = self.difference.val().get_bit(19);
        }
        self.minus.d.next = self.difference.val().get_bits::<18>(0);
        self.minus_place.d.next = self.place.q.val();
        self.minus_write.d.next = self.complete.q.val() & self.complete_y.q.val();
        self.minus_y.write_address.next = self.minus_place.q.val();
        self.minus_y.write_data.next = self.minus.q.val();
        self.minus_y.write_enable.next = self.minus_write.q.val();
        if self.finish.q.val().any() {
            self.whole.d.next = self.whole.q.val() + 1;
        }
        self.loaded.next = self.whole.q.val() != self.used.q.val();
        self.infinite.next = self.infinites[0].q.val();
        if self.used.q.val().get_bit(0) {
            self.infinite.next = self.infinites[1].q.val();
        }
        if self.take.val() {
            self.used.d.next = self.used.q.val() + 1;
        }
        // reads
        if self.begins.val() {
            self.half.d.next = self.used.q.val().get_bit(0);
        }
        self.loads.d.next = (bit_cast::<7, 2>(self.load_coordinate.val()) << 5)
            | bit_cast::<7, 5>(self.load_digit.val());
        self.read_place.next = bit_cast::<6, 5>(self.loads.q.val().get_bits::<5>(0));
        if self.half.q.val() {
            self.read_place.next = bit_cast::<6, 5>(self.loads.q.val().get_bits::<5>(0)) | 32;
        }
        self.x.read_address.next = self.read_place.val();
        self.y.read_address.next = self.read_place.val();
        self.minus_y.read_address.next = self.read_place.val();
        self.x.read_enable.next = true;
        self.y.read_enable.next = true;
        self.minus_y.read_enable.next = true;
        self.one.address.next = self.loads.q.val().get_bits::<5>(0);
        self.coordinate.d.next = self.loads.q.val().get_bits::<2>(5);
        self.x_or_z.next = self.x.read_data.val();
        if self.coordinate.q.val() == 2 {
            self.x_or_z.next = self.one.data.val();
        }
        self.is_y.next = self.coordinate.q.val() == 1;
        self.ys[0].next = self.y.read_data.val();
        self.ys[1].next = self.minus_y.read_data.val();
        if self.reset.val() {
            self.begun.d.next = 0.into();
            self.whole.d.next = 0.into();
            self.used.d.next = 0.into();
            self.finish.d.next = 0.into();
            self.bits.d.next = 0.into();
            self.number.d.next = 0.into();
            self.is_second.d.next = false;
            self.some.d.next = false;
        }
    }
}
