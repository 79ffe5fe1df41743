//! The streaming core as a card sees it.

use super::coset::Coset;
use super::pipeline::Pipeline;
use super::plan::LOG_N;
use super::reorder::Reorder;
use super::trail::Trail;
use crate::leaf::Reverse;
use rust_hdl::prelude::*;

/// Transforms of 2^12 over Goldilocks, canonical words in natural order in and out: one transform per 4096
/// clocks while words come and go without stalls.
///
/// With cosets (nine more DSP multipliers) word i is multiplied by coset_shift^i, coming in if the transform is
/// forward, going out if it is inverse. A coset or direction other than that of the last coset waits until all
/// transforms are out, and until the table of powers is filled.
#[derive(LogicBlock)]
pub struct StreamCore {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub reset: Signal<In, Bit>,
    /// Asks for a transform, when `ready`; its words follow those of the transforms asked for earlier.
    pub start: Signal<In, Bit>,
    /// log2 of its size: 12.
    pub log_n: Signal<In, Bits<5>>,
    /// Its direction.
    pub inverse: Signal<In, Bit>,
    /// Its coset; 1 is none, and all that a core without cosets knows.
    pub coset_shift: Signal<In, Bits<64>>,
    /// May start.
    pub ready: Signal<Out, Bit>,
    /// The last word of a transform is leaving.
    pub done: Signal<Out, Bit>,
    /// The last start asked for what this core cannot do and was ignored.
    pub fault: Signal<Out, Bit>,
    /// Word in.
    pub in_data: Signal<In, Bits<64>>,
    /// It is there.
    pub in_valid: Signal<In, Bit>,
    /// It is taken.
    pub in_ready: Signal<Out, Bit>,
    /// Word out.
    pub out_data: Signal<Out, Bits<64>>,
    /// It is there.
    pub out_valid: Signal<Out, Bit>,
    /// It is taken.
    pub out_ready: Signal<In, Bit>,
    /// Clocks from the last word in to the first word out, had it not to wait, of the last transform.
    pub cycles: Signal<Out, Bits<32>>,
    pipeline: Pipeline,
    reorder: Reorder,
    coset: Coset,
    /// What the table of powers is of, and whether it is in use at the output.
    shift: DFF<Bits<64>>,
    tabled: DFF<Bit>,
    behind: DFF<Bit>,
    fill: DFF<Bit>,
    /// The transforms that are scaled at the output, of four after each other; the one whose words come in.
    scaled: DFF<Bits<4>>,
    scaling: DFF<Bit>,
    /// Index of the word that comes out of the pipeline and, above, the number of its transform.
    out_seen: DFF<Bits<14>>,
    reverse: Reverse<12>,
    has_coset: Constant<Bit>,
    possible: Signal<Local, Bit>,
    accept: Signal<Local, Bit>,
    /// The word that comes in is the last of its transform.
    last: Signal<Local, Bit>,
    reserve: DFF<Bit>,
    /// The words of a transform come in.
    load: Signal<Local, Bit>,
    faulty: DFF<Bit>,
    /// A transform is asked for, behind the one whose words come in.
    waiting: DFF<Bit>,
    waiting_inverse: DFF<Bit>,
    waiting_shift: DFF<Bits<64>>,
    /// It has been compared with the table of powers: is on no coset, or on that of the table.
    compared: DFF<Bit>,
    plain: DFF<Bit>,
    same: DFF<Bit>,
    fits: Signal<Local, Bit>,
    loading: DFF<Bit>,
    loaded: DFF<Bits<12>>,
    begun: DFF<Bits<2>>,
    inverses: DFF<Bits<4>>,
    now: DFF<Bits<32>>,
    /// When the last word came, of the last two transforms.
    stamps: [DFF<Bits<32>>; 2],
    stamped: DFF<Bit>,
    readable: Trail,
    elapsed: DFF<Bits<32>>,
    read: DFF<Bit>,
    supported: Constant<Bits<5>>,
}

