//! What a user sees when something fails: the error, its causes, a hint.

use crate::hints;
use proofmill::Fault;
use std::io::{self, Write};

/// Exit code of a result that was made and is wrong.
pub(crate) const WRONG_RESULT: u8 = 1;
/// Exit code where there is no result.
pub(crate) const COULD_NOT_RUN: u8 = 2;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Groth16(#[from] proofmill_groth16::Error),
    #[error(transparent)]
    Driver(#[from] proofmill::Error),
    /// The work is done, its record is lost.
    #[error("standard output: cannot write")]
    Stdout(#[source] io::Error),
    #[error("setup makes development keys only: expected --insecure-dev, found none")]
    RealKey,
    #[error("{output} names the same file as {input}: expected another name")]
    Overwrite { output: String, input: String },
    #[error("cannot start the threads asked for")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}

impl Error {
    /// The library's error, whichever way it came.
    pub(crate) fn driver(&self) -> Option<&proofmill::Error> {
        match self {
            Self::Driver(e) | Self::Groth16(proofmill_groth16::Error::Driver(e)) => Some(e),
            _ => None,
        }
    }

    /// 1 where a device gave a wrong answer and nobody was left to redo the work, otherwise 2.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.driver() {
            Some(proofmill::Error::NoDevice { failures, .. })
                if failures.iter().any(|f| matches!(f.fault, Fault::Wrong(_))) =>
            {
                WRONG_RESULT
            }
            _ => COULD_NOT_RUN,
        }
    }
}

/// Writes the error, the causes that it does not name itself, and a hint.
pub(crate) fn print(error: &Error) {
    let mut text = format!("error: {error}\n");
    let (mut said, mut cause) = (error.to_string(), std::error::Error::source(error));
    while let Some(e) = cause {
        let message = e.to_string();
        if !said.contains(&message) {
            text.push_str(&format!("  caused by: {message}\n"));
        }
        (said, cause) = (message, e.source());
    }
    if let Some(hint) = hints::hint(error) {
        text.push_str(&format!("  hint: {hint}\n"));
    }
    note(&text);
}

/// Writes a warning.
pub(crate) fn warn(message: &str) {
    note(&format!("warning: {message}\n"));
}

/// To stderr; where that cannot be written nobody can be told.
fn note(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
