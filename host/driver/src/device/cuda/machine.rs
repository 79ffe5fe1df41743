//! Three streams of one CUDA device as a [`Machine`].

use super::context::{Context, Event, Owned, Stream, stream};
use super::image;
use super::info::Facts;
use super::staging::Staging;
use crate::device::gpu::{Driven, Programs, Refused, Times};
use crate::error::DeviceError;
use cudarc::driver::result;
use cudarc::driver::sys::{self, CUdeviceptr, CUmodule};
use proofmill_kernels::{Arg, Machine, Program, Properties, ptx};
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::Arc;
use std::time::Duration;

/// Threads of a multiprocessor that keep it busy.
const THREADS_EACH: usize = 2048;
/// Part of the memory that one buffer may have: a job holds several.
const BUFFER_PART: usize = 4;

/// Device memory, given back in the order of what computes.
pub(super) struct Memory {
    address: CUdeviceptr,
    bytes: usize,
    compute: Arc<Stream>,
    context: Arc<Context>,
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the one owner, which is gone; copies were waited for by the stream that computes.
        let free = || unsafe { result::free_async(self.address, self.compute.raw()) };
        let _ = self.context.call(free);
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        // no copy needs the pinned memory any more
        let _ = self.settle();
    }
}

/// A program with those of its kernels that were launched.
struct Loaded {
    kernels: HashMap<&'static str, sys::CUfunction>,
    module: Owned<CUmodule>,
}

// SAFETY: the driver's handles may be used from any thread.
unsafe impl Send for Loaded {}

/// Streams, with the programs and the memory of one device.
pub(super) struct Streams {
    programs: Programs<Loaded>,
    /// Beginnings and ends of copies since the last rest.
    copies: Vec<[Event; 2]>,
    marks: Vec<Event>,
    staging: Staging,
    pool: Owned<sys::CUmemoryPool>,
    up: Arc<Stream>,
    compute: Arc<Stream>,
    down: Arc<Stream>,
    context: Arc<Context>,
    facts: Facts,
}

impl Streams {
    pub(super) fn new(facts: Facts) -> Result<Self, DeviceError> {
        let context = Context::new(facts.device)?;
        let [up, compute, down] = [stream(&context)?, stream(&context)?, stream(&context)?];
        Ok(Streams {
            programs: Programs::default(),
            copies: Vec::new(),
            marks: Vec::new(),
            staging: Staging::new(&context, &compute)?,
            pool: pool(&context, facts.ordinal)?,
            up,
            compute,
            down,
            context,
            facts,
        })
    }

    /// Memory whose first use is in this stream's order.
    fn alloc_in(&self, stream: &Stream, bytes: usize) -> Result<Memory, DeviceError> {
        let bytes = bytes.max(1);
        // SAFETY: what is read of it was written first.
        let alloc =
            || unsafe { result::mem_pool::alloc_async(self.pool.raw(), bytes, stream.raw()) };
        Ok(Memory {
            address: self.context.call(alloc)?,
            bytes,
            compute: self.compute.clone(),
            context: self.context.clone(),
        })
    }

    fn read_after(
        &mut self,
        ready: &Event,
        from: CUdeviceptr,
        to: &mut [u8],
    ) -> Result<(), DeviceError> {
        ready.hold(&self.down)?;
        let start = Event::now(&self.down)?;
        self.staging.download(&self.down, from, to)?;
        self.copies.push([start, Event::now(&self.down)?]);
        Ok(())
    }

    fn kernel(
        &mut self,
        program: Program,
        name: &'static str,
    ) -> Result<sys::CUfunction, DeviceError> {
        let (context, facts) = (&self.context, &self.facts);
        let loaded = self
            .programs
            .get(program, || load(context, facts, program))?;
        if let Some(kernel) = loaded.kernels.get(name) {
            return Ok(*kernel);
        }
        let kernel = image::kernel(context, &loaded.module, name)?;
        loaded.kernels.insert(name, kernel);
        Ok(kernel)
    }
}

fn load(
    context: &Arc<Context>,
    facts: &Facts,
    program: Program,
) -> Result<Result<Loaded, String>, DeviceError> {
    let built = image::build(context, facts, program)?;
    let kernels = HashMap::new();
    Ok(built.map(|module| Loaded { kernels, module }))
}

/// Memory of one device that is kept when it is given back: the next job wants it again.
fn pool(context: &Arc<Context>, ordinal: i32) -> Result<Owned<sys::CUmemoryPool>, DeviceError> {
    let properties = sys::CUmemPoolProps {
        allocType: sys::CUmemAllocationType::CU_MEM_ALLOCATION_TYPE_PINNED,
        handleTypes: sys::CUmemAllocationHandleType::CU_MEM_HANDLE_TYPE_NONE,
        location: sys::CUmemLocation {
            type_: sys::CUmemLocationType::CU_MEM_LOCATION_TYPE_DEVICE,
            id: ordinal,
        },
        win32SecurityAttributes: std::ptr::null_mut(),
        maxSize: 0,
        usage: 0,
        reserved: [0; 54],
    };
    // SAFETY: the properties are whole.
    let make = || unsafe { result::mem_pool::create(&properties) };
    let pool = Owned::new(context, make, result::mem_pool::destroy)?;
    let mut keep = u64::MAX;
    let threshold = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    // SAFETY: this attribute is a 64-bit number.
    let set = || unsafe {
        result::mem_pool::set_attribute(pool.raw(), threshold, (&raw mut keep).cast())
    };
    context.call(set)?;
    Ok(pool)
}

