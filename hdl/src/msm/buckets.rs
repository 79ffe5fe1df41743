//! The bucket machine: Σ k_i·P_i over signed digits of the scalars, buckets and their sums on the card.
//!
//! ```text
//! scalars → Digits ─┐            ┌─ left Store (buckets, windows' sums) ─┐
//! points  → Points ─┴→ Lane, Lane, … : Adder ───────────────────────────┴→ Unloader → total
//!                  Sequencer, Flow └─ right Store (running sums) ────────┘
//! ```
//!
//! Every lane has an adder and some windows, and goes through its windows in turn, an addition for each period of
//! the adder. An addition's sum is kept before the same window comes again, at least [`Plan::rest`] periods later, and the
//! additions of a pass over the windows are into different buckets: so no addition ever meets a bucket that is not
//! finished, whatever the scalars are. A digit 0 and a point at infinity leave their place empty.
//!
//! Read in this order: [`plan`], [`model`], [`serial`], [`digits`], [`points`], [`sequencer`], [`orders`], [`offset`],
//! [`flow`], [`store`], [`wiper`], [`lane`], [`unloader`].

pub mod digits;
pub mod flow;
pub mod lane;
pub mod model;
pub mod offset;
pub mod orders;
pub mod plan;
pub mod points;
pub mod sequencer;
pub mod serial;
pub mod store;
pub mod unloader;
pub mod wiper;

pub use plan::Plan;

use digits::Digits;
use flow::Flow;
use lane::Lane;
use points::Points;
use rust_hdl::prelude::*;
use sequencer::Sequencer;
use unloader::Unloader;
use wiper::Wiper;

/// Multi-scalar multiplications, one after the other.
///
/// Points are affine in data form, x before y, all zero for infinity; scalars are integers less than r. The total is
/// homogeneous projective, X before Y before Z, each less than 4·p, in any Montgomery form: X/Z and Y/Z are right.
/// Words of 64 bits, the lowest one first.
#[derive(LogicBlock)]
pub struct BucketMachine {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets all jobs.
    pub reset: Signal<In, Bit>,
    /// A job, taken while `ready`.
    pub start: Signal<In, Bit>,
    /// Its number of points and scalars, which may be zero.
    pub count: Signal<In, Bits<32>>,
    /// A job may start.
    pub ready: Signal<Out, Bit>,
    /// The last word of the total leaves.
    pub done: Signal<Out, Bit>,
    /// Clocks since the start of the job, up to `done`.
    pub cycles: Signal<Out, Bits<48>>,
    /// Periods of the adders in which points were to be accumulated.
    pub periods: Signal<Out, Bits<48>>,
    /// Additions in all lanes in these periods.
    pub additions: Signal<Out, Bits<48>>,
    /// A word of a scalar.
    pub scalar_data: Signal<In, Bits<64>>,
    /// It is there.
    pub scalar_valid: Signal<In, Bit>,
    /// It is taken if it is there.
    pub scalar_ready: Signal<Out, Bit>,
    /// A word of a point.
    pub point_data: Signal<In, Bits<64>>,
    /// It is there.
    pub point_valid: Signal<In, Bit>,
    /// It is taken if it is there.
    pub point_ready: Signal<Out, Bit>,
    /// A word of the total.
    pub out_data: Signal<Out, Bits<64>>,
    /// It is there.
    pub out_valid: Signal<Out, Bit>,
    /// It is taken if it is there.
    pub out_ready: Signal<In, Bit>,
    digits: Digits,
    points: Points,
    sequencer: Sequencer,
    flow: Flow,
    wiper: Wiper,
    lanes: Vec<Lane>,
    unloader: Unloader,
    forget: Signal<Local, Bit>,
    place: Signal<Local, Bits<7>>,
    cycles_register: DFF<Bits<48>>,
    periods_register: DFF<Bits<48>>,
    additions_register: DFF<Bits<48>>,
    counts: DFF<Bit>,
    count_register: DFF<Bits<8>>,
    _lanes: usize,
    _last: usize,
}

