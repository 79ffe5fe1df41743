//! The program's memory: what is large comes on large pages.
//!
//! A proof touches each megabyte of its buffers about once, and the first touch of a page of 4 KB costs a microsecond
//! or two: with 2 MB at a time this is some per cent of a proof's time less.

use std::alloc::{GlobalAlloc, Layout, System};

/// A large page of x86-64 and most others: memory from this size on is aligned to it.
const PAGE: usize = 1 << 21;

/// The system's allocator, asked for large pages where they fit.
pub(crate) struct LargePages;

/// How the system is asked: the same for every layout whenever it is asked.
fn widened(layout: Layout) -> Layout {
    match layout.size() < PAGE {
        true => layout,
        // no size that the system can give overflows by this
        false => layout.align_to(PAGE).unwrap_or(layout),
    }
}

// SAFETY: every call is passed to the system's allocator, with a layout at least as strict that depends on the
// caller's layout alone, so that memory is given back with the layout with which it was asked for.
unsafe impl GlobalAlloc for LargePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's size, which is not zero.
        let start = unsafe { System.alloc(widened(layout)) };
        advise(start, layout.size());
        start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: it came from `alloc` with this layout.
        unsafe { System.dealloc(start, widened(layout)) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() < PAGE {
            // SAFETY: the caller's layout.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: as in `alloc`.
        let start = unsafe { self.alloc(layout) };
        if !start.is_null() {
            // SAFETY: as many bytes as were allocated.
            unsafe { start.write_bytes(0, layout.size()) };
        }
        start
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.size() < PAGE && size < PAGE {
            // SAFETY: the caller's layout and size.
            return unsafe { System.realloc(start, layout, size) };
        }
        // SAFETY: the caller guarantees that the size fits a layout of this alignment.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the caller's size, which is not zero.
        let moved = unsafe { self.alloc(new) };
        if !moved.is_null() {
            // SAFETY: both hold as many bytes, and they are two allocations.
            unsafe { moved.copy_from_nonoverlapping(start, layout.size().min(size)) };
            // SAFETY: it came from `alloc` with this layout, and nobody uses it any more.
            unsafe { self.dealloc(start, layout) };
        }
        moved
    }
}

/// A wish; whatever the system answers is right.
#[cfg(target_os = "linux")]
fn advise(start: *mut u8, bytes: usize) {
    if bytes >= PAGE && !start.is_null() {
        // SAFETY: the range is a new allocation; the advice changes no content.
        unsafe { libc::madvise(start.cast(), bytes, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn advise(_: *mut u8, _: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_keeps_its_content_as_it_grows_and_shrinks_past_a_page() {
        let mut words: Vec<usize> = Vec::new();
        for len in [
            3,
            PAGE / 16,
            PAGE / 8 - 1,
            PAGE / 8,
            PAGE,
            5 * PAGE / 8,
            3,
            PAGE / 2,
        ] {
            words.truncate(len);
            words.extend(words.len()..len);
            words.shrink_to_fit();
            assert!(words.iter().copied().eq(0..len));
        }
    }

    #[test]
    fn large_memory_is_aligned_and_zeroed() {
        for _ in 0..4 {
            let mut bytes = vec![0u8; PAGE + 1];
            assert!((bytes.as_ptr() as usize).is_multiple_of(PAGE));
            assert!(bytes.iter().all(|b| *b == 0));
            bytes.fill(1);
        }
    }
}
