//! What every addition is for.

use super::orders::Orders;
use super::plan::{ADDRESS, Plan};
use rust_hdl::prelude::*;

/// What the machine is at.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum State {
    /// Every place becomes infinity.
    Clear,
    /// Waits for a job.
    Idle,
    /// A point into a bucket of each window.
    Accumulate,
    /// A bucket into its window's running sum.
    Run,
    /// The running sum into the window's sum.
    Aggregate,
    /// A window's sum into the total.
    Add,
    /// The total twice.
    Double,
    /// The total of the lane above.
    Fetch,
    /// The total leaves.
    Unload,
}

/// Gives the addition that begins next; windows always follow each other in the same order, so that a sum is there when
/// its window comes again.
///
/// For each point: every window of the lane. For each bucket, from the largest digit down: every window's running sum,
/// then every window's sum. Then Horner's rule: in each lane from the highest window down, then from the highest lane
/// down, where every lane but the highest takes part in every round, and the lowest one has the total after as many
/// rounds as there are lanes above it.
#[derive(LogicBlock)]
pub struct Sequencer {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Starts over.
    pub reset: Signal<In, Bit>,
    /// A job, while `ready`.
    pub start: Signal<In, Bit>,
    /// Its points.
    pub count: Signal<In, Bits<32>>,
    /// May start.
    pub ready: Signal<Out, Bit>,
    /// The memories are not cleared.
    pub clearing: Signal<Out, Bit>,
    /// Clears them, at the first clock of that.
    pub clear: Signal<Out, Bit>,
    /// They are being cleared.
    pub wiping: Signal<In, Bit>,
    /// The next point and its digits are there.
    pub loaded: Signal<In, Bit>,
    /// The point is infinity.
    pub infinite: Signal<In, Bit>,
    /// They have been used.
    pub take: Signal<Out, Bit>,
    /// Points come, or are waited for.
    pub accumulating: Signal<Out, Bit>,
    /// An addition begins.
    pub begins: Signal<In, Bit>,
    /// The next one's bucket comes from its digit.
    pub accumulates: Signal<Out, Bit>,
    /// Its window.
    pub window: Signal<Out, Bits<6>>,
    /// It is to be kept.
    pub live: Signal<Out, Bit>,
    /// But not in the highest lane.
    pub below: Signal<Out, Bit>,
    /// The left summand's place, and the sum's in that memory.
    pub left: [Signal<Out, Bits<ADDRESS>>; 2],
    /// The right summand's place, and the sum's in that memory.
    pub right: [Signal<Out, Bits<ADDRESS>>; 2],
    /// The right summand is the lane's own, or that of the lane above; otherwise the point.
    pub own: Signal<Out, Bit>,
    /// See `own`.
    pub above: Signal<Out, Bit>,
    /// Whether the left memory keeps it, and whether the right one.
    pub keep: Signal<Out, Bits<2>>,
    /// The left summand of the addition before becomes infinity.
    pub wipe: Signal<Out, Bit>,
    /// That summand's place.
    pub wipe_base: Signal<Out, Bits<ADDRESS>>,
    /// The total is there.
    pub unload: Signal<Out, Bit>,
    /// It is out.
    pub unloaded: Signal<In, Bit>,
    state: DFF<State>,
    began: DFF<Bit>,
    /// Points that still come.
    left_points: DFF<Bits<32>>,
    is_last_point: DFF<Bit>,
    window_register: DFF<Bits<6>>,
    is_last: DFF<Bit>,
    is_wide: DFF<Bit>,
    /// Where the window's buckets begin, and how far above that the bucket is.
    origin: DFF<Bits<ADDRESS>>,
    height: DFF<Bits<ADDRESS>>,
    bucket: DFF<Bits<ADDRESS>>,
    /// The window's sum and running sum.
    sum: DFF<Bits<ADDRESS>>,
    running: DFF<Bits<ADDRESS>>,
    /// The bucket is the window's highest one, or none of it.
    is_first: DFF<Bit>,
    is_none: DFF<Bit>,
    /// In the lane, before the lanes.
    is_local: DFF<Bit>,
    is_fresh: DFF<Bit>,
    doublings: DFF<Bits<9>>,
    rounds: DFF<Bits<8>>,
    /// Additions to wait for.
    pause: DFF<Bits<3>>,
    wipes: DFF<Bit>,
    wipe_register: DFF<Bits<ADDRESS>>,
    orders: Orders,
    step: Signal<Local, Bit>,
    reduces: Signal<Local, Bit>,
    top: Constant<Bits<ADDRESS>>,
    narrow_top: Constant<Bits<ADDRESS>>,
    wide_step: Constant<Bits<ADDRESS>>,
    narrow_step: Constant<Bits<ADDRESS>>,
    stride: Constant<Bits<ADDRESS>>,
    sums: Constant<Bits<ADDRESS>>,
    last_sum: Constant<Bits<ADDRESS>>,
    last_wide: Constant<Bits<6>>,
    last_window: Constant<Bits<6>>,
    width: Constant<Bits<9>>,
    lane_bits: Constant<Bits<9>>,
    lanes_above: Constant<Bits<8>>,
    rest: Constant<Bits<3>>,
}

