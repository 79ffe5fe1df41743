//! A queue of one OpenCL device as a [`Machine`].

use super::info::Facts;
use super::object::Object;
use super::programs::{Built, Target};
use crate::device::gpu::{Driven, Programs, Refused, Times};
use crate::error::DeviceError;
use ocl::core::{self, ArgVal, CommandQueueProperties, ContextProperties, Event, MemFlags, Status};
use ocl::core::{ProfilingInfo, ProfilingInfoResult};
use proofmill_kernels::{Arg, Machine, Program, Properties};
use std::time::{Duration, Instant};

/// Local memory that a transform's tile takes at most: what GPUs have, and what a core's first cache holds.
const LOCAL_BYTES: usize = 1 << 15;

/// Device memory.
pub(super) struct Memory {
    object: Object<core::Mem>,
}

/// An in-order queue with its programs. Fields are given back in their order.
pub(super) struct Queue {
    programs: Programs<Built>,
    copies: Vec<Object<Event>>,
    marks: Vec<Instant>,
    queue: Object<core::CommandQueue>,
    context: Object<core::Context>,
    facts: Facts,
}

// SAFETY: OpenCL objects may be used from any thread, kernels' arguments from one at a time, which `&mut
// self` is.
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Send for Memory {}

impl Queue {
    pub(super) fn new(facts: Facts) -> Result<Self, DeviceError> {
        let properties = ContextProperties::new().platform(facts.platform_id);
        let context = core::create_context(Some(&properties), &[facts.id], None, None);
        let context = Object::new(context.map_err(failed)?);
        let profiled = Some(CommandQueueProperties::PROFILING_ENABLE);
        let queue = core::create_command_queue(&*context, facts.id, profiled).map_err(failed)?;
        Ok(Queue {
            programs: Programs::default(),
            copies: Vec::new(),
            marks: Vec::new(),
            queue: Object::new(queue),
            context,
            facts,
        })
    }
}

/// An error of anything but an allocation: a kernel that faults also ends in `CL_OUT_OF_RESOURCES`.
pub(super) fn failed(error: core::Error) -> DeviceError {
    // the crate's own text is a page long
    let text = match error.api_status() {
        Some(status) => format!("{status:?} ({})", status as i32),
        None => error.to_string(),
    };
    match error.api_status() {
        // memory may be taken as late as the launch that uses it
        Some(Status::CL_MEM_OBJECT_ALLOCATION_FAILURE) => DeviceError::OutOfMemory(text),
        Some(Status::CL_DEVICE_NOT_AVAILABLE) => DeviceError::Lost(text),
        _ => DeviceError::Failed(text),
    }
}

impl Queue {
    /// Launches every kernel once, with nothing to do: PoCL compiles them as late as that.
    fn launch_all(&mut self, program: Program) -> Result<(), DeviceError> {
        let memory = self.alloc(1 << 12)?;
        for (name, parameters) in program.kernels() {
            let args = parameters.iter().map(|is_memory| match is_memory {
                true => Arg::Buffer(&memory),
                false => Arg::Word(0),
            });
            self.launch(program, name, 1, &args.collect::<Vec<_>>())?;
        }
        core::finish(&self.queue).map_err(failed)
    }
}

type NoWait<'a> = Option<&'a Event>;

impl Machine for Queue {
    type Buffer = Memory;
    type Error = DeviceError;

    fn properties(&self) -> Properties {
        let Facts {
            is_cpu,
            units,
            local_bytes,
            largest_group,
            ..
        } = self.facts;
        let (threads, each) = if is_cpu { (64, 64) } else { (128, 2048) };
        Properties {
            threads: (1 << largest_group.ilog2()).min(threads),
            local_bytes: local_bytes.min(LOCAL_BYTES),
            parallel: units.max(1) as usize * each,
        }
    }

    fn alloc(&mut self, bytes: usize) -> Result<Memory, DeviceError> {
        if bytes > self.facts.largest_buffer {
            let what = format!("{bytes} bytes, {} at most", self.facts.largest_buffer);
            return Err(DeviceError::OutOfMemory(what));
        }
        let flags = MemFlags::READ_WRITE;
        // SAFETY: no host memory is lent.
        let mem =
            unsafe { core::create_buffer::<_, u8>(&*self.context, flags, bytes.max(1), None) };
        let full = |error: core::Error| DeviceError::OutOfMemory(failed(error).to_string());
        let object = Object::new(mem.map_err(full)?);
        Ok(Memory { object })
    }

