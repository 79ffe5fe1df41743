//! A circuit of 2^16 constraints: it proves and verifies, within its memory, and survives being killed.
#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests
#![cfg(target_os = "linux")] // peak memory is read from /proc

mod common;

use common::names;
use proofmill_groth16::curve::KeyCurve;
use proofmill_groth16::synthetic;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Memory that `prove` may take beside twice the key's size.
const ALLOWANCE_BYTES: u64 = 100_000_000;

fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmill"));
    command.args(args).current_dir(folder);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn succeed(folder: &Path, args: &[&str]) {
    let output = program(folder, args).output().unwrap();
    assert!(output.status.success(), "{}", common::stderr(&output));
}

/// A folder with `key.zkey`, `vkey.json` and `witness.wtns`; made once, kept in the target folder.
fn material() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("large");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        // 2^16 rows in all: the constraints, and one for each public signal and the constant
        let circuit = synthetic::circuit(KeyCurve::Bn128, (1 << 16) - 3, 2, 16).unwrap();
        fs::write(folder.join("circuit.r1cs"), circuit.r1cs).unwrap();
        fs::write(folder.join("witness.wtns"), circuit.wtns).unwrap();
        let start = Instant::now();
        let (r1cs, zkey) = ("circuit.r1cs", "key.zkey");
        succeed(
            &folder,
            &["setup", "--insecure-dev", r1cs, zkey, "--vkey", "vkey.json"],
        );
        println!("setup of 2^16 constraints: {:?}", start.elapsed());
        folder
    })
}

/// A folder of its own for a test's output.
fn outputs(name: &str) -> PathBuf {
    let folder = material().join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

const PROVE: [&str; 5] = [
    "prove",
    "../key.zkey",
    "../witness.wtns",
    "proof.json",
    "public.json",
];

/// Bytes of memory held at most so far; `None` once the process has ended.
fn peak_bytes(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[test]
fn a_large_circuit_proves_and_verifies_within_its_memory() {
    let folder = outputs("memory");
    let mut prove = program(&folder, &PROVE);
    // what a device's driver takes is its own: PoCL loads a compiler
    let mut child = prove
        .env("OCL_ICD_VENDORS", "/nonexistent")
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak_bytes(&child).unwrap_or(peak);
        sleep(Duration::from_millis(1));
    }
    assert!(child.wait().unwrap().success());
    succeed(
        &folder,
        &["verify", "../vkey.json", "public.json", "proof.json"],
    );
    let key = fs::metadata(material().join("key.zkey")).unwrap().len();
    println!("key {key} bytes, peak {peak} bytes");
    assert!(
        peak > 0 && peak <= 2 * key + ALLOWANCE_BYTES,
        "{peak} for a key of {key}"
    );
}

#[test]
fn a_killed_prover_leaves_no_output_and_the_next_one_works() {
    let folder = outputs("killed");
    for after_ms in [5, 50, 200, 500] {
        let mut child = program(&folder, &PROVE).spawn().unwrap();
        sleep(Duration::from_millis(after_ms));
        if child.try_wait().unwrap().is_some() {
            println!("finished within {after_ms} ms: not killed");
            break;
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        // whatever it was at, there is nothing under the final names
        let left = names(&folder);
        assert!(
            left.iter().all(|name| name.ends_with(".tmp")),
            "{after_ms} ms: {left:?}"
        );
    }
    succeed(&folder, &PROVE);
    succeed(
        &folder,
        &["verify", "../vkey.json", "public.json", "proof.json"],
    );
}

#[test]
fn a_killed_setup_leaves_no_key_under_its_name() {
    let folder = outputs("killed-setup");
    let circuit = "../circuit.r1cs";
    let args = [
        "setup",
        "--insecure-dev",
        circuit,
        "key.zkey",
        "--vkey",
        "vkey.json",
    ];
    for after_ms in [5, 100, 400] {
        let mut child = program(&folder, &args).spawn().unwrap();
        sleep(Duration::from_millis(after_ms));
        if child.try_wait().unwrap().is_some() {
            println!("finished within {after_ms} ms: not killed");
            break;
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        let left = names(&folder);
        assert!(left.iter().all(|name| name.ends_with(".tmp")), "{left:?}");
    }
}
