//! The one true multiplication of the transform, between its two units.

use super::plan::{self, EXPONENTS};
use super::rotate::Rotate;
use super::trail::Trail;
use crate::arith::goldilocks::Multiply;
use crate::leaf::{Delay, Reverse, Rom};
use rust_hdl::prelude::*;

/// Multiplies the word at place 64·r + t of a transform of 2^12 by w^(k·t), with k the six bits of r
/// reversed and w the root of unity of order 2^12; in inverse transforms by 2^-12 as well.
///
/// w^64 is a power of eight: the high half of the exponent turns, the low half looks up 64 words.
#[derive(LogicBlock)]
pub struct Twiddle {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub reset: Signal<In, Bit>,
    /// Whether the transform is an inverse one, for four transforms after each other.
    pub inverse: Signal<In, Bits<4>>,
    /// A word comes in.
    pub in_valid: Signal<In, Bit>,
    /// The word, canonical.
    pub in_word: Signal<In, Bits<64>>,
    /// A word goes out.
    pub out_valid: Signal<Out, Bit>,
    /// The word, canonical.
    pub out_word: Signal<Out, Bits<64>>,
    /// Place and, above, the number of the transform.
    seen: DFF<Bits<14>>,
    reverse: Reverse<6>,
    exponent: DFF<Bits<12>>,
    turn: ROM<Bits<6>, 6>,
    turn_1: DFF<Bits<6>>,
    word: DFF<Bits<64>>,
    rotate: Rotate,
    index: Signal<Local, Bits<7>>,
    indices: Delay<7>,
    roots: Rom<64, 7>,
    root: DFF<Bits<64>>,
    multiply: Multiply,
    trail: Trail,
    scaled: Constant<Bits<7>>,
}

impl Twiddle {
    /// Clocks from word to word.
    pub const LATENCY: usize = 1 + Rotate::LATENCY + Multiply::LATENCY;
}

impl Default for Twiddle {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            inverse: Default::default(),
            in_valid: Default::default(),
            in_word: Default::default(),
            out_valid: Default::default(),
            out_word: Default::default(),
            seen: Default::default(),
            reverse: Default::default(),
            exponent: Default::default(),
            turn: (0..EXPONENTS).map(|i| plan::of_eight(i).into()).into(),
            turn_1: Default::default(),
            word: Default::default(),
            rotate: Default::default(),
            index: Default::default(),
            // The root is read and registered while the word is turned.
            indices: Delay::new(1 + Rotate::LATENCY - 2),
            roots: Rom::new((0..2 * EXPONENTS).map(|i| plan::root(i).into())),
            root: Default::default(),
            multiply: Default::default(),
            trail: Trail::new(Self::LATENCY),
            scaled: Constant::new(EXPONENTS.into()),
        }
    }
}

impl Logic for Twiddle {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, seen, exponent, turn_1, word, root);
        clock!(self, clock, rotate, indices, roots, multiply, trail);
        self.trail.reset.next = self.reset.val();
        self.trail.enter.next = self.in_valid.val();
        // exponent = k·t
        self.reverse.a.next = self.seen.q.val().get_bits::<6>(6);
        if self.in_valid.val() {
            self.seen.d.next = self.seen.q.val() + 1;
            self.exponent.d.next = self.exponent.q.val() + bit_cast::<12, 6>(self.reverse.y.val());
            if self.seen.q.val().get_bits::<6>(0).all() {
                self.exponent.d.next = 0.into();
            }
        }
        if self.reset.val() {
            self.seen.d.next = 0.into();
            self.exponent.d.next = 0.into();
        }
        self.turn.address.next = self.exponent.q.val().get_bits::<6>(6);
        self.turn_1.d.next = self.turn.data.val();
        self.word.d.next = self.in_word.val();
        self.rotate.word.next = self.word.q.val();
        self.rotate.exponent.next = self.turn_1.q.val();
        self.index.next = bit_cast::<7, 6>(self.exponent.q.val().get_bits::<6>(0));
        if self
            .inverse
            .val()
            .get_bit(self.seen.q.val().get_bits::<2>(12).index())
        {
            self.index.next =
                bit_cast::<7, 6>(self.exponent.q.val().get_bits::<6>(0)) | self.scaled.val();
        }
        self.indices.d.next = self.index.val();
        self.roots.address.next = self.indices.q.val();
        self.root.d.next = self.roots.data.val();
        self.multiply.left.next = self.rotate.result.val();
        self.multiply.right.next = self.root.q.val();
        self.out_valid.next = self.trail.leave.val();
        self.out_word.next = self.multiply.product.val();
    }
}
