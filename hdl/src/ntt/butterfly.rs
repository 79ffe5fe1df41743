//! left ± right · factor, one butterfly per clock.

use crate::arith::{goldilocks, mont31};
use crate::leaf::Delay;
use proofmill_field::FieldSpec;
use rust_hdl::prelude::*;

/// A butterfly of the blocks of an arithmetic, and how these are made for a field.
macro_rules! butterfly {
    ($(#[$docs:meta])* $name:ident, $bits:literal, $arith:ident, |$field:pat_param| $new:ident($($of:ident)?)) => {
        $(#[$docs])*
        #[derive(LogicBlock)]
        pub struct $name {
            /// Clock.
            pub clock: Signal<In, Clock>,
            /// The element that is not multiplied.
            pub left: Signal<In, Bits<$bits>>,
            /// The element that is.
            pub right: Signal<In, Bits<$bits>>,
            /// By this.
            pub factor: Signal<In, Bits<$bits>>,
            /// left + right · factor, `LATENCY` clocks later.
            pub sum: Signal<Out, Bits<$bits>>,
            /// left − right · factor, with the sum.
            pub difference: Signal<Out, Bits<$bits>>,
            waits: Delay<$bits>,
            multiply: $arith::Multiply,
            add: $arith::Add,
            subtract: $arith::Subtract,
            catches_up: Delay<$bits>,
        }

        impl $name {
            /// Clocks from operands to results.
            pub const LATENCY: usize = $arith::Multiply::LATENCY + $arith::Add::LATENCY;

            /// A butterfly over the field.
            pub fn new($field: &FieldSpec) -> Self {
                $name {
                    clock: Default::default(),
                    left: Default::default(),
                    right: Default::default(),
                    factor: Default::default(),
                    sum: Default::default(),
                    difference: Default::default(),
                    waits: Delay::new($arith::Multiply::LATENCY),
                    multiply: $arith::Multiply::$new($($of)?),
                    add: $arith::Add::$new($($of)?),
                    subtract: $arith::Subtract::$new($($of)?),
                    catches_up: Delay::new($arith::Add::LATENCY - $arith::Subtract::LATENCY),
                }
            }
        }

        impl Logic for $name {
            #[hdl_gen]
            fn update(&mut self) {
                clock!(self, clock, waits, multiply, add, subtract, catches_up);
                self.waits.d.next = self.left.val();
                self.multiply.left.next = self.right.val();
                self.multiply.right.next = self.factor.val();
                self.add.left.next = self.waits.q.val();
                self.add.right.next = self.multiply.product.val();
                self.subtract.left.next = self.waits.q.val();
                self.subtract.right.next = self.multiply.product.val();
                self.catches_up.d.next = self.subtract.difference.val();
                self.sum.next = self.add.sum.val();
                self.difference.next = self.catches_up.q.val();
            }
        }
    };
}

butterfly!(
    /// A butterfly over BabyBear or KoalaBear; the factor is in Montgomery form.
    Butterfly31,
    31,
    mont31,
    |field| new(field)
);

butterfly!(
    /// A butterfly over Goldilocks, which is the field whatever is given.
    Butterfly64,
    64,
    goldilocks,
    |_| default()
);
