//! Points of y² = x³ + b with portable coordinates.

use super::arith::Arith;
use bytemuck::{Pod, Zeroable};

/// An affine point; (0, 0), which is on no curve with b ≠ 0, stands for infinity.
#[derive(Clone, Copy, PartialEq)]
#[repr(C)]
pub(crate) struct Affine<F> {
    pub(crate) x: F,
    pub(crate) y: F,
}

// SAFETY: two plain values of one type, one after the other: no padding.
unsafe impl<F: Arith> Zeroable for Affine<F> {}
// SAFETY: as above, and every bit pattern is a value.
unsafe impl<F: Arith> Pod for Affine<F> {}

impl<F: Arith> Affine<F> {
    pub(crate) const INFINITY: Self = Affine {
        x: F::ZERO,
        y: F::ZERO,
    };

    #[inline(always)]
    pub(crate) fn is_infinity(&self) -> bool {
        self.x == F::ZERO && self.y == F::ZERO
    }

    #[inline(always)]
    pub(crate) fn neg(self) -> Self {
        Affine {
            x: self.x,
            y: self.y.neg(),
        }
    }
}

/// Affine points in shared bytes at any alignment.
#[derive(Clone, Copy)]
pub(crate) struct PointView<'a> {
    bytes: &'a [u8],
}

impl<'a> PointView<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        PointView { bytes }
    }

    pub(crate) fn len<F: Arith>(&self) -> usize {
        self.bytes.len() / size_of::<Affine<F>>()
    }

    #[inline(always)]
    pub(crate) fn point<F: Arith>(&self, i: usize) -> Affine<F> {
        let size = size_of::<Affine<F>>();
        bytemuck::pod_read_unaligned(&self.bytes[i * size..(i + 1) * size])
    }
}

/// A point in Jacobian coordinates (X/Z², Y/Z³); Z = 0 is infinity. For the few additions at the end
/// of a sum: its formulas are never inlined, which would multiply the program's size.
#[derive(Clone, Copy)]
pub(crate) struct Jacobian<F> {
    x: F,
    y: F,
    z: F,
}

impl<F: Arith> Jacobian<F> {
    pub(crate) const INFINITY: Self = Jacobian {
        x: F::ONE,
        y: F::ONE,
        z: F::ZERO,
    };

    pub(crate) fn is_infinity(&self) -> bool {
        self.z == F::ZERO
    }

    /// dbl-2009-l of the Explicit-Formulas Database: 2M + 5S.
    #[inline(never)]
    pub(crate) fn double(self) -> Self {
        let (a, b) = (self.x.square(), self.y.square());
        let c = b.square();
        let d = self.x.add(b).square().sub(a).sub(c).double();
        let e = a.double().add(a);
        let x = e.square().sub(d.double());
        let c8 = c.double().double().double();
        // infinity stays infinity: z = 0
        Jacobian {
            x,
            y: e.mul(d.sub(x)).sub(c8),
            z: self.y.mul(self.z).double(),
        }
    }

    /// madd-2007-bl, 7M + 4S, and the exceptional cases.
    #[inline(never)]
    pub(crate) fn add_affine(self, q: &Affine<F>) -> Self {
        if q.is_infinity() {
            return self;
        }
        if self.is_infinity() {
            return Jacobian {
                x: q.x,
                y: q.y,
                z: F::ONE,
            };
        }
        let zz = self.z.square();
        let (u2, s2) = (q.x.mul(zz), q.y.mul(self.z).mul(zz));
        if u2 == self.x {
            return if s2 == self.y {
                self.double()
            } else {
                Self::INFINITY
            };
        }
        let h = u2.sub(self.x);
        let hh = h.square();
        let i = hh.double().double();
        let j = h.mul(i);
        let r = s2.sub(self.y).double();
        let v = self.x.mul(i);
        let x = r.square().sub(j).sub(v.double());
        let y = r.mul(v.sub(x)).sub(self.y.mul(j).double());
        Jacobian {
            x,
            y,
            z: self.z.add(h).square().sub(zz).sub(hh),
        }
    }

    /// add-2007-bl, 11M + 5S, and the exceptional cases.
    #[inline(never)]
    pub(crate) fn add(self, q: &Self) -> Self {
        if q.is_infinity() {
            return self;
        }
        if self.is_infinity() {
            return *q;
        }
        let (z1z1, z2z2) = (self.z.square(), q.z.square());
        let (u1, u2) = (self.x.mul(z2z2), q.x.mul(z1z1));
        let (s1, s2) = (self.y.mul(q.z).mul(z2z2), q.y.mul(self.z).mul(z1z1));
        if u1 == u2 {
            return if s1 == s2 {
                self.double()
            } else {
                Self::INFINITY
            };
        }
        let h = u2.sub(u1);
        let i = h.double().square();
        let j = h.mul(i);
        let r = s2.sub(s1).double();
        let v = u1.mul(i);
        let x = r.square().sub(j).sub(v.double());
        let y = r.mul(v.sub(x)).sub(s1.mul(j).double());
        let z = self.z.add(q.z).square().sub(z1z1).sub(z2z2).mul(h);
        Jacobian { x, y, z }
    }

    pub(crate) fn to_affine(self) -> Affine<F> {
        let inverse = self.z.inverse_vartime(); // 0 for infinity, so that x = y = 0
        let square = inverse.square();
        Affine {
            x: self.x.mul(square),
            y: self.y.mul(square.mul(inverse)),
        }
    }
}
