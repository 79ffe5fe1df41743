//! What the lanes do, clock by clock.

use super::addresses::Addresses;
use super::each;
use super::levels::Levels;
use super::powers::Powers;
use proofmill_field::FieldSpec;
use rust_hdl::prelude::*;

/// What the sequencer is at. All but `Idle`, `Gap`, `Drain` and `Done` issue operations.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum State {
    /// Waiting for a job.
    Idle,
    /// The first power.
    Seed,
    /// Powers out of powers.
    Doubling,
    /// The square of the number that doubles.
    Square,
    /// Elements times powers.
    Scale,
    /// Butterflies.
    Level,
    /// Waiting for what the next level reads.
    Gap,
    /// Waiting for the last write.
    Drain,
    /// What follows the last drain: the job leaves.
    Done,
}

/// Issues operations, at most one for every lane at each clock.
///
/// An element is read at the earliest `latency` clocks after an operation wrote it, and a level reads
/// what the level before it wrote at most 2^low operations later: levels follow each other
/// without a pause where N/4B exceeds the latency. Passes and doublings wait for the last write.
/// Powers are made while their job is being loaded, if the lanes are free.
#[derive(LogicBlock)]
pub struct Sequencer<const W: usize, const K: usize, const BANKS: usize, const B: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Starts over.
    pub reset: Signal<In, Bit>,
    /// A job is known.
    pub pending: Signal<In, Bit>,
    /// Its words are in.
    pub available: Signal<In, Bit>,
    /// Half its size.
    pub half: Signal<In, Bits<K>>,
    /// log2 of its size.
    pub size: Signal<In, Bits<5>>,
    /// Its direction.
    pub inverse: Signal<In, Bit>,
    /// What its powers are of.
    pub shift: Signal<In, Bits<W>>,
    /// Product of the first lane.
    pub product: Signal<In, Bits<W>>,
    /// It is a square that was asked for.
    pub captured: Signal<In, Bit>,
    /// It is the first power.
    pub seeded: Signal<In, Bit>,
    /// The job has the memory of its buffer.
    pub running: Signal<Out, Bit>,
    /// The job is done.
    pub computed: Signal<Out, Bit>,
    /// Clocks that the last job took, once its words were in and the lanes were its own.
    pub cycles: Signal<Out, Bits<32>>,
    /// Element of each port.
    pub address: [Signal<Out, Bits<K>>; BANKS],
    /// Whether the port wants it.
    pub live: [Signal<Out, Bit>; BANKS],
    /// Whether the port writes it.
    pub writes: [Signal<Out, Bit>; BANKS],
    /// Exponent of each lane's twiddle, two clocks after its addresses.
    pub twiddle: [Signal<Out, Bits<K>>; B],
    /// What the operation is, with its addresses; otherwise `Idle`.
    pub operation: Signal<Out, State>,
    /// The number that doubles the powers.
    pub extra: Signal<Out, Bits<W>>,
    levels: Levels<K, B>,
    powers: Powers<W, K>,
    addresses: Addresses<K, BANKS, B>,
    state: DFF<State>,
    after: DFF<State>,
    issued: DFF<State>,
    waits: DFF<Bit>,
    known: DFF<Bit>,
    loaded: DFF<Bit>,
    // whether the state is one of those that count
    is_level: DFF<Bit>,
    is_scale: DFF<Bit>,
    is_doubling: DFF<Bit>,
    making: DFF<Bit>,
    count: DFF<Bits<K>>,
    ahead: DFF<Bits<K>>,
    step: DFF<Bits<K>>,
    following: Signal<Local, Bits<K>>,
    goes_on: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    // whether the count is the last one of each kind of phase
    last_operation: DFF<Bit>,
    last_pass: DFF<Bit>,
    last_power: DFF<Bit>,
    age: DFF<Bits<16>>,
    limit: DFF<Bits<16>>,
    aged: DFF<Bit>,
    advance: Signal<Local, Bit>,
    silence: DFF<Bits<6>>,
    leaves: Signal<Local, Bit>,
    timer: DFF<Bits<32>>,
    cycles_register: DFF<Bits<32>>,
    running_register: DFF<Bit>,
    one: Constant<Bits<K>>,
    latency: Constant<Bits<6>>,
    least_age: Constant<Bits<16>>,
}

