//! What OpenCL says of its devices.

use crate::device::gpu::on_pci;
use ocl::core::{self, DeviceId, DeviceType, PlatformId, PlatformInfo, ffi};
use std::panic::catch_unwind;
use std::sync::OnceLock;

/// Numbers of `clGetDeviceInfo` beside the ones that have names in the crate: where a device sits.
const PCI_BUS_INFO: u32 = 0x410f; // cl_khr_pci_bus_info
const PCI_BUS_NV: u32 = 0x4008;
const PCI_SLOT_NV: u32 = 0x4009;
const PCI_DOMAIN_NV: u32 = 0x400a;
const TOPOLOGY_AMD: u32 = 0x4037;

/// One device.
#[derive(Clone)]
pub(super) struct Facts {
    pub(super) platform_id: PlatformId,
    pub(super) id: DeviceId,
    pub(super) name: String,
    pub(super) platform: String,
    /// Device, driver and platform versions: what a compiled program depends on.
    pub(super) versions: String,
    pub(super) physical: String,
    pub(super) is_cpu: bool,
    pub(super) units: u32,
    pub(super) clock_mhz: u32,
    pub(super) memory: usize,
    pub(super) largest_buffer: usize,
    pub(super) local_bytes: usize,
    pub(super) largest_group: usize,
    available: bool,
    has_compiler: bool,
    little_endian: bool,
}

impl Facts {
    /// Why the kernels cannot run there.
    pub(super) fn unusable(&self) -> Option<String> {
        let reason = match self {
            Facts {
                available: false, ..
            } => "its runtime says that it is not available",
            Facts {
                has_compiler: false,
                ..
            } => "its runtime has no compiler",
            Facts {
                little_endian: false,
                ..
            } => "it is big-endian",
            Facts {
                largest_group: ..32,
                ..
            } => "its work-groups have fewer than 32 threads",
            Facts {
                local_bytes: ..0x2000,
                ..
            } => "its work-groups have less than 8 KiB of memory",
            _ => return None,
        };
        Some(reason.into())
    }
}

/// Every device of every platform, as they were when this was first asked: GPUs, then others, then CPUs, each
/// by falling size.
pub(super) fn devices() -> &'static [Facts] {
    // asked once: runtimes do not bear being woken by two threads
    static DEVICES: OnceLock<Vec<Facts>> = OnceLock::new();
    DEVICES.get_or_init(list)
}

fn list() -> Vec<Facts> {
    let mut out: Vec<Facts> = platforms().into_iter().flat_map(of_platform).collect();
    let speed = |facts: &Facts| u64::from(facts.units) * u64::from(facts.clock_mhz);
    // stable: what is equal stays in the order of the platforms
    out.sort_by_key(|facts| (facts.is_cpu, std::cmp::Reverse(speed(facts))));
    out
}

fn platforms() -> Vec<PlatformId> {
    let mut count = 0;
    // the crate's own function waits ten seconds for platforms where there are none
    // SAFETY: asks for the number alone.
    let status = unsafe { ffi::clGetPlatformIDs(0, std::ptr::null_mut(), &mut count) };
    match status == 0 && count > 0 {
        true => core::get_platform_ids().unwrap_or_default(),
        false => Vec::new(),
    }
}

fn of_platform(platform: PlatformId) -> Vec<Facts> {
    let text = |info| core::get_platform_info(platform, info).map(|text| text.to_string());
    let name = text(PlatformInfo::Name).unwrap_or_default();
    let version = text(PlatformInfo::Version).unwrap_or_default();
    let ids = core::get_device_ids(platform, Some(DeviceType::ALL), None).unwrap_or_default();
    // the crate panics where a driver answers what it does not know
    let facts = |id: DeviceId| catch_unwind(|| of_device(platform, id, &name, &version)).ok();
    ids.into_iter().filter_map(facts).collect()
}

fn of_device(platform_id: PlatformId, id: DeviceId, platform: &str, version: &str) -> Facts {
    let raw = |info: u32| core::get_device_info_raw(id, info).unwrap_or_default();
    let number = |info: core::DeviceInfo| word(&raw(info as u32)) as usize;
    let text = |info: core::DeviceInfo| {
        let bytes = raw(info as u32);
        String::from_utf8_lossy(&bytes)
            .trim_end_matches('\0')
            .trim()
            .to_string()
    };
    use core::DeviceInfo as Info;
    let kind = DeviceType::from_bits_truncate(number(Info::Type) as u64);
    let is_cpu = kind.contains(DeviceType::CPU);
    let name = text(Info::Name);
    let place = place(raw);
    let physical = match (is_cpu, place) {
        // the very cores of the device `cpu:0`
        (true, _) => "cpu".to_string(),
        (_, Some(place)) => place,
        _ => format!("opencl:{platform}:{name}"),
    };
    Facts {
        platform_id,
        id,
        versions: [version, &text(Info::Version), &text(Info::DriverVersion)].join(", "),
        name,
        platform: platform.to_string(),
        physical,
        is_cpu,
        units: number(Info::MaxComputeUnits) as u32,
        clock_mhz: number(Info::MaxClockFrequency) as u32,
        memory: number(Info::GlobalMemSize),
        largest_buffer: number(Info::MaxMemAllocSize),
        local_bytes: number(Info::LocalMemSize),
        largest_group: number(Info::MaxWorkGroupSize),
        available: number(Info::Available) != 0,
        has_compiler: number(Info::CompilerAvailable) != 0,
        little_endian: number(Info::EndianLittle) != 0,
    }
}

/// A little-endian number of up to eight bytes.
fn word(bytes: &[u8]) -> u64 {
    let mut out = [0; 8];
    let len = bytes.len().min(8);
    out[..len].copy_from_slice(&bytes[..len]);
    u64::from_le_bytes(out)
}

/// Its place on PCI, by the extension that the vendor has.
fn place(raw: impl Fn(u32) -> Vec<u8>) -> Option<String> {
    if let ([domain, bus, device, _], []) = raw(PCI_BUS_INFO).as_chunks::<4>()
        && let [domain, bus, device] = [domain, bus, device].map(|bytes| u32::from_le_bytes(*bytes))
    {
        return Some(on_pci(domain, bus, device));
    }
    let (bus, slot) = (raw(PCI_BUS_NV), raw(PCI_SLOT_NV));
    if bus.len() == 4 && slot.len() == 4 {
        let [domain, bus, slot] = [raw(PCI_DOMAIN_NV), bus, slot].map(|bytes| word(&bytes) as u32);
        // NVIDIA's slot is the device number, with the function in the lowest three bits
        return Some(on_pci(domain, bus, slot >> 3));
    }
    let topology = raw(TOPOLOGY_AMD);
    // type 1 (PCIe), 17 unused bytes, bus, device, function
    match topology[..] {
        [1, 0, 0, 0, .., bus, device, _] if topology.len() == 24 => {
            Some(on_pci(0, bus.into(), device.into()))
        }
        _ => None,
    }
}