    fn write(&mut self, to: &Memory, offset: usize, bytes: &[u8]) -> Result<(), DeviceError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut event = Event::null();
        // SAFETY: blocks until the bytes are copied.
        unsafe {
            core::enqueue_write_buffer(
                &self.queue,
                &*to.object,
                true,
                offset,
                bytes,
                NoWait::None,
                Some(&mut event),
            )
        }
        .map_err(failed)?;
        self.copies.push(Object::new(event));
        Ok(())
    }

    fn read(&mut self, from: &Memory, offset: usize, to: &mut [u8]) -> Result<(), DeviceError> {
        if to.is_empty() {
            return Ok(());
        }
        let mut event = Event::null();
        // SAFETY: blocks until the bytes are there.
        unsafe {
            core::enqueue_read_buffer(
                &self.queue,
                &*from.object,
                true,
                offset,
                to,
                NoWait::None,
                Some(&mut event),
            )
        }
        .map_err(failed)?;
        self.copies.push(Object::new(event));
        Ok(())
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
        let properties = self.properties();
        let threads = properties.threads as usize;
        let target = Target {
            context: &self.context,
            facts: &self.facts,
            properties,
        };
        let built = self.programs.get(program, || target.build(program))?;
        let kernel = built.kernel(name)?;
        for (i, arg) in args.iter().enumerate() {
            let value = match arg {
                Arg::Buffer(memory) => ArgVal::mem(&memory.object),
                Arg::Word(word) => ArgVal::scalar(word),
            };
            core::set_kernel_arg(kernel, i as u32, value).map_err(failed)?;
        }
        let (all, each) = ([groups * threads, 1, 1], Some([threads, 1, 1]));
        // SAFETY: the callers give each kernel what its source asks for, in buffers that hold it.
        unsafe {
            core::enqueue_kernel(
                &self.queue,
                kernel,
                1,
                None,
                &all,
                each,
                NoWait::None,
                None::<&mut Event>,
            )
        }
        .map_err(failed)
    }
}

impl Driven for Queue {
    /// One queue: everything is in order.
    type Ready = Memory;

    fn ready(&mut self, memory: Memory) -> Result<Memory, DeviceError> {
        Ok(memory)
    }

    fn fetch(&mut self, ready: Memory, to: &mut [u8]) -> Result<(), DeviceError> {
        self.read(&ready, 0, to)
    }

    fn mark(&mut self) -> Result<(), DeviceError> {
        core::finish(&self.queue).map_err(failed)?;
        self.marks.push(Instant::now());
        Ok(())
    }

    fn settle(&mut self) -> Result<Times, DeviceError> {
        let marks = std::mem::take(&mut self.marks);
        let copies = std::mem::take(&mut self.copies);
        core::finish(&self.queue).map_err(failed)?;
        let nanos = |event: &Event, info| match core::get_event_profiling_info(event, info) {
            Ok(ProfilingInfoResult::Start(t) | ProfilingInfoResult::End(t)) => Some(t),
            _ => None,
        };
        let took = |event: Object<Event>| {
            let start = nanos(&event, ProfilingInfo::Start)?;
            Some(Duration::from_nanos(
                nanos(&event, ProfilingInfo::End)?.saturating_sub(start),
            ))
        };
        Ok(Times {
            steps: marks.windows(2).map(|pair| pair[1] - pair[0]).collect(),
            transfer: copies.into_iter().map(took).sum(),
        })
    }

    fn prepare(&mut self, program: Program) -> Result<(), DeviceError> {
        let target = Target {
            context: &self.context,
            facts: &self.facts,
            properties: self.properties(),
        };
        let known = self.programs.knows(program);
        self.programs.get(program, || target.build(program))?;
        if self.facts.is_cpu && !known {
            self.launch_all(program)?;
        }
        Ok(())
    }

    fn largest_buffer(&self) -> usize {
        self.facts.largest_buffer
    }

    fn refused(&self) -> Refused {
        self.programs.refused()
    }
}
