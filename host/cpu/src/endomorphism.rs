//! The endomorphism φ(x, y) = (β·x, y) of curves y² = x³ + b, and scalars split by it (Gallant,
//! Lambert, Vanstone, CRYPTO 2001): k·P = k₁·P + k₂·φ(P) with both halves of half the bits.
//!
//! β is a cube root of 1 in the base field, φ is multiplication by λ, a cube root of 1 modulo r. The
//! pairs (a, b) with a + b·λ ≡ 0 mod r form a lattice with the short basis (A, −S), (S, B), where
//! A·B + S² = r: for BN curves A = 6x² + 2x, S = 2x + 1, B = 6x² + 4x + 1, for BLS12 curves
//! A = x² − 1, S = 1, B = x². Both groups have the same λ, each its own β.

use crate::arith::Arith;
#[cfg(test)]
use proofmill_field::FieldSpec;
use proofmill_field::{CurveId, Group, Int, int};

/// What splitting a scalar needs.
pub(crate) struct Endomorphism {
    /// A of the basis.
    pub(crate) a: u128,
    /// S of the basis.
    pub(crate) s: u128,
    /// B of the basis, the largest of the three.
    pub(crate) b: u128,
    /// The order of the groups.
    r: Int,
    /// [`Endomorphism::quotients`] of 2^320.
    quotients: (Int, Int),
}

/// The endomorphism of a curve's groups.
pub(crate) const fn of(curve: CurveId) -> &'static Endomorphism {
    const BN254: Endomorphism = derive(CurveId::Bn254);
    const BLS12_381: Endomorphism = derive(CurveId::Bls12_381);
    const BLS12_377: Endomorphism = derive(CurveId::Bls12_377);
    match curve {
        CurveId::Bn254 => &BN254,
        CurveId::Bls12_381 => &BLS12_381,
        CurveId::Bls12_377 => &BLS12_377,
    }
}

const fn derive(curve: CurveId) -> Endomorphism {
    match curve {
        CurveId::Bn254 => {
            let x = 4_965_661_367_192_848_881u128; // 62.1 bits: 6x² below 2^127
            let (a, b) = (6 * x * x + 2 * x, 6 * x * x + 4 * x + 1);
            Endomorphism::checked(curve, a, 2 * x + 1, b)
        }
        CurveId::Bls12_381 => {
            let x = 0xd201_0000_0001_0000u128; // of either sign: only x² counts
            Endomorphism::checked(curve, x * x - 1, 1, x * x)
        }
        CurveId::Bls12_377 => {
            let x = 0x8508_c000_0000_0001u128;
            Endomorphism::checked(curve, x * x - 1, 1, x * x)
        }
    }
}

/// β of a group, as a coordinate.
pub(crate) fn beta<C: Arith>(curve: CurveId, group: Group) -> C {
    let mut out = C::ZERO;
    let base = curve.spec().base;
    // the first limbs of a coordinate in data form: the element, or c0 of c0 + c1·u
    base.write(beta_element(curve, group), bytemuck::bytes_of_mut(&mut out));
    out
}

/// β of a group in data form.
pub(crate) const fn beta_element(curve: CurveId, group: Group) -> &'static Int {
    const BN254: [Int; 2] = roots(CurveId::Bn254);
    const BLS12_381: [Int; 2] = roots(CurveId::Bls12_381);
    const BLS12_377: [Int; 2] = roots(CurveId::Bls12_377);
    // the one whose φ is λ: a choice of two, settled by the tests
    match (curve, group) {
        (CurveId::Bn254, Group::G1) => &BN254[0],
        (CurveId::Bn254, Group::G2) => &BN254[1],
        (CurveId::Bls12_381, Group::G1) => &BLS12_381[1],
        (CurveId::Bls12_381, Group::G2) => &BLS12_381[0],
        (CurveId::Bls12_377, _) => &BLS12_377[0],
    }
}

/// The cube roots of 1 in the base field, but 1: g^((p−1)/3) for its generator g, and the square.
const fn roots(curve: CurveId) -> [Int; 2] {
    let base = curve.spec().base;
    let third = divide_by_3(&int::sub(&base.modulus, &int::small(1)).0);
    let root = base.pow(&base.element(base.generator), &third);
    [root, base.mul(&root, &root)]
}

impl Endomorphism {
    const fn checked(curve: CurveId, a: u128, s: u128, b: u128) -> Self {
        let r = curve.spec().scalar.modulus;
        let sum = int::add(&product(a, b), &product(s, s)).0;
        let difference = int::sub(&sum, &r).0;
        assert!(int::is_zero(&difference), "not the curve's parameter");
        let mut this = Endomorphism {
            a,
            s,
            b,
            r,
            quotients: (int::ZERO, int::ZERO),
        };
        this.quotients = this.quotients(320);
        this
    }

