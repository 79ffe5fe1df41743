//! Six levels of butterflies, all of whose twiddles are powers of two.

use super::stage::Stage;
use super::turn::Turn;
use rust_hdl::prelude::*;

/// Transforms of 64 over words that are a stride apart: in with times ascending, out with frequencies
/// in bit-reversed order.
#[derive(LogicBlock)]
pub struct Unit {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub reset: Signal<In, Bit>,
    /// A word comes in.
    pub in_valid: Signal<In, Bit>,
    /// The word, canonical.
    pub in_word: Signal<In, Bits<64>>,
    /// A word goes out.
    pub out_valid: Signal<Out, Bit>,
    /// The word, canonical.
    pub out_word: Signal<Out, Bits<64>>,
    stages: [Stage; 6],
    turns: [Turn; 5],
}

impl Unit {
    /// Clocks from the last word of a block to the first word out.
    pub const LATENCY: usize = 6 * Stage::LATENCY + 5 * Turn::LATENCY;

    /// Words are 2^`log_stride` apart, `log_stride` ≤ 6.
    pub fn new(log_stride: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            in_valid: Default::default(),
            in_word: Default::default(),
            out_valid: Default::default(),
            out_word: Default::default(),
            stages: std::array::from_fn(|i| Stage::new(log_stride + 5 - i)),
            turns: std::array::from_fn(|i| Turn::new(i, log_stride)),
        }
    }
}

impl Logic for Unit {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..6 {
            self.stages[i].clock.next = self.clock.val();
            self.stages[i].reset.next = self.reset.val();
        }
        self.stages[0].in_valid.next = self.in_valid.val();
        self.stages[0].in_word.next = self.in_word.val();
        for i in 0..5 {
            self.turns[i].clock.next = self.clock.val();
            self.turns[i].reset.next = self.reset.val();
            self.turns[i].in_valid.next = self.stages[i].out_valid.val();
            self.turns[i].in_word.next = self.stages[i].out_word.val();
            self.stages[i + 1].in_valid.next = self.turns[i].out_valid.val();
            self.stages[i + 1].in_word.next = self.turns[i].out_word.val();
        }
        self.out_valid.next = self.stages[5].out_valid.val();
        self.out_word.next = self.stages[5].out_word.val();
    }
}
