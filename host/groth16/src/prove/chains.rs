//! The devices' work: one chain for the quotient and its sum, and a sum over the witness for each other section.

use crate::curve::{KeyCurve, MontgomeryField, SnarkCurve};
use crate::error::{Error, Result};
use crate::wtns::Witness;
use crate::zkey::Zkey;
use bytes::Bytes;
use proofmill::job::{Chain, Form, Points, Step, Values};
use proofmill::{Direction, Ntt, Order};
use proofmill_field::{CurveId, FieldId, Group, Int, int};

/// The five chains: the quotient with its sum, and the sums A, B1, B2, C over the witness.
pub(super) fn chains<E: SnarkCurve>(
    zkey: &Zkey,
    witness: &Witness,
    products: [Bytes; 2],
) -> Result<Vec<Chain>> {
    let (curve, field) = ids(zkey.curve());
    let header = zkey.header();
    // in range: n_public < n_vars, which is the witness' length
    let values = |skip: usize| {
        let bytes = witness.values().slice(skip * header.curve.r_bytes()..);
        Values::new(Form::Integer(field), bytes)
    };
    let sum = |name: &str, group, bytes: Bytes, skip| -> Result<Chain> {
        let bases = Points::new(curve, group, bytes).map_err(proofmill::Error::from)?;
        let values = values(skip).map_err(proofmill::Error::from)?;
        let steps = vec![
            Step::Upload { to: 0, values },
            Step::Msm { scalars: 0, bases },
        ];
        Ok(Chain {
            label: name.into(),
            steps,
        })
    };
    Ok(vec![
        quotient::<E>(zkey, products)?,
        sum("msm A", Group::G1, zkey.a(), 0)?,
        sum("msm B1", Group::G1, zkey.b1(), 0)?,
        sum("msm B2", Group::G2, zkey.b2(), 0)?,
        sum("msm C", Group::G1, zkey.c(), header.n_public + 1)?,
    ])
}

/// h = (a∘b − c) on the odd points of the domain twice as large, and its sum over the key's H points.
///
/// a, b and c = a∘b are values on the domain: back to coefficients, left in bit-reversed order, and forward again on
/// the coset w·⟨w²⟩, w the root of order 2n. The H points are Lagrange polynomials at τ, so that nothing is divided.
fn quotient<E: SnarkCurve>(zkey: &Zkey, [a, b]: [Bytes; 2]) -> Result<Chain> {
    let (curve, field) = ids(zkey.curve());
    let log_n = zkey.header().log_domain;
    let root = |log: u32| -> Result<Int> {
        let too_large = || Error::Unsupported {
            file: zkey.name().into(),
            what: "domain",
            expected: "one that the field has roots of unity for".into(),
            found: format!("2^{log_n}"),
        };
        E::root_of_unity(log).map(data_form).ok_or_else(too_large)
    };
    let inverse = Ntt {
        output: Order::BitReversed,
        root: Some(root(field.spec().two_adicity)?),
        ..Ntt::new(log_n, Direction::Inverse)
    };
    let forward = Ntt {
        direction: Direction::Forward,
        input: Order::BitReversed,
        output: Order::Natural,
        coset: Some(root(log_n + 1)?),
        ..inverse.clone()
    };
    let upload = |to, bytes| -> Result<Step> {
        let values = Values::new(Form::Data(field), bytes).map_err(proofmill::Error::from)?;
        Ok(Step::Upload { to, values })
    };
    let bases = Points::new(curve, Group::G1, zkey.h()).map_err(proofmill::Error::from)?;
    let on = vec![0, 1, 2];
    let steps = vec![
        upload(0, a)?,
        upload(1, b)?,
        Step::Mul { to: 2, a: 0, b: 1 },
        Step::Ntt {
            on: on.clone(),
            ntt: inverse,
        },
        Step::Ntt { on, ntt: forward },
        Step::Mul { to: 0, a: 0, b: 1 },
        Step::Sub { to: 0, a: 0, b: 2 },
        Step::Msm { scalars: 0, bases },
    ];
    Ok(Chain {
        label: "quotient".into(),
        steps,
    })
}

fn ids(curve: KeyCurve) -> (CurveId, FieldId) {
    match curve {
        KeyCurve::Bn128 => (CurveId::Bn254, FieldId::Bn254Fr),
        KeyCurve::Bls12381 => (CurveId::Bls12_381, FieldId::Bls12_381Fr),
    }
}

/// The data form of a scalar.
fn data_form<F: MontgomeryField>(value: F) -> Int {
    let mut bytes = Vec::new();
    value.push_montgomery_le(&mut bytes);
    let mut out = int::ZERO;
    for (limb, word) in out.iter_mut().zip(bytes.as_chunks().0) {
        *limb = u64::from_le_bytes(*word);
    }
    out
}
