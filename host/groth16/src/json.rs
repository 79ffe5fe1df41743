//! snarkjs' JSON: proof, public signals, verification key. Numbers are decimal strings; infinity is `["0","1","0"]`.
//!
//! What is read is validated: numbers below their modulus, points on the curve and in the subgroup of order r.

mod document;

pub use document::JsonFile;

use crate::check::fixed_point;
use crate::curve::{KeyPoint, SnarkCurve};
use crate::error::{Error, Result};
use crate::verifier::Verifier;
use crate::with_curve;
use crate::wtns::Witness;
use crate::zkey::{Header, Zkey};
use ark_ff::{Field, PrimeField};
use document::{Node, point_json, pretty};
use serde_json::{Map, Value, json};

/// The extra field of a development key's verification key; snarkjs ignores it.
const INSECURE: (&str, &str) = ("insecure", "development key, tau was known");

/// A Groth16 proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof<E: SnarkCurve> {
    /// A in G1.
    pub a: E::G1Affine,
    /// B in G2.
    pub b: E::G2Affine,
    /// C in G1.
    pub c: E::G1Affine,
}

impl<E: SnarkCurve> Proof<E> {
    /// Reads `proof.json`. Protocol and curve may be missing, as in rapidsnark's files.
    pub fn from_json(file: &JsonFile) -> Result<Self> {
        file.expect_curve_if_named::<E>()?;
        let root = file.root();
        Ok(Self {
            a: root.field("pi_a")?.point()?,
            b: root.field("pi_b")?.point()?,
            c: root.field("pi_c")?.point()?,
        })
    }

    /// The text of `proof.json`, byte for byte as snarkjs writes it.
    pub fn to_json(&self) -> String {
        pretty(&json!({
            "pi_a": point_json(&self.a),
            "pi_b": point_json(&self.b),
            "pi_c": point_json(&self.c),
            "protocol": "groth16",
            "curve": E::CURVE.name(),
        }))
    }
}

/// The public signals, the constant 1 not included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicSignals<F: PrimeField>(pub Vec<F>);

impl<F: PrimeField> PublicSignals<F> {
    /// Values 1..=`n_public` of a witness (fewer where it is shorter).
    pub fn from_witness(witness: &Witness, n_public: usize) -> Self {
        let values = witness.values();
        Self(
            values
                .chunks_exact(32)
                .skip(1)
                .take(n_public)
                .map(F::from_le_bytes_mod_order)
                .collect(),
        )
    }

    /// Reads `public.json`.
    pub fn from_json(file: &JsonFile) -> Result<Self> {
        Ok(Self(
            file.root()
                .list()?
                .iter()
                .map(Node::number)
                .collect::<Result<_>>()?,
        ))
    }

    /// The text of `public.json`, byte for byte as snarkjs writes it.
    pub fn to_json(&self) -> String {
        if self.0.is_empty() {
            return "[\n]".into();
        }
        pretty(
            &self
                .0
                .iter()
                .map(|value| Value::from(value.to_string()))
                .collect(),
        )
    }
}

/// A Groth16 verification key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationKey<E: SnarkCurve> {
    /// α in G1.
    pub alpha1: E::G1Affine,
    /// β in G2.
    pub beta2: E::G2Affine,
    /// γ in G2.
    pub gamma2: E::G2Affine,
    /// δ in G2.
    pub delta2: E::G2Affine,
    /// One point for the constant and each public signal; never empty.
    pub ic: Vec<E::G1Affine>,
    /// Whether the key says that it is a development key: anyone may forge its proofs.
    pub insecure: bool,
}

