//! Several pipelines on one chip.

use super::pipeline::Pipeline;
use rust_hdl::prelude::*;

/// Lanes one behind the other, each a whole [`Pipeline`]: what a part holds, with the pins of one lane.
///
/// Lane i transforms what lane i − 1 gives, so that all of them work at every clock.
#[derive(LogicBlock)]
pub struct Chain {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub reset: Signal<In, Bit>,
    /// As [`Pipeline`] takes it, for every lane.
    pub inverse: Signal<In, Bits<4>>,
    /// A word comes in.
    pub in_valid: Signal<In, Bit>,
    /// The word, canonical.
    pub in_word: Signal<In, Bits<64>>,
    /// A word goes out.
    pub out_valid: Signal<Out, Bit>,
    /// The word, canonical.
    pub out_word: Signal<Out, Bits<64>>,
    lanes: Vec<Pipeline>,
}

impl Chain {
    /// `lanes` pipelines, at least one.
    pub fn new(lanes: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            inverse: Default::default(),
            in_valid: Default::default(),
            in_word: Default::default(),
            out_valid: Default::default(),
            out_word: Default::default(),
            lanes: (0..lanes.max(1)).map(|_| Pipeline::default()).collect(),
        }
    }
}

// The kernel language of rust-hdl has no loops of a length that is known at run time only.
impl Logic for Chain {
    fn update(&mut self) {
        let mut word = (self.in_valid.val(), self.in_word.val());
        for lane in &mut self.lanes {
            lane.clock.next = self.clock.val();
            lane.reset.next = self.reset.val();
            lane.inverse.next = self.inverse.val();
            (lane.in_valid.next, lane.in_word.next) = word;
            word = (lane.out_valid.val(), lane.out_word.val());
        }
        (self.out_valid.next, self.out_word.next) = word;
    }

    fn connect(&mut self) {
        for lane in &mut self.lanes {
            lane.clock.connect();
            lane.reset.connect();
            lane.inverse.connect();
            lane.in_valid.connect();
            lane.in_word.connect();
        }
        self.out_valid.connect();
        self.out_word.connect();
    }

    fn hdl(&self) -> Verilog {
        let mut lines = vec![];
        let mut assign = |to: String, from: String| lines.push(format!("   {to} = {from};"));
        let last = self.lanes.len() - 1;
        for i in 0..=last {
            for port in ["clock", "reset", "inverse"] {
                assign(format!("lanes${i}${port}"), port.into());
            }
            for port in ["valid", "word"] {
                let before = i.checked_sub(1).map(|i| format!("lanes${i}$out_{port}"));
                let from = before.unwrap_or_else(|| format!("in_{port}"));
                assign(format!("lanes${i}$in_{port}"), from);
            }
        }
        for port in ["valid", "word"] {
            assign(format!("out_{port}"), format!("lanes${last}$out_{port}"));
        }
        Verilog::Custom(format!("always @(*) begin\n{}\nend", lines.join("\n")))
    }
}