impl Sequencer {
    /// For the lanes of a machine.
    pub fn new(plan: &Plan) -> Self {
        let stride = plan.stride();
        let address = |digits: usize| Constant::new((digits as u64).into());
        let step = plan.buckets(0) * stride;
        Sequencer {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            count: Default::default(),
            ready: Default::default(),
            clearing: Default::default(),
            clear: Default::default(),
            wiping: Default::default(),
            loaded: Default::default(),
            infinite: Default::default(),
            take: Default::default(),
            accumulating: Default::default(),
            begins: Default::default(),
            accumulates: Default::default(),
            window: Default::default(),
            live: Default::default(),
            below: Default::default(),
            left: Default::default(),
            right: Default::default(),
            own: Default::default(),
            above: Default::default(),
            keep: Default::default(),
            wipe: Default::default(),
            wipe_base: Default::default(),
            unload: Default::default(),
            unloaded: Default::default(),
            state: Default::default(),
            began: Default::default(),
            left_points: Default::default(),
            is_last_point: Default::default(),
            window_register: Default::default(),
            is_last: Default::default(),
            is_wide: Default::default(),
            origin: Default::default(),
            height: Default::default(),
            bucket: Default::default(),
            sum: Default::default(),
            running: Default::default(),
            is_first: Default::default(),
            is_none: Default::default(),
            is_local: Default::default(),
            is_fresh: Default::default(),
            doublings: Default::default(),
            rounds: Default::default(),
            pause: Default::default(),
            wipes: Default::default(),
            wipe_register: Default::default(),
            orders: Orders::new(plan),
            step: Default::default(),
            reduces: Default::default(),
            top: address(step - stride),
            narrow_top: address(step / 2 - stride),
            wide_step: address(step),
            narrow_step: address(step / 2),
            stride: address(stride),
            sums: address(plan.sums()),
            last_sum: address(plan.total() - stride),
            last_wide: Constant::new((plan.wide() as u64 - 1).into()),
            last_window: Constant::new((plan.windows() as u64 - 1).into()),
            width: Constant::new((plan.widths[0] as u64).into()),
            lane_bits: Constant::new((plan.lane_bits() as u64).into()),
            lanes_above: Constant::new((plan.lanes as u64 - 1).into()),
            rest: Constant::new((plan.rest() as u64 - 1).into()),
        }
    }
}

