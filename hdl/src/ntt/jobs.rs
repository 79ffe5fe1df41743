//! Which job is where: at most two, one for each buffer, in order.

use super::each;
use rust_hdl::prelude::*;

/// Takes starts, keeps what each job asked for, and counts jobs on their way.
///
/// Job number j lives in buffer j mod 2. The numbers of jobs started, loaded, computed and unloaded are
/// counted modulo 4 and never more than 2 apart, so that they tell every state.
#[derive(LogicBlock)]
pub struct Jobs<const W: usize, const K: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets all jobs.
    pub reset: Signal<In, Bit>,
    /// Asks for a transform; heard while `ready`.
    pub start: Signal<In, Bit>,
    /// log2 of its size, 1 to K.
    pub log_n: Signal<In, Bits<5>>,
    /// Its direction.
    pub inverse: Signal<In, Bit>,
    /// What the powers are of.
    pub coset_shift: Signal<In, Bits<W>>,
    /// A start is heard.
    pub ready: Signal<Out, Bit>,
    /// The start of the clock before was out of range and is forgotten.
    pub fault: Signal<Out, Bit>,
    /// The last word of the job being loaded comes in.
    pub loaded: Signal<In, Bit>,
    /// The job being computed is done.
    pub computed: Signal<In, Bit>,
    /// The last word of the job being unloaded leaves.
    pub unloaded: Signal<In, Bit>,
    /// A job is being loaded.
    pub loading: Signal<Out, Bit>,
    /// Its buffer.
    pub load_buffer: Signal<Out, Bit>,
    /// Half its size.
    pub load_half: Signal<Out, Bits<K>>,
    /// Its direction.
    pub load_inverse: Signal<Out, Bit>,
    /// The next job to compute is known.
    pub pending: Signal<Out, Bit>,
    /// Its words are in.
    pub available: Signal<Out, Bit>,
    /// Its buffer.
    pub buffer: Signal<Out, Bit>,
    /// Half its size; like all below up to `shift` a clock late.
    pub half: Signal<Out, Bits<K>>,
    /// log2 of its size.
    pub size: Signal<Out, Bits<5>>,
    /// Its direction.
    pub backward: Signal<Out, Bit>,
    /// What its powers are of.
    pub shift: Signal<Out, Bits<W>>,
    /// A job is ready to be unloaded.
    pub finished: Signal<Out, Bit>,
    /// Its buffer.
    pub unload_buffer: Signal<Out, Bit>,
    /// Half its size.
    pub unload_half: Signal<Out, Bits<K>>,
    starts: DFF<Bits<2>>,
    loads: DFF<Bits<2>>,
    computes: DFF<Bits<2>>,
    unloads: DFF<Bits<2>>,
    behind: Signal<Local, Bits<2>>,
    open: Signal<Local, Bit>,
    fits: Signal<Local, Bit>,
    refused: DFF<Bit>,
    // what was asked for a clock ago, and whether it was taken: inputs do not reach the registers of a job
    taken: DFF<Bit>,
    power: Signal<Local, Bits<5>>,
    asked_half: DFF<Bits<K>>,
    asked_size: DFF<Bits<5>>,
    asked_inverse: DFF<Bit>,
    asked_shift: DFF<Bits<W>>,
    halves: [DFF<Bits<K>>; 2],
    sizes: [DFF<Bits<5>>; 2],
    inverses: [DFF<Bit>; 2],
    shifts: [DFF<Bits<W>>; 2],
    half_register: DFF<Bits<K>>,
    size_register: DFF<Bits<5>>,
    backward_register: DFF<Bit>,
    shift_register: DFF<Bits<W>>,
    one: Constant<Bits<K>>,
    largest: Constant<Bits<5>>,
}

impl<const W: usize, const K: usize> Default for Jobs<W, K> {
    fn default() -> Self {
        Jobs {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            log_n: Default::default(),
            inverse: Default::default(),
            coset_shift: Default::default(),
            ready: Default::default(),
            fault: Default::default(),
            loaded: Default::default(),
            computed: Default::default(),
            unloaded: Default::default(),
            loading: Default::default(),
            load_buffer: Default::default(),
            load_half: Default::default(),
            load_inverse: Default::default(),
            pending: Default::default(),
            available: Default::default(),
            buffer: Default::default(),
            half: Default::default(),
            size: Default::default(),
            backward: Default::default(),
            shift: Default::default(),
            finished: Default::default(),
            unload_buffer: Default::default(),
            unload_half: Default::default(),
            starts: Default::default(),
            loads: Default::default(),
            computes: Default::default(),
            unloads: Default::default(),
            behind: Default::default(),
            open: Default::default(),
            fits: Default::default(),
            refused: Default::default(),
            taken: Default::default(),
            power: Default::default(),
            asked_half: Default::default(),
            asked_size: Default::default(),
            asked_inverse: Default::default(),
            asked_shift: Default::default(),
            halves: each(),
            sizes: each(),
            inverses: each(),
            shifts: each(),
            half_register: Default::default(),
            size_register: Default::default(),
            backward_register: Default::default(),
            shift_register: Default::default(),
            one: Constant::new(1u64.into()),
            largest: Constant::new((K as u64).into()),
        }
    }
}

