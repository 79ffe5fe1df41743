//! A line of registers.

use super::timing;
use rust_hdl::prelude::*;
use std::collections::VecDeque;

/// `q` is `d` of `depth` clocks ago; the depth is chosen when the block is made.
#[derive(LogicBlock)]
pub struct Delay<const W: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// In.
    pub d: Signal<In, Bits<W>>,
    /// Out, zero until the first word has come through.
    pub q: Signal<Out, Bits<W>>,
    _line: VecDeque<Bits<W>>,
}

impl<const W: usize> Delay<W> {
    /// A line of `depth` registers, which may be none.
    pub fn new(depth: usize) -> Self {
        Delay {
            clock: Default::default(),
            d: Default::default(),
            q: Default::default(),
            _line: vec![Bits::default(); depth].into(),
        }
    }
}

impl<const W: usize> Logic for Delay<W> {
    fn update(&mut self) {
        if self._line.is_empty() {
            self.q.next = self.d.val();
        } else if self.clock.pos_edge() {
            self._line.push_front(self.d.val());
            self._line.pop_back();
            if let Some(last) = self._line.back() {
                self.q.next = *last;
            }
        }
    }

    fn connect(&mut self) {
        self.q.connect();
    }

    fn hdl(&self) -> Verilog {
        if self._line.is_empty() {
            return Verilog::Custom("always @(*) q = d;".into());
        }
        // one wide register, which simulates faster than an array
        let (bits, rest) = (self._line.len() * W, (self._line.len() - 1) * W);
        let shifted = match rest {
            0 => "d".into(),
            _ => format!("{{line[{}:0], d}}", rest - 1),
        };
        Verilog::Custom(format!(
            "reg [{}:0] line = 0;\n\
             always @(posedge clock) line <= {shifted};\n\
             always @(*) q = line[{}:{rest}];",
            bits - 1,
            bits - 1
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![timing("delay", &["d"], "q")]
    }
}
