//! Fields and curves as data, with naive reference arithmetic: the one place where a modulus is
//! written, and the judge of everything faster.
//!
//! A field is a [`FieldSpec`]: the modulus and a generator are typed once, everything else
//! (Montgomery constants, two-adicity, root of unity) is derived from them at compile time. A curve
//! is a [`CurveSpec`] over two such fields. The arithmetic is textbook, variable-time and slow; it
//! works on *data form*, the form in which arkworks and Plonky3 hold elements in memory:
//!
//! | fields | element | form |
//! |---|---|---|
//! | BN254, BLS12-381, BLS12-377 | 4 or 6 little-endian 64-bit limbs | Montgomery, R = 2^(64·limbs) |
//! | BabyBear, KoalaBear | `u32` | Montgomery, R = 2^32 |
//! | Goldilocks | `u64` | plain |
//!
//! An [`Ntt`] says what a transform is asked to do, a [`Form`] what values hold: the words in which
//! every device is spoken to.
//!
//! Read in this order: [`int`], [`FieldSpec`], [`CurveSpec`], [`naive`].
#![no_std]

extern crate alloc;

mod curve;
mod field;
mod form;
pub mod int;
pub mod naive;
mod random;
mod transform;

pub use curve::{CurveId, CurveSpec, G2Spec, Group, Twist};
pub use field::{FieldId, FieldSpec};
pub use form::Form;
pub use int::Int;
pub use random::Random;
pub use transform::{Direction, Layout, Ntt, Order};
