//! CUDA where its driver is absent, broken or short of memory. What a healthy device must do is in the
//! conformance tests, which run on an emulated one too (`conformance/emulated.rs`).
//!
//! Each test runs the part of its name in a process of its own, because the library reads its environment
//! once.

#![cfg(all(feature = "cuda", feature = "arkworks", target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole program is a test"
)]

#[allow(dead_code, reason = "the other programs use the rest")]
mod common;
mod emulator;

use common::{chain, ntt_chain, pack, pool, upload};
use emulator::{emulator, printed, process};
use proofmill::job::{Chain, Points, Shape, Step};
use proofmill::{Direction, Done, Ntt, Options, Policy, Pool, Random};
use proofmill_field::naive::NaiveGroup;
use proofmill_field::{CurveId, FieldId, Group, Int};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Runs a part of this program and returns what it printed.
fn part(name: &str, libraries: &Path, kernels: &Path, env: &[(&str, &str)]) -> String {
    let mut command = process(libraries, kernels);
    command.args(["--ignored", "--exact", name, "--nocapture"]);
    let text = printed(
        &format!("{name} {env:?}"),
        &command.envs(env.iter().copied()).output().unwrap(),
    );
    assert!(text.contains("1 passed"), "{name}: {text}");
    text
}

/// A folder with a library of this source in the driver's place; `None`: there is no compiler.
fn library(source: &str) -> Option<tempfile::TempDir> {
    emulator()?;
    let folder = tempfile::tempdir().unwrap();
    let [text, library] = ["stub.c", "libcuda.so.1"].map(|name| folder.path().join(name));
    std::fs::write(&text, source).unwrap();
    let out = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &text])
        .output();
    assert!(out.unwrap().status.success());
    Some(folder)
}

#[test]
fn without_the_library_there_are_no_such_devices() {
    let folder = tempfile::tempdir().unwrap();
    // found first, and no library
    for name in ["libcuda.so", "libcuda.so.1"] {
        std::fs::write(folder.path().join(name), "not a library").unwrap();
    }
    part(
        "parts::nothing_is_listed",
        folder.path(),
        folder.path(),
        &[],
    );
}

#[test]
fn without_a_device_there_are_no_such_devices() {
    let Some(folder) = emulator() else { return };
    part(
        "parts::nothing_is_listed",
        &folder,
        &folder,
        &[("EMULATOR_DEVICES", "0")],
    );
}

#[test]
fn a_driver_that_cannot_be_used_is_listed_with_the_reason() {
    let Some(folder) = emulator() else { return };
    let broken = [("EMULATOR_FAIL", "cuInit:1:803")];
    let text = part("parts::one_is_listed", &folder, &folder, &broken);
    assert!(
        text.contains("cuda:0: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803)"),
        "{text}"
    );
    let Some(old) = library("int cuInit(unsigned flags) { return flags; }") else {
        return;
    };
    let text = part("parts::one_is_listed", old.path(), old.path(), &[]);
    assert!(
        text.contains("cuda:0: it has no cuCtxCreate_v2: older than CUDA 11.2"),
        "{text}"
    );
}

#[test]
fn whatever_call_fails_the_answer_is_right_and_nothing_panics() {
    let Some(folder) = emulator() else { return };
    let source = include_str!("emulator/libcuda.cpp");
    let calls = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("ENTER"));
    let names: Vec<&str> = calls.filter_map(|call| call.split('"').nth(1)).collect();
    assert!(names.len() > 25, "{names:?}");
    // out of memory, a wrong parameter, and what no context survives
    for code in ["2", "1", "700"] {
        for name in &names {
            for n in ["1", "2"] {
                let fail = format!("{name}:{n}:{code}");
                part(
                    "parts::right_answers",
                    &folder,
                    &folder,
                    &[("EMULATOR_FAIL", &fail)],
                );
            }
        }
    }
}

#[test]
fn a_context_that_an_error_ends_takes_its_device_aside_and_the_job_elsewhere() {
    let Some(folder) = emulator() else { return };
    for call in [
        "cuLaunchKernel",
        "cuStreamSynchronize",
        "cuEventSynchronize",
    ] {
        let fail = format!("{call}:9:719");
        let fail = [("EMULATOR_FAIL", fail.as_str())];
        let text = part("parts::right_answers", &folder, &folder, &fail);
        let aside = "cuda:0 set aside: lost: CUDA_ERROR_LAUNCH_FAILED (719)";
        assert!(text.contains(aside), "{call}: {text}");
    }
}

