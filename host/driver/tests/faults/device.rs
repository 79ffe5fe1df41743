//! Devices with faults, by id, and points that do not belong.

use crate::common::{pack, pool, unpack};
use bytes::Bytes;
use proofmill::device::{Backend, Config, Device, DeviceInfo, Estimator, Output};
use proofmill::job::{Chain, Form, Points, Values};
use proofmill::{BadJob, DeviceError, Done, Error, Policy, Pool};
use proofmill_field::naive::NaiveGroup;
use proofmill_field::{CurveId, FieldId, Group, int};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

/// What a faulty device does, by its id.
pub(crate) const FAULTS: [&str; 19] = [
    "flips-a-bit",
    "does-not-reduce",
    "wrong-point",
    "another-wrong-point",
    "off-the-curve",
    "unreduced-point",
    "outside-the-subgroup",
    "one-value-less",
    "no-answer",
    "too-many-answers",
    "wrong-kind",
    "hangs",
    "vanishes",
    "panics",
    "cannot-load",
    "lies-the-second-time",
    "no-support",
    "calls-the-job-bad",
    "honest",
];

pub(crate) struct FaultyBackend;

impl Backend for FaultyBackend {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn list(&self, _: &Config) -> Vec<DeviceInfo> {
        let info = |fault: &&str| DeviceInfo {
            id: (*fault).into(),
            name: "a device with a fault".into(),
            backend: "faulty",
            physical: (*fault).into(),
            resident_bytes: Some(1 << 20),
            unusable: None,
        };
        FAULTS.iter().map(info).collect()
    }

    fn open(&self, info: &DeviceInfo, _: &Config) -> Result<Box<dyn Device>, DeviceError> {
        let right = pool(&["cpu:0"], 1, Some(Policy::Off));
        let (info, jobs) = (info.clone(), 0);
        Ok(Box::new(Faulty { info, right, jobs }))
    }
}

struct Faulty {
    info: DeviceInfo,
    right: Pool,
    jobs: usize,
}

impl Device for Faulty {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn estimator(&self) -> Estimator {
        Arc::new(|_| Some(Duration::from_nanos(1)))
    }

    fn load(&mut self, _: &Points) -> Result<(), DeviceError> {
        match self.info.id.as_str() {
            "cannot-load" => Err(DeviceError::Failed("out of memory".into())),
            _ => Ok(()),
        }
    }

    fn run(&mut self, chains: Vec<Chain>) -> Result<Vec<Output>, DeviceError> {
        self.jobs += 1;
        let done = self.right.run(chains);
        let done = done.map_err(|e| match e {
            Error::BadJob(bad) => DeviceError::BadJob(bad),
            other => DeviceError::Failed(other.to_string()),
        })?;
        let right = |done: Done| Output {
            values: done.values,
            points: done.points,
            ..Output::default()
        };
        let mut outputs: Vec<Output> = done.into_iter().map(right).collect();
        match self.info.id.as_str() {
            "hangs" => {
                let (_sender, never) = mpsc::channel::<()>();
                let _ = never.recv();
            }
            "vanishes" => return Err(DeviceError::Lost("unplugged".into())),
            "panics" => panic!("the driver of this device has a bug"),
            "no-support" => return Err(DeviceError::Unsupported("anything".into())),
            "calls-the-job-bad" => {
                let (what, index) = ("scalar", 0);
                let field = FieldId::Bn254Fr;
                return Err(BadJob::Unreduced { what, index, field }.into());
            }
            "no-answer" => return Ok(Vec::new()),
            fault => outputs
                .iter_mut()
                .for_each(|o| corrupt(fault, self.jobs, o)),
        }
        Ok(outputs)
    }
}

