//! `proofmill-hdl card`: a board that is simulated.

use clap::Args;
use proofmill_hdl::card::{Report, SIMULATED_HZ, Simulation, serve};
use proofmill_hdl::design::Design;
use serde_json::json;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

/// Run a card's Verilog under Verilator behind a pseudo-terminal
///
/// Prints the path of the terminal, which `proofmill devices --card PATH` takes like a serial port, and runs until it
/// is killed. Tells of each job on stderr. The first start of a design compiles it, which takes up to a minute.
#[derive(Args)]
pub(crate) struct Card {
    #[command(flatten)]
    design: Design,
    /// The clock that the card says it has
    #[arg(long, value_name = "HZ", default_value_t = SIMULATED_HZ)]
    clock_hz: u64,
    /// Write the card's manifest into this folder: a host with PROOFMILL_DESIGNS=DIR uses what it finds there beside the
    /// designs that it knows
    #[arg(long, value_name = "DIR")]
    manifest: Option<PathBuf>,
}

impl Card {
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        let (design, verilog) = self.design.card(self.clock_hz)?;
        if let Some(folder) = &self.manifest {
            let manifest = json!({
                "design": self.design.to_string(),
                "design_hash": design.to_string(),
                "clock_hz": self.clock_hz,
            });
            std::fs::create_dir_all(folder)?;
            let path = folder.join(format!("{design:.8}.json"));
            std::fs::write(path, format!("{manifest:#}\n"))?;
        }
        eprintln!(
            "{}, design {design:.8}: compiled unless it was before",
            self.design
        );
        let card = Simulation::new(&verilog)?;
        let tell = |path: &str| {
            println!("{path}");
            io::stdout().flush()
        };
        let watch = |report: Report| {
            let Report {
                job,
                cycles,
                clocks_per_second,
            } = report;
            let speed = clocks_per_second / 1e6;
            eprintln!("job {job}: {cycles} cycles ({speed:.1} M clocks/s)");
        };
        Ok(serve(card, tell, watch)?)
    }
}
