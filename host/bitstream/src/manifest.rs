//! What a bitstream holds, as whoever built it says: a JSON file beside it.

use crate::text::{self, shown};
use crate::{Error, Part};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The keys of a manifest that say which bitstream it is of; it may have others.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Manifest {
    /// The design's name.
    pub design: String,
    /// The design id that a card with it answers, in hexadecimal digits.
    pub design_hash: String,
    /// The board's name.
    pub board: String,
    /// The FPGA: `LFE5U-85F`.
    pub part: String,
    /// SHA-256 of the .bit file, in hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// Reads a manifest, with its text.
    ///
    /// Errors: it cannot be read, or has more than 1 MiB; as [`Manifest::parse`].
    pub fn open(path: &Path) -> Result<(Self, String), Error> {
        let text = text::read(path)?;
        Ok((Self::parse(path, &text)?, text))
    }

    /// A manifest out of the text of this file.
    ///
    /// Errors: a key is missing, or no hash where one should be.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let refused = |reason: String| Error::Manifest {
            path: path.display().to_string(),
            reason: shown(&reason),
        };
        let manifest: Manifest = serde_json::from_str(text).map_err(|e| refused(e.to_string()))?;
        for (key, hash) in [
            ("design_hash", &manifest.design_hash),
            ("sha256", &manifest.sha256),
        ] {
            if hash.len() != 64 || !hash.bytes().all(|c| c.is_ascii_hexdigit()) {
                return Err(refused(format!(
                    "{key}: expected 64 hexadecimal digits, found {hash:?}"
                )));
            }
        }
        Ok(manifest)
    }

    /// What of a bitstream (its file and its part) is not as the manifest has it; `None` if all is.
    pub fn differs(&self, bytes: &[u8], part: &Part) -> Option<String> {
        let sum = sha256(bytes);
        if !sum.eq_ignore_ascii_case(&self.sha256) {
            return Some(format!("sha256: expected {}, found {sum}", self.sha256));
        }
        self.other_part(part)
    }

    /// What is wrong with a part, where there is no .bit file to compare.
    pub fn other_part(&self, part: &Part) -> Option<String> {
        (part.name != self.part)
            .then(|| format!("part: expected {}, found {part}", shown(&self.part)))
    }
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
