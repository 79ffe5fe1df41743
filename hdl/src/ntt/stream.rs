//! Words in and words out.

use crate::leaf::Reverse;
use rust_hdl::prelude::*;

/// Counts the words of a job in and says where each belongs: word i goes to address i with its lowest n
/// bits reversed, or −i mod N for the inverse, so that the transform itself is always the same.
///
/// The count is kept in steps of 2^(K−n): its reversal over K bits is then that of i over n bits.
#[derive(LogicBlock, Default)]
pub struct Loader<const W: usize, const K: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Starts over.
    pub reset: Signal<In, Bit>,
    /// A job is being loaded.
    pub loading: Signal<In, Bit>,
    /// Half its size.
    pub half: Signal<In, Bits<K>>,
    /// Its direction.
    pub inverse: Signal<In, Bit>,
    /// Its buffer.
    pub buffer: Signal<In, Bit>,
    /// The stream.
    pub in_data: Signal<In, Bits<W>>,
    /// The stream's word is there.
    pub in_valid: Signal<In, Bit>,
    /// The stream's word is taken.
    pub in_ready: Signal<Out, Bit>,
    /// The last word is taken.
    pub loaded: Signal<Out, Bit>,
    /// Writes a word, one clock after it was taken.
    pub write: Signal<Out, Bit>,
    /// Into this buffer.
    pub to_buffer: Signal<Out, Bit>,
    /// At this address.
    pub address: Signal<Out, Bits<K>>,
    /// This word.
    pub data: Signal<Out, Bits<W>>,
    open: DFF<Bit>,
    count: DFF<Bits<K>>,
    stride: DFF<Bits<K>>,
    taken: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    write_register: DFF<Bit>,
    buffer_register: DFF<Bit>,
    address_register: DFF<Bits<K>>,
    data_register: DFF<Bits<W>>,
    step: Reverse<K>,
    place: Reverse<K>,
}

impl<const W: usize, const K: usize> Logic for Loader<W, K> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, open, count, stride);
        dff_setup!(self, clock, write_register, buffer_register);
        dff_setup!(self, clock, address_register, data_register);
        self.step.a.next = self.half.val();
        self.place.a.next = self.count.q.val();
        self.stride.d.next = self.step.y.val();
        if self.inverse.val() {
            self.stride.d.next = bits::<K>(0) - self.step.y.val();
        }
        self.in_ready.next = self.open.q.val();
        self.taken.next = self.open.q.val() & self.in_valid.val();
        // count + stride ≡ 0 mod 2^K, without carries; the count is then 0 again
        self.last.next = (self.count.q.val() ^ self.stride.q.val())
            == ((self.count.q.val() | self.stride.q.val()) << 1);
        self.loaded.next = self.taken.val() & self.last.val();
        self.open.d.next = self.loading.val();
        if self.taken.val() {
            self.count.d.next = self.count.q.val() + self.stride.q.val();
        }
        if self.taken.val() & self.last.val() {
            self.open.d.next = false;
        }
        if self.reset.val() {
            self.open.d.next = false;
            self.count.d.next = 0.into();
        }
        self.write_register.d.next = self.taken.val();
        self.buffer_register.d.next = self.buffer.val();
        self.address_register.d.next = self.place.y.val();
        self.data_register.d.next = self.in_data.val();
        self.write.next = self.write_register.q.val();
        self.to_buffer.next = self.buffer_register.q.val();
        self.address.next = self.address_register.q.val();
        self.data.next = self.data_register.q.val();
    }
}

/// Clocks from an address to its word: the choice of a buffer's user, memory, words.
const READ: usize = 3;

/// Reads a finished job word by word: addresses to the memory, words from it three clocks later to the
/// stream, all of it standing still while the stream does.
#[derive(LogicBlock, Default)]
pub struct Unloader<const W: usize, const K: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Starts over.
    pub reset: Signal<In, Bit>,
    /// A job is ready.
    pub finished: Signal<In, Bit>,
    /// Half its size.
    pub half: Signal<In, Bits<K>>,
    /// The last word leaves.
    pub unloaded: Signal<Out, Bit>,
    /// The memory may read.
    pub advance: Signal<Out, Bit>,
    /// Where.
    pub address: Signal<Out, Bits<K>>,
    /// The address of `data`.
    pub read_address: Signal<Out, Bits<K>>,
    /// The word that was read.
    pub data: Signal<In, Bits<W>>,
    /// The stream.
    pub out_data: Signal<Out, Bits<W>>,
    /// The stream's word is there.
    pub out_valid: Signal<Out, Bit>,
    /// The stream's word is taken.
    pub out_ready: Signal<In, Bit>,
    open: DFF<Bit>,
    top: DFF<Bits<K>>,
    count: DFF<Bits<K>>,
    moves: Signal<Local, Bit>,
    reads: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    exhausted: DFF<Bit>,
    // of the words on their way through the memory
    counts: [DFF<Bits<K>>; READ],
    valid: [DFF<Bit>; READ],
    lasts: [DFF<Bit>; READ],
    word: DFF<Bits<W>>,
    word_valid: DFF<Bit>,
    word_last: DFF<Bit>,
    leaves: Signal<Local, Bit>,
}

impl<const W: usize, const K: usize> Logic for Unloader<W, K> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, open, top, count, exhausted, word, word_valid, word_last
        );
        for i in 0..READ {
            self.counts[i].clock.next = self.clock.val();
            self.valid[i].clock.next = self.clock.val();
            self.lasts[i].clock.next = self.clock.val();
            self.counts[i].d.next = self.counts[i].q.val();
            self.valid[i].d.next = self.valid[i].q.val();
            self.lasts[i].d.next = self.lasts[i].q.val();
        }
        self.moves.next = self.out_ready.val() | !self.word_valid.q.val();
        self.reads.next = self.open.q.val() & !self.exhausted.q.val();
        self.top.d.next = (self.half.val() << 1) - 1;
        self.last.next = self.count.q.val() == self.top.q.val();
        if self.moves.val() {
            self.counts[0].d.next = self.count.q.val();
            self.valid[0].d.next = self.reads.val();
            self.lasts[0].d.next = self.last.val();
            for i in 1..READ {
                self.counts[i].d.next = self.counts[i - 1].q.val();
                self.valid[i].d.next = self.valid[i - 1].q.val();
                self.lasts[i].d.next = self.lasts[i - 1].q.val();
            }
            self.word.d.next = self.data.val();
            self.word_valid.d.next = self.valid[2].q.val();
            self.word_last.d.next = self.lasts[2].q.val();
        }
        if self.moves.val() & self.reads.val() {
            self.count.d.next = self.count.q.val() + 1;
            if self.last.val() {
                self.count.d.next = 0.into();
                self.exhausted.d.next = true;
            }
        }
        self.leaves.next = self.word_valid.q.val() & self.word_last.q.val() & self.out_ready.val();
        self.open.d.next = self.finished.val();
        if self.leaves.val() {
            self.open.d.next = false;
            self.exhausted.d.next = false;
        }
        if self.reset.val() {
            self.open.d.next = false;
            self.count.d.next = 0.into();
            self.exhausted.d.next = false;
            self.word_valid.d.next = false;
            for i in 0..READ {
                self.valid[i].d.next = false;
            }
        }
        self.unloaded.next = self.leaves.val();
        self.advance.next = self.moves.val();
        self.address.next = self.count.q.val();
        self.read_address.next = self.counts[2].q.val();
        self.out_data.next = self.word.q.val();
        self.out_valid.next = self.word_valid.q.val();
    }
}
