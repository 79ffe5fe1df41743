//! The end of a proof: five sums, the key's fixed points, and fresh r and s that hide the witness.

use crate::check;
use crate::curve::{KeyPoint, SnarkCurve};
use crate::error::{Error, Result};
use crate::json::Proof;
use crate::random::Source;
use crate::zkey::Zkey;
use ark_ec::CurveGroup;
use proofmill::Done;
use zeroize::Zeroize;

/// Everything in a proof that does not depend on the witness. Secret, and erased when dropped: with it the witness'
/// sums can be read off a proof.
pub(super) struct Blinding<E: SnarkCurve> {
    r: E::ScalarField,
    s: E::ScalarField,
    /// α + r·δ
    a: E::G1,
    /// β + s·δ in G2
    b: E::G2,
    /// β + s·δ in G1
    b1: E::G1,
    /// −r·s·δ
    c: E::G1,
}

impl<E: SnarkCurve> Blinding<E> {
    /// Draws r and s.
    pub(super) fn draw(zkey: &Zkey, source: &mut Source) -> Result<Self> {
        let header = zkey.header();
        let alpha1: E::G1Affine = check::fixed_point(zkey, "alpha in G1", &header.alpha1)?;
        let beta1: E::G1Affine = check::fixed_point(zkey, "beta in G1", &header.beta1)?;
        let delta1: E::G1Affine = check::fixed_point(zkey, "delta in G1", &header.delta1)?;
        let beta2: E::G2Affine = check::fixed_point(zkey, "beta in G2", &header.beta2)?;
        let delta2: E::G2Affine = check::fixed_point(zkey, "delta in G2", &header.delta2)?;
        let (r, s) = (source.scalar()?, source.scalar()?);
        let r_delta1 = delta1 * r;
        Ok(Self {
            r,
            s,
            a: r_delta1 + alpha1,
            b: delta2 * s + beta2,
            b1: delta1 * s + beta1,
            c: -(r_delta1 * s),
        })
    }

    /// The proof from the sums H, A, B1, B2, C.
    pub(super) fn assemble(&self, zkey: &Zkey, done: &[Done]) -> Result<Proof<E>> {
        let [h, a, b1, b2, c] = done else {
            return Err(no_point(zkey));
        };
        let g1 = |done: &Done| point::<E::G1Affine>(zkey, done);
        let (h, a, b1, c) = (g1(h)?, g1(a)?, g1(b1)?, g1(c)?);
        let b2: E::G2Affine = point(zkey, b2)?;
        let (a, b, b1) = (self.a + a, self.b + b2, self.b1 + b1);
        let c = a * self.s + b1 * self.r + self.c + c + h;
        Ok(Proof {
            a: a.into_affine(),
            b: b.into_affine(),
            c: c.into_affine(),
        })
    }
}

impl<E: SnarkCurve> Drop for Blinding<E> {
    fn drop(&mut self) {
        self.r.zeroize();
        self.s.zeroize();
        self.a.zeroize();
        self.b.zeroize();
        self.b1.zeroize();
        self.c.zeroize();
    }
}

/// The point that a chain brought back. Its coordinates are read; whether it is right shows at the end.
fn point<A: KeyPoint>(zkey: &Zkey, done: &Done) -> Result<A> {
    let points = done.points.first().ok_or_else(|| no_point(zkey))?;
    A::decode(points.bytes()).map_err(|_| no_point(zkey))
}

/// A device returned something that is no point at all, and nobody was asked to check it.
fn no_point(zkey: &Zkey) -> Error {
    Error::InvalidProof {
        what: format!("{}: a device returned no point", zkey.name()),
    }
}
