//! Every case on the CUDA device over an emulated driver.

use crate::emulator::{emulator, printed, process};

/// Runs the tests whose names begin so.
fn run(of: &str, order: &[(&str, &str)]) {
    let Some(folder) = emulator() else { return };
    let mut command = process(&folder, &folder);
    command.args([of, "--skip", "emulated", "--nocapture"]);
    command
        .env("PROOFMILL_TEST_DEVICES", "cuda:0")
        .envs(order.iter().copied());
    let text = printed("the suite", &command.output().unwrap());
    assert!(
        text.contains("test result: ok") && text.contains("cases ran"),
        "{text}"
    );
}

#[test]
fn every_case_holds_where_streams_run_late() {
    run("", &[]);
}

#[test]
fn chains_hold_where_streams_run_at_once() {
    run("chains", &[("EMULATOR_EAGER", "1")]);
}
