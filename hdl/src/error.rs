//! What can go wrong.

use crate::design::Design;
use std::path::PathBuf;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HdlError {
    /// A design with parameters that this build does not offer.
    #[error(
        "no design {0}: --log-n-max is 6, 10 or 12, --butterflies 1, 2 or 4; 12 and 1 if it streams, 12 and 3 or 4 in a chain"
    )]
    NoSuchDesign(Design),
    /// A block whose signals are not driven as they should be.
    #[error("the block is wired wrongly: {0}")]
    Wiring(String),
    /// A tool could not be started or failed.
    #[error("{tool} failed: {reason}")]
    Tool {
        /// The program.
        tool: String,
        /// Why, with the end of what it printed.
        reason: String,
    },
    /// A file or folder.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A simulated model could not be loaded.
    #[error("the simulated model could not be loaded")]
    Load(#[from] libloading::Error),
    /// A simulated core that stands still: jobs started, jobs answered.
    #[error("the core stands still after {0} starts and {1} answers")]
    Stuck(usize, usize),
    /// A port that the top module has not.
    #[error("the top module has no port {0}")]
    NoPort(String),
}

impl HdlError {
    /// For `map_err` on what touches a path.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> HdlError {
        let path = path.into();
        move |source| HdlError::Io { path, source }
    }
}
