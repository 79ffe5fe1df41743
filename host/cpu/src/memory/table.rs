//! Tables for vector kernels: aligned for 64-byte vectors, on large pages where they are large.

use super::{LARGE, advise};
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A zeroed slice of plain words, 64-byte aligned; 2 MiB-aligned, on large pages where the system
/// gives them, from 2 MiB on. Not grown, not cloned.
pub(crate) struct Table<T: bytemuck::Pod> {
    data: NonNull<T>,
    len: usize,
    layout: Layout,
}

// SAFETY: it owns its memory like a `Box<[T]>`, and T is plain data.
unsafe impl<T: bytemuck::Pod + Send> Send for Table<T> {}
// SAFETY: as above.
unsafe impl<T: bytemuck::Pod + Sync> Sync for Table<T> {}

impl<T: bytemuck::Pod> Table<T> {
    /// `len` zeros. Aborts, as `Vec` does, where the memory is not to be had.
    pub(crate) fn zeroed(len: usize) -> Self {
        let large = len >= LARGE.div_ceil(size_of::<T>());
        let layout = Layout::array::<T>(len)
            .and_then(|layout| layout.align_to(if large { LARGE } else { 64 }));
        let Ok(layout) = layout else {
            handle_alloc_error(Layout::new::<T>())
        };
        if layout.size() == 0 {
            let data = NonNull::dangling();
            return Table { data, len, layout };
        }
        // SAFETY: the size is not zero.
        let start = unsafe { alloc(layout) };
        let Some(data) = NonNull::new(start.cast::<T>()) else {
            handle_alloc_error(layout)
        };
        // before the pages are touched
        advise(start, layout.size());
        // SAFETY: as many bytes as were allocated; all zero is a value of plain data.
        unsafe { start.write_bytes(0, layout.size()) };
        Table { data, len, layout }
    }
}

impl<T: bytemuck::Pod> Drop for Table<T> {
    fn drop(&mut self) {
        if self.layout.size() > 0 {
            // SAFETY: allocated in `zeroed` with this layout.
            unsafe { dealloc(self.data.as_ptr().cast(), self.layout) };
        }
    }
}

impl<T: bytemuck::Pod> Deref for Table<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `len` values, initialised (to zero: T is Pod), owned by self.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }
}

impl<T: bytemuck::Pod> DerefMut for Table<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`, and self is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned_and_zero() {
        for len in [0, 1, 1000, 1 << 19] {
            let mut table = Table::<u64>::zeroed(len);
            assert_eq!(table.as_ptr() as usize % 8, 0);
            assert!(len == 0 || (table.as_ptr() as usize).is_multiple_of(64));
            assert!(table.len() == len && table.iter().all(|x| *x == 0));
            table.fill(7);
        }
    }
}
