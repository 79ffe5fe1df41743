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
    #[error("{name} names the same file as {other}: expected another")]
    SameFile {
        name: &'static str,
        other: &'static str,
    },
    #[error(transparent)]
    Bitstream(#[from] proofmill_bitstream::Error),
    #[error(transparent)]
    Programmer(#[from] proofmill_bitstream::programmer::Failure),
    #[error("{file} is not for board {board}: {reason}")]
    Refused {
        file: String,
        board: String,
        reason: String,
    },
    #[error("{file} has no manifest: expected {expected}")]
    NoManifest { file: String, expected: String },
    #[error("no image before is known of board {board}: expected {expected}")]
    NoPrevious { board: String, expected: String },
    #[error("the board was written, and the card at {card} does not answer")]
    SilentCard {
        card: String,
        source: proofmill::DeviceError,
    },
    #[error(
        "the board was written, and the card at {card} holds another design: expected {expected:.8}, found {found:.8}"
    )]
    OtherDesign {
        card: String,
        expected: String,
        found: String,
    },
    #[error("{file}")]
    Tariffs {
        file: String,
        source: Box<proofmill_cost::BadTariff>,
    },
    #[error(transparent)]
    NoPrice(#[from] proofmill_cost::NoPrice),
    #[error("{file}")]
    Record {
        file: String,
        source: proofmill_cost::BadRecord,
    },
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

/// Writes a report where stdout is taken by an output file.
pub(crate) fn report(text: &str) {
    note(text);
}

/// To stderr; where that cannot be written nobody can be told.
fn note(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofmill::{DeviceError, Failure, WrongResult};

    fn no_device(fault: Fault) -> Error {
        let device = "gpu:0".into();
        Error::Groth16(proofmill_groth16::Error::Driver(
            proofmill::Error::NoDevice {
                job: "ntt".into(),
                failures: vec![Failure { device, fault }],
            },
        ))
    }

    #[test]
    fn only_a_wrong_answer_is_exit_code_1() {
        let wrong = no_device(WrongResult::Transform.into());
        assert_eq!(wrong.exit_code(), WRONG_RESULT);
        let lost = no_device(DeviceError::Lost("unplugged".into()).into());
        assert_eq!(lost.exit_code(), COULD_NOT_RUN);
        assert_eq!(Error::RealKey.exit_code(), COULD_NOT_RUN);
    }

    #[test]
    fn every_error_of_a_device_has_a_hint() {
        let fault = DeviceError::Lost("unplugged".into()).into();
        assert!(hints::hint(&no_device(fault)).is_some());
    }
}
