//! A memory of words, and a first-in-first-out line of fixed length.

use rust_hdl::prelude::*;

/// Bits of an address.
pub const ADDRESS: usize = 14;

/// Memory with a port to write and a port to read. A word that is written while it is read may come
/// out either way.
#[derive(LogicBlock)]
pub struct Memory {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Write `write_word`.
    pub write: Signal<In, Bit>,
    /// Where to; only as many bits are looked at as the size needs.
    pub write_address: Signal<In, Bits<ADDRESS>>,
    /// What.
    pub write_word: Signal<In, Bits<64>>,
    /// Read a word; without, `read_word` stays.
    pub read: Signal<In, Bit>,
    /// Which one.
    pub read_address: Signal<In, Bits<ADDRESS>>,
    /// The word read, a clock later.
    pub read_word: Signal<Out, Bits<64>>,
    _words: Vec<Bits<64>>,
}

impl Memory {
    /// A memory of `size` words, 2 to 2^14.
    pub fn new(size: usize) -> Self {
        Self {
            clock: Default::default(),
            write: Default::default(),
            write_address: Default::default(),
            write_word: Default::default(),
            read: Default::default(),
            read_address: Default::default(),
            read_word: Default::default(),
            _words: vec![Bits::default(); size.max(2)],
        }
    }

    fn address_bits(&self) -> u32 {
        self._words.len().next_power_of_two().ilog2()
    }
}

impl Logic for Memory {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let mask = (1 << self.address_bits()) - 1;
            if self.read.val() {
                let place = self.read_address.val().index() & mask;
                self.read_word.next = self._words.get(place).copied().unwrap_or_default();
            }
            if self.write.val() {
                let place = self.write_address.val().index() & mask;
                if let Some(word) = self._words.get_mut(place) {
                    *word = self.write_word.val();
                }
            }
        }
    }

    fn connect(&mut self) {
        self.read_word.connect();
    }

    fn hdl(&self) -> Verilog {
        let last = self._words.len() - 1;
        let top = self.address_bits() - 1;
        Verilog::Custom(format!(
            "\
(* no_rw_check *) reg [63:0] mem [{last}:0];
always @(posedge clock) begin
   if (read) read_word <= mem[read_address[{top}:0]];
   if (write) mem[write_address[{top}:0]] <= write_word;
end
"
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "memory".into(),
            clock: "clock".into(),
            inputs: [
                "write",
                "write_address",
                "write_word",
                "read",
                "read_address",
            ]
            .map(Into::into)
            .into(),
            outputs: vec!["read_word".into()],
        }]
    }
}

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
    memory: Memory,
    head: DFF<Bits<ADDRESS>>,
    tail: DFF<Bits<ADDRESS>>,
    word: DFF<Bits<64>>,
}

impl Line {
    /// Clocks from `leave` to `leave_word`.
    pub const LATENCY: usize = 2;

    /// A line of 2^`log_size` words.
    pub fn new(log_size: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            enter: Default::default(),
            enter_word: Default::default(),
            leave: Default::default(),
            leave_word: Default::default(),
            memory: Memory::new(1 << log_size),
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
        self.memory.write.next = self.enter.val();
        self.memory.write_address.next = self.tail.q.val();
        self.memory.write_word.next = self.enter_word.val();
        self.memory.read.next = true;
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
        self.word.d.next = self.memory.read_word.val();
        self.leave_word.next = self.word.q.val();
    }
}
