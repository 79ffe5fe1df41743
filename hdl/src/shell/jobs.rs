//! Jobs through the core: its input out of one buffer, its output into another.

use crate::leaf::Ram;
use rust_hdl::prelude::*;

#[derive(LogicState, Clone, Copy, Debug, PartialEq)]
enum Phase {
    Idle,
    Start,
    Feed,
}

/// Starts the core for each accepted job, feeds it, and collects its output as soon as the last one's is released.
///
/// A core that is waited for and moves no word for 2^W clocks is at fault. `K`: log2 of the words in each buffer.
#[derive(LogicBlock)]
pub(super) struct Jobs<const K: usize, const W: usize> {
    pub(super) clock: Signal<In, Clock>,
    pub(super) restart: Signal<In, Bit>,
    // from and to the registers
    pub(super) accepted: Signal<In, Bits<16>>,
    pub(super) log_n: Signal<In, Bits<5>>,
    pub(super) released: Signal<In, Bits<16>>,
    pub(super) fed: Signal<Out, Bits<16>>,
    pub(super) done: Signal<Out, Bits<16>>,
    pub(super) fault: Signal<Out, Bit>,
    /// Whether a job is on its way that does not wait for the host.
    pub(super) active: Signal<Out, Bit>,
    // the buffers
    pub(super) input_address: Signal<In, Bits<K>>,
    pub(super) input_word: Signal<In, Bits<64>>,
    pub(super) input_write: Signal<In, Bit>,
    pub(super) output_address: Signal<In, Bits<K>>,
    pub(super) output_word: Signal<Out, Bits<64>>,
    // the core
    pub(super) core_ready: Signal<In, Bit>,
    pub(super) core_fault: Signal<In, Bit>,
    pub(super) core_start: Signal<Out, Bit>,
    pub(super) in_data: Signal<Out, Bits<64>>,
    pub(super) in_valid: Signal<Out, Bit>,
    pub(super) in_ready: Signal<In, Bit>,
    pub(super) out_data: Signal<In, Bits<64>>,
    pub(super) out_valid: Signal<In, Bit>,
    pub(super) out_ready: Signal<Out, Bit>,
    phase: DFF<Phase>,
    fed_job: DFF<Bits<16>>,
    done_job: DFF<Bits<16>>,
    broken: DFF<Bit>,
    have: DFF<Bit>,
    sent: DFF<Bits<24>>,
    got: DFF<Bits<24>>,
    silence: DFF<Bits<W>>,
    /// Sizes of the jobs that are in the core, by the last bits of their numbers.
    sizes: [DFF<Bits<5>>; 4],
    inputs: Ram<64, K>,
    outputs: Ram<64, K>,
    size: Signal<Local, Bits<5>>,
    in_words: Signal<Local, Bits<24>>,
    out_words: Signal<Local, Bits<24>>,
    next_done: Signal<Local, Bits<16>>,
    following: Signal<Local, Bits<24>>,
    advance: Signal<Local, Bit>,
    collect: Signal<Local, Bit>,
    vacant: Signal<Local, Bit>,
    feeds: Signal<Local, Bit>,
    stalled: Signal<Local, Bit>,
    one: Constant<Bits<24>>,
    places: [Constant<Bits<2>>; 4],
}

impl<const K: usize, const W: usize> Default for Jobs<K, W> {
    fn default() -> Self {
        Jobs {
            clock: Default::default(),
            restart: Default::default(),
            accepted: Default::default(),
            log_n: Default::default(),
            released: Default::default(),
            fed: Default::default(),
            done: Default::default(),
            fault: Default::default(),
            active: Default::default(),
            input_address: Default::default(),
            input_word: Default::default(),
            input_write: Default::default(),
            output_address: Default::default(),
            output_word: Default::default(),
            core_ready: Default::default(),
            core_fault: Default::default(),
            core_start: Default::default(),
            in_data: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            phase: Default::default(),
            fed_job: Default::default(),
            done_job: Default::default(),
            broken: Default::default(),
            have: Default::default(),
            sent: Default::default(),
            got: Default::default(),
            silence: Default::default(),
            sizes: Default::default(),
            inputs: Default::default(),
            outputs: Default::default(),
            size: Default::default(),
            in_words: Default::default(),
            out_words: Default::default(),
            next_done: Default::default(),
            following: Default::default(),
            advance: Default::default(),
            collect: Default::default(),
            vacant: Default::default(),
            feeds: Default::default(),
            stalled: Default::default(),
            one: Constant::new(1u64.into()),
            places: [0u64, 1, 2, 3].map(|place| Constant::new(place.into())),
        }
    }
}

