//! openFPGALoader, which writes bitstreams into boards.
//!
//! It exits with 1 whatever went wrong, so what it prints has to tell. Texts: openFPGALoader 1.1.1, run without a board,
//! and its sources; libftdi's and libusb's names of errors.

use crate::Board;
use crate::boards::Link;
use crate::text::shown;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// The program, where no other is named.
const PROGRAM: &str = "openFPGALoader";

/// Why a board was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The program cannot be started.
    #[error("cannot run {program}")]
    NoProgram {
        /// As it was called.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// No board answers on USB.
    #[error("no board found: {0}")]
    NoBoard(String),
    /// The board is there and this user may not open it.
    #[error("no permission to open the board: {0}")]
    NoPermission(String),
    /// The cable is there and cannot be used.
    #[error("cannot open the board's cable: {0}")]
    Cable(String),
    /// Something answers that is not this board's FPGA.
    #[error("another board or cable: {0}")]
    WrongCable(String),
    /// This build of the program does not know the board or its cable.
    #[error("the programmer does not know the board: {0}")]
    UnknownBoard(String),
    /// What was read back is not what was written.
    #[error("verification failed: {0}")]
    Verification(String),
    /// The program was ended by a signal.
    #[error("the programmer was ended by {0}")]
    Killed(String),
    /// It failed after it had begun to write.
    #[error("the programmer failed while writing, with {status}: {line}")]
    BrokenOff {
        /// How it ended.
        status: String,
        /// The last line that it printed.
        line: String,
    },
    /// Something else, before it began to write.
    #[error("the programmer failed with {status}: {line}")]
    Other {
        /// How it ended.
        status: String,
        /// The last line that it printed.
        line: String,
    },
}

impl Failure {
    /// Whether the board may hold a broken image now.
    pub fn may_have_written(&self) -> bool {
        matches!(
            self,
            Self::Verification(_) | Self::Killed(_) | Self::BrokenOff { .. }
        )
    }
}

/// A failure with the line that tells of it.
type Kind = fn(String) -> Failure;

/// Texts, in lower case, that tell what went wrong, in the order in which they are looked for: a board that may not be
/// opened is also said to be missing.
const SIGNS: [(&str, Kind); 19] = [
    ("usb_open() failed", Failure::NoPermission), // libftdi's -4
    ("libusb_error_access", Failure::NoPermission),
    ("insufficient permissions", Failure::NoPermission),
    ("inappropriate permissions", Failure::NoPermission),
    ("check permissions", Failure::NoPermission), // of a CMSIS-DAP
    ("permission denied", Failure::NoPermission),
    ("verification failed", Failure::Verification),
    ("verify failed", Failure::Verification),
    ("failed to verify", Failure::Verification),
    ("mismatch between target's idcode", Failure::WrongCable),
    ("error: no device found", Failure::WrongCable), // a cable without an FPGA
    ("cannot find board", Failure::UnknownBoard),
    ("not enabled at compile time", Failure::UnknownBoard),
    ("device not found", Failure::NoBoard), // libftdi's -3
    ("no dfu compatible device found", Failure::NoBoard),
    ("no cmsis-dap", Failure::NoBoard),
    ("failed to find compatible cmsis-dap", Failure::NoBoard),
    ("unable to open ftdi device", Failure::Cable), // whatever else libftdi says
    ("jtag init failed", Failure::Cable),
];

/// How lines begin, in lower case, that tell that the flash is being changed: the progress bars of an SPI flash, that of
/// a download by DFU, and how that fails.
const PROGRESS: [&str; 4] = ["erasing", "writing", "loading: [", "dfu download failed"];

/// The program.
#[derive(Clone, Debug)]
pub struct Programmer(PathBuf);

impl Programmer {
    /// The program at this path, or openFPGALoader where the shell finds it.
    pub fn new(program: Option<&Path>) -> Self {
        Self(program.unwrap_or(Path::new(PROGRAM)).into())
    }

    /// The command that writes a file into a board's flash, for people and for [`Programmer::write`].
    pub fn command(&self, board: &Board, file: &Path) -> Command {
        let mut command = Command::new(&self.0);
        command.args(["-b", &board.programmer.board]);
        if board.programmer.link == Link::Jtag {
            command.args(["--write-flash", "--verify"]);
        }
        command.arg(file);
        command
    }

    /// Writes a file into a board's flash.
    ///
    /// Errors: the program is missing, or whatever it says.
    pub fn write(&self, board: &Board, file: &Path) -> Result<(), Failure> {
        let output = self.command(board, file).output();
        let output = output.map_err(|source| Failure::NoProgram {
            program: self.0.display().to_string(),
            source,
        })?;
        match output.status.success() {
            true => Ok(()),
            false => {
                let printed = [output.stdout, output.stderr]
                    .map(|text| String::from_utf8_lossy(&text).into_owned());
                Err(failure(output.status, &printed.join("\n")))
            }
        }
    }
}

/// A command as one would type it.
pub fn typed(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

/// What a run that failed means.
fn failure(status: ExitStatus, printed: &str) -> Failure {
    if let Some(signal) = signal(status) {
        return Failure::Killed(signal);
    }
    // progress bars return without a new line
    let lines = || {
        printed
            .split(['\n', '\r'])
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let began = |line: &str| PROGRESS.iter().any(|sign| line.starts_with(sign));
    let has_begun = lines().any(|line| began(&line.to_lowercase()));
    for (sign, kind) in SIGNS {
        if let Some(line) = lines().find(|line| line.to_lowercase().contains(sign)) {
            let failure = kind(shown(line));
            // what is said of a board that is lost on the way is no cause before it
            if !has_begun || failure.may_have_written() {
                return failure;
            }
        }
    }
    let status = status.to_string();
    let line = shown(lines().next_back().unwrap_or("it printed nothing"));
    match has_begun {
        true => Failure::BrokenOff { status, line },
        false => Failure::Other { status, line },
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<String> {
    use std::os::unix::process::ExitStatusExt;
    status.signal().map(|number| format!("signal {number}"))
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<String> {
    None
}
