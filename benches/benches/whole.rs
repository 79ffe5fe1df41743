//! Whole processes: `proofmill prove` and an arkworks prover on the same key and witness, in turns.
//!
//! `benches/run` gives the programs (`PROOFMILL_BENCH_OURS`, `PROOFMILL_BENCH_THEIRS`) and the
//! circuits (`PROOFMILL_BENCH_CIRCUITS`), each the common beginning of a `.zkey`, a `.wtns` and a
//! `.vkey.json`.
#![allow(missing_docs)]

use proofmill_benches::{Outcome, Settings, because, exit, variable};
use std::process::{Command, ExitCode, Stdio};

fn run(program: &str, arguments: &[&str], threads: usize) -> Outcome {
    let status = Command::new(program)
        .args(arguments)
        .env("RAYON_NUM_THREADS", threads.to_string())
        .stdout(Stdio::null())
        .status()
        .map_err(because(program))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{program} {}: {status}", arguments.join(" ")).into()),
    }
}

fn main() -> ExitCode {
    exit(all())
}

fn all() -> Outcome {
    let settings = Settings::read();
    if !settings.wants("groth16") {
        return Ok(());
    }
    let ours = variable("PROOFMILL_BENCH_OURS")?;
    let theirs = variable("PROOFMILL_BENCH_THEIRS")?;
    let circuits = variable("PROOFMILL_BENCH_CIRCUITS")?;
    let threads = settings.threads.to_string();
    let mut criterion = settings.criterion();
    for circuit in circuits.split_whitespace() {
        let name = circuit.rsplit('/').next().unwrap_or(circuit);
        let file = |end: &str| format!("{circuit}.{end}");
        let out = |end: &str| settings.out.join(end).to_string_lossy().into_owned();
        let (key, witness, vkey) = (file("zkey"), file("wtns"), file("vkey.json"));
        let (proof, public) = (out("proof.json"), out("public.json"));
        let by_us = [
            "prove",
            "--threads",
            &threads,
            &key,
            &witness,
            &proof,
            &public,
        ];
        let by_them = [&*key, &*witness, &*proof, &*public];
        let sides = [
            ("cpu:0", &ours, &by_us[..]),
            ("arkworks", &theirs, &by_them[..]),
        ];
        for (who, program, arguments) in sides {
            run(program, arguments, settings.threads)?;
            run(&ours, &["verify", &vkey, &public, &proof], settings.threads)?;
            let id = format!("groth16/{name}/{who}/whole");
            criterion.bench_function(&id, |b| {
                b.iter(|| run(program, arguments, settings.threads));
            });
        }
    }
    criterion.final_summary();
    Ok(())
}
