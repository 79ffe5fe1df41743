//! `proofmill-hdl hashes`: what `golden.txt` and the driver's `designs.txt` hold.

use clap::Args;
use proofmill_hdl::{card, design};
use std::error::Error;

/// Print the design hash of every core, as hdl/golden.txt has them
#[derive(Args)]
pub(crate) struct Hashes {
    /// Print those of the cards that the driver knows instead, as host/driver/src/device/fpga/designs.txt has them
    #[arg(long)]
    cards: bool,
}

impl Hashes {
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        let lines = if self.cards {
            card::known()?
        } else {
            design::hashes()?
        };
        print!("{lines}");
        Ok(())
    }
}
