//! A first-in-first-out line of fixed length.

use crate::leaf::Ram;
use rust_hdl::prelude::*;

/// Bits of the addresses of a line.
const ADDRESS: usize = 11;

/// Words come out in the order in which they went in. The user never holds more than `size` words.
#[derive(LogicBlock)]
pub struct Line {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets all words.
    pub reset: Signal<In, Bit>,
    /// Puts `enter_word` in.
    pub enter: Signal<In, Bit>,
    /// The word.
    pub enter_word: Signal<In, Bits<64>>,
    /// Takes the next word out, which entered a clock ago or earlier.
    pub leave: Signal<In, Bit>,
    /// The word taken `LATENCY` clocks ago.
    pub leave_word: Signal<Out, Bits<64>>,
    memory: Ram<64, ADDRESS>,
    head: DFF<Bits<ADDRESS>>,
    tail: DFF<Bits<ADDRESS>>,
    word: DFF<Bits<64>>,
}

impl Line {
    /// Clocks from `leave` to `leave_word`.
    pub const LATENCY: usize = 2;

    /// A line of 2^`log_size` words, `log_size` ≤ 11.
    pub fn new(log_size: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            enter: Default::default(),
            enter_word: Default::default(),
            leave: Default::default(),
            leave_word: Default::default(),
            memory: Ram::new(1 << log_size),
            head: Default::default(),
            tail: Default::default(),
            word: Default::default(),
        }
    }
}

impl Logic for Line {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, head, tail, word);
        self.memory.clock.next = self.clock.val();
        self.memory.write_enable.next = self.enter.val();
        self.memory.write_address.next = self.tail.q.val();
        self.memory.write_data.next = self.enter_word.val();
        self.memory.read_enable.next = true;
        self.memory.read_address.next = self.head.q.val();
        if self.enter.val() {
            self.tail.d.next = self.tail.q.val() + 1;
        }
        if self.leave.val() {
            self.head.d.next = self.head.q.val() + 1;
        }
        if self.reset.val() {
            self.head.d.next = 0.into();
            self.tail.d.next = 0.into();
        }
        self.word.d.next = self.memory.read_data.val();
        self.leave_word.next = self.word.q.val();
    }
}
