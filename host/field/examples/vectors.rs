//! Writes the known answers of tests/vectors from arkworks and Plonky3:
//! `cargo run -p proofmill-field --example vectors -- host/field/tests/vectors`
//!
//! A line is `field operation operands… result`, elements as hexadecimal integers in data form
//! (the raw limbs that the library holds), roots of unity and generators included.

use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{AdditiveGroup, BigInt, FftField, Field, Fp, MontBackend, MontConfig, PrimeField};
use p3_field::{PrimeCharacteristicRing, PrimeField32, TwoAdicField};
use proofmill_field::Random;
use std::fmt::Write;

fn hex(limbs: &[u64]) -> String {
    limbs.iter().rev().map(|x| format!("{x:016x}")).collect()
}

type Ark<C, const N: usize> = Fp<MontBackend<C, N>, N>;

fn ark_field<C: MontConfig<N>, const N: usize>(out: &mut String, name: &str, words: &mut Random) {
    let raw = |x: &Ark<C, N>| hex(&x.0.0);
    let mut line = |op: &str, operands: &[String], result: String| {
        let _ = writeln!(out, "{name} {op} {} {result}", operands.join(" "));
    };
    line("modulus", &[], hex(&Ark::<C, N>::MODULUS.0));
    line("generator", &[], raw(&Ark::<C, N>::GENERATOR));
    line("root", &[], raw(&Ark::<C, N>::TWO_ADIC_ROOT_OF_UNITY));
    let mut random = || {
        let wide: Vec<u8> = (0..2 * N)
            .flat_map(|_| words.word().to_le_bytes())
            .collect();
        Ark::<C, N>::from_le_bytes_mod_order(&wide)
    };
    let mut values = vec![
        Ark::<C, N>::ZERO,
        Ark::<C, N>::ONE,
        -Ark::<C, N>::ONE,
        Ark::<C, N>::from(2u64),
    ];
    // the largest data form is p − 1 as raw limbs
    let mut top = Ark::<C, N>::MODULUS;
    top.0[0] -= 1;
    values.push(Ark::<C, N>::new_unchecked(BigInt(top.0)));
    values.extend((0..6).map(|_| random()));
    for a in &values {
        line("from_data", &[raw(a)], hex(&a.into_bigint().0));
        line(
            "inverse",
            &[raw(a)],
            raw(&a.inverse().unwrap_or(Ark::<C, N>::ZERO)),
        );
        for b in &values {
            line("add", &[raw(a), raw(b)], raw(&(*a + b)));
            line("sub", &[raw(a), raw(b)], raw(&(*a - b)));
            line("mul", &[raw(a), raw(b)], raw(&(*a * b)));
        }
    }
}

fn p3_field<F: TwoAdicField + Copy>(
    out: &mut String,
    name: &str,
    words: &mut Random,
    raw: impl Fn(F) -> u64,
) {
    let raw = |x: F| hex(&[raw(x)]);
    let mut line = |op: &str, operands: &[String], result: String| {
        let _ = writeln!(out, "{name} {op} {} {result}", operands.join(" "));
    };
    line("generator", &[], raw(F::GENERATOR));
    line("root", &[], raw(F::two_adic_generator(F::TWO_ADICITY)));
    let mut values = vec![F::ZERO, F::ONE, F::NEG_ONE, F::TWO, F::NEG_ONE.halve()];
    values.extend((0..10).map(|_| F::from_u64(words.word())));
    for &a in &values {
        line(
            "inverse",
            &[raw(a)],
            raw(a.try_inverse().unwrap_or(F::ZERO)),
        );
        for &b in &values {
            line("add", &[raw(a), raw(b)], raw(a + b));
            line("sub", &[raw(a), raw(b)], raw(a - b));
            line("mul", &[raw(a), raw(b)], raw(a * b));
        }
    }
}

fn curve<A: AffineRepr>(out: &mut String, name: &str, limbs: impl Fn(&A) -> Vec<u64>)
where
    A::ScalarField: PrimeField,
{
    let g = A::Group::generator();
    let mut scalar = A::ScalarField::from(0x1234_5678_9abc_def1u64);
    let _ = writeln!(out, "{name} generator {}", hex(&limbs(&A::generator())));
    for _ in 0..8 {
        scalar = scalar.square() - A::ScalarField::from(3u64);
        let point = (g * scalar).into_affine();
        let k = hex(scalar.into_bigint().as_ref());
        let _ = writeln!(out, "{name} scale {k} {}", hex(&limbs(&point)));
    }
}

fn main() -> std::io::Result<()> {
    let folder = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "host/field/tests/vectors".into());
    let (mut fields, mut curves, mut words) = (String::new(), String::new(), Random::seeded(1));
    ark_field::<ark_bn254::FrConfig, 4>(&mut fields, "bn254_fr", &mut words);
    ark_field::<ark_bn254::FqConfig, 4>(&mut fields, "bn254_fq", &mut words);
    ark_field::<ark_bls12_381::FrConfig, 4>(&mut fields, "bls12_381_fr", &mut words);
    ark_field::<ark_bls12_381::FqConfig, 6>(&mut fields, "bls12_381_fq", &mut words);
    p3_field::<p3_goldilocks::Goldilocks>(&mut fields, "goldilocks", &mut words, |x| {
        p3_field::PrimeField64::as_canonical_u64(&x)
    });
    // R = 2^32: the raw word of x is the canonical form of 2^32·x
    p3_field::<p3_baby_bear::BabyBear>(&mut fields, "babybear", &mut words, |x| {
        (x * p3_baby_bear::BabyBear::from_u64(1 << 32))
            .as_canonical_u32()
            .into()
    });
    p3_field::<p3_koala_bear::KoalaBear>(&mut fields, "koalabear", &mut words, |x| {
        (x * p3_koala_bear::KoalaBear::from_u64(1 << 32))
            .as_canonical_u32()
            .into()
    });
    ark_field::<ark_bls12_377::FrConfig, 4>(&mut fields, "bls12_377_fr", &mut words);
    ark_field::<ark_bls12_377::FqConfig, 6>(&mut fields, "bls12_377_fq", &mut words);
    curve::<ark_bn254::G1Affine>(&mut curves, "bn254 g1", |p| [p.x.0.0, p.y.0.0].concat());
    curve::<ark_bn254::G2Affine>(&mut curves, "bn254 g2", |p| {
        [p.x.c0.0.0, p.x.c1.0.0, p.y.c0.0.0, p.y.c1.0.0].concat()
    });
    curve::<ark_bls12_381::G1Affine>(&mut curves, "bls12_381 g1", |p| [p.x.0.0, p.y.0.0].concat());
    curve::<ark_bls12_381::G2Affine>(&mut curves, "bls12_381 g2", |p| {
        [p.x.c0.0.0, p.x.c1.0.0, p.y.c0.0.0, p.y.c1.0.0].concat()
    });
    curve::<ark_bls12_377::G1Affine>(&mut curves, "bls12_377 g1", |p| [p.x.0.0, p.y.0.0].concat());
    std::fs::write(format!("{folder}/fields.txt"), fields)?;
    std::fs::write(format!("{folder}/curves.txt"), curves)
}
