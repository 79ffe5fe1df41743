//! What a device is to the pool: a [`Backend`] lists and opens devices, a [`Device`] runs chains.

pub(crate) mod cpu;
#[cfg(all(feature = "cuda", unix, target_pointer_width = "64"))]
pub(crate) mod cuda;
#[cfg(feature = "fpga")]
mod fpga;
#[cfg(all(
    any(feature = "cuda", feature = "opencl"),
    unix,
    target_pointer_width = "64"
))]
mod gpu;
#[cfg(all(feature = "opencl", unix, target_pointer_width = "64"))]
pub(crate) mod opencl;
pub(crate) mod reference;

#[cfg(feature = "fpga")]
pub use fpga::card_design;

use crate::error::DeviceError;
use crate::job::{Chain, Points, Shape, Values};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The kinds of device that are built in.
pub(crate) const BACKENDS: &[&dyn Backend] = &[
    &cpu::CpuBackend,
    #[cfg(all(feature = "cuda", unix, target_pointer_width = "64"))]
    &cuda::CudaBackend,
    #[cfg(all(feature = "opencl", unix, target_pointer_width = "64"))]
    &opencl::OpenClBackend,
    #[cfg(feature = "fpga")]
    &fpga::FpgaBackend,
    &reference::ReferenceBackend,
];

/// What the owner decides about devices.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Threads of the CPU device; `None` takes as many as there are cores.
    pub threads: Option<usize>,
    /// Where FPGA cards are: serial ports (`/dev/ttyUSB0`, with a baud rate `/dev/ttyUSB0@3000000`), pseudo-terminals of
    /// simulated cards, PCIe cards (`xdma:/dev/xdma0`). Those of the variable `PROOFMILL_CARDS` come after them.
    pub cards: Vec<String>,
    /// Folder of the manifests of cards that may be used beside the known ones; `None`: the variable
    /// `PROOFMILL_DESIGNS`, if it is set.
    pub designs: Option<PathBuf>,
}

impl Config {
    /// Threads of the CPU device, at least 1.
    pub fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or_else(cores).max(1)
    }

    /// Every card, each once. The variable's are separated by commas: the names of ports have colons.
    pub fn cards(&self) -> Vec<String> {
        let variable = std::env::var("PROOFMILL_CARDS").unwrap_or_default();
        let more = variable.split(',').map(|card| card.trim().to_string());
        let mut cards: Vec<String> = Vec::new();
        for card in self.cards.iter().cloned().chain(more) {
            if !card.is_empty() && !cards.contains(&card) {
                cards.push(card);
            }
        }
        cards
    }

    /// The folder of manifests.
    pub fn designs(&self) -> Option<PathBuf> {
        let variable = || std::env::var_os("PROOFMILL_DESIGNS").map(PathBuf::from);
        self.designs.clone().or_else(variable)
    }
}

/// A kind of device. Unit structs in one list (`Pool::builder().backend(…)` adds to it).
pub trait Backend: Sync {
    /// Its name in ids and reports.
    fn name(&self) -> &'static str;
    /// Every device of this kind, usable or not. Never fails: an unusable device is listed with the
    /// reason.
    fn list(&self, config: &Config) -> Vec<DeviceInfo>;
    /// Whether it may list a device of this id; if not, it is not asked where nobody wants its devices.
    fn may_list(&self, _id: &str) -> bool {
        true
    }
    /// What listing and opening its devices costs. Unless somebody asks for them, they are listed when as
    /// much work has come; zero: at once.
    fn opening(&self) -> Duration {
        Duration::ZERO
    }
    /// Opens a device that [`Backend::list`] gave.
    fn open(&self, info: &DeviceInfo, config: &Config) -> Result<Box<dyn Device>, DeviceError>;
}

/// A device as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Unique id such as `cpu:0`.
    pub id: String,
    /// What it is, in words.
    pub name: String,
    /// The backend's name.
    pub backend: &'static str,
    /// The piece of silicon behind it. Devices that share one are never given work at once.
    pub physical: String,
    /// Bytes of resident bases that it may keep; `None` if it reads them in the host's memory.
    pub resident_bytes: Option<usize>,
    /// Why it cannot be used; `None` if it can.
    pub unusable: Option<String>,
}

/// Predicts how long a device takes for a step; `None`: it cannot do it.
pub type Estimator = Arc<dyn Fn(&Shape) -> Option<Duration> + Send + Sync>;

/// An open device. It validates nothing: the pool did.
pub trait Device: Send {
    /// As the backend listed it.
    fn info(&self) -> &DeviceInfo;

    /// A predictor that outlives calls of the device, so that planning never waits for one.
    fn estimator(&self) -> Estimator;

    /// Makes ready what the chains need, such as compiled programs. The deadline does not run meanwhile.
    fn prepare(&mut self, _chains: &[Chain]) -> Result<(), DeviceError> {
        Ok(())
    }

    /// Takes bases (with a key) into the device's memory. Called before a chain that names them, unless they
    /// are held or are larger than all that may be kept; a device that has not kept them takes them from
    /// the chain.
    fn load(&mut self, _bases: &Points) -> Result<(), DeviceError> {
        Ok(())
    }

    /// Whether the bases of this key, once loaded, are still there.
    fn holds(&self, _key: [u8; 32]) -> bool {
        true
    }

    /// Forgets the bases of this key.
    fn unload(&mut self, _key: [u8; 32]) {}

    /// Runs chains. They are owned: a device that hangs is left behind with them.
    fn run(&mut self, chains: Vec<Chain>) -> Result<Vec<Output>, DeviceError>;
}

/// What one chain brought back, in the order of its steps.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// One for each download.
    pub values: Vec<Values>,
    /// One for each msm step, each of as many points as sums were asked for.
    pub points: Vec<Points>,
    /// Time of each step.
    pub steps: Vec<Duration>,
    /// Part of the time that went into moving data, where the device can tell.
    pub transfer: Option<Duration>,
}
