//! The definitions: transforms and point sums computed the obvious way. They judge every other
//! implementation and are the arithmetic of the slow reference device.

use crate::curve::{CurveSpec, Group, Twist};
use crate::field::FieldSpec;
use crate::int::{self, Int};
use alloc::vec::Vec;

/// `i` with its lowest `log_n` bits in reverse order.
pub const fn bit_reverse(i: usize, log_n: u32) -> usize {
    if log_n == 0 {
        0
    } else {
        i.reverse_bits() >> (usize::BITS - log_n)
    }
}

/// Σ a_j x^j by Horner's rule.
pub fn evaluate(field: &FieldSpec, coefficients: &[Int], x: &Int) -> Int {
    let step = |sum: Int, a: &Int| field.add(&field.mul(&sum, x), a);
    coefficients.iter().rev().fold(int::ZERO, step)
}

/// y_i = a(shift · root^i) for i < `count`: the number-theoretic transform by its definition.
pub fn transform(
    field: &FieldSpec,
    coefficients: &[Int],
    root: &Int,
    shift: &Int,
    count: usize,
) -> Vec<Int> {
    let mut x = *shift;
    let next = |_| {
        let y = evaluate(field, coefficients, &x);
        x = field.mul(&x, root);
        y
    };
    (0..count).map(next).collect()
}

/// An element of the coordinates' field: c0 + c1·u with u² = −1, or c0 alone in G1 (c1 = 0).
pub type Coordinate = [Int; 2];

/// A curve group with its arithmetic in homogeneous projective coordinates (X : Y : Z).
///
/// The addition is the complete formula of Renes, Costello and Batina (eprint 2015/1060, algorithm 7,
/// a = 0). It has no exceptions in a group of odd order, so none in a subgroup of order r. Where a sum
/// off the subgroup meets a point of order two (BLS12-377 has one) it is (0 : 0 : 0), which is no
/// point and stays so.
pub struct NaiveGroup {
    curve: &'static CurveSpec,
    group: Group,
    b3: Coordinate,
}

/// A projective point; Z = 0 is infinity.
pub type Projective = [Coordinate; 3];

impl NaiveGroup {
    /// A group that the curve offers ([`CurveSpec::groups`]); of another one, only infinity is known.
    pub fn new(curve: &'static CurveSpec, group: Group) -> Self {
        let field = curve.base;
        let mut this = NaiveGroup {
            curve,
            group,
            b3: [int::ZERO; 2],
        };
        let b3 = [field.element(3 * curve.b), int::ZERO];
        this.b3 = match (group, &curve.g2) {
            (Group::G1, _) | (_, None) => b3,
            (Group::G2, Some(g2)) => {
                let xi = g2.xi.map(|x| field.element(x));
                match g2.twist {
                    Twist::Multiply => this.mul(&b3, &xi),
                    Twist::Divide => this.mul(&b3, &this.inverse(&xi)),
                }
            }
        };
        this
    }

    /// The neutral element.
    pub fn infinity(&self) -> Projective {
        [
            [int::ZERO; 2],
            [self.curve.base.one, int::ZERO],
            [int::ZERO; 2],
        ]
    }

    /// The generator of the subgroup of order r.
    pub fn generator(&self) -> Projective {
        let data = |a: &Int| self.curve.base.to_data(a);
        let one = [self.curve.base.one, int::ZERO];
        match (self.group, &self.curve.g2) {
            (Group::G1, _) => {
                let [x, y] = &self.curve.g1;
                [[data(x), int::ZERO], [data(y), int::ZERO], one]
            }
            (Group::G2, Some(g2)) => {
                let [x0, x1, y0, y1] = &g2.generator;
                [[data(x0), data(x1)], [data(y0), data(y1)], one]
            }
            (Group::G2, None) => self.infinity(),
        }
    }

    /// P + Q, any points.
    pub fn add(&self, p: &Projective, q: &Projective) -> Projective {
        let ([x1, y1, z1], [x2, y2, z2]) = (p, q);
        let cross = |a1, b1, a2, b2, aa, bb| {
            let product = self.mul(&self.plus(a1, b1), &self.plus(a2, b2));
            self.minus(&self.minus(&product, aa), bb)
        };
        let (xx, yy, zz) = (self.mul(x1, x2), self.mul(y1, y2), self.mul(z1, z2));
        let xy = cross(x1, y1, x2, y2, &xx, &yy);
        let yz = cross(y1, z1, y2, z2, &yy, &zz);
        let xz = cross(x1, z1, x2, z2, &xx, &zz);
        let xx3 = self.plus(&self.plus(&xx, &xx), &xx);
        let bzz3 = self.mul(&self.b3, &zz);
        let bxz3 = self.mul(&self.b3, &xz);
        let (minus, plus) = (self.minus(&yy, &bzz3), self.plus(&yy, &bzz3));
        [
            self.minus(&self.mul(&xy, &minus), &self.mul(&yz, &bxz3)),
            self.plus(&self.mul(&minus, &plus), &self.mul(&bxz3, &xx3)),
            self.plus(&self.mul(&plus, &yz), &self.mul(&xx3, &xy)),
        ]
    }

