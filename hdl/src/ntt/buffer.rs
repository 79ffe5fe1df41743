//! The memory of one job.

use super::each;
use crate::leaf::Ram;
use rust_hdl::prelude::*;

/// Banks of memory that belong to the transform while `computing`, and to the streams otherwise. All inputs but
/// `unload` reach the memories a clock later: whose they are is chosen in front of a register.
#[derive(LogicBlock)]
pub struct Buffer<const W: usize, const H: usize, const LB: usize, const BANKS: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Whose the memory is.
    pub computing: Signal<In, Bit>,
    /// The transform reads, bank by bank.
    pub read_address: [Signal<In, Bits<H>>; BANKS],
    /// The transform writes, bank by bank.
    pub write_enable: [Signal<In, Bit>; BANKS],
    /// Where it writes.
    pub write_address: [Signal<In, Bits<H>>; BANKS],
    /// What it writes.
    pub write_data: [Signal<In, Bits<W>>; BANKS],
    /// A word is loaded.
    pub load: Signal<In, Bit>,
    /// Into this bank.
    pub load_bank: Signal<In, Bits<LB>>,
    /// At this address.
    pub load_address: Signal<In, Bits<H>>,
    /// This word.
    pub load_data: Signal<In, Bits<W>>,
    /// Words are unloaded: what the streams have asked for moves on by a clock.
    pub unload: Signal<In, Bit>,
    /// From this address of every bank.
    pub unload_address: Signal<In, Bits<H>>,
    /// What was read, three clocks later; it stands still while words are unloaded and `unload` is off.
    pub data: [Signal<Out, Bits<W>>; BANKS],
    banks: [Ram<W, H>; BANKS],
    own: DFF<Bit>,
    moves: Signal<Local, Bit>,
    reads: [DFF<Bits<H>>; BANKS],
    writes: [DFF<Bit>; BANKS],
    places: [DFF<Bits<H>>; BANKS],
    written: [DFF<Bits<W>>; BANKS],
    // a memory is as slow as all logic between two registers may be
    words: [DFF<Bits<W>>; BANKS],
    index: [Constant<Bits<LB>>; BANKS],
}

impl<const W: usize, const H: usize, const LB: usize, const BANKS: usize> Default
    for Buffer<W, H, LB, BANKS>
{
    fn default() -> Self {
        Buffer {
            clock: Default::default(),
            computing: Default::default(),
            read_address: each(),
            write_enable: each(),
            write_address: each(),
            write_data: each(),
            load: Default::default(),
            load_bank: Default::default(),
            load_address: Default::default(),
            load_data: Default::default(),
            unload: Default::default(),
            unload_address: Default::default(),
            data: each(),
            banks: each(),
            own: Default::default(),
            moves: Default::default(),
            reads: each(),
            writes: each(),
            places: each(),
            written: each(),
            words: each(),
            index: std::array::from_fn(|i| Constant::new((i as u64).into())),
        }
    }
}

impl<const W: usize, const H: usize, const LB: usize, const BANKS: usize> Logic
    for Buffer<W, H, LB, BANKS>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, own);
        self.own.d.next = self.computing.val();
        self.moves.next = self.own.q.val() | self.unload.val();
        for i in 0..BANKS {
            self.banks[i].clock.next = self.clock.val();
            self.reads[i].clock.next = self.clock.val();
            self.writes[i].clock.next = self.clock.val();
            self.places[i].clock.next = self.clock.val();
            self.written[i].clock.next = self.clock.val();
            self.words[i].clock.next = self.clock.val();
            self.reads[i].d.next = self.reads[i].q.val();
            self.words[i].d.next = self.words[i].q.val();
            if self.unload.val() {
                self.reads[i].d.next = self.unload_address.val();
            }
            self.writes[i].d.next = self.load.val() & (self.load_bank.val() == self.index[i].val());
            self.places[i].d.next = self.load_address.val();
            self.written[i].d.next = self.load_data.val();
            if self.own.q.val() {
                self.reads[i].d.next = self.read_address[i].val();
                self.writes[i].d.next = self.write_enable[i].val();
                self.places[i].d.next = self.write_address[i].val();
                self.written[i].d.next = self.write_data[i].val();
            }
            self.banks[i].read_enable.next = self.moves.val();
            self.banks[i].read_address.next = self.reads[i].q.val();
            self.banks[i].write_enable.next = self.writes[i].q.val();
            self.banks[i].write_address.next = self.places[i].q.val();
            self.banks[i].write_data.next = self.written[i].q.val();
            if self.moves.val() {
                self.words[i].d.next = self.banks[i].read_data.val();
            }
            self.data[i].next = self.words[i].q.val();
        }
    }
}
