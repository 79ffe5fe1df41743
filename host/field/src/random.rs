//! Reproducible elements for tests and examples.

use crate::field::FieldId;
use crate::int::Int;

/// splitmix64: the same sequence for the same seed. Not for secrets.
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    pub fn seeded(seed: u64) -> Self {
        Random(seed)
    }

    /// A uniform word.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e3779b97f4a7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58476d1ce4e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d049bb133111eb);
        z ^ z >> 31
    }

    /// A uniform element in data form (its data form is as uniform as its residue).
    pub fn element(&mut self, field: FieldId) -> Int {
        loop {
            let out = field.spec().candidate(|| self.word());
            if field.spec().is_canonical(&out) {
                return out;
            }
        }
    }
}
