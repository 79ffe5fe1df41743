//! The types that the door takes: field elements and points whose memory is the data form.

use bytemuck::{TransparentWrapper, TransparentWrapperAlloc, Zeroable};
use proofmill_field::{CurveId, FieldId, Group};

/// A field element whose memory is its data form.
///
/// # Safety
/// The type must be plain memory without padding, of exactly the bytes that the data form of
/// [`Element::FIELD`] has (see `proofmill_field`); every reduced data form must be a valid value,
/// and any value must be one (for Goldilocks: any `u64`).
pub unsafe trait Element: Copy + Send + Sync + 'static {
    /// The field.
    const FIELD: FieldId;
}

/// The memory of elements.
pub(crate) fn bytes_of<F: Element>(values: &[F]) -> &[u8] {
    // SAFETY: an Element is plain memory without padding; u8 has alignment 1.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// The memory of elements, to be filled with reduced data forms and nothing else.
pub(crate) fn bytes_of_mut<F: Element>(values: &mut [F]) -> &mut [u8] {
    // SAFETY: as above; what callers write are reduced data forms, which are values of F.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), size_of_val(values)) }
}

/// Elements from their memory, which holds reduced data forms.
pub(crate) fn elements_of<F: Element>(bytes: &[u8]) -> Vec<F> {
    let count = bytes.len() / size_of::<F>();
    let mut out = Vec::<F>::with_capacity(count);
    // SAFETY: the vector has room for `count` elements, that many are read, and reduced data forms
    // are values of F.
    unsafe {
        std::ptr::copy_nonoverlapping(
            bytes.as_ptr(),
            out.as_mut_ptr().cast::<u8>(),
            count * size_of::<F>(),
        );
        out.set_len(count);
    }
    out
}

/// An element that may be zero.
#[derive(Clone, Copy, TransparentWrapper)]
#[repr(transparent)]
struct Zero<F>(F);

// SAFETY: all zero is a reduced data form, and so a value of F.
unsafe impl<F: Element> Zeroable for Zero<F> {}

/// Zeros, not written yet where they are many; `None` where the memory is not to be had.
pub(crate) fn zeros<F: Element>(count: usize) -> Option<Vec<F>> {
    let zeros = bytemuck::try_zeroed_vec::<Zero<F>>(count).ok()?;
    Some(Zero::peel_vec(zeros))
}

/// An affine point that can be put into data form (x‖y, all zero for infinity) and back.
pub trait Point: Copy + Send + Sync + 'static {
    /// Its scalars.
    type Scalar: Element;
    /// What a sum of points is returned as.
    type Sum;
    /// The curve.
    const CURVE: CurveId;
    /// The group.
    const GROUP: Group;

    /// Writes x‖y; `out` has exactly the bytes of a point.
    fn write(&self, out: &mut [u8]);
    /// Reads x‖y; coordinates are reduced. The point is on the curve as far as it was checked.
    fn read(bytes: &[u8]) -> Self::Sum;
}

#[cfg(feature = "arkworks")]
mod arkworks {
    use super::{CurveId, Element, FieldId, Group, Point, bytes_of, elements_of};
    use ark_ec::AffineRepr;
    use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
    use ark_ff::{Field, Fp2, Fp2Config, PrimeField};
    use std::mem::offset_of;