impl Logic for Sequencer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            began,
            left_points,
            is_last_point,
            window_register,
            is_last
        );
        dff_setup!(
            self, clock, is_wide, origin, height, bucket, sum, running, is_first, is_none
        );
        dff_setup!(
            self,
            clock,
            is_local,
            is_fresh,
            doublings,
            rounds,
            pause,
            wipes,
            wipe_register
        );
        clock!(self, clock, orders);
        // what follows from the registers of the clocks before: an addition takes many clocks
        self.is_last_point.d.next = self.left_points.q.val() == 1;
        self.is_last.d.next = self.window_register.q.val() == self.last_window.val();
        self.is_wide.d.next = self.window_register.q.val() <= self.last_wide.val();
        self.bucket.d.next = self.origin.q.val() + self.height.q.val();
        self.is_first.d.next = self.height.q.val() == self.narrow_top.val();
        self.is_none.d.next = self.height.q.val() > self.narrow_top.val();
        if self.is_wide.q.val() {
            self.is_first.d.next = self.height.q.val() == self.top.val();
            self.is_none.d.next = false;
        }
        self.orders.state.next = self.state.q.val();
        self.orders.waits.next = self.pause.q.val().any();
        self.orders.loaded.next = self.loaded.val();
        self.orders.infinite.next = self.infinite.val();
        self.orders.bucket.next = self.bucket.q.val();
        self.orders.is_first.next = self.is_first.q.val();
        self.orders.is_none.next = self.is_none.q.val();
        self.orders.sum.next = self.sum.q.val();
        self.orders.running.next = self.running.q.val();
        self.orders.is_local.next = self.is_local.q.val();
        self.orders.is_lowest.next = !self.window_register.q.val().any();
        self.orders.is_fresh.next = self.is_fresh.q.val();
        self.window.next = self.window_register.q.val();
        self.accumulates.next = self.orders.accumulates.val();
        self.below.next = self.orders.below.val();
        for i in 0..2 {
            self.left[i].next = self.orders.left[i].val();
            self.right[i].next = self.orders.right[i].val();
        }
        self.own.next = self.orders.own.val();
        self.above.next = self.orders.above.val();
        self.keep.next = self.orders.keep.val();
        self.live.next = self.orders.live.val();
        self.step.next = self.begins.val() & self.orders.go.val();
        self.take.next =
            self.step.val() & (self.state.q.val() == State::Accumulate) & self.is_last.q.val();
        // a bucket that the addition before has taken; that of an addition that is not kept is infinity anyway
        self.wipe.next = self.begins.val() & self.wipes.q.val();
        self.wipe_base.next = self.wipe_register.q.val();
        if self.begins.val() {
            self.wipes.d.next =
                self.step.val() & self.orders.live.val() & (self.state.q.val() == State::Run);
            self.wipe_register.d.next = self.bucket.q.val();
            if self.pause.q.val().any() {
                self.pause.d.next = self.pause.q.val() - 1;
            }
        }
        self.clear.next = false;
        self.unload.next = false;
        self.accumulating.next = self.state.q.val() == State::Accumulate;
        self.ready.next = self.state.q.val() == State::Idle;
        self.clearing.next = self.state.q.val() == State::Clear;
        self.reduces.next =
            (self.state.q.val() == State::Run) | (self.state.q.val() == State::Aggregate);
        if self.step.val() & self.reduces.val() {
            self.window_register.d.next = self.window_register.q.val() + 1;
            self.origin.d.next = self.origin.q.val() + self.narrow_step.val();
            if self.is_wide.q.val() {
                self.origin.d.next = self.origin.q.val() + self.wide_step.val();
            }
            self.running.d.next = self.running.q.val() + self.stride.val();
            if self.is_last.q.val() {
                self.window_register.d.next = 0.into();
                self.origin.d.next = 0.into();
                self.running.d.next = 0.into();
            }
        }
        match self.state.q.val() {
            State::Clear => {
                self.clear.next = !self.began.q.val();
                self.began.d.next = true;
                if self.began.q.val() & (!self.wiping.val()) {
                    self.state.d.next = State::Idle;
                }
            }
            State::Idle => {
                self.left_points.d.next = self.count.val();
                self.window_register.d.next = 0.into();
                self.origin.d.next = 0.into();
                self.height.d.next = self.top.val();
                self.sum.d.next = self.sums.val();
                self.running.d.next = 0.into();
                self.is_local.d.next = true;
                self.is_fresh.d.next = true;
                self.rounds.d.next = self.lanes_above.val();
                if self.start.val() {
                    self.state.d.next = State::Accumulate;
                    if !self.count.val().any() {
                        self.state.d.next = State::Run;
                    }
                }
            }
            State::Accumulate => {
                if self.step.val() {
                    self.window_register.d.next = self.window_register.q.val() + 1;
                    if self.is_last.q.val() {
                        self.window_register.d.next = 0.into();
                        self.left_points.d.next = self.left_points.q.val() - 1;
                        if self.is_last_point.q.val() {
                            self.state.d.next = State::Run;
                        }
                    }
                }
            }
            State::Run => {
                if self.step.val() & self.is_last.q.val() {
                    self.state.d.next = State::Aggregate;
                }
            }
            State::Aggregate => {
                if self.step.val() {
                    self.sum.d.next = self.sum.q.val() + self.stride.val();
                }
                if self.step.val() & self.is_last.q.val() {
                    self.sum.d.next = self.sums.val();
                    self.height.d.next = self.height.q.val() - self.stride.val();
                    self.state.d.next = State::Run;
                    if !self.height.q.val().any() {
                        self.window_register.d.next = self.last_window.val();
                        self.sum.d.next = self.last_sum.val();
                        self.pause.d.next = self.rest.val();
                        self.state.d.next = State::Add;
                    }
                }
            }
            State::Add => {
                if self.step.val() {
                    self.pause.d.next = self.rest.val();
                    self.is_fresh.d.next = false;
                    self.doublings.d.next = self.width.val();
                    // the window below
                    if (self.window_register.q.val() - 1) > self.last_wide.val() {
                        self.doublings.d.next = self.width.val() - 1;
                    }
                    self.window_register.d.next = self.window_register.q.val() - 1;
                    self.sum.d.next = self.sum.q.val() - self.stride.val();
                    self.state.d.next = State::Double;
                    if !self.window_register.q.val().any() {
                        self.window_register.d.next = 0.into();
                        self.sum.d.next = self.sum.q.val();
                        self.is_local.d.next = false;
                        self.rounds.d.next = self.rounds.q.val() - 1;
                        self.state.d.next = State::Fetch;
                        if !self.rounds.q.val().any() {
                            self.state.d.next = State::Unload;
                        }
                    }
                }
            }
            State::Double => {
                if self.step.val() {
                    self.pause.d.next = self.rest.val();
                    self.doublings.d.next = self.doublings.q.val() - 1;
                    if self.doublings.q.val() == 1 {
                        self.state.d.next = State::Add;
                    }
                }
            }
            State::Fetch => {
                if self.step.val() {
                    self.pause.d.next = self.rest.val();
                    self.doublings.d.next = self.lane_bits.val();
                    self.state.d.next = State::Double;
                }
            }
            _ => {
                self.unload.next = self.begins.val() & (!self.pause.q.val().any());
                if self.unloaded.val() {
                    self.state.d.next = State::Idle;
                }
            }
        }
        if self.reset.val() {
            self.state.d.next = State::Clear;
            self.began.d.next = false;
            self.pause.d.next = 0.into();
            self.wipes.d.next = false;
        }
    }
}
