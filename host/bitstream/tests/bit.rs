//! Bitstreams that the tools made, and what hostile hands make of them.
#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests

use flate2::read::GzDecoder;
use proofmill_bitstream::{Bitstream, Malformed, Manifest, manifest, svf};
use proofmill_field::Random;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let file = fs::read(folder.join(name)).unwrap();
    if !name.ends_with(".gz") {
        return file;
    }
    let mut bytes = Vec::new();
    GzDecoder::new(&file[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Compressed frames.
static ULX3S: LazyLock<Vec<u8>> = LazyLock::new(|| fixture("ulx3s-85f.bit.gz"));
/// Plain frames, a memory with content, a user code, a mode of the flash.
static ORANGECRAB: LazyLock<Vec<u8>> = LazyLock::new(|| fixture("orangecrab-85f.bit.gz"));

/// Where a sequence of bytes begins.
fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    let mut places = bytes.windows(wanted.len()).enumerate();
    places.find(|(_, window)| *window == wanted).unwrap().0
}

/// The bitstream with other bytes from some place on.
fn patched(bytes: &[u8], place: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place..place + with.len()].copy_from_slice(with);
    bytes
}

fn refused(bytes: &[u8]) -> Malformed {
    let error = Bitstream::parse(bytes).unwrap_err();
    assert!(error.offset <= bytes.len(), "{error}");
    error
}

#[test]
fn compressed_bitstreams_are_understood() {
    let found = Bitstream::parse(&ULX3S).unwrap();
    assert_eq!(found.part.name, "LFE5U-85F");
    assert_eq!(found.comments, ["Part: LFE5U-85F-6CABGA381"]);
    assert_eq!(found.full_part(), Some("LFE5U-85F-6CABGA381"));
    assert_eq!((found.frames, found.compressed), (13294, true));
    assert_eq!((found.memory_blocks, found.usercode), (0, Some(0)));
}

#[test]
fn plain_bitstreams_with_memories_are_understood() {
    let found = Bitstream::parse(&ORANGECRAB).unwrap();
    assert_eq!(found.full_part(), Some("LFE5U-85F-8CSFBGA285"));
    assert_eq!((found.frames, found.compressed), (13294, false));
    // 1024 words of 18 bits, 72 bits in a block
    assert_eq!(
        (found.memory_blocks, found.usercode),
        (256, Some(0x5052_4f4f))
    );
}

#[test]
fn what_follows_the_end_does_not_matter() {
    let mut longer = ULX3S.clone();
    longer.extend([0; 100]);
    assert_eq!(Bitstream::parse(&longer), Bitstream::parse(&ULX3S));
}

#[test]
fn a_file_cut_short_is_refused_wherever_it_is_cut() {
    for whole in [&ULX3S, &ORANGECRAB] {
        let end = whole.len() - 8; // `5e 00 00 00` and four dummies end it
        assert_eq!(whole[end], 0x5e);
        let places = (0..120)
            .chain((120..end).step_by(end / 20))
            .chain(end - 40..end + 4);
        for place in places {
            let error = refused(&whole[..place]);
            assert!(
                error.found.contains("the end of the file"),
                "{place}: {error}"
            );
        }
        assert!(Bitstream::parse(&whole[..end + 4]).is_ok());
    }
}

#[test]
fn other_files_are_refused_by_their_first_bytes() {
    let error = refused(b"\x7fELF and so on");
    assert_eq!(
        error.to_string(),
        "file header at offset 0x0: expected ff 00, found 7f 45"
    );
    assert_eq!(refused(&[]).offset, 0);
    assert_eq!(
        refused(b"\xff\x00Part: LFE5U-85F\x00\xff\xff\xff\xbd\xb4").section,
        "preamble"
    );
}

