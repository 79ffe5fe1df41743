//! The field in which check points are drawn: F[x]/(x^D − residue), D = 1, 2 or 4.

use crate::random::System;
use proofmill_cpu::arith::Field;

/// An extension; its elements are coefficient arrays.
pub(super) struct Extension<F, const D: usize> {
    residue: F,
}

impl<F: Field, const D: usize> Extension<F, D> {
    /// x^D − `residue` must be irreducible (any residue for D = 1).
    pub(super) fn new(residue: u64) -> Self {
        const { assert!(D == 1 || D == 2 || D == 4) }
        Extension {
            residue: F::element(residue),
        }
    }

    pub(super) fn constant(&self, a: F) -> [F; D] {
        let mut out = [F::ZERO; D];
        out[0] = a;
        out
    }

    /// Uniform, from the operating system where the source is that.
    pub(super) fn random(&self, random: &mut System) -> Result<[F; D], getrandom::Error> {
        let mut out = [F::ZERO; D];
        for c in &mut out {
            *c = F::from_int(&random.element(F::SPEC.id)?);
        }
        Ok(out)
    }

    pub(super) fn add(&self, a: &[F; D], b: &[F; D]) -> [F; D] {
        std::array::from_fn(|i| a[i].add(b[i]))
    }

    pub(super) fn sub(&self, a: &[F; D], b: &[F; D]) -> [F; D] {
        std::array::from_fn(|i| a[i].sub(b[i]))
    }

    pub(super) fn scale(&self, a: &[F; D], by: F) -> [F; D] {
        a.map(|c| c.mul(by))
    }

    pub(super) fn mul(&self, a: &[F; D], b: &[F; D]) -> [F; D] {
        let mut out = [F::ZERO; D];
        for i in 0..D {
            for j in 0..D {
                let product = a[i].mul(b[j]);
                let wrapped = if i + j >= D {
                    product.mul(self.residue)
                } else {
                    product
                };
                out[(i + j) % D] = out[(i + j) % D].add(wrapped);
            }
        }
        out
    }

    pub(super) fn pow(&self, a: &[F; D], mut e: u64) -> [F; D] {
        let (mut base, mut out) = (*a, self.constant(F::ONE));
        while e > 0 {
            if e & 1 == 1 {
                out = self.mul(&out, &base);
            }
            base = self.mul(&base, &base);
            e >>= 1;
        }
        out
    }

    /// a^(2^k).
    pub(super) fn pow_2(&self, a: &[F; D], k: u32) -> [F; D] {
        (0..k).fold(*a, |a, _| self.mul(&a, &a))
    }

    /// 1, a, …, a^(count−1).
    pub(super) fn powers(&self, a: &[F; D], count: usize) -> Vec<[F; D]> {
        let next = |x: &[F; D]| Some(self.mul(x, a));
        std::iter::successors(Some(self.constant(F::ONE)), next)
            .take(count)
            .collect()
    }

    /// 1/a; 0 for 0.
    fn inverse(&self, a: &[F; D]) -> [F; D] {
        let mut out = *a;
        match D {
            1 => out[0] = a[0].inverse_vartime(),
            2 => {
                let [x, y] = self.inverse_2(a[0], a[1]);
                (out[0], out[1]) = (x, y);
            }
            _ => {
                // a = A + xB over F(y), y = x², y² = residue: 1/a = (A − xB)/(A² − yB²)
                let (a0, b0, a1, b1) = (a[0], a[1], a[2], a[3]);
                let times = |[p0, p1]: [F; 2], [q0, q1]: [F; 2]| {
                    let low = p0.mul(q0).add(p1.mul(q1).mul(self.residue));
                    [low, p0.mul(q1).add(p1.mul(q0))]
                };
                let (aa, bb) = (times([a0, a1], [a0, a1]), times([b0, b1], [b0, b1]));
                let norm = [aa[0].sub(bb[1].mul(self.residue)), aa[1].sub(bb[0])];
                let inverse = self.inverse_2(norm[0], norm[1]);
                let (even, odd) = (times([a0, a1], inverse), times([b0, b1], inverse));
                (out[0], out[1], out[2], out[3]) = (even[0], odd[0].neg(), even[1], odd[1].neg());
            }
        }
        out
    }

    /// 1/(a + b·y) with y² = residue.
    fn inverse_2(&self, a: F, b: F) -> [F; 2] {
        let norm = a
            .square()
            .sub(b.square().mul(self.residue))
            .inverse_vartime();
        [a.mul(norm), b.neg().mul(norm)]
    }

    /// Inverts values none of which is zero, with one inversion.
    pub(super) fn invert_all(&self, values: &mut [[F; D]]) {
        let mut product = self.constant(F::ONE);
        let mut before = Vec::with_capacity(values.len());
        for v in values.iter() {
            before.push(product);
            product = self.mul(&product, v);
        }
        let mut inverse = self.inverse(&product);
        for (v, before) in values.iter_mut().zip(before).rev() {
            (*v, inverse) = (self.mul(&inverse, &before), self.mul(&inverse, v));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofmill_cpu::arith::{Goldilocks, KoalaBear, Mont31};

    fn inverts<F: Field, const D: usize>(residue: u64) {
        let (e, mut random) = (Extension::<F, D>::new(residue), System::default());
        for _ in 0..50 {
            let a = e.random(&mut random).unwrap();
            assert!(e.mul(&a, &e.inverse(&a)) == e.constant(F::ONE));
            // irreducible: x has order beyond the base field
            let mut all = [a, e.mul(&a, &a)];
            e.invert_all(&mut all);
            assert!(e.mul(&all[1], &e.pow(&a, 2)) == e.constant(F::ONE));
        }
    }

    #[test]
    fn every_element_has_its_inverse() {
        inverts::<Goldilocks, 1>(0);
        inverts::<Goldilocks, 2>(7);
        inverts::<Mont31<KoalaBear>, 4>(3);
    }
}
