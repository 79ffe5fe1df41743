//! The operands of the addition that begins next.

use super::plan::{ADDRESS, Plan};
use super::sequencer::State;
use rust_hdl::prelude::*;

/// Tells the lanes what to add and where to keep the sum, a clock after the sequencer knows.
#[derive(LogicBlock)]
pub struct Orders {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// What the machine is at.
    pub state: Signal<In, State>,
    /// The next addition waits for the one before.
    pub waits: Signal<In, Bit>,
    /// A point and its digits are there.
    pub loaded: Signal<In, Bit>,
    /// The point is infinity.
    pub infinite: Signal<In, Bit>,
    /// The bucket to be taken.
    pub bucket: Signal<In, Bits<ADDRESS>>,
    /// It is its window's highest one.
    pub is_first: Signal<In, Bit>,
    /// It is none of its window's.
    pub is_none: Signal<In, Bit>,
    /// The window's sum.
    pub sum: Signal<In, Bits<ADDRESS>>,
    /// The window's running sum.
    pub running: Signal<In, Bits<ADDRESS>>,
    /// The lane's windows, not the lanes, are being added.
    pub is_local: Signal<In, Bit>,
    /// The window is the lowest one.
    pub is_lowest: Signal<In, Bit>,
    /// Nothing is in the total.
    pub is_fresh: Signal<In, Bit>,
    /// Ports as the sequencer has them.
    pub accumulates: Signal<Out, Bit>,
    /// See `accumulates`.
    pub below: Signal<Out, Bit>,
    /// See `accumulates`.
    pub left: [Signal<Out, Bits<ADDRESS>>; 2],
    /// See `accumulates`.
    pub right: [Signal<Out, Bits<ADDRESS>>; 2],
    /// See `accumulates`.
    pub own: Signal<Out, Bit>,
    /// See `accumulates`.
    pub above: Signal<Out, Bit>,
    /// See `accumulates`.
    pub keep: Signal<Out, Bits<2>>,
    /// See `accumulates`.
    pub live: Signal<Out, Bit>,
    /// The next addition is one of the job's, kept or not.
    pub go: Signal<Out, Bit>,
    accumulates_register: DFF<Bit>,
    below_register: DFF<Bit>,
    source: DFF<Bits<ADDRESS>>,
    target: DFF<Bits<ADDRESS>>,
    right_source: DFF<Bits<ADDRESS>>,
    right_target: DFF<Bits<ADDRESS>>,
    own_register: DFF<Bit>,
    above_register: DFF<Bit>,
    keep_register: DFF<Bits<2>>,
    go_register: DFF<Bit>,
    live_register: DFF<Bit>,
    total: Constant<Bits<ADDRESS>>,
    infinity: Constant<Bits<ADDRESS>>,
}

impl Orders {
    /// For the memories of a machine.
    pub fn new(plan: &Plan) -> Self {
        Orders {
            clock: Default::default(),
            state: Default::default(),
            waits: Default::default(),
            loaded: Default::default(),
            infinite: Default::default(),
            bucket: Default::default(),
            is_first: Default::default(),
            is_none: Default::default(),
            sum: Default::default(),
            running: Default::default(),
            is_local: Default::default(),
            is_lowest: Default::default(),
            is_fresh: Default::default(),
            accumulates: Default::default(),
            below: Default::default(),
            left: Default::default(),
            right: Default::default(),
            own: Default::default(),
            above: Default::default(),
            keep: Default::default(),
            live: Default::default(),
            go: Default::default(),
            accumulates_register: Default::default(),
            below_register: Default::default(),
            source: Default::default(),
            target: Default::default(),
            right_source: Default::default(),
            right_target: Default::default(),
            own_register: Default::default(),
            above_register: Default::default(),
            keep_register: Default::default(),
            go_register: Default::default(),
            live_register: Default::default(),
            total: Constant::new((plan.total() as u64).into()),
            infinity: Constant::new((plan.infinity() as u64).into()),
        }
    }
}

impl Logic for Orders {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            accumulates_register,
            below_register,
            source,
            target,
            right_source
        );
        dff_setup!(
            self,
            clock,
            right_target,
            own_register,
            above_register,
            keep_register
        );
        dff_setup!(self, clock, go_register, live_register);
        self.accumulates_register.d.next = false;
        self.below_register.d.next = false;
        self.source.d.next = self.bucket.val();
        self.target.d.next = self.sum.val();
        self.right_source.d.next = self.running.val();
        self.right_target.d.next = self.running.val();
        self.own_register.d.next = true;
        self.above_register.d.next = false;
        self.keep_register.d.next = 3.into();
        self.go_register.d.next = !self.waits.val();
        self.live_register.d.next = !self.waits.val();
        match self.state.val() {
            State::Accumulate => {
                self.accumulates_register.d.next = true;
                self.own_register.d.next = false;
                self.keep_register.d.next = 1.into();
                self.go_register.d.next = self.loaded.val();
                self.live_register.d.next = self.loaded.val() & (!self.infinite.val());
            }
            State::Run => {
                if self.is_first.val() {
                    self.right_source.d.next = self.infinity.val();
                }
                self.keep_register.d.next = 2.into();
                self.live_register.d.next = !self.is_none.val();
            }
            State::Aggregate => {
                // the bucket of the first addition is infinity by now
                if !self.is_first.val() {
                    self.source.d.next = self.sum.val();
                }
                self.keep_register.d.next = 1.into();
                self.live_register.d.next = !self.is_none.val();
            }
            State::Add => {
                self.below_register.d.next = !self.is_local.val();
                self.source.d.next = self.sum.val();
                self.target.d.next = self.total.val();
                if self.is_local.val() & self.is_lowest.val() {
                    self.target.d.next = self.sum.val();
                }
                self.right_source.d.next = 0.into();
                self.right_target.d.next = 0.into();
                if self.is_fresh.val() {
                    self.right_source.d.next = self.infinity.val();
                }
            }
            State::Double => {
                self.below_register.d.next = !self.is_local.val();
                self.source.d.next = self.total.val();
                self.target.d.next = self.total.val();
                self.right_source.d.next = 0.into();
                self.right_target.d.next = 0.into();
            }
            State::Fetch => {
                self.below_register.d.next = true;
                self.source.d.next = 0.into();
                self.target.d.next = self.total.val();
                self.right_source.d.next = 0.into();
                self.right_target.d.next = 0.into();
                self.own_register.d.next = false;
                self.above_register.d.next = true;
            }
            _ => {
                self.go_register.d.next = false;
                self.live_register.d.next = false;
            }
        }
        self.accumulates.next = self.accumulates_register.q.val();
        self.below.next = self.below_register.q.val();
        self.left[0].next = self.source.q.val();
        self.left[1].next = self.target.q.val();
        self.right[0].next = self.right_source.q.val();
        self.right[1].next = self.right_target.q.val();
        self.own.next = self.own_register.q.val();
        self.above.next = self.above_register.q.val();
        self.keep.next = self.keep_register.q.val();
        self.live.next = self.live_register.q.val();
        self.go.next = self.go_register.q.val();
    }
}