    macro_rules! elements {
        ($($ty:ty, $limbs:literal => $id:ident;)*) => {$(
            // arkworks 0.6 gives `Fp` and `BigInt` no `repr`: what we rely on is asserted
            const _: () = {
                assert!(size_of::<$ty>() == 8 * $limbs && align_of::<$ty>() == 8);
                assert!(offset_of!($ty, 0) == 0);
                assert!(size_of::<ark_ff::BigInt<$limbs>>() == 8 * $limbs);
                assert!(offset_of!(ark_ff::BigInt<$limbs>, 0) == 0);
                assert!(FieldId::$id.spec().bytes == 8 * $limbs);
            };
            // SAFETY: the asserts above leave no room for anything but the limbs, which arkworks
            // holds in Montgomery form with R = 2^(64·limbs), reduced.
            unsafe impl Element for $ty {
                const FIELD: FieldId = FieldId::$id;
            }
        )*};
    }
    elements! {
        ark_bn254::Fr, 4 => Bn254Fr;
        ark_bn254::Fq, 4 => Bn254Fq;
        ark_bls12_381::Fr, 4 => Bls12_381Fr;
        ark_bls12_381::Fq, 6 => Bls12_381Fq;
        ark_bls12_377::Fr, 4 => Bls12_377Fr;
        ark_bls12_377::Fq, 6 => Bls12_377Fq;
    }

    macro_rules! points {
        ($($curve:ident $group:ident: $affine:ty, $scalar:ty, $read:expr;)*) => {$(
            impl Point for $affine {
                type Scalar = $scalar;
                type Sum = <$affine as AffineRepr>::Group;
                const CURVE: CurveId = CurveId::$curve;
                const GROUP: Group = Group::$group;

                fn write(&self, out: &mut [u8]) {
                    let Some((x, y)) = self.xy() else {
                        return out.fill(0);
                    };
                    let size = out.len() / (2 * Group::$group.degree());
                    let parts = x.to_base_prime_field_elements().chain(y.to_base_prime_field_elements());
                    for (part, out) in parts.zip(out.chunks_mut(size)) {
                        out.copy_from_slice(bytes_of(&[part]));
                    }
                }

                fn read(bytes: &[u8]) -> Self::Sum {
                    let infinity = bytes.iter().all(|b| *b == 0);
                    let parts = elements_of(bytes);
                    let point = if infinity { None } else { $read(&parts[..]) };
                    point.unwrap_or_default().into()
                }
            }
        )*};
    }

    fn g1<P: SWCurveConfig>(parts: &[P::BaseField]) -> Option<Affine<P>> {
        let [x, y] = parts else { return None };
        Some(Affine::new_unchecked(*x, *y))
    }

    fn g2<F, C, P>(parts: &[F]) -> Option<Affine<P>>
    where
        F: PrimeField,
        C: Fp2Config<Fp = F>,
        P: SWCurveConfig<BaseField = Fp2<C>>,
    {
        let [x0, x1, y0, y1] = parts else { return None };
        Some(Affine::new_unchecked(
            Fp2::new(*x0, *x1),
            Fp2::new(*y0, *y1),
        ))
    }

    points! {
        Bn254 G1: Affine<ark_bn254::g1::Config>, ark_bn254::Fr, g1;
        Bn254 G2: Affine<ark_bn254::g2::Config>, ark_bn254::Fr, g2;
        Bls12_381 G1: Affine<ark_bls12_381::g1::Config>, ark_bls12_381::Fr, g1;
        Bls12_381 G2: Affine<ark_bls12_381::g2::Config>, ark_bls12_381::Fr, g2;
        Bls12_377 G1: Affine<ark_bls12_377::g1::Config>, ark_bls12_377::Fr, g1;
    }
}

#[cfg(feature = "plonky3")]
mod plonky3 {
    use super::{Element, FieldId};

    macro_rules! elements {
        ($($ty:ty, $word:ty => $id:ident;)*) => {$(
            const _: () = assert!(size_of::<$ty>() == size_of::<$word>());
            const _: () = assert!(align_of::<$ty>() == align_of::<$word>());
            // SAFETY: `repr(transparent)` over one word: a Montgomery form with R = 2^32, or for
            // Goldilocks any u64.
            unsafe impl Element for $ty {
                const FIELD: FieldId = FieldId::$id;
            }
        )*};
    }
    elements! {
        p3_goldilocks::Goldilocks, u64 => Goldilocks;
        p3_baby_bear::BabyBear, u32 => BabyBear;
        p3_koala_bear::KoalaBear, u32 => KoalaBear;
    }
}
