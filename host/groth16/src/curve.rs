//! The two curves of circom keys, and the bytes in which a key holds their field elements and points.

use ark_ec::AffineRepr;
use ark_ec::models::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::pairing::Pairing;
use ark_ff::{
    AdditiveGroup, BigInt, BigInteger, FftField, Field, Fp, MontBackend, MontConfig, PrimeField,
    Zero,
};

/// A curve as circom's files name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyCurve {
    /// BN254, `bn128` in snarkjs.
    Bn128,
    /// BLS12-381.
    Bls12381,
}

impl KeyCurve {
    /// Both curves.
    pub const ALL: [Self; 2] = [Self::Bn128, Self::Bls12381];

    /// snarkjs' name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bn128 => "bn128",
            Self::Bls12381 => "bls12381",
        }
    }

    /// The curve with snarkjs' name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.name() == name)
    }

    /// The curve whose base field has this order (little-endian).
    pub fn from_q(q: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.q() == q)
    }

    /// The curve whose scalar field has this order (little-endian).
    pub fn from_r(r: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.r() == r)
    }

    /// Order of the base field, [`q_bytes`](Self::q_bytes) bytes, little-endian.
    pub fn q(self) -> Vec<u8> {
        match self {
            Self::Bn128 => ark_bn254::Fq::MODULUS.to_bytes_le(),
            Self::Bls12381 => ark_bls12_381::Fq::MODULUS.to_bytes_le(),
        }
    }

    /// Order of the scalar field, [`r_bytes`](Self::r_bytes) bytes, little-endian.
    pub fn r(self) -> Vec<u8> {
        match self {
            Self::Bn128 => ark_bn254::Fr::MODULUS.to_bytes_le(),
            Self::Bls12381 => ark_bls12_381::Fr::MODULUS.to_bytes_le(),
        }
    }

    /// Whether these [`r_bytes`](Self::r_bytes) bytes are a canonical scalar, little-endian and below r.
    pub fn is_scalar(self, bytes: &[u8]) -> bool {
        match self {
            Self::Bn128 => limbs(bytes).is_some_and(|v| v < ark_bn254::Fr::MODULUS),
            Self::Bls12381 => limbs(bytes).is_some_and(|v| v < ark_bls12_381::Fr::MODULUS),
        }
    }

    /// Bytes of a base field element.
    pub fn q_bytes(self) -> usize {
        match self {
            Self::Bn128 => 32,
            Self::Bls12381 => 48,
        }
    }

    /// Bytes of a scalar.
    pub fn r_bytes(self) -> usize {
        32
    }

    /// Bytes of an affine G1 point.
    pub fn g1_bytes(self) -> usize {
        2 * self.q_bytes()
    }

    /// Bytes of an affine G2 point.
    pub fn g2_bytes(self) -> usize {
        4 * self.q_bytes()
    }

    /// The largest domain that a key can have, as a power of two: its quotient needs a root of twice the order.
    pub fn max_log_domain(self) -> u32 {
        match self {
            Self::Bn128 => ark_bn254::Fr::TWO_ADICITY - 1,
            Self::Bls12381 => ark_bls12_381::Fr::TWO_ADICITY - 1,
        }
    }
}

/// A prime field whose elements a key holds as Montgomery limbs, R = 2^(64·limbs), little-endian.
pub trait MontgomeryField: PrimeField {
    /// Reads Montgomery limbs; `None` unless the length is right and the value is below the modulus.
    fn from_montgomery_le(bytes: &[u8]) -> Option<Self>;

    /// Writes the Montgomery limbs over as many bytes.
    fn write_montgomery_le(&self, out: &mut [u8]);

    /// Appends the Montgomery limbs.
    fn push_montgomery_le(&self, out: &mut Vec<u8>);
}

impl<C: MontConfig<N>, const N: usize> MontgomeryField for Fp<MontBackend<C, N>, N> {
    fn from_montgomery_le(bytes: &[u8]) -> Option<Self> {
        let value = limbs(bytes)?;
        (value < Self::MODULUS).then(|| Self::new_unchecked(value))
    }

    fn write_montgomery_le(&self, out: &mut [u8]) {
        for (word, limb) in out.as_chunks_mut().0.iter_mut().zip(self.0.0) {
            *word = limb.to_le_bytes();
        }
    }