    /// (⌊2^log·B/r⌋, ⌊2^log·S/r⌋), for [`Endomorphism::split`] and its like on vectors.
    pub(crate) const fn quotients(&self, log: u32) -> (Int, Int) {
        (self.quotient(self.b, log), self.quotient(self.s, log))
    }

    /// ⌊2^log·x/r⌋ for x < r, bit by bit.
    const fn quotient(&self, x: u128, log: u32) -> Int {
        let (mut rest, mut out, mut i) = (wide(x), int::ZERO, 0);
        while i < log {
            rest = int::add(&rest, &rest).0; // < 2r
            out = int::add(&out, &out).0;
            if !int::less(&rest, &self.r) {
                rest = int::sub(&rest, &self.r).0;
                out[0] |= 1;
            }
            i += 1;
        }
        out
    }

    /// (k₁, k₂) with k ≡ k₁ + λ·k₂, for k ≤ r/2.
    ///
    /// With real x₁ = k·B/r and x₂ = k·S/r, (k, 0) is x₁·(A, −S) + x₂·(S, B). The multiples c taken
    /// off are ⌊x' + 1/2⌋ where x − 2^−64 < x' ≤ x (k < 2^256, quotients of 2^320), so that
    /// −1/2 ≤ x − c < 1/2 + 2^−64, and of what is left
    /// |k₁| = |(x₁−c₁)·A + (x₂−c₂)·S| and |k₂| = |(x₂−c₂)·B − (x₁−c₁)·S| are at most
    /// (1/2 + 2^−64)·(B + S): below 0.872·2^126 (BN254), 0.674·2^127 (BLS12-381), 0.541·2^126
    /// (BLS12-377).
    /// Both fit an `i128`, so that everything may be computed modulo 2^128.
    /// Where k < r/2B both c are 0 and k stays k.
    #[inline(always)]
    pub(crate) fn split(&self, k: &[u64; 4]) -> [i128; 2] {
        let c1 = rounded_product(k, &self.quotients.0);
        let c2 = rounded_product(k, &self.quotients.1);
        let low = k[0] as u128 | (k[1] as u128) << 64;
        let k1 = low
            .wrapping_sub(c1.wrapping_mul(self.a))
            .wrapping_sub(c2.wrapping_mul(self.s));
        let k2 = (c1.wrapping_mul(self.s)).wrapping_sub(c2.wrapping_mul(self.b));
        [k1 as i128, k2 as i128]
    }

    /// Whether (a, b) is one of 0, ±(A, −S), ±(S, B), and their sums.
    #[cfg(test)]
    pub(crate) fn is_basis_multiple(&self, by: [i128; 2]) -> bool {
        let (a, s, b) = (self.a as i128, self.s as i128, self.b as i128);
        let multiple = |c1: i128, c2: i128| {
            let (x, y) = (c1.wrapping_mul(a), c1.wrapping_mul(s));
            let (z, w) = (c2.wrapping_mul(s), c2.wrapping_mul(b));
            [x.wrapping_add(z), w.wrapping_sub(y)]
        };
        (-1..=1).any(|c1| (-1..=1).any(|c2| multiple(c1, c2) == by))
    }

    /// λ = A/S mod r, from A − S·λ ≡ 0; in data form.
    #[cfg(test)]
    fn lambda(&self, field: &FieldSpec) -> Int {
        let inverse = field.inverse(&field.to_data(&wide(self.s)));
        field.mul(&field.to_data(&wide(self.a)), &inverse)
    }
}

/// ⌊k·q/2^320 + 1/2⌋ for q < 2^256, which is below 2^128 for the quotients above.
#[inline(always)]
fn rounded_product(k: &[u64; 4], q: &Int) -> u128 {
    let mut t = [0u64; 8];
    t[4] = 1 << 63;
    for i in 0..4 {
        let mut carry = 0;
        for j in 0..4 {
            let sum = k[i] as u128 * q[j] as u128 + t[i + j] as u128 + carry as u128; // ≤ 2^128 − 1
            (t[i + j], carry) = (sum as u64, (sum >> 64) as u64);
        }
        // the half in t[4] may carry on
        let mut at = i + 4;
        while carry != 0 && at < 8 {
            let (sum, over) = t[at].overflowing_add(carry);
            (t[at], carry) = (sum, over as u64);
            at += 1;
        }
    }
    t[5] as u128 | (t[6] as u128) << 64
}

pub(crate) const fn wide(x: u128) -> Int {
    [x as u64, (x >> 64) as u64, 0, 0, 0, 0]
}

