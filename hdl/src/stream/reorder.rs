//! Out of bit-reversed order, and through stalls.

use crate::leaf::{Ram, Reverse};
use rust_hdl::prelude::*;

/// Three buffers of 2^12 words: one is filled in bit-reversed order, one is read in natural order, and a
/// third covers the time that a word takes through the transform. Nothing holds back the words that come
/// in: whoever sends a transform reserves a buffer first.
///
/// An inverse transform is a forward one whose words leave in the order 0, N − 1, N − 2, …, 1.
#[derive(LogicBlock, Default)]
pub struct Reorder {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub reset: Signal<In, Bit>,
    /// Takes a buffer for a transform, when there is `room`.
    pub reserve: Signal<In, Bit>,
    /// A buffer is free.
    pub room: Signal<Out, Bit>,
    /// No buffer is taken.
    pub idle: Signal<Out, Bit>,
    /// Whether the transform is an inverse one, for four transforms after each other.
    pub inverse: Signal<In, Bits<4>>,
    /// A word comes in.
    pub in_valid: Signal<In, Bit>,
    /// The word.
    pub in_word: Signal<In, Bits<64>>,
    /// The transform has come in.
    pub complete: Signal<Out, Bit>,
    /// A word is ready to go out.
    pub out_valid: Signal<Out, Bit>,
    /// The word.
    pub out_word: Signal<Out, Bits<64>>,
    /// The word is taken.
    pub out_ready: Signal<In, Bit>,
    /// The last word of a transform is taken.
    pub done: Signal<Out, Bit>,
    buffers: [Ram<64, 12>; 3],
    /// What each gives, and which one is meant.
    words: [DFF<Bits<64>>; 3],
    addressed_buffer: DFF<Bits<2>>,
    looked_up_buffer: DFF<Bits<2>>,
    caught_buffer: DFF<Bits<2>>,
    /// Buffers reserved and not yet read to the end.
    reserved: DFF<Bits<2>>,
    /// Buffers complete and not yet read to the end.
    full: DFF<Bits<2>>,
    write_buffer: DFF<Bits<2>>,
    write_index: DFF<Bits<12>>,
    read_buffer: DFF<Bits<2>>,
    /// Index of the word to read and, above, the number of the transform.
    read_index: DFF<Bits<14>>,
    place: Signal<Local, Bits<12>>,
    reverse: Reverse<12>,
    advance: Signal<Local, Bit>,
    finish: Signal<Local, Bit>,
    address: DFF<Bits<12>>,
    /// Words on their way from the address to the output, the last one of a transform marked.
    addressed: DFF<Bit>,
    addressed_last: DFF<Bit>,
    looked_up: DFF<Bit>,
    looked_up_last: DFF<Bit>,
    caught: DFF<Bit>,
    caught_last: DFF<Bit>,
    valid: DFF<Bit>,
    last: DFF<Bit>,
    word: DFF<Bits<64>>,
}

impl Reorder {
    /// Clocks from the last word of a transform to its first word ready to go out, if it has not to wait.
    pub const LATENCY: usize = 5;
}

