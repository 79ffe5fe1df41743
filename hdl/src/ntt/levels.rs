//! Which elements each level pairs.

use super::each;
use rust_hdl::prelude::*;

/// The window of address bits in which the elements of one operation differ, level by level.
///
/// Level s pairs elements that differ in bit s. The lanes take further bits: those above s, as long as there
/// are enough below log2 N; then the window stays at the top and bit s moves up through it, changing
/// places with a lane's bit.
#[derive(LogicBlock)]
pub struct Levels<const K: usize, const B: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// To level 0.
    pub first: Signal<In, Bit>,
    /// To the next level.
    pub climb: Signal<In, Bit>,
    /// Half the size.
    pub half: Signal<In, Bits<K>>,
    /// 2^s.
    pub unit: Signal<Out, Bits<K>>,
    /// Bits below s: they choose the twiddle.
    pub below: Signal<Out, Bits<K>>,
    /// How far the twiddle's number is shifted: K − 1 − s.
    pub shifts: Signal<Out, Bits<5>>,
    /// Bits below the window.
    pub low: Signal<Out, Bits<K>>,
    /// What each lane adds to the address.
    pub offset: [Signal<Out, Bits<K>>; B],
    /// Number of a level's last operation.
    pub last_operation: Signal<Out, Bits<K>>,
    /// Number of the last operation where each lane takes one element.
    pub last_pass: Signal<Out, Bits<K>>,
    /// This is the last level; a clock late.
    pub is_last: Signal<Out, Bit>,
    unit_register: DFF<Bits<K>>,
    below_register: DFF<Bits<K>>,
    shifts_register: DFF<Bits<5>>,
    low_register: DFF<Bits<K>>,
    top: DFF<Bits<K>>,
    offsets: [DFF<Bits<K>>; B],
    above: Signal<Local, Bits<K>>,
    groups: Signal<Local, Bits<K>>,
    operation_register: DFF<Bits<K>>,
    pass_register: DFF<Bits<K>>,
    last_register: DFF<Bit>,
    one: Constant<Bits<K>>,
    first_top: Constant<Bits<K>>,
    first_shifts: Constant<Bits<5>>,
    first_offset: [Constant<Bits<K>>; B],
    lane_bits: Constant<Bits<5>>,
}

impl<const K: usize, const B: usize> Default for Levels<K, B> {
    fn default() -> Self {
        Levels {
            clock: Default::default(),
            first: Default::default(),
            climb: Default::default(),
            half: Default::default(),
            unit: Default::default(),
            below: Default::default(),
            shifts: Default::default(),
            low: Default::default(),
            offset: each(),
            last_operation: Default::default(),
            last_pass: Default::default(),
            is_last: Default::default(),
            unit_register: Default::default(),
            below_register: Default::default(),
            shifts_register: Default::default(),
            low_register: Default::default(),
            top: Default::default(),
            offsets: each(),
            above: Default::default(),
            groups: Default::default(),
            operation_register: Default::default(),
            pass_register: Default::default(),
            last_register: Default::default(),
            one: Constant::new(1u64.into()),
            first_top: Constant::new((B as u64).into()),
            first_shifts: Constant::new((K as u64 - 1).into()),
            first_offset: std::array::from_fn(|lane| Constant::new((2 * lane as u64).into())),
            lane_bits: Constant::new(u64::from(B.ilog2()).into()),
        }
    }
}

impl<const K: usize, const B: usize> Logic for Levels<K, B> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, unit_register, below_register, shifts_register);
        dff_setup!(
            self,
            clock,
            low_register,
            top,
            operation_register,
            pass_register,
            last_register
        );
        for r in 0..B {
            self.offsets[r].clock.next = self.clock.val();
            self.offsets[r].d.next = self.offsets[r].q.val();
            self.offset[r].next = self.offsets[r].q.val();
        }
        self.above.next = self.unit_register.q.val() << 1;
        if self.climb.val() {
            self.unit_register.d.next = self.above.val();
            self.below_register.d.next = (self.below_register.q.val() << 1) | self.one.val();
            self.shifts_register.d.next = self.shifts_register.q.val() - 1;
            if self.top.q.val() < self.half.val() {
                self.top.d.next = self.top.q.val() << 1;
                self.low_register.d.next = (self.low_register.q.val() << 1) | self.one.val();
                for r in 0..B {
                    self.offsets[r].d.next = self.offsets[r].q.val() << 1;
                }
            } else {
                for r in 0..B {
                    if (self.offsets[r].q.val() & self.above.val()).any() {
                        self.offsets[r].d.next = (self.offsets[r].q.val() ^ self.above.val())
                            | self.unit_register.q.val();
                    }
                }
            }
        }
        if self.first.val() {
            self.unit_register.d.next = self.one.val();
            self.below_register.d.next = 0.into();
            self.shifts_register.d.next = self.first_shifts.val();
            self.low_register.d.next = 0.into();
            self.top.d.next = self.first_top.val();
            for r in 0..B {
                self.offsets[r].d.next = self.first_offset[r].val();
            }
        }
        // a size below 2·B takes one operation, whose other elements nobody will ask for
        self.groups.next = self.half.val() >> self.lane_bits.val();
        self.operation_register.d.next = self.groups.val() - self.one.val();
        self.pass_register.d.next = (self.groups.val() << 1) - self.one.val();
        if !self.groups.val().any() {
            self.operation_register.d.next = 0.into();
            self.pass_register.d.next = 0.into();
        }
        self.last_register.d.next =
            (self.unit_register.q.val() == self.half.val()) & !self.first.val() & !self.climb.val();
        self.unit.next = self.unit_register.q.val();
        self.below.next = self.below_register.q.val();
        self.shifts.next = self.shifts_register.q.val();
        self.low.next = self.low_register.q.val();
        self.last_operation.next = self.operation_register.q.val();
        self.last_pass.next = self.pass_register.q.val();
        self.is_last.next = self.last_register.q.val();
    }
}
