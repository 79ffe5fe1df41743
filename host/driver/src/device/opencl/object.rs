//! OpenCL's objects, given back without a panic: the crate's own destructors panic where a lost device
//! refuses that too.

use ocl::core::{self, ffi};
use std::mem::ManuallyDrop;

/// An object of OpenCL's, counted by it.
pub(super) trait Counted {
    /// Gives a reference back, whatever OpenCL says.
    ///
    /// # Safety
    /// The reference must not be used again.
    unsafe fn release(&self);
}

macro_rules! counted {
    ($($object:ident by $release:ident),*) => {
        $(impl Counted for core::$object {
            unsafe fn release(&self) {
                // SAFETY: passed on.
                unsafe { ffi::$release(self.as_ptr()) };
            }
        })*
    };
}

counted!(
    Context by clReleaseContext,
    CommandQueue by clReleaseCommandQueue,
    Program by clReleaseProgram,
    Kernel by clReleaseKernel,
    Mem by clReleaseMemObject
);

impl Counted for core::Event {
    unsafe fn release(&self) {
        // SAFETY: passed on; a null event was never made.
        unsafe {
            let event = *self.as_ptr_ref();
            if !event.is_null() {
                ffi::clReleaseEvent(event);
            }
        }
    }
}

/// The owner of one reference.
pub(super) struct Object<T: Counted>(ManuallyDrop<T>);

impl<T: Counted> Object<T> {
    pub(super) fn new(object: T) -> Self {
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
        unsafe { self.0.release() }
    }
}
