//! Who has a card.

use crate::error::DeviceError;
use std::path::Path;

/// Takes the lock of an open file, which ends with it or with the process.
#[cfg(unix)]
pub(super) fn take(file: &impl std::os::fd::AsRawFd) -> std::io::Result<()> {
    // SAFETY: the descriptor is open while `file` is borrowed; the call touches no memory.
    match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// The error of a card that somebody else has.
pub(super) fn busy(path: &Path) -> DeviceError {
    DeviceError::Failed(match holder(path) {
        Some(process) => format!("busy, held by process {process}"),
        None => "busy, held by another process".into(),
    })
}

/// The process that has a lock on this file, where the system says so.
pub(super) fn holder(path: &Path) -> Option<u32> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        let file = std::fs::metadata(path).ok()?;
        let (device, inode) = (file.dev(), file.ino());
        let (major, minor) = (libc::major(device), libc::minor(device));
        let name = format!("{major:02x}:{minor:02x}:{inode}");
        let locks = std::fs::read_to_string("/proc/locks").ok()?;
        locks.lines().find_map(|line| held(line, &name))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        None
    }
}

/// The process of a line such as `1: FLOCK  ADVISORY  WRITE 4711 00:1a:6 0 EOF`, if it is about the file `00:1a:6`.
#[cfg(target_os = "linux")]
fn held(line: &str, name: &str) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    if words.next()? != "FLOCK" {
        return None; // who waits for a lock is marked `->` here
    }
    let process = words.nth(2)?.parse().ok()?;
    (words.next()? == name).then_some(process)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_knows_who_holds_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(holder(file.path()), None);
        file.as_file().try_lock().unwrap();
        assert_eq!(holder(file.path()), Some(std::process::id()));
        file.as_file().unlock().unwrap();
        assert_eq!(holder(file.path()), None);
    }

    #[test]
    fn lines_of_other_locks_are_passed_over() {
        let line = "1: FLOCK  ADVISORY  WRITE 4711 00:1a:6 0 EOF";
        let file = "00:1a:6";
        assert_eq!(held(line, file), Some(4711));
        assert_eq!(held(line, "00:1a:7"), None);
        let waits = "1: -> FLOCK ADVISORY WRITE 12 00:1a:6 0 EOF";
        let posix = "2: POSIX  ADVISORY  READ 12 00:1a:6 0 EOF";
        for line in [waits, posix, ""] {
            assert_eq!(held(line, file), None);
        }
    }
}
