//! Devices that speak OpenCL: GPUs, and CPUs by a runtime such as PoCL.
//!
//! `libOpenCL` is opened when the first function is called (`forward.c`); a machine without one, or
//! without a platform, has no such devices and nothing else is different.

mod info;
mod machine;
mod object;
mod programs;

use crate::device::gpu::{Gpu, Rates};
use crate::device::{Backend, Config, Device, DeviceInfo};
use crate::error::DeviceError;
use info::Facts;
use machine::Queue;
use std::time::Duration;

/// Every OpenCL device, GPUs first.
pub(crate) struct OpenClBackend;

/// Part of a device's memory that resident bases may take.
const RESIDENT_PART: usize = 2;

impl Backend for OpenClBackend {
    fn name(&self) -> &'static str {
        "opencl"
    }

    /// Other ids are none of its: drivers that nobody wants are not even loaded.
    fn may_list(&self, id: &str) -> bool {
        id.starts_with("opencl:")
    }

    /// Drivers are loaded, and programs read from the cache on disk.
    fn opening(&self) -> Duration {
        Duration::from_millis(300)
    }

    fn list(&self, _: &Config) -> Vec<DeviceInfo> {
        let devices = info::devices().iter().enumerate();
        devices
            .map(|(i, facts)| DeviceInfo {
                id: format!("opencl:{i}"),
                name: format!("{} ({})", facts.name, facts.platform),
                backend: self.name(),
                physical: facts.physical.clone(),
                resident_bytes: Some(facts.memory / RESIDENT_PART),
                unusable: facts.unusable(),
            })
            .collect()
    }

    fn open(&self, info: &DeviceInfo, _: &Config) -> Result<Box<dyn Device>, DeviceError> {
        let place = info.id.strip_prefix("opencl:").and_then(|i| i.parse().ok());
        let facts = place.and_then(|i: usize| info::devices().get(i).cloned());
        let facts = facts.ok_or_else(|| DeviceError::Lost("it is no longer listed".into()))?;
        let rates = rates(&facts);
        Ok(Box::new(Gpu::new(info.clone(), Queue::new(facts)?, rates)))
    }
}

/// From what the device says of itself (docs/measurements.md, "What the OpenCL estimates rest on").
fn rates(facts: &Facts) -> Rates {
    let clocks = facts.units as f64 * facts.clock_mhz as f64 * 1e6;
    match facts.is_cpu {
        // a core does a product of 32-bit words in about half a clock, by PoCL's compiler
        true => Rates {
            words: 2.0 * clocks,
            copy: 4e9,
            launch: 1e-4,
        },
        // 16 of a unit's lanes multiply in a clock on all that are common
        false => Rates {
            words: 16.0 * clocks,
            copy: 8e9,
            launch: 2e-5,
        },
    }
}
