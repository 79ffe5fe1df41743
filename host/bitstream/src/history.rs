//! The images that boards were given, kept so that one can go back.
//!
//! A board's folder has `current` and `previous` (a .bit file and perhaps a .json each), `new` (what is being written),
//! `lock`, and `writing` from before the programmer starts until the board is known to be whole. While `writing` is
//! there, the board may hold a broken image, and `current` is the last one that was whole.

use crate::{Error, bit, text};
use std::env;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{self, Path, PathBuf};

/// A bitstream with its manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image {
    /// The .bit file.
    pub bytes: Vec<u8>,
    /// The manifest's text, if there is one.
    pub manifest: Option<String>,
}

/// The image that a board holds, as far as is known, and the one before.
#[derive(Clone, Debug)]
pub struct History {
    folder: PathBuf,
}

const CURRENT: &str = "current";
const PREVIOUS: &str = "previous";
const NEW: &str = "new";
const WRITING: &str = "writing";
const LOCK: &str = "lock";

/// What `writing` says to whoever looks.
const MARK: &str =
    "The board may hold a broken image: current.bit is the last one known to be whole.\n";

impl History {
    /// Of a board, in the folder that `PROOFMILL_STATE` names or the user's folder of states.
    ///
    /// Errors: there is no such folder.
    pub fn open(board: &str) -> Result<Self, Error> {
        let named = |name: &str| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let state = named("PROOFMILL_STATE")
            .or_else(|| Some(named("XDG_STATE_HOME")?.join("proofmill")))
            .or_else(|| Some(named("HOME")?.join(".local/state/proofmill")));
        let none = || {
            io::Error::new(
                ErrorKind::NotFound,
                "none of PROOFMILL_STATE, XDG_STATE_HOME and HOME is set",
            )
        };
        let state = state.ok_or_else(|| Error::io(Path::new("images"), "keep")(none()))?;
        Self::at(&state.join("flashed").join(board))
    }

    /// In a folder of its own.
    ///
    /// Errors: the path is relative to a folder that is gone.
    pub fn at(folder: &Path) -> Result<Self, Error> {
        let folder = path::absolute(folder).map_err(Error::io(folder, "open"))?;
        Ok(Self { folder })
    }

    /// Keeps other runs off the board until the file is dropped.
    ///
    /// Errors: another run has it; the folder cannot be written.
    pub fn lock(&self) -> Result<File, Error> {
        fs::create_dir_all(&self.folder).map_err(Error::io(&self.folder, "write"))?;
        let path = self.folder.join(LOCK);
        let file = File::create(&path).map_err(Error::io(&path, "write"))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::Locked {
                path: path.display().to_string(),
            }),
            Err(TryLockError::Error(e)) => Err(Error::io(&path, "lock")(e)),
        }
    }

    /// Whether a write was begun and it is not known that the board is whole.
    pub fn is_broken(&self) -> bool {
        self.folder.join(WRITING).exists()
    }

    /// The .bit file to go back to, whether it exists or not: of the image before, or, after a write that broke off,
    /// of the last one known to be whole.
    pub fn rollback_file(&self) -> PathBuf {
        let current = self.file(CURRENT, "bit");
        match self.is_broken() && current.exists() {
            true => current,
            false => self.file(PREVIOUS, "bit"),
        }
    }

    /// The image to go back to.
    pub fn rollback(&self) -> Result<Option<Image>, Error> {
        let file = self.rollback_file();
        let Some(bytes) = there(bit::read(&file))? else {
            return Ok(None);
        };
        let manifest = there(text::read(&file.with_extension("json")))?;
        Ok(Some(Image { bytes, manifest }))
    }

    /// The file that [`History::stage`] writes.
    pub fn staged_file(&self) -> PathBuf {
        self.file(NEW, "bit")
    }

    /// Puts an image beside the others, on disk, to be written into the board from there.
    ///
    /// Errors: the folder cannot be written.
    pub fn stage(&self, image: &Image) -> Result<PathBuf, Error> {
        fs::create_dir_all(&self.folder).map_err(Error::io(&self.folder, "write"))?;
        remove(&self.file(NEW, "json"))?;
        let file = self.staged_file();
        write(&file, &image.bytes)?;
        if let Some(text) = &image.manifest {
            write(&self.file(NEW, "json"), text.as_bytes())?;
        }
        self.sync()?;
        Ok(file)
    }

    /// Marks the board as broken, until the [`Writing`] says otherwise.
    ///
    /// Errors: the folder cannot be written.
    pub fn begin(&self) -> Result<Writing<'_>, Error> {
        let was_broken = self.is_broken();
        let writing = Writing {
            history: self,
            was_broken,
        };
        let marked = write(&self.folder.join(WRITING), MARK.as_bytes());
        match marked.and_then(|()| self.sync()) {
            Ok(()) => Ok(writing),
            Err(e) => writing.untouched().and(Err(e)),
        }
    }

    fn file(&self, name: &str, kind: &str) -> PathBuf {
        self.folder.join(format!("{name}.{kind}"))
    }

    /// The manifest first: an image is never beside another's.
    fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        remove(&self.file(to, "json"))?;
        for kind in ["bit", "json"] {
            let to = self.file(to, kind);
            match fs::rename(self.file(from, kind), &to) {
                Err(e) if kind == "bit" || e.kind() != ErrorKind::NotFound => {
                    return Err(Error::io(&to, "write")(e));
                }
                _ => {}
            }
        }
        self.sync()
    }

    fn unmark(&self) -> Result<(), Error> {
        remove(&self.folder.join(WRITING))?;
        self.sync()
    }

    /// Brings new, renamed and removed names to the disk.
    fn sync(&self) -> Result<(), Error> {
        // elsewhere a folder cannot be opened as a file
        #[cfg(unix)]
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(Error::io(&self.folder, "write"))?;
        Ok(())
    }
}

/// A write into the board that has begun. Dropped, it leaves the board marked as broken.
#[derive(Debug)]
#[must_use]
pub struct Writing<'a> {
    history: &'a History,
    was_broken: bool,
}

impl Writing<'_> {
    /// The board holds the staged image now.
    ///
    /// Errors: [`Error::Unrecorded`]; the mark stays then.
    pub fn done(self) -> Result<(), Error> {
        let recorded = self.record();
        recorded.map_err(|e| Error::Unrecorded(Box::new(e)))
    }

    fn record(&self) -> Result<(), Error> {
        let history = self.history;
        let read = |name| there(bit::read(&history.file(name, "bit")));
        let current = read(CURRENT)?;
        // the same image once more must not cost the one before
        if current.is_some() && current != read(NEW)? {
            history.rename(CURRENT, PREVIOUS)?;
        }
        history.rename(NEW, CURRENT)?;
        history.unmark()
    }

    /// Nothing was written: the board is as it was.
    ///
    /// Errors: the folder cannot be written; the mark stays then.
    pub fn untouched(self) -> Result<(), Error> {
        match self.was_broken {
            true => Ok(()),
            false => self.history.unmark(),
        }
    }
}

/// A file's content, on disk when this returns.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(Error::io(path, "write"))
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io(path, "write")(e)),
        _ => Ok(()),
    }
}

/// What was read, or `None` where there is no file.
fn there<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}
