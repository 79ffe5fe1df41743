//! Random elements: seeded ones for jobs that test a device, fresh ones for the checks.

use proofmill_field::{FieldId, Int, int};

/// A source of elements.
pub struct Random(Source);

enum Source {
    /// splitmix64, for reproducible input.
    Seeded(u64),
    /// The operating system's generator, read ahead.
    System(Vec<u64>),
}

impl Random {
    /// The same sequence for the same seed. Not for secrets.
    pub fn seeded(seed: u64) -> Self {
        Random(Source::Seeded(seed))
    }

    /// Words that nobody can predict, from the operating system.
    pub(crate) fn system() -> Self {
        Random(Source::System(Vec::new()))
    }

    /// A word; an error if the operating system's generator fails.
    pub fn try_word(&mut self) -> Result<u64, getrandom::Error> {
        match &mut self.0 {
            Source::Seeded(state) => {
                *state = state.wrapping_add(0x9e3779b97f4a7c15);
                let z = (*state ^ *state >> 30).wrapping_mul(0xbf58476d1ce4e5b9);
                let z = (z ^ z >> 27).wrapping_mul(0x94d049bb133111eb);
                Ok(z ^ z >> 31)
            }
            Source::System(ahead) => {
                if ahead.is_empty() {
                    let mut bytes = [0; 256];
                    getrandom::fill(&mut bytes)?;
                    let words = bytes.as_chunks().0.iter();
                    ahead.extend(words.map(|w| u64::from_le_bytes(*w)));
                }
                Ok(ahead.pop().unwrap_or_default())
            }
        }
    }

    /// A uniform element in data form (its data form is as uniform as its residue).
    pub fn try_element(&mut self, field: FieldId) -> Result<Int, getrandom::Error> {
        let spec = field.spec();
        loop {
            let mut out = int::ZERO;
            for limb in out.iter_mut().take(spec.limbs()) {
                *limb = self.try_word()?;
            }
            let top = spec.limbs() - 1;
            out[top] &= u64::MAX >> ((64 - spec.bits % 64) % 64);
            if spec.is_canonical(&out) {
                return Ok(out);
            }
        }
    }

    /// As [`Random::try_word`]: a seeded source, the only one to be had outside, cannot fail.
    pub fn word(&mut self) -> u64 {
        self.try_word().unwrap_or_default()
    }

    /// As [`Random::try_element`], which for a seeded source cannot fail.
    pub fn element(&mut self, field: FieldId) -> Int {
        self.try_element(field).unwrap_or_default()
    }
}
