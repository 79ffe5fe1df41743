//! Words of which one is not zero.

use super::timing;
use rust_hdl::prelude::*;

/// The or of all inputs, a clock later.
#[derive(LogicBlock)]
pub struct Any<const W: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Words.
    pub words: Vec<Signal<In, Bits<W>>>,
    /// Their or.
    pub any: Signal<Out, Bits<W>>,
}

impl<const W: usize> Any<W> {
    /// Of so many words, at least one.
    pub fn new(count: usize) -> Self {
        Any {
            clock: Default::default(),
            words: (0..count.max(1)).map(|_| Default::default()).collect(),
            any: Default::default(),
        }
    }
}

impl<const W: usize> Logic for Any<W> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let words = self.words.iter().map(|word| word.val());
            self.any.next = words.fold(Bits::default(), |any, word| any | word);
        }
    }

    fn connect(&mut self) {
        self.any.connect();
    }

    fn hdl(&self) -> Verilog {
        let words: Vec<_> = (0..self.words.len())
            .map(|i| format!("words${i}"))
            .collect();
        Verilog::Custom(format!(
            "initial any = 0;\nalways @(posedge clock) any <= {};",
            words.join(" | ")
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![timing("any", &[], "any")]
    }
}