/// a·b, bit by bit.
const fn product(a: u128, b: u128) -> Int {
    let (mut out, mut i) = (int::ZERO, 128);
    while i > 0 {
        i -= 1;
        out = int::add(&out, &out).0;
        if b >> i & 1 == 1 {
            out = int::add(&out, &wide(a)).0;
        }
    }
    out
}

/// ⌊a/3⌋, limb by limb.
const fn divide_by_3(a: &Int) -> Int {
    let (mut out, mut rest, mut i) = (int::ZERO, 0u128, int::LIMBS);
    while i > 0 {
        i -= 1;
        rest = rest << 64 | a[i] as u128; // < 3·2^64
        out[i] = (rest / 3) as u64;
        rest %= 3;
    }
    out
}

/// 2^i.
#[cfg(test)]
pub(crate) fn power_of_2(i: usize) -> Int {
    let mut out = int::ZERO;
    out[i / 64] = 1 << (i % 64);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::*;
    use proofmill_field::Random;
    use proofmill_field::naive::NaiveGroup;

    #[test]
    fn beta_and_lambda_are_cube_roots_of_one_and_phi_is_lambda() {
        for curve in CurveId::ALL {
            let (spec, phi) = (curve.spec(), of(curve));
            let (base, scalar) = (spec.base, spec.scalar);
            let lambda = phi.lambda(scalar);
            let sum = scalar.add(&scalar.mul(&lambda, &lambda), &lambda);
            assert!(int::is_zero(&scalar.add(&sum, &scalar.one)), "{curve}");
            // S + B·λ ≡ 0
            let (s, b) = (scalar.to_data(&wide(phi.s)), scalar.to_data(&wide(phi.b)));
            assert!(int::is_zero(&scalar.add(&s, &scalar.mul(&b, &lambda))));
            for group in spec.groups().iter().copied() {
                let beta = beta_element(curve, group);
                assert!(base.mul(&base.mul(beta, beta), beta) == base.one && *beta != base.one);
                let naive = NaiveGroup::new(spec, group);
                let g = naive.generator();
                let image = naive.scale(&g, &scalar.from_data(&lambda));
                let mut bytes = vec![0; spec.point_bytes(group)];
                let mut expected = bytes.clone();
                naive.write(&image, &mut bytes);
                let mut moved = g;
                moved[0] = moved[0].map(|x| base.mul(&x, beta));
                naive.write(&moved, &mut expected);
                assert!(bytes == expected, "{curve} {group}");
            }
        }
    }

    /// k₁ + λ·k₂ mod r, plain.
    fn joined(field: &FieldSpec, lambda: &Int, halves: [i128; 2]) -> Int {
        let element = |k: i128| {
            let magnitude = field.to_data(&wide(k.unsigned_abs()));
            if k < 0 {
                field.neg(&magnitude)
            } else {
                magnitude
            }
        };
        let [k1, k2] = halves.map(element);
        field.from_data(&field.add(&k1, &field.mul(lambda, &k2)))
    }

    #[test]
    fn a_million_scalars_are_split_within_the_bound() {
        for curve in CurveId::ALL {
            let (phi, field) = (of(curve), curve.spec().scalar);
            let (half, lambda) = (int::shr(&field.modulus, 1), phi.lambda(field));
            // (1/2 + 2^−64)·(B + S)
            let bound = (phi.b + phi.s) / 2 + ((phi.b + phi.s) >> 64) + 1;
            let mut random = Random::seeded(1);
            let mut edges: Vec<Int> = (0..50).map(|i| int::sub(&half, &int::small(i)).0).collect();
            edges.extend((0..50).map(int::small));
            // about the places where a multiple changes
            for c in 0..1000u64 {
                let x = int::shr(&product(phi.a, (2 * c + 1) as u128), 1);
                edges.extend((0..3).map(|d| int::add(&x, &int::small(d)).0));
            }
            let randoms = (0..1_000_000).map(|_| int::shr(&random.element(field.id), 1));
            for k in edges.into_iter().chain(randoms) {
                let halves = phi.split(&[k[0], k[1], k[2], k[3]]);
                assert!(halves.iter().all(|h| h.unsigned_abs() <= bound), "{k:?}");
                assert_eq!(joined(field, &lambda, halves), k);
            }
        }
    }

    #[test]
    fn small_scalars_stay_small() {
        for curve in CurveId::ALL {
            let phi = of(curve);
            for bits in 0..125 {
                let k = (1u128 << bits) - 1;
                let halves = phi.split(&[k as u64, (k >> 64) as u64, 0, 0]);
                assert_eq!(halves, [k as i128, 0]);
            }
        }
    }

    #[test]
    fn beta_is_a_coordinate() {
        let beta: Quadratic<Mont<Bls12_381Fq, 6>> = beta(CurveId::Bls12_381, Group::G2);
        assert!(beta.square().mul(beta) == Arith::ONE && beta != Arith::ONE);
    }
}
