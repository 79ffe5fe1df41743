//! The program `proofmill`: circom's files in, a checked Groth16 proof out.
//!
//! Contract: the result on stdout, everything else on stderr. Exit 0: done; 1: a result is wrong (an invalid proof, a
//! failed self-test, a device that answered wrongly with no other to take over); 2: could not run.
//!
//! Read in this order: [`cmd`] (the arguments), `cmd/*` (one file per subcommand), [`error`] and [`hints`] (what a user
//! sees when something fails), [`files`], [`progress`] and [`memory`].

mod cmd;
mod error;
mod files;
mod hints;
mod memory;
mod progress;
mod text;

use clap::Parser;
use cmd::{Answer, Cli};
use error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

#[global_allocator]
static MEMORY: memory::LargePages = memory::LargePages;

fn main() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => cli.run().and_then(show),
        // help and version are results, the rest is a usage error
        Err(e) if e.use_stderr() => {
            let _ = e.print();
            return ExitCode::from(error::COULD_NOT_RUN);
        }
        Err(e) => delivered(e.print().and_then(|()| io::stdout().flush())).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(error::WRONG_RESULT),
        Err(e) => {
            error::print(&e);
            ExitCode::from(e.exit_code())
        }
    }
}

/// Writes the answer; whether it is a good one.
fn show(answer: Answer) -> Result<bool, Error> {
    let mut out = io::stdout().lock();
    delivered(
        out.write_all(answer.text.as_bytes())
            .and_then(|()| out.flush()),
    )?;
    Ok(answer.good)
}

/// A reader that left early (`| head`) has what it wanted; any other failure is one.
fn delivered(written: io::Result<()>) -> Result<(), Error> {
    match written {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Error::Stdout(e)),
        _ => Ok(()),
    }
}
