//! A card on PCIe behind AMD's XDMA driver: registers in `PREFIX_user`, memory through `PREFIX_h2c_0` and
//! `PREFIX_c2h_0`. Tested against files; no such card has run it.

use super::lock;
use super::transport::{Transport, gone};
use crate::error::DeviceError;
use proofmill_wire::register;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// The card's character devices.
pub(super) struct Xdma {
    user: File,
    to_card: File,
    from_card: File,
}

impl Xdma {
    /// Opens the devices whose names start with `prefix`, such as `/dev/xdma0`, for this process alone.
    pub(super) fn open(prefix: &str) -> Result<Self, DeviceError> {
        let open = |suffix: &str, write: bool| {
            let path = PathBuf::from(format!("{prefix}_{suffix}"));
            let file = OpenOptions::new().read(!write).write(write).open(&path);
            file.map_err(|e| DeviceError::Failed(format!("{}: {e}", path.display())))
        };
        let path = PathBuf::from(format!("{prefix}_user"));
        let user = OpenOptions::new().read(true).write(true).open(&path);
        let user = user.map_err(|e| DeviceError::Failed(format!("{}: {e}", path.display())))?;
        user.try_lock().map_err(|_| lock::busy(&path))?;
        Ok(Xdma {
            user,
            to_card: open("h2c_0", true)?,
            from_card: open("c2h_0", false)?,
        })
    }
}

/// Where a word lies, in bytes.
fn place(address: u32) -> u64 {
    8 * u64::from(address)
}

/// The driver moves registers by 32 bits. The lower half comes last: it is what starts something.
fn write_register(user: &File, address: u32, word: u64) -> io::Result<()> {
    let [low, high] = [word as u32, (word >> 32) as u32].map(u32::to_le_bytes);
    user.write_all_at(&high, place(address) + 4)?;
    user.write_all_at(&low, place(address))
}

/// No field of a register lies across the halves.
fn read_register(user: &File, address: u32) -> io::Result<u64> {
    let mut bytes = [0; 8];
    let (low, high) = bytes.split_at_mut(4);
    user.read_exact_at(low, place(address))?;
    user.read_exact_at(high, place(address) + 4)?;
    Ok(u64::from_le_bytes(bytes))
}

impl Transport for Xdma {
    fn read(&mut self, address: u32, words: &mut [u64]) -> Result<(), DeviceError> {
        if address < register::INPUT {
            for (address, word) in (address..).zip(words) {
                *word = read_register(&self.user, address).map_err(|e| gone(&e))?;
            }
            return Ok(());
        }
        let mut bytes = vec![0; 8 * words.len()];
        let read = self.from_card.read_exact_at(&mut bytes, place(address));
        read.map_err(|e| gone(&e))?;
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Ok(())
    }

    fn write(&mut self, address: u32, words: &[u64]) -> Result<(), DeviceError> {
        if address < register::INPUT {
            let mut each = (address..).zip(words);
            let write = each.try_for_each(|(at, word)| write_register(&self.user, at, *word));
            return write.map_err(|e| gone(&e));
        }
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let written = self.to_card.write_all_at(&bytes, place(address));
        written.map_err(|e| gone(&e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// Files in place of the devices: what goes to the card comes from it.
    fn fake() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("xdma0").display().to_string();
        for suffix in ["user", "h2c_0"] {
            let file = File::create(format!("{prefix}_{suffix}")).unwrap();
            file.set_len(place(register::OUTPUT) + 64).unwrap(); // sparse
        }
        symlink(format!("{prefix}_h2c_0"), format!("{prefix}_c2h_0")).unwrap();
        (folder, prefix)
    }

    #[test]
    fn words_lie_where_their_addresses_say() {
        let (_folder, prefix) = fake();
        let mut card = Xdma::open(&prefix).unwrap();
        let words = [0x0123_4567_89ab_cdef, u64::MAX, 1];
        for address in [register::SHIFT, register::INPUT] {
            card.write(address, &words).unwrap();
            let mut back = [0; 3];
            card.read(address, &mut back).unwrap();
            assert_eq!(back, words);
        }
        let mut second = [0];
        card.read(register::INPUT + 1, &mut second).unwrap();
        assert_eq!(second, [u64::MAX]);
        let mut memory = [0; 8];
        let file = File::open(format!("{prefix}_user")).unwrap();
        file.read_exact_at(&mut memory, 8 * u64::from(register::JOB))
            .unwrap();
        assert_eq!(memory, [0xff; 8]);
    }

    #[test]
    fn a_card_is_one_process_own() {
        let (_folder, prefix) = fake();
        let card = Xdma::open(&prefix).unwrap();
        let error = Xdma::open(&prefix).err().unwrap().to_string();
        assert!(error.starts_with("busy"), "{error}");
        drop(card);
        assert!(Xdma::open(&prefix).is_ok());
    }

    #[test]
    fn a_card_that_is_not_there_or_ends_early_is_an_error() {
        assert!(Xdma::open("/nonexistent/xdma0").is_err());
        let (_folder, prefix) = fake();
        let mut card = Xdma::open(&prefix).unwrap();
        let error = card.read(register::OUTPUT, &mut [0; 9]).unwrap_err();
        assert!(matches!(error, DeviceError::Lost(_)), "{error}");
    }
}
