//! The transform around its butterflies.

use super::buffer::Buffer;
use super::each;
use super::jobs::Jobs;
use super::router::Router;
use super::sequencer::{Sequencer, State};
use super::stream::{Loader, Unloader};
use crate::leaf::{Bank, Delay, Ram, Rom};
use proofmill_field::FieldSpec;
use rust_hdl::prelude::*;

/// Clocks from an operation's issue to its operands: addresses, banks, the choice of a buffer's user, memory, words,
/// operands.
const FETCH: usize = 6;

/// All of a transform but its B butterflies, which are connected from outside.
///
/// W bits of an element, K = log2 of the largest size, BANKS = 2·B = 2^LB, H = K − LB.
#[derive(LogicBlock)]
pub struct Engine<
    const W: usize,
    const K: usize,
    const H: usize,
    const LB: usize,
    const BANKS: usize,
    const B: usize,
> {
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
    /// In data form: its powers multiply the input of a forward transform, the output of an inverse one.
    pub coset_shift: Signal<In, Bits<W>>,
    /// A start is heard.
    pub ready: Signal<Out, Bit>,
    /// The start of the clock before was out of range and is forgotten.
    pub fault: Signal<Out, Bit>,
    /// The last word of a job leaves.
    pub done: Signal<Out, Bit>,
    /// Clocks that the last transform took.
    pub cycles: Signal<Out, Bits<32>>,
    /// Words in.
    pub in_data: Signal<In, Bits<W>>,
    /// A word is there.
    pub in_valid: Signal<In, Bit>,
    /// It is taken.
    pub in_ready: Signal<Out, Bit>,
    /// Words out.
    pub out_data: Signal<Out, Bits<W>>,
    /// A word is there.
    pub out_valid: Signal<Out, Bit>,
    /// It is taken.
    pub out_ready: Signal<In, Bit>,
    /// To each butterfly.
    pub left: [Signal<Out, Bits<W>>; B],
    /// To each butterfly.
    pub right: [Signal<Out, Bits<W>>; B],
    /// To each butterfly.
    pub factor: [Signal<Out, Bits<W>>; B],
    /// From each butterfly.
    pub sum: [Signal<In, Bits<W>>; B],
    /// From each butterfly.
    pub difference: [Signal<In, Bits<W>>; B],
    jobs: Jobs<W, K>,
    loader: Loader<W, K>,
    unloader: Unloader<W, K>,
    sequencer: Sequencer<W, K, BANKS, B>,
    router: Router<K, H, LB, BANKS>,
    buffer_0: Buffer<W, H, LB, BANKS>,
    buffer_1: Buffer<W, H, LB, BANKS>,
    powers: [Ram<W, H>; BANKS],
    twiddles: [Rom<W, K>; B],
    load_bank: Bank<K, LB>,
    unload_bank: Bank<K, LB>,
    load_within: Signal<Local, Bits<K>>,
    unload_within: Signal<Local, Bits<K>>,
    unload_data: [Signal<Local, Bits<W>>; BANKS],
    // of the operation whose words are out of memory
    word_bank: [Delay<LB>; BANKS],
    words: [Signal<Local, Bits<W>>; BANKS],
    power_address: [DFF<Bits<H>>; BANKS],
    power_words: [DFF<Bits<W>>; BANKS],
    twiddle_words: [DFF<Bits<W>>; B],
    element: [Signal<Local, Bits<W>>; BANKS],
    power: [Signal<Local, Bits<W>>; B],
    routed: DFF<State>,
    chosen: DFF<State>,
    fetched: DFF<State>,
    is_butterfly: DFF<Bit>,
    takes_element: DFF<Bit>,
    takes_power: DFF<Bit>,
    takes_extra: DFF<Bit>,
    lefts: [DFF<Bits<W>>; B],
    rights: [DFF<Bits<W>>; B],
    factors: [DFF<Bits<W>>; B],
    // of the operation whose results come out of the butterflies
    makes: Signal<Local, Bits<3>>,
    made: Delay<3>,
    write_address: [Delay<H>; BANKS],
    write_port: [Delay<LB>; BANKS],
    write_enable: [Delay<1>; BANKS],
    written: [Signal<Local, Bit>; BANKS],
    result: [Signal<Local, Bits<W>>; BANKS],
    write_data: [Signal<Local, Bits<W>>; BANKS],
    index: [Constant<Bits<LB>>; BANKS],
    bank_bits: Constant<Bits<5>>,
    zero: Constant<Bits<W>>,
    no_mark: Constant<Bits<3>>,
    power_mark: Constant<Bits<3>>,
    seed_mark: Constant<Bits<3>>,
    square_mark: Constant<Bits<3>>,
}

