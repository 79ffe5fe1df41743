//! snarkjs as the judge: it accepts our proofs, it proves and verifies with our development keys, and
//! its public signals are ours. Circuits of real size are compiled by circom.
//!
//! Needs what `make tools` puts into target/tools (or PROOFMILL_TOOLS). Without it the tests say that
//! they are skipped; with CI set they fail instead.
#![allow(clippy::unwrap_used)]

use proofmill::Pool;
use proofmill_groth16::curve::KeyCurve;
use proofmill_groth16::prove::{ProveOptions, prove};
use proofmill_groth16::r1cs::R1cs;
use proofmill_groth16::setup::{Randomness, insecure_dev_setup};
use proofmill_groth16::synthetic;
use proofmill_groth16::wtns::Witness;
use proofmill_groth16::zkey::Zkey;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder with node_modules and circuits; `None` says why on stderr.
fn tools() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools");
    let tools = std::env::var_os("PROOFMILL_TOOLS").map_or(default, PathBuf::from);
    let complete = tools.join("node_modules/snarkjs").exists() && tools.join("circuits").exists();
    if !complete {
        let missing = format!(
            "snarkjs and circuits are not in {}: `make tools`",
            tools.display()
        );
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("skipped: {missing}");
    }
    complete.then_some(tools)
}

