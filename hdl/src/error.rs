//! What can go wrong.

use std::path::PathBuf;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HdlError {
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
