//! What a bucket machine is made from, and how long it works.

use super::unloader::Unloader;
use crate::arith::wide;
use crate::msm::adder::{self, schedule::CONTEXTS};
use num_bigint::BigUint;
use proofmill_field::CurveSpec;

/// Bits of an address in the memories of points.
pub const ADDRESS: usize = 18;

/// Clocks from a sum's digit to its place in a memory, less those from asking for a digit to reading it.
const WRITE: usize = 2;

/// A bucket machine: lanes, windows, places of points in the lanes' memories.
///
/// A lane has an adder, and the buckets of some windows that follow each other. The left memory holds, from address 0
/// on, each window's buckets, then the windows' sums, then the total; the right one the windows' running sums, the
/// first of which is later the total, and a point that is always infinity.
#[derive(Clone)]
pub struct Plan {
    /// The curve.
    pub curve: &'static CurveSpec,
    /// Its adder.
    pub adder: adder::Plan,
    /// Lanes, each with an adder.
    pub lanes: usize,
    /// Bits of each window of a lane, from the lowest one on: those of the first one, then one less.
    pub widths: Vec<usize>,
}

impl Plan {
    /// For windows of at most so many bits; fewer where a lane would have too few windows for its adder's latency.
    ///
    /// `None` if the adder's ranges do not close, a window has less than two bits, a lane has more than 64 windows, all
    /// lanes together more than 255, or the memories' addresses do not suffice.
    pub fn new(
        curve: &'static CurveSpec,
        reduction: wide::Reduction,
        lanes: usize,
        window_bits: usize,
    ) -> Option<Plan> {
        let adder = adder::Plan::new(curve, reduction)?;
        let lanes = lanes.max(1);
        // signed digits take a bit more than the scalar has
        let bits = (curve.scalar.bits as usize + 1).div_ceil(lanes);
        let mut plan = Plan {
            curve,
            adder,
            lanes,
            widths: Vec::new(),
        };
        let windows = bits.div_ceil(window_bits.max(1)).max(plan.rest());
        let widest = bits.div_ceil(windows);
        let wide = windows - (windows * widest - bits);
        plan.widths = (0..windows)
            .map(|v| widest - usize::from(v >= wide))
            .collect();
        let is_possible = plan.rest() <= CONTEXTS
            && plan.widths.iter().all(|width| *width > 1)
            && windows <= 1 << 6
            && windows * lanes < 1 << 8
            && plan.left_words() < 1 << ADDRESS
            && plan.adder.schedule.loads_together()
            && plan.holds_every_scalar();
        is_possible.then_some(plan)
    }

    /// Additions after which a sum can be taken again: those that begin before its last digit is kept.
    pub fn rest(&self) -> usize {
        let schedule = &self.adder.schedule;
        (schedule.latency() + WRITE).div_ceil(schedule.period())
    }

    /// Windows of a lane.
    pub fn windows(&self) -> usize {
        self.widths.len()
    }

    /// Windows of a lane that have the bits of the first one.
    pub fn wide(&self) -> usize {
        self.widths
            .iter()
            .filter(|width| **width == self.widths[0])
            .count()
    }

    /// Bits of a lane's windows together.
    pub fn lane_bits(&self) -> usize {
        self.widths.iter().sum()
    }

    /// Words of 64 bits of a scalar: a machine with fewer windows than the curve's scalars need takes shorter ones.
    pub fn scalar_words(&self) -> usize {
        let words = (self.lanes * self.lane_bits()).div_ceil(64);
        words.min(self.curve.scalar.limbs())
    }

    /// Buckets of a window.
    pub fn buckets(&self, window: usize) -> usize {
        1 << (self.widths[window] - 1)
    }

    /// Buckets of a lane's windows before this one.
    pub fn buckets_before(&self, window: usize) -> usize {
        (0..window).map(|v| self.buckets(v)).sum()
    }

    /// Digits of a point.
    pub fn stride(&self) -> usize {
        3 * self.adder.multiplier.digits
    }

    /// Where the left memory has the windows' sums.
    pub fn sums(&self) -> usize {
        self.buckets_before(self.windows()) * self.stride()
    }

    /// Where the left memory has the total.
    pub fn total(&self) -> usize {
        self.sums() + self.windows() * self.stride()
    }

    /// Where the right memory has infinity.
    pub fn infinity(&self) -> usize {
        self.windows() * self.stride()
    }

    /// Digits in the left memory.
    pub fn left_words(&self) -> usize {
        self.total() + self.stride()
    }

    /// Digits in the right memory.
    pub fn right_words(&self) -> usize {
        self.infinity() + self.stride()
    }

    /// What is added to a scalar so that its windows' bits are the signed digits, each half its range too large.
    fn halves(&self) -> BigUint {
        let widths = (0..self.lanes).flat_map(|_| &self.widths);
        let half = |(sum, end): (BigUint, usize), width: &usize| {
            (sum + (BigUint::from(1u8) << (end + width - 1)), end + width)
        };
        widths.fold((BigUint::default(), 0), half).0
    }

    fn holds_every_scalar(&self) -> bool {
        let largest = wide::plan::integer(&self.curve.scalar.modulus) + self.halves();
        largest >> (self.lanes * self.lane_bits()) == BigUint::default()
    }

    /// The signed digits of a scalar less than r, lane by lane: Σ d·2^(bits below), −2^(w−1) ≤ d < 2^(w−1).
    pub fn digits(&self, scalar: &BigUint) -> Vec<i64> {
        let mut rest = scalar + self.halves();
        let widths = (0..self.lanes).flat_map(|_| &self.widths);
        widths
            .map(|width| {
                let bits = wide::plan::digit(&rest, 0) as i64 & ((1 << width) - 1);
                rest >>= width;
                bits - (1 << (width - 1))
            })
            .collect()
    }

    /// Additions one after the other that make the total of a lane's windows' sums, and the lanes' totals that of all.
    pub fn chain(&self) -> usize {
        let doublings: usize = self.widths[..self.windows() - 1].iter().sum();
        self.windows() + doublings + (self.lanes - 1) * (self.lane_bits() + 2)
    }

    /// Clocks of a job whose points are there in time: a period for each window of a lane and point, two for each bucket
    /// of its widest window and for each window, as many as an adder's sum waits before, and for, each addition of the
    /// chain, and the clocks in which the total leaves.
    pub fn clocks(&self, count: u64) -> u64 {
        let windows = self.windows() as u64;
        let reduce = 2 * windows * self.buckets(0) as u64;
        let chain = ((self.chain() + 1) * self.rest()) as u64;
        let periods = count * windows + reduce + chain;
        periods * self.adder.schedule.period() as u64 + (self.stride() * Unloader::DIGIT) as u64
    }
}
