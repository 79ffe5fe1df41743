//! A context of one device, what lives in it, and what the driver's errors mean.

use crate::error::DeviceError;
use cudarc::driver::sys::CUresult;
use cudarc::driver::{DriverError, result, sys};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A context of its own: what one pool breaks, another does not notice.
pub(super) struct Context {
    raw: sys::CUcontext,
    /// It did not survive an error.
    retired: AtomicBool,
}

// SAFETY: contexts may be made current in any thread.
unsafe impl Send for Context {}
// SAFETY: as above; the driver locks what it shares.
unsafe impl Sync for Context {}

/// What a context, or its device, does not survive: every later call would fail too.
fn is_fatal(code: CUresult) -> bool {
    use CUresult::*;
    matches!(
        code,
        CUDA_ERROR_DEINITIALIZED
            | CUDA_ERROR_DEVICE_UNAVAILABLE
            | CUDA_ERROR_NO_DEVICE
            | CUDA_ERROR_INVALID_DEVICE
            | CUDA_ERROR_INVALID_CONTEXT
            | CUDA_ERROR_ECC_UNCORRECTABLE
            | CUDA_ERROR_NVLINK_UNCORRECTABLE
            | CUDA_ERROR_CONTAINED
            | CUDA_ERROR_ILLEGAL_ADDRESS
            | CUDA_ERROR_LAUNCH_TIMEOUT
            | CUDA_ERROR_CONTEXT_IS_DESTROYED
            | CUDA_ERROR_ASSERT
            | CUDA_ERROR_HARDWARE_STACK_ERROR
            | CUDA_ERROR_ILLEGAL_INSTRUCTION
            | CUDA_ERROR_MISALIGNED_ADDRESS
            | CUDA_ERROR_INVALID_ADDRESS_SPACE
            | CUDA_ERROR_INVALID_PC
            | CUDA_ERROR_LAUNCH_FAILED
            | CUDA_ERROR_TENSOR_MEMORY_LEAK
            | CUDA_ERROR_EXTERNAL_DEVICE
            | CUDA_ERROR_UNKNOWN
    )
}

/// An error of the driver in words, such as `CUDA_ERROR_OUT_OF_MEMORY (2)`.
pub(super) fn words(DriverError(code): DriverError) -> String {
    format!("{code:?} ({})", code as i32)
}

/// An error of the driver outside a context.
pub(super) fn failed(error: DriverError) -> DeviceError {
    let text = words(error);
    match error.0 {
        CUresult::CUDA_ERROR_OUT_OF_MEMORY => DeviceError::OutOfMemory(text),
        code if is_fatal(code) => DeviceError::Lost(text),
        _ => DeviceError::Failed(text),
    }
}

impl Context {
    pub(super) fn new(device: sys::CUdevice) -> Result<Arc<Self>, DeviceError> {
        let mut raw = std::ptr::null_mut();
        // SAFETY: the device was listed; its context is destroyed when this is dropped.
        unsafe { sys::cuCtxCreate_v2(&mut raw, 0, device) }
            .result()
            .map_err(failed)?;
        let context = Context {
            raw,
            retired: AtomicBool::new(false),
        };
        // it was made current by its creation
        context.judge(pop())?;
        Ok(Arc::new(context))
    }

    /// An answer of the driver. A fatal error retires the context.
    pub(super) fn judge<T>(&self, answer: Result<T, DriverError>) -> Result<T, DeviceError> {
        answer.map_err(|error| {
            if is_fatal(error.0) {
                self.retired.store(true, Ordering::Relaxed);
            }
            failed(error)
        })
    }

    /// Makes a call with this context current, unless it is retired. The thread's own context is its own again
    /// afterwards.
    pub(super) fn call<T>(
        &self,
        call: impl FnOnce() -> Result<T, DriverError>,
    ) -> Result<T, DeviceError> {
        if self.retired.load(Ordering::Relaxed) {
            return Err(DeviceError::Lost(
                "its context did not survive an error".into(),
            ));
        }
        // SAFETY: a context that lives as long as this.
        let pushed = unsafe { sys::cuCtxPushCurrent_v2(self.raw) };
        self.judge(pushed.result())?;
        let answer = call();
        let popped = pop();
        self.judge(answer)
            .and_then(|answer| self.judge(popped.map(|()| answer)))
    }
}