impl StreamCore {
    /// A core with cosets or without.
    pub fn new(has_coset: bool) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            log_n: Default::default(),
            inverse: Default::default(),
            coset_shift: Default::default(),
            ready: Default::default(),
            done: Default::default(),
            fault: Default::default(),
            in_data: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            cycles: Default::default(),
            pipeline: Default::default(),
            reorder: Default::default(),
            coset: Default::default(),
            shift: Default::default(),
            tabled: Default::default(),
            behind: Default::default(),
            fill: Default::default(),
            scaled: Default::default(),
            scaling: Default::default(),
            out_seen: Default::default(),
            reverse: Default::default(),
            has_coset: Constant::new(has_coset),
            possible: Default::default(),
            accept: Default::default(),
            last: Default::default(),
            reserve: Default::default(),
            load: Default::default(),
            faulty: Default::default(),
            waiting: Default::default(),
            waiting_inverse: Default::default(),
            waiting_shift: Default::default(),
            compared: Default::default(),
            plain: Default::default(),
            same: Default::default(),
            fits: Default::default(),
            loading: Default::default(),
            loaded: Default::default(),
            begun: Default::default(),
            inverses: Default::default(),
            now: Default::default(),
            stamps: Default::default(),
            stamped: Default::default(),
            readable: Trail::new(Reorder::LATENCY),
            elapsed: Default::default(),
            read: Default::default(),
            supported: Constant::new(u64::from(LOG_N).into()),
        }
    }
}

