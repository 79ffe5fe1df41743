//! Portable arithmetic of the fields, in data form.
//!
//! `Mont` holds the 254- to 381-bit fields, `Mont31` BabyBear and KoalaBear, `Goldilocks` itself,
//! `Quadratic` the coordinates of G2. Every value is reduced, in and out, except that `Goldilocks`
//! takes and gives any `u64`. Time depends on data.

mod goldilocks;
mod mont;
mod mont31;
mod quadratic;

pub use goldilocks::{Goldilocks, GoldilocksLane};
pub use mont::Mont;
pub use mont31::Mont31;
pub use quadratic::Quadratic;

use bytemuck::Pod;
use proofmill_field::{FieldId, FieldSpec, Int};

/// What sums of points and transforms need of their numbers.
pub trait Arith: Pod + PartialEq + Send + Sync {
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// a + b.
    fn add(self, other: Self) -> Self;
    /// a − b.
    fn sub(self, other: Self) -> Self;
    /// a·b.
    fn mul(self, other: Self) -> Self;
    /// 1/a; 0 for 0.
    fn inverse_vartime(self) -> Self;

    /// a².
    #[inline(always)]
    fn square(self) -> Self {
        self.mul(self)
    }

    /// 2a.
    #[inline(always)]
    fn double(self) -> Self {
        self.add(self)
    }

    /// −a.
    #[inline(always)]
    fn neg(self) -> Self {
        Self::ZERO.sub(self)
    }
}

/// A prime field of [`FieldId`].
pub trait Field: Arith {
    /// The field.
    const SPEC: &'static FieldSpec;

    /// The element whose data form this is, reduced.
    fn from_int(a: &Int) -> Self;
    /// The data form.
    fn to_int(self) -> Int;
    /// Whether the bits are a reduced element.
    fn is_canonical(&self) -> bool;

    /// Whether results may be unreduced, until [`Field::canonical`].
    const LAZY: bool = false;

    /// The reduced element.
    #[inline(always)]
    fn canonical(self) -> Self {
        self
    }

    /// Data form of a small integer.
    fn element(x: u64) -> Self {
        Self::from_int(&Self::SPEC.element(x))
    }

    /// a^e.
    fn pow(self, mut e: u64) -> Self {
        let (mut base, mut out) = (self, Self::ONE);
        while e > 0 {
            if e & 1 == 1 {
                out = out.mul(base);
            }
            base = base.square();
            e >>= 1;
        }
        out
    }

    /// a^(p−2).
    fn fermat_inverse(self) -> Self {
        let exponent = proofmill_field::int::sub(&Self::SPEC.modulus, &[2, 0, 0, 0, 0, 0]).0;
        // four bits at a time
        let mut powers = [Self::ONE; 16];
        for i in 1..16 {
            powers[i] = powers[i - 1].mul(self);
        }
        let digits = Self::SPEC.bits.div_ceil(4);
        (0..digits).rev().fold(Self::ONE, |sum, i| {
            let digit = exponent[i as usize / 16] >> (4 * (i % 16)) & 15;
            sum.square()
                .square()
                .square()
                .square()
                .mul(powers[digit as usize])
        })
    }
}

/// The fields' moduli as types.
pub trait Modulus: Copy + PartialEq + Send + Sync + 'static {
    /// The field.
    const SPEC: &'static FieldSpec;
}

macro_rules! moduli {
    ($($name:ident)*) => {$(
        #[derive(Clone, Copy, PartialEq)]
        #[doc = concat!("Modulus of [`FieldId::", stringify!($name), "`].")]
        pub struct $name;
        impl Modulus for $name {
            const SPEC: &'static FieldSpec = FieldId::$name.spec();
        }
    )*};
}
moduli!(Bn254Fr Bn254Fq Bls12_381Fr Bls12_381Fq Bls12_377Fr Bls12_377Fq BabyBear KoalaBear);

/// Runs the expression with `$F` as the type of the field's elements.
#[macro_export]
macro_rules! with_field {
    ($id:expr, $F:ident => $body:expr) => {{
        use $crate::arith::*;
        match $id {
            $crate::FieldId::Bn254Fr => {
                type $F = Mont<Bn254Fr, 4>;
                $body
            }
            $crate::FieldId::Bn254Fq => {
                type $F = Mont<Bn254Fq, 4>;
                $body
            }
            $crate::FieldId::Bls12_381Fr => {
                type $F = Mont<Bls12_381Fr, 4>;
                $body
            }
            $crate::FieldId::Bls12_381Fq => {
                type $F = Mont<Bls12_381Fq, 6>;
                $body
            }
            $crate::FieldId::Goldilocks => {
                type $F = Goldilocks;
                $body
            }
            $crate::FieldId::BabyBear => {
                type $F = Mont31<BabyBear>;
                $body
            }
            $crate::FieldId::KoalaBear => {
                type $F = Mont31<KoalaBear>;
                $body
            }
            $crate::FieldId::Bls12_377Fr => {
                type $F = Mont<Bls12_377Fr, 4>;
                $body
            }
            $crate::FieldId::Bls12_377Fq => {
                type $F = Mont<Bls12_377Fq, 6>;
                $body
            }
        }
    }};
}
pub use with_field;

