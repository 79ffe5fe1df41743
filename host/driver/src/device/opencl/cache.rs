//! Compiled programs on disk, by all that they depend on. What cannot be read or written is compiled.

use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// The file of a program; `None` where there is no folder for it.
pub(super) fn place(source: &str, options: &str, device: &str) -> Option<PathBuf> {
    let mut hash = Sha256::new();
    for part in [source, options, device] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let name: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Some(folder()?.join(name))
}

/// `PROOFMILL_CACHE`, or the user's folder of caches.
fn folder() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = named("PROOFMILL_CACHE") {
        return Some(PathBuf::from(folder).join("opencl"));
    }
    let user = named("XDG_CACHE_HOME").map(PathBuf::from);
    let user = user.or_else(|| named("HOME").map(|home| PathBuf::from(home).join(".cache")));
    Some(user?.join("proofmill").join("opencl"))
}

/// Written beside and renamed, so that nobody reads half a file. A full disk costs the next start some
/// seconds and nothing else.
pub(super) fn keep(place: &PathBuf, binary: &[u8]) {
    let Some(folder) = place.parent() else { return };
    let beside = place.with_extension(std::process::id().to_string());
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&beside, binary))
        .and_then(|()| std::fs::rename(&beside, place));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
}
