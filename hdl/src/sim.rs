//! Emitted Verilog under Verilator, in this process.
//!
//! A model is compiled once for each Verilog text and kept in a folder under its hash, so that a warm run
//! compiles nothing. Ports are reached by name; a word is written straight into the model's memory.

mod build;
pub mod core;

use crate::HdlError;
use ::rust_hdl::core::simulate::simulate;
use libloading::Library;
use rust_hdl::prelude::*;
use std::ffi::c_void;
use std::path::{Path, PathBuf};

/// Where models are kept unless told otherwise: `target/hdl-sim` of this workspace.
pub fn cache() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    target.unwrap_or_else(default).join("hdl-sim")
}

/// For tests: whether Verilator or the C++ compiler is missing, which is said once; with `CI` set that
/// fails.
pub fn is_missing() -> bool {
    let missing = !build::is_available();
    assert!(
        !missing || std::env::var_os("CI").is_none(),
        "Verilator is not installed"
    );
    if missing {
        eprintln!("skipped: Verilator is not installed");
    }
    missing
}

/// Feeds one row of `inputs` into a pipelined block at every clock, and gives what `output` holds `latency`
/// clocks after each row.
pub fn full_rate(
    model: &mut Model,
    inputs: &[(&str, &[u64])],
    output: &str,
    latency: usize,
) -> Result<Vec<u64>, HdlError> {
    let port = |(name, words): &(&str, _)| Ok((model.port(name)?, *words));
    let inputs: Vec<(Port, &[u64])> = inputs.iter().map(port).collect::<Result<_, HdlError>>()?;
    let output = model.port(output)?;
    let rows = inputs
        .iter()
        .map(|(_, words)| words.len())
        .min()
        .unwrap_or(0);
    let mut found = Vec::with_capacity(rows);
    for clock in 0..rows + latency {
        for (port, words) in &inputs {
            model.set(*port, words[clock.min(rows - 1)]);
        }
        model.tick(1);
        if clock + 1 >= latency && found.len() < rows {
            found.push(model.get(output));
        }
    }
    Ok(found)
}

/// One period of a block's clock in rust-hdl's own simulator; `clock` sets the block's clock.
pub fn tick_block<B: Block>(block: &mut B, clock: impl Fn(&mut B, Clock)) {
    for level in [false, true, false] {
        clock(block, Clock { clk: level });
        simulate(block, 1000);
    }
}

/// A port of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port(usize);

struct Place {
    name: String,
    memory: *mut u8,
    bytes: usize,
}

/// A simulated design. All signals are zero at the start.
pub struct Model {
    state: *mut c_void,
    places: Vec<Place>,
    tick: unsafe extern "C" fn(*mut c_void, u64),
    settle: unsafe extern "C" fn(*mut c_void),
    free: unsafe extern "C" fn(*mut c_void),
    _library: Library,
}

// SAFETY: the model's memory belongs to this value alone; Verilator's generated code keeps no
// thread-local state but the context, which every entry of the shim sets, and every access takes `&mut self` or reads what no other thread can write.
unsafe impl Send for Model {}

impl Model {
    /// Compiles the module `top` of a Verilog text, or finds it compiled.
    ///
    /// Errors: Verilator or the compiler is missing or refuses the text; the folder cannot be written.
    pub fn new(verilog: &str) -> Result<Model, HdlError> {
        Self::load(&build::library(verilog, &cache())?)
    }

    fn load(path: &Path) -> Result<Model, HdlError> {
        // SAFETY: the library was built by `build::library`: its initialisers are those of the C++
        // runtime, and the symbols have the types of the shim that was compiled into it.
        unsafe {
            let library = Library::new(path)?;
            let new: unsafe extern "C" fn() -> *mut c_void = *library.get(b"model_new")?;
            let port: unsafe extern "C" fn(*mut c_void, u32) -> *mut u8 =
                *library.get(b"model_port")?;
            let state = new();
            let places = build::ports(path)?.into_iter().enumerate();
            let place = |(i, (name, bytes)): (usize, (String, usize))| Place {
                name,
                memory: port(state, i as u32),
                bytes,
            };
            Ok(Model {
                state,
                places: places.map(place).collect(),
                tick: *library.get(b"model_tick")?,
                settle: *library.get(b"model_settle")?,
                free: *library.get(b"model_free")?,
                _library: library,
            })
        }
    }

    /// The port of this name.
    pub fn port(&self, name: &str) -> Result<Port, HdlError> {
        let found = self.places.iter().position(|place| place.name == name);
        found.map(Port).ok_or_else(|| HdlError::NoPort(name.into()))
    }

    /// Sets an input of up to 64 bits; what does not fit the port must be zero.
    #[inline]
    pub fn set(&mut self, port: Port, word: u64) {
        let Place { memory, bytes, .. } = self.places[port.0];
        // SAFETY: the shim's pointer is to `bytes` bytes of the model, which lives as long as `self`; they are
        // 1, 2, 4, 8 or more, little-endian.
        unsafe {
            match bytes {
                1 => memory.write(word as u8),
                2 => memory.cast::<u16>().write_unaligned(word as u16),
                4 => memory.cast::<u32>().write_unaligned(word as u32),
                _ => memory.cast::<u64>().write_unaligned(word),
            }
        }
    }

    /// Sets an input of any width from little-endian words; missing words are zero.
    pub fn set_wide(&mut self, port: Port, words: &[u64]) {
        let place = &self.places[port.0];
        let padded = words.iter().copied().chain(std::iter::repeat(0));
        let bytes = padded.flat_map(u64::to_le_bytes);
        // SAFETY: as in `set`.
        let memory = unsafe { std::slice::from_raw_parts_mut(place.memory, place.bytes) };
        memory
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = from);
    }

    /// The lowest 64 bits of a port. Outputs that depend on inputs without a register between need
    /// [`Model::settle`] first.
    #[inline]
    pub fn get(&self, port: Port) -> u64 {
        let Place { memory, bytes, .. } = self.places[port.0];
        // SAFETY: as in `set`; nothing writes while `self` is borrowed.
        unsafe {
            match bytes {
                1 => memory.read().into(),
                2 => memory.cast::<u16>().read_unaligned().into(),
                4 => memory.cast::<u32>().read_unaligned().into(),
                _ => memory.cast::<u64>().read_unaligned(),
            }
        }
    }

    /// A port of any width as little-endian words.
    pub fn get_wide(&self, port: Port) -> Vec<u64> {
        let place = &self.places[port.0];
        // SAFETY: as in `get`.
        let memory = unsafe { std::slice::from_raw_parts(place.memory, place.bytes) };
        let word = |bytes: &[u8]| {
            let byte = |word: u64, byte: &u8| word << 8 | *byte as u64;
            bytes.iter().rev().fold(0, byte)
        };
        memory.chunks(8).map(word).collect()
    }

    /// `count` periods of the port `clock`.
    #[inline]
    pub fn tick(&mut self, count: u64) {
        // SAFETY: `state` came from `model_new` of the same library.
        unsafe { (self.tick)(self.state, count) }
    }

    /// Lets outputs follow inputs that have been set since the last tick.
    #[inline]
    pub fn settle(&mut self) {
        // SAFETY: as in `tick`.
        unsafe { (self.settle)(self.state) }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: as in `tick`; nothing uses the model afterwards.
        unsafe { (self.free)(self.state) }
    }
}
