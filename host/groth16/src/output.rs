//! Files that appear whole or not at all: written under a temporary name in their own folder, synced, then renamed.

use crate::error::{Error, Result};
use rayon::prelude::*;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file being written; dropping it without [`commit`] leaves nothing behind.
///
/// A pipe, terminal or device (`/dev/stdout`, `/dev/null`) cannot be replaced and is written straight away.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    target: PathBuf,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Staged(NamedTempFile),
    Straight(File),
}

impl Output {
    /// Makes the temporary file beside `path`, with the permissions of the file that it will replace, or else of an
    /// ordinary new file. A link is followed.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let (target, sink) = open(&path).map_err(Error::io(&path, "write"))?;
        Ok(Self { path, target, sink })
    }

    fn is_staged(&self) -> bool {
        matches!(self.sink, Sink::Staged(_))
    }

    fn sync(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Staged(file) => file.as_file().sync_all(),
            Sink::Straight(file) => file.flush(),
        }
    }

    /// Moves a staged file to its name.
    fn publish(self) -> Result<()> {
        if let Sink::Staged(file) = self.sink {
            let renamed = file.persist(&self.target).map_err(|failed| failed.error);
            renamed.map_err(Error::io(&self.path, "write"))?;
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Sink::Staged(file) => file.write(bytes),
            Sink::Straight(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Staged(file) => file.flush(),
            Sink::Straight(file) => file.flush(),
        }
    }
}

/// Gives all files their names. Everything that commonly fails (space, permissions) has failed before the first
/// rename; should a later rename fail all the same, the files already renamed are removed
/// again and what they replaced is put back, as far as the file system has links.
pub fn commit(mut outputs: Vec<Output>) -> Result<()> {
    for (i, output) in outputs.iter().enumerate() {
        if output.is_staged()
            && outputs
                .iter()
                .take(i)
                .any(|other| other.target == output.target)
        {
            let source = io::Error::new(
                io::ErrorKind::InvalidInput,
                "expected different outputs, found one named twice",
            );
            return Err(Error::io(&output.path, "write")(source));
        }
    }
    // side by side: the file system waits for its disk once
    let synced: Vec<io::Result<()>> = outputs.par_iter_mut().map(Output::sync).collect();
    for (synced, output) in synced.into_iter().zip(&outputs) {
        synced.map_err(Error::io(&output.path, "write"))?;
    }
    let mut done: Vec<(PathBuf, Option<tempfile::TempPath>)> = Vec::new();
    for output in outputs {
        let target = output.is_staged().then(|| output.target.clone());
        let old = target.as_deref().and_then(keep);
        if let Err(error) = output.publish() {
            for (path, old) in done {
                let _ = match old {
                    Some(old) => old.persist(path).map_err(|e| e.error),
                    None => fs::remove_file(path),
                };
            }
            return Err(error);
        }
        done.extend(target.map(|target| (target, old)));
    }
    sync_folders(done.iter().map(|(target, _)| folder(target)).collect());
    Ok(())
}

/// Brings the new names to the disk, where the system can: the data already is there.
fn sync_folders(mut folders: Vec<&Path>) {
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// A second name for the file that is about to be replaced, so that it can be put back.
fn keep(target: &Path) -> Option<tempfile::TempPath> {
    let builder = &mut tempfile::Builder::new();
    let builder = builder.prefix(".proofmill-").suffix(".tmp");
    builder
        .make_in(folder(target), |name| fs::hard_link(target, name))
        .ok()
        .map(tempfile::NamedTempFile::into_temp_path)
}

/// Writes every file, or none of them.
pub fn write_all_or_nothing(files: &[(&Path, &[u8])]) -> Result<()> {
    let mut outputs = Vec::with_capacity(files.len());
    for (path, _) in files {
        outputs.push(Output::create(path)?);
    }
    // What cannot be taken back is written last.
    let mut order: Vec<_> = outputs.iter_mut().zip(files).collect();
    order.sort_by_key(|(output, _)| !output.is_staged());
    for (output, (path, bytes)) in order {
        output.write_all(bytes).map_err(Error::io(path, "write"))?;
    }
    commit(outputs)
}

fn open(path: &Path) -> io::Result<(PathBuf, Sink)> {
    if is_stream(path) {
        // a stream that was redirected to a file is written at its end, not at its start
        let file = OpenOptions::new().append(true).open(path)?;
        return Ok((path.to_path_buf(), Sink::Straight(file)));
    }
    if path.is_dir() || path.file_name().is_none() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "expected a file's name, found a folder",
        ));
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".proofmill-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666)); // less the umask
    }
    let file = builder.tempfile_in(folder(&target))?;
    if let Ok(old) = fs::metadata(&target) {
        file.as_file().set_permissions(old.permissions())?;
    }
    Ok((target, Sink::Staged(file)))
}