impl<
    const W: usize,
    const K: usize,
    const H: usize,
    const LB: usize,
    const BANKS: usize,
    const B: usize,
> Engine<W, K, H, LB, BANKS, B>
{
    /// An engine for a field of one word and butterflies of this latency.
    pub fn new(field: &FieldSpec, latency: usize) -> Self {
        let mark = |bits: u64| Constant::new(bits.into());
        Engine {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            log_n: Default::default(),
            inverse: Default::default(),
            coset_shift: Default::default(),
            ready: Default::default(),
            fault: Default::default(),
            done: Default::default(),
            cycles: Default::default(),
            in_data: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            left: each(),
            right: each(),
            factor: each(),
            sum: each(),
            difference: each(),
            jobs: Default::default(),
            loader: Default::default(),
            unloader: Default::default(),
            // a result is written at the end of the clock that follows it, and read in the next one, FETCH − 3 after
            // the issue
            sequencer: Sequencer::new(field, latency + FETCH - 1),
            router: Default::default(),
            buffer_0: Default::default(),
            buffer_1: Default::default(),
            powers: each(),
            twiddles: std::array::from_fn(|_| Rom::new(twiddles::<W>(field, K as u32))),
            load_bank: Default::default(),
            unload_bank: Default::default(),
            load_within: Default::default(),
            unload_within: Default::default(),
            unload_data: each(),
            // routed two clocks after the issue, chosen by at FETCH − 1
            word_bank: std::array::from_fn(|_| Delay::new(FETCH - 3)),
            power_address: each(),
            words: each(),
            power_words: each(),
            twiddle_words: each(),
            element: each(),
            power: each(),
            routed: Default::default(),
            chosen: Default::default(),
            fetched: Default::default(),
            is_butterfly: Default::default(),
            takes_element: Default::default(),
            takes_power: Default::default(),
            takes_extra: Default::default(),
            lefts: each(),
            rights: each(),
            factors: each(),
            makes: Default::default(),
            made: Delay::new(latency + 2),
            // routed two clocks after the issue
            write_address: std::array::from_fn(|_| Delay::new(latency + FETCH - 2)),
            write_port: std::array::from_fn(|_| Delay::new(latency + FETCH - 2)),
            write_enable: std::array::from_fn(|_| Delay::new(latency + FETCH - 2)),
            written: each(),
            result: each(),
            write_data: each(),
            index: std::array::from_fn(|i| Constant::new((i as u64).into())),
            bank_bits: Constant::new((LB as u64).into()),
            zero: Constant::new(0u64.into()),
            no_mark: mark(0),
            power_mark: mark(0b001),
            seed_mark: mark(0b011),
            square_mark: mark(0b100),
        }
    }
}

impl<
    const W: usize,
    const K: usize,
    const H: usize,
    const LB: usize,
    const BANKS: usize,
    const B: usize,
