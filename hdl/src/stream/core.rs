//! The streaming core as a card sees it.

use super::coset::Coset;
use super::jobs::Jobs;
use super::pipeline::Pipeline;
use super::plan::LOG_N;
use super::reorder::Reorder;
use super::stopwatch::Stopwatch;
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
    jobs: Jobs,
    pipeline: Pipeline,
    reorder: Reorder,
    coset: Coset,
    /// The words of a transform come in; so many are in.
    loading: DFF<Bit>,
    loaded: DFF<Bits<12>>,
    /// Only the last one is missing.
    closing: DFF<Bit>,
    /// They are multiplied on their way in.
    scaling: DFF<Bit>,
    full: Signal<Local, Bit>,
    accept: Signal<Local, Bit>,
    /// The word that comes in is the last of its transform.
    last: Signal<Local, Bit>,
    /// The word that came in a clock ago.
    entered: DFF<Bit>,
    entered_word: DFF<Bits<64>>,
    entered_index: DFF<Bits<12>>,
    entered_scale: DFF<Bit>,
    reserve: DFF<Bit>,
    /// Transforms loaded; of four after each other the inverse ones, and those multiplied on their way out.
    begun: DFF<Bits<2>>,
    inverses: DFF<Bits<4>>,
    scaled: DFF<Bits<4>>,
    /// Index of the word that comes out of the pipeline and, above, the number of its transform.
    out_seen: DFF<Bits<14>>,
    reverse: Reverse<12>,
    readable: Trail,
    stopwatch: Stopwatch,
    has_coset: Constant<Bit>,
    before_last: Constant<Bits<12>>,
}

impl StreamCore {
    /// Clocks from a word in to the pipeline, or the coset's multiplier.
    pub const ENTRY: usize = 1;

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
            jobs: Jobs::new(has_coset),
            pipeline: Default::default(),
            reorder: Default::default(),
            coset: Default::default(),
            loading: Default::default(),
            loaded: Default::default(),
            closing: Default::default(),
            scaling: Default::default(),
            full: Default::default(),
            accept: Default::default(),
            last: Default::default(),
            entered: Default::default(),
            entered_word: Default::default(),
            entered_index: Default::default(),
            entered_scale: Default::default(),
            reserve: Default::default(),
            begun: Default::default(),
            inverses: Default::default(),
            scaled: Default::default(),
            out_seen: Default::default(),
            reverse: Default::default(),
            readable: Trail::new(Reorder::LATENCY),
            stopwatch: Default::default(),
            has_coset: Constant::new(has_coset),
            before_last: Constant::new(((1u64 << LOG_N) - 2).into()),
        }
    }
}

