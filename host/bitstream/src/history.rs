//! The images that boards were given, kept so that one can go back.

use crate::Error;
use std::env;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

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
                "neither PROOFMILL_STATE nor HOME is set",
            )
        };
        let state = state.ok_or_else(|| Error::io(Path::new("images"), "keep")(none()))?;
        Ok(Self::at(&state.join("flashed").join(board)))
    }

    /// In a folder of its own.
    pub fn at(folder: &Path) -> Self {
        let folder = folder.into();
        Self { folder }
    }

    /// The .bit file of the image before, whether it exists or not.
    pub fn previous_file(&self) -> PathBuf {
        self.file(PREVIOUS, "bit")
    }

    /// The image before.
    pub fn previous(&self) -> Result<Option<Image>, Error> {
        let Some(bytes) = self.read(PREVIOUS, "bit")? else {
            return Ok(None);
        };
        let manifest = self.read(PREVIOUS, "json")?;
        let manifest = manifest.map(|text| String::from_utf8_lossy(&text).into_owned());
        Ok(Some(Image { bytes, manifest }))
    }

    /// The board holds this image now.
    pub fn written(&self, image: &Image) -> Result<(), Error> {
        fs::create_dir_all(&self.folder).map_err(Error::io(&self.folder, "write"))?;
        let write = |kind, bytes: &[u8]| {
            let path = self.file(NEW, kind);
            fs::write(&path, bytes).map_err(Error::io(&path, "write"))
        };
        write("bit", &image.bytes)?;
        if let Some(text) = &image.manifest {
            write("json", text.as_bytes())?;
        }
        self.lost()?;
        self.rename(NEW, CURRENT)
    }

    /// The board may not hold its image any more: what it held is the image before.
    pub fn lost(&self) -> Result<(), Error> {
        match self.file(CURRENT, "bit").exists() {
            true => self.rename(CURRENT, PREVIOUS),
            false => Ok(()),
        }
    }

    fn file(&self, name: &str, kind: &str) -> PathBuf {
        self.folder.join(format!("{name}.{kind}"))
    }

    fn read(&self, name: &str, kind: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.file(name, kind);
        match fs::read(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            read => read.map(Some).map_err(Error::io(&path, "read")),
        }
    }

    /// The manifest first: an image is never beside another's.
    fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        let manifest = self.file(to, "json");
        match fs::remove_file(&manifest) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                return Err(Error::io(&manifest, "write")(e));
            }
            _ => {}
        }
        for kind in ["bit", "json"] {
            let to = self.file(to, kind);
            match fs::rename(self.file(from, kind), &to) {
                Err(e) if kind == "bit" || e.kind() != ErrorKind::NotFound => {
                    return Err(Error::io(&to, "write")(e));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
