//! What CUDA's driver says of its devices.

use super::context::words;
use crate::device::gpu::on_pci;
use cudarc::driver::sys::{CUdevice, CUdevice_attribute as Attribute, CUresult};
use cudarc::driver::{DriverError, result, sys};
use std::sync::OnceLock;

/// Functions of the driver that are called; the binding panics at one that is missing.
const FUNCTIONS: &[&str] = &[
    "cuCtxCreate_v2",
    "cuCtxDestroy_v2",
    "cuCtxPopCurrent_v2",
    "cuCtxPushCurrent_v2",
    "cuDeviceGet",
    "cuDeviceGetAttribute",
    "cuDeviceGetCount",
    "cuDeviceGetName",
    "cuDeviceTotalMem_v2",
    "cuDriverGetVersion",
    "cuEventCreate",
    "cuEventDestroy_v2",
    "cuEventElapsedTime",
    "cuEventRecord",
    "cuEventSynchronize",
    "cuInit",
    "cuLaunchKernel",
    "cuMemAllocFromPoolAsync",
    "cuMemFreeAsync",
    "cuMemFreeHost",
    "cuMemHostAlloc",
    "cuMemPoolCreate",
    "cuMemPoolDestroy",
    "cuMemPoolSetAttribute",
    "cuMemcpyDtoHAsync_v2",
    "cuMemcpyHtoDAsync_v2",
    "cuModuleGetFunction",
    "cuModuleLoadDataEx",
    "cuModuleUnload",
    "cuStreamCreate",
    "cuStreamDestroy_v2",
    "cuStreamSynchronize",
    "cuStreamWaitEvent",
];

/// One device.
#[derive(Clone)]
pub(super) struct Facts {
    pub(super) ordinal: i32,
    pub(super) device: CUdevice,
    pub(super) name: String,
    pub(super) physical: String,
    pub(super) memory: usize,
    pub(super) multiprocessors: u32,
    pub(super) clock_khz: u32,
    /// Its architecture, such as (9, 0).
    pub(super) compute: (i32, i32),
    has_pools: bool,
    prohibited: bool,
}

impl Facts {
    /// Why the kernels cannot run there.
    pub(super) fn unusable(&self) -> Option<String> {
        let reason = match self {
            Facts { compute, .. } if *compute < (7, 5) => "its architecture is older than 7.5",
            Facts {
                has_pools: false, ..
            } => "its driver has no memory pools",
            Facts {
                prohibited: true, ..
            } => "its owner prohibits computing",
            _ => return None,
        };
        Some(reason.into())
    }
}

/// Every device, as they were when this was first asked; none without the library or a device. An error: the
/// driver is there and cannot be used.
pub(super) fn devices() -> &'static Result<Vec<Facts>, String> {
    static DEVICES: OnceLock<Result<Vec<Facts>, String>> = OnceLock::new();
    DEVICES.get_or_init(|| {
        // SAFETY: opens the library.
        if !unsafe { sys::is_culib_present() } {
            return Ok(Vec::new());
        }
        if let Some(missing) = FUNCTIONS.iter().find(|name| !is_there(name)) {
            return Err(format!("it has no {missing}: older than CUDA 11.2"));
        }
        match list() {
            Err(DriverError(CUresult::CUDA_ERROR_NO_DEVICE)) => Ok(Vec::new()),
            other => other.map_err(words),
        }
    })
}

fn is_there(name: &str) -> bool {
    // SAFETY: the library was found; the address is not used.
    unsafe { sys::culib().get::<*const ()>(name.as_bytes()) }.is_ok()
}

fn list() -> Result<Vec<Facts>, DriverError> {
    result::init()?;
    let mut version = 0;
    // SAFETY: writes a number.
    unsafe { sys::cuDriverGetVersion(&mut version) }.result()?;
    (0..result::device::get_count()?)
        .map(|ordinal| of_device(ordinal, version))
        .collect()
}

fn of_device(ordinal: i32, version: i32) -> Result<Facts, DriverError> {
    let device = result::device::get(ordinal)?;
    // SAFETY: the driver has just given the device.
    let number = |attribute| unsafe { result::device::get_attribute(device, attribute) };
    use Attribute::*;
    let compute = (
        number(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
        number(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
    );
    let [domain, bus, slot] = [
        CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID,
        CU_DEVICE_ATTRIBUTE_PCI_BUS_ID,
        CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID,
    ]
    .map(number);
    Ok(Facts {
        ordinal,
        device,
        name: format!(
            "{} (CUDA {}.{}, architecture {}.{})",
            result::device::get_name(device)?,
            version / 1000,
            version % 1000 / 10,
            compute.0,
            compute.1
        ),
        physical: on_pci(domain? as u32, bus? as u32, slot? as u32),
        // SAFETY: as above.
        memory: unsafe { result::device::total_mem(device) }?,
        multiprocessors: number(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)? as u32,
        clock_khz: number(CU_DEVICE_ATTRIBUTE_CLOCK_RATE)? as u32,
        compute,
        has_pools: number(CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED)? != 0,
        prohibited: number(CU_DEVICE_ATTRIBUTE_COMPUTE_MODE)?
            == sys::CUcomputemode::CU_COMPUTEMODE_PROHIBITED as i32,
    })
}