impl BucketMachine {
    /// A machine.
    pub fn new(plan: &Plan) -> Self {
        BucketMachine {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            count: Default::default(),
            ready: Default::default(),
            done: Default::default(),
            cycles: Default::default(),
            periods: Default::default(),
            additions: Default::default(),
            scalar_data: Default::default(),
            scalar_valid: Default::default(),
            scalar_ready: Default::default(),
            point_data: Default::default(),
            point_valid: Default::default(),
            point_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            digits: Digits::new(plan),
            points: Points::new(plan),
            sequencer: Sequencer::new(plan),
            flow: Flow::new(plan),
            wiper: Wiper::new(plan),
            lanes: (0..plan.lanes).map(|k| Lane::new(plan, k)).collect(),
            unloader: Unloader::new(plan),
            forget: Default::default(),
            place: Default::default(),
            cycles_register: Default::default(),
            periods_register: Default::default(),
            additions_register: Default::default(),
            counts: Default::default(),
            count_register: Default::default(),
            _lanes: plan.lanes,
            _last: plan.lanes - 1,
        }
    }
}

impl Logic for BucketMachine {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            cycles_register,
            periods_register,
            additions_register,
            counts
        );
        dff_setup!(self, clock, count_register);
        clock!(
            self, clock, digits, points, sequencer, flow, wiper, unloader
        );
        // what came in before the memories are cleared is forgotten
        self.forget.next = self.reset.val() | self.sequencer.clearing.val();
        self.digits.reset.next = self.forget.val();
        self.digits.data.next = self.scalar_data.val();
        self.digits.valid.next = self.scalar_valid.val();
        self.scalar_ready.next = self.digits.ready.val() & (!self.forget.val());
        self.digits.take.next = self.sequencer.take.val();
        self.points.reset.next = self.forget.val();
        self.points.data.next = self.point_data.val();
        self.points.valid.next = self.point_valid.val();
        self.point_ready.next = self.points.ready.val() & (!self.forget.val());
        self.points.take.next = self.sequencer.take.val();
        self.points.begins.next = self.flow.begins.val();
        self.points.load_digit.next = self.lanes[0].load_digit.val();
        self.points.load_coordinate.next = self.lanes[0].load_coordinate.val();
        self.sequencer.reset.next = self.reset.val();
        self.sequencer.start.next = self.start.val();
        self.sequencer.count.next = self.count.val();
        self.ready.next = self.sequencer.ready.val();
        self.sequencer.wiping.next = self.wiper.busy.val();
        self.sequencer.loaded.next = self.points.loaded.val() & self.digits.loaded.val();
        self.sequencer.infinite.next = self.points.infinite.val();
        self.sequencer.begins.next = self.flow.begins.val();
        self.sequencer.unloaded.next = self.unloader.done.val();
        self.flow.load.next = self.lanes[0].load.val();
        self.flow.load_coordinate.next = self.lanes[0].load_coordinate.val();
        self.flow.load_digit.next = self.lanes[0].load_digit.val();
        self.flow.load_context.next = self.lanes[0].load_context.val();
        self.flow.right[0].next = self.sequencer.right[0].val();
        self.flow.right[1].next = self.sequencer.right[1].val();
        self.flow.keep.next = self.sequencer.keep.val();
        self.flow.own.next = self.sequencer.own.val();
        self.flow.above.next = self.sequencer.above.val();
        self.flow.unloads.next = self.unloader.busy.val();
        self.flow.unload_address.next = self.unloader.address.val();
        self.flow.sum_place.next = self.lanes[0].sum_place.val();
        self.flow.sum_coordinate.next = self.lanes[0].sum_coordinate.val();
        self.flow.sum_digit.next = self.lanes[0].sum_digit.val();
        self.flow.sum_context.next = self.lanes[0].sum_context.val();
        self.wiper.all.next = self.sequencer.clear.val();
        self.wiper.start.next = self.sequencer.wipe.val();
        self.wiper.base.next = self.sequencer.wipe_base.val();
        self.wiper.hold.next = self.flow.hold.val();
        self.place.next = (bit_cast::<7, 6>(self.sequencer.window.val()) << 1)
            | bit_cast::<7, 1>(self.digits.half.val().into());
        for k in 0..self._lanes {
            self.lanes[k].clock.next = self.clock.val();
            self.lanes[k].reset.next = self.reset.val();
            self.lanes[k].digit_write.next = self.digits.write[k].val();
            self.lanes[k].digit_address.next = self.digits.address.val();
            self.lanes[k].digit.next = self.digits.digit.val();
            self.lanes[k].place.next = self.place.val();
            self.lanes[k].accumulates.next = self.sequencer.accumulates.val();
            self.lanes[k].left.next = self.sequencer.left[0].val();
            self.lanes[k].left_target.next = self.sequencer.left[1].val();
            self.lanes[k].live.next = self.sequencer.live.val();
            self.lanes[k].below.next = self.sequencer.below.val();
            self.lanes[k].begins.next = self.flow.begins.val();
            self.lanes[k].load_offset.next = self.flow.load_offset.val();
            self.lanes[k].right_address.next = self.flow.read_address.val();
            self.lanes[k].takes_own.next = self.flow.takes_own.val();
            self.lanes[k].takes_above.next = self.flow.takes_above.val();
            self.lanes[k].x_or_z.next = self.points.x_or_z.val();
            self.lanes[k].y.next = self.points.ys[0].val();
            self.lanes[k].minus_y.next = self.points.ys[1].val();
            self.lanes[k].is_y.next = self.points.is_y.val();
            self.lanes[k].sum_offset.next = self.flow.sum_offset.val();
            self.lanes[k].write_address.next = self.flow.write_address.val();
            self.lanes[k].keeps.next = self.flow.keeps.val();
            self.lanes[k].wipe_left.next = self.wiper.left.val();
            self.lanes[k].wipe_right.next = self.wiper.right.val();
            self.lanes[k].wipe_address.next = self.wiper.address.val();
            self.lanes[k].wipe_digit.next = self.wiper.digit.val();
        }
        for k in 0..self._last {
            self.lanes[k].above.next = self.lanes[k + 1].right_data.val();
        }
        for k in self._last..self._lanes {
            self.lanes[k].above.next = 0.into();
        }
        self.unloader.reset.next = self.reset.val();
        self.unloader.start.next = self.sequencer.unload.val();
        self.unloader.digit.next = self.lanes[0].right_data.val();
        self.unloader.ready.next = self.out_ready.val();
        self.out_data.next = self.unloader.data.val();
        self.out_valid.next = self.unloader.valid.val();
        self.done.next = self.unloader.done.val();
        // what the job took
        if !self.sequencer.ready.val() {
            self.cycles_register.d.next = self.cycles_register.q.val() + 1;
        }
        if self.flow.begins.val() & self.sequencer.accumulating.val() {
            self.periods_register.d.next = self.periods_register.q.val() + 1;
        }
        self.counts.d.next = self.sequencer.take.val() & (!self.points.infinite.val());
        self.count_register.d.next = self.digits.nonzero.val();
        if self.counts.q.val() {
            self.additions_register.d.next =
                self.additions_register.q.val() + bit_cast::<48, 8>(self.count_register.q.val());
        }
        if self.sequencer.ready.val() & self.start.val() {
            self.cycles_register.d.next = 0.into();
            self.periods_register.d.next = 0.into();
            self.additions_register.d.next = 0.into();
        }
        self.cycles.next = self.cycles_register.q.val();
        self.periods.next = self.periods_register.q.val();
        self.additions.next = self.additions_register.q.val();
    }
}
