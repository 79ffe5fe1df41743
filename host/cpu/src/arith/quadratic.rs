//! F[u]/(u² + 1): the coordinates of G2 on BN254 and BLS12-381.

use super::Arith;
use bytemuck::{Pod, Zeroable};

/// c0 + c1·u.
#[derive(Clone, Copy, PartialEq)]
#[repr(transparent)]
pub struct Quadratic<F>(pub(crate) [F; 2]);

// SAFETY: transparent over an array of two of a zeroable type.
unsafe impl<F: Arith> Zeroable for Quadratic<F> {}
// SAFETY: transparent over an array of plain values: no padding, every bit pattern a value.
unsafe impl<F: Arith> Pod for Quadratic<F> {}

impl<F: Arith> Arith for Quadratic<F> {
    const ZERO: Self = Quadratic([F::ZERO; 2]);
    const ONE: Self = Quadratic([F::ONE, F::ZERO]);

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Quadratic([self.0[0].add(other.0[0]), self.0[1].add(other.0[1])])
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Quadratic([self.0[0].sub(other.0[0]), self.0[1].sub(other.0[1])])
    }

    #[inline]
    fn mul(self, other: Self) -> Self {
        // Karatsuba: three products
        let ([a0, a1], [b0, b1]) = (self.0, other.0);
        let (low, high) = (a0.mul(b0), a1.mul(b1));
        let cross = a0.add(a1).mul(b0.add(b1));
        Quadratic([low.sub(high), cross.sub(low).sub(high)])
    }

    #[inline]
    fn square(self) -> Self {
        let [a0, a1] = self.0;
        let cross = a0.mul(a1);
        Quadratic([a0.add(a1).mul(a0.sub(a1)), cross.double()])
    }

    fn inverse_vartime(self) -> Self {
        let [a0, a1] = self.0;
        let scale = a0.square().add(a1.square()).inverse_vartime();
        Quadratic([a0.mul(scale), a1.neg().mul(scale)])
    }
}
