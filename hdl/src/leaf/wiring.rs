//! Wires crossed and added without carry.

use rust_hdl::prelude::*;

/// `y` is `a` with its bits in reverse order.
#[derive(LogicBlock, Default)]
pub struct Reverse<const K: usize> {
    /// In.
    pub a: Signal<In, Bits<K>>,
    /// Out.
    pub y: Signal<Out, Bits<K>>,
}

impl<const K: usize> Logic for Reverse<K> {
    fn update(&mut self) {
        let a = self.a.val();
        let mut y = Bits::default();
        for i in 0..K {
            y = y.replace_bit(i, a.get_bit(K - 1 - i));
        }
        self.y.next = y;
    }

    fn connect(&mut self) {
        self.y.connect();
    }

    fn hdl(&self) -> Verilog {
        let bits: Vec<_> = (0..K).map(|i| format!("a[{i}]")).collect();
        Verilog::Custom(format!("always @(*) y = {{{}}};", bits.join(", ")))
    }
}

/// The memory bank of an address: the exclusive sum of its pieces of `B` bits.
///
/// Addresses that differ only within `B` consecutive bits lie in 2^B different banks, because these bits
/// fall on `B` different bits of the sum.
#[derive(LogicBlock, Default)]
pub struct Bank<const K: usize, const B: usize> {
    /// Address.
    pub address: Signal<In, Bits<K>>,
    /// Bank.
    pub bank: Signal<Out, Bits<B>>,
}

impl<const K: usize, const B: usize> Logic for Bank<K, B> {
    fn update(&mut self) {
        let address = self.address.val().to_u64();
        let pieces = (0..K).step_by(B).map(|i| address >> i);
        let sum = pieces.fold(0, |sum, piece| sum ^ piece);
        self.bank.next = (sum & ((1 << B) - 1)).into();
    }

    fn connect(&mut self) {
        self.bank.connect();
    }

    fn hdl(&self) -> Verilog {
        let piece = |i: usize| format!("address[{}:{i}]", (i + B).min(K) - 1);
        let pieces: Vec<_> = (0..K).step_by(B).map(piece).collect();
        Verilog::Custom(format!("always @(*) bank = {};", pieces.join(" ^ ")))
    }
}
