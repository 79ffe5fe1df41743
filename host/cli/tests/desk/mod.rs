//! A desk with boards: bitstreams, a program in place of openFPGALoader, and the program run there.

use crate::peer::DESIGN;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// A script that is being written cannot be run, and a process that another test starts meanwhile keeps it open.
static SCRIPTS: Mutex<()> = Mutex::new(());

/// A programmer that copies the file to `flash`.
pub(crate) const COPIES: &str = "for file; do :; done; cp \"$file\" flash";

/// A folder with bitstreams and manifests, a programmer, and what is kept of images.
pub(crate) struct Desk {
    folder: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Desk {
    /// `ulx3s.bit` and `orangecrab.bit` with their manifests, a programmer that copies.
    pub(crate) fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
            _alone: SCRIPTS.lock().unwrap_or_else(PoisonError::into_inner),
        };
        for board in ["ulx3s", "orangecrab"] {
            let bytes = fixture(&format!("{board}-85f.bit.gz"));
            fs::write(desk.path(&format!("{board}.bit")), &bytes).unwrap();
            desk.manifest(board, &format!("{board}-85f"), &bytes, &DESIGN.to_string());
        }
        desk.programmer(COPIES);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn manifest(&self, name: &str, board: &str, bytes: &[u8], design: &str) {
        let sum = Sha256::digest(bytes);
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = format!(
            r#"{{"design": "counter", "design_hash": "{design}", "board": "{board}", "part": "LFE5U-85F", "sha256": "{sum}"}}"#
        );
        fs::write(self.path(&format!("{name}.json")), text).unwrap();
    }

    pub(crate) fn programmer(&self, script: &str) {
        let path = self.path("programmer");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmill"));
        command.args(args).current_dir(self.folder.path());
        command
            .env("PROOFMILL_STATE", self.path("state"))
            .env_remove("PROOFMILL_BOARDS");
        command.output().unwrap()
    }

    /// `flash ulx3s-85f …` by the programmer of this folder.
    pub(crate) fn flash(&self, args: &[&str]) -> Output {
        self.run(
            &[
                &["flash", "ulx3s-85f", "--programmer", "./programmer"],
                args,
            ]
            .concat(),
        )
    }

    /// A file of what is kept of the board's images.
    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.path("state/flashed/ulx3s-85f").join(name)
    }

    pub(crate) fn flashed(&self) -> Option<Vec<u8>> {
        fs::read(self.path("flash")).ok()
    }

    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bitstream/tests/fixtures");
    let mut bytes = Vec::new();
    GzDecoder::new(&fs::read(folder.join(name)).unwrap()[..])
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}
