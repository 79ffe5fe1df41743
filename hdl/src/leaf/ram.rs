//! Block memories with a registered read.

use super::timing;
use rust_hdl::prelude::*;

/// Words of W bits, 2^A of them unless told otherwise, one port to write and one to read; all zero at the
/// start. Address bits that their number does not need are ignored.
///
/// A word that is written can be read from the next clock on; what a read in the same clock gives is
/// undefined, so that no tool has to build a bypass (`no_rw_check`).
#[derive(LogicBlock)]
pub struct Ram<const W: usize, const A: usize> {
    /// Clock of both ports.
    pub clock: Signal<In, Clock>,
    /// Where to read.
    pub read_address: Signal<In, Bits<A>>,
    /// Whether `read_data` changes at the clock.
    pub read_enable: Signal<In, Bit>,
    /// The word, one clock later.
    pub read_data: Signal<Out, Bits<W>>,
    /// Where to write.
    pub write_address: Signal<In, Bits<A>>,
    /// What to write.
    pub write_data: Signal<In, Bits<W>>,
    /// Whether to write.
    pub write_enable: Signal<In, Bit>,
    _words: Vec<Bits<W>>,
}

impl<const W: usize, const A: usize> Default for Ram<W, A> {
    fn default() -> Self {
        Self::new(1 << A)
    }
}

impl<const W: usize, const A: usize> Ram<W, A> {
    /// A memory of so many words, at least 2 and at most 2^A.
    pub fn new(words: usize) -> Self {
        Ram {
            clock: Default::default(),
            read_address: Default::default(),
            read_enable: Default::default(),
            read_data: Default::default(),
            write_address: Default::default(),
            write_data: Default::default(),
            write_enable: Default::default(),
            _words: vec![Bits::default(); words.clamp(2, 1 << A)],
        }
    }
}

impl<const W: usize, const A: usize> Logic for Ram<W, A> {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        let places = self._words.len().next_power_of_two();
        let place = |address: Bits<A>| address.to_u64() as usize % places;
        if self.read_enable.val() {
            let word = self._words.get(place(self.read_address.val()));
            self.read_data.next = word.copied().unwrap_or_default();
        }
        if self.write_enable.val() {
            let address = place(self.write_address.val());
            if let Some(word) = self._words.get_mut(address) {
                *word = self.write_data.val();
            }
        }
    }

    fn connect(&mut self) {
        self.read_data.connect();
    }

    fn hdl(&self) -> Verilog {
        let bits = self._words.len().next_power_of_two().ilog2() as usize;
        let slice = match bits {
            _ if bits == A => String::new(),
            _ => format!("[{}:0]", bits - 1),
        };
        Verilog::Custom(format!(
            "{}\
             always @(posedge clock) if (write_enable) words[write_address{slice}] <= write_data;\n\
             always @(posedge clock) if (read_enable) read_data <= words[read_address{slice}];",
            declaration(W, self._words.len())
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        let inputs = [
            "read_address",
            "read_enable",
            "write_address",
            "write_data",
            "write_enable",
        ];
        vec![timing("ram", &inputs, "read_data")]
    }
}

/// Constant words of W bits, a power of two of them; address bits above their number are ignored.
#[derive(LogicBlock)]
pub struct Rom<const W: usize, const A: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Where to read.
    pub address: Signal<In, Bits<A>>,
    /// The word, one clock later.
    pub data: Signal<Out, Bits<W>>,
    _words: Vec<Bits<W>>,
}

impl<const W: usize, const A: usize> Rom<W, A> {
    /// These words, at most 2^A of them, and zeros up to the next power of two (at least two words).
    pub fn new(words: impl IntoIterator<Item = Bits<W>>) -> Self {
        let mut words: Vec<_> = words.into_iter().take(1 << A).collect();
        words.resize(words.len().next_power_of_two().max(2), Bits::default());
        Rom {
            clock: Default::default(),
            address: Default::default(),
            data: Default::default(),
            _words: words,
        }
    }
}

impl<const W: usize, const A: usize> Logic for Rom<W, A> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let address = self.address.val().to_u64() as usize;
            self.data.next = self._words[address % self._words.len()];
        }
    }

    fn connect(&mut self) {
        self.data.connect();
    }

    fn hdl(&self) -> Verilog {
        let bits = self._words.len().ilog2() as usize;
        let word = |(i, word): (usize, &Bits<W>)| {
            format!("words[{i}] = {:x};\n", VerilogLiteral::from(*word))
        };
        let words: String = self._words.iter().enumerate().map(word).collect();
        Verilog::Custom(format!(
            "{}initial begin\n{words}end\nalways @(posedge clock) data <= words[address[{}:0]];",
            declaration(W, self._words.len()),
            bits - 1
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![timing("rom", &["address"], "data")]
    }
}

fn declaration(width: usize, words: usize) -> String {
    let (top, last) = (width - 1, words - 1);
    format!("(* no_rw_check *) reg [{top}:0] words [0:{last}];\n")
}
