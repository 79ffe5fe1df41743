//! A factor from two kept values.

use rust_hdl::prelude::*;

/// x, x + y, x + 2·y or x − y + offset, four clocks later, digit by digit.
#[derive(LogicBlock, Default)]
pub struct Front {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// A digit of x.
    pub x: Signal<In, Bits<18>>,
    /// A digit of y.
    pub y: Signal<In, Bits<18>>,
    /// A digit of a multiple of p that is not less than y.
    pub offset: Signal<In, Bits<18>>,
    /// As the table has it: whether y counts, twice, and is taken away.
    pub how: Signal<In, Bits<3>>,
    /// They are the first digits.
    pub first: Signal<In, Bit>,
    /// A digit of the factor.
    pub factor: Signal<Out, Bits<18>>,
    x_1: DFF<Bits<18>>,
    y_1: DFF<Bits<18>>,
    offset_1: DFF<Bits<18>>,
    how_1: DFF<Bits<3>>,
    left: DFF<Bits<21>>,
    right: DFF<Bits<21>>,
    is_minus: DFF<Bit>,
    is_first: [DFF<Bit>; 3],
    partial: DFF<Bits<21>>,
    carry: Signal<Local, Bits<21>>,
    total: DFF<Bits<21>>,
}

impl Front {
    /// Clocks from the values to the factor.
    pub const LATENCY: usize = 4;
}

// Two's complement of 21 bits: a partial sum lies in −2^18 … 3·2^18, a carry in −2 … 3.
impl Logic for Front {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, left, right, is_minus, partial, total);
        dff_setup!(self, clock, x_1, y_1, offset_1, how_1);
        for i in 0..3 {
            self.is_first[i].clock.next = self.clock.val();
        }
        for i in 0..2 {
            self.is_first[i + 1].d.next = self.is_first[i].q.val();
        }
        self.is_first[0].d.next = self.first.val();
        // block memories are slow: a register before anything is added
        self.x_1.d.next = self.x.val();
        self.y_1.d.next = self.y.val();
        self.offset_1.d.next = self.offset.val();
        self.how_1.d.next = self.how.val();
        self.left.d.next = bit_cast::<21, 18>(self.x_1.q.val());
        if self.how_1.q.val().get_bit(2) {
            self.left.d.next =
                bit_cast::<21, 18>(self.x_1.q.val()) + bit_cast::<21, 18>(self.offset_1.q.val());
        }
        self.right.d.next = 0.into();
        if self.how_1.q.val().get_bit(0) {
            self.right.d.next = bit_cast::<21, 18>(self.y_1.q.val());
        }
        if self.how_1.q.val().get_bit(1) {
            self.right.d.next = bit_cast::<21, 18>(self.y_1.q.val()) << 1;
        }
        self.is_minus.d.next = self.how_1.q.val().get_bit(2);
        self.partial.d.next = self.left.q.val() + self.right.q.val();
        if self.is_minus.q.val() {
            self.partial.d.next = self.left.q.val() - self.right.q.val();
        }
        // the carry's sign is bit 20 of the sum before
        self.carry.next = bit_cast::<21, 3>(self.total.q.val().get_bits::<3>(18));
        if self.total.q.val().get_bit(20) {
            self.carry.next = bit_cast::<21, 3>(self.total.q.val().get_bits::<3>(18)) | 0x1ffff8;
        }
        if self.is_first[2].q.val() {
            self.carry.next = 0.into();
        }
        self.total.d.next = self.partial.q.val() + self.carry.val();
        self.factor.next = self.total.q.val().get_bits::<18>(0);
    }
}
