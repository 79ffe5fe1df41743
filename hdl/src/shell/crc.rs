//! The CRC of frames, a byte at each clock.

use proofmill_wire::{CRC_POLYNOMIAL, Crc32};
use rust_hdl::prelude::*;

/// CRC-32 over the bytes since the last `clear`.
#[derive(LogicBlock)]
pub(super) struct Crc {
    pub(super) clock: Signal<In, Clock>,
    pub(super) clear: Signal<In, Bit>,
    pub(super) octet: Signal<In, Bits<8>>,
    pub(super) valid: Signal<In, Bit>,
    /// Of the bytes of earlier clocks. Not inverted: see [`Crc::RESIDUE`].
    pub(super) value: Signal<Out, Bits<32>>,
    register: DFF<Bits<32>>,
    steps: [Signal<Local, Bits<32>>; 9],
    polynomial: Constant<Bits<32>>,
    ones: Constant<Bits<32>>,
}

impl Crc {
    /// The value after a frame's body with its CRC behind it, whatever the body.
    pub(super) fn residue() -> u32 {
        // no body: the CRC is zero
        !Crc32::of(&[0; proofmill_wire::frame::CRC_BYTES])
    }
}

impl Default for Crc {
    fn default() -> Self {
        Crc {
            clock: Default::default(),
            clear: Default::default(),
            octet: Default::default(),
            valid: Default::default(),
            value: Default::default(),
            register: Default::default(),
            steps: Default::default(),
            polynomial: Constant::new(u64::from(CRC_POLYNOMIAL).into()),
            ones: Constant::new(u64::from(u32::MAX).into()),
        }
    }
}

impl Logic for Crc {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, register);
        self.value.next = self.register.q.val();
        self.steps[0].next = self.register.q.val() ^ bit_cast::<32, 8>(self.octet.val());
        for i in 0..8 {
            self.steps[i + 1].next = self.steps[i].val() >> 1;
            if self.steps[i].val().get_bit(0) {
                self.steps[i + 1].next = (self.steps[i].val() >> 1) ^ self.polynomial.val();
            }
        }
        if self.valid.val() {
            self.register.d.next = self.steps[8].val();
        }
        if self.clear.val() {
            self.register.d.next = self.ones.val();
        }
    }
}
