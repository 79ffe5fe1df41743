//! The transform of 2^12 words as they stream by.

use super::twiddle::Twiddle;
use super::unit::Unit;
use rust_hdl::prelude::*;

/// Transforms of 2^12, one word in and one out per clock: natural order in, bit-reversed order out.
///
/// Words may come with gaps; they leave without being asked. The first word of a transform leaves once
/// its last one has come. Nine DSP multipliers.
#[derive(LogicBlock)]
pub struct Pipeline {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub reset: Signal<In, Bit>,
    /// Whether the transform is to be divided by 2^12, for four transforms after each other.
    pub inverse: Signal<In, Bits<4>>,
    /// A word comes in.
    pub in_valid: Signal<In, Bit>,
    /// The word, canonical.
    pub in_word: Signal<In, Bits<64>>,
    /// A word goes out.
    pub out_valid: Signal<Out, Bit>,
    /// The word, canonical.
    pub out_word: Signal<Out, Bits<64>>,
    rows: Unit,
    twiddle: Twiddle,
    columns: Unit,
}

impl Pipeline {
    /// Clocks from the last word of a transform to its first word out.
    pub const LATENCY: usize = 2 * Unit::LATENCY + Twiddle::LATENCY;
}

impl Default for Pipeline {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            inverse: Default::default(),
            in_valid: Default::default(),
            in_word: Default::default(),
            out_valid: Default::default(),
            out_word: Default::default(),
            rows: Unit::new(6),
            twiddle: Default::default(),
            columns: Unit::new(0),
        }
    }
}

impl Logic for Pipeline {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, rows, twiddle, columns);
        self.rows.reset.next = self.reset.val();
        self.rows.in_valid.next = self.in_valid.val();
        self.rows.in_word.next = self.in_word.val();
        self.twiddle.reset.next = self.reset.val();
        self.twiddle.inverse.next = self.inverse.val();
        self.twiddle.in_valid.next = self.rows.out_valid.val();
        self.twiddle.in_word.next = self.rows.out_word.val();
        self.columns.reset.next = self.reset.val();
        self.columns.in_valid.next = self.twiddle.out_valid.val();
        self.columns.in_word.next = self.twiddle.out_word.val();
        self.out_valid.next = self.columns.out_valid.val();
        self.out_word.next = self.columns.out_word.val();
    }
}
