//! The cards that can be had: each design's core in the shell.

use super::{Identity, card, identified};
use crate::HdlError;
use crate::design::{Core, Design, in_place, verilog, with_room};
use crate::ntt::core::{Ntt31, Ntt64};
use crate::stream::{core::StreamCore, plan::LOG_N as STREAM_LOG_N};
use proofmill_wire::{Capabilities, DesignId};
use rust_hdl::prelude::*;

card!(
    /// An in-place transform over Goldilocks.
    Card64 [K, H, LB, BANKS, B], Ntt64<K, H, LB, BANKS, B>, K
);
card!(
    /// An in-place transform over a field of 31 bits.
    Card31 [K, H, LB, BANKS, B], Ntt31<K, H, LB, BANKS, B>, K
);

/// log2 of the streaming transform's size.
const STREAM_K: usize = STREAM_LOG_N as usize;

card!(
    /// The streaming transform over Goldilocks.
    StreamCard [], StreamCore, STREAM_K
);

/// The clock that a card says it has unless told otherwise, in Hz: what a simulated one reaches, about.
pub const SIMULATED_HZ: u64 = 5_000_000;

/// A line with id and name of each card that the driver knows: every core's, for transforms to 2^12 with one butterfly.
pub fn known() -> Result<String, HdlError> {
    let known = Design::all().filter(|design| (design.log_n_max, design.butterflies) == (12, 1));
    let line = |design: Design| Ok(format!("{} {design}\n", design.card(SIMULATED_HZ)?.0));
    known.map(line).collect()
}

impl Design {
    /// What a card with this core can do.
    pub fn capabilities(&self) -> Capabilities {
        let streaming = matches!(
            self.core,
            Core::StreamGoldilocks | Core::StreamGoldilocksCoset
        );
        let max_log_n = self.log_n_max as u8;
        Capabilities {
            field: self.core.field() as u8,
            min_log_n: if streaming { max_log_n } else { 1 },
            max_log_n,
            log_butterflies: self.butterflies.checked_ilog2().unwrap_or(0) as u8,
            buffers: 2,
            coset: self.core != Core::StreamGoldilocks,
            inverse: true,
            reversed_input: false,
            reversed_output: false,
            streaming,
        }
    }

    /// The Verilog of a card with this core, the top module named `top`, and its design id.
    ///
    /// Errors: parameters that are not offered.
    pub fn card(&self, clock_hz: u64) -> Result<(DesignId, String), HdlError> {
        let text = |identity: &Identity| with_room(|| self.text(identity))?;
        identified(self.capabilities(), clock_hz, text)
    }

    fn text(&self, identity: &Identity) -> Result<String, HdlError> {
        let field = self.core.field().spec();
        macro_rules! card31 {
            ($($width:tt),+) => { verilog(Card31::<$($width),+>::new(Ntt31::new(field), identity)) };
        }
        macro_rules! card64 {
            ($($width:tt),+) => { verilog(Card64::<$($width),+>::new(Ntt64::new(field), identity)) };
        }
        let stream = |has_coset| {
            let card = || StreamCard::new(StreamCore::new(has_coset), identity);
            self.streams(1..=1, card)
        };
        let text = match self.core {
            Core::NttGoldilocks => in_place!(self, card64),
            Core::NttBabyBear | Core::NttKoalaBear => in_place!(self, card31),
            Core::StreamGoldilocks => stream(false),
            Core::StreamGoldilocksCoset => stream(true),
            Core::ChainGoldilocks => None,
        };
        text.unwrap_or(Err(HdlError::NoSuchDesign(*self)))
    }
}