#[test]
fn parts_of_other_families_are_refused() {
    let place = find(&ULX3S, &[0xe2, 0, 0, 0]) + 4;
    let error = refused(&patched(&ULX3S, place, &[0x01, 0x2b, 0xb0, 0x43]));
    assert_eq!((error.section, error.offset), ("VERIFY_ID", place));
    assert_eq!(error.found, "0x012bb043");
    // another part of the family has other frames
    let error = refused(&patched(&ULX3S, place, &[0x41, 0x11, 0x20, 0x43]));
    assert_eq!(error.expected, "9470 for LFE5U-45F, once");
}

#[test]
fn a_number_of_frames_that_the_part_has_not_is_refused() {
    let place = find(&ORANGECRAB, &[0x82, 0x91, 0x33, 0xee]) + 2;
    let error = refused(&patched(&ORANGECRAB, place, &[0x33, 0xed]));
    assert_eq!(
        (&*error.expected, &*error.found),
        ("13294 for LFE5U-85F, once", "13293")
    );
}

#[test]
fn commands_that_no_whole_bitstream_has_are_refused() {
    let place = find(&ULX3S, &[0x46, 0, 0, 0]);
    assert_eq!(refused(&patched(&ULX3S, place, &[0xb4])).found, "b4");
    // frames without a part, without a dictionary
    let header = find(&ULX3S, &[0xe2, 0, 0, 0]);
    let frames = find(&ULX3S, &[0xb8, 0x91, 0x33, 0xee]);
    let dictionary = find(&ULX3S, &[0x02, 0, 0, 0]);
    let without = |from: usize, to: usize| [&ULX3S[..from], &ULX3S[to..]].concat();
    assert_eq!(
        refused(&without(header, frames)).expected,
        "VERIFY_ID before"
    );
    assert_eq!(
        refused(&without(dictionary, frames)).expected,
        "a dictionary before"
    );
    // the end without frames
    let end = ULX3S.len() - 8;
    assert_eq!(
        refused(&without(dictionary, end)).section,
        "configuration frames"
    );
}

#[test]
fn a_flipped_bit_is_caught() {
    let mut random = Random::seeded(1);
    for whole in [&ULX3S, &ORANGECRAB] {
        // from behind the reset of the CRC to before the end, which no CRC covers
        let start = find(whole, &[0x3b, 0, 0, 0]) + 4;
        let end = whole.len() - 8;
        for _ in 0..40 {
            let place = start + random.word() as usize % (end - start);
            let flipped = whole[place] ^ 1 << (random.word() % 8);
            let spoilt = patched(whole, place, &[flipped]);
            assert!(Bitstream::parse(&spoilt).is_err(), "{place:#x}");
        }
    }
}

#[test]
fn random_files_and_commands_are_refused() {
    let mut random = Random::seeded(2);
    for _ in 0..2000 {
        let noise: Vec<u8> = (0..random.word() % 300)
            .map(|_| random.word() as u8)
            .collect();
        refused(&noise);
        // behind each part of a header
        let keep = 27 + random.word() as usize % 60;
        refused(&[&ULX3S[..keep], &noise].concat());
        assert!(svf::part(&String::from_utf8_lossy(&noise)).is_err());
    }
}

fn svf_head(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}

#[test]
fn svf_files_say_their_part_before_anything_is_shifted() {
    for name in ["ulx3s-85f.head.svf", "orangecrab-85f.head.svf"] {
        let text = svf_head(name);
        assert_eq!(svf::part(&text).unwrap().name, "LFE5U-85F");
        let check = text.find("SIR\t8\tTDI  (1C)").unwrap();
        assert!(
            svf::part(&text[..check]).is_ok(),
            "the check is in what comes before"
        );
        for place in 0..text.find("MASK").unwrap() {
            assert!(svf::part(&text[..place]).is_err(), "{place}");
        }
        let other = svf::part(&text.replace("41113043", "012BB043")).unwrap_err();
        assert_eq!(
            (&*other.expected, &*other.found),
            ("the IDCODE of an ECP5", "012BB043")
        );
    }
}

