//! A development key in seconds: r1cs in, zkey and verification key out, from scalars drawn and thrown away here.
//!
//! A real key comes from a ceremony in which nobody knows τ. Here one process knew it, so whoever ran it could forge
//! proofs: the files say so ([`INSECURE_MARKER`](crate::zkey::INSECURE_MARKER), the field `insecure`), and the function's name does.
//!
//! Groth, "On the Size of Pairing-based Non-interactive Arguments", 2016, section 3.2, in snarkjs' layout: γ = 1, no C
//! matrix, and as quotient bases the odd Lagrange points of the domain of twice the size.

mod writer;

use crate::curve::SnarkCurve;
use crate::error::{Error, Result};
use crate::json::VerificationKey;
use crate::output::{Output, commit};
use crate::r1cs::{Constraint, R1cs, Term};
use crate::random::Source;
use crate::with_curve;
use ark_ff::{AdditiveGroup, Field, PrimeField, batch_inversion};
use rayon::prelude::*;
use std::io::{BufWriter, Write};
use std::path::Path;
use writer::Writer;

/// Lagrange points computed at a time with one inversion.
const BLOCK: usize = 1 << 14;

/// Where τ, α, β and δ come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Randomness {
    /// The operating system.
    System,
    /// A seed, so that a test makes the same key twice.
    Seed(u64),
}

impl Randomness {
    fn source(self) -> Source {
        match self {
            Self::System => Source::System,
            Self::Seed(seed) => Source::seeded(seed),
        }
    }
}

/// Writes a development key for a circuit and its verification key: both files or neither.
///
/// Time: one fixed-base multiplication for each of the key's points; 2^16 constraints take about two seconds on two
/// cores. Memory: 100 bytes for each wire, 64 for each row of the domain, and tables of 100 MB at most.
pub fn insecure_dev_setup(
    r1cs: &R1cs,
    randomness: Randomness,
    zkey: &Path,
    vkey: &Path,
) -> Result<()> {
    let mut key_file = BufWriter::with_capacity(1 << 20, Output::create(zkey)?);
    let mut vk_file = Output::create(vkey)?;
    let text = with_curve!(r1cs.curve(), E => write_key::<E>(r1cs, randomness, zkey, &mut key_file)?.to_json());
    let key_file = key_file
        .into_inner()
        .map_err(|failed| failed.into_error())
        .map_err(Error::io(zkey, "write"))?;
    vk_file
        .write_all(text.as_bytes())
        .map_err(Error::io(vkey, "write"))?;
    commit(vec![key_file, vk_file])
}

/// The bytes of [`insecure_dev_setup`]'s two files.
pub fn insecure_dev_setup_in_memory(
    r1cs: &R1cs,
    randomness: Randomness,
) -> Result<(Vec<u8>, String)> {
    let mut bytes = Vec::new();
    let path = Path::new("memory");
    let text = with_curve!(r1cs.curve(), E => write_key::<E>(r1cs, randomness, path, &mut bytes)?.to_json());
    Ok((bytes, text))
}

/// The scalars that nobody may know of a real key; wiped when dropped.
struct Toxic<F: PrimeField> {
    tau: F,
    alpha: F,
    beta: F,
    delta: F,
}

impl<F: PrimeField> Toxic<F> {
    /// All non-zero; τ outside the domain of twice the circuit's, where the Lagrange formulas divide by zero.
    fn draw(mut source: Source, log_domain: u32) -> Result<Self> {
        loop {
            let mut scalar = || source.scalar::<F>();
            let toxic = Self {
                tau: scalar()?,
                alpha: scalar()?,
                beta: scalar()?,
                delta: scalar()?,
            };
            let product =
                toxic.alpha * toxic.beta * toxic.delta * vanishing(toxic.tau, log_domain + 1);
            if !product.is_zero() {
                return Ok(toxic);
            }
        }
    }
}

impl<F: PrimeField> Drop for Toxic<F> {
    fn drop(&mut self) {
        for scalar in [
            &mut self.tau,
            &mut self.alpha,
            &mut self.beta,
            &mut self.delta,
        ] {
            scalar.zeroize();
        }
    }
}

/// x^(2^log_n) − 1.
fn vanishing<F: PrimeField>(mut x: F, log_n: u32) -> F {
    for _ in 0..log_n {
        x.square_in_place();
    }
    x - F::one()
}