impl<const W: usize, const K: usize, const BANKS: usize, const B: usize> Sequencer<W, K, BANKS, B> {
    /// For lanes that read at the earliest `latency` clocks after an issue what it writes, at most 63.
    pub fn new(field: &FieldSpec, latency: usize) -> Self {
        Sequencer {
            clock: Default::default(),
            reset: Default::default(),
            pending: Default::default(),
            available: Default::default(),
            half: Default::default(),
            size: Default::default(),
            inverse: Default::default(),
            shift: Default::default(),
            product: Default::default(),
            captured: Default::default(),
            seeded: Default::default(),
            running: Default::default(),
            computed: Default::default(),
            cycles: Default::default(),
            address: each(),
            live: each(),
            writes: each(),
            twiddle: each(),
            operation: Default::default(),
            extra: Default::default(),
            levels: Default::default(),
            powers: Powers::new(field),
            addresses: Default::default(),
            state: Default::default(),
            after: Default::default(),
            issued: Default::default(),
            waits: Default::default(),
            known: Default::default(),
            loaded: Default::default(),
            is_level: Default::default(),
            is_scale: Default::default(),
            is_doubling: Default::default(),
            making: Default::default(),
            count: Default::default(),
            ahead: Default::default(),
            step: Default::default(),
            following: Default::default(),
            goes_on: Default::default(),
            last: Default::default(),
            last_operation: Default::default(),
            last_pass: Default::default(),
            last_power: Default::default(),
            age: Default::default(),
            limit: Default::default(),
            aged: Default::default(),
            advance: Default::default(),
            silence: Default::default(),
            leaves: Default::default(),
            timer: Default::default(),
            cycles_register: Default::default(),
            running_register: Default::default(),
            one: Constant::new(1u64.into()),
            latency: Constant::new((latency as u64).into()),
            least_age: Constant::new((latency as u64 - 1).into()),
        }
    }
}

