//! What yosys made of a core for ECP5, under Verilator, against the definition: `hdl/synth/simulate` runs this.

#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests

mod common;

use clap::ValueEnum;
use common::{expected, job};
use proofmill_field::Random;
use proofmill_hdl::design::Core;
use proofmill_hdl::sim::Model;
use proofmill_hdl::sim::core::{Job, run};
use std::path::PathBuf;

/// Both directions, with and without a coset where the core has them, at sizes from the least to the largest.
fn jobs(core: Core, log_n_max: u32) -> Vec<Job> {
    let (sizes, cosets) = match core {
        Core::StreamGoldilocks => (vec![log_n_max], false),
        Core::StreamGoldilocksCoset => (vec![log_n_max], true),
        _ => (vec![1, 2, 5, log_n_max - 1, log_n_max], true),
    };
    let mut random = Random::seeded(6);
    let field = core.field();
    let mut jobs = Vec::new();
    for log_n in sizes {
        for inverse in [false, true, true, false] {
            let one = field.spec().one;
            jobs.push(job(field, log_n, inverse, one, &mut random));
            let shift = random.element(field);
            let shift = if cosets { shift } else { one };
            jobs.push(job(field, log_n, inverse, shift, &mut random));
        }
    }
    jobs
}

#[test]
#[ignore = "a netlist is needed: hdl/synth/simulate"]
fn a_netlist_is_right() {
    let folder = PathBuf::from(std::env::var_os("PROOFMILL_NETLIST").unwrap());
    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let core = Core::from_str(manifest["design"].as_str().unwrap(), false).unwrap();
    let log_n_max = manifest["log_n_max"].as_u64().unwrap() as u32;
    let netlist = std::fs::read_to_string(folder.join("netlist.v")).unwrap();
    let mut model = Model::new(&netlist).unwrap();
    let jobs = jobs(core, log_n_max);
    let expected: Vec<_> = jobs
        .iter()
        .map(|job| expected(core.field().spec(), job))
        .collect();
    for stalls in [None, Some(1), None] {
        let answers = run(&mut model, &jobs, stalls).unwrap();
        for ((job, answer), expected) in jobs.iter().zip(&answers).zip(&expected) {
            let what = (job.log_n, job.inverse, job.coset_shift, stalls);
            assert!(answer.words == *expected, "wrong words for {what:?}");
        }
    }
    println!("{} jobs three times, right", jobs.len());
}
