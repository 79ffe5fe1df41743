//! Sums that are cut in pieces because there are more threads than windows, judged by arkworks.
#![cfg(feature = "arkworks")]
#![allow(clippy::unwrap_used)]

use ark_bls12_381::{Fr, G1Affine, G1Projective};
use ark_ec::{CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::Field;
use proofmill::Pool;

/// Two tasks a thread at the least: windows alone are never enough.
const THREADS: usize = 64;

/// The scalar of each point.
type Kind = Box<dyn FnMut(usize) -> Fr>;

fn bases(n: usize) -> Vec<G1Affine> {
    let g = G1Projective::generator();
    let multiples: Vec<_> = std::iter::successors(Some(g), |p| Some(*p + g))
        .take(n)
        .collect();
    let mut bases = G1Projective::normalize_batch(&multiples);
    bases[n / 2] = G1Affine::identity();
    bases[n / 3] = -bases[n / 3 + 1];
    bases[n / 5] = bases[n / 5 + 1];
    bases
}

#[test]
fn pieces_add_up_for_every_kind_of_scalar() {
    let pool = Pool::builder()
        .threads(THREADS)
        .devices(["cpu:0"])
        .open()
        .unwrap();
    let mut uniform = Fr::from(0x1234_5678u64);
    let kinds: [(&str, Kind); 6] = [
        (
            "uniform",
            Box::new(move |_| {
                uniform = uniform.square() + Fr::from(5u64);
                uniform
            }),
        ),
        ("zero and one", Box::new(|i| Fr::from((i % 3 == 0) as u64))),
        (
            "all equal",
            Box::new(|_| -Fr::from(12_345u64).inverse().unwrap()),
        ),
        ("minus one", Box::new(|_| -Fr::from(1u64))),
        (
            "one bucket",
            Box::new(|i| Fr::from(if i % 100 == 0 { i as u64 } else { 7 })),
        ),
        ("small", Box::new(|i| Fr::from(i as u64 % 1000))),
    ];
    for (name, mut scalar) in kinds {
        for n in [1 << 15, (1 << 14) + 1, (3 << 13) - 1] {
            let bases = bases(n);
            let scalars: Vec<Fr> = (0..n).map(&mut scalar).collect();
            let expected = G1Projective::msm(&bases, &scalars).unwrap();
            assert_eq!(pool.msm(&bases, &scalars).unwrap(), expected, "{name}, {n}");
        }
    }
}