    fn push_montgomery_le(&self, out: &mut Vec<u8>) {
        for limb in self.0.0 {
            out.extend_from_slice(&limb.to_le_bytes());
        }
    }
}

/// A pairing-friendly curve that circom's files know.
pub trait SnarkCurve:
    Pairing<
        BaseField: MontgomeryField,
        ScalarField: MontgomeryField,
        G1Affine: KeyPoint,
        G2Affine: KeyPoint,
        TargetField: Field<BasePrimeField = Self::BaseField>,
    >
{
    /// Its name in the files.
    const CURVE: KeyCurve;
    /// The smallest quadratic non-residue of the scalar field: snarkjs' roots of unity are powers of it
    /// (arkworks takes 7 for BLS12-381).
    const NON_RESIDUE: u64 = 5;

    /// snarkjs' root of unity of order 2^`log_n`; `None` past the field's two-adicity.
    fn root_of_unity(log_n: u32) -> Option<Self::ScalarField> {
        let adicity = Self::ScalarField::TWO_ADICITY;
        let mut root = Self::ScalarField::from(Self::NON_RESIDUE).pow(Self::ScalarField::TRACE);
        for _ in log_n..adicity {
            root.square_in_place();
        }
        (log_n <= adicity).then_some(root)
    }
}

impl SnarkCurve for ark_bn254::Bn254 {
    const CURVE: KeyCurve = KeyCurve::Bn128;
}

impl SnarkCurve for ark_bls12_381::Bls12_381 {
    const CURVE: KeyCurve = KeyCurve::Bls12381;
}

/// Runs an expression with a type alias bound to the arkworks curve of a [`KeyCurve`]:
/// `with_curve!(zkey.curve(), E => prove::<E>(&zkey))`.
#[macro_export]
macro_rules! with_curve {
    ($curve:expr, $name:ident => $body:expr) => {
        match $curve {
            $crate::curve::KeyCurve::Bn128 => {
                type $name = $crate::curve::Bn128;
                $body
            }
            $crate::curve::KeyCurve::Bls12381 => {
                type $name = $crate::curve::Bls12381;
                $body
            }
        }
    };
}

/// arkworks' type for [`KeyCurve::Bn128`].
pub type Bn128 = ark_bn254::Bn254;
/// arkworks' type for [`KeyCurve::Bls12381`].
pub type Bls12381 = ark_bls12_381::Bls12_381;

/// Why bytes are no point of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PointFault {
    /// Too many or too few bytes.
    #[error("expected two coordinates, found another number of bytes")]
    Length,
    /// A coordinate at or above the modulus.
    #[error("expected coordinates below the modulus, found a larger one")]
    NotReduced,
    /// Coordinates that do not satisfy the equation.
    #[error("expected a point on the curve, found one that is not")]
    NotOnCurve,
    /// A point of the curve outside the group of order r.
    #[error("expected a point of the subgroup of order r, found one outside")]
    NotInSubgroup,
}

/// A point as a key holds it: affine x‖y Montgomery coordinates, all-zero bytes for infinity.
pub trait KeyPoint: AffineRepr {
    /// The point with these coordinates; nothing is checked.
    fn from_xy_unchecked(x: Self::BaseField, y: Self::BaseField) -> Self;

    /// Reads a point; only the range of its coordinates is checked.
    fn decode(bytes: &[u8]) -> Result<Self, PointFault>;

    /// Whether the point satisfies the curve's equation and lies in the group of order r.
    fn validate(&self) -> Result<(), PointFault>;

    /// Appends the point's bytes.
    fn push(&self, out: &mut Vec<u8>);

    /// [`decode`](Self::decode), then [`validate`](Self::validate).
    fn decode_checked(bytes: &[u8]) -> Result<Self, PointFault> {
        let point = Self::decode(bytes)?;
        point.validate()?;
        Ok(point)
    }
}

