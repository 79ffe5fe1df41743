//! A queue of one OpenCL device as a [`Machine`].

use super::cache;
use super::info::Facts;
use crate::device::gpu::{Driven, Refused};
use crate::error::DeviceError;
use ocl::core::{self, ArgVal, CommandQueueProperties, ContextProperties, Event, MemFlags, Status};
use ocl::core::{
    ProfilingInfo, ProfilingInfoResult, ProgramBuildInfo, ProgramInfo, ProgramInfoResult,
};
use proofmill_kernels::{Arg, Machine, Program, Properties};
use std::collections::HashMap;
use std::ffi::CString;
use std::mem::ManuallyDrop;
use std::sync::PoisonError;
use std::time::Duration;

/// Local memory that a transform's tile takes at most: what GPUs have, and what a core's first cache holds.
const LOCAL_BYTES: usize = 1 << 15;

/// An object of OpenCL's, counted by it.
trait Counted {
    /// Gives a reference back.
    ///
    /// # Safety
    /// The reference must not be used again.
    unsafe fn release(&self) -> core::Result<()>;
}

macro_rules! counted {
    ($($object:ident by $release:ident),*) => {
        $(impl Counted for core::$object {
            unsafe fn release(&self) -> core::Result<()> {
                // SAFETY: passed on.
                unsafe { core::$release(self) }
            }
        })*
    };
}

counted!(
    Context by release_context,
    CommandQueue by release_command_queue,
    Program by release_program,
    Kernel by release_kernel,
    Mem by release_mem_object,
    Event by release_event
);

/// An object that is given back without a panic: a lost device refuses that too.
struct Object<T: Counted>(ManuallyDrop<T>);

impl<T: Counted> Object<T> {
    fn new(object: T) -> Self {
        Object(ManuallyDrop::new(object))
    }
}

impl<T: Counted> std::ops::Deref for Object<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Counted> Drop for Object<T> {
    fn drop(&mut self) {
        // SAFETY: the one reference that this object holds; it is gone.
        let _ = unsafe { self.0.release() };
    }
}

/// Device memory.
pub(super) struct Memory {
    object: Object<core::Mem>,
}

/// A program and those of its kernels that were launched.
struct Built {
    kernels: HashMap<&'static str, Object<core::Kernel>>,
    program: Object<core::Program>,
}

