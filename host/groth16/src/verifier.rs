//! The check of proofs by pairing, in two halves: what depends on key and public signals alone is done ahead.

use crate::curve::SnarkCurve;
use crate::error::{Error, Result};
use crate::json::{Proof, PublicSignals, VerificationKey};
use ark_ec::pairing::MillerLoopOutput;
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::Zero;

/// A verification key and public signals, ready for a proof.
pub(crate) struct Verifier<E: SnarkCurve> {
    /// The Miller loops of (α, β) and (IC·public, γ).
    fixed: E::TargetField,
    delta2: E::G2Prepared,
}

impl<E: SnarkCurve> Verifier<E> {
    /// Two Miller loops and a sum over the public signals; fails only where their number is not the key's.
    pub(crate) fn new(
        vk: &VerificationKey<E>,
        public: &PublicSignals<E::ScalarField>,
    ) -> Result<Self> {
        let Some((constant, ic)) = vk
            .ic
            .split_first()
            .filter(|(_, ic)| ic.len() == public.0.len())
        else {
            return Err(Error::Mismatch {
                files: "verification key and public signals".into(),
                what: "number of public signals",
                expected: vk.ic.len().saturating_sub(1).to_string(),
                found: public.0.len().to_string(),
            });
        };
        let signals = E::G1::msm_unchecked(ic, &public.0) + constant;
        let fixed = E::multi_miller_loop([vk.alpha1, signals.into_affine()], [vk.beta2, vk.gamma2]);
        Ok(Self {
            fixed: fixed.0,
            delta2: E::G2Prepared::from(vk.delta2),
        })
    }

    /// Whether e(A, B) = e(α, β) · e(IC·public, γ) · e(C, δ): two Miller loops, side by side, and a final
    /// exponentiation.
    pub(crate) fn accepts(&self, proof: &Proof<E>) -> bool {
        let minus_a = (-proof.a.into_group()).into_affine();
        let (ab, c_delta) = rayon::join(
            || E::miller_loop(minus_a, proof.b),
            || E::miller_loop(proof.c, self.delta2.clone()),
        );
        let product = E::final_exponentiation(MillerLoopOutput(self.fixed * ab.0 * c_delta.0));
        product.is_some_and(|product| product.is_zero())
    }
}
