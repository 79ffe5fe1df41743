//! `proofmill-hdl emit`: a core's Verilog.

use clap::Args;
use proofmill_hdl::design::Design;
use std::error::Error;
use std::path::PathBuf;

/// Write a core's Verilog and its manifest into a folder
///
/// Prints the design hash: that of the Verilog.
#[derive(Args)]
pub(crate) struct Emit {
    #[command(flatten)]
    design: Design,
    /// The folder; it is made
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

impl Emit {
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        println!("{}", self.design.emit(&self.output)?);
        Ok(())
    }
}
