//! A programmer that fails in each known way, and what is kept of images.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests

use proofmill_bitstream::history::{History, Image};
use proofmill_bitstream::programmer::{Failure, Programmer, typed};
use proofmill_bitstream::{Board, Boards};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// A script that is being written cannot be run, and a process that another test starts meanwhile keeps it open.
static SCRIPTS: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    SCRIPTS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn board(name: &str) -> Board {
    Boards::with(None).unwrap().find(name).unwrap().clone()
}

/// A script in place of openFPGALoader.
fn fake(folder: &TempDir, script: &str) -> PathBuf {
    let path = folder.path().join("openFPGALoader");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// What comes of a programmer that prints this and exits with 1, as it always does.
fn failing(printed: &str) -> Failure {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let program = fake(&folder, &format!("cat <<'END' >&2\n{printed}\nEND\nexit 1"));
    let programmer = Programmer::new(Some(&program));
    programmer
        .write(&board("ulx3s-85f"), Path::new("x.bit"))
        .unwrap_err()
}

#[test]
fn the_command_writes_and_verifies_the_flash() {
    let command = |name: &str| {
        let command = Programmer::new(None).command(&board(name), Path::new("a/x.bit"));
        typed(&command)
    };
    let expected = "openFPGALoader -b ulx3s --write-flash --verify a/x.bit";
    assert_eq!(command("ulx3s-85f"), expected);
    assert_eq!(
        command("orangecrab-85f"),
        "openFPGALoader -b orangeCrab a/x.bit"
    );
}

#[test]
fn a_programmer_that_succeeds_was_given_the_file() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("said");
    let program = fake(&folder, &format!("echo \"$@\" > {}", said.display()));
    let written = Programmer::new(Some(&program)).write(&board("ulx3s-85f"), Path::new("x.bit"));
    assert!(written.is_ok());
    assert_eq!(
        fs::read_to_string(said).unwrap(),
        "-b ulx3s --write-flash --verify x.bit\n"
    );
}

#[test]
fn a_missing_programmer_is_named() {
    let _alone = alone();
    let programmer = Programmer::new(Some(Path::new("/nonexistent/loader")));
    let failure = programmer
        .write(&board("ulx3s-85f"), Path::new("x.bit"))
        .unwrap_err();
    assert!(matches!(failure, Failure::NoProgram { .. }) && !failure.may_have_written());
    assert_eq!(failure.to_string(), "cannot run /nonexistent/loader");
}

#[test]
fn each_known_failure_has_its_name() {
    for (printed, expected, may_have_written) in [
        (
            "empty\nunable to open ftdi device: -3 (device not found)\nJTAG init failed with: unable to open ftdi device",
            "no board found: unable to open ftdi device: -3 (device not found)",
            false,
        ),
        (
            "Open device 1209:5af0 Not found\nDFU init failed with: No DFU compatible device found",
            "no board found: DFU init failed with: No DFU compatible device found",
            false,
        ),
        (
            "cmsisDAP: No CMSIS-DAP v1 device found",
            "no board found: cmsisDAP: No CMSIS-DAP v1 device found",
            false,
        ),
        (
            "unable to open ftdi device: -4 (usb_open() failed)\nJTAG init failed with: unable to open ftdi device",
            "no permission to open the board: unable to open ftdi device: -4 (usb_open() failed)",
            false,
        ),
        (
            "Error: can't open device with vid:vid = 0x1209:0x5af0. Error code -3 LIBUSB_ERROR_ACCESS\n\
             DFU init failed with: No DFU compatible device found",
            "no permission to open the board: Error: can't open device with vid:vid = 0x1209:0x5af0. Error code -3 \
             LIBUSB_ERROR_ACCESS",
            false,
        ),
        (
            "Couldn't open device. Check permissions for /dev/hidraw0",
            "no permission to open the board: Couldn't open device. Check permissions for /dev/hidraw0",
            false,
        ),
        (
            "mismatch between target's idcode and bitstream idcode\n\tbitstream has 0x41113043 hardware requires 0x41111043",
            "another board or cable: mismatch between target's idcode and bitstream idcode",
            false,
        ),
        (
            "Error: no device found",
            "another board or cable: Error: no device found",
            false,
        ),
        (
            "Error: cannot find board 'ulx3s'",
            "the programmer does not know the board: Error: cannot find board 'ulx3s'",
            false,
        ),
        (
            "Jtag: support for cmsisdap was not enabled at compile time\nJTAG init failed with: std::exception",
            "the programmer does not know the board: Jtag: support for cmsisdap was not enabled at compile time",
            false,
        ),
        (
            "unable to open ftdi device: -5 (unable to claim usb device)\nJTAG init failed with: unable to open ftdi device",
            "cannot open the board's cable: unable to open ftdi device: -5 (unable to claim usb device)",
            false,
        ),
        (
            "JTAG init failed with: low level FTDI init failed",
            "cannot open the board's cable: JTAG init failed with: low level FTDI init failed",
            false,
        ),
        (
            "Writing: [====] 100.00%\rDone\nReading: [====] 100.00%\nFail\nVerification failed at 4096",
            "verification failed: Verification failed at 4096",
            true,
        ),
        (
            "Erasing: [=]\nusb bulk write failed",
            "the programmer failed while writing, with exit status: 1: usb bulk write failed",
            true,
        ),
        (
            "Detected: Winbond W25Q128\nwriting: [==  ] 40.00%\rdevice not found",
            "the programmer failed while writing, with exit status: 1: device not found",
            true,
        ),
        (
            "Loading: [==  ] 40.00%\rFail",
            "the programmer failed while writing, with exit status: 1: Fail",
            true,
        ),
        (
            "DFU download failed with: timeout",
            "the programmer failed while writing, with exit status: 1: DFU download failed with: timeout",
            true,
        ),
        (
            "Error: block protection is set",
            "the programmer failed with exit status: 1: Error: block protection is set",
            false,
        ),
        (
            "a \u{1b}[31mred\u{1b}[0m end",
            "the programmer failed with exit status: 1: a \\u{1b}[31mred\\u{1b}[0m end",
            false,
        ),
        (
            "",
            "the programmer failed with exit status: 1: it printed nothing",
            false,
        ),
    ] {
        let failure = failing(printed);
        assert_eq!(failure.to_string(), expected);
        assert_eq!(failure.may_have_written(), may_have_written, "{printed}");
    }
}

