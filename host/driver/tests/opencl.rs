//! OpenCL where it is simulated, absent or broken. What a healthy device must do is in the conformance
//! tests, which run on every listed device.
//!
//! Each test runs the part of its name in a process of its own, because the library reads its environment
//! once.

#![cfg(all(feature = "opencl", feature = "arkworks", target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole program is a test"
)]

#[allow(dead_code, reason = "the other programs use the rest")]
mod common;

use common::{chain, ntt_chain, pack, pack_as, pool, upload};
use proofmill::job::{Form, Points, Shape, Step};
use proofmill::{Direction, Layout, Ntt, Order, Policy, Pool, Random};
use proofmill_field::{CurveId, FieldId, Group, Int};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Runs a part of this program in an environment and returns what it printed.
fn part(name: &str, env: &[(&str, &Path)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", name, "--nocapture"]);
    command.env_remove("OCL_ICD_FILENAMES");
    let out = command.envs(env.iter().copied()).output().unwrap();
    let text = [&out.stdout[..], &out.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(
        out.status.success() && text.contains("1 passed"),
        "{name}: {text}"
    );
    text
}

const SIMULATOR: &str = "/usr/lib/oclgrind/liboclgrind-rt-icd.so";

#[test]
fn a_runtime_on_the_cores_is_not_preferred_to_them() {
    let pool = Pool::open().unwrap();
    let on_cores = |d: &proofmill::device::DeviceInfo| d.backend == "opencl" && d.physical == "cpu";
    let devices = pool.devices().into_iter();
    let devices: Vec<_> = devices
        .filter(|d| on_cores(d) && d.unusable.is_none())
        .collect();
    // these tests and the conformance suite go over the devices that there are
    assert!(
        !devices.is_empty() || std::env::var_os("CI").is_none(),
        "no OpenCL runtime"
    );
    for device in devices {
        for log in [4, 10, 16, 22] {
            let ntt = |field| Shape::Ntt {
                field,
                log_n: log,
                added_bits: 0,
                columns: 1,
            };
            let msm = Shape::Msm {
                curve: CurveId::Bn254,
                group: Group::G1,
                points: 1 << log,
                sums: 1,
                scalar_bits: 254,
            };
            for shape in [
                ntt(FieldId::Bn254Fr),
                ntt(FieldId::Goldilocks),
                ntt(FieldId::BabyBear),
                msm,
            ] {
                let [cores, runtime] =
                    ["cpu:0", &device.id].map(|id| pool.estimate(id, &shape).unwrap());
                assert!(
                    cores < runtime,
                    "{shape}: {cores:?}, {}: {runtime:?}",
                    device.name
                );
            }
        }
    }
}

/// A folder in which Oclgrind is the one OpenCL driver, and an empty cache; `None`: not installed.
fn simulator() -> Option<TempDir> {
    if !Path::new(SIMULATOR).exists() {
        assert!(
            std::env::var_os("CI").is_none(),
            "Oclgrind is not installed"
        );
        eprintln!("skipped: Oclgrind is not installed");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("oclgrind.icd"), SIMULATOR).unwrap();
    Some(folder)
}

/// The simulator's environment: little local memory, so that transforms take several passes.
fn simulated<'a>(folder: &'a TempDir, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a Path)> {
    let mut env = vec![
        ("OCL_ICD_VENDORS", folder.path()),
        ("PROOFMILL_CACHE", folder.path()),
        ("OCLGRIND_LOCAL_MEM_SIZE", Path::new("8192")),
    ];
    env.extend(more.iter().map(|(name, value)| (*name, Path::new(*value))));
    env
}

#[test]
fn every_kernel_is_clean_under_the_simulator() {
    let Some(folder) = simulator() else { return };
    let log = folder.path().join("log");
    let mut env = simulated(
        &folder,
        &[
            ("OCLGRIND_DATA_RACES", "1"),
            ("OCLGRIND_CHECK_API", "1"),
            // its interpreter knows no `llvm.bitreverse`
            ("OCLGRIND_BUILD_OPTIONS", "-cl-opt-disable"),
        ],
    );
    env.push(("OCLGRIND_LOG", &log));
    part("parts::every_kernel", &env);
    let log = std::fs::read_to_string(log).unwrap_or_default();
    assert!(log.is_empty(), "{log}");
}

#[test]
fn a_program_that_is_refused_takes_its_jobs_elsewhere_and_no_others() {
    let Some(folder) = simulator() else { return };
    // no group's program compiles any more
    let options = [("OCLGRIND_BUILD_OPTIONS", "-cl-opt-disable -Dpoint=1")];
    let text = part("parts::sums_are_refused", &simulated(&folder, &options));
    assert!(
        text.contains("error: "),
        "the compiler's log is shown: {text}"
    );
}

#[test]
fn what_does_not_fit_is_cut_or_done_elsewhere() {
    let Some(folder) = simulator() else { return };
    let memory = [
        ("OCLGRIND_GLOBAL_MEM_SIZE", "32768"),
        ("OCLGRIND_BUILD_OPTIONS", "-cl-opt-disable"),
    ];
    part("parts::memory_is_short", &simulated(&folder, &memory));
}

#[test]
fn without_a_platform_there_are_no_such_devices() {
    let folder = tempfile::tempdir().unwrap();
    part(
        "parts::nothing_is_listed",
        &[("OCL_ICD_VENDORS", folder.path())],
    );
}

#[test]
fn without_the_library_there_are_no_such_devices() {
    let folder = tempfile::tempdir().unwrap();
    // found first, and no library
    std::fs::write(folder.path().join("libOpenCL.so.1"), "not a library").unwrap();
    part(
        "parts::nothing_is_listed",
        &[("LD_LIBRARY_PATH", folder.path())],
    );
}

const FR: Form = Form::Data(FieldId::Bn254Fr);

/// A sum of n points, of which every second is infinity, by known scalars.
fn sum(curve: CurveId, group: Group, form: Form, n: usize, random: &mut Random) -> Vec<Step> {
    let spec = curve.spec();
    let naive = proofmill_field::naive::NaiveGroup::new(spec, group);
    let mut bytes = vec![0; n * spec.point_bytes(group)];
    let mut point = naive.generator();
    for to in bytes.chunks_exact_mut(spec.point_bytes(group)).step_by(2) {
        naive.write(&point, to);
        point = naive.add(&point, &naive.add(&point, &naive.generator()));
    }
    let bases = Points::new(curve, group, bytes.into()).unwrap();
    let scalars: Vec<Int> = (0..n).map(|_| random.element(spec.scalar.id)).collect();
    let values = pack_as(form, &scalars);
    vec![upload(0, values), Step::Msm { scalars: 0, bases }]
}

/// In processes of their own.
mod parts {
    use super::*;

    /// Every kernel of every program, the answers compared with the reference device's.
    #[test]
    #[ignore = "a part of another test"]
    fn every_kernel() {
        let [device, judge] = ["opencl:0", "ref:0"].map(|id| pool(&[id], 1, Some(Policy::Off)));
        let mut random = Random::seeded(9);
        let mut chains = Vec::new();
        for field in FieldId::ALL
            .into_iter()
            .filter(|f| f.spec().two_adicity > 1)
        {
            chains.extend(of_field(field, &mut random));
        }
        for curve in CurveId::ALL {
            for group in curve.spec().groups() {
                // one group with whole scalars: the simulator is slow
                let form = match (curve, group) {
                    (CurveId::Bn254, Group::G1) => Form::Data(curve.spec().scalar.id),
                    _ => Form::Small,
                };
                chains.push(chain("sum", sum(curve, *group, form, 3, &mut random)));
            }
        }
        for job in chains {
            let [found, expected] =
                [&device, &judge].map(|pool| pool.run(vec![job.clone()]).unwrap());
            let of = |done: &[proofmill::Done]| {
                let values = done[0].values.iter().map(|v| v.bytes().to_vec());
                values
                    .chain(done[0].points.iter().map(|p| p.bytes().to_vec()))
                    .collect::<Vec<_>>()
            };
            assert!(of(&found) == of(&expected), "{}", job.describe());
        }
    }

    fn of_field(field: FieldId, random: &mut Random) -> Vec<proofmill::job::Chain> {
        let mut values = |n: usize| {
            let elements: Vec<Int> = (0..n).map(|_| random.element(field)).collect();
            pack(field, &elements)
        };
        // a tile holds 2^8 elements of 32 bytes: the larger ones take two passes
        let log = if field.spec().bytes > 8 { 9 } else { 4 };
        let plain = Ntt {
            output: Order::Natural,
            ..Ntt::new(log, Direction::Forward)
        };
        let batch = Ntt {
            columns: 3,
            layout: Layout::RowMajor,
            input: Order::BitReversed,
            coset: Some(field.spec().element(7)),
            ..Ntt::new(2, Direction::Inverse)
        };
        let extended = Ntt {
            added_bits: 1,
            output: Order::BitReversed,
            ..Ntt::new(2, Direction::Forward)
        };
        let pointwise = vec![
            upload(0, values(3)),
            upload(1, values(3)),
            Step::Mul { to: 2, a: 0, b: 1 },
            Step::Sub { to: 2, a: 2, b: 1 },
            Step::ScaleByPowers {
                on: vec![2],
                base: field.spec().element(3),
                order: Order::Natural,
            },
            Step::Download { from: 2 },
        ];
        vec![
            ntt_chain(values(1 << log), &plain),
            ntt_chain(values(12), &batch),
            ntt_chain(values(4), &extended),
            chain("pointwise", pointwise),
        ]
    }

    #[test]
    #[ignore = "a part of another test"]
    fn sums_are_refused() {
        let mut random = Random::seeded(10);
        let job = || chain("sum", sum(CurveId::Bn254, Group::G1, FR, 3, &mut random));
        let mut job = job;
        let alone = pool(&["opencl:0"], 1, Some(Policy::Off));
        let error = alone.run(vec![job()]).unwrap_err().to_string();
        println!("{error}");
        assert!(alone.devices()[0].unusable.is_none(), "it is not set aside");
        // elsewhere from the start, now that it is known
        let shape = job().validate().unwrap()[1];
        assert_eq!(alone.estimate("opencl:0", &shape), None);
        let elements: Vec<Int> = (0..4).map(|_| random.element(FieldId::BabyBear)).collect();
        let ntt = ntt_chain(
            pack(FieldId::BabyBear, &elements),
            &Ntt::new(2, Direction::Forward),
        );
        assert_eq!(
            alone.run(vec![ntt]).unwrap()[0].report.devices(),
            ["opencl:0"]
        );
    }

    #[test]
    #[ignore = "a part of another test"]
    fn memory_is_short() {
        let alone = pool(&["opencl:0"], 1, Some(Policy::Off));
        let judge = pool(&["cpu:0"], 1, Some(Policy::Off));
        let mut random = Random::seeded(11);
        // sixteen points have 340 buckets of 128 bytes, more than the 32 KiB that there are; twice over
        let mut steps = sum(CurveId::Bn254, Group::G1, FR, 16, &mut random);
        let scalars: Vec<Int> = (0..32).map(|_| random.element(FieldId::Bn254Fr)).collect();
        steps[0] = upload(0, pack(FieldId::Bn254Fr, &scalars));
        let job = chain("sum", steps);
        let points = |pool: &Pool| {
            pool.run(vec![job.clone()]).unwrap()[0].points[0]
                .bytes()
                .clone()
        };
        assert_eq!(points(&alone), points(&judge));
        // a transform that cannot be held at all is done elsewhere, and the device keeps its place
        let both = pool(&["opencl:0", "cpu:0"], 1, Some(Policy::Off));
        let large = pack(FieldId::Goldilocks, &vec![[0; 6]; 1 << 16]);
        let done = both
            .run(vec![ntt_chain(large, &Ntt::new(16, Direction::Forward))])
            .unwrap();
        assert_eq!(done[0].report.devices(), ["cpu:0"]);
        assert!(
            both.devices()
                .iter()
                .all(|device| device.unusable.is_none())
        );
    }

    #[test]
    #[ignore = "a part of another test"]
    fn nothing_is_listed() {
        let devices = Pool::open().unwrap().devices();
        let ids: Vec<&str> = devices.iter().map(|device| device.id.as_str()).collect();
        assert_eq!(ids, ["cpu:0", "ref:0"]);
    }
}
