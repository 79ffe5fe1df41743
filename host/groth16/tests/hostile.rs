//! Files cut short, with flipped bits, with lengths that no file justifies: always an error that names the file, or a
//! file that is good after all; never a panic.

#![allow(clippy::unwrap_used)] // in a test's own helpers a panic is a failed test

use proofmill_groth16::check::{check, coefficients};
use proofmill_groth16::curve::KeyCurve;
use proofmill_groth16::error::{Error, Result};
use proofmill_groth16::json::{JsonFile, VerificationKey, verify_files};
use proofmill_groth16::r1cs::R1cs;
use proofmill_groth16::synthetic::circuit;
use proofmill_groth16::with_curve;
use proofmill_groth16::wtns::Witness;
use proofmill_groth16::zkey::Zkey;

/// A reader of one format that does with a file whatever can be done with it.
type Read = fn(&str, Vec<u8>) -> Result<()>;

fn read_zkey(name: &str, bytes: Vec<u8>) -> Result<()> {
    let zkey = Zkey::from_bytes(name, bytes.into())?;
    check(&zkey)?;
    with_curve!(zkey.curve(), E => VerificationKey::<E>::from_zkey(&zkey)?.to_json());
    Ok(())
}

fn read_wtns(name: &str, bytes: Vec<u8>) -> Result<()> {
    Witness::from_bytes(name, bytes.into()).map(drop)
}

fn read_r1cs(name: &str, bytes: Vec<u8>) -> Result<()> {
    let r1cs = R1cs::from_bytes(name, bytes.into())?;
    assert_eq!(r1cs.constraints().count(), r1cs.n_constraints());
    Ok(())
}

fn read_vkey(name: &str, bytes: Vec<u8>) -> Result<()> {
    let file = JsonFile::from_slice(name, &bytes)?;
    with_curve!(file.curve()?, E => VerificationKey::<E>::from_json(&file).map(drop))
}

fn fixture(file: &str) -> Vec<u8> {
    std::fs::read(format!(
        "{}/tests/fixtures/{file}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

fn binary_files() -> Vec<(&'static str, Vec<u8>, Read)> {
    let zkeys = ["one.zkey", "one_bls.zkey", "nopublic.zkey"]
        .map(|name| (name, fixture(name), read_zkey as Read));
    let wtns = ["one.wtns", "chain_bls.wtns"].map(|name| (name, fixture(name), read_wtns as Read));
    let r1cs = ["one.r1cs", "chain_bls.r1cs"].map(|name| (name, fixture(name), read_r1cs as Read));
    zkeys.into_iter().chain(wtns).chain(r1cs).collect()
}

/// SplitMix64.
fn random(state: &mut u64) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as usize
}

/// Where each section's header and payload begin.
fn boundaries(file: &[u8]) -> Vec<usize> {
    let (mut at, mut all) = (12, vec![0, 4, 8]);
    while at < file.len() {
        all.extend([at, at + 4, at + 12]);
        at += 12 + u64::from_le_bytes(file[at + 4..at + 12].try_into().unwrap()) as usize;
    }
    assert_eq!(at, file.len());
    all
}

fn is_named_error(name: &str, outcome: Result<()>) {
    let message = outcome.expect_err(name).to_string();
    assert!(message.starts_with(&format!("{name}: ")), "{message}");
}

#[test]
fn every_file_is_good_as_it_is() {
    for (name, bytes, read) in binary_files() {
        read(name, bytes).unwrap();
    }
}

#[test]
fn an_empty_file_is_an_error_with_its_name() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let name = file.path().display().to_string();
    is_named_error(&name, Zkey::open(&name).map(drop));
    is_named_error(&name, Witness::open(&name).map(drop));
    is_named_error(&name, R1cs::open(&name).map(drop));
    is_named_error(&name, JsonFile::open(&name).map(drop));
    is_named_error("/nonexistent", Zkey::open("/nonexistent").map(drop));
}

#[test]
fn a_file_cut_short_is_an_error_wherever_it_is_cut() {
    let mut seed = 1;
    for (name, bytes, read) in binary_files() {
        let mut cuts = boundaries(&bytes);
        cuts.extend((0..300).map(|_| random(&mut seed) % bytes.len()));
        for cut in cuts {
            is_named_error(name, read(name, bytes[..cut].to_vec()));
        }
    }
}

#[test]
fn the_demo_key_cut_short_names_the_section() {
    let bytes = fixture("poseidon8.zkey");
    let mut seed = 2;
    for _ in 0..300 {
        let cut = random(&mut seed) % bytes.len();
        let error = Zkey::from_bytes("poseidon8.zkey", bytes[..cut].to_vec().into()).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
    }
    let error = Zkey::from_bytes("poseidon8.zkey", bytes[..500_000].to_vec().into())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("poseidon8.zkey: section ") && error.contains(" at offset 0x"),
        "{error}"
    );
}

