//! The program `proofmill-hdl`: cards out of rust-hdl.
//!
//! Contract: the result on stdout, everything else on stderr. Exit 0: done; 2: could not run.

mod cmd {
    pub(crate) mod block;
    pub(crate) mod card;
    pub(crate) mod emit;
    pub(crate) mod hashes;
}

use clap::{Parser, Subcommand};
use std::error::Error;
use std::process::ExitCode;

/// Cores for FPGA cards: Verilog and simulated boards
#[derive(Parser)]
#[command(name = "proofmill-hdl", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Block(cmd::block::Block),
    Card(cmd::card::Card),
    Emit(cmd::emit::Emit),
    Hashes(cmd::hashes::Hashes),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Block(args) => args.run(),
        Command::Card(args) => args.run(),
        Command::Emit(args) => args.run(),
        Command::Hashes(args) => args.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(error.as_ref());
            ExitCode::from(2)
        }
    }
}

fn report(error: &dyn Error) {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  caused by: {error}");
        cause = error.source();
    }
}
