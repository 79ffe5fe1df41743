//! Signed digits of scalars, as addresses of buckets.

use super::plan::{ADDRESS, Plan};
use super::serial::Serial;
use crate::leaf::Delay;
use rust_hdl::prelude::*;

/// Clocks from a window's last bit to its digit.
const EMIT: usize = 3;

/// Recodes a scalar bit by bit, while the digits of the one before are being used.
///
/// Half of each window's range is added to the scalar: one bit of each window, with a carry. The window's bits are then
/// m + 2^(w−1)·top, and the digit is m if top is set, m − 2^(w−1) otherwise. Its bucket's address is a sum over
/// m's bits: bucket number |digit| − 1 of the window.
#[derive(LogicBlock)]
pub struct Digits {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets all scalars.
    pub reset: Signal<In, Bit>,
    /// A word of a scalar, the lowest one first.
    pub data: Signal<In, Bits<64>>,
    /// It is there.
    pub valid: Signal<In, Bit>,
    /// It is taken if it is there.
    pub ready: Signal<Out, Bit>,
    /// A scalar's digits are there.
    pub loaded: Signal<Out, Bit>,
    /// In which half of the lanes' memories.
    pub half: Signal<Out, Bit>,
    /// How many are not zero.
    pub nonzero: Signal<Out, Bits<8>>,
    /// They have been used.
    pub take: Signal<In, Bit>,
    /// A digit is there, for each lane.
    pub write: Vec<Signal<Out, Bit>>,
    /// Twice its window's number, and the half.
    pub address: Signal<Out, Bits<7>>,
    /// Its bucket's address, whether it is negative, and whether it is not zero.
    pub digit: Signal<Out, Bits<20>>,
    serial: Serial,
    step: Signal<Local, Bit>,
    is_end: Signal<Local, Bit>,
    total: Signal<Local, Bits<2>>,
    carry: DFF<Bit>,
    /// Bits of the window that still come after this one.
    left: DFF<Bits<5>>,
    window: DFF<Bits<6>>,
    lane: DFF<Bits<8>>,
    /// Σ 2^i·stride over the bits of m so far, and the next bit's summand.
    offset: DFF<Bits<ADDRESS>>,
    addend: DFF<Bits<ADDRESS>>,
    /// Where the window's buckets begin, less one bucket.
    origin: DFF<Bits<ADDRESS>>,
    // the window's end, a clock later, and the address two clocks later
    ended: DFF<Bit>,
    top: DFF<Bit>,
    end_offset: DFF<Bits<ADDRESS>>,
    end_addend: DFF<Bits<ADDRESS>>,
    end_origin: DFF<Bits<ADDRESS>>,
    end_lane: Delay<8>,
    end_place: Delay<7>,
    base: DFF<Bits<ADDRESS>>,
    base_offset: DFF<Bits<ADDRESS>>,
    base_top: DFF<Bit>,
    based: DFF<Bit>,
    address_register: DFF<Bits<ADDRESS>>,
    flags: DFF<Bits<2>>,
    written: DFF<Bit>,
    finish: Delay<1>,
    count: DFF<Bits<8>>,
    counts: [DFF<Bits<8>>; 2],
    // scalars begun, recoded and used, modulo 4; never more than two apart
    begun: DFF<Bits<2>>,
    recoded: DFF<Bits<2>>,
    used: DFF<Bits<2>>,
    full: Signal<Local, Bits<2>>,
    numbers: Vec<Constant<Bits<8>>>,
    first_left: Constant<Bits<5>>,
    stride: Constant<Bits<ADDRESS>>,
    before_first: Constant<Bits<ADDRESS>>,
    last_window: Constant<Bits<6>>,
    last_wide: Constant<Bits<6>>,
    last_lane: Constant<Bits<8>>,
    _lanes: usize,
}

