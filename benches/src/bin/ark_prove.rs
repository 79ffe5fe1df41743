//! A Groth16 prover of arkworks' parts, the peer of `proofmill prove`: the same files in, the same
//! work, a proof that verifies out. Not checked before it is written, as rapidsnark does it.
//!
//! `ark-prove KEY.zkey WITNESS.wtns PROOF.json PUBLIC.json`, for bn128.

use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{AdditiveGroup, BigInt, Field};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use proofmill_benches::{Outcome, because, exit};

use proofmill_groth16::curve::{Bn128, KeyPoint, MontgomeryField, PointFault};
use proofmill_groth16::json::{Proof, PublicSignals};
use proofmill_groth16::wtns::Witness;
use proofmill_groth16::zkey::Zkey;
use rayon::prelude::*;
use std::process::ExitCode;

type Fr = ark_bn254::Fr;
type Scalars = Vec<BigInt<4>>;

/// The key's points as arkworks holds them.
fn points<A: KeyPoint>(bytes: &[u8], size: usize) -> Result<Vec<A>, PointFault> {
    bytes.par_chunks(size).map(A::decode).collect()
}

fn sum<A>(bytes: &[u8], size: usize, scalars: &[BigInt<4>]) -> Result<A::Group, PointFault>
where
    A: KeyPoint + AffineRepr<ScalarField = Fr>,
    A::Group: VariableBaseMSM<MulBase = A, ScalarField = Fr>,
{
    Ok(A::Group::msm_bigint(&points::<A>(bytes, size)?, scalars))
}

/// A·w and B·w. An entry holds v·R² and the witness w as plain integers: read as Montgomery forms,
/// their product is the Montgomery form of v·w.
fn products(zkey: &Zkey, witness: &Witness) -> Outcome<[Vec<Fr>; 2]> {
    let read = Fr::from_montgomery_le;
    let witness: Option<Vec<Fr>> = witness.values().par_chunks(32).map(read).collect();
    let witness = witness.ok_or("the witness is not reduced")?;
    let mut out = [(); 2].map(|()| vec![Fr::ZERO; zkey.header().domain()]);
    for entry in zkey.coefficients() {
        let value = read(entry.value()).ok_or("an entry of the key is not reduced")?;
        let product = value * witness[entry.signal() as usize];
        out[entry.matrix() as usize][entry.row() as usize] += product;
    }
    Ok(out)
}

/// (a∘b − c) on the odd points of the domain twice as large.
fn quotient([mut a, mut b]: [Vec<Fr>; 2]) -> Outcome<Scalars> {
    let mut c: Vec<Fr> = a.par_iter().zip(&b).map(|(a, b)| *a * b).collect();
    let n = a.len();
    let domain = |n| Radix2EvaluationDomain::<Fr>::new(n).ok_or("no domain of the key's size");
    let shift = domain(2 * n)?.group_gen();
    let domain = domain(n)?;
    let coset = domain.get_coset(shift).ok_or("no coset")?;
    for values in [&mut a, &mut b, &mut c] {
        domain.ifft_in_place(values);
        coset.fft_in_place(values);
    }
    let abc = a.par_iter().zip(&b).zip(&c);
    Ok(abc.map(|((a, b), c)| (*a * b - c).into()).collect())
}

fn prove(zkey: &Zkey, witness: &Witness) -> Outcome<Proof<Bn128>> {
    let header = zkey.header();
    let (g1, g2) = (header.curve.g1_bytes(), header.curve.g2_bytes());
    let h = sum::<ark_bn254::G1Affine>(&zkey.h(), g1, &quotient(products(zkey, witness)?)?)?;
    let limbs = |value: &[u8]| {
        let words = value.as_chunks().0;
        BigInt(std::array::from_fn(|i| u64::from_le_bytes(words[i])))
    };
    let scalars: Scalars = witness.values().par_chunks(32).map(limbs).collect();
    let a = sum::<ark_bn254::G1Affine>(&zkey.a(), g1, &scalars)?;
    let b1 = sum::<ark_bn254::G1Affine>(&zkey.b1(), g1, &scalars)?;
    let b2 = sum::<ark_bn254::G2Affine>(&zkey.b2(), g2, &scalars)?;
    let c = sum::<ark_bn254::G1Affine>(&zkey.c(), g1, &scalars[header.n_public + 1..])?;
    let one = |bytes: &[u8]| ark_bn254::G1Affine::decode(bytes);
    let two = |bytes: &[u8]| ark_bn254::G2Affine::decode(bytes);
    let delta = one(&header.delta1)?;
    // not secret: what is timed is the work
    let (r, s) = (Fr::from(3u64).pow([977u64]), Fr::from(5u64).pow([991u64]));
    let a = delta * r + a + one(&header.alpha1)?;
    let b = two(&header.delta2)? * s + b2 + two(&header.beta2)?;
    let b1 = delta * s + b1 + one(&header.beta1)?;
    let c = a * s + b1 * r - delta * (r * s) + c + h;
    Ok(Proof {
        a: a.into_affine(),
        b: b.into_affine(),
        c: c.into_affine(),
    })
}

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [key, witness, proof, public] = &arguments[..] else {
        return Err("usage: ark-prove KEY.zkey WITNESS.wtns PROOF.json PUBLIC.json".into());
    };
    let zkey = Zkey::open(key).map_err(because(key))?;
    let witness = Witness::open(witness).map_err(because(witness))?;
    let signals = PublicSignals::<Fr>::from_witness(&witness, zkey.header().n_public);
    std::fs::write(proof, prove(&zkey, &witness)?.to_json()).map_err(because(proof))?;
    std::fs::write(public, signals.to_json()).map_err(because(public))?;
    Ok(())
}
