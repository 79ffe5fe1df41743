//! A development key's bytes, section by section.

use super::{Columns, Toxic};
use crate::curve::{KeyPoint, MontgomeryField, SnarkCurve};
use crate::fixed_base::FixedBase;
use crate::json::VerificationKey;
use crate::r1cs::{Constraint, R1cs};
use crate::zkey::{Coefficient, INSECURE_MARKER};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, One, PrimeField};
use rayon::prelude::*;
use std::io::{self, Write};

/// Points computed and written at a time: some megabytes.
const BLOCK: usize = 1 << 14;

/// Writes a key's sections, multiplying as it goes.
pub(super) struct Writer<'a, E: SnarkCurve> {
    out: &'a mut dyn Write,
    g1: FixedBase<E::G1Affine>,
    g2: FixedBase<E::G2Affine>,
}

impl<'a, E: SnarkCurve> Writer<'a, E> {
    pub(super) fn new(out: &'a mut dyn Write, expected_g1: usize, expected_g2: usize) -> Self {
        let g1 = FixedBase::new(E::G1Affine::generator(), expected_g1);
        let g2 = FixedBase::new(E::G2Affine::generator(), expected_g2);
        Self { out, g1, g2 }
    }

    /// All sections, in snarkjs' order.
    pub(super) fn key(
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
