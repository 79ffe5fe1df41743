//! Words as single bits.

use rust_hdl::prelude::*;

/// Words of 64 bits, bit by bit from the lowest one on; an item has so many words, and zeros behind them.
#[derive(LogicBlock)]
pub struct Serial {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets the words.
    pub reset: Signal<In, Bit>,
    /// A word.
    pub data: Signal<In, Bits<64>>,
    /// It is there.
    pub valid: Signal<In, Bit>,
    /// It is taken if it is there.
    pub ready: Signal<Out, Bit>,
    /// The next bit.
    pub lowest: Signal<Out, Bit>,
    /// It is there.
    pub there: Signal<Out, Bit>,
    /// It is taken.
    pub take: Signal<In, Bit>,
    /// It is the item's last one.
    pub last: Signal<In, Bit>,
    word: DFF<Bits<64>>,
    left: DFF<Bits<7>>,
    words: DFF<Bits<4>>,
    is_whole: Signal<Local, Bit>,
    count: Constant<Bits<4>>,
}

impl Serial {
    /// For items of so many words, at most 15.
    pub fn new(words: usize) -> Self {
        Serial {
            clock: Default::default(),
            reset: Default::default(),
            data: Default::default(),
            valid: Default::default(),
            ready: Default::default(),
            lowest: Default::default(),
            there: Default::default(),
            take: Default::default(),
            last: Default::default(),
            word: Default::default(),
            left: Default::default(),
            words: Default::default(),
            is_whole: Default::default(),
            count: Constant::new((words as u64).into()),
        }
    }
}

impl Logic for Serial {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, word, left, words);
        self.is_whole.next = self.words.q.val() == self.count.val();
        self.there.next = self.left.q.val().any() | self.is_whole.val();
        self.lowest.next = self.left.q.val().any() & self.word.q.val().get_bit(0);
        self.ready.next = (!self.left.q.val().any()) & (!self.is_whole.val());
        if self.valid.val() & (!self.left.q.val().any()) & (!self.is_whole.val()) {
            self.word.d.next = self.data.val();
            self.left.d.next = 64.into();
            self.words.d.next = self.words.q.val() + 1;
        }
        if self.take.val() & self.left.q.val().any() {
            self.word.d.next = self.word.q.val() >> 1;
            self.left.d.next = self.left.q.val() - 1;
        }
        if self.reset.val() | (self.take.val() & self.last.val()) {
            self.left.d.next = 0.into();
            self.words.d.next = 0.into();
        }
    }
}