impl Digits {
    /// For the windows of a machine.
    pub fn new(plan: &Plan) -> Self {
        let number = |i: usize| Constant::new((i as u64).into());
        let stride = plan.stride() as u64;
        Digits {
            clock: Default::default(),
            reset: Default::default(),
            data: Default::default(),
            valid: Default::default(),
            ready: Default::default(),
            loaded: Default::default(),
            half: Default::default(),
            nonzero: Default::default(),
            take: Default::default(),
            write: (0..plan.lanes).map(|_| Signal::default()).collect(),
            address: Default::default(),
            digit: Default::default(),
            serial: Serial::new(plan.scalar_words()),
            step: Default::default(),
            is_end: Default::default(),
            total: Default::default(),
            carry: Default::default(),
            left: Default::default(),
            window: Default::default(),
            lane: Default::default(),
            offset: Default::default(),
            addend: Default::default(),
            origin: Default::default(),
            ended: Default::default(),
            top: Default::default(),
            end_offset: Default::default(),
            end_addend: Default::default(),
            end_origin: Default::default(),
            end_lane: Delay::new(EMIT),
            end_place: Delay::new(EMIT),
            base: Default::default(),
            base_offset: Default::default(),
            base_top: Default::default(),
            based: Default::default(),
            address_register: Default::default(),
            flags: Default::default(),
            written: Default::default(),
            finish: Delay::new(EMIT + 1),
            count: Default::default(),
            counts: Default::default(),
            begun: Default::default(),
            recoded: Default::default(),
            used: Default::default(),
            full: Default::default(),
            numbers: (0..plan.lanes).map(number).collect(),
            first_left: Constant::new((plan.widths[0] as u64 - 1).into()),
            stride: Constant::new(stride.into()),
            before_first: Constant::new(((1u64 << ADDRESS) - stride).into()),
            last_window: Constant::new((plan.windows() as u64 - 1).into()),
            last_wide: Constant::new((plan.wide() as u64 - 1).into()),
            last_lane: Constant::new((plan.lanes as u64 - 1).into()),
            _lanes: plan.lanes,
        }
    }
}