#[test]
fn several_devices_are_listed_by_where_they_sit_and_do_the_same() {
    let Some(folder) = emulator() else { return };
    part(
        "parts::two_devices",
        &folder,
        &folder,
        &[("EMULATOR_DEVICES", "2")],
    );
}

#[test]
fn what_is_larger_than_the_pinned_memory_arrives_whole() {
    let Some(folder) = emulator() else { return };
    part("parts::many_chunks", &folder, &folder, &[]);
}

#[test]
fn columns_that_arrive_while_others_leave_are_transformed_all() {
    let Some(folder) = emulator() else { return };
    for order in [&[][..], &[("EMULATOR_EAGER", "1")]] {
        part("parts::many_columns", &folder, &folder, order);
    }
}

#[test]
fn what_does_not_fit_is_cut_or_done_elsewhere() {
    let Some(folder) = emulator() else { return };
    let total = ("EMULATOR_MEMORY", "2000000");
    // the pieces are chosen by the whole memory; what they do not find, smaller ones may
    for taken in ["0", "500000", "1000000", "1500000"] {
        let taken = ("EMULATOR_TAKEN", taken);
        part("parts::memory_is_short", &folder, &folder, &[total, taken]);
    }
    let all = ("EMULATOR_TAKEN", "1990000");
    part("parts::memory_is_gone", &folder, &folder, &[total, all]);
}

#[test]
fn a_program_that_is_refused_takes_its_jobs_elsewhere_and_no_others() {
    let Some(folder) = emulator() else { return };
    // the driver compiles this one program
    let some = tempfile::tempdir().unwrap();
    for name in ["babybear.ptx", "babybear.so"] {
        std::fs::copy(folder.join(name), some.path().join(name)).unwrap();
    }
    let text = part("parts::sums_are_refused", &folder, some.path(), &[]);
    assert!(
        text.contains("CUDA_ERROR_INVALID_PTX (218)\nno such program"),
        "{text}"
    );
}

#[test]
fn nvrtc_compiles_programs_once() {
    let tools = std::env::var_os("PROOFMILL_TOOLS").map(|tools| Path::new(&tools).join("cuda/lib"));
    let Some(nvrtc) = tools.filter(|folder| folder.exists()) else {
        assert!(std::env::var_os("CI").is_none(), "NVRTC is not installed");
        return eprintln!("skipped: NVRTC is not installed");
    };
    let Some(folder) = emulator() else { return };
    let both = std::env::join_paths([&folder, &nvrtc]).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let env = [
        ("PROOFMILL_NVRTC", "1"),
        ("PROOFMILL_CACHE", cache.path().to_str().unwrap()),
    ];
    let kept = || {
        let files = std::fs::read_dir(cache.path().join("kernels")).unwrap();
        let facts =
            |file: std::fs::DirEntry| (file.path(), file.metadata().unwrap().modified().unwrap());
        files
            .map(|file| facts(file.unwrap()))
            .collect::<BTreeMap<_, _>>()
    };
    let prepare = || {
        part(
            "parts::binaries_are_loaded",
            Path::new(&both),
            &folder,
            &env,
        )
    };
    prepare();
    let first = kept();
    // three fields, a group, and what sorts
    assert_eq!(first.len(), 5);
    prepare();
    assert_eq!(kept(), first, "nothing is compiled twice");
}

/// Σ k_i·P_i over n points, of which every second is infinity.
fn sum(n: usize, sums: usize, resident: bool) -> Chain {
    let (curve, group) = (CurveId::Bn254, Group::G1);
    let naive = NaiveGroup::new(curve.spec(), group);
    let size = curve.spec().point_bytes(group);
    let mut bytes = vec![0; n * size];
    let mut point = naive.generator();
    for to in bytes.chunks_exact_mut(size).step_by(2) {
        naive.write(&point, to);
        point = naive.add(&point, &point);
    }
    let bases = Points::new(curve, group, bytes.into()).unwrap();
    let bases = if resident { bases.resident() } else { bases };
    let field = curve.spec().scalar.id;
    let steps = vec![
        upload(0, pack(field, &elements(field, n * sums))),
        Step::Msm { scalars: 0, bases },
    ];
    chain("sum", steps)
}

