//! A development key in seconds: r1cs in, zkey and verification key out, from scalars drawn and thrown away here.
//!
//! A real key comes from a ceremony in which nobody knows τ. Here one process knew it, so whoever ran it could forge
//! proofs: the files say so ([`INSECURE_MARKER`], the field `insecure`), and the function's name does.
//!
//! Groth, "On the Size of Pairing-based Non-interactive Arguments", 2016, section 3.2, in snarkjs' layout: γ = 1, no C
//! matrix, and as quotient bases the odd Lagrange points of the domain of twice the size.

use crate::curve::{KeyPoint, MontgomeryField, SnarkCurve};
use crate::error::{Error, Result};
use crate::fixed_base::FixedBase;
use crate::json::VerificationKey;
use crate::output::{Output, commit};
use crate::r1cs::{Constraint, R1cs, Term};
use crate::random::Source;
use crate::with_curve;
use crate::zkey::{Coefficient, INSECURE_MARKER};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, One, PrimeField, batch_inversion};
use rayon::prelude::*;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Points computed and written at a time: some megabytes.
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

/// Writes a key's sections, multiplying as it goes.
struct Writer<'a, E: SnarkCurve> {
    out: &'a mut dyn Write,
    g1: FixedBase<E::G1Affine>,
    g2: FixedBase<E::G2Affine>,
}

impl<'a, E: SnarkCurve> Writer<'a, E> {
    fn new(out: &'a mut dyn Write, expected_g1: usize, expected_g2: usize) -> Self {
        let g1 = FixedBase::new(E::G1Affine::generator(), expected_g1);
        let g2 = FixedBase::new(E::G2Affine::generator(), expected_g2);
        Self { out, g1, g2 }
    }

    /// All sections, in snarkjs' order.
    fn key(
        &mut self,
        r1cs: &R1cs,
        domain: usize,
        toxic: &Toxic<E::ScalarField>,
        columns: Columns<E::ScalarField>,
        quotient: &[E::ScalarField],
        per_delta: E::ScalarField,
    ) -> io::Result<VerificationKey<E>> {
        self.out.write_all(b"zkey")?;
        self.out
            .write_all(&[1u32, 10].map(u32::to_le_bytes).concat())?;
        self.section(1, 4)?;
        self.out.write_all(&1u32.to_le_bytes())?;
        let vk = self.header(r1cs, domain, toxic)?;
        self.coefficients(r1cs, columns.n_coefficients)?;
        let Columns { a, b, mut k, .. } = columns;
        let private = k.split_off(r1cs.n_public() + 1);
        let ic = self.g1_section(3, &k)?;
        self.g1_section(9, quotient)?;
        let private: Vec<_> = private.into_par_iter().map(|k| k * per_delta).collect();
        self.g1_section(8, &private)?;
        self.g1_section(5, &a)?;
        self.g1_section(6, &b)?;
        Self::points_section(self.out, &self.g2, 7, &b, E::CURVE.g2_bytes())?;
        self.section(10, 68)?;
        let mut marker = [0; 68]; // in place of the circuit's hash; then the number of contributions, none
        marker
            .iter_mut()
            .zip(INSECURE_MARKER)
            .for_each(|(slot, byte)| *slot = *byte);
        self.out.write_all(&marker)?;
        Ok(VerificationKey { ic, ..vk })
    }

    fn section(&mut self, id: u32, bytes: usize) -> io::Result<()> {
        self.out.write_all(&id.to_le_bytes())?;
        self.out.write_all(&(bytes as u64).to_le_bytes())
    }

    fn header(
        &mut self,
        r1cs: &R1cs,
        domain: usize,
        toxic: &Toxic<E::ScalarField>,
    ) -> io::Result<VerificationKey<E>> {
        let in_g1 = |scalar: E::ScalarField| -> E::G1Affine {
            (E::G1Affine::generator() * scalar).into_affine()
        };
        let in_g2 = |scalar: E::ScalarField| -> E::G2Affine {
            (E::G2Affine::generator() * scalar).into_affine()
        };
        let vk = VerificationKey::<E> {
            alpha1: in_g1(toxic.alpha),
            beta2: in_g2(toxic.beta),
            gamma2: E::G2Affine::generator(),
            delta2: in_g2(toxic.delta),
            ic: Vec::new(),
            insecure: true,
        };
        let mut header = Vec::new();
        for prime in [E::CURVE.q(), E::CURVE.r()] {
            header.extend((prime.len() as u32).to_le_bytes());
            header.extend(prime);
        }
        for count in [r1cs.n_wires(), r1cs.n_public(), domain] {
            header.extend((count as u32).to_le_bytes());
        }
        vk.alpha1.push(&mut header);
        in_g1(toxic.beta).push(&mut header);
        vk.beta2.push(&mut header);
        vk.gamma2.push(&mut header);
        in_g1(toxic.delta).push(&mut header);
        vk.delta2.push(&mut header);
        self.section(2, header.len())?;
        self.out.write_all(&header)?;
        Ok(vk)
    }

    fn coefficients(&mut self, r1cs: &R1cs, count: u32) -> io::Result<()> {
        self.section(4, 4 + count as usize * size_of::<Coefficient>())?;
        self.out.write_all(&count.to_le_bytes())?;
        // Montgomery limbs of v·R are the file's v·R².
        let r = E::ScalarField::from(2u64).pow([E::CURVE.r_bytes() as u64 * 8]);
        let mut value = Vec::with_capacity(E::CURVE.r_bytes());
        let mut entry =
            |out: &mut dyn Write, matrix, row: usize, signal: usize, v: E::ScalarField| {
                value.clear();
                (v * r).push_montgomery_le(&mut value);
                let bytes = value.first_chunk().copied().unwrap_or_default();
                out.write_all(bytemuck::bytes_of(&Coefficient::new(
                    matrix,
                    row as u32,
                    signal as u32,
                    bytes,
                )))
            };
        for (row, Constraint { a, b, .. }) in r1cs.constraints().enumerate() {
            for (matrix, terms) in [(0, a), (1, b)] {
                for term in terms {
                    let v = E::ScalarField::from_le_bytes_mod_order(term.coefficient());
                    entry(self.out, matrix, row, term.wire(), v)?;
                }
            }
        }
        for signal in 0..=r1cs.n_public() {
            entry(
                self.out,
                0,
                r1cs.n_constraints() + signal,
                signal,
                E::ScalarField::one(),
            )?;
        }
        Ok(())
    }

    fn g1_section(&mut self, id: u32, scalars: &[E::ScalarField]) -> io::Result<Vec<E::G1Affine>> {
        Self::points_section(self.out, &self.g1, id, scalars, E::CURVE.g1_bytes())
    }

    /// Writes the multiples and, for the short section IC only, returns them.
    fn points_section<A: KeyPoint<ScalarField = E::ScalarField>>(
        out: &mut dyn Write,
        base: &FixedBase<A>,
        id: u32,
        scalars: &[E::ScalarField],
        size: usize,
    ) -> io::Result<Vec<A>> {
        out.write_all(&id.to_le_bytes())?;
        out.write_all(&((scalars.len() * size) as u64).to_le_bytes())?;
        let mut kept = Vec::new();
        let mut bytes = Vec::with_capacity(BLOCK.min(scalars.len()) * size);
        for block in scalars.chunks(BLOCK) {
            let points = base.mul_batch(block);
            bytes.clear();
            points.iter().for_each(|point| point.push(&mut bytes));
            out.write_all(&bytes)?;
            if id == 3 {
                kept.extend(points);
            }
        }
        Ok(kept)
    }
}
