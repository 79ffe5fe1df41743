//! Bitstreams onto boards, by a program in place of openFPGALoader, with a card in software that answers afterwards.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests

mod desk;
#[path = "../../driver/tests/fpga/peer.rs"]
#[allow(dead_code)] // its faults
mod peer;

use desk::{COPIES, Desk};
use peer::{DESIGN, Peer, capabilities};
use proofmill_field::FieldId;
use std::fs;
use std::process::Output;

fn succeeds(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(stderr, "");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Exit code 2, nothing on stdout; what is on stderr.
fn fails(output: &Output) -> String {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    stderr
}

/// Both lines of an error.
fn assert_fails(output: &Output, error: &str, hint: &str) {
    let stderr = fails(output);
    assert!(
        stderr.contains(error) && stderr.contains(&format!("  hint: {hint}")),
        "{stderr}"
    );
}

#[test]
fn a_bitstream_is_described() {
    let desk = Desk::new();
    let text = succeeds(&desk.run(&["bitstream", "info", "ulx3s.bit", "--manifest", "ulx3s.json"]));
    for line in [
        "part       LFE5U-85F\n",
        "idcode     0x41113043\n",
        "format     bit, compressed\n",
        "comment    Part: LFE5U-85F-6CABGA381\n",
        "frames     13294, whole\n",
        "manifest   matches\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let output = desk.run(&[
        "bitstream",
        "info",
        "ulx3s.bit",
        "--manifest",
        "orangecrab.json",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("manifest   of another file: sha256: expected "),
        "{text}"
    );
    let text = succeeds(&desk.run(&["bitstream", "info", "orangecrab.bit", "--json"]));
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(record["part"], "LFE5U-85F");
    assert_eq!(record["memory_bytes"], 256 * 9);
    assert_eq!(record["manifest_matches"], serde_json::Value::Null);
    fs::write(
        desk.path("x.svf"),
        "SIR 8 TDI (E0);\nSDR 32 TDI (00000000) TDO (41112043);",
    )
    .unwrap();
    let text = succeeds(&desk.run(&["bitstream", "info", "x.svf"]));
    assert!(
        text.starts_with("part       LFE5U-45F\nidcode     0x41112043\nformat     svf\n"),
        "{text}"
    );
    let other = desk.run(&["bitstream", "info", "x.svf", "--manifest", "ulx3s.json"]);
    let text = String::from_utf8(other.stdout).unwrap();
    let line = "manifest   of another file: part: expected LFE5U-85F, found LFE5U-45F\n";
    assert!(
        other.status.code() == Some(1) && text.ends_with(line),
        "{text}"
    );
    fs::write(
        desk.path("y.svf"),
        "SIR 8 TDI (E0);\nSDR 32 TDI (00000000) TDO (41113043);",
    )
    .unwrap();
    let text = succeeds(&desk.run(&["bitstream", "info", "y.svf", "--manifest", "ulx3s.json"]));
    let line = "manifest   same part; its sha256 is of the .bit file\n";
    assert!(text.ends_with(line), "{text}");
}

#[test]
fn files_that_are_no_bitstream_are_refused() {
    let desk = Desk::new();
    let whole = desk.file("ulx3s.bit");
    let cut = &whole[..whole.len() / 2];
    for (name, bytes) in [
        ("cut.bit", cut),
        ("empty.bit", b""),
        ("noise.bit", &[0xff, 0, 0x80]),
        ("text.bit", b"text"),
    ] {
        fs::write(desk.path(name), bytes).unwrap();
        let expected = format!("error: {name}: ");
        assert!(
            fails(&desk.run(&["bitstream", "info", name])).starts_with(&expected),
            "{name}"
        );
        assert!(
            fails(&desk.flash(&[name, "--force"])).starts_with(&expected),
            "{name}"
        );
    }
    assert_fails(
        &desk.run(&["bitstream", "info", "cut.bit"]),
        "cut.bit: configuration frames at offset 0x",
        "the file is damaged or cut short",
    );
    let stderr = fails(&desk.run(&["bitstream", "info", "none.bit"]));
    assert!(
        stderr.starts_with("error: none.bit: cannot open\n  caused by: No such file"),
        "{stderr}"
    );
    assert_eq!(desk.flashed(), None);
}

#[test]
fn a_dry_run_writes_nothing() {
    let desk = Desk::new();
    let text = succeeds(&desk.flash(&["ulx3s.bit", "--dry-run"]));
    let staged = desk.state("new.bit");
    let command = "./programmer -b ulx3s --write-flash --verify";
    let line = format!("command    {command} {}\n", staged.display());
    assert!(text.contains(&line), "{text}");
    assert!(text.ends_with("dry run    nothing was written\n"), "{text}");
    assert!(desk.flashed().is_none() && !desk.path("state").exists());
}

#[test]
fn another_boards_bitstream_is_refused_unless_forced() {
    let desk = Desk::new();
    let error = "orangecrab.bit is not for board ulx3s-85f: expected part LFE5U-85F-6CABGA381, found LFE5U-85F-8CSFBGA285";
    assert_fails(
        &desk.flash(&["orangecrab.bit"]),
        error,
        "pins that drive each other",
    );
    let output = desk.run(&["flash", "colorlight-i9", "ulx3s.bit"]);
    assert_fails(&output, "expected part LFE5U-45F, found LFE5U-85F", "pins");
    assert_eq!(desk.flashed(), None);

    let output = desk.flash(&["orangecrab.bit", "--force"]);
    assert_eq!(output.status.code(), Some(0));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("warning: orangecrab.bit is not for board ulx3s-85f: expected part "),
        "{stderr}"
    );
    assert!(
        stderr.contains("its manifest is for board orangecrab-85f; forced\n"),
        "{stderr}"
    );
    assert_eq!(desk.flashed().unwrap(), desk.file("orangecrab.bit"));
}