> Logic for Engine<W, K, H, LB, BANKS, B>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, routed, fetched, is_butterfly, takes_element);
        dff_setup!(self, clock, takes_power, takes_extra, chosen);
        clock!(self, clock, jobs, loader, unloader, sequencer, router);
        clock!(self, clock, buffer_0, buffer_1, made);
        // jobs
        self.jobs.reset.next = self.reset.val();
        self.jobs.start.next = self.start.val();
        self.jobs.log_n.next = self.log_n.val();
        self.jobs.inverse.next = self.inverse.val();
        self.jobs.coset_shift.next = self.coset_shift.val();
        self.jobs.loaded.next = self.loader.loaded.val();
        self.jobs.computed.next = self.sequencer.computed.val();
        self.jobs.unloaded.next = self.unloader.unloaded.val();
        self.ready.next = self.jobs.ready.val();
        self.fault.next = self.jobs.fault.val();
        self.done.next = self.unloader.unloaded.val();
        self.cycles.next = self.sequencer.cycles.val();
        // streams
        self.loader.reset.next = self.reset.val();
        self.loader.loading.next = self.jobs.loading.val();
        self.loader.half.next = self.jobs.load_half.val();
        self.loader.inverse.next = self.jobs.load_inverse.val();
        self.loader.buffer.next = self.jobs.load_buffer.val();
        self.loader.in_data.next = self.in_data.val();
        self.loader.in_valid.next = self.in_valid.val();
        self.in_ready.next = self.loader.in_ready.val();
        self.unloader.reset.next = self.reset.val();
        self.unloader.finished.next = self.jobs.finished.val();
        self.unloader.half.next = self.jobs.unload_half.val();
        self.unloader.out_ready.next = self.out_ready.val();
        self.out_data.next = self.unloader.out_data.val();
        self.out_valid.next = self.unloader.out_valid.val();
        // streams to and from memory
        self.load_bank.address.next = self.loader.address.val();
        self.load_within.next = self.loader.address.val() >> self.bank_bits.val();
        self.unload_bank.address.next = self.unloader.read_address.val();
        self.unload_within.next = self.unloader.address.val() >> self.bank_bits.val();
        self.buffer_0.computing.next = self.sequencer.running.val() & !self.jobs.buffer.val();
        self.buffer_1.computing.next = self.sequencer.running.val() & self.jobs.buffer.val();
        self.buffer_0.load.next = self.loader.write.val() & !self.loader.to_buffer.val();
        self.buffer_1.load.next = self.loader.write.val() & self.loader.to_buffer.val();
        self.buffer_0.load_bank.next = self.load_bank.bank.val();
        self.buffer_1.load_bank.next = self.load_bank.bank.val();
        self.buffer_0.load_address.next = self.load_within.val().get_bits::<H>(0);
        self.buffer_1.load_address.next = self.load_within.val().get_bits::<H>(0);
        self.buffer_0.load_data.next = self.loader.data.val();
        self.buffer_1.load_data.next = self.loader.data.val();
        self.buffer_0.unload.next = self.unloader.advance.val();
        self.buffer_1.unload.next = self.unloader.advance.val();
        self.buffer_0.unload_address.next = self.unload_within.val().get_bits::<H>(0);
        self.buffer_1.unload_address.next = self.unload_within.val().get_bits::<H>(0);
        self.unloader.data.next = self.zero.val();
        for i in 0..BANKS {
            self.unload_data[i].next = self.buffer_0.data[i].val();
            if self.jobs.unload_buffer.val() {
                self.unload_data[i].next = self.buffer_1.data[i].val();
            }
            if self.unload_bank.bank.val() == self.index[i].val() {
                self.unloader.data.next = self.unload_data[i].val();
            }
        }
        // operations
        self.sequencer.reset.next = self.reset.val();
        self.sequencer.pending.next = self.jobs.pending.val();
        self.sequencer.available.next = self.jobs.available.val();
        self.sequencer.half.next = self.jobs.half.val();
        self.sequencer.size.next = self.jobs.size.val();
        self.sequencer.inverse.next = self.jobs.backward.val();
        self.sequencer.shift.next = self.jobs.shift.val();
        self.sequencer.product.next = self.sum[0].val();
        self.sequencer.seeded.next = self.made.q.val().get_bit(1);
        self.sequencer.captured.next = self.made.q.val().get_bit(2);
        self.routed.d.next = self.sequencer.operation.val();
        self.chosen.d.next = self.routed.q.val();
        self.fetched.d.next = self.chosen.q.val();
        for i in 0..BANKS {
            self.router.address[i].next = self.sequencer.address[i].val();
            self.router.live[i].next = self.sequencer.live[i].val();
            self.router.writes[i].next = self.sequencer.writes[i].val();
            self.buffer_0.read_address[i].next = self.router.bank_address[i].val();
            self.buffer_1.read_address[i].next = self.router.bank_address[i].val();
            self.powers[i].clock.next = self.clock.val();
            self.powers[i].read_enable.next = true;
            self.power_address[i].clock.next = self.clock.val();
            self.power_address[i].d.next = self.router.bank_address[i].val();
            self.powers[i].read_address.next = self.power_address[i].q.val();
            self.word_bank[i].clock.next = self.clock.val();
            self.word_bank[i].d.next = self.router.port_bank[i].val();
        }
        // words out of memory
        self.is_butterfly.d.next = self.fetched.q.val() == State::Level;
        self.takes_element.d.next =
            (self.fetched.q.val() == State::Level) | (self.fetched.q.val() == State::Scale);
        self.takes_power.d.next =
            (self.fetched.q.val() == State::Doubling) | (self.fetched.q.val() == State::Scale);
        self.takes_extra.d.next = self.fetched.q.val() == State::Square;
        for i in 0..BANKS {
            self.words[i].next = self.buffer_0.data[i].val();
            if self.jobs.buffer.val() {
                self.words[i].next = self.buffer_1.data[i].val();
            }
            self.power_words[i].clock.next = self.clock.val();
            self.power_words[i].d.next = self.powers[i].read_data.val();
        }
        // words to their ports
        for v in 0..BANKS {
            self.element[v].next = self.words[0].val();
            for i in 0..BANKS {
                if self.word_bank[v].q.val() == self.index[i].val() {
                    self.element[v].next = self.words[i].val();
                }
            }
        }
        for r in 0..B {
            self.twiddles[r].clock.next = self.clock.val();
            self.twiddles[r].address.next = self.sequencer.twiddle[r].val();
            self.twiddle_words[r].clock.next = self.clock.val();
            self.twiddle_words[r].d.next = self.twiddles[r].data.val();
            self.power[r].next = self.power_words[0].q.val();
            for i in 0..BANKS {
                if self.word_bank[2 * r].q.val() == self.index[i].val() {
                    self.power[r].next = self.power_words[i].q.val();
                }
            }
            self.lefts[r].clock.next = self.clock.val();
            self.rights[r].clock.next = self.clock.val();
            self.factors[r].clock.next = self.clock.val();
            self.lefts[r].d.next = self.zero.val();
            self.rights[r].d.next = self.sequencer.extra.val();
            self.factors[r].d.next = self.twiddle_words[r].q.val();
            if self.is_butterfly.q.val() {
                self.lefts[r].d.next = self.element[2 * r + 1].val();
            }
            if self.takes_element.q.val() {
                self.rights[r].d.next = self.element[2 * r].val();
            }
            if self.takes_power.q.val() {
                self.factors[r].d.next = self.power[r].val();
            }
            if self.takes_extra.q.val() {
                self.factors[r].d.next = self.sequencer.extra.val();
            }
            self.left[r].next = self.lefts[r].q.val();
            self.right[r].next = self.rights[r].q.val();
            self.factor[r].next = self.factors[r].q.val();
        }
        // results to their banks
        self.makes.next = self.no_mark.val();
        if self.fetched.q.val() == State::Seed {
            self.makes.next = self.seed_mark.val();
        }
        if self.fetched.q.val() == State::Doubling {
            self.makes.next = self.power_mark.val();
        }
        if self.fetched.q.val() == State::Square {
            self.makes.next = self.square_mark.val();
        }
        self.made.d.next = self.makes.val();
        for r in 0..B {
            self.result[2 * r].next = self.difference[r].val();
            self.result[2 * r + 1].next = self.sum[r].val();
        }
        for i in 0..BANKS {
            self.write_address[i].clock.next = self.clock.val();
            self.write_port[i].clock.next = self.clock.val();
            self.write_enable[i].clock.next = self.clock.val();
            self.write_address[i].d.next = self.router.bank_address[i].val();
            self.write_port[i].d.next = self.router.bank_port[i].val();
            self.write_enable[i].d.next = 0.into();
            if self.router.bank_write[i].val() {
                self.write_enable[i].d.next = 1.into();
            }
            self.written[i].next = self.write_enable[i].q.val().any();
            self.write_data[i].next = self.result[0].val();
            for v in 0..BANKS {
                if self.write_port[i].q.val() == self.index[v].val() {
                    self.write_data[i].next = self.result[v].val();
                }
            }
            self.buffer_0.write_address[i].next = self.write_address[i].q.val();
            self.buffer_1.write_address[i].next = self.write_address[i].q.val();
            self.powers[i].write_address.next = self.write_address[i].q.val();
            self.buffer_0.write_data[i].next = self.write_data[i].val();
            self.buffer_1.write_data[i].next = self.write_data[i].val();
            self.powers[i].write_data.next = self.write_data[i].val();
            self.buffer_0.write_enable[i].next =
                self.written[i].val() & !self.made.q.val().get_bit(0);
            self.buffer_1.write_enable[i].next =
                self.written[i].val() & !self.made.q.val().get_bit(0);
            self.powers[i].write_enable.next = self.written[i].val() & self.made.q.val().get_bit(0);
        }
    }
}

/// The powers of the root of order 2^log_n below its half, in data form.
fn twiddles<const W: usize>(field: &FieldSpec, log_n: u32) -> Vec<Bits<W>> {
    let root = field.root_of_unity(log_n).unwrap_or(field.one);
    let powers = std::iter::successors(Some(field.one), |power| Some(field.mul(power, &root)));
    powers
        .take(1 << (log_n - 1))
        .map(|power| power[0].into())
        .collect()
}
