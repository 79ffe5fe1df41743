//! Cards: a core in its shell, and a board around it in simulation.

mod designs;
mod pty;
mod simulation;

pub use designs::{SIMULATED_HZ, known};
pub use pty::{Report, serve};
pub use simulation::Simulation;

use crate::HdlError;
use proofmill_wire::{Capabilities, DesignId};
use sha2::{Digest, Sha256};

/// log2 of the clocks after which a frame that stops is given up: 10 ms at 100 MHz.
pub(crate) const FRAME_WAIT: usize = 20;
/// log2 of the clocks in which a core that is waited for must move a word: more than any transform takes.
pub(crate) const CORE_WAIT: usize = 24;

/// What a card says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The hash of its Verilog.
    pub design: DesignId,
    /// What its core does.
    pub can: Capabilities,
    /// Its clock.
    pub clock_hz: u64,
}

/// The Verilog of a card and its design id: the hash of the same text with the id zero.
pub fn identified(
    can: Capabilities,
    clock_hz: u64,
    verilog: impl Fn(&Identity) -> Result<String, HdlError>,
) -> Result<(DesignId, String), HdlError> {
    let mut identity = Identity {
        design: DesignId::default(),
        can,
        clock_hz,
    };
    identity.design = DesignId(Sha256::digest(verilog(&identity)?).into());
    Ok((identity.design, verilog(&identity)?))
}

/// A card type `$name`, with const parameters, around a core type `$core` with up to 2^`$k` values. Its ports are the shell's bytes and, for
/// whoever watches, the number of jobs done and the clocks of the last one.
macro_rules! card {
    ($(#[$doc:meta])* $name:ident [$($generic:ident),*], $core:ty, $k:tt) => {
        $(#[$doc])*
        #[derive(LogicBlock)]
        pub(crate) struct $name<$(const $generic: usize),*> {
            /// Clock.
            pub(crate) clock: Signal<In, Clock>,
            /// A byte from the host.
            pub(crate) rx_byte: Signal<In, Bits<8>>,
            /// Whether there is one.
            pub(crate) rx_valid: Signal<In, Bit>,
            /// Whether it is taken.
            pub(crate) rx_ready: Signal<Out, Bit>,
            /// A byte to the host.
            pub(crate) tx_byte: Signal<Out, Bits<8>>,
            /// Whether there is one.
            pub(crate) tx_valid: Signal<Out, Bit>,
            /// Whether it is taken.
            pub(crate) tx_ready: Signal<In, Bit>,
            /// Whether anything happens without bytes that come or go.
            pub(crate) active: Signal<Out, Bit>,
            /// The last job that is done.
            pub(crate) job: Signal<Out, Bits<16>>,
            /// Clocks of the last transform.
            pub(crate) cycles: Signal<Out, Bits<32>>,
            shell: $crate::shell::Shell<
                { $k },
                { $crate::card::FRAME_WAIT },
                { $crate::card::CORE_WAIT },
            >,
            core: $core,
        }

        impl<$(const $generic: usize),*> $name<$($generic),*> {
            /// A card that says so of itself.
            pub(crate) fn new(core: $core, identity: &$crate::card::Identity) -> Self {
                let $crate::card::Identity {
                    design,
                    can,
                    clock_hz,
                } = identity;
                Self {
                    clock: Default::default(),
                    rx_byte: Default::default(),
                    rx_valid: Default::default(),
                    rx_ready: Default::default(),
                    tx_byte: Default::default(),
                    tx_valid: Default::default(),
                    tx_ready: Default::default(),
                    active: Default::default(),
                    job: Default::default(),
                    cycles: Default::default(),
                    shell: $crate::shell::Shell::new(*design, can, *clock_hz),
                    core,
                }
            }
        }

        impl<$(const $generic: usize),*> Logic for $name<$($generic),*> {
            #[hdl_gen]
            fn update(&mut self) {
                clock!(self, clock, shell, core);
                self.shell.rx_byte.next = self.rx_byte.val();
                self.shell.rx_valid.next = self.rx_valid.val();
                self.rx_ready.next = self.shell.rx_ready.val();
                self.tx_byte.next = self.shell.tx_byte.val();
                self.tx_valid.next = self.shell.tx_valid.val();
                self.shell.tx_ready.next = self.tx_ready.val();
                self.active.next = self.shell.active.val();
                self.job.next = self.shell.job.val();
                self.cycles.next = self.core.cycles.val();
                self.core.reset.next = self.shell.core_reset.val();
                self.core.start.next = self.shell.core_start.val();
                self.core.log_n.next = self.shell.core_log_n.val();
                self.core.inverse.next = self.shell.core_inverse.val();
                self.core.coset_shift.next = self.shell.core_shift.val();
                self.shell.core_ready.next = self.core.ready.val();
                self.shell.core_fault.next = self.core.fault.val();
                self.shell.core_cycles.next = self.core.cycles.val();
                self.core.in_data.next = self.shell.in_data.val();
                self.core.in_valid.next = self.shell.in_valid.val();
                self.shell.in_ready.next = self.core.in_ready.val();
                self.shell.out_data.next = self.core.out_data.val();
                self.shell.out_valid.next = self.core.out_valid.val();
                self.core.out_ready.next = self.shell.out_ready.val();
            }
        }
    };
}
pub(crate) use card;

#[cfg(test)]
mod mirror;
#[cfg(test)]
mod tests;