#[test]
fn a_programmer_that_is_killed_may_have_written() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let program = fake(&folder, "echo device not found; kill -9 $$");
    let programmer = Programmer::new(Some(&program));
    let failure = programmer
        .write(&board("ulx3s-85f"), Path::new("x.bit"))
        .unwrap_err();
    assert_eq!(failure.to_string(), "the programmer was ended by signal 9");
    assert!(failure.may_have_written());
}

fn image(byte: u8, manifest: Option<&str>) -> Image {
    let manifest = manifest.map(str::to_string);
    Image {
        bytes: vec![byte; 9],
        manifest,
    }
}

/// A write that succeeds.
fn written(history: &History, image: &Image) {
    let staged = history.stage(image).unwrap();
    assert_eq!(fs::read(staged).unwrap(), image.bytes);
    history.begin().unwrap().done().unwrap();
}

#[test]
fn the_image_before_is_kept_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::at(&folder.path().join("board")).unwrap();
    let (first, second, third) = (image(1, Some("{}")), image(2, None), image(3, Some("[]")));
    assert_eq!(history.rollback().unwrap(), None);
    written(&history, &first);
    assert_eq!(history.rollback().unwrap(), None);
    written(&history, &second);
    assert_eq!(history.rollback().unwrap(), Some(first.clone()));
    written(&history, &third);
    let before = history.rollback().unwrap();
    assert_eq!(before, Some(second.clone()), "no manifest of another");
    // back, and forth
    written(&history, &second);
    assert_eq!(history.rollback().unwrap(), Some(third.clone()));
    written(&history, &third);
    assert_eq!(history.rollback().unwrap(), Some(second));
    assert_eq!(fs::read(history.rollback_file()).unwrap(), [2; 9]);
}

#[test]
fn the_same_image_once_more_does_not_cost_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::at(folder.path()).unwrap();
    let (first, second) = (image(1, None), image(2, Some("{}")));
    written(&history, &first);
    written(&history, &second);
    written(&history, &second);
    assert_eq!(history.rollback().unwrap(), Some(first.clone()));
    // its manifest is the newer one
    written(&history, &image(2, Some("[]")));
    written(&history, &first);
    assert_eq!(history.rollback().unwrap(), Some(image(2, Some("[]"))));
}

#[test]
fn while_a_write_is_not_known_to_be_whole_the_image_before_it_is_the_one_to_go_back_to() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::at(folder.path()).unwrap();
    let (first, second, third) = (image(1, None), image(2, Some("{}")), image(3, None));
    written(&history, &first);
    written(&history, &second);
    history.stage(&third).unwrap();
    drop(history.begin().unwrap());
    assert!(history.is_broken());
    assert_eq!(history.rollback().unwrap(), Some(second.clone()));
    // a second run that writes nothing leaves it so
    history.stage(&first).unwrap();
    history.begin().unwrap().untouched().unwrap();
    assert!(history.is_broken());
    // and one that writes it ends it
    written(&history, &second);
    assert!(!history.is_broken());
    assert_eq!(history.rollback().unwrap(), Some(first.clone()));
    history.stage(&third).unwrap();
    history.begin().unwrap().untouched().unwrap();
    assert!(!history.is_broken());
    assert_eq!(history.rollback().unwrap(), Some(first));
}

#[test]
fn an_image_is_never_staged_beside_the_manifest_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::at(folder.path()).unwrap();
    history.stage(&image(1, Some("{}"))).unwrap();
    let staged = history.stage(&image(2, None)).unwrap();
    assert!(staged.is_absolute() && !staged.with_extension("json").exists());
}

#[test]
fn one_run_at_a_time_has_a_board() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::at(folder.path()).unwrap();
    let lock = history.lock().unwrap();
    let error = history.lock().unwrap_err().to_string();
    assert!(error.starts_with("another run is writing this board: "));
    drop(lock);
    history.lock().unwrap();
}
