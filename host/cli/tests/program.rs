//! What golden files cannot show: files left behind, exit codes, broken and full outputs.
#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests

mod common;

use common::{Folder, code, stderr, stdout};
use std::fs::{self, File};
use std::process::Stdio;

const PROVE: [&str; 5] = ["prove", "one.zkey", "one.wtns", "proof.json", "public.json"];

/// Proofs that cannot be made, each with a word of its error.
const FAILING: [(&[&str], &str); 13] = [
    (
        &["truncated.zkey", "poseidon8.wtns"],
        "truncated.zkey: section",
    ),
    (&["plonk.zkey", "one.wtns"], "protocol"),
    (&["one.zkey", "one_bls.wtns"], "curve differs"),
    (&["one.zkey", "nopublic.wtns"], "number of signals differs"),
    (&["one.zkey", "large.wtns"], "witness value 3"),
    (&["one.zkey", "unsatisfied.wtns"], "does not"),
    (&["flipped.zkey", "poseidon8.wtns"], "error: "),
    (&["missing.zkey", "one.wtns"], "missing.zkey: cannot open"),
    (&["one.zkey", "missing.wtns"], "missing.wtns: cannot open"),
    (&["one.wtns", "one.zkey"], "expected magic"),
    (&["one.zkey", "one.circom"], "expected magic"),
    (&["one.zkey", "one.wtns", "--device", "gpu:7"], "gpu:7"),
    (&["one.zkey", "one.wtns", "--threads", "0"], "--threads"),
];

fn prove_args<'a>(pair: &[&'a str]) -> Vec<&'a str> {
    let (files, flags) = pair.split_at(2);
    [&["prove"], files, &["proof.json", "public.json"], flags].concat()
}

#[test]
fn a_failure_leaves_nothing_behind() {
    let folder = Folder::new();
    let before = folder.names();
    for (pair, word) in FAILING {
        let output = folder.run(&prove_args(pair));
        assert_eq!(code(&output), Some(2), "{pair:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(word), "{}", stderr(&output));
        assert!(output.stdout.is_empty(), "{}", stdout(&output));
        assert_eq!(folder.names(), before, "{pair:?}");
    }
}

#[test]
fn a_failure_leaves_older_files_as_they_were() {
    let folder = Folder::new();
    for name in ["proof.json", "public.json"] {
        fs::write(folder.path(name), "older").unwrap();
    }
    let before = folder.names();
    for (pair, _) in FAILING {
        assert_eq!(code(&folder.run(&prove_args(pair))), Some(2));
    }
    for name in ["proof.json", "public.json"] {
        assert_eq!(fs::read(folder.path(name)).unwrap(), b"older");
    }
    assert_eq!(folder.names(), before);
}

#[test]
fn every_fixture_proves_and_verifies() {
    let folder = Folder::new();
    for name in ["one", "nopublic", "one_bls", "chain_bls", "poseidon8"] {
        let file = |kind: &str| format!("{name}.{kind}");
        let (zkey, wtns, vkey) = (file("zkey"), file("wtns"), file("vkey.json"));
        for flags in [&[][..], &["--check", "off"], &["--threads", "1"]] {
            let args = [&["prove", &zkey, &wtns, "proof", "public"], flags].concat();
            let output = folder.run(&args);
            assert_eq!(code(&output), Some(0), "{name}: {}", stderr(&output));
            let public = fs::read(folder.path("public")).unwrap();
            let snarkjs = fs::read(folder.path(&file("public.json"))).unwrap();
            assert_eq!(public, snarkjs, "{name}");
            let output = folder.run(&["verify", &vkey, "public", "proof"]);
            assert_eq!(stdout(&output), "valid\n", "{name}: {}", stderr(&output));
        }
    }
}

#[test]
fn full_checking_succeeds_and_names_its_checks() {
    let folder = Folder::new();
    let output = folder.run(&[&PROVE[..], &["--check", "full", "--json"]].concat());
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        record["checked"].as_array().unwrap().len() > 1,
        "{record:#}"
    );
}

#[test]
fn exported_verification_keys_are_those_of_snarkjs() {
    let folder = Folder::new();
    for name in ["one", "nopublic", "one_bls", "chain_bls", "poseidon8"] {
        let output = folder.run(&["zkey", "export-vkey", &format!("{name}.zkey"), "vkey"]);
        assert_eq!(code(&output), Some(0), "{}", stderr(&output));
        let snarkjs = fs::read(folder.path(&format!("{name}.vkey.json"))).unwrap();
        assert_eq!(fs::read(folder.path("vkey")).unwrap(), snarkjs, "{name}");
    }
}

