//! `proofmill-hdl hashes`: what `golden.txt` holds.

use clap::Args;
use proofmill_hdl::design;
use std::error::Error;

/// Print the design hash of every core, as hdl/golden.txt has them
#[derive(Args)]
pub(crate) struct Hashes {}

impl Hashes {
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        print!("{}", design::hashes()?);
        Ok(())
    }
}
