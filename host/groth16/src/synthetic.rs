//! Circuits for tests and benches: a chain of products over random coefficients, with its witness.

use crate::curve::{KeyCurve, SnarkCurve};
use crate::error::Result;
use crate::random::Source;
use crate::with_curve;
use ark_ff::{BigInteger, PrimeField};

/// A satisfiable circuit and a witness for it, as the bytes of an `.r1cs` and a `.wtns` file.
#[derive(Clone)]
pub struct Synthetic {
    /// The constraint system.
    pub r1cs: Vec<u8>,
    /// Every wire's value: dense, random field elements.
    pub wtns: Vec<u8>,
}

/// `n_constraints` rows (k₀ + k₁·x_i) · (k₂·x_{i−1} + x_i) = x_{i+1} from a private x_0; the last `n_outputs` results
/// are public (at most all of them). The same seed gives the same bytes.
pub fn circuit(
    curve: KeyCurve,
    n_constraints: usize,
    n_outputs: usize,
    seed: u64,
) -> Result<Synthetic> {
    with_curve!(curve, E => build::<<E as ark_ec::pairing::Pairing>::ScalarField>(
        <E as SnarkCurve>::CURVE,
        n_constraints,
        n_outputs.min(n_constraints),
        Source::seeded(seed),
    ))
}

fn build<F: PrimeField>(
    curve: KeyCurve,
    n: usize,
    outputs: usize,
    mut source: Source,
) -> Result<Synthetic> {
    let hidden = n - outputs;
    // Wires: 1, outputs, x_0, hidden results. x_0 is the chain's element 0, results are 1..=n.
    let wire = |i: usize| match i {
        0 => 1 + outputs,
        i if i <= hidden => 1 + outputs + i,
        i => i - hidden,
    };
    let mut values = vec![F::ZERO; n + 2];
    let mut set = |wire: usize, value: F| {
        values
            .iter_mut()
            .skip(wire)
            .take(1)
            .for_each(|slot| *slot = value)
    };
    let mut rows = Vec::with_capacity(n * 192);
    let (mut before, mut now) = (F::ZERO, source.scalar::<F>()?);
    set(0, F::one());
    set(wire(0), now);
    for i in 0..n {
        let [k0, k1, k2] = [
            source.scalar::<F>()?,
            source.scalar::<F>()?,
            source.scalar::<F>()?,
        ];
        let next = (k0 + k1 * now) * (k2 * before + now);
        push_row(&mut rows, &[(0, k0), (wire(i), k1)]);
        match i.checked_sub(1) {
            Some(previous) => push_row(&mut rows, &[(wire(previous), k2), (wire(i), F::one())]),
            None => push_row(&mut rows, &[(wire(i), F::one())]),
        }
        push_row(&mut rows, &[(wire(i + 1), F::one())]);
        set(wire(i + 1), next);
        (before, now) = (now, next);
    }
    Ok(Synthetic {
        r1cs: r1cs_file(curve, n, outputs, &rows),
        wtns: wtns_file(curve, &values),
    })
}

fn r1cs_file(curve: KeyCurve, n: usize, outputs: usize, rows: &[u8]) -> Vec<u8> {
    let n_wires = n + 2;
    let mut header = field_header(curve);
    for count in [n_wires, outputs, 0, 1, n_wires, 0, n] {
        header.extend((count as u32).to_le_bytes()); // the fifth and sixth are one u64: labels
    }
    let labels: Vec<u8> = (0..n_wires as u64).flat_map(u64::to_le_bytes).collect();
    container(b"r1cs", 1, &[(2, rows), (1, &header), (3, &labels)])
}

fn wtns_file<F: PrimeField>(curve: KeyCurve, values: &[F]) -> Vec<u8> {
    let mut header = field_header(curve);
    header.extend((values.len() as u32).to_le_bytes());
    let values: Vec<u8> = values
        .iter()
        .flat_map(|value| value.into_bigint().to_bytes_le())
        .collect();
    container(b"wtns", 2, &[(1, &header), (2, &values)])
}

fn push_row<F: PrimeField>(out: &mut Vec<u8>, terms: &[(usize, F)]) {
    out.extend((terms.len() as u32).to_le_bytes());
    for (wire, coefficient) in terms {
        out.extend((*wire as u32).to_le_bytes());
        out.extend(coefficient.into_bigint().to_bytes_le());
    }
}

fn field_header(curve: KeyCurve) -> Vec<u8> {
    let mut header = (curve.r_bytes() as u32).to_le_bytes().to_vec();
    header.extend(curve.r());
    header
}

fn container(magic: &[u8; 4], version: u32, sections: &[(u32, &[u8])]) -> Vec<u8> {
    let mut out = magic.to_vec();
    out.extend(version.to_le_bytes());
    out.extend((sections.len() as u32).to_le_bytes());
    for (id, payload) in sections {
        out.extend(id.to_le_bytes());
        out.extend((payload.len() as u64).to_le_bytes());
        out.extend(*payload);
    }
    out
}
