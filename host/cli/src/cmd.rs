//! The arguments, and which file serves which subcommand.

mod bitstream;
mod cost;
mod devices;
mod flash;
mod prove;
mod selftest;
mod setup;
mod verify;
mod zkey;

use crate::error::Error;
use clap::{Args, Parser, Subcommand};
use proofmill::Pool;

/// Exit codes, for `--help`.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  wrong result: an invalid proof, a failed self-test, a device that answered wrongly
  2  could not run: bad arguments, a bad or missing file, no usable device

The result goes to stdout, everything else to stderr.";

/// Groth16 proofs for circom circuits on any device, answers checked
#[derive(Parser)]
#[command(name = "proofmill", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Prove(prove::Prove),
    Verify(verify::Verify),
    #[command(subcommand)]
    Zkey(zkey::Zkey),
    Setup(setup::Setup),
    Devices(devices::Devices),
    Selftest(selftest::Selftest),
    #[command(subcommand)]
    Bitstream(bitstream::Bitstream),
    Flash(flash::Flash),
    Cost(cost::CostArgs),
}

/// What a subcommand found out.
pub(crate) struct Answer {
    /// For stdout, with its last newline.
    pub(crate) text: String,
    /// Whether it is exit code 0 rather than 1.
    pub(crate) good: bool,
}

impl Answer {
    fn good(text: String) -> Self {
        Self { text, good: true }
    }

    fn json(record: &serde_json::Value, good: bool) -> Self {
        let text = format!("{record:#}\n");
        Self { text, good }
    }
}

impl Cli {
    pub(crate) fn run(&self) -> Result<Answer, Error> {
        match &self.command {
            Command::Prove(args) => args.run(),
            Command::Verify(args) => args.run(),
            Command::Zkey(args) => args.run(),
            Command::Setup(args) => args.run(),
            Command::Devices(args) => args.run(),
            Command::Selftest(args) => args.run(),
            Command::Bitstream(args) => args.run(),
            Command::Flash(args) => args.run(),
            Command::Cost(args) => args.run(),
        }
    }
}

#[derive(Args)]
struct Threads {
    /// Threads of the CPU [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Threads {
    /// Starts the threads of everything that is not a device's work, as many as asked for.
    fn limit(&self) -> Result<(), Error> {
        let threads = self.threads.unwrap_or(0); // 0: one for each core
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads.into());
        builder.build_global().map_err(Error::Threads)
    }

    /// Every usable device and these cards, the CPU with this many threads.
    fn pool(&self, cards: &Cards) -> Result<Pool, Error> {
        let builder = Pool::builder().cards(&cards.card);
        let builder = match self.threads {
            Some(threads) => builder.threads(threads.into()),
            None => builder,
        };
        Ok(builder.open()?)
    }
}

#[derive(Args)]
struct Cards {
    /// FPGA card at a serial port (PATH or PATH@BAUD), a simulated card's pseudo-terminal, or on PCIe (xdma:PREFIX);
    /// may be repeated. Those of the variable PROOFMILL_CARDS, separated by commas, come after them
    #[arg(long, value_name = "PATH")]
    card: Vec<String>,
}

/// Fails unless the pool has this device and can use it: before the work rather than in the middle of it.
fn require_device(pool: &Pool, id: &str) -> Result<(), Error> {
    match pool.device(id)?.unusable {
        None => Ok(()),
        Some(reason) => Err(proofmill::Error::Unusable {
            id: id.into(),
            reason,
        })?,
    }
}
