//! Random elements that nobody can predict, for the checks. Seeded ones, for jobs that test a
//! device, come from `proofmill_field::Random`.

use proofmill_field::{FieldId, Int};

/// The operating system's generator, read ahead.
#[derive(Default)]
pub(crate) struct System(Vec<u64>);

impl System {
    /// A word; an error if the generator fails.
    pub(crate) fn word(&mut self) -> Result<u64, getrandom::Error> {
        if self.0.is_empty() {
            let mut bytes = [0; 256];
            getrandom::fill(&mut bytes)?;
            let words = bytes.as_chunks().0.iter();
            self.0.extend(words.map(|w| u64::from_le_bytes(*w)));
        }
        Ok(self.0.pop().unwrap_or_default())
    }

    /// A uniform element in data form (its data form is as uniform as its residue).
    pub(crate) fn element(&mut self, field: FieldId) -> Result<Int, getrandom::Error> {
        loop {
            let mut failure = None;
            let out = field.spec().candidate(|| {
                self.word().unwrap_or_else(|e| {
                    failure = Some(e);
                    0
                })
            });
            match failure {
                Some(e) => return Err(e),
                None if field.spec().is_canonical(&out) => return Ok(out),
                None => {}
            }
        }
    }
}
