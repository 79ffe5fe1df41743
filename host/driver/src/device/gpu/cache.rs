//! Compiled programs on disk, by all that they depend on. What cannot be read or written is compiled.
//!
//! A binary runs in this process: the folder must be the user's alone, and each file begins with the hash of
//! what follows, so that one that a crash or a full disk has torn is not used.

use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Bytes of the hash.
const HASH: usize = 32;

/// The file of a program; `None` where there is no folder for it.
pub(crate) fn place(depends_on: &[&str]) -> Option<PathBuf> {
    let mut hash = Sha256::new();
    for part in depends_on {
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
        return Some(PathBuf::from(folder).join("kernels"));
    }
    let user = named("XDG_CACHE_HOME").map(PathBuf::from);
    let user = user.or_else(|| named("HOME").map(|home| PathBuf::from(home).join(".cache")));
    Some(user?.join("proofmill").join("kernels"))
}

/// Whether nobody but this user can write there.
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(facts) = std::fs::metadata(folder) else {
        return false;
    };
    // SAFETY: asks for a number.
    let user = unsafe { libc::geteuid() };
    facts.uid() == user && facts.mode() & 0o022 == 0
}

/// The binary kept there, if it is whole.
pub(crate) fn read(place: &Path) -> Option<Vec<u8>> {
    if !is_private(place.parent()?) {
        return None;
    }
    let mut bytes = std::fs::read(place).ok()?;
    let binary = bytes.split_off(HASH.min(bytes.len()));
    (bytes[..] == Sha256::digest(&binary)[..]).then_some(binary)
}

/// Keeps a binary. A full disk costs the next start some seconds and nothing else.
pub(crate) fn keep(place: &Path, binary: &[u8]) {
    let Some(folder) = place.parent() else { return };
    let _ = keep_in(folder, place, binary);
}

/// Written beside and renamed, so that nobody reads half a file.
fn keep_in(folder: &Path, place: &Path, binary: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    if !is_private(folder) {
        return Ok(());
    }
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(&Sha256::digest(binary))?;
    beside.write_all(binary)?;
    beside.persist(place)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_torn_or_in_a_shared_folder_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("kept").join("file");
        keep(&place, b"a binary");
        assert_eq!(read(&place).as_deref(), Some(&b"a binary"[..]));
        for torn in [0, 5, HASH, HASH + 3] {
            let whole = std::fs::read(&place).unwrap();
            std::fs::write(&place, &whole[..torn]).unwrap();
            assert_eq!(read(&place), None, "{torn} bytes");
            std::fs::write(&place, whole).unwrap();
        }
        let shared = PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(place.parent().unwrap(), shared).unwrap();
        assert_eq!(read(&place), None);
    }
}
