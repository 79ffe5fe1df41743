//! What can be wrong with a file.

use std::io;
use std::path::Path;

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refuses.
    #[error("{path}: cannot {action}")]
    Io {
        /// The file or folder.
        path: String,
        /// What was tried: `open`, `read`, `write`, `lock`.
        action: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// Another run writes this board.
    #[error("another run is writing this board: {path} is locked")]
    Locked {
        /// The lock.
        path: String,
    },
    /// The board is whole, and what it holds could not be kept.
    #[error("the board was written, its image is not recorded")]
    Unrecorded(#[source] Box<Error>),
    /// A bitstream that cannot be one.
    #[error("{path}: {source}")]
    Bitstream {
        /// The file.
        path: String,
        /// The place and the fault.
        source: Malformed,
    },
    /// A board file that is no board.
    #[error("board file {path}: {reason}")]
    Board {
        /// The file.
        path: String,
        /// Expected and found.
        reason: String,
    },
    /// No board has this name.
    #[error("no board is called {name}: found {known}")]
    UnknownBoard {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A board lacks what a design needs.
    #[error("board {board} has no {what}")]
    Lacks {
        /// The board's name.
        board: String,
        /// What is missing.
        what: String,
    },
    /// A manifest that is none.
    #[error("manifest {path}: {reason}")]
    Manifest {
        /// The file.
        path: String,
        /// Expected and found.
        reason: String,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io {
            path,
            action,
            source,
        }
    }
}

/// Where a bitstream stops being one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{section} at offset {offset:#x}: expected {expected}, found {found}")]
pub struct Malformed {
    /// The piece of the format.
    pub section: &'static str,
    /// Its first byte, from the start of the file.
    pub offset: usize,
    /// What the format has there.
    pub expected: String,
    /// What the file has.
    pub found: String,
}
