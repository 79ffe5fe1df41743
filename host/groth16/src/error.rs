//! What can go wrong, said once: the file, the place in it, what was expected and what was found.

use std::io;
use std::path::Path;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every error of this crate. No message holds a witness value or a secret scalar.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("{path}: cannot {action}")]
    Io {
        /// The file or folder.
        path: String,
        /// What was tried, as a verb: `open`, `write`.
        action: &'static str,
        /// Its answer.
        source: io::Error,
    },
    /// A file is not what its format demands.
    #[error("{file}: {section} at offset {offset:#x}: {what}")]
    Malformed {
        /// The file's name.
        file: String,
        /// Its part, for instance `section 5 (A)`.
        section: String,
        /// Bytes from the start of the file.
        offset: u64,
        /// What was expected and what was found.
        what: String,
    },
    /// A well-formed file of a kind that this crate does not handle.
    #[error("{file}: unsupported {what}: expected {expected}, found {found}")]
    Unsupported {
        /// The file's name.
        file: String,
        /// The property: `protocol`, `curve`, `version`.
        what: &'static str,
        /// What this crate handles.
        expected: String,
        /// What the file says.
        found: String,
    },
    /// Two good files that do not belong together.
    #[error("{files}: {what} differs: expected {expected}, found {found}")]
    Mismatch {
        /// Both names.
        files: String,
        /// The property that differs.
        what: &'static str,
        /// Its value in the first file.
        expected: String,
        /// Its value in the second.
        found: String,
    },
    /// A witness value that no correct witness generator writes. The value itself is kept out of the message.
    #[error("{file}: section 2 (values) at offset {offset:#x}: witness value {index}: {what}")]
    BadWitness {
        /// The file's name.
        file: String,
        /// The signal's index.
        index: usize,
        /// Bytes from the start of the file.
        offset: u64,
        /// What was expected.
        what: &'static str,
    },
    /// A proof that does not verify.
    #[error("{what}: expected a proof that verifies, found one that does not")]
    InvalidProof {
        /// Where the proof comes from.
        what: String,
    },
    /// A JSON document that is not the one expected.
    #[error("{file}: {path}: {what}")]
    Json {
        /// The file's name.
        file: String,
        /// The place in the document, for instance `IC[2][0]`.
        path: String,
        /// What was expected and what was found.
        what: String,
        /// The parser's complaint, where the text is no JSON at all.
        source: Option<serde_json::Error>,
    },
    /// The library that runs the kernels gave up.
    #[error(transparent)]
    Driver(#[from] proofmill::Error),
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system")]
    Random(#[from] getrandom::Error),
}

impl Error {
    /// Wraps an I/O error with its path and the verb of what was tried; for `map_err`.
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io {
            path,
            action,
            source,
        }
    }
}
