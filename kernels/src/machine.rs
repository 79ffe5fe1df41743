//! A device as the lists of launches see it.

use crate::Program;

/// What a device is good at.
#[derive(Clone, Copy, Debug)]
pub struct Properties {
    /// Threads of a work-group, a power of two; every kernel is launched with so many.
    pub threads: u32,
    /// Bytes of local memory that a work-group may use.
    pub local_bytes: usize,
    /// Threads that keep the device busy.
    pub parallel: usize,
}

impl Properties {
    /// log2 of the elements of a transform's tile, of so many bytes each.
    pub fn log_tile(&self, element_bytes: usize) -> u32 {
        // no wider than what a pass can use; never fewer elements than a butterfly for each thread
        let elements = (self.local_bytes / element_bytes).clamp(2, 1 << 13);
        elements.ilog2()
    }
}

/// An argument of a kernel.
pub enum Arg<'a, B> {
    /// Memory.
    Buffer(&'a B),
    /// A number.
    Word(u32),
}

/// Memory and launches, in order: what one call wrote, the next one sees.
pub trait Machine {
    /// Memory of the device, given back when dropped.
    type Buffer;
    /// What can go wrong.
    type Error;

    /// What the device is good at; always the same.
    fn properties(&self) -> Properties;
    /// Memory with anything in it.
    fn alloc(&mut self, bytes: usize) -> Result<Self::Buffer, Self::Error>;
    /// Copies from the host to `offset` bytes in.
    fn write(&mut self, to: &Self::Buffer, offset: usize, bytes: &[u8]) -> Result<(), Self::Error>;
    /// Copies to the host, from `offset` bytes in, when all that was launched is done.
    fn read(
        &mut self,
        from: &Self::Buffer,
        offset: usize,
        to: &mut [u8],
    ) -> Result<(), Self::Error>;
    /// Launches a kernel in so many work-groups, or does nothing for none.
    fn launch(
        &mut self,
        program: Program,
        kernel: &'static str,
        groups: usize,
        args: &[Arg<'_, Self::Buffer>],
    ) -> Result<(), Self::Error>;

    /// A buffer of what is copied from the host.
    fn upload(&mut self, bytes: &[u8]) -> Result<Self::Buffer, Self::Error> {
        let buffer = self.alloc(bytes.len().max(1))?;
        self.write(&buffer, 0, bytes)?;
        Ok(buffer)
    }
}

/// Launches a kernel: buffers by reference, then numbers.
macro_rules! launch {
    ($machine:expr, $program:expr, $kernel:literal, $groups:expr; $($buffer:expr),* ; $($word:expr),*) => {
        $machine.launch($program, $kernel, $groups, &[
            $(crate::Arg::Buffer($buffer),)*
            $(crate::Arg::Word($word as u32),)*
        ])
    };
}
pub(crate) use launch;
