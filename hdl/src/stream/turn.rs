//! The powers of eight between the stages of a unit.

use super::plan::{self, EXPONENTS};
use super::rotate::Rotate;
use super::trail::Trail;
use rust_hdl::prelude::*;

/// Multiplies each word by the power of eight that its place within the unit asks for.
#[derive(LogicBlock)]
pub struct Turn {
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
    place: Signal<Local, Bits<12>>,
    exponents: ROM<Bits<6>, 6>,
    exponent: DFF<Bits<6>>,
    word: DFF<Bits<64>>,
    rotate: Rotate,
    trail: Trail,
    log_stride: Constant<Bits<4>>,
}

impl Turn {
    /// Clocks from word to word.
    pub const LATENCY: usize = 1 + Rotate::LATENCY;

    /// What follows stage `stage` of a unit whose places are 2^`log_stride` words long.
    pub fn new(stage: usize, log_stride: usize) -> Self {
        let exponent = |place| plan::of_eight(plan::turns(stage, place)).into();
        Self {
            clock: Default::default(),
            reset: Default::default(),
            in_valid: Default::default(),
            in_word: Default::default(),
            out_valid: Default::default(),
            out_word: Default::default(),
            seen: Default::default(),
            place: Default::default(),
            exponents: (0..EXPONENTS).map(exponent).into(),
            exponent: Default::default(),
            word: Default::default(),
            rotate: Default::default(),
            trail: Trail::new(Self::LATENCY),
            log_stride: Constant::new((log_stride as u64).into()),
        }
    }
}

impl Logic for Turn {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, seen, exponent, word);
        clock!(self, clock, rotate, trail);
        self.trail.reset.next = self.reset.val();
        self.trail.enter.next = self.in_valid.val();
        if self.in_valid.val() {
            self.seen.d.next = self.seen.q.val() + 1;
        }
        if self.reset.val() {
            self.seen.d.next = 0.into();
        }
        self.place.next = self.seen.q.val() >> self.log_stride.val();
        self.exponents.address.next = self.place.val().get_bits::<6>(0);
        self.exponent.d.next = self.exponents.data.val();
        self.word.d.next = self.in_word.val();
        self.rotate.word.next = self.word.q.val();
        self.rotate.exponent.next = self.exponent.q.val();
        self.out_valid.next = self.trail.leave.val();
        self.out_word.next = self.rotate.result.val();
    }
}