/// Something that exists and is neither file nor folder, or a name that stands for an open descriptor.
fn is_stream(path: &Path) -> bool {
    let descriptor = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"]
        .iter()
        .any(|name| path.starts_with(name));
    descriptor || fs::metadata(path).is_ok_and(|kind| !kind.is_file() && !kind.is_dir())
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn all_files_appear_and_replace_older_ones() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&a, "old").unwrap();
        write_all_or_nothing(&[
            (&a, b"one"),
            (&b, b"two"),
            (Path::new("/dev/null"), b"three"),
        ])
        .unwrap();
        assert_eq!(
            (fs::read(&a).unwrap(), fs::read(&b).unwrap()),
            (b"one".to_vec(), b"two".to_vec())
        );
        assert_eq!(names(folder.path()), ["a", "b"]);
    }

    #[test]
    fn one_bad_name_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("good");
        for bad in [
            folder.path().join("no/such/folder"),
            folder.path().to_path_buf(),
            good.clone(),
        ] {
            let error = write_all_or_nothing(&[(&good, b"one"), (&bad, b"two")]).unwrap_err();
            assert!(error.to_string().ends_with("cannot write"), "{error}");
            assert!(names(folder.path()).is_empty());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("good");
        let error =
            write_all_or_nothing(&[(&good, b"one"), (Path::new("/dev/full"), b"two")]).unwrap_err();
        assert_eq!(error.to_string(), "/dev/full: cannot write");
        assert!(names(folder.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_those_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        fs::write(&plain, "").unwrap();
        write_all_or_nothing(&[(&ours, b"one")]).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[cfg(unix)]
    #[test]
    fn permissions_of_a_replaced_file_are_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        for mode in [0o600, 0o644, 0o666, 0o640] {
            fs::write(&file, "old").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            write_all_or_nothing(&[(&file, b"new")]).unwrap();
            let kept = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(
                (fs::read(&file).unwrap(), kept & 0o777),
                (b"new".to_vec(), mode)
            );
        }
    }

    /// A name that became a folder after its output was opened: nothing but the last rename can find out.
    #[test]
    fn what_was_replaced_is_put_back_if_a_later_rename_fails() {
        for old in [Some("old"), None] {
            let folder = tempfile::tempdir().unwrap();
            let (a, b) = (folder.path().join("a"), folder.path().join("b"));
            if let Some(old) = old {
                fs::write(&a, old).unwrap();
            }
            let outputs = [&a, &b].map(|path| {
                let mut output = Output::create(path).unwrap();
                output.write_all(b"new").unwrap();
                output
            });
            fs::create_dir(&b).unwrap();
            let error = commit(outputs.into()).unwrap_err();
            assert!(error.to_string().ends_with("b: cannot write"), "{error}");
            assert_eq!(fs::read_to_string(&a).ok().as_deref(), old);
            let left = if old.is_some() {
                vec!["a", "b"]
            } else {
                vec!["b"]
            };
            assert_eq!(names(folder.path()), left);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_all_or_nothing(&[(&link, b"new")]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }
}