fn corrupt(fault: &str, job: usize, output: &mut Output) {
    for values in &mut output.values {
        let mut integers = unpack(values);
        let Form::Data(field) = values.form() else {
            continue;
        };
        match fault {
            "flips-a-bit" => integers[1][0] ^= 1,
            "lies-the-second-time" if job == 2 => integers[1][0] ^= 1,
            // p + a fits where a is small enough: the example's first output is 0
            "does-not-reduce" => integers[0] = int::add(&integers[0], &field.spec().modulus).0,
            "one-value-less" => drop(integers.pop()),
            _ => {}
        }
        *values = pack(field, &integers);
        if fault == "wrong-kind" {
            *values = Values::new(Form::Small, values.bytes().clone()).unwrap();
        }
    }
    if fault == "too-many-answers" {
        output.values.extend_from_within(..);
        output.points.extend_from_within(..);
    }
    for points in &mut output.points {
        let mut bytes = points.bytes().to_vec();
        corrupt_point(fault, job, points, &mut bytes);
        *points = Points::new(points.curve().id, points.group(), Bytes::from(bytes)).unwrap();
    }
}

fn corrupt_point(fault: &str, job: usize, points: &Points, bytes: &mut Vec<u8>) {
    let (curve, size) = (points.curve(), points.point_bytes());
    let base = curve.base;
    match (fault, job) {
        ("flips-a-bit" | "off-the-curve", _) => bytes[0] ^= 1,
        ("wrong-point", _) | ("lies-the-second-time", 2) => {
            let group = NaiveGroup::new(curve, points.group());
            let wrong = group.add(&group.read(&bytes[..size]), &group.generator());
            group.write(&wrong, &mut bytes[..size]);
        }
        ("another-wrong-point", _) => {
            let group = NaiveGroup::new(curve, points.group());
            let sum = group.read(&bytes[..size]);
            group.write(&group.add(&sum, &sum), &mut bytes[..size]);
        }
        ("unreduced-point", _) => {
            let unreduced = int::add(&base.read(bytes), &base.modulus).0;
            base.write(&unreduced, bytes);
        }
        ("outside-the-subgroup", _) => {
            bytes[..size].copy_from_slice(&stranger(curve.id, points.group()));
        }
        ("one-value-less", _) => bytes.truncate(bytes.len() - size),
        _ => {}
    }
}

/// A point on the curve and outside of the subgroup of order r.
pub(crate) fn stranger(curve: CurveId, group: Group) -> Vec<u8> {
    let points = (1..50u64).filter_map(|x| on_curve(curve, group, x));
    let naive = NaiveGroup::new(curve.spec(), group);
    let outside = |p: &Vec<u8>| !naive.is_in_subgroup(&naive.read(p));
    let found = points.into_iter().find(outside).unwrap();
    assert!(naive.is_on_curve(&naive.read(&found)));
    found
}

/// Some point with x made of a small number.
fn on_curve(curve: CurveId, group: Group, x: u64) -> Option<Vec<u8>> {
    let mut out = vec![0; curve.spec().point_bytes(group)];
    match (curve, group) {
        (CurveId::Bls12_381, Group::G1) => {
            let p = ark_bls12_381::G1Affine::get_point_from_x_unchecked(x.into(), false)?;
            proofmill::Point::write(&p, &mut out);
        }
        (CurveId::Bls12_381, Group::G2) => {
            let x = ark_bls12_381::Fq2::new(x.into(), 1u64.into());
            let p = ark_bls12_381::G2Affine::get_point_from_x_unchecked(x, false)?;
            proofmill::Point::write(&p, &mut out);
        }
        (CurveId::Bn254, Group::G2) => {
            let x = ark_bn254::Fq2::new(x.into(), 1u64.into());
            let p = ark_bn254::G2Affine::get_point_from_x_unchecked(x, false)?;
            proofmill::Point::write(&p, &mut out);
        }
        (CurveId::Bls12_377, Group::G1) => {
            let p = ark_bls12_377::G1Affine::get_point_from_x_unchecked(x.into(), false)?;
            proofmill::Point::write(&p, &mut out);
        }
        (CurveId::Bn254, Group::G1) => return None, // cofactor 1
        (CurveId::Bls12_377, Group::G2) => return None, // not offered
    }
    Some(out)
}