impl<const K: usize, const W: usize> Logic for Jobs<K, W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, phase, fed_job, done_job, broken, have, sent, got, silence
        );
        clock!(self, clock, inputs, outputs);
        self.fed.next = self.fed_job.q.val();
        self.done.next = self.done_job.q.val();
        self.fault.next = self.broken.q.val();

        self.core_start.next = self.phase.q.val() == Phase::Start;

        // the next job's output has room once the last one's is released
        self.vacant.next = self.done_job.q.val() == self.released.val();
        self.next_done.next = self.done_job.q.val() + 1;
        self.size.next = 0.into();
        for i in 0..4 {
            self.sizes[i].clock.next = self.clock.val();
            self.sizes[i].d.next = self.sizes[i].q.val();
            if self.core_start.val()
                & (self.accepted.val().get_bits::<2>(0) == self.places[i].val())
            {
                self.sizes[i].d.next = self.log_n.val();
            }
            if self.next_done.val().get_bits::<2>(0) == self.places[i].val() {
                self.size.next = self.sizes[i].q.val();
            }
        }
        self.in_words.next = self.one.val() << self.log_n.val();
        self.out_words.next = self.one.val() << self.size.val();
        self.following.next = self.got.q.val() + 1;

        // feed: a word is fetched while the one before is handed over
        self.in_valid.next = self.have.q.val();
        self.in_data.next = self.inputs.read_data.val();
        self.advance.next =
            (self.phase.q.val() == Phase::Feed) & ((!self.have.q.val()) | self.in_ready.val());
        self.inputs.read_address.next = self.sent.q.val().get_bits::<K>(0);
        self.inputs.read_enable.next = self.advance.val();
        self.inputs.write_address.next = self.input_address.val();
        self.inputs.write_data.next = self.input_word.val();
        self.inputs.write_enable.next = self.input_write.val();
        match self.phase.q.val() {
            // a core that is ready stays so until it is started
            Phase::Idle => {
                self.sent.d.next = 0.into();
                if (self.accepted.val() != self.fed_job.q.val()) & self.core_ready.val() {
                    self.phase.d.next = Phase::Start;
                }
            }
            Phase::Start => {
                self.phase.d.next = Phase::Feed;
            }
            _ => {}
        }
        if self.advance.val() {
            if self.sent.q.val() == self.in_words.val() {
                self.have.d.next = false;
                self.fed_job.d.next = self.accepted.val();
                self.phase.d.next = Phase::Idle;
            } else {
                self.have.d.next = true;
                self.sent.d.next = self.sent.q.val() + 1;
            }
        }

        // collect
        self.out_ready.next = self.vacant.val();
        self.collect.next = self.vacant.val() & self.out_valid.val();
        self.outputs.write_address.next = self.got.q.val().get_bits::<K>(0);
        self.outputs.write_data.next = self.out_data.val();
        self.outputs.write_enable.next = self.collect.val();
        self.outputs.read_address.next = self.output_address.val();
        self.outputs.read_enable.next = true;
        self.output_word.next = self.outputs.read_data.val();
        if self.collect.val() {
            self.got.d.next = self.following.val();
            if self.following.val() == self.out_words.val() {
                self.got.d.next = 0.into();
                self.done_job.d.next = self.next_done.val();
            }
        }

        // watch
        self.feeds.next = self.advance.val()
            | (self.phase.q.val() == Phase::Start)
            | ((self.phase.q.val() == Phase::Idle)
                & (self.accepted.val() != self.fed_job.q.val())
                & self.core_ready.val());
        // nothing moves before the host has released an output
        self.stalled.next = self.out_valid.val() & (!self.vacant.val()) & (!self.feeds.val());
        self.active.next = (self.accepted.val() != self.done_job.q.val())
            & (!self.stalled.val())
            & (!self.broken.q.val());
        self.silence.d.next = self.silence.q.val() + 1;
        if (!self.active.val())
            | (!self.vacant.val())
            | self.collect.val()
            | (self.have.q.val() & self.in_ready.val())
        {
            self.silence.d.next = 0.into();
        }
        if self.silence.q.val().all() | self.core_fault.val() {
            self.broken.d.next = true;
        }
        if self.restart.val() {
            self.phase.d.next = Phase::Idle;
            self.fed_job.d.next = 0.into();
            self.done_job.d.next = 0.into();
            self.broken.d.next = false;
            self.have.d.next = false;
            self.got.d.next = 0.into();
            self.silence.d.next = 0.into();
        }
    }
}
