//! A bit that accompanies a word through a pipeline.

use rust_hdl::prelude::*;

/// Delays a bit.
#[derive(LogicBlock)]
pub struct Trail {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets all bits on the way.
    pub reset: Signal<In, Bit>,
    /// The bit.
    pub enter: Signal<In, Bit>,
    /// The bit of as many clocks ago as `new` was told.
    pub leave: Signal<Out, Bit>,
    bits: DFF<Bits<32>>,
    last: Constant<Bits<5>>,
}

impl Trail {
    /// A delay of 1 to 32 clocks.
    pub fn new(clocks: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            enter: Default::default(),
            leave: Default::default(),
            bits: Default::default(),
            last: Constant::new((clocks as u64 - 1).into()),
        }
    }
}

impl Logic for Trail {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, bits);
        self.bits.d.next = self.bits.q.val() << 1;
        if self.enter.val() {
            self.bits.d.next = (self.bits.q.val() << 1) | 1;
        }
        if self.reset.val() {
            self.bits.d.next = 0.into();
        }
        self.leave.next = self.bits.q.val().get_bit(self.last.val().index());
    }
}
