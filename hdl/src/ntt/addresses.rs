//! From counts to addresses.

use super::each;
use crate::leaf::Reverse;
use rust_hdl::prelude::*;

/// The element of each port, one clock after the count; the twiddle of each lane, two clocks later.
///
/// Port 2r + 1 is the left one of lane r, port 2r the right one.
#[derive(LogicBlock)]
pub struct Addresses<const K: usize, const BANKS: usize, const B: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Number of the operation within its level, pass or doubling.
    pub count: Signal<In, Bits<K>>,
    /// It is a butterfly.
    pub is_level: Signal<In, Bit>,
    /// It multiplies elements by powers.
    pub is_scale: Signal<In, Bit>,
    /// It makes the first power.
    pub is_seed: Signal<In, Bit>,
    /// It makes a power from another one.
    pub is_doubling: Signal<In, Bit>,
    /// The direction of the job.
    pub inverse: Signal<In, Bit>,
    /// Bits below the level's window.
    pub low: Signal<In, Bits<K>>,
    /// The level's bit.
    pub unit: Signal<In, Bits<K>>,
    /// What each lane adds to the address.
    pub offset: [Signal<In, Bits<K>>; B],
    /// Bits that choose the twiddle.
    pub below: Signal<In, Bits<K>>,
    /// How far they are shifted.
    pub shifts: Signal<In, Bits<5>>,
    /// The address by which a doubling's results are above their origins.
    pub power_unit: Signal<In, Bits<K>>,
    /// Element of each port.
    pub address: [Signal<Out, Bits<K>>; BANKS],
    /// Whether the port wants it.
    pub live: [Signal<Out, Bit>; BANKS],
    /// Whether the port writes it.
    pub writes: [Signal<Out, Bit>; BANKS],
    /// Exponent of each lane's twiddle.
    pub twiddle: [Signal<Out, Bits<K>>; B],
    cut: Signal<Local, Bits<K>>,
    base: Signal<Local, Bits<K>>,
    left_unit: Signal<Local, Bits<K>>,
    right_unit: Signal<Local, Bits<K>>,
    spread: [Signal<Local, Bits<K>>; B],
    addresses: [DFF<Bits<K>>; BANKS],
    lives: [DFF<Bit>; BANKS],
    writing: [DFF<Bit>; BANKS],
    below_register: DFF<Bits<K>>,
    shifts_register: DFF<Bits<5>>,
    masked: [DFF<Bits<K>>; B],
    shifts_masked: DFF<Bits<5>>,
    twiddles: [DFF<Bits<K>>; B],
    count_reversed: Reverse<K>,
    zero: Constant<Bits<K>>,
    lane_bits: Constant<Bits<5>>,
    window_bits: Constant<Bits<5>>,
    lane: [Constant<Bits<K>>; B],
    is_first: [Constant<Bit>; B],
}

impl<const K: usize, const BANKS: usize, const B: usize> Default for Addresses<K, BANKS, B> {
    fn default() -> Self {
        Addresses {
            clock: Default::default(),
            count: Default::default(),
            is_level: Default::default(),
            is_scale: Default::default(),
            is_seed: Default::default(),
            is_doubling: Default::default(),
            inverse: Default::default(),
            low: Default::default(),
            unit: Default::default(),
            offset: each(),
            below: Default::default(),
            shifts: Default::default(),
            power_unit: Default::default(),
            address: each(),
            live: each(),
            writes: each(),
            twiddle: each(),
            cut: Default::default(),
            base: Default::default(),
            left_unit: Default::default(),
            right_unit: Default::default(),
            spread: each(),
            addresses: each(),
            lives: each(),
            writing: each(),
            below_register: Default::default(),
            shifts_register: Default::default(),
            masked: each(),
            shifts_masked: Default::default(),
            twiddles: each(),
            count_reversed: Default::default(),
            zero: Constant::new(0u64.into()),
            lane_bits: Constant::new(u64::from(B.ilog2()).into()),
            window_bits: Constant::new(u64::from(BANKS.ilog2()).into()),
            lane: std::array::from_fn(|lane| Constant::new((lane as u64).into())),
            is_first: std::array::from_fn(|lane| Constant::new(lane == 0)),
        }
    }
}

impl<const K: usize, const BANKS: usize, const B: usize> Logic for Addresses<K, BANKS, B> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, below_register, shifts_register, shifts_masked);
        self.below_register.d.next = self.below.val();
        self.shifts_register.d.next = self.shifts.val();
        self.shifts_masked.d.next = self.shifts_register.q.val();
        self.count_reversed.a.next = self.count.val();
        self.cut.next = ((self.count.val() & (!self.low.val())) << self.window_bits.val())
            | (self.count.val() & self.low.val());
        self.base.next = self.count_reversed.y.val();
        self.left_unit.next = self.zero.val();
        self.right_unit.next = self.zero.val();
        if self.inverse.val() {
            self.base.next = self.count.val();
        }
        if self.is_doubling.val() {
            self.left_unit.next = self.power_unit.val();
        }
        if self.is_scale.val() {
            self.base.next = self.count.val() << self.lane_bits.val();
        }
        if self.is_level.val() {
            self.base.next = self.cut.val();
            self.right_unit.next = self.unit.val();
        }
        for i in 0..BANKS {
            self.addresses[i].clock.next = self.clock.val();
            self.lives[i].clock.next = self.clock.val();
            self.writing[i].clock.next = self.clock.val();
            self.address[i].next = self.addresses[i].q.val();
            self.live[i].next = self.lives[i].q.val();
            self.writes[i].next = self.writing[i].q.val();
        }
        for r in 0..B {
            self.masked[r].clock.next = self.clock.val();
            self.twiddles[r].clock.next = self.clock.val();
            self.spread[r].next = self.lane[r].val();
            if self.is_level.val() {
                self.spread[r].next = self.offset[r].val();
            }
            self.addresses[2 * r].d.next =
                self.base.val() | self.spread[r].val() | self.right_unit.val();
            self.addresses[2 * r + 1].d.next =
                self.base.val() | self.spread[r].val() | self.left_unit.val();
            self.lives[2 * r].d.next = self.is_level.val()
                | self.is_scale.val()
                | ((self.is_seed.val() | self.is_doubling.val()) & self.is_first[r].val());
            self.lives[2 * r + 1].d.next = self.is_level.val()
                | self.is_scale.val()
                | ((self.is_seed.val() | self.is_doubling.val()) & self.is_first[r].val());
            self.writing[2 * r].d.next = self.is_level.val();
            self.writing[2 * r + 1].d.next = true;
            self.masked[r].d.next = self.addresses[2 * r + 1].q.val() & self.below_register.q.val();
            self.twiddles[r].d.next = self.masked[r].q.val() << self.shifts_masked.q.val();
            self.twiddle[r].next = self.twiddles[r].q.val();
        }
    }
}