impl Logic for StreamCore {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            faulty,
            waiting,
            waiting_inverse,
            waiting_shift,
            compared,
            plain,
            same,
            shift,
            tabled,
            behind,
            fill,
            scaled,
            scaling,
            out_seen,
            loading,
            loaded,
            begun,
            inverses,
            reserve,
            now,
            stamped,
            elapsed,
            read
        );
        for i in 0..2 {
            self.stamps[i].clock.next = self.clock.val();
            self.stamps[i].d.next = self.stamps[i].q.val();
        }
        clock!(self, clock, pipeline, reorder, coset, readable);
        self.coset.reset.next = self.reset.val();
        self.pipeline.reset.next = self.reset.val();
        self.pipeline.inverse.next = self.inverses.q.val();
        self.reorder.reset.next = self.reset.val();
        self.reorder.inverse.next = self.inverses.q.val();
        self.readable.reset.next = self.reset.val();
        // Words in: the last one of a transform waits for a buffer.
        self.in_ready.next =
            self.loading.q.val() & ((!self.loaded.q.val().all()) | self.reorder.room.val());
        self.accept.next = self.in_valid.val()
            & self.loading.q.val()
            & ((!self.loaded.q.val().all()) | self.reorder.room.val());
        self.last.next = self.accept.val() & (self.loaded.q.val().all());
        if self.accept.val() {
            self.loaded.d.next = self.loaded.q.val() + 1;
        }
        self.reserve.d.next = self.last.val();
        self.reorder.reserve.next = self.reserve.q.val();
        // Jobs.
        self.possible.next = (self.log_n.val() == self.supported.val())
            & ((self.coset_shift.val() == 1) | self.has_coset.val());
        self.ready.next = !self.waiting.q.val();
        self.fault.next = self.faulty.q.val();
        self.compared.d.next = self.waiting.q.val();
        self.plain.d.next = self.waiting_shift.q.val() == 1;
        self.same.d.next = self.tabled.q.val()
            & (self.waiting_shift.q.val() == self.shift.q.val())
            & (self.waiting_inverse.q.val() == self.behind.q.val());
        self.fits.next = self.compared.q.val()
            & (self.plain.q.val() | (self.same.q.val() & (!self.coset.busy.val())));
        self.load.next =
            self.waiting.q.val() & self.fits.val() & ((!self.loading.q.val()) | self.last.val());
        if self.load.val() {
            self.waiting.d.next = false;
            self.compared.d.next = false;
            self.scaling.d.next = (!self.plain.q.val()) & (!self.waiting_inverse.q.val());
            self.scaled.d.next = self.scaled.q.val().replace_bit(
                self.begun.q.val().index(),
                (!self.plain.q.val()) & self.waiting_inverse.q.val(),
            );
            self.loading.d.next = true;
            self.begun.d.next = self.begun.q.val() + 1;
            self.inverses.d.next = self
                .inverses
                .q
                .val()
                .replace_bit(self.begun.q.val().index(), self.waiting_inverse.q.val());
        } else if self.last.val() {
            self.loading.d.next = false;
        }
        if self.start.val() & (!self.waiting.q.val()) {
            self.waiting.d.next = self.possible.val();
            self.waiting_inverse.d.next = self.inverse.val();
            self.waiting_shift.d.next = self.coset_shift.val();
            self.faulty.d.next = !self.possible.val();
        }
        // Another coset: once nothing uses the table.
        self.fill.d.next = self.compared.q.val()
            & (!(self.plain.q.val() | self.same.q.val()))
            & (!(self.loading.q.val() | self.reserve.q.val()))
            & self.reorder.idle.val()
            & (!self.fill.q.val());
        if self.fill.q.val() {
            self.compared.d.next = false;
            self.shift.d.next = self.waiting_shift.q.val();
            self.tabled.d.next = true;
            self.behind.d.next = self.waiting_inverse.q.val();
        }
        self.coset.fill.next = self.fill.q.val();
        self.coset.shift.next = self.waiting_shift.q.val();
        // Words go through the coset's multiplier before the pipeline, or behind it.
        self.reverse.a.next = self.out_seen.q.val().get_bits::<12>(0);
        if self.pipeline.out_valid.val() {
            self.out_seen.d.next = self.out_seen.q.val() + 1;
        }
        self.coset.in_valid.next = self.accept.val();
        self.coset.in_word.next = self.in_data.val();
        self.coset.index.next = self.loaded.q.val();
        self.coset.scale.next = self.scaling.q.val();
        self.pipeline.in_valid.next = self.accept.val();
        self.pipeline.in_word.next = self.in_data.val();
        self.reorder.in_valid.next = self.pipeline.out_valid.val();
        self.reorder.in_word.next = self.pipeline.out_word.val();
        if self.behind.q.val() {
            self.coset.in_valid.next = self.pipeline.out_valid.val();
            self.coset.in_word.next = self.pipeline.out_word.val();
            self.coset.index.next = bits::<12>(0) - self.reverse.y.val();
            self.coset.scale.next = self
                .scaled
                .q
                .val()
                .get_bit(self.out_seen.q.val().get_bits::<2>(12).index());
        }
        if self.has_coset.val() & self.behind.q.val() {
            self.reorder.in_valid.next = self.coset.out_valid.val();
            self.reorder.in_word.next = self.coset.out_word.val();
        }
        if self.has_coset.val() & (!self.behind.q.val()) {
            self.pipeline.in_valid.next = self.coset.out_valid.val();
            self.pipeline.in_word.next = self.coset.out_word.val();
        }
        // Words out.
        self.reorder.out_ready.next = self.out_ready.val();
        self.out_valid.next = self.reorder.out_valid.val();
        self.out_data.next = self.reorder.out_word.val();
        self.done.next = self.reorder.done.val();
        // Time.
        self.now.d.next = self.now.q.val() + 1;
        if self.last.val() {
            self.stamped.d.next = !self.stamped.q.val();
            if self.stamped.q.val() {
                self.stamps[1].d.next = self.now.q.val();
            } else {
                self.stamps[0].d.next = self.now.q.val();
            }
        }
        self.readable.enter.next = self.reorder.complete.val();
        if self.readable.leave.val() {
            self.read.d.next = !self.read.q.val();
            self.elapsed.d.next = self.now.q.val() - self.stamps[0].q.val();
            if self.read.q.val() {
                self.elapsed.d.next = self.now.q.val() - self.stamps[1].q.val();
            }
        }
        self.cycles.next = self.elapsed.q.val();
        if self.reset.val() {
            self.faulty.d.next = false;
            self.waiting.d.next = false;
            self.compared.d.next = false;
            self.tabled.d.next = false;
            self.fill.d.next = false;
            self.out_seen.d.next = 0.into();
            self.loading.d.next = false;
            self.loaded.d.next = 0.into();
            self.begun.d.next = 0.into();
            self.reserve.d.next = false;
            self.stamped.d.next = false;
            self.read.d.next = false;
        }
    }
}
