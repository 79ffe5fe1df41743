//! The transforms with their butterflies: what a card holds.

use super::butterfly::{Butterfly31, Butterfly64};
use super::engine::Engine;
use proofmill_field::FieldSpec;
use rust_hdl::prelude::*;

/// A transform with B butterflies of one kind. The ports are those of every core, of whatever field: 64 bits
/// of data, of which an element takes the lowest.
macro_rules! core {
    ($(#[$docs:meta])* $name:ident, $butterfly:ident, $bits:literal) => {
        $(#[$docs])*
        #[derive(LogicBlock)]
        pub struct $name<
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
            /// In data form: its powers multiply the input of a forward transform and the output of an
            /// inverse one.
            pub coset_shift: Signal<In, Bits<64>>,
            /// A start is heard.
            pub ready: Signal<Out, Bit>,
            /// The start of the clock before was out of range and is forgotten.
            pub fault: Signal<Out, Bit>,
            /// The last word of a job leaves.
            pub done: Signal<Out, Bit>,
            /// Clocks that the last transform took.
            pub cycles: Signal<Out, Bits<32>>,
            /// Words in, natural order.
            pub in_data: Signal<In, Bits<64>>,
            /// A word is there.
            pub in_valid: Signal<In, Bit>,
            /// It is taken.
            pub in_ready: Signal<Out, Bit>,
            /// Words out, natural order.
            pub out_data: Signal<Out, Bits<64>>,
            /// A word is there.
            pub out_valid: Signal<Out, Bit>,
            /// It is taken.
            pub out_ready: Signal<In, Bit>,
            engine: Engine<$bits, K, H, LB, BANKS, B>,
            butterflies: [$butterfly; B],
        }

        impl<
            const K: usize,
            const H: usize,
            const LB: usize,
            const BANKS: usize,
            const B: usize,
        > $name<K, H, LB, BANKS, B>
        {
            /// A core for sizes up to 2^K; BANKS = 2·B = 2^LB, H = K − LB.
            pub fn new(field: &FieldSpec) -> Self {
                $name {
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
                    engine: Engine::new(field, $butterfly::LATENCY),
                    butterflies: std::array::from_fn(|_| $butterfly::new(field)),
                }
            }
        }

        impl<
            const K: usize,
            const H: usize,
            const LB: usize,
            const BANKS: usize,
            const B: usize,
        > Logic for $name<K, H, LB, BANKS, B>
        {
            #[hdl_gen]
            fn update(&mut self) {
                self.engine.clock.next = self.clock.val();
                self.engine.reset.next = self.reset.val();
                self.engine.start.next = self.start.val();
                self.engine.log_n.next = self.log_n.val();
                self.engine.inverse.next = self.inverse.val();
                self.engine.coset_shift.next = self.coset_shift.val().get_bits::<$bits>(0);
                self.engine.in_data.next = self.in_data.val().get_bits::<$bits>(0);
                self.engine.in_valid.next = self.in_valid.val();
                self.engine.out_ready.next = self.out_ready.val();
                self.ready.next = self.engine.ready.val();
                self.fault.next = self.engine.fault.val();
                self.done.next = self.engine.done.val();
                self.cycles.next = self.engine.cycles.val();
                self.in_ready.next = self.engine.in_ready.val();
                self.out_data.next = bit_cast::<64, $bits>(self.engine.out_data.val());
                self.out_valid.next = self.engine.out_valid.val();
                for r in 0..B {
                    self.butterflies[r].clock.next = self.clock.val();
                    self.butterflies[r].left.next = self.engine.left[r].val();
                    self.butterflies[r].right.next = self.engine.right[r].val();
                    self.butterflies[r].factor.next = self.engine.factor[r].val();
                    self.engine.sum[r].next = self.butterflies[r].sum.val();
                    self.engine.difference[r].next = self.butterflies[r].difference.val();
                }
            }
        }
    };
}

core!(
    /// The transform over BabyBear or KoalaBear.
    Ntt31,
    Butterfly31,
    31
);

core!(
    /// The transform over Goldilocks.
    Ntt64,
    Butterfly64,
    64
);
