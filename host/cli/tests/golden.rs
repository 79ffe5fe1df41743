//! What the program prints, word for word: `tests/cmd/*.trycmd`. Times and the machine's devices are `[..]`.
//! `TRYCMD=overwrite cargo test -p proofmill-cli --test golden` writes the present output into the cases.
#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests

mod common;

#[test]
fn the_program_prints_what_the_golden_files_say() {
    let folder = common::Folder::new();
    // the only test of this process: the cases run where the fixtures are, under short names
    std::env::set_current_dir(folder.path("")).unwrap();
    let cases = trycmd::TestCases::new();
    // the devices that every machine has, and no others
    cases.env("OCL_ICD_VENDORS", "/nonexistent");
    cases.case(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/*.trycmd"));
    cases.run();
}