    /// k·P for a plain integer k.
    pub fn scale(&self, p: &Projective, k: &Int) -> Projective {
        self.msm(core::slice::from_ref(p), core::slice::from_ref(k))
    }

    /// Σ k_i·P_i for plain integers k_i, bit by bit from the top with shared doublings.
    pub fn msm(&self, points: &[Projective], scalars: &[Int]) -> Projective {
        let top = scalars.iter().map(int::bits).max().unwrap_or(0);
        let mut sum = self.infinity();
        for bit in (0..top).rev() {
            sum = self.add(&sum, &sum);
            for (p, k) in points.iter().zip(scalars) {
                if int::bit(k, bit) {
                    sum = self.add(&sum, p);
                }
            }
        }
        sum
    }

    /// Whether an affine point (as [`NaiveGroup::read`] gives it) satisfies y² = x³ + b.
    /// Infinity does.
    pub fn is_on_curve(&self, p: &Projective) -> bool {
        // homogeneous: 3·Y²Z = 3·X³ + 3b·Z³
        let [x, y, z] = p;
        let three = |a: &Coordinate| self.plus(&self.plus(a, a), a);
        let left = three(&self.mul(&self.mul(y, y), z));
        let zzz = self.mul(&self.mul(z, z), z);
        let right = self.plus(
            &three(&self.mul(&self.mul(x, x), x)),
            &self.mul(&self.b3, &zzz),
        );
        left == right
    }

    /// Whether r·P is infinity.
    pub fn is_in_subgroup(&self, p: &Projective) -> bool {
        self.is_infinity(&self.scale(p, &self.curve.scalar.modulus))
    }

    /// Whether P is the neutral element.
    pub fn is_infinity(&self, p: &Projective) -> bool {
        p[2] == [int::ZERO; 2] && p[1] != [int::ZERO; 2]
    }

    /// An affine point x‖y in data form; all zero is infinity. Coordinates are not tested.
    pub fn read(&self, bytes: &[u8]) -> Projective {
        let size = self.curve.base.bytes;
        let element = |i: usize| self.curve.base.read(bytes.get(i * size..).unwrap_or(&[]));
        let z = [self.curve.base.one, int::ZERO];
        let point = match self.group {
            Group::G1 => [[element(0), int::ZERO], [element(1), int::ZERO], z],
            Group::G2 => [[element(0), element(1)], [element(2), element(3)], z],
        };
        let zero = [int::ZERO; 2];
        if point[0] == zero && point[1] == zero {
            self.infinity()
        } else {
            point
        }
    }

    /// The affine form x‖y of a point; all zero for infinity.
    pub fn write(&self, p: &Projective, bytes: &mut [u8]) {
        let inverse = self.inverse(&p[2]); // 0 for infinity, so that x = y = 0
        let size = self.curve.base.bytes;
        let coordinates = [self.mul(&p[0], &inverse), self.mul(&p[1], &inverse)];
        let elements = coordinates
            .iter()
            .flat_map(|c| c.iter().take(self.group.degree()));
        for (element, out) in elements.zip(bytes.chunks_mut(size)) {
            self.curve.base.write(element, out);
        }
    }

    fn plus(&self, a: &Coordinate, b: &Coordinate) -> Coordinate {
        let f = self.curve.base;
        [f.add(&a[0], &b[0]), f.add(&a[1], &b[1])]
    }

    fn minus(&self, a: &Coordinate, b: &Coordinate) -> Coordinate {
        let f = self.curve.base;
        [f.sub(&a[0], &b[0]), f.sub(&a[1], &b[1])]
    }

    fn mul(&self, a: &Coordinate, b: &Coordinate) -> Coordinate {
        let f = self.curve.base;
        if self.group == Group::G1 {
            return [f.mul(&a[0], &b[0]), int::ZERO];
        }
        let product = |i: usize, j: usize| f.mul(&a[i], &b[j]);
        [
            f.sub(&product(0, 0), &product(1, 1)),
            f.add(&product(0, 1), &product(1, 0)),
        ]
    }

    fn inverse(&self, a: &Coordinate) -> Coordinate {
        // 1/(a0 + a1·u) = (a0 − a1·u)/(a0² + a1²)
        let f = self.curve.base;
        let norm = f.add(&f.mul(&a[0], &a[0]), &f.mul(&a[1], &a[1]));
        let scale = f.inverse(&norm);
        [f.mul(&a[0], &scale), f.neg(&f.mul(&a[1], &scale))]
    }
}
