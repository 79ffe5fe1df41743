//! Sums and transforms against arkworks 0.6 and Plonky3 0.8, each built by default.
//!
//! `cargo bench -p proofmill-benches`; a filter such as `msm/bn254` as argument;
//! `PROOFMILL_BENCH_THREADS=2` for two threads on both sides.
#![allow(missing_docs, clippy::unwrap_used)]

use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::{FftField, Field};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use criterion::{BatchSize, Criterion};
use p3_dft::{Radix2Bowers, Radix2Dit, Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::TwoAdicField;
use proofmill::{Direction, Element, Point, Pool};
use proofmill_benches::{criterion, print_ratio, threads};
use std::time::SystemTime;

/// Pairs of ids to print as ratios: ours and its peers.
type Ratios = Vec<(String, Vec<String>)>;

fn sums<A>(c: &mut Criterion, pool: &Pool, name: &str, logs: &[u32], ratios: &mut Ratios)
where
    A: AffineRepr + Point<Scalar = <A as AffineRepr>::ScalarField, Sum = <A as AffineRepr>::Group>,
    <A as AffineRepr>::Group:
        VariableBaseMSM<MulBase = A, ScalarField = <A as AffineRepr>::ScalarField>,
{
    type Fr<A> = <A as AffineRepr>::ScalarField;
    let n = 1 << logs.iter().max().unwrap();
    let g = <A as AffineRepr>::Group::generator();
    let multiples: Vec<_> = std::iter::successors(Some(g), |p| Some(*p + g))
        .take(n)
        .collect();
    let bases = <A as AffineRepr>::Group::normalize_batch(&multiples);
    let next = |s: &Fr<A>| Some(s.square() + Fr::<A>::from(7u64));
    let start = Fr::<A>::from(0x1234_5678_9abc_def1u64).square();
    let scalars: Vec<Fr<A>> = std::iter::successors(Some(start), next)
        .skip(64)
        .take(n)
        .collect();
    for log in logs {
        let n = 1 << log;
        let (bases, scalars) = (&bases[..n], &scalars[..n]);
        let peer = || <A as AffineRepr>::Group::msm(bases, scalars).unwrap();
        let (ours, theirs) = (
            format!("msm/{name}/cpu:0/2^{log}"),
            format!("msm/{name}/arkworks/2^{log}"),
        );
        let mut checked = false;
        c.bench_function(&ours, |b| {
            if !std::mem::replace(&mut checked, true) {
                assert_eq!(pool.msm(bases, scalars).unwrap(), peer());
            }
            b.iter(|| pool.msm(bases, scalars).unwrap());
        });
        c.bench_function(&theirs, |b| b.iter(peer));
        ratios.push((ours, vec![theirs]));
    }
}

fn large_transforms<F: FftField + Element>(
    c: &mut Criterion,
    pool: &Pool,
    name: &str,
    logs: &[u32],
    ratios: &mut Ratios,
) {
    for log in logs {
        let next = |s: &F| Some(s.square() + F::from(7u64));
        let mut values: Vec<F> = std::iter::successors(Some(F::from(0x1234u64)), next)
            .take(1 << log)
            .collect();
        let domain = Radix2EvaluationDomain::<F>::new(1 << log).unwrap();
        let (ours, theirs) = (
            format!("ntt/{name}/cpu:0/2^{log}"),
            format!("ntt/{name}/arkworks/2^{log}"),
        );
        let mut copy = values.clone();
        let mut checked = false;
        c.bench_function(&ours, |b| {
            if !std::mem::replace(&mut checked, true) {
                let expected = domain.fft(&values);
                pool.ntt(&mut values, Direction::Forward).unwrap();
                assert!(values == expected);
            }
            b.iter(|| pool.ntt(&mut values, Direction::Forward).unwrap());
        });
        c.bench_function(&theirs, |b| b.iter(|| domain.fft_in_place(&mut copy)));
        ratios.push((ours, vec![theirs]));
    }
}

fn small_transforms<F: TwoAdicField + Element + Ord>(
    c: &mut Criterion,
    pool: &Pool,
    name: &str,
    logs: &[u32],
    ratios: &mut Ratios,
) {
    for log in logs {
        let mut values: Vec<F> = (0..1u64 << log).map(|i| F::from_u64(i * i + 7)).collect();
        let ours = format!("ntt/{name}/cpu:0/2^{log}");
        let copy = values.clone();
        let mut checked = false;
        c.bench_function(&ours, |b| {
            if !std::mem::replace(&mut checked, true) {
                let expected = Radix2Dit::default().dft(values.clone());
                pool.ntt(&mut values, Direction::Forward).unwrap();
                assert!(values == expected);
            }
            b.iter(|| pool.ntt(&mut values, Direction::Forward).unwrap());
        });
        let mut peers = Vec::new();
        peer(
            c,
            &copy,
            name,
            "plonky3-bowers",
            *log,
            &Radix2Bowers,
            &mut peers,
        );
        peer(
            c,
            &copy,
            name,
            "plonky3-dit",
            *log,
            &Radix2Dit::default(),
            &mut peers,
        );
        peer(
            c,
            &copy,
            name,
            "plonky3-parallel",
            *log,
            &Radix2DitParallel::default(),
            &mut peers,
        );
        ratios.push((ours, peers));
    }
}

fn peer<F: TwoAdicField, D: TwoAdicSubgroupDft<F>>(
    c: &mut Criterion,
    values: &[F],
    field: &str,
    who: &str,
    log: u32,
    dft: &D,
    peers: &mut Vec<String>,
) {
    let id = format!("ntt/{field}/{who}/2^{log}");
    c.bench_function(&id, |b| {
        b.iter_batched(
            || values.to_vec(),
            |values| dft.dft(values),
            BatchSize::LargeInput,
        );
    });
    peers.push(id);
}

fn main() {
    let (threads, since) = (threads(), SystemTime::now());
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .unwrap();
    let pool = Pool::builder()
        .threads(threads)
        .devices(["cpu:0"])
        .open()
        .unwrap();
    let (mut c, mut ratios) = (criterion(), Ratios::new());
    let (c, r) = (&mut c, &mut ratios);
    sums::<ark_bn254::G1Affine>(c, &pool, "bn254-g1", &[12, 14, 16, 18], r);
    sums::<ark_bls12_381::G1Affine>(c, &pool, "bls12_381-g1", &[12, 14, 16, 18], r);
    sums::<ark_bn254::G2Affine>(c, &pool, "bn254-g2", &[12, 14], r);
    sums::<ark_bls12_381::G2Affine>(c, &pool, "bls12_381-g2", &[12, 14], r);
    large_transforms::<ark_bn254::Fr>(c, &pool, "bn254_fr", &[12, 14, 16, 18, 20], r);
    large_transforms::<ark_bls12_381::Fr>(c, &pool, "bls12_381_fr", &[12, 14, 16, 18, 20], r);
    small_transforms::<p3_goldilocks::Goldilocks>(c, &pool, "goldilocks", &[12, 16, 20], r);
    small_transforms::<p3_baby_bear::BabyBear>(c, &pool, "babybear", &[12, 16, 20], r);
    small_transforms::<p3_koala_bear::KoalaBear>(c, &pool, "koalabear", &[12, 16, 20], r);
    c.final_summary();
    println!("\nthreads: {threads}; ratio: fastest peer over ours");
    for (ours, peers) in &ratios {
        print_ratio(ours, peers, since);
    }
}