impl<const W: usize, const K: usize> Logic for Jobs<W, K> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, starts, loads, computes, unloads, refused, taken
        );
        dff_setup!(
            self,
            clock,
            asked_half,
            asked_size,
            asked_inverse,
            asked_shift
        );
        dff_setup!(self, clock, half_register, size_register);
        dff_setup!(self, clock, backward_register, shift_register);
        for i in 0..2 {
            self.halves[i].clock.next = self.clock.val();
            self.sizes[i].clock.next = self.clock.val();
            self.inverses[i].clock.next = self.clock.val();
            self.shifts[i].clock.next = self.clock.val();
            self.halves[i].d.next = self.halves[i].q.val();
            self.sizes[i].d.next = self.sizes[i].q.val();
            self.inverses[i].d.next = self.inverses[i].q.val();
            self.shifts[i].d.next = self.shifts[i].q.val();
        }
        self.loading.next = self.starts.q.val() != self.loads.q.val();
        self.pending.next = self.starts.q.val() != self.computes.q.val();
        self.available.next = self.loads.q.val() != self.computes.q.val();
        self.finished.next = self.computes.q.val() != self.unloads.q.val();
        self.behind.next = self.unloads.q.val() + 2;
        self.open.next = (self.starts.q.val() == self.loads.q.val())
            & (self.starts.q.val() != self.behind.val())
            & !self.taken.q.val();
        self.ready.next = self.open.val();
        self.power.next = self.log_n.val() - 1;
        self.fits.next = self.log_n.val().any() & (self.log_n.val() <= self.largest.val());
        self.refused.d.next = self.start.val() & self.open.val() & !self.fits.val();
        self.fault.next = self.refused.q.val();
        self.taken.d.next = self.start.val() & self.open.val() & self.fits.val();
        self.asked_half.d.next = self.one.val() << self.power.val();
        self.asked_size.d.next = self.log_n.val();
        self.asked_inverse.d.next = self.inverse.val();
        self.asked_shift.d.next = self.coset_shift.val();
        if self.taken.q.val() {
            self.starts.d.next = self.starts.q.val() + 1;
        }
        if self.taken.q.val() & !self.starts.q.val().get_bit(0) {
            self.halves[0].d.next = self.asked_half.q.val();
            self.sizes[0].d.next = self.asked_size.q.val();
            self.inverses[0].d.next = self.asked_inverse.q.val();
            self.shifts[0].d.next = self.asked_shift.q.val();
        }
        if self.taken.q.val() & self.starts.q.val().get_bit(0) {
            self.halves[1].d.next = self.asked_half.q.val();
            self.sizes[1].d.next = self.asked_size.q.val();
            self.inverses[1].d.next = self.asked_inverse.q.val();
            self.shifts[1].d.next = self.asked_shift.q.val();
        }
        if self.loaded.val() {
            self.loads.d.next = self.loads.q.val() + 1;
        }
        if self.computed.val() {
            self.computes.d.next = self.computes.q.val() + 1;
        }
        if self.unloaded.val() {
            self.unloads.d.next = self.unloads.q.val() + 1;
        }
        self.load_buffer.next = self.loads.q.val().get_bit(0);
        self.load_half.next = self.halves[0].q.val();
        self.load_inverse.next = self.inverses[0].q.val();
        if self.loads.q.val().get_bit(0) {
            self.load_half.next = self.halves[1].q.val();
            self.load_inverse.next = self.inverses[1].q.val();
        }
        self.buffer.next = self.computes.q.val().get_bit(0);
        self.half_register.d.next = self.halves[0].q.val();
        self.size_register.d.next = self.sizes[0].q.val();
        self.backward_register.d.next = self.inverses[0].q.val();
        self.shift_register.d.next = self.shifts[0].q.val();
        if self.computes.q.val().get_bit(0) {
            self.half_register.d.next = self.halves[1].q.val();
            self.size_register.d.next = self.sizes[1].q.val();
            self.backward_register.d.next = self.inverses[1].q.val();
            self.shift_register.d.next = self.shifts[1].q.val();
        }
        self.half.next = self.half_register.q.val();
        self.size.next = self.size_register.q.val();
        self.backward.next = self.backward_register.q.val();
        self.shift.next = self.shift_register.q.val();
        self.unload_buffer.next = self.unloads.q.val().get_bit(0);
        self.unload_half.next = self.halves[0].q.val();
        if self.unloads.q.val().get_bit(0) {
            self.unload_half.next = self.halves[1].q.val();
        }
        if self.reset.val() {
            self.taken.d.next = false;
            self.starts.d.next = 0.into();
            self.loads.d.next = 0.into();
            self.computes.d.next = 0.into();
            self.unloads.d.next = 0.into();
        }
    }
}
