//! What is found out about files before the work: minutes of proving must not end at a missing folder.

use crate::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// An argument's name and its file.
pub(crate) type Named<'a> = (&'static str, &'a Path);

/// Fails if an output would replace an input or an earlier output, or if its folder does not exist.
pub(crate) fn require_outputs(inputs: &[Named], outputs: &[Named]) -> Result<(), Error> {
    let mut taken: Vec<(&'static str, Option<PathBuf>)> = inputs
        .iter()
        .map(|(name, path)| (*name, file(path)))
        .collect();
    for (name, path) in outputs {
        fs::metadata(folder(path)).map_err(|source| cannot_write(path, source))?;
        let file = file(path);
        if let Some((other, _)) = taken.iter().find(|(_, t)| file.is_some() && *t == file) {
            return Err(Error::SameFile { name, other });
        }
        taken.push((name, file));
    }
    Ok(())
}

/// Whether a path stands for this process' standard output.
pub(crate) fn is_stdout(path: &Path) -> bool {
    ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
        .iter()
        .any(|name| path == Path::new(name))
}

/// The file behind a path, links followed, whether it exists already or not; `None` for pipes and devices, which may be
/// named as often as one likes.
fn file(path: &Path) -> Option<PathBuf> {
    match fs::metadata(path) {
        Ok(kind) if kind.is_file() => fs::canonicalize(path).ok(),
        Ok(_) => None,
        Err(_) => Some(fs::canonicalize(folder(path)).ok()?.join(path.file_name()?)),
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn cannot_write(path: &Path, source: io::Error) -> Error {
    let path = path.display().to_string();
    Error::Groth16(proofmill_groth16::Error::Io {
        path,
        action: "write",
        source,
    })
}
