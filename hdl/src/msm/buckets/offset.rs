//! Where a digit lies in a point.

use super::plan::{ADDRESS, Plan};
use rust_hdl::prelude::*;

/// Digits of X, then of Y, then of Z: the place of one of them, a clock later.
#[derive(LogicBlock)]
pub struct Offset {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Of X, Y or Z.
    pub coordinate: Signal<In, Bits<2>>,
    /// Which digit.
    pub digit: Signal<In, Bits<5>>,
    /// Its place.
    pub offset: Signal<Out, Bits<ADDRESS>>,
    place: DFF<Bits<ADDRESS>>,
    second: Constant<Bits<ADDRESS>>,
    third: Constant<Bits<ADDRESS>>,
}

impl Offset {
    /// For the points of a machine.
    pub fn new(plan: &Plan) -> Self {
        let coordinate = plan.stride() as u64 / 3;
        Offset {
            clock: Default::default(),
            coordinate: Default::default(),
            digit: Default::default(),
            offset: Default::default(),
            place: Default::default(),
            second: Constant::new(coordinate.into()),
            third: Constant::new((2 * coordinate).into()),
        }
    }
}

impl Logic for Offset {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, place);
        self.place.d.next = bit_cast::<ADDRESS, 5>(self.digit.val());
        if self.coordinate.val() == 1 {
            self.place.d.next = bit_cast::<ADDRESS, 5>(self.digit.val()) + self.second.val();
        }
        if self.coordinate.val() == 2 {
            self.place.d.next = bit_cast::<ADDRESS, 5>(self.digit.val()) + self.third.val();
        }
        self.offset.next = self.place.q.val();
    }
}