/// factor · p/(τ − p) for p = first · step^i, i < n. With factor (τⁿ − 1)/n, first 1 and an n-th root as step these are
/// the Lagrange polynomials of the domain at τ.
fn lagrange<F: PrimeField>(factor: F, tau: F, first: F, step: F, n: usize) -> Vec<F> {
    let mut out = vec![F::ZERO; n];
    out.par_chunks_mut(BLOCK)
        .enumerate()
        .for_each(|(i, block)| {
            let start = first * step.pow([(i * BLOCK) as u64]);
            let points = std::iter::successors(Some(start), |point| Some(*point * step));
            for (slot, point) in block.iter_mut().zip(points.clone()) {
                *slot = tau - point;
            }
            batch_inversion(block);
            for (slot, point) in block.iter_mut().zip(points) {
                *slot *= factor * point;
            }
        });
    out
}

/// The circuit's polynomials at τ, one of each for every wire.
struct Columns<F> {
    a: Vec<F>,
    b: Vec<F>,
    /// β·A + α·B + C.
    k: Vec<F>,
    /// Entries of A and B, those of the public rows included.
    n_coefficients: u32,
}

fn columns<F: PrimeField>(r1cs: &R1cs, toxic: &Toxic<F>, rows: &[F]) -> Result<Columns<F>> {
    let mut columns = [(); 3].map(|()| vec![F::ZERO; r1cs.n_wires()]);
    let [a, b, k] = &mut columns;
    let mut n_coefficients = r1cs.n_public() + 1;
    for (
        Constraint {
            a: row_a,
            b: row_b,
            c: row_c,
        },
        at,
    ) in r1cs.constraints().zip(rows)
    {
        add_row(a, row_a, at);
        add_row(b, row_b, at);
        add_row(k, row_c, at);
        n_coefficients += row_a.len() + row_b.len();
    }
    // Each public signal has a row A = 1 of its own, which binds it to the proof.
    for (slot, at) in a
        .iter_mut()
        .zip(rows.iter().skip(r1cs.n_constraints()))
        .take(r1cs.n_public() + 1)
    {
        *slot += at;
    }
    for ((k, a), b) in k.iter_mut().zip(&*a).zip(&*b) {
        *k += toxic.beta * a + toxic.alpha * b;
    }
    let n_coefficients =
        u32::try_from(n_coefficients).map_err(|_| too_large(r1cs, "2^32 coefficients"))?;
    let [a, b, k] = columns;
    Ok(Columns {
        a,
        b,
        k,
        n_coefficients,
    })
}

fn add_row<F: PrimeField>(column: &mut [F], terms: &[Term], at: &F) {
    for term in terms {
        if let Some(slot) = column.get_mut(term.wire()) {
            *slot += F::from_le_bytes_mod_order(term.coefficient()) * at;
        }
    }
}

fn too_large(r1cs: &R1cs, most: &str) -> Error {
    Error::Unsupported {
        file: r1cs.name().into(),
        what: "circuit size",
        expected: format!("at most {most}"),
        found: format!(
            "{} constraints and {} public signals",
            r1cs.n_constraints(),
            r1cs.n_public()
        ),
    }
}

/// snarkjs never makes a domain of one row.
fn log_domain<E: SnarkCurve>(r1cs: &R1cs) -> Result<u32> {
    let rows = r1cs.n_constraints() as u64 + r1cs.n_public() as u64 + 1;
    let log_domain = rows.next_power_of_two().trailing_zeros().max(1);
    let most = E::CURVE.max_log_domain();
    if log_domain > most {
        Err(too_large(r1cs, &format!("2^{most} rows")))
    } else {
        Ok(log_domain)
    }
}

fn write_key<E: SnarkCurve>(
    r1cs: &R1cs,
    randomness: Randomness,
    path: &Path,
    out: &mut dyn Write,
) -> Result<VerificationKey<E>> {
    let log_n = log_domain::<E>(r1cs)?;
    let n = 1usize << log_n;
    let toxic = Toxic::<E::ScalarField>::draw(randomness.source(), log_n)?;
    let root = |log: u32| E::root_of_unity(log).unwrap_or(E::ScalarField::ONE); // log_domain has checked the size
    let inverse = |x: E::ScalarField| x.inverse().unwrap_or(E::ScalarField::ZERO); // never of zero, by Toxic::draw

    let factor = vanishing(toxic.tau, log_n) * inverse((n as u64).into());
    let rows = lagrange(factor, toxic.tau, E::ScalarField::ONE, root(log_n), n);
    let columns = columns(r1cs, &toxic, &rows)?;
    drop(rows);
    let per_delta = inverse(toxic.delta);
    let factor = vanishing(toxic.tau, log_n + 1) * inverse((2 * n as u64).into()) * per_delta;
    let quotient = lagrange(factor, toxic.tau, root(log_n + 1), root(log_n), n);

    let mut writer = Writer::<E>::new(out, 3 * r1cs.n_wires() + n, r1cs.n_wires());
    let written = writer.key(r1cs, n, &toxic, columns, &quotient, per_delta);
    written.map_err(Error::io(path, "write"))
}
