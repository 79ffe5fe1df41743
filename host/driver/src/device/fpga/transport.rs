//! Ways to a card.

use crate::error::DeviceError;

/// Moves words between host and card; knows nothing of jobs. What it returns has been answered by the card: over a
/// stream of bytes each exchange has a time-out, and is repeated where that may help; over PCIe it takes as
/// long as the system's driver lets it, and the pool's deadline ends it.
pub(crate) trait Transport: Send {
    /// Reads words from the address on.
    fn read(&mut self, address: u32, words: &mut [u64]) -> Result<(), DeviceError>;
    /// Writes words from the address on.
    fn write(&mut self, address: u32, words: &[u64]) -> Result<(), DeviceError>;
}

/// The card does not answer any more because it is not there.
pub(super) fn gone(error: &std::io::Error) -> DeviceError {
    DeviceError::Lost(format!("the card is gone: {error}"))
}