impl Logic for StreamCore {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, loading, loaded, scaling, reserve, begun, inverses, scaled, out_seen
        );
        dff_setup!(self, clock, closing, entered, entered_word);
        dff_setup!(self, clock, entered_index, entered_scale);
        clock!(
            self, clock, jobs, pipeline, reorder, coset, readable, stopwatch
        );
        self.jobs.reset.next = self.reset.val();
        self.coset.reset.next = self.reset.val();
        self.pipeline.reset.next = self.reset.val();
        self.pipeline.inverse.next = self.inverses.q.val();
        self.reorder.reset.next = self.reset.val();
        self.reorder.inverse.next = self.inverses.q.val();
        self.readable.reset.next = self.reset.val();
        // Words in: the last one of a transform waits for a buffer.
        self.full.next = self.closing.q.val() & (!self.reorder.room.val());
        self.in_ready.next = self.loading.q.val() & (!self.full.val());
        self.accept.next = self.in_valid.val() & self.loading.q.val() & (!self.full.val());
        self.last.next = self.accept.val() & self.closing.q.val();
        if self.accept.val() {
            self.loaded.d.next = self.loaded.q.val() + 1;
            self.closing.d.next = self.loaded.q.val() == self.before_last.val();
        }
        self.entered.d.next = self.accept.val();
        self.entered_word.d.next = self.in_data.val();
        self.entered_index.d.next = self.loaded.q.val();
        self.entered_scale.d.next = self.scaling.q.val();
        self.reserve.d.next = self.last.val();
        self.reorder.reserve.next = self.reserve.q.val();
        // Jobs.
        self.jobs.start.next = self.start.val();
        self.jobs.log_n.next = self.log_n.val();
        self.jobs.inverse.next = self.inverse.val();
        self.jobs.coset_shift.next = self.coset_shift.val();
        self.ready.next = self.jobs.ready.val();
        self.fault.next = self.jobs.fault.val();
        self.jobs.free.next = (!self.loading.q.val()) | self.last.val();
        self.jobs.empty.next =
            (!(self.loading.q.val() | self.reserve.q.val())) & self.reorder.idle.val();
        self.jobs.busy.next = self.coset.busy.val();
        self.coset.fill.next = self.jobs.fill.val();
        self.coset.shift.next = self.jobs.shift.val();
        if self.last.val() {
            self.loading.d.next = false;
        }
        if self.jobs.load.val() {
            self.loading.d.next = true;
            self.scaling.d.next = self.jobs.load_coset.val() & (!self.jobs.load_inverse.val());
            self.begun.d.next = self.begun.q.val() + 1;
            self.inverses.d.next = self
                .inverses
                .q
                .val()
                .replace_bit(self.begun.q.val().index(), self.jobs.load_inverse.val());
            self.scaled.d.next = self.scaled.q.val().replace_bit(
                self.begun.q.val().index(),
                self.jobs.load_coset.val() & self.jobs.load_inverse.val(),
            );
        }
        // Words go through the coset's multiplier before the pipeline, or behind it.
        self.reverse.a.next = self.out_seen.q.val().get_bits::<12>(0);
        if self.pipeline.out_valid.val() {
            self.out_seen.d.next = self.out_seen.q.val() + 1;
        }
        self.coset.in_valid.next = self.entered.q.val();
        self.coset.in_word.next = self.entered_word.q.val();
        self.coset.index.next = self.entered_index.q.val();
        self.coset.scale.next = self.entered_scale.q.val();
        self.pipeline.in_valid.next = self.entered.q.val();
        self.pipeline.in_word.next = self.entered_word.q.val();
        self.reorder.in_valid.next = self.pipeline.out_valid.val();
        self.reorder.in_word.next = self.pipeline.out_word.val();
        if self.jobs.behind.val() {
            self.coset.in_valid.next = self.pipeline.out_valid.val();
            self.coset.in_word.next = self.pipeline.out_word.val();
            self.coset.index.next = bits::<12>(0) - self.reverse.y.val();
            self.coset.scale.next = self
                .scaled
                .q
                .val()
                .get_bit(self.out_seen.q.val().get_bits::<2>(12).index());
        }
        if self.has_coset.val() & self.jobs.behind.val() {
            self.reorder.in_valid.next = self.coset.out_valid.val();
            self.reorder.in_word.next = self.coset.out_word.val();
        }
        if self.has_coset.val() & (!self.jobs.behind.val()) {
            self.pipeline.in_valid.next = self.coset.out_valid.val();
            self.pipeline.in_word.next = self.coset.out_word.val();
        }
        // Words out.
        self.reorder.out_ready.next = self.out_ready.val();
        self.out_valid.next = self.reorder.out_valid.val();
        self.out_data.next = self.reorder.out_word.val();
        self.done.next = self.reorder.done.val();
        // Time.
        self.stopwatch.reset.next = self.reset.val();
        self.stopwatch.start.next = self.last.val();
        self.readable.enter.next = self.reorder.complete.val();
        self.stopwatch.stop.next = self.readable.leave.val();
        self.cycles.next = self.stopwatch.clocks.val();
        if self.reset.val() {
            self.loading.d.next = false;
            self.loaded.d.next = 0.into();
            self.closing.d.next = false;
            self.entered.d.next = false;
            self.reserve.d.next = false;
            self.begun.d.next = 0.into();
            self.out_seen.d.next = 0.into();
        }
    }
}