impl<E: SnarkCurve> VerificationKey<E> {
    /// Takes the verification key out of a proving key; its points are checked.
    pub fn from_zkey(zkey: &Zkey) -> Result<Self> {
        let (
            Header {
                alpha1,
                beta2,
                gamma2,
                delta2,
                ..
            },
            size,
        ) = (zkey.header(), zkey.curve().g1_bytes());
        if zkey.curve() != E::CURVE {
            return Err(Error::Unsupported {
                file: zkey.name().into(),
                what: "curve",
                expected: E::CURVE.name().into(),
                found: zkey.curve().name().into(),
            });
        }
        let ic = zkey
            .ic
            .bytes
            .chunks_exact(size)
            .enumerate()
            .map(|(i, bytes)| {
                E::G1Affine::decode_checked(bytes)
                    .map_err(|fault| zkey.ic.fault(i * size, format!("point {i}: {fault}")))
            });
        Ok(Self {
            alpha1: fixed_point(zkey, "alpha in G1", alpha1)?,
            beta2: fixed_point(zkey, "beta in G2", beta2)?,
            gamma2: fixed_point(zkey, "gamma in G2", gamma2)?,
            delta2: fixed_point(zkey, "delta in G2", delta2)?,
            ic: ic.collect::<Result<_>>()?,
            insecure: zkey.is_insecure(),
        })
    }

    /// Reads `verification_key.json`. `vk_alphabeta_12` is not read: [`verify`] computes it.
    pub fn from_json(file: &JsonFile) -> Result<Self> {
        file.expect_curve::<E>()?;
        let root = file.root();
        let ic = root.field("IC")?.list()?;
        let n_public = root.field("nPublic")?;
        if n_public.value.as_u64().and_then(|n| n.checked_add(1)) != Some(ic.len() as u64) {
            return Err(n_public.fault(format!(
                "expected one less than the {} points of IC",
                ic.len()
            )));
        }
        Ok(Self {
            alpha1: root.field("vk_alpha_1")?.finite_point()?,
            beta2: root.field("vk_beta_2")?.finite_point()?,
            gamma2: root.field("vk_gamma_2")?.finite_point()?,
            delta2: root.field("vk_delta_2")?.finite_point()?,
            ic: ic.iter().map(Node::point).collect::<Result<_>>()?,
            insecure: root.value.get(INSECURE.0).is_some(),
        })
    }

    /// The text of `verification_key.json`, byte for byte as snarkjs writes it; a development key has one more field.
    pub fn to_json(&self) -> String {
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.into(), value);
        put("protocol", "groth16".into());
        put("curve", E::CURVE.name().into());
        put("nPublic", self.ic.len().saturating_sub(1).into());
        put("vk_alpha_1", point_json(&self.alpha1));
        put("vk_beta_2", point_json(&self.beta2));
        put("vk_gamma_2", point_json(&self.gamma2));
        put("vk_delta_2", point_json(&self.delta2));
        put("vk_alphabeta_12", self.alphabeta_json());
        put("IC", self.ic.iter().map(point_json).collect());
        if self.insecure {
            put(INSECURE.0, INSECURE.1.into());
        }
        pretty(&object.into())
    }

    /// e(α, β) as 2 × 3 × 2 numbers: Fq12 over Fq6 over Fq2, the tower that snarkjs and arkworks share.
    fn alphabeta_json(&self) -> Value {
        let numbers: Vec<Value> = E::pairing(self.alpha1, self.beta2)
            .0
            .to_base_prime_field_elements()
            .map(|x| x.to_string().into())
            .collect();
        let pairs: Vec<Value> = numbers.chunks(2).map(|pair| pair.to_vec().into()).collect();
        pairs
            .chunks(3)
            .map(|triple| Value::from(triple.to_vec()))
            .collect()
    }
}

/// Whether the proof is valid: e(A, B) = e(α, β) · e(IC·public, γ) · e(C, δ).
///
/// Fails only where the number of public signals is not the key's.
pub fn verify<E: SnarkCurve>(
    vk: &VerificationKey<E>,
    public: &PublicSignals<E::ScalarField>,
    proof: &Proof<E>,
) -> Result<bool> {
    Ok(Verifier::new(vk, public)?.accepts(proof))
}

/// [`verify`] on the three documents, over the curve that the key names.
pub fn verify_files(vk: &JsonFile, public: &JsonFile, proof: &JsonFile) -> Result<bool> {
    with_curve!(vk.curve()?, E => verify(
        &VerificationKey::<E>::from_json(vk)?,
        &PublicSignals::from_json(public)?,
        &Proof::from_json(proof)?,
    ))
}