#[test]
fn every_kind_of_end_has_its_exit_code() {
    let folder = Folder::new();
    fs::write(folder.path("no.json"), "[").unwrap();
    let (vkey, proof) = ("poseidon8.vkey.json", "poseidon8.proof.json");
    let ends: [(&[&str], i32); 17] = [
        (&["--help"], 0),
        (&["--version"], 0),
        (&[], 2),
        (&["nonsense"], 2),
        (&["prove", "one.zkey"], 2),
        (&["prove", "--check", "half", "a", "b", "c", "d"], 2),
        (&["devices"], 0),
        (&["devices", "--json"], 0),
        (&["verify", vkey, "poseidon8.public.json", proof], 0),
        (&["verify", vkey, "swapped.public.json", proof], 1),
        (&["verify", vkey, "swapped.public.json", proof, "--json"], 1),
        (&["verify", vkey, "one.public.json", proof], 2),
        (&["verify", vkey, "no.json", proof], 2),
        (&["verify", proof, "poseidon8.public.json", vkey], 2),
        (&["zkey", "check", "flipped.zkey"], 2),
        (&["zkey", "check", "poseidon8.zkey"], 0),
        (&["setup", "one.r1cs", "dev.zkey", "--vkey", "dev.json"], 2),
    ];
    for (args, expected) in ends {
        let output = folder.run(args);
        assert_eq!(
            code(&output),
            Some(expected),
            "{args:?}: {}",
            stderr(&output)
        );
        assert!(!stderr(&output).contains("panicked"), "{args:?}");
    }
}

#[test]
fn an_output_never_replaces_an_input_or_the_other_output() {
    let folder = Folder::new();
    let (before, key) = (folder.names(), fs::read(folder.path("one.zkey")).unwrap());
    let clashes: [&[&str]; 5] = [
        &["prove", "one.zkey", "one.wtns", "./one.zkey", "public.json"],
        &["prove", "one.zkey", "one.wtns", "proof.json", "one.wtns"],
        &["prove", "one.zkey", "one.wtns", "proof.json", "proof.json"],
        &["zkey", "export-vkey", "one.zkey", "one.zkey"],
        &[
            "setup",
            "--insecure-dev",
            "one.r1cs",
            "one.r1cs",
            "--vkey",
            "v",
        ],
    ];
    for args in clashes {
        assert_eq!(code(&folder.run(args)), Some(2), "{args:?}");
    }
    assert_eq!(folder.names(), before);
    assert_eq!(fs::read(folder.path("one.zkey")).unwrap(), key);
}

#[test]
fn the_record_of_a_proof_names_every_step() {
    let folder = Folder::new();
    let args = [
        "prove",
        "poseidon8.zkey",
        "poseidon8.wtns",
        "proof",
        "public",
        "--json",
    ];
    let output = folder.run(&args);
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let steps = record["steps"].as_array().unwrap();
    let names: Vec<_> = steps.iter().map(|s| s["name"].as_str().unwrap()).collect();
    for step in [
        "start",
        "parse",
        "coefficients",
        "quotient",
        "msm A",
        "msm B1",
        "msm B2",
        "msm C",
        "msm H",
        "kernels",
        "assemble",
        "verify",
        "write",
    ] {
        assert!(names.contains(&step), "{step} in {names:?}");
    }
    assert!(
        steps
            .iter()
            .all(|s| s["time_us"].is_u64() && s["device"].is_string())
    );
    assert!(record["total_us"].as_u64().unwrap() > 0);
    assert_eq!(record["check"], "proof");
    assert!(!record["checked"].as_array().unwrap().is_empty());
    let ids: Vec<_> = record["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| &d["id"])
        .collect();
    assert!(ids.contains(&&serde_json::Value::from("cpu:0")), "{ids:?}");
}

#[test]
fn an_unchecked_proof_is_called_unchecked() {
    let folder = Folder::new();
    let output = folder.run(&[&PROVE[..], &["--check", "off"]].concat());
    assert!(stdout(&output).contains("unchecked"), "{}", stdout(&output));
    let output = folder.run(&[&PROVE[..], &["--check", "off", "--json"]].concat());
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["checked"], serde_json::json!([]));
    assert_eq!(code(&output), Some(0));
}