fn elements(field: FieldId, n: usize) -> Vec<Int> {
    let mut random = Random::seeded(n as u64);
    (0..n).map(|_| random.element(field)).collect()
}

fn transform(field: FieldId, log_n: u32) -> Chain {
    let values = pack(field, &elements(field, 1 << log_n));
    ntt_chain(values, &Ntt::new(log_n, Direction::Forward))
}

fn answer(pool: &Pool, job: &Chain) -> Done {
    pool.run(vec![job.clone()]).unwrap().remove(0)
}

/// Whether two answers are the same.
fn agree(a: &Done, b: &Done) -> bool {
    let values = |done: &Done| {
        done.values
            .iter()
            .map(|v| v.bytes().to_vec())
            .collect::<Vec<_>>()
    };
    let points = |done: &Done| {
        done.points
            .iter()
            .map(|p| p.bytes().to_vec())
            .collect::<Vec<_>>()
    };
    values(a) == values(b) && points(a) == points(b)
}

/// In processes of their own.
mod parts {
    use super::*;

    #[test]
    #[ignore = "a part of another test"]
    fn nothing_is_listed() {
        let devices = Pool::open().unwrap().devices();
        let ids: Vec<&str> = devices.iter().map(|device| device.id.as_str()).collect();
        assert_eq!(ids, ["cpu:0", "ref:0"]);
    }

    #[test]
    #[ignore = "a part of another test"]
    fn one_is_listed() {
        let devices = cuda_devices();
        assert_eq!(devices.len(), 1);
        let reason = devices[0].unusable.as_deref().unwrap();
        println!("{}: {reason}", devices[0].id);
    }

    /// Whatever the CUDA device does: it or the textbook has the right answers.
    #[test]
    #[ignore = "a part of another test"]
    fn right_answers() {
        // nobody catches a panic where `panic = "abort"`
        std::panic::set_hook(Box::new(|panic| {
            eprintln!("{panic}");
            std::process::abort();
        }));
        let judge = pool(&["cpu:0"], 1, Some(Policy::Off));
        let pool = Pool::open().unwrap().with(Options {
            policy: Some(Policy::Off),
            device: None,
        });
        // asked for, so that they are listed before there is much to do
        assert!(pool.devices().len() > 2);
        pool.set_aside("cpu:0", "it is the judge");
        for job in [
            sum(5, 1, true),
            transform(FieldId::Goldilocks, 6),
            sum(5, 1, true),
            sum(3, 2, false),
        ] {
            assert!(
                agree(&answer(&pool, &job), &answer(&judge, &job)),
                "{}",
                job.describe()
            );
        }
        for device in pool.devices() {
            println!("{} {}", device.id, device.unusable.unwrap_or_default());
        }
    }

    #[test]
    #[ignore = "a part of another test"]
    fn two_devices() {
        let judge = pool(&["cpu:0"], 1, Some(Policy::Off));
        let listed = cuda_devices();
        let places: Vec<&str> = listed
            .iter()
            .map(|device| device.physical.as_str())
            .collect();
        assert_eq!(places, ["pci:0000:41:00", "pci:0000:42:00"]);
        let both = pool(&["cuda:0", "cuda:1"], 1, Some(Policy::Off));
        let jobs: Vec<Chain> = (1..9).map(|n| sum(n, 1, false)).collect();
        let found = both.run(jobs.clone()).unwrap();
        let devices: Vec<_> = found
            .iter()
            .flat_map(|done| done.report.devices())
            .collect();
        assert!(
            ["cuda:0", "cuda:1"].iter().all(|id| devices.contains(id)),
            "{devices:?}"
        );
        for (found, job) in found.iter().zip(&jobs) {
            assert!(agree(found, &answer(&judge, job)));
        }
    }

    fn cuda_devices() -> Vec<proofmill::device::DeviceInfo> {
        let devices = Pool::open().unwrap().devices();
        devices
            .into_iter()
            .filter(|device| device.backend == "cuda")
            .collect()
    }

