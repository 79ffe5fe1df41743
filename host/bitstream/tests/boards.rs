//! Every board file, and what is no board.
#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests

use proofmill_bitstream::boards::Role;
use proofmill_bitstream::{Board, Boards};
use std::fs;

const ULX3S: &str = include_str!("../boards/ulx3s-85f.toml");
const RULES: &str = include_str!("../udev/60-proofmill.rules");

#[test]
fn the_boards_that_are_promised_are_valid() {
    let boards = Boards::with(None).unwrap();
    let found: Vec<_> = boards
        .iter()
        .map(|(name, board)| (name, board.full_part()))
        .collect();
    let expected = [
        ("colorlight-i9", "LFE5U-45F-6CABGA381"),
        ("ecpix5-85f", "LFE5UM5G-85F-8CABGA554"),
        ("orangecrab-85f", "LFE5U-85F-8CSFBGA285"),
        ("ulx3s-85f", "LFE5U-85F-6CABGA381"),
    ];
    assert_eq!(found, expected.map(|(name, part)| (name, part.to_string())));
}

#[test]
fn every_file_in_the_folder_is_built_in() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/boards");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let board = Board::parse(name, &fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(Boards::with(None).unwrap().find(name).unwrap(), &board);
    }
}

#[test]
fn the_udev_rules_have_every_board() {
    for (name, board) in Boards::with(None).unwrap().iter() {
        for id in &board.programmer.usb {
            let (vendor, product) = id.split_once(':').unwrap();
            let rule =
                format!("ATTRS{{idVendor}}==\"{vendor}\", ATTRS{{idProduct}}==\"{product}\"");
            assert!(RULES.contains(&rule), "{name}: {id}");
        }
    }
}

#[test]
fn constraints_are_those_of_the_bitstreams_in_the_fixtures() {
    let boards = Boards::with(None).unwrap();
    let ports = [("clock", Role::Clock), ("led", Role::Led(0))];
    let lpf = |name: &str| boards.find(name).unwrap().lpf(&ports).unwrap();
    assert_eq!(lpf("ulx3s-85f"), include_str!("fixtures/ulx3s-85f.lpf"));
    assert_eq!(
        lpf("orangecrab-85f"),
        include_str!("fixtures/orangecrab-85f.lpf")
    );
}

#[test]
fn constraints_of_a_card_name_the_line_and_the_button() {
    let boards = Boards::with(None).unwrap();
    let ports = [
        ("tx", Role::Transmit),
        ("rx", Role::Receive),
        ("reset", Role::Reset),
    ];
    let lpf = boards.find("ulx3s-85f").unwrap().lpf(&ports).unwrap();
    for line in [
        "LOCATE COMP \"tx\" SITE \"L4\";",
        "LOCATE COMP \"rx\" SITE \"M1\";",
        "LOCATE COMP \"reset\" SITE \"R1\";",
    ] {
        assert!(lpf.contains(line), "{lpf}");
    }
    // the ECPIX-5's button is not known, and no board has a hundred lights
    let ecpix = boards.find("ecpix5-85f").unwrap();
    assert!(ecpix.lpf(&ports[..2]).is_ok());
    let error = ecpix.lpf(&ports).unwrap_err();
    assert_eq!(error.to_string(), "board ECPIX-5 85F has no reset");
    assert!(ecpix.lpf(&[("led", Role::Led(100))]).is_err());
}

#[test]
fn a_made_up_board_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let text = ULX3S
        .replace("ULX3S 85F", "Made up")
        .replace("\"G2\"", "\"AA17\"");
    fs::write(folder.path().join("made-up.toml"), text).unwrap();
    fs::write(folder.path().join("notes.txt"), "no board").unwrap();
    let boards = Boards::with(Some(folder.path())).unwrap();
    assert_eq!(boards.iter().count(), 5);
    let board = boards.find("made-up").unwrap();
    assert_eq!((&*board.name, &*board.clock.pin), ("Made up", "AA17"));
    assert!(
        board
            .lpf(&[("c", Role::Clock)])
            .unwrap()
            .contains("SITE \"AA17\"")
    );
    let error = boards.find("made-down").unwrap_err().to_string();
    assert!(
        error.starts_with("no board is called made-down: found colorlight-i9, "),
        "{error}"
    );
}

#[test]
fn a_folder_with_a_bad_file_is_refused_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ulx3s-85f.toml"), ULX3S).unwrap();
    let error = Boards::with(Some(folder.path())).unwrap_err().to_string();
    assert!(
        error.ends_with("ulx3s-85f.toml: another board has this name"),
        "{error}"
    );
    fs::rename(
        folder.path().join("ulx3s-85f.toml"),
        folder.path().join("a b.toml"),
    )
    .unwrap();
    let error = Boards::with(Some(folder.path())).unwrap_err().to_string();
    assert!(error.contains("expected a name of letters"), "{error}");
    let none = folder.path().join("none");
    assert!(
        Boards::with(Some(&none))
            .unwrap_err()
            .to_string()
            .ends_with("none: cannot open")
    );
}

#[test]
fn what_no_board_has_is_refused() {
    for (from, to, word) in [
        ("speed = 6", "speed = 9", "speed"),
        ("speed = 6", "speed = 6\nvoltage = 3.3", "voltage"),
        ("hz = 25", "mhz = 25", "mhz"),
        ("speed = 6\n", "", "speed"),
        ("LFE5U-85F", "LFE5U-86F", "unknown part"),
        ("0x41113043", "0x41112043", "idcode: expected 0x41113043"),
        ("CABGA381", "BG381", "package"),
        ("\"G2\"", "\"G\"", "pin \"G\""),
        ("\"G2\"", "\"2\"", "pin \"2\""),
        ("\"G2\"", "'G2\" SITE \"H2'", "pin"),
        ("\"G2\"", "\"L4\"", "pin L4: expected each once"),
        ("\"LVCMOS33\"", "\"3.3 V\"", "io \"3.3 V\""),
        ("\"LVCMOS33\"", "'LVCMOS33;\n'", "line"),
        ("25_000_000", "25_000", "clock.hz"),
        ("1_000_000\n\n[leds]", "3_000_001\n\n[leds]", "serial.baud"),
        ("baud = 1_000_000", "baud = 0", "serial.baud"),
        ("https://", "http://", "source"),
        ("\"0403:6015\"", "\"0403\"", "programmer.usb"),
        ("\"jtag\"", "\"telepathy\"", "line 33: unknown variant"),
        ("\"ulx3s\"", "\"ulx3s -c\"", "name"),
        ("name =", "name", "line 1"),
    ] {
        let text = ULX3S.replacen(from, to, 1);
        assert_ne!(text, ULX3S, "{from} is in the file");
        let error = Board::parse("x.toml", &text).unwrap_err().to_string();
        assert!(
            error.contains(word) && error.starts_with("board file x.toml: "),
            "{from} {to}: {error}"
        );
    }
}

#[test]
fn no_more_of_a_file_is_read_than_a_board_can_have() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("long.toml"), "#".repeat((1 << 20) + 1)).unwrap();
    let error = Boards::with(Some(folder.path())).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "expected 1 MiB at most, found more");
}
