//! A memory of points, larger than a block memory.

use super::plan::ADDRESS;
use crate::leaf::{Any, Ram};
use rust_hdl::prelude::*;

/// Digits in block memories of 2^10, whose own registers are used. What is written can be read two clocks later.
#[derive(LogicBlock)]
pub struct Store {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Where to read.
    pub read_address: Signal<In, Bits<ADDRESS>>,
    /// The digit, [`Store::LATENCY`] clocks later.
    pub read_data: Signal<Out, Bits<18>>,
    /// Where to write.
    pub write_address: Signal<In, Bits<ADDRESS>>,
    /// What to write.
    pub write_data: Signal<In, Bits<18>>,
    /// Whether to write.
    pub write: Signal<In, Bit>,
    blocks: Vec<Ram<18, 10>>,
    words: Vec<DFF<Bits<18>>>,
    numbers: Vec<Constant<Bits<8>>>,
    number: DFF<Bits<8>>,
    reads: Vec<DFF<Bit>>,
    writes: Vec<DFF<Bit>>,
    address: DFF<Bits<10>>,
    data: DFF<Bits<18>>,
    digit: Any<18>,
    _count: usize,
}

impl Store {
    /// Clocks of a read.
    pub const LATENCY: usize = 3;

    /// A memory of so many digits.
    pub fn new(digits: usize) -> Self {
        let count = digits.div_ceil(1 << 10);
        let number = |i: usize| Constant::new((i as u64).into());
        let last = digits - (count - 1) * (1 << 10);
        let size = |i: usize| if i + 1 == count { last } else { 1 << 10 };
        Store {
            clock: Default::default(),
            read_address: Default::default(),
            read_data: Default::default(),
            write_address: Default::default(),
            write_data: Default::default(),
            write: Default::default(),
            blocks: (0..count).map(|i| Ram::new(size(i))).collect(),
            words: (0..count).map(|_| DFF::default()).collect(),
            numbers: (0..count).map(number).collect(),
            number: Default::default(),
            reads: (0..count).map(|_| DFF::default()).collect(),
            writes: (0..count).map(|_| DFF::default()).collect(),
            address: Default::default(),
            data: Default::default(),
            digit: Any::new(count),
            _count: count,
        }
    }
}

impl Logic for Store {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, number, address, data);
        clock!(self, clock, digit);
        self.number.d.next = self.read_address.val().get_bits::<8>(10);
        self.address.d.next = self.write_address.val().get_bits::<10>(0);
        self.data.d.next = self.write_data.val();
        for i in 0..self._count {
            self.blocks[i].clock.next = self.clock.val();
            self.words[i].clock.next = self.clock.val();
            self.reads[i].clock.next = self.clock.val();
            self.writes[i].clock.next = self.clock.val();
            self.blocks[i].read_address.next = self.read_address.val().get_bits::<10>(0);
            self.blocks[i].read_enable.next = true;
            self.words[i].d.next = self.blocks[i].read_data.val();
            self.reads[i].d.next = self.number.q.val() == self.numbers[i].val();
            self.digit.words[i].next = 0.into();
            if self.reads[i].q.val() {
                self.digit.words[i].next = self.words[i].q.val();
            }
            self.writes[i].d.next = self.write.val()
                & (self.write_address.val().get_bits::<8>(10) == self.numbers[i].val());
            self.blocks[i].write_address.next = self.address.q.val();
            self.blocks[i].write_data.next = self.data.q.val();
            self.blocks[i].write_enable.next = self.writes[i].q.val();
        }
        self.read_data.next = self.digit.any.val();
    }
}
