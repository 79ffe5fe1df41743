//! Pinned memory, through which bytes go to and from a device while the host copies the next ones.

use super::context::{Context, Event, Owned, Stream};
use crate::error::DeviceError;
use cudarc::driver::result;
use cudarc::driver::sys::CUdeviceptr;
use std::ffi::c_void;
use std::sync::Arc;

/// Bytes of a chunk, and how many are on their way at once.
const CHUNK_BYTES: usize = 4 << 20;
const CHUNKS: usize = 4;

/// A piece of pinned memory and its last copy.
struct Chunk {
    memory: Owned<*mut c_void>,
    copied: Event,
}

impl Chunk {
    /// The first bytes, when no copy needs them.
    fn bytes(&mut self, len: usize) -> Result<&mut [u8], DeviceError> {
        self.copied.wait()?;
        let bytes = self.memory.raw().cast::<u8>();
        // SAFETY: no copy is under way, and `len` is at most a chunk's.
        Ok(unsafe { std::slice::from_raw_parts_mut(bytes, len.min(CHUNK_BYTES)) })
    }
}

pub(super) struct Staging {
    chunks: Vec<Chunk>,
    next: usize,
    context: Arc<Context>,
}

impl Staging {
    pub(super) fn new(context: &Arc<Context>, stream: &Stream) -> Result<Self, DeviceError> {
        let chunk = || {
            // SAFETY: the memory is read when bytes have been written.
            let make = || unsafe { result::malloc_host(CHUNK_BYTES, 0) };
            Ok(Chunk {
                memory: Owned::new(context, make, result::free_host)?,
                copied: Event::now(stream)?,
            })
        };
        let chunks = std::iter::repeat_with(chunk).take(CHUNKS);
        Ok(Staging {
            chunks: chunks.collect::<Result<_, DeviceError>>()?,
            next: 0,
            context: context.clone(),
        })
    }

    /// Copies to the device, in the stream's order. The bytes are the caller's again at once.
    pub(super) fn upload(
        &mut self,
        stream: &Stream,
        to: CUdeviceptr,
        bytes: &[u8],
    ) -> Result<(), DeviceError> {
        for (i, part) in bytes.chunks(CHUNK_BYTES).enumerate() {
            let chunk = &mut self.chunks[self.next % CHUNKS];
            self.next += 1;
            let pinned = chunk.bytes(part.len())?;
            pinned.copy_from_slice(part);
            let to = to + (i * CHUNK_BYTES) as u64;
            // SAFETY: the caller's buffer holds all the bytes; the chunk is left alone until `copied`.
            let copy = || unsafe { result::memcpy_htod_async(to, pinned, stream.raw()) };
            self.context.call(copy)?;
            chunk.copied.record(stream)?;
        }
        Ok(())
    }

    /// Copies to the host, in the stream's order, and waits.
    pub(super) fn download(
        &mut self,
        stream: &Stream,
        from: CUdeviceptr,
        to: &mut [u8],
    ) -> Result<(), DeviceError> {
        let mut parts: Vec<&mut [u8]> = to.chunks_mut(CHUNK_BYTES).collect();
        for i in 0..parts.len() + CHUNKS {
            let chunk = &mut self.chunks[i % CHUNKS];
            if let Some(part) = i.checked_sub(CHUNKS).and_then(|i| parts.get_mut(i)) {
                part.copy_from_slice(chunk.bytes(part.len())?);
            }
            if let Some(part) = parts.get(i) {
                let from = from + (i * CHUNK_BYTES) as u64;
                let pinned = chunk.bytes(part.len())?;
                // SAFETY: the caller's buffer has all the bytes; the chunk is left alone until `copied`.
                let copy = || unsafe { result::memcpy_dtoh_async(pinned, from, stream.raw()) };
                self.context.call(copy)?;
                chunk.copied.record(stream)?;
            }
        }
        Ok(())
    }
}