impl<P: SWCurveConfig> KeyPoint for Affine<P>
where
    <P::BaseField as Field>::BasePrimeField: MontgomeryField,
{
    fn from_xy_unchecked(x: Self::BaseField, y: Self::BaseField) -> Self {
        Self::new_unchecked(x, y)
    }

    fn decode(bytes: &[u8]) -> Result<Self, PointFault> {
        let (x, y) = bytes.split_at(bytes.len() / 2);
        let (x, y): (P::BaseField, P::BaseField) = (decode_coordinate(x)?, decode_coordinate(y)?);
        if x.is_zero() && y.is_zero() {
            Ok(Self::identity())
        } else {
            Ok(Self::new_unchecked(x, y))
        }
    }

    fn validate(&self) -> Result<(), PointFault> {
        if !self.is_on_curve() {
            Err(PointFault::NotOnCurve)
        } else if !self.is_in_correct_subgroup_assuming_on_curve() {
            Err(PointFault::NotInSubgroup)
        } else {
            Ok(())
        }
    }

    fn push(&self, out: &mut Vec<u8>) {
        let (x, y) = self
            .xy()
            .unwrap_or((P::BaseField::ZERO, P::BaseField::ZERO));
        for value in x
            .to_base_prime_field_elements()
            .chain(y.to_base_prime_field_elements())
        {
            value.push_montgomery_le(out);
        }
    }
}

fn decode_coordinate<F: Field>(bytes: &[u8]) -> Result<F, PointFault>
where
    F::BasePrimeField: MontgomeryField,
{
    let degree = F::extension_degree() as usize;
    let size = <F::BasePrimeField as PrimeField>::MODULUS_BIT_SIZE.div_ceil(64) as usize * 8;
    if bytes.len() != degree * size {
        return Err(PointFault::Length);
    }
    let mut reduced = true;
    let parts = bytes.chunks_exact(size).map(|part| {
        F::BasePrimeField::from_montgomery_le(part).unwrap_or_else(|| {
            reduced = false;
            F::BasePrimeField::ZERO
        })
    });
    let value = F::from_base_prime_field_elems(parts).ok_or(PointFault::Length)?;
    if reduced {
        Ok(value)
    } else {
        Err(PointFault::NotReduced)
    }
}

fn limbs<const N: usize>(bytes: &[u8]) -> Option<BigInt<N>> {
    let (words, []) = bytes.as_chunks::<8>() else {
        return None;
    };
    let words: &[[u8; 8]; N] = words.try_into().ok()?;
    Some(BigInt(words.map(u64::from_le_bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_orders_lead_back_to_the_curve() {
        for curve in KeyCurve::ALL {
            assert_eq!(KeyCurve::from_name(curve.name()), Some(curve));
            assert_eq!(KeyCurve::from_q(&curve.q()), Some(curve));
            assert_eq!(KeyCurve::from_r(&curve.r()), Some(curve));
            assert_eq!(
                (curve.q().len(), curve.r().len()),
                (curve.q_bytes(), curve.r_bytes())
            );
            assert!(!curve.is_scalar(&curve.r()));
            assert!(curve.is_scalar(&[0; 32]));
        }
    }

    #[test]
    fn roots_have_their_order() {
        assert_eq!(
            Bn128::root_of_unity(28),
            Some(ark_bn254::Fr::TWO_ADIC_ROOT_OF_UNITY)
        );
        let root = Bls12381::root_of_unity(32).unwrap();
        assert_eq!(root.pow([1u64 << 31]), -ark_bls12_381::Fr::from(1));
        assert_eq!(Bls12381::root_of_unity(33), None);
    }

    #[test]
    fn points_survive_the_trip_and_bad_ones_are_named() {
        let mut bytes = Vec::new();
        let g2 = ark_bls12_381::G2Affine::generator();
        g2.push(&mut bytes);
        assert_eq!(ark_bls12_381::G2Affine::decode_checked(&bytes), Ok(g2));
        bytes[0] ^= 1;
        assert_eq!(
            ark_bls12_381::G2Affine::decode_checked(&bytes),
            Err(PointFault::NotOnCurve)
        );
        bytes.fill(255);
        assert_eq!(
            ark_bls12_381::G2Affine::decode(&bytes),
            Err(PointFault::NotReduced)
        );
        assert_eq!(
            ark_bls12_381::G2Affine::decode(&bytes[1..]),
            Err(PointFault::Length)
        );
        assert!(ark_bn254::G1Affine::decode(&[0; 64]).unwrap().is_zero());
    }
}
