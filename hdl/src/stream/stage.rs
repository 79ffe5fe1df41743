//! One level of butterflies on a stream of words.

use super::line::Line;
use super::trail::Trail;
use crate::arith::goldilocks::{Add, Subtract};
use crate::leaf::Delay;
use rust_hdl::prelude::*;

/// For each block of 2·d words in: the d sums of its halves out, then the d differences.
///
/// Words may come with gaps. Sums leave as fast as the second half comes, differences right after
/// them, one per clock: nothing has to follow for a block to leave.
#[derive(LogicBlock)]
pub struct Stage {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub reset: Signal<In, Bit>,
    /// A word comes in.
    pub in_valid: Signal<In, Bit>,
    /// The word, canonical.
    pub in_word: Signal<In, Bits<64>>,
    /// A word goes out.
    pub out_valid: Signal<Out, Bit>,
    /// The word, canonical.
    pub out_word: Signal<Out, Bits<64>>,
    seen: DFF<Bits<12>>,
    /// The word is of the second half.
    second: Signal<Local, Bit>,
    first_half: Line,
    later: Delay<64>,
    add: Add,
    sum: DFF<Bits<64>>,
    subtract: Subtract,
    differences: Line,
    subtracted: Trail,
    added: Trail,
    stored: DFF<Bits<12>>,
    drained: DFF<Bits<12>>,
    draining: DFF<Bit>,
    drain: Trail,
    valid: DFF<Bit>,
    word: DFF<Bits<64>>,
    /// log2 d
    log_half: Constant<Bits<4>>,
    /// d − 1
    mask: Constant<Bits<12>>,
}

impl Stage {
    /// Clocks from a word of the second half to its sum; the difference comes d later, or more if
    /// there are gaps.
    pub const LATENCY: usize = Line::LATENCY + Self::SUM + 1;
    /// From a pair to its difference.
    const DIFFERENCE: usize = Subtract::LATENCY;
    /// From a pair to its sum, late enough for a difference to be stored and read back behind it.
    const SUM: usize = Self::DIFFERENCE + Line::LATENCY;

    /// Blocks of 2·2^`log_half` words, `log_half` ≤ 11.
    pub fn new(log_half: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            in_valid: Default::default(),
            in_word: Default::default(),
            out_valid: Default::default(),
            out_word: Default::default(),
            seen: Default::default(),
            second: Default::default(),
            first_half: Line::new(log_half),
            later: Delay::new(Line::LATENCY),
            add: Default::default(),
            sum: Default::default(),
            subtract: Default::default(),
            differences: Line::new(log_half),
            subtracted: Trail::new(Line::LATENCY + Self::DIFFERENCE),
            added: Trail::new(Self::SUM - Self::DIFFERENCE),
            stored: Default::default(),
            drained: Default::default(),
            draining: Default::default(),
            drain: Trail::new(Line::LATENCY),
            valid: Default::default(),
            word: Default::default(),
            log_half: Constant::new((log_half as u64).into()),
            mask: Constant::new(((1u64 << log_half) - 1).into()),
        }
    }
}

// The sum is registered once behind `Add`.
const _: () = assert!(Stage::SUM == Add::LATENCY + 1);

impl Logic for Stage {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, seen, sum, stored, drained, draining, valid, word
        );
        clock!(
            self,
            clock,
            first_half,
            differences,
            subtracted,
            added,
            drain,
            later,
            add,
            subtract
        );
        self.first_half.reset.next = self.reset.val();
        self.differences.reset.next = self.reset.val();
        self.subtracted.reset.next = self.reset.val();
        self.added.reset.next = self.reset.val();
        self.drain.reset.next = self.reset.val();
        // The first half waits for the second.
        self.second.next = self.seen.q.val().get_bit(self.log_half.val().index());
        if self.in_valid.val() {
            self.seen.d.next = self.seen.q.val() + 1;
        }
        self.first_half.enter.next = self.in_valid.val() & (!self.second.val());
        self.first_half.enter_word.next = self.in_word.val();
        self.first_half.leave.next = self.in_valid.val() & self.second.val();
        self.later.d.next = self.in_word.val();
        self.add.left.next = self.first_half.leave_word.val();
        self.add.right.next = self.later.q.val();
        self.subtract.left.next = self.first_half.leave_word.val();
        self.subtract.right.next = self.later.q.val();
        self.sum.d.next = self.add.sum.val();
        // The differences wait for the last sum.
        self.subtracted.enter.next = self.in_valid.val() & self.second.val();
        self.added.enter.next = self.subtracted.leave.val();
        self.differences.enter.next = self.subtracted.leave.val();
        self.differences.enter_word.next = self.subtract.difference.val();
        self.differences.leave.next = self.draining.q.val();
        self.drain.enter.next = self.draining.q.val();
        if self.draining.q.val() {
            self.drained.d.next = self.drained.q.val() + 1;
            if (self.drained.q.val() & self.mask.val()) == self.mask.val() {
                self.draining.d.next = false;
            }
        }
        if self.subtracted.leave.val() {
            self.stored.d.next = self.stored.q.val() + 1;
            if (self.stored.q.val() & self.mask.val()) == self.mask.val() {
                self.draining.d.next = true;
            }
        }
        self.valid.d.next = self.added.leave.val() | self.drain.leave.val();
        self.word.d.next = self.sum.q.val();
        if self.drain.leave.val() {
            self.word.d.next = self.differences.leave_word.val();
        }
        if self.reset.val() {
            self.seen.d.next = 0.into();
            self.stored.d.next = 0.into();
            self.drained.d.next = 0.into();
            self.draining.d.next = false;
            self.valid.d.next = false;
        }
        self.out_valid.next = self.valid.q.val();
        self.out_word.next = self.word.q.val();
    }
}