#[test]
fn a_bitstream_without_its_manifest_is_refused_unless_forced() {
    let desk = Desk::new();
    fs::rename(desk.path("ulx3s.json"), desk.path("elsewhere.json")).unwrap();
    let error = "ulx3s.bit has no manifest: expected ulx3s.json";
    assert_fails(
        &desk.flash(&["ulx3s.bit"]),
        error,
        "without one nobody knows",
    );
    succeeds(&desk.flash(&["ulx3s.bit", "--manifest", "elsewhere.json", "--dry-run"]));
    let output = desk.flash(&["ulx3s.bit", "--manifest", "none.json"]);
    assert!(fails(&output).starts_with("error: none.json: cannot open\n"));
    desk.manifest("other", "ulx3s-85f", b"another file", &DESIGN.to_string());
    let output = desk.flash(&["ulx3s.bit", "--manifest", "other.json"]);
    assert_fails(
        &output,
        "its manifest is of another file: sha256: expected ",
        "pins",
    );
    assert_eq!(desk.flashed(), None);
    let output = desk.flash(&["ulx3s.bit", "--force"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!("warning: {error}; forced\n")
    );
}

#[test]
fn a_board_that_is_not_known_is_refused_with_those_that_are() {
    let desk = Desk::new();
    let output = desk.run(&["flash", "ulx3s", "ulx3s.bit"]);
    let error =
        "no board is called ulx3s: found colorlight-i9, ecpix5-85f, orangecrab-85f, ulx3s-85f";
    assert_fails(&output, error, "the folder that PROOFMILL_BOARDS names");
}

#[test]
fn every_failure_of_the_programmer_has_its_remedy() {
    let desk = Desk::new();
    for (script, error, hint) in [
        (
            "echo 'unable to open ftdi device: -3 (device not found)'; exit 1",
            "no board found: unable to open ftdi device: -3",
            "is the board plugged in",
        ),
        (
            "echo 'unable to open ftdi device: -4 (usb_open() failed)'; exit 1",
            "no permission to open the board",
            "copy host/bitstream/udev/60-proofmill.rules to /etc/udev/rules.d/",
        ),
        (
            "echo \"mismatch between target's idcode and bitstream idcode\"; exit 1",
            "another board or cable",
            "unplug other boards",
        ),
        (
            "echo 'Jtag: support for cmsisdap was not enabled at compile time'; exit 1",
            "the programmer does not know the board",
            "another openFPGALoader is needed",
        ),
        (
            "echo 'Verification failed at 0'; exit 1",
            "verification failed",
            "the board may hold a broken image",
        ),
        (
            "kill -9 $$",
            "the programmer was ended by signal 9",
            "the board may hold a broken image",
        ),
        (
            "echo boom; exit 3",
            "the programmer failed with exit status: 3: boom",
            "it had not begun to write",
        ),
        (
            "echo 'Erasing: [==  ]'; echo gone; exit 1",
            "the programmer failed while writing, with exit status: 1: gone",
            "the board may hold a broken image",
        ),
        (
            "echo 'JTAG init failed with: std::exception'; exit 1",
            "cannot open the board's cable: JTAG init failed",
            "does another program use it?",
        ),
    ] {
        desk.programmer(script);
        assert_fails(&desk.flash(&["ulx3s.bit"]), error, hint);
    }
    let output = desk.run(&["flash", "ulx3s-85f", "ulx3s.bit", "--programmer", "./none"]);
    assert_fails(&output, "cannot run ./none", "install openFPGALoader");
}

#[test]
fn the_image_before_can_be_taken_back() {
    let desk = Desk::new();
    let (first, second) = (desk.file("ulx3s.bit"), desk.file("orangecrab.bit"));
    assert_fails(
        &desk.flash(&["--rollback"]),
        "no image before is known of board ulx3s-85f",
        "only images",
    );
    succeeds(&desk.flash(&["ulx3s.bit"]));
    assert_eq!(
        desk.flash(&["orangecrab.bit", "--force"]).status.code(),
        Some(0)
    );
    assert_eq!(desk.flashed().unwrap(), second);
    let text = succeeds(&desk.flash(&["--rollback"]));
    assert!(text.contains("written    the image before\n"), "{text}");
    assert_eq!(desk.flashed().unwrap(), first);
    // what is wrong with an image is still wrong on the way back
    let error = fails(&desk.flash(&["--rollback"]));
    assert!(error.contains("is not for board ulx3s-85f"), "{error}");
}

#[test]
fn after_a_write_that_broke_off_the_last_good_image_is_there() {
    let desk = Desk::new();
    succeeds(&desk.flash(&["ulx3s.bit"]));
    desk.programmer("kill -9 $$");
    fails(&desk.flash(&["orangecrab.bit", "--force"]));
    fails(&desk.flash(&["--rollback"]));
    fs::remove_file(desk.path("flash")).unwrap();
    desk.programmer(COPIES);
    succeeds(&desk.flash(&["--rollback"]));
    assert_eq!(desk.flashed().unwrap(), desk.file("ulx3s.bit"));
}

#[test]
fn what_was_checked_is_written_whatever_becomes_of_the_file() {
    let desk = Desk::new();
    let whole = desk.file("ulx3s.bit");
    fs::write(desk.path("-odd.raw"), &whole).unwrap();
    desk.programmer(&format!(
        "echo other > ./-odd.raw; echo \"$@\" > said; {COPIES}"
    ));
    succeeds(&desk.flash(&["--manifest", "ulx3s.json", "--", "-odd.raw"]));
    assert_eq!(desk.flashed().unwrap(), whole);
    assert_eq!(desk.file("-odd.raw"), b"other\n");
    let staged = desk.state("new.bit");
    let said = format!("-b ulx3s --write-flash --verify {}\n", staged.display());
    assert_eq!(String::from_utf8(desk.file("said")).unwrap(), said);
}

#[test]
fn an_image_that_cannot_be_kept_is_not_written() {
    let desk = Desk::new();
    fs::create_dir_all(desk.state("new.bit")).unwrap();
    let error = fails(&desk.flash(&["ulx3s.bit"]));
    assert!(error.contains("new.bit: cannot write"), "{error}");
    assert!(desk.flashed().is_none() && !desk.state("writing").exists());
}

#[test]
fn an_image_that_was_written_and_cannot_be_recorded_is_said_so() {
    let desk = Desk::new();
    let current = desk.state("current.bit");
    desk.programmer(&format!("mkdir {}; {COPIES}", current.display()));
    let error = "the board was written, its image is not recorded";
    assert_fails(
        &desk.flash(&["ulx3s.bit"]),
        error,
        "it works; until it is recorded",
    );
    assert_eq!(desk.flashed().unwrap(), desk.file("ulx3s.bit"));
}

#[test]
fn a_run_that_is_ended_while_it_writes_is_known_to_the_next() {
    let desk = Desk::new();
    succeeds(&desk.flash(&["ulx3s.bit"]));
    desk.programmer("echo no; exit 1");
    fails(&desk.flash(&["orangecrab.bit", "--force"]));
    let text = succeeds(&desk.flash(&["ulx3s.bit", "--dry-run"]));
    assert!(!text.contains("\nstate "), "{text}");

    desk.programmer("kill -9 $PPID");
    let ended = desk.flash(&["orangecrab.bit", "--force"]);
    assert_eq!(ended.status.code(), None);
    fs::remove_file(desk.path("flash")).unwrap();
    desk.programmer(COPIES);
    let text = succeeds(&desk.flash(&["--rollback"]));
    for line in [
        "state      a write before this one broke off\n",
        "written    the last image known to be whole\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert_eq!(desk.flashed().unwrap(), desk.file("ulx3s.bit"));
    assert!(!desk.state("writing").exists());
}

#[test]
fn a_second_run_at_once_is_refused() {
    let desk = Desk::new();
    fs::create_dir_all(desk.state("")).unwrap();
    let lock = fs::File::create(desk.state("lock")).unwrap();
    lock.lock().unwrap();
    let error = "another run is writing this board: ";
    assert_fails(&desk.flash(&["ulx3s.bit"]), error, "wait until it ends");
    assert_eq!(desk.flashed(), None);
    drop(lock);
    succeeds(&desk.flash(&["ulx3s.bit"]));
}

#[test]
fn manifests_are_read_up_to_a_limit_and_shown_on_one_line() {
    let desk = Desk::new();
    let error = fails(&desk.flash(&["ulx3s.bit", "--manifest", "/dev/zero"]));
    assert!(
        error.contains("expected 1 MiB at most, found more"),
        "{error}"
    );
    let text = String::from_utf8(desk.file("ulx3s.json")).unwrap();
    let odd = text.replace("counter", &format!("\\u001b[2J{}", "x".repeat(1000)));
    fs::write(desk.path("ulx3s.json"), odd).unwrap();
    let text = succeeds(&desk.flash(&["ulx3s.bit", "--dry-run"]));
    let design = text
        .lines()
        .find(|line| line.starts_with("design"))
        .unwrap();
    assert!(
        design.contains("\\u{1b}[2Jxxx") && design.contains("…, 5a5a5a5a"),
        "{design}"
    );
    assert!(design.len() < 300);
    let board = String::from_utf8(desk.file("ulx3s.json"))
        .unwrap()
        .replace("ulx3s-85f", "\\u009b");
    fs::write(desk.path("ulx3s.json"), board).unwrap();
    let error = fails(&desk.flash(&["ulx3s.bit"]));
    assert!(
        error.contains("its manifest is for board \\u{9b}\n"),
        "{error}"
    );
}

#[test]
fn the_card_is_asked_for_its_design_afterwards() {
    let desk = Desk::new();
    let card = Peer::start(capabilities(FieldId::Goldilocks, 6));
    let text = succeeds(&desk.flash(&["ulx3s.bit", "--card", &card.path]));
    assert!(
        text.ends_with("card       holds design 5a5a5a5a, as the manifest has it\n"),
        "{text}"
    );

    desk.manifest(
        "ulx3s",
        "ulx3s-85f",
        &desk.file("ulx3s.bit"),
        &"6b".repeat(32),
    );
    let output = desk.flash(&["ulx3s.bit", "--card", &card.path]);
    let error = "holds another design: expected 6b6b6b6b, found 5a5a5a5a";
    assert_fails(&output, error, "is it this board's serial port?");
    let output = desk.flash(&["ulx3s.bit", "--card", "/nonexistent/tty", "--wait", "0"]);
    let error = "the board was written, and the card at /nonexistent/tty does not answer";
    assert_fails(&output, error, "is it the board's serial port, at its rate");
}
