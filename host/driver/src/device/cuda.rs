//! NVIDIA's GPUs through CUDA's driver.
//!
//! `libcuda` is opened when devices are listed; a machine without one, or without a device, has no such
//! devices and nothing else is different. Programs are the PTX of `proofmill-kernels`, which the driver
//! compiles, or, where `PROOFMILL_NVRTC` is set, their sources compiled by NVRTC for the very architecture.
//!
//! Three streams: bytes go up and down beside what computes, through pinned memory (`staging.rs`). An error that
//! a context does not survive retires it (`context.rs`): the job moves on, the device takes no other.

mod context;
mod image;
mod info;
mod machine;
mod staging;

use crate::device::gpu::{Gpu, Rates};
use crate::device::{Backend, Config, Device, DeviceInfo};
use crate::error::DeviceError;
use info::Facts;
use machine::Streams;
use std::time::Duration;

/// Every CUDA device, in the driver's order.
pub(crate) struct CudaBackend;

/// Part of a device's memory that resident bases may take.
const RESIDENT_PART: usize = 2;

impl Backend for CudaBackend {
    fn name(&self) -> &'static str {
        "cuda"
    }

    /// Other ids are none of its: a driver that nobody wants is not even loaded.
    fn may_list(&self, id: &str) -> bool {
        id.starts_with("cuda:")
    }

    /// The driver is loaded, and each device gets a context; not measured.
    fn opening(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn list(&self, _: &Config) -> Vec<DeviceInfo> {
        let listed = |facts: &Facts| DeviceInfo {
            id: format!("cuda:{}", facts.ordinal),
            name: facts.name.clone(),
            backend: self.name(),
            physical: facts.physical.clone(),
            resident_bytes: Some(facts.memory / RESIDENT_PART),
            unusable: facts.unusable(),
        };
        match info::devices() {
            Ok(devices) => devices.iter().map(listed).collect(),
            Err(reason) => vec![DeviceInfo {
                id: "cuda:0".into(),
                name: "CUDA's driver".into(),
                backend: self.name(),
                physical: "cuda".into(),
                resident_bytes: None,
                unusable: Some(reason.clone()),
            }],
        }
    }

    fn open(&self, info: &DeviceInfo, _: &Config) -> Result<Box<dyn Device>, DeviceError> {
        let of = |facts: &&Facts| info.id == format!("cuda:{}", facts.ordinal);
        let facts = info::devices().as_ref().ok();
        let facts = facts.and_then(|devices| devices.iter().find(of)).cloned();
        let facts = facts.ok_or_else(|| DeviceError::Lost("it is no longer listed".into()))?;
        let rates = rates(&facts);
        Ok(Box::new(Gpu::new(
            info.clone(),
            Streams::new(facts)?,
            rates,
        )))
    }
}

/// From what the device says of itself; not measured.
fn rates(facts: &Facts) -> Rates {
    let clocks = f64::from(facts.multiprocessors) * f64::from(facts.clock_khz) * 1e3;
    Rates {
        // half of the 64 products of 32-bit words that a multiprocessor starts in a clock
        words: 32.0 * clocks,
        copy: 1e10,
        launch: 1e-5,
    }
}