/// Runs the expression with `$C` as the type of the group's coordinates and `$S` as its scalars'.
macro_rules! with_group {
    ($curve:expr, $group:expr, $C:ident, $S:ident => $body:expr) => {{
        use crate::arith::*;
        use proofmill_field::{CurveId, Group};
        match ($curve, $group) {
            (CurveId::Bn254, Group::G1) => {
                type $C = Mont<Bn254Fq, 4>;
                type $S = Mont<Bn254Fr, 4>;
                $body
            }
            (CurveId::Bn254, Group::G2) => {
                type $C = Quadratic<Mont<Bn254Fq, 4>>;
                type $S = Mont<Bn254Fr, 4>;
                $body
            }
            (CurveId::Bls12_381, Group::G1) => {
                type $C = Mont<Bls12_381Fq, 6>;
                type $S = Mont<Bls12_381Fr, 4>;
                $body
            }
            (CurveId::Bls12_381, Group::G2) => {
                type $C = Quadratic<Mont<Bls12_381Fq, 6>>;
                type $S = Mont<Bls12_381Fr, 4>;
                $body
            }
            // G2 is not offered (`CurveSpec::groups`): the callers have refused it
            (CurveId::Bls12_377, _) => {
                type $C = Mont<Bls12_377Fq, 6>;
                type $S = Mont<Bls12_377Fr, 4>;
                $body
            }
        }
    }};
}
pub(crate) use with_group;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::each_path;
    use proofmill_field::Random;
    use proofmill_field::int;

    /// Zero, one, p − 1, both as data form and as integers, and random elements.
    fn samples<F: Field>(random: &mut Random, count: usize) -> Vec<F> {
        let spec = F::SPEC;
        let top = int::sub(&spec.modulus, &int::small(1)).0;
        let edges = [
            int::ZERO,
            spec.one,
            int::small(1),
            top,
            spec.neg(&spec.one),
            spec.r2,
        ];
        let random = (0..count).map(|_| random.element(spec.id));
        edges
            .into_iter()
            .chain(random)
            .map(|a| F::from_int(&a))
            .collect()
    }

    fn agrees_with_the_definition<F: Field>() {
        let (spec, mut random) = (F::SPEC, Random::seeded(1));
        let values = samples::<F>(&mut random, 30);
        for a in &values {
            let ia = a.to_int();
            assert!(a.is_canonical());
            assert_eq!(
                a.inverse_vartime().to_int(),
                spec.inverse(&ia),
                "{}",
                spec.name
            );
            assert_eq!(a.neg().to_int(), spec.neg(&ia), "{}", spec.name);
            assert_eq!(a.double().to_int(), spec.add(&ia, &ia), "{}", spec.name);
            assert_eq!(a.square().to_int(), spec.mul(&ia, &ia), "{}", spec.name);
            for b in &values {
                let ib = b.to_int();
                assert_eq!(a.add(*b).to_int(), spec.add(&ia, &ib), "{}", spec.name);
                assert_eq!(a.sub(*b).to_int(), spec.sub(&ia, &ib), "{}", spec.name);
                assert_eq!(a.mul(*b).to_int(), spec.mul(&ia, &ib), "{}", spec.name);
            }
        }
    }

    #[test]
    fn every_field_agrees_with_the_definition() {
        for id in FieldId::ALL {
            with_field!(id, F => agrees_with_the_definition::<F>());
        }
        agrees_with_the_definition::<GoldilocksLane>();
    }

    each_path! {
        /// On the path that the environment or the processor chose.
        fn a_million_products<F: Field>(start: F) {
            let mut random = Random::seeded(2);
            let edges = samples::<F>(&mut random, 0);
            let mut a = start;
            for i in 0..1_000_000 {
                let b = match i % 4 {
                    0 => edges[random.word() as usize % edges.len()],
                    _ => F::from_int(&random.element(F::SPEC.id)),
                };
                let product = a.mul(b);
                assert_eq!(product.to_int(), F::SPEC.mul(&a.to_int(), &b.to_int()));
                a = product.add(b);
            }
        }
    }

    #[test]
    fn every_field_agrees_on_a_million_products() {
        for id in FieldId::ALL {
            with_field!(id, F => a_million_products(F::ONE));
        }
        a_million_products(GoldilocksLane::ONE);
    }

    #[test]
    fn goldilocks_takes_unreduced_values() {
        let p = FieldId::Goldilocks.spec().modulus[0];
        for a in [0, 1, p - 1, p, p + 1, u64::MAX, 1 << 32, u64::MAX << 32] {
            for b in [0, 1, p - 1, p, p + 1, u64::MAX, 0xffff_ffff] {
                let (x, y) = (Goldilocks(a), Goldilocks(b));
                let definition = |t: u128| Goldilocks((t % p as u128) as u64);
                assert!(x.mul(y) == definition(a as u128 * b as u128), "{a} {b}");
                assert!(x.add(y) == definition(a as u128 + b as u128), "{a} {b}");
                assert!(
                    x.sub(y) == definition(2 * p as u128 + a as u128 - b as u128),
                    "{a} {b}"
                );
            }
        }
    }

    #[test]
    fn the_quadratic_extension_inverts_and_multiplies() {
        type Q = Quadratic<Mont<Bls12_381Fq, 6>>;
        let mut random = Random::seeded(3);
        let values = samples::<Mont<Bls12_381Fq, 6>>(&mut random, 8);
        for pair in values.chunks(2) {
            let a = Quadratic([pair[0], pair[1]]);
            let product = a.mul(a.inverse_vartime());
            assert!(product == if a == Q::ZERO { Q::ZERO } else { Q::ONE });
            assert!(a.square() == a.mul(a));
        }
    }
}