/// The answers of verify.cjs, one for each line of `input`.
fn snarkjs(tools: &Path, arguments: &[&str], input: &[String]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/circuits/verify.cjs");
    let mut child = Command::new("node")
        .arg(script)
        .args(arguments)
        .arg(tools.join("node_modules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.join("\n").as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(Into::into)
        .collect();
    assert_eq!(answers.len(), input.len());
    answers
}

/// A proof of ours beside its key, as files for snarkjs.
struct Case {
    name: String,
    zkey: PathBuf,
    wtns: PathBuf,
    vkey: PathBuf,
    public: String,
    line: String,
}

impl Case {
    fn new(pool: &Pool, folder: &Path, name: &str, [zkey, wtns, vkey]: [PathBuf; 3]) -> Self {
        let key = Zkey::open(&zkey).unwrap();
        let witness = Witness::open(&wtns).unwrap();
        let options = ProveOptions::default();
        let proved = prove(pool, &key, &witness, &options, &mut |_| {}).unwrap();
        let write = |kind: &str, text: &str| {
            let path = folder.join(format!("{name}.{kind}.json"));
            std::fs::write(&path, text).unwrap();
            path
        };
        let public = write("public", &proved.public_json);
        let proof = write("proof", &proved.proof_json);
        let line = format!(
            "{}\t{}\t{}",
            vkey.display(),
            public.display(),
            proof.display()
        );
        Case {
            name: name.into(),
            zkey,
            wtns,
            vkey,
            public: proved.public_json,
            line,
        }
    }

    /// A development key for the circuit, and a proof with it.
    fn with_setup(pool: &Pool, folder: &Path, name: &str, r1cs: &Path, wtns: PathBuf) -> Self {
        let [zkey, vkey] = ["zkey", "vkey.json"].map(|kind| folder.join(format!("{name}.{kind}")));
        insecure_dev_setup(&R1cs::open(r1cs).unwrap(), Randomness::System, &zkey, &vkey).unwrap();
        Case::new(pool, folder, name, [zkey, wtns, vkey])
    }

    fn synthetic(
        pool: &Pool,
        folder: &Path,
        (curve, constraints, public): (KeyCurve, usize, usize),
    ) -> Self {
        let circuit = synthetic::circuit(curve, constraints, public, 1).unwrap();
        let name = format!("synthetic-{}-{constraints}-{public}", curve.name());
        let [r1cs, wtns] = ["r1cs", "wtns"].map(|kind| folder.join(format!("{name}.{kind}")));
        std::fs::write(&r1cs, circuit.r1cs).unwrap();
        std::fs::write(&wtns, circuit.wtns).unwrap();
        Case::with_setup(pool, folder, &name, &r1cs, wtns)
    }
}

fn values(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// snarkjs accepts our proofs, and its own proof with the same key has the same public signals.
fn judge(tools: &Path, cases: &[Case]) {
    let lines: Vec<String> = cases.iter().map(|c| c.line.clone()).collect();
    for (case, answer) in cases.iter().zip(snarkjs(tools, &[], &lines)) {
        assert_eq!(answer, "ok", "{} ({})", case.name, case.vkey.display());
    }
    let pair = |c: &Case| format!("{}\t{}", c.zkey.display(), c.wtns.display());
    let pairs: Vec<String> = cases.iter().map(pair).collect();
    for (case, answer) in cases.iter().zip(snarkjs(tools, &["--prove"], &pairs)) {
        assert!(!answer.starts_with("error"), "{}: {answer}", case.name);
        assert_eq!(values(&answer), values(&case.public), "{}", case.name);
    }
}

#[test]
fn snarkjs_accepts_proofs_for_every_bundled_key() {
    let Some(tools) = tools() else { return };
    let (pool, folder) = (Pool::open().unwrap(), tempfile::tempdir().unwrap());
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let case = |name: &str| {
        let file = |kind: &str| fixtures.join(format!("{name}.{kind}"));
        Case::new(
            &pool,
            folder.path(),
            name,
            [file("zkey"), file("wtns"), file("vkey.json")],
        )
    };
    judge(
        &tools,
        &["poseidon8", "one", "nopublic", "one_bls", "chain_bls"].map(case),
    );
}

#[test]
fn snarkjs_rejects_a_proof_with_other_public_signals() {
    let Some(tools) = tools() else { return };
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let file = |name: &str| fixtures.join(name).display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let public = folder.path().join("public.json");
    std::fs::write(&public, "[\"1\",\"2\"]").unwrap();
    let [vkey, proof] = ["poseidon8.vkey.json", "poseidon8.proof.json"].map(file);
    let line = format!("{vkey}\t{}\t{proof}", public.display());
    assert_eq!(snarkjs(&tools, &[], &[line]), ["invalid"]);
}

#[test]
fn snarkjs_proves_and_verifies_with_development_keys() {
    let Some(tools) = tools() else { return };
    let (pool, folder) = (Pool::open().unwrap(), tempfile::tempdir().unwrap());
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let shapes = [
        (KeyCurve::Bn128, 1, 0),
        (KeyCurve::Bls12381, 1, 0),
        (KeyCurve::Bn128, 100, 100),
        (KeyCurve::Bls12381, 50, 7),
        (KeyCurve::Bn128, 1 << 16, 3),
    ];
    let mut cases: Vec<Case> = shapes
        .into_iter()
        .map(|s| Case::synthetic(&pool, folder.path(), s))
        .collect();
    for name in ["one", "nopublic", "one_bls", "chain_bls"] {
        let [r1cs, wtns] = ["r1cs", "wtns"].map(|k| fixtures.join(format!("{name}.{k}")));
        cases.push(Case::with_setup(&pool, folder.path(), name, &r1cs, wtns));
    }
    judge(&tools, &cases);
}

#[test]
fn circuits_of_real_size_prove() {
    let Some(tools) = tools() else { return };
    let (pool, folder) = (Pool::open().unwrap(), tempfile::tempdir().unwrap());
    let case = |name: &str| {
        let [r1cs, wtns] = ["r1cs", "wtns"].map(|k| tools.join(format!("circuits/{name}.{k}")));
        Case::with_setup(&pool, folder.path(), name, &r1cs, wtns)
    };
    let cases = ["sha256_2", "poseidon140"].map(case);
    // the digest of sha256_2.input.json, by another implementation, in two halves
    let digest = "dc907efe4e326f8e8fda2fbabbd57dacac3ee1ad14493eac9c2a3d54cfe0eea9";
    let halves = [&digest[..32], &digest[32..]].map(|h| u128::from_str_radix(h, 16).unwrap());
    assert_eq!(
        values(&cases[0].public),
        serde_json::json!(halves.map(|h| h.to_string()))
    );
    judge(&tools, &cases);
}