impl<const W: usize, const K: usize, const BANKS: usize, const B: usize> Logic
    for Sequencer<W, K, BANKS, B>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, after, issued, waits, known, loaded, count, age, limit, aged
        );
        dff_setup!(
            self,
            clock,
            silence,
            timer,
            cycles_register,
            running_register
        );
        dff_setup!(self, clock, last_operation, last_pass, last_power);
        dff_setup!(
            self,
            clock,
            is_level,
            is_scale,
            is_doubling,
            making,
            ahead,
            step
        );
        clock!(self, clock, levels, powers, addresses);
        self.levels.half.next = self.half.val();
        self.powers.reset.next = self.reset.val();
        self.powers.half.next = self.half.val();
        self.powers.size.next = self.size.val();
        self.powers.inverse.next = self.inverse.val();
        self.powers.shift.next = self.shift.val();
        self.powers.seeded.next = self.seeded.val();
        self.powers.captured.next = self.captured.val();
        self.powers.product.next = self.product.val();
        self.addresses.count.next = self.count.q.val();
        self.addresses.is_level.next = self.is_level.q.val();
        self.addresses.is_scale.next = self.is_scale.q.val();
        self.addresses.is_seed.next = self.state.q.val() == State::Seed;
        self.addresses.is_doubling.next = self.is_doubling.q.val();
        self.addresses.inverse.next = self.inverse.val();
        self.addresses.low.next = self.levels.low.val();
        self.addresses.unit.next = self.levels.unit.val();
        self.addresses.below.next = self.levels.below.val();
        self.addresses.shifts.next = self.levels.shifts.val();
        self.addresses.power_unit.next = self.powers.unit.val();
        for r in 0..B {
            self.addresses.offset[r].next = self.levels.offset[r].val();
            self.twiddle[r].next = self.addresses.twiddle[r].val();
        }
        for i in 0..BANKS {
            self.address[i].next = self.addresses.address[i].val();
            self.live[i].next = self.addresses.live[i].val();
            self.writes[i].next = self.addresses.writes[i].val();
        }
        // what is derived from a job's registers follows it by two clocks, and so do these
        self.waits.d.next = self.pending.val() & (self.state.q.val() == State::Idle);
        self.known.d.next =
            self.pending.val() & self.waits.q.val() & (self.state.q.val() == State::Idle);
        self.loaded.d.next =
            self.available.val() & self.waits.q.val() & (self.state.q.val() == State::Idle);
        // the count of operations, zero between phases, the one after it, and whether it is the last one,
        // known at the clock
        self.goes_on.next = (self.is_level.q.val() & !self.last_operation.q.val())
            | (self.is_scale.q.val() & !self.last_pass.q.val())
            | (self.is_doubling.q.val() & !self.last_power.q.val());
        self.last.next = (self.is_level.q.val() & self.last_operation.q.val())
            | (self.is_scale.q.val() & self.last_pass.q.val())
            | (self.is_doubling.q.val() & self.last_power.q.val());
        self.step.d.next = self.one.val();
        if self.making.q.val() {
            self.step.d.next = self.powers.step.val();
        }
        self.following.next = 0.into();
        self.last_operation.d.next = !self.levels.last_operation.val().any();
        self.last_pass.d.next = !self.levels.last_pass.val().any();
        self.last_power.d.next = !self.powers.last_count.val().any();
        if self.goes_on.val() {
            self.following.next = self.ahead.q.val();
            self.last_operation.d.next = self.ahead.q.val() == self.levels.last_operation.val();
            self.last_pass.d.next = self.ahead.q.val() == self.levels.last_pass.val();
            self.last_power.d.next = self.ahead.q.val() == self.powers.last_count.val();
        }
        self.count.d.next = self.following.val();
        self.ahead.d.next = self.following.val() + self.step.q.val();
        // the next level begins low + 1 + latency clocks after this one, or later; `aged` is a clock late
        self.limit.d.next = bit_cast::<16, K>(self.levels.low.val()) + self.least_age.val();
        self.age.d.next = self.age.q.val() + 1;
        self.aged.d.next = self.age.q.val() >= self.limit.q.val();
        self.advance.next = ((self.is_level.q.val() & self.last_operation.q.val())
            | (self.state.q.val() == State::Gap))
            & (self.aged.q.val() | self.levels.is_last.val());
        self.levels.first.next = false;
        self.leaves.next = false;
        self.issued.d.next = State::Idle;
        self.powers.restart.next = false;
        self.powers.double.next = false;
        if self.silence.q.val() != self.latency.val() {
            self.silence.d.next = self.silence.q.val() + 1;
        }
        match self.state.q.val() {
            State::Idle => {
                self.age.d.next = 0.into();
                self.levels.first.next = true;
                if self.known.q.val() & self.powers.scaled.val() & !self.powers.fresh.val() {
                    self.state.d.next = State::Seed;
                } else if self.loaded.q.val() {
                    self.running_register.d.next = true;
                    self.state.d.next = State::Level;
                    if self.powers.scaled.val() & !self.inverse.val() {
                        self.state.d.next = State::Scale;
                    }
                }
            }
            State::Seed => {
                self.powers.restart.next = true;
                self.making.d.next = true;
                self.issued.d.next = State::Seed;
                self.silence.d.next = 0.into();
                self.state.d.next = State::Drain;
                self.after.d.next = State::Doubling;
            }
            State::Doubling => {
                self.issued.d.next = State::Doubling;
                self.silence.d.next = 0.into();
                if self.last.val() {
                    self.state.d.next = State::Square;
                }
            }
            State::Square => {
                self.issued.d.next = State::Square;
                self.silence.d.next = 0.into();
                self.powers.double.next = true;
                self.state.d.next = State::Drain;
                self.after.d.next = State::Doubling;
                if self.powers.is_last.val() {
                    self.making.d.next = false;
                    self.after.d.next = State::Idle;
                }
            }
            State::Scale => {
                self.issued.d.next = State::Scale;
                self.silence.d.next = 0.into();
                if self.last.val() {
                    self.state.d.next = State::Drain;
                    self.after.d.next = State::Level;
                    if self.inverse.val() {
                        self.after.d.next = State::Done;
                    }
                }
            }
            State::Level => {
                self.issued.d.next = State::Level;
                self.silence.d.next = 0.into();
                if self.last.val() {
                    self.state.d.next = State::Gap;
                }
            }
            State::Drain => {
                self.age.d.next = 0.into();
                if self.silence.q.val() == self.latency.val() {
                    self.state.d.next = self.after.q.val();
                    if self.after.q.val() == State::Done {
                        self.leaves.next = true;
                        self.running_register.d.next = false;
                        self.state.d.next = State::Idle;
                    }
                }
            }
            _ => {}
        }
        self.levels.climb.next = self.advance.val() & !self.levels.is_last.val();
        if self.advance.val() {
            self.age.d.next = 0.into();
            self.aged.d.next = false;
            self.state.d.next = State::Level;
            if self.levels.is_last.val() {
                self.state.d.next = State::Drain;
                self.after.d.next = State::Done;
                if self.inverse.val() {
                    self.after.d.next = State::Scale;
                }
            }
        }
        if self.running_register.q.val()
            | (self.available.val() & (self.state.q.val() != State::Idle))
        {
            self.timer.d.next = self.timer.q.val() + 1;
        }
        if self.leaves.val() {
            self.cycles_register.d.next = self.timer.q.val() + 1;
            self.timer.d.next = 0.into();
        }
        // what is under way must not be taken for a result of what comes next
        if self.reset.val() {
            self.state.d.next = State::Drain;
            self.after.d.next = State::Idle;
            self.silence.d.next = 0.into();
            self.making.d.next = false;
            self.timer.d.next = 0.into();
            self.running_register.d.next = false;
        }
        self.is_level.d.next = self.state.d.val() == State::Level;
        self.is_scale.d.next = self.state.d.val() == State::Scale;
        self.is_doubling.d.next = self.state.d.val() == State::Doubling;
        self.running.next = self.running_register.q.val();
        self.computed.next = self.leaves.val();
        self.cycles.next = self.cycles_register.q.val();
        self.operation.next = self.issued.q.val();
        self.extra.next = self.powers.extra.val();
    }
}