impl Logic for Reorder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            reserved,
            full,
            write_buffer,
            write_index,
            read_buffer,
            read_index,
            address,
            addressed,
            addressed_last,
            looked_up,
            looked_up_last,
            caught,
            caught_last,
            addressed_buffer,
            looked_up_buffer,
            caught_buffer,
            valid,
            last,
            word
        );
        for i in 0..3 {
            self.buffers[i].clock.next = self.clock.val();
            self.buffers[i].write_address.next = self.write_index.q.val();
            self.buffers[i].write_data.next = self.in_word.val();
            self.words[i].clock.next = self.clock.val();
            self.words[i].d.next = self.words[i].q.val();
        }
        self.buffers[0].write_enable.next = self.in_valid.val() & (self.write_buffer.q.val() == 0);
        self.buffers[1].write_enable.next = self.in_valid.val() & (self.write_buffer.q.val() == 1);
        self.buffers[2].write_enable.next = self.in_valid.val() & (self.write_buffer.q.val() == 2);
        self.complete.next = self.in_valid.val() & (self.write_index.q.val().all());
        if self.in_valid.val() {
            self.write_index.d.next = self.write_index.q.val() + 1;
        }
        if self.complete.val() {
            self.write_buffer.d.next = self.write_buffer.q.val() + 1;
            if self.write_buffer.q.val() == 2 {
                self.write_buffer.d.next = 0.into();
            }
        }
        // Out.
        self.advance.next = (!self.valid.q.val()) | self.out_ready.val();
        self.place.next = self.read_index.q.val().get_bits::<12>(0);
        if self
            .inverse
            .val()
            .get_bit(self.read_index.q.val().get_bits::<2>(12).index())
        {
            self.place.next = bits::<12>(0) - self.read_index.q.val().get_bits::<12>(0);
        }
        self.reverse.a.next = self.place.val();
        self.finish.next = self.advance.val()
            & (self.full.q.val().any())
            & (self.read_index.q.val().get_bits::<12>(0).all());
        for i in 0..3 {
            self.buffers[i].read_enable.next = self.advance.val();
            self.buffers[i].read_address.next = self.address.q.val();
            if self.advance.val() {
                self.words[i].d.next = self.buffers[i].read_data.val();
            }
        }
        if self.advance.val() {
            self.address.d.next = self.reverse.y.val();
            self.addressed_buffer.d.next = self.read_buffer.q.val();
            self.looked_up_buffer.d.next = self.addressed_buffer.q.val();
            self.caught_buffer.d.next = self.looked_up_buffer.q.val();
            self.addressed.d.next = self.full.q.val().any();
            self.addressed_last.d.next = self.finish.val();
            self.looked_up.d.next = self.addressed.q.val();
            self.looked_up_last.d.next = self.addressed_last.q.val();
            self.caught.d.next = self.looked_up.q.val();
            self.caught_last.d.next = self.looked_up_last.q.val();
            self.valid.d.next = self.caught.q.val();
            self.last.d.next = self.caught_last.q.val();
            self.word.d.next = self.words[0].q.val();
            if self.caught_buffer.q.val() == 1 {
                self.word.d.next = self.words[1].q.val();
            }
            if self.caught_buffer.q.val() == 2 {
                self.word.d.next = self.words[2].q.val();
            }
            if self.full.q.val().any() {
                self.read_index.d.next = self.read_index.q.val() + 1;
            }
        }
        if self.finish.val() {
            self.read_buffer.d.next = self.read_buffer.q.val() + 1;
            if self.read_buffer.q.val() == 2 {
                self.read_buffer.d.next = 0.into();
            }
        }
        self.out_valid.next = self.valid.q.val();
        self.out_word.next = self.word.q.val();
        self.done.next = self.valid.q.val() & self.last.q.val() & self.out_ready.val();
        // Buffers.
        self.room.next = self.reserved.q.val() != 3;
        self.idle.next = self.reserved.q.val() == 0;
        if self.complete.val() & (!self.finish.val()) {
            self.full.d.next = self.full.q.val() + 1;
        }
        if self.finish.val() & (!self.complete.val()) {
            self.full.d.next = self.full.q.val() - 1;
        }
        if self.reserve.val() & (!self.done.val()) {
            self.reserved.d.next = self.reserved.q.val() + 1;
        }
        if self.done.val() & (!self.reserve.val()) {
            self.reserved.d.next = self.reserved.q.val() - 1;
        }
        if self.reset.val() {
            self.reserved.d.next = 0.into();
            self.full.d.next = 0.into();
            self.write_buffer.d.next = 0.into();
            self.write_index.d.next = 0.into();
            self.read_buffer.d.next = 0.into();
            self.read_index.d.next = 0.into();
            self.addressed.d.next = false;
            self.looked_up.d.next = false;
            self.caught.d.next = false;
            self.valid.d.next = false;
        }
    }
}
