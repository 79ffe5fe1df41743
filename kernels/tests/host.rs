//! The kernels as host C++ under AddressSanitizer and UndefinedBehaviorSanitizer, the PTX carry chain
//! emulated, against the definitions of host/field.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole program is a test"
)]

mod cases;
mod host_machine;

use host_machine::{Build, HostMachine};
use proofmill_field::{CurveId, FieldId};
use std::process::Command;

/// Runs the named tests, which are ignored otherwise, in a process with the sanitizer's library loaded:
/// it must be there before everything else.
fn under_sanitizers(test: &str) {
    let library = Command::new(host_machine::compiler())
        .arg("-print-file-name=libasan.so")
        .output();
    let library = match library {
        Ok(out) if out.status.success() => String::from_utf8(out.stdout).unwrap(),
        _ if std::env::var_os("CI").is_some() => panic!("no C++ compiler"),
        _ => return eprintln!("skipped: no C++ compiler"),
    };
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", test, "--nocapture"])
        .env("LD_PRELOAD", library.trim())
        .env("ASAN_OPTIONS", "detect_leaks=0:abort_on_error=1")
        .env("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
        .status();
    assert!(status.unwrap().success(), "{test} failed");
}

#[test]
fn products_in_every_form() {
    under_sanitizers("sanitized::products_in_every_form");
}

#[test]
fn transforms() {
    under_sanitizers("sanitized::transforms");
}

#[test]
fn sums() {
    under_sanitizers("sanitized::sums");
}

/// In the process of [`under_sanitizers`].
mod sanitized {
    use super::*;

    #[test]
    #[ignore = "run by the test of the same name"]
    fn products_in_every_form() {
        for field in FieldId::ALL {
            let forms: &[&[&str]] = match field.spec().limbs() {
                1 => &[&[], &["-DNO_U128"]],
                _ => &[
                    &["-DFORM=64"],
                    &["-DFORM=64", "-DNO_U128"],
                    &["-DFORM=32"],
                    &["-DFORM=0"],
                ],
            };
            for options in forms {
                let build = Build {
                    options,
                    ..Build::default()
                };
                cases::products(&mut HostMachine::new(build), field, 250_000);
            }
        }
    }

    #[test]
    #[ignore = "run by the test of the same name"]
    fn transforms() {
        // tiles so small that transforms take one to five passes
        for threads in [1, 8] {
            let build = Build {
                threads,
                local_bytes: 256,
                ..Build::default()
            };
            cases::transforms(&mut HostMachine::new(build), 7);
        }
        let build = Build {
            local_bytes: 1024,
            options: &["-DFORM=0"],
            ..Build::default()
        };
        cases::transforms(&mut HostMachine::new(build), 5);
    }

    #[test]
    #[ignore = "run by the test of the same name"]
    fn sums() {
        let build = Build {
            parallel: 64,
            ..Build::default()
        };
        cases::sums(&mut HostMachine::new(build), &CurveId::ALL);
        let build = Build {
            threads: 2,
            options: &["-DFORM=0"],
            ..Build::default()
        };
        cases::sums(&mut HostMachine::new(build), &[CurveId::Bls12_377]);
    }
}