#[test]
fn svf_comments_and_spaces_do_not_matter() {
    let text = "! made by hand; really\n// so\nTRST OFF ;\nSIR 8 TDI (e0);\nsir 8 tdi ( E0 ) ;\nSDR 32 TDI (00000000) TDO (81113043);";
    assert_eq!(svf::part(text).unwrap().name, "LFE5UM5G-85F");
    let without = "SIR 8 TDI (E0);\nSIR 8 TDI (1C);\nSDR 32 TDI (00000000) TDO (41113043);";
    assert!(svf::part(without).unwrap_err().found.contains("the end"));
    let many = "STATE IDLE;\n".repeat(1000);
    assert!(svf::part(&many).unwrap_err().found.contains("none in 64"));
}

#[test]
fn a_manifest_is_of_one_bitstream() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    let (design_hash, sum) = ("5a".repeat(32), manifest::sha256(&ULX3S));
    let write = |part: &str, sum: &str| {
        let text = format!(
            r#"{{"design": "counter", "design_hash": "{design_hash}", "board": "ulx3s-85f", "part": "{part}",
            "sha256": "{sum}", "fmax_mhz": 300}}"#
        );
        fs::write(&path, text).unwrap();
        Manifest::open(&path).map(|(manifest, _)| manifest)
    };
    let found = Bitstream::parse(&ULX3S).unwrap();
    let whole = write("LFE5U-85F", &sum).unwrap();
    assert_eq!(
        (&*whole.design, &*whole.design_hash),
        ("counter", &*design_hash)
    );
    assert_eq!(whole.differs(&ULX3S, found.part), None);
    let other = whole.differs(&ORANGECRAB, found.part).unwrap();
    assert!(other.starts_with("sha256: expected "), "{other}");
    let other = write("LFE5U-45F", &sum)
        .unwrap()
        .differs(&ULX3S, found.part)
        .unwrap();
    assert_eq!(other, "part: expected LFE5U-45F, found LFE5U-85F");
    for (sum, word) in [("", "sha256"), ("zz", "sha256"), ("\": 1", "line")] {
        let error = write("LFE5U-85F", sum).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    fs::write(&path, "{}").unwrap();
    assert!(
        Manifest::open(&path)
            .map(|(manifest, _)| manifest)
            .unwrap_err()
            .to_string()
            .contains("design")
    );
    let missing = Manifest::open(&folder.path().join("none.json")).unwrap_err();
    assert!(
        missing.to_string().ends_with("none.json: cannot open"),
        "{missing}"
    );
}

#[test]
fn comments_are_short() {
    let with = |comments: &[u8]| [&[0xff, 0x00], comments, &ULX3S[2..]].concat();
    assert!(Bitstream::parse(&with(&b"a\0".repeat(2000))).is_ok());
    let error = refused(&with(&b"a\0".repeat(3000)));
    assert_eq!(
        (error.section, &*error.expected),
        ("comments", "4096 bytes at most")
    );
}

#[test]
fn an_svf_files_idcode_is_shown_cut() {
    let text = format!(
        "SIR 8 TDI (E0);\nSDR 32 TDI (0) TDO ({});",
        "F".repeat(1000)
    );
    assert_eq!(svf::part(&text).unwrap_err().found.chars().count(), 201);
}

#[test]
fn no_more_of_a_manifest_is_read_than_one_can_have() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.json");
    fs::write(&path, " ".repeat((1 << 20) + 1)).unwrap();
    let error = Manifest::open(&path).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "expected 1 MiB at most, found more");
    // and what is wrong in one is shown cut
    let text = format!(
        r#"{{"design": "", "design_hash": "{}", "board": "", "part": "", "sha256": ""}}"#,
        "\u{9b}".repeat(1000)
    );
    let error = Manifest::parse(&path, &text).unwrap_err().to_string();
    assert!(error.len() < 500 && !error.contains('\u{9b}'), "{error}");
}
