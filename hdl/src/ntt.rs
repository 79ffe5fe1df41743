//! The in-place transform: one job computes in its buffer while the other one is loaded or unloaded.
//!
//! ```text
//!            ┌──────── Jobs ────────┐
//! in stream → Loader → Buffer 0, 1 → Unloader → out stream
//!                        ↑↓ Router ← Sequencer ← Levels, Powers, Addresses
//!                     Engine → butterflies → Engine
//! ```
//!
//! A forward transform is a decimation in time over elements that were loaded in bit-reversed order; the
//! inverse is the same over elements loaded in the order of −i, divided by N afterwards. Multiplications by
//! powers of the shift, and by 1/N, are a pass of their own with the butterflies' multipliers.
//!
//! Read in this order: [`jobs`], [`stream`], [`levels`], [`powers`], [`sequencer`], [`engine`], [`core`].

pub mod addresses;
pub mod buffer;
pub mod butterfly;
pub mod core;
pub mod engine;
pub mod jobs;
pub mod levels;
pub mod powers;
pub mod router;
pub mod sequencer;
pub mod stream;

/// As many default values as the array has places.
fn each<T: Default, const N: usize>() -> [T; N] {
    std::array::from_fn(|_| T::default())
}
