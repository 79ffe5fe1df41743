//! Memory for large jobs: large pages, copies by all threads.

#[cfg(target_arch = "x86_64")]
mod table;

use crate::parallel;
#[cfg(target_arch = "x86_64")]
pub(crate) use table::Table;

/// Bytes of a large page.
const LARGE: usize = 1 << 21;

/// Bytes that one task copies.
const TASK: usize = 1 << 20;

/// Asks the system for large pages where whole ones fit: best before the memory is first touched.
pub fn advise_large_pages(memory: &mut [u8]) {
    let start = memory.as_ptr().align_offset(LARGE).min(memory.len());
    let inside = &mut memory[start..];
    advise(inside.as_mut_ptr(), inside.len() / LARGE * LARGE);
}

/// A wish; whatever the system answers is right.
#[cfg(target_os = "linux")]
fn advise(start: *mut u8, bytes: usize) {
    if bytes >= LARGE {
        // SAFETY: the range is memory of the caller's; the advice changes no content.
        unsafe { libc::madvise(start.cast(), bytes, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn advise(_: *mut u8, _: usize) {}

/// to = from, of equal lengths, on all threads where it is much.
pub fn copy(to: &mut [u8], from: &[u8]) {
    if from.len() <= TASK {
        return to.copy_from_slice(from);
    }
    parallel::chunks(to, TASK, |i, to| {
        to.copy_from_slice(&from[i * TASK..][..to.len()])
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_advice_keep_every_byte() {
        for len in [0, 1, TASK, 2 * LARGE + TASK + 5] {
            let from: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            let mut to = vec![0; len];
            advise_large_pages(&mut to);
            copy(&mut to, &from);
            assert!(to == from);
        }
    }
}