/// Each prints something.
const PRINTING: [&[&str]; 6] = [
    &["--help"],
    &["--version"],
    &["devices"],
    &PROVE,
    &["zkey", "info", "one.zkey"],
    &[
        "verify",
        "one.vkey.json",
        "one.public.json",
        "one.proof.json",
    ],
];

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_an_error() {
    let folder = Folder::new();
    for args in PRINTING {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = folder.command(args).stdout(full).output().unwrap();
        assert_eq!(code(&output), Some(2), "{args:?}");
        let message = "error: standard output: cannot write";
        assert!(stderr(&output).starts_with(message), "{}", stderr(&output));
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let folder = Folder::new();
    for args in PRINTING {
        let mut command = folder.command(args);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), Some(0), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).is_empty(), "{}", stderr(&output));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_stderr_that_cannot_be_written_changes_nothing() {
    let folder = Folder::new();
    let runs: [(&[&str], i32); 3] = [
        (&["nonsense"], 2),
        (&["zkey", "info", "no"], 2),
        (&PROVE, 0),
    ];
    for (args, expected) in runs {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = folder.command(args).stderr(full).output().unwrap();
        assert_eq!(code(&output), Some(expected), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_or_closed_place_for_one_file_leaves_neither() {
    let folder = Folder::new();
    let before = folder.names();
    for (proof, public) in [
        ("/dev/full", "public.json"),
        ("proof.json", "/dev/full"),
        ("/proc/no", "public.json"),
        ("proof.json", "/proc/no"),
        ("no/folder/proof.json", "public.json"),
        ("one.zkey/proof.json", "public.json"),
        ("proof.json", "."),
    ] {
        let output = folder.run(&["prove", "one.zkey", "one.wtns", proof, public]);
        assert_eq!(code(&output), Some(2), "{proof} {public}");
        assert!(
            stderr(&output).contains("cannot write"),
            "{}",
            stderr(&output)
        );
        assert_eq!(folder.names(), before, "{proof} {public}");
    }
}

#[test]
fn a_development_key_proves_and_says_what_it_is() {
    let folder = Folder::new();
    for name in ["one", "nopublic", "one_bls", "chain_bls"] {
        let (r1cs, wtns) = (format!("{name}.r1cs"), format!("{name}.wtns"));
        let output = folder.run(&[
            "setup",
            "--insecure-dev",
            &r1cs,
            "dev.zkey",
            "--vkey",
            "dev.json",
        ]);
        assert_eq!(code(&output), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).contains("INSECURE"));
        let output = folder.run(&["zkey", "check", "dev.zkey"]);
        assert_eq!(code(&output), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).contains("INSECURE"));
        let output = folder.run(&["prove", "dev.zkey", &wtns, "proof", "public"]);
        assert!(stderr(&output).contains("INSECURE"), "{}", stderr(&output));
        let output = folder.run(&["verify", "dev.json", "public", "proof"]);
        assert_eq!(stdout(&output), "valid\n");
        assert!(stderr(&output).contains("INSECURE"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_proof_to_stdout_is_alone_there() {
    let folder = Folder::new();
    let output = folder.run(&["prove", "one.zkey", "one.wtns", "/dev/stdout", "/dev/null"]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let proof: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(proof["protocol"], "groth16");
    assert!(stderr(&output).contains("checked: "));
}

#[test]
fn every_usable_device_passes_its_selftest() {
    let folder = Folder::new();
    let output = folder.run(&["selftest", "--json"]);
    assert_eq!(code(&output), Some(0), "{}", stdout(&output));
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["passed"], true);
    let devices = record["devices"].as_array().unwrap();
    assert!(devices.len() >= 2, "{record:#}");
    for operation in devices
        .iter()
        .flat_map(|d| d["operations"].as_array().unwrap())
    {
        assert!(operation["name"].is_string() && operation["time_us"].is_u64());
        assert!(operation["fault"].is_null());
    }
}

#[test]
fn a_path_of_the_cpu_that_is_not_there_is_named_with_those_that_are() {
    let folder = Folder::new();
    let with = |path: &str, args: &[&str]| {
        let mut command = folder.command(args);
        command.env("PROOFMILL_CPU", path).output().unwrap()
    };
    let listed = with("sse9", &["devices"]);
    assert_eq!(code(&listed), Some(0));
    assert!(
        stdout(&listed).contains("found sse9"),
        "{}",
        stdout(&listed)
    );
    let refused = with("sse9", &["selftest", "--device", "cpu:0"]);
    assert_eq!(code(&refused), Some(2));
    assert!(
        stderr(&refused).contains("portable, found sse9"),
        "{}",
        stderr(&refused)
    );
    let portable = with("portable", &["devices"]);
    assert!(
        stdout(&portable).contains("portable Rust"),
        "{}",
        stdout(&portable)
    );
}