#[test]
fn a_flipped_bit_is_an_error_or_harmless_and_never_a_panic() {
    let mut seed = 3;
    for (name, bytes, read) in binary_files() {
        for _ in 0..250 {
            let mut bent = bytes.clone();
            for _ in 0..=random(&mut seed) % 3 {
                let bit = random(&mut seed) % (8 * bent.len());
                bent[bit / 8] ^= 1 << (bit % 8);
            }
            if let Err(error) = read(name, bent) {
                assert!(error.to_string().starts_with(name), "{error}");
            }
        }
    }
}

#[test]
fn any_four_bytes_may_claim_the_largest_number() {
    let mut seed = 5;
    for (name, bytes, read) in binary_files() {
        let mut places: Vec<usize> = (0..120).chain(boundaries(&bytes)).collect();
        places.extend((0..100).map(|_| random(&mut seed)));
        for at in places {
            let at = at % (bytes.len() - 4);
            let mut bent = bytes.clone();
            bent[at..at + 4].fill(255);
            if let Err(error) = read(name, bent) {
                assert!(error.to_string().starts_with(name), "{error}");
            }
        }
    }
}

#[test]
fn a_bent_point_is_found_with_its_section_index_and_offset() {
    let mut bytes = fixture("poseidon8.zkey");
    let zkey = Zkey::from_bytes("k", bytes.clone().into()).unwrap();
    let a = bytes
        .windows(64)
        .position(|window| window == &zkey.a()[64 * 1000..64 * 1001])
        .unwrap();
    bytes[a + 40] ^= 1;
    let error = check(&Zkey::from_bytes("k", bytes.into()).unwrap())
        .unwrap_err()
        .to_string();
    let expected = format!(
        "k: section 5 (A) at offset {a:#x}: point 1000: expected a point on the curve, found one that is not"
    );
    assert_eq!(error, expected);
}

#[test]
fn a_bent_coefficient_is_found() {
    let bytes = fixture("one.zkey");
    let zkey = Zkey::from_bytes("k", bytes.clone().into()).unwrap();
    let entry = bytemuck::bytes_of(&zkey.coefficients()[1]).to_vec();
    let at = bytes
        .windows(44)
        .position(|window| window == entry)
        .unwrap();
    for (field, complaint) in [
        (0, "matrix 0 or 1"),
        (4, "a row below 4"),
        (8, "a signal below 4"),
        (40, "a value below r"),
    ] {
        let mut bent = bytes.clone();
        bent[at + field..at + field + 4].fill(255);
        let error = coefficients(&Zkey::from_bytes("k", bent.into()).unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("coefficient 1: expected ") && error.contains(complaint),
            "{error}"
        );
    }
}

#[test]
fn other_protocols_curves_and_versions_are_named() {
    let message = |at: usize, byte: u8| {
        let mut bent = fixture("one.zkey");
        bent[at] = byte;
        Zkey::from_bytes("k", bent.into()).unwrap_err().to_string()
    };
    assert_eq!(message(4, 2), "k: unsupported version: expected 1, found 2");
    assert_eq!(
        message(24, 2),
        "k: unsupported protocol: expected 1 (groth16), found 2 (plonk)"
    );
    assert_eq!(
        message(24, 10),
        "k: unsupported protocol: expected 1 (groth16), found 10 (fflonk)"
    );
    let expected =
        "k: unsupported curve: expected the base field of bn128 or bls12381, found another prime";
    assert_eq!(message(50, 0), expected);
    let error = Witness::from_bytes("w", fixture("one.zkey").into())
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "w: file header at offset 0x0: expected magic \"wtns\", found \"zkey\""
    );
}