/// An in-order queue with its programs. Fields are given back in their order.
pub(super) struct Queue {
    programs: HashMap<Program, Result<Built, String>>,
    refused: Refused,
    copies: Vec<Object<Event>>,
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
            programs: HashMap::new(),
            refused: Refused::default(),
            copies: Vec::new(),
            queue: Object::new(queue),
            context,
            facts,
        })
    }

    fn options(&self, program: Program) -> String {
        let mut options = format!("-cl-std=CL1.2 -DTHREADS={}", self.properties().threads);
        if let Program::Field(field) = program {
            let log_tile = self.properties().log_tile(field.spec().bytes);
            options += &format!(" -DLOG_TILE={log_tile}");
        }
        options
    }

    /// A program from the cache on disk or from its source; else the compiler's log.
    fn build(&self, program: Program) -> Result<Built, String> {
        let (source, options) = (program.source(), self.options(program));
        let device =
            [&self.facts.name, &self.facts.platform, &self.facts.versions].map(String::as_str);
        let place = cache::place(&source, &options, &device.join("|"));
        let kept = place.as_ref().and_then(|place| std::fs::read(place).ok());
        if let Some(built) = kept.and_then(|binary| self.load(&binary, &options)) {
            return Ok(built);
        }
        let built = self.compile(&source, &options)?;
        let binaries = core::get_program_info(&built.program, ProgramInfo::Binaries);
        if let (Some(place), Ok(ProgramInfoResult::Binaries(binaries))) = (place, binaries)
            && let [binary] = &binaries[..]
        {
            cache::keep(&place, binary);
        }
        Ok(built)
    }

    fn load(&self, binary: &[u8], options: &str) -> Option<Built> {
        let program = core::create_program_with_binary(&*self.context, &[self.facts.id], &[binary]);
        let program = Object::new(program.ok()?);
        let options = CString::new(options).ok()?;
        core::build_program(&program, Some(&[self.facts.id]), &options, None, None).ok()?;
        Some(Built {
            kernels: HashMap::new(),
            program,
        })
    }

    fn compile(&self, source: &str, options: &str) -> Result<Built, String> {
        let text = |text: &str| CString::new(text).map_err(|e| e.to_string());
        let program = core::create_program_with_source(&*self.context, &[text(source)?]);
        let program = Object::new(program.map_err(|e| e.to_string())?);
        let built = core::build_program(
            &program,
            Some(&[self.facts.id]),
            &text(options)?,
            None,
            None,
        );
        if let Err(error) = built {
            let log =
                core::get_program_build_info(&program, self.facts.id, ProgramBuildInfo::BuildLog);
            let log = log.map(|log| log.to_string()).unwrap_or_default();
            return Err(match log.trim() {
                "" => error.to_string(),
                log => log.to_string(),
            });
        }
        Ok(Built {
            kernels: HashMap::new(),
            program,
        })
    }

    /// A kernel, built when it is first wanted. One that cannot be built is refused from then on.
    fn kernel(
        &mut self,
        program: Program,
        name: &'static str,
    ) -> Result<&core::Kernel, DeviceError> {
        if !self.programs.contains_key(&program) {
            let built = self.build(program);
            if built.is_err() {
                self.refused
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(program);
            }
            self.programs.insert(program, built);
        }
        let built = match self.programs.get_mut(&program) {
            Some(Ok(built)) => built,
            Some(Err(log)) => {
                let what = format!("{program}, which its compiler refuses:\n{log}");
                return Err(DeviceError::Unsupported(what));
            }
            None => return Err(DeviceError::Failed(format!("no {program}"))),
        };
        if !built.kernels.contains_key(name) {
            let kernel = core::create_kernel(&built.program, name).map_err(failed)?;
            let kernel = Object::new(kernel);
            built.kernels.insert(name, kernel);
        }
        Ok(&built.kernels[name])
    }
}

fn failed(error: core::Error) -> DeviceError {
    // the crate's own text is a page long
    let text = match error.api_status() {
        Some(status) => format!("{status:?} ({})", status as i32),
        None => error.to_string(),
    };
    match error.api_status() {
        Some(
            Status::CL_MEM_OBJECT_ALLOCATION_FAILURE
            | Status::CL_OUT_OF_RESOURCES
            | Status::CL_OUT_OF_HOST_MEMORY
            | Status::CL_INVALID_BUFFER_SIZE,
        ) => DeviceError::OutOfMemory(text),
        Some(Status::CL_DEVICE_NOT_AVAILABLE) => DeviceError::Lost(text),
        _ => DeviceError::Failed(text),
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
        let object = Object::new(mem.map_err(failed)?);
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
        let threads = self.properties().threads as usize;
        let kernel = self.kernel(program, name)?;
        for (i, arg) in args.iter().enumerate() {
            let value = match arg {
                Arg::Buffer(memory) => ArgVal::mem(&memory.object),
                Arg::Word(word) => ArgVal::scalar(word),
            };
            core::set_kernel_arg(kernel, i as u32, value).map_err(failed)?;
        }
        let (all, each) = ([groups * threads, 1, 1], Some([threads, 1, 1]));
        let kernel: *const core::Kernel = kernel;
        // SAFETY: the kernel lives in `self.programs`; the callers give each kernel what its source asks
        // for, in buffers that hold it.
        unsafe {
            core::enqueue_kernel(
                &self.queue,
                &*kernel,
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
    fn settle(&mut self) -> Result<Option<Duration>, DeviceError> {
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
        Ok(self.copies.drain(..).map(took).sum())
    }

    fn largest_buffer(&self) -> usize {
        self.facts.largest_buffer
    }

    fn refused(&self) -> Refused {
        self.refused.clone()
    }
}