impl Machine for Streams {
    type Buffer = Memory;
    type Error = DeviceError;

    fn properties(&self) -> Properties {
        Properties {
            parallel: self.facts.multiprocessors.max(1) as usize * THREADS_EACH,
            ..ptx::PROPERTIES
        }
    }

    fn alloc(&mut self, bytes: usize) -> Result<Memory, DeviceError> {
        self.alloc_in(&self.compute, bytes)
    }

    fn write(&mut self, to: &Memory, offset: usize, bytes: &[u8]) -> Result<(), DeviceError> {
        inside(to, offset, bytes.len())?;
        Event::now(&self.compute)?.hold(&self.up)?;
        let start = Event::now(&self.up)?;
        self.staging
            .upload(&self.up, to.address + offset as u64, bytes)?;
        let end = Event::now(&self.up)?;
        end.hold(&self.compute)?;
        self.copies.push([start, end]);
        Ok(())
    }

    fn read(&mut self, from: &Memory, offset: usize, to: &mut [u8]) -> Result<(), DeviceError> {
        inside(from, offset, to.len())?;
        let ready = Event::now(&self.compute)?;
        self.read_after(&ready, from.address + offset as u64, to)
    }

    fn launch(
        &mut self,
        program: Program,
        name: &'static str,
        groups: usize,
        args: &[Arg<'_, Memory>],
    ) -> Result<(), DeviceError> {
        if groups == 0 {
            return Ok(());
        }
        let grid = u32::try_from(groups)
            .map_err(|_| DeviceError::Unsupported(format!("{groups} work-groups")))?;
        let kernel = self.kernel(program, name)?;
        // a 32-bit parameter is read from the first bytes of its word
        let word = |arg: &Arg<'_, Memory>| match arg {
            Arg::Buffer(memory) => memory.address.to_le_bytes(),
            Arg::Word(word) => u64::from(*word).to_le_bytes(),
        };
        let mut words: Vec<[u8; 8]> = args.iter().map(word).collect();
        let mut places: Vec<*mut c_void> = words
            .iter_mut()
            .map(|word| word.as_mut_ptr().cast())
            .collect();
        let (threads, stream) = (ptx::PROPERTIES.threads, self.compute.raw());
        // SAFETY: the callers give each kernel what its source asks for, in buffers that hold it.
        self.context.call(|| unsafe {
            result::launch_kernel(
                kernel,
                (grid, 1, 1),
                (threads, 1, 1),
                0,
                stream,
                &mut places,
            )
        })
    }

    /// In the order of copies alone: what was launched before goes on beside it.
    fn upload(&mut self, bytes: &[u8]) -> Result<Memory, DeviceError> {
        let [start, end] = [Event::now(&self.up)?, Event::now(&self.up)?];
        let memory = self.alloc_in(&self.up, bytes.len())?;
        let copied = self.staging.upload(&self.up, memory.address, bytes);
        // whether or not all was copied: before the memory can be given back
        end.record(&self.up)?;
        end.hold(&self.compute)?;
        self.copies.push([start, end]);
        copied.map(|()| memory)
    }
}

fn inside(memory: &Memory, offset: usize, bytes: usize) -> Result<(), DeviceError> {
    match offset.checked_add(bytes) {
        Some(end) if end <= memory.bytes => Ok(()),
        _ => Err(DeviceError::Failed(format!(
            "copy of {bytes} bytes beyond a buffer's end"
        ))),
    }
}

impl Driven for Streams {
    type Ready = (Memory, Event);

    fn ready(&mut self, memory: Memory) -> Result<Self::Ready, DeviceError> {
        Ok((memory, Event::now(&self.compute)?))
    }

    fn fetch(&mut self, ready: Self::Ready, to: &mut [u8]) -> Result<(), DeviceError> {
        let (memory, ready) = ready;
        inside(&memory, 0, to.len())?;
        self.read_after(&ready, memory.address, to)
    }

    fn mark(&mut self) -> Result<(), DeviceError> {
        self.marks.push(Event::now(&self.compute)?);
        Ok(())
    }

    fn settle(&mut self) -> Result<Times, DeviceError> {
        let (marks, copies) = (
            std::mem::take(&mut self.marks),
            std::mem::take(&mut self.copies),
        );
        for stream in [&self.up, &self.compute, &self.down] {
            // SAFETY: it lives.
            let wait = || unsafe { result::stream::synchronize(stream.raw()) };
            self.context.call(wait)?;
        }
        let between = |pair: &[Event]| pair[1].since(&pair[0]);
        let steps = marks.windows(2).map(between).collect::<Result<_, _>>()?;
        let transfer = copies
            .iter()
            .map(|pair| between(pair))
            .sum::<Result<Duration, _>>()?;
        Ok(Times {
            steps,
            transfer: Some(transfer),
        })
    }

    fn prepare(&mut self, program: Program) -> Result<(), DeviceError> {
        let (context, facts) = (&self.context, &self.facts);
        self.programs
            .get(program, || load(context, facts, program))?;
        Ok(())
    }

    fn largest_buffer(&self) -> usize {
        self.facts.memory / BUFFER_PART
    }

    fn refused(&self) -> Refused {
        self.programs.refused()
    }
}