impl Logic for Digits {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, carry, left, window, lane, offset, addend, origin
        );
        dff_setup!(self, clock, ended, top, end_offset, end_addend, end_origin);
        dff_setup!(
            self,
            clock,
            base,
            base_offset,
            base_top,
            based,
            address_register,
            flags
        );
        dff_setup!(self, clock, written, count, begun, recoded, used);
        clock!(self, clock, serial, end_lane, end_place, finish);
        self.serial.reset.next = self.reset.val();
        self.serial.data.next = self.data.val();
        self.serial.valid.next = self.valid.val();
        self.ready.next = self.serial.ready.val();
        self.full.next = self.used.q.val() + 2;
        self.step.next = self.serial.there.val() & (self.begun.q.val() != self.full.val());
        self.serial.take.next = self.step.val();
        self.is_end.next = !self.left.q.val().any();
        self.total.next = bit_cast::<2, 1>(self.serial.lowest.val().into())
            + bit_cast::<2, 1>(self.is_end.val().into())
            + bit_cast::<2, 1>(self.carry.q.val().into());
        self.serial.last.next = self.is_end.val()
            & (self.window.q.val() == self.last_window.val())
            & (self.lane.q.val() == self.last_lane.val());
        self.finish.d.next = 0.into();
        self.ended.d.next = false;
        if self.step.val() {
            self.carry.d.next = self.total.val().get_bit(1);
            self.left.d.next = self.left.q.val() - 1;
            self.addend.d.next = self.addend.q.val() << 1;
            if self.total.val().get_bit(0) {
                self.offset.d.next = self.offset.q.val() + self.addend.q.val();
            }
        }
        self.top.d.next = self.total.val().get_bit(0);
        self.end_offset.d.next = self.offset.q.val();
        self.end_addend.d.next = self.addend.q.val();
        self.end_origin.d.next = self.origin.q.val();
        self.end_lane.d.next = self.lane.q.val();
        self.end_place.d.next = (bit_cast::<7, 6>(self.window.q.val()) << 1)
            | bit_cast::<7, 1>(self.begun.q.val().get_bits::<1>(0));
        if self.step.val() & self.is_end.val() {
            self.ended.d.next = true;
            self.offset.d.next = 0.into();
            self.addend.d.next = self.stride.val();
            self.origin.d.next = self.origin.q.val() + self.addend.q.val();
            self.window.d.next = self.window.q.val() + 1;
            self.left.d.next = self.first_left.val();
            if self.window.q.val() >= self.last_wide.val() {
                self.left.d.next = self.first_left.val() - 1;
            }
            if self.window.q.val() == self.last_window.val() {
                self.window.d.next = 0.into();
                self.left.d.next = self.first_left.val();
                self.origin.d.next = self.before_first.val();
                self.lane.d.next = self.lane.q.val() + 1;
            }
            if self.serial.last.val() {
                self.lane.d.next = 0.into();
                self.carry.d.next = false;
                self.begun.d.next = self.begun.q.val() + 1;
                self.finish.d.next = 1.into();
            }
        }
        // what the bucket is reached from, and how far
        self.based.d.next = self.ended.q.val();
        self.base_top.d.next = self.top.q.val();
        self.base_offset.d.next = self.end_offset.q.val();
        self.base.d.next = self.end_origin.q.val();
        if !self.top.q.val() {
            self.base.d.next = self.end_origin.q.val() + self.end_addend.q.val();
        }
        self.written.d.next = self.based.q.val();
        self.flags.d.next = 3.into();
        self.address_register.d.next = self.base.q.val() - self.base_offset.q.val();
        if self.base_top.q.val() {
            self.address_register.d.next = self.base.q.val() + self.base_offset.q.val();
            self.flags.d.next = 0.into();
            if self.base_offset.q.val().any() {
                self.flags.d.next = 2.into();
            }
        }
        self.digit.next = bit_cast::<20, ADDRESS>(self.address_register.q.val())
            | (bit_cast::<20, 2>(self.flags.q.val()) << 18);
        self.address.next = self.end_place.q.val();
        for k in 0..self._lanes {
            self.write[k].next =
                self.written.q.val() & (self.end_lane.q.val() == self.numbers[k].val());
        }
        if self.written.q.val() & self.flags.q.val().get_bit(1) {
            self.count.d.next = self.count.q.val() + 1;
        }
        for i in 0..2 {
            self.counts[i].clock.next = self.clock.val();
            self.counts[i].d.next = self.counts[i].q.val();
        }
        if self.finish.q.val().any() {
            self.recoded.d.next = self.recoded.q.val() + 1;
            self.count.d.next = 0.into();
            if self.recoded.q.val().get_bit(0) {
                self.counts[1].d.next = self.count.q.val();
            } else {
                self.counts[0].d.next = self.count.q.val();
            }
        }
        self.loaded.next = self.recoded.q.val() != self.used.q.val();
        self.half.next = self.used.q.val().get_bit(0);
        self.nonzero.next = self.counts[0].q.val();
        if self.used.q.val().get_bit(0) {
            self.nonzero.next = self.counts[1].q.val();
        }
        if self.take.val() {
            self.used.d.next = self.used.q.val() + 1;
        }
        if self.reset.val() {
            self.begun.d.next = 0.into();
            self.recoded.d.next = 0.into();
            self.used.d.next = 0.into();
            self.finish.d.next = 0.into();
            self.count.d.next = 0.into();
            self.carry.d.next = false;
            self.window.d.next = 0.into();
            self.lane.d.next = 0.into();
            self.left.d.next = self.first_left.val();
            self.offset.d.next = 0.into();
            self.addend.d.next = self.stride.val();
            self.origin.d.next = self.before_first.val();
        }
    }
}
