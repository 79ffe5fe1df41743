//! Random scalars, from the operating system or, in tests, from a seed.

use crate::error::Result;
use ark_ff::PrimeField;
use zeroize::Zeroize;

/// Bytes drawn for a scalar: twice its size, so that the reduction's bias is below 2^-250.
const BYTES: usize = 64;

/// Where random scalars come from.
#[derive(Debug)]
pub(crate) enum Source {
    System,
    /// The state of SplitMix64 (Steele, Lea, Flood 2014): good enough for tests, nothing else.
    Seeded(u64),
}

impl Source {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self::Seeded(seed)
    }

    /// A uniform scalar.
    pub(crate) fn scalar<F: PrimeField>(&mut self) -> Result<F> {
        let mut bytes = [0; BYTES];
        match self {
            Self::System => getrandom::fill(&mut bytes)?,
            Self::Seeded(state) => {
                for word in bytes.as_chunks_mut::<8>().0 {
                    *word = split_mix(state).to_le_bytes();
                }
            }
        }
        let scalar = F::from_le_bytes_mod_order(&bytes);
        bytes.zeroize();
        Ok(scalar)
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