#[test]
fn a_witness_value_out_of_range_is_an_error_that_keeps_it_secret() {
    let good = circuit(KeyCurve::Bn128, 5, 1, 1).unwrap().wtns;
    let values = good.len() - 7 * 32;
    let error = |at: usize, bytes: &[u8]| {
        let mut bent = good.clone();
        bent[at..at + bytes.len()].copy_from_slice(bytes);
        Witness::from_bytes("w", bent.into())
            .unwrap_err()
            .to_string()
    };
    let expected = format!(
        "w: section 2 (values) at offset {:#x}: witness value 3: expected a value below r, found a larger one",
        values + 96
    );
    assert_eq!(error(values + 96, &KeyCurve::Bn128.r()), expected);
    assert!(error(values, &[2]).contains("witness value 0: expected the constant 1"));
    let witness = Witness::from_bytes("w", good.into()).unwrap();
    assert_eq!(format!("{witness:?}"), "Witness(w: bn128, 7 values)");
}

#[test]
fn a_tiny_constraint_system_cannot_claim_many_wires() {
    let mut r1cs = circuit(KeyCurve::Bn128, 1, 0, 1).unwrap().r1cs;
    let header = r1cs.len() - (12 + 3 * 8) - 64;
    assert_eq!(r1cs[header..header + 4], 32u32.to_le_bytes());
    r1cs[header + 36..header + 40].fill(255);
    let error = R1cs::from_bytes("c", r1cs.into()).unwrap_err().to_string();
    assert!(
        error.contains("section 3 (labels)")
            && error.contains("expected 8 × 4294967295 bytes, found 24"),
        "{error}"
    );
}

#[test]
fn bad_json_is_named_by_its_path() {
    let vkey = String::from_utf8(fixture("one.vkey.json")).unwrap();
    let error = |text: String| read_vkey("v", text.into_bytes()).unwrap_err().to_string();
    assert_eq!(
        error(vkey.replace("groth16", "plonk")),
        "v: unsupported protocol: expected groth16, found plonk"
    );
    assert_eq!(
        error(vkey.replace("bn128", "bn129")),
        "v: unsupported curve: expected bn128 or bls12381, found bn129"
    );
    assert_eq!(
        error(vkey.replace("\"nPublic\": 1", "\"nPublic\": 2")),
        "v: nPublic: expected one less than the 2 points of IC"
    );
    assert_eq!(
        error(vkey.replace("\"IC\"", "\"IX\"")),
        "v: document: expected a field IC, found none"
    );
    assert_eq!(
        error("[".repeat(100_000)),
        "v: document: expected JSON, found something else"
    );
    assert_eq!(
        error("7".into()),
        "v: document: expected a field protocol, found none"
    );

    let root: serde_json::Value = serde_json::from_str(&vkey).unwrap();
    let with = |value: serde_json::Value| {
        let mut root = root.clone();
        root["IC"][1][0] = value;
        error(root.to_string())
    };
    assert_eq!(
        with(5.into()),
        "v: IC[1][0]: expected a string, found a number"
    );
    assert_eq!(
        with("0x12".into()),
        "v: IC[1][0]: expected a decimal number, found other text"
    );
    assert_eq!(
        with("9".repeat(1_000_000).into()),
        "v: IC[1][0]: expected a decimal number, found other text"
    );
    assert_eq!(
        with("9".repeat(100).into()),
        "v: IC[1][0]: expected a number below the modulus, found a larger one"
    );
    assert_eq!(
        with("7".into()),
        "v: IC[1]: expected a point on the curve, found one that is not"
    );
    assert_eq!(
        with(vec!["7", "7"].into()),
        "v: IC[1][0]: expected a string, found an array"
    );
}

#[test]
fn a_json_file_cut_short_is_an_error() {
    for name in ["one.vkey.json", "one.proof.json", "one.public.json"] {
        let text = fixture(name);
        for cut in 0..text.len() {
            is_named_error(name, JsonFile::from_slice(name, &text[..cut]).map(drop));
        }
    }
    let mut seed = 4;
    let (vkey, public) = (fixture("one.vkey.json"), fixture("one.public.json"));
    for _ in 0..300 {
        let mut proof = fixture("one.proof.json");
        let at = random(&mut seed) % proof.len();
        proof[at] = random(&mut seed) as u8;
        let read = |name: &str, text: &[u8]| JsonFile::from_slice(name, text);
        let Ok(proof) = read("p", &proof) else {
            continue;
        };
        let _ = verify_files(
            &read("v", &vkey).unwrap(),
            &read("s", &public).unwrap(),
            &proof,
        );
    }
}