/// Takes what is current away.
fn pop() -> Result<(), DriverError> {
    let mut popped = std::ptr::null_mut();
    // SAFETY: writes a handle.
    unsafe { sys::cuCtxPopCurrent_v2(&mut popped) }.result()
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: what lives in it holds it and is gone, or has been left to this call.
        let _ = unsafe { sys::cuCtxDestroy_v2(self.raw) };
    }
}

/// Gives an object back.
type Release<T> = unsafe fn(T) -> Result<(), DriverError>;

/// An object of the driver's in its context, given back when dropped; in a retired context it goes with the
/// context.
pub(super) struct Owned<T: Copy> {
    raw: T,
    release: Release<T>,
    context: Arc<Context>,
}

// SAFETY: the driver's handles may be used from any thread.
unsafe impl<T: Copy> Send for Owned<T> {}
// SAFETY: as above; the driver locks what it shares.
unsafe impl<T: Copy> Sync for Owned<T> {}

impl<T: Copy> Owned<T> {
    pub(super) fn new(
        context: &Arc<Context>,
        make: impl FnOnce() -> Result<T, DriverError>,
        release: Release<T>,
    ) -> Result<Self, DeviceError> {
        Ok(Owned {
            raw: context.call(make)?,
            release,
            context: context.clone(),
        })
    }

    pub(super) fn raw(&self) -> T {
        self.raw
    }
}

impl<T: Copy> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: the one owner, which is gone.
        let _ = self.context.call(|| unsafe { (self.release)(self.raw) });
    }
}

/// A stream that waits for no other one.
pub(super) type Stream = Owned<sys::CUstream>;

pub(super) fn stream(context: &Arc<Context>) -> Result<Arc<Stream>, DeviceError> {
    let make = || result::stream::create(result::stream::StreamKind::NonBlocking);
    Owned::new(context, make, result::stream::destroy).map(Arc::new)
}

/// A moment in a stream.
pub(super) type Event = Owned<sys::CUevent>;

impl Event {
    /// An event that is recorded now, and again when [`Event::record`] says so.
    pub(super) fn now(stream: &Stream) -> Result<Self, DeviceError> {
        let make = || result::event::create(sys::CUevent_flags::CU_EVENT_DEFAULT);
        let event = Owned::new(&stream.context, make, result::event::destroy)?;
        event.record(stream)?;
        Ok(event)
    }

    pub(super) fn record(&self, stream: &Stream) -> Result<(), DeviceError> {
        // SAFETY: both live, in one context.
        let record = || unsafe { result::event::record(self.raw, stream.raw) };
        self.context.call(record)
    }

    /// Has the host wait for it.
    pub(super) fn wait(&self) -> Result<(), DeviceError> {
        // SAFETY: it lives.
        self.context
            .call(|| unsafe { result::event::synchronize(self.raw) })
    }

    /// Has a stream wait for it.
    pub(super) fn hold(&self, stream: &Stream) -> Result<(), DeviceError> {
        let flags = sys::CUevent_wait_flags::CU_EVENT_WAIT_DEFAULT;
        // SAFETY: both live, in one context.
        let wait = || unsafe { result::stream::wait_event(stream.raw, self.raw, flags) };
        self.context.call(wait)
    }

    /// Time from an earlier one, when both have happened.
    pub(super) fn since(&self, earlier: &Event) -> Result<std::time::Duration, DeviceError> {
        // SAFETY: both live, in one context.
        let elapsed = || unsafe { result::event::elapsed(earlier.raw, self.raw) };
        let milliseconds = self.context.call(elapsed)?;
        Ok(std::time::Duration::try_from_secs_f32(milliseconds / 1e3).unwrap_or_default())
    }
}
