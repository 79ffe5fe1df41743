//! A folder with the fixtures and what hostile hands made of them, and the program run in it.
#![allow(dead_code)] // each test file uses its part

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../groth16/tests/fixtures");

pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    /// Every fixture under its own name, and the spoilt files below.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        for entry in fs::read_dir(FIXTURES).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if !name.ends_with(".md") && !name.ends_with(".sh") {
                // not `fs::copy`: fixtures may be read-only
                fs::write(folder.path().join(name), fs::read(entry.path()).unwrap()).unwrap();
            }
        }
        let made = Self { folder };
        made.spoil();
        made
    }

    fn spoil(&self) {
        self.derive("poseidon8.zkey", "truncated.zkey", |bytes| {
            bytes.truncate(500_000)
        });
        self.derive("one.zkey", "plonk.zkey", |bytes| bytes[24] = 2); // section 1: the protocol
        self.derive("poseidon8.zkey", "flipped.zkey", |bytes| {
            let place = bytes.len() - 70_000; // in section 9 (H)
            bytes[place] ^= 1;
        });
        self.derive("one.wtns", "large.wtns", |bytes| {
            let start = bytes.len() - 32;
            bytes[start..].fill(0xff);
        });
        self.derive("one.wtns", "unsatisfied.wtns", |bytes| {
            let start = bytes.len() - 32;
            bytes[start] ^= 1;
        });
        let public = fs::read(self.path("poseidon8.public.json")).unwrap();
        let mut signals: Vec<String> = serde_json::from_slice(&public).unwrap();
        signals.reverse();
        let text = serde_json::to_string(&signals).unwrap();
        fs::write(self.path("swapped.public.json"), text).unwrap();
    }

    fn derive(&self, from: &str, to: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.path(from)).unwrap();
        change(&mut bytes);
        fs::write(self.path(to), bytes).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Everything in the folder, hidden files included.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmill"));
        command.args(args).current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// `None` where a signal ended it.
pub(crate) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