    #[test]
    #[ignore = "a part of another test"]
    fn many_chunks() {
        let [cuda, judge] = ["cuda:0", "cpu:0"].map(|id| pool(&[id], 1, Some(Policy::Off)));
        // 32 MiB, and some bytes in the last chunk
        let job = transform(FieldId::Goldilocks, 22);
        assert!(agree(&answer(&cuda, &job), &answer(&judge, &job)));
        let values = pack(
            FieldId::BabyBear,
            &elements(FieldId::BabyBear, (5 << 20) + 3),
        );
        let job = chain(
            "copy",
            vec![upload(0, values.clone()), Step::Download { from: 0 }],
        );
        assert_eq!(answer(&cuda, &job).values[0].bytes(), values.bytes());
    }

    #[test]
    #[ignore = "a part of another test"]
    fn many_columns() {
        let [cuda, judge] = ["cuda:0", "cpu:0"].map(|id| pool(&[id], 1, Some(Policy::Off)));
        // 40 MB, of which 32 MiB at once
        let (log_n, columns) = (9, 20_001);
        let values = pack(
            FieldId::BabyBear,
            &elements(FieldId::BabyBear, columns << log_n),
        );
        for added_bits in [0, 1] {
            let ntt = Ntt {
                columns,
                added_bits,
                ..Ntt::new(log_n, Direction::Forward)
            };
            let job = ntt_chain(values.clone(), &ntt);
            let found = answer(&cuda, &job);
            assert!(agree(&found, &answer(&judge, &job)));
            assert_eq!(found.report.steps.len(), 3);
        }
    }

    #[test]
    #[ignore = "a part of another test"]
    fn memory_is_short() {
        let [alone, judge] = ["cuda:0", "cpu:0"].map(|id| pool(&[id], 1, Some(Policy::Off)));
        let job = sum(600, 5, true);
        assert!(agree(&answer(&alone, &job), &answer(&judge, &job)));
        // a transform that cannot be held at all is done elsewhere, and the device keeps its place
        let both = pool(&["cuda:0", "ref:0"], 1, Some(Policy::Off));
        let job = transform(FieldId::Goldilocks, 17);
        let done = answer(&both, &job);
        assert_eq!(done.report.devices(), ["ref:0"]);
        assert!(
            both.devices()
                .iter()
                .all(|device| device.unusable.is_none())
        );
    }

    #[test]
    #[ignore = "a part of another test"]
    fn memory_is_gone() {
        let both = pool(&["cuda:0", "ref:0"], 1, Some(Policy::Off));
        for job in [sum(600, 5, true), transform(FieldId::Goldilocks, 12)] {
            assert_eq!(answer(&both, &job).report.devices(), ["ref:0"]);
        }
        let devices = both.devices();
        assert!(devices.iter().all(|device| device.unusable.is_none()));
    }

    /// The emulated driver loads any binary and finds no kernel in it.
    #[test]
    #[ignore = "a part of another test"]
    fn binaries_are_loaded() {
        let fields = [FieldId::Bn254Fr, FieldId::Goldilocks, FieldId::BabyBear];
        let transforms = fields.map(|field| transform(field, 1));
        for job in transforms.into_iter().chain([sum(3, 1, false)]) {
            let error = pool(&["cuda:0"], 1, Some(Policy::Off))
                .run(vec![job])
                .unwrap_err();
            assert!(
                error.to_string().ends_with("CUDA_ERROR_NOT_FOUND (500)"),
                "{error}"
            );
        }
    }

    #[test]
    #[ignore = "a part of another test"]
    fn sums_are_refused() {
        let alone = pool(&["cuda:0"], 1, Some(Policy::Off));
        let job = sum(3, 1, false);
        println!("{}", alone.run(vec![job.clone()]).unwrap_err());
        assert!(alone.devices()[0].unusable.is_none(), "it is not set aside");
        let shapes: Vec<Shape> = job.validate().unwrap();
        assert_eq!(alone.estimate("cuda:0", &shapes[1]), None);
        let ntt = transform(FieldId::BabyBear, 2);
        assert_eq!(answer(&alone, &ntt).report.devices(), ["cuda:0"]);
    }
}
