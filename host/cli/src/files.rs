//! What is found out about files before the work: minutes of proving must not end at a missing folder.

use crate::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// An argument's name and its file.
pub(crate) type Named<'a> = (&'static str, &'a Path);

/// Fails if an output would replace an input, or if its folder does not exist.
pub(crate) fn require_outputs(inputs: &[Named], outputs: &[Named]) -> Result<(), Error> {
    for (output, path) in outputs {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::metadata(folder).map_err(|source| cannot_write(path, source))?;
        let same = |(_, input): &&Named| real(input).is_some_and(|input| real(path) == Some(input));
        if let Some((input, _)) = inputs.iter().find(same) {
            let (output, input) = (output.to_string(), input.to_string());
            return Err(Error::Overwrite { output, input });
        }
    }
    Ok(())
}

fn real(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

fn cannot_write(path: &Path, source: io::Error) -> Error {
    let path = path.display().to_string();
    Error::Groth16(proofmill_groth16::Error::Io {
        path,
        action: "write",
        source,
    })
}
