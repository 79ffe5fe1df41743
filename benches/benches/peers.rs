//! The peers on sums and on single transforms: arkworks, blst, halo2curves, Plonky3.
//!
//! A peer's speed depends on how often its generic code is called in a program: with one call it is
//! inlined and vectorised, with two it may take ten times as long. So each algorithm has one call
//! for each field here, behind a function that is never inlined.
#![allow(missing_docs)]
#![allow(
    clippy::unwrap_used,
    reason = "lengths agree, sizes have their roots, elements are reduced"
)]

use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{BigInteger, PrimeField};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use criterion::{BatchSize, Criterion};
use p3_dft::TwoAdicSubgroupDft;
use p3_field::{PrimeField64, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use proofmill_benches::{Settings, answers::Answer, inputs, plonky3};

struct Bench {
    settings: Settings,
    criterion: Criterion,
}

mod blst_peer {
    use ark_bls12_381::{Fq, Fq2, G1Affine, G1Projective, G2Affine, G2Projective};
    use ark_ec::AffineRepr;
    use ark_ff::BigInt;
    use blst::{MultiPoint, blst_fp, blst_fp2, blst_p1, blst_p1_affine, blst_p2, blst_p2_affine};

    // both hold an element as six limbs in Montgomery form, R = 2^384
    fn fp(a: Fq) -> blst_fp {
        blst_fp { l: a.0.0 }
    }

    fn fq(a: blst_fp) -> Fq {
        Fq::new_unchecked(BigInt(a.l))
    }

    fn fp2(a: Fq2) -> blst_fp2 {
        blst_fp2 {
            fp: [fp(a.c0), fp(a.c1)],
        }
    }

    pub(super) fn g1(points: &[G1Affine]) -> Vec<blst_p1_affine> {
        let point = |p: &G1Affine| blst_p1_affine {
            x: fp(p.x),
            y: fp(p.y),
        };
        points.iter().map(point).collect()
    }

    pub(super) fn g2(points: &[G2Affine]) -> Vec<blst_p2_affine> {
        let point = |p: &G2Affine| blst_p2_affine {
            x: fp2(p.x),
            y: fp2(p.y),
        };
        points.iter().map(point).collect()
    }

    pub(super) fn sum_g1(points: &[blst_p1_affine], scalars: &[u8]) -> blst_p1 {
        points.mult(scalars, 255)
    }

    pub(super) fn sum_g2(points: &[blst_p2_affine], scalars: &[u8]) -> blst_p2 {
        points.mult(scalars, 255)
    }

    pub(super) fn from_g1(point: &blst_p1) -> G1Projective {
        let mut out = blst_p1_affine::default();
        // SAFETY: both point to whole values that live during the call.
        unsafe { blst::blst_p1_to_affine(&mut out, point) };
        G1Affine::new_unchecked(fq(out.x), fq(out.y)).into_group()
    }

    pub(super) fn from_g2(point: &blst_p2) -> G2Projective {
        let mut out = blst_p2_affine::default();
        // SAFETY: as above.
        unsafe { blst::blst_p2_to_affine(&mut out, point) };
        let fq2 = |a: blst_fp2| Fq2::new(fq(a.fp[0]), fq(a.fp[1]));
        G2Affine::new_unchecked(fq2(out.x), fq2(out.y)).into_group()
    }
}

mod halo2_peer {
    use ark_ff::{BigInteger, PrimeField};
    use halo2curves::CurveAffine;
    use halo2curves::bn256::{Fq, Fr, G1, G1Affine};
    use halo2curves::ff::PrimeField as _;
    use halo2curves::group::Curve;

    fn bytes(a: impl PrimeField) -> [u8; 32] {
        a.into_bigint().to_bytes_le().try_into().unwrap()
    }

    pub(super) fn fr(values: &[ark_bn254::Fr]) -> Vec<Fr> {
        let one = |a: &ark_bn254::Fr| Fr::from_repr(bytes(*a).into()).unwrap();
        values.iter().map(one).collect()
    }

    pub(super) fn from_fr(values: &[Fr]) -> Vec<ark_bn254::Fr> {
        let one = |a: &Fr| ark_bn254::Fr::from_le_bytes_mod_order(a.to_repr().as_ref());
        values.iter().map(one).collect()
    }

    pub(super) fn points(points: &[ark_bn254::G1Affine]) -> Vec<G1Affine> {
        let fq = |a: ark_bn254::Fq| Fq::from_repr(bytes(a).into()).unwrap();
        let point = |p: &ark_bn254::G1Affine| G1Affine::from_xy(fq(p.x), fq(p.y)).unwrap();
        points.iter().map(point).collect()
    }

    pub(super) fn from_point(point: &G1) -> ark_bn254::G1Projective {
        let affine = point.to_affine();
        let fq = |a: Fq| ark_bn254::Fq::from_le_bytes_mod_order(a.to_repr().as_ref());
        ark_bn254::G1Affine::new(fq(affine.x), fq(affine.y)).into()
    }
}

fn scalar_bytes(scalars: &[impl PrimeField]) -> Vec<u8> {
    let bytes = scalars.iter().map(|k| k.into_bigint().to_bytes_le());
    bytes.collect::<Vec<_>>().concat()
}

impl Bench {
    fn sum<G: CurveGroup, T>(&mut self, id: &str, run: impl Fn() -> T, to_ark: impl Fn(&T) -> G) {
        Answer::default()
            .point(to_ark(&run()))
            .note(&self.settings, id);
        self.criterion.bench_function(id, |b| b.iter(&run));
    }

    /// arkworks; `others` has its turn on the same bases and scalars.
    fn sums<A>(
        &mut self,
        name: &str,
        logs: &[u32],
        others: impl Fn(&mut Self, u32, &[A], &[A::ScalarField]),
    ) where
        A: AffineRepr,
        A::Group: VariableBaseMSM<MulBase = A, ScalarField = A::ScalarField>,
    {
        if !self.settings.wants(&format!("msm/{name}")) {
            return;
        }
        let logs = self.settings.logs(logs);
        let (bases, scalars) = inputs::sums::<A>(&logs);
        for log in logs {
            let (bases, scalars) = (&bases[..1 << log], &scalars[..1 << log]);
            let id = format!("msm/{name}/arkworks/2^{log}");
            self.sum(&id, || A::Group::msm(bases, scalars).unwrap(), |p| *p);
            others(self, log, bases, scalars);
        }
    }

    fn large<F: PrimeField>(
        &mut self,
        name: &str,
        logs: &[u32],
        others: impl Fn(&mut Self, u32, &[F], F),
    ) {
        if !self.settings.wants(&format!("ntt/{name}")) {
            return;
        }
        for log in self.settings.logs(logs) {
            let id = format!("ntt/{name}/arkworks/2^{log}");
            let domain = Radix2EvaluationDomain::<F>::new(1 << log).unwrap();
            let input = inputs::elements::<F>(1 << log);
            let mut values = input.clone();
            arkworks_transform(&domain, &mut values);
            Answer::default().large(&values).note(&self.settings, &id);
            self.criterion.bench_function(&id, |b| {
                b.iter(|| arkworks_transform(&domain, &mut values));
            });
            others(self, log, &input, domain.group_gen());
        }
    }

    fn halo2_transform(&mut self, log: u32, input: &[ark_bn254::Fr], root: ark_bn254::Fr) {
        let id = format!("ntt/bn254_fr/halo2curves/2^{log}");
        let (mut values, root) = (halo2_peer::fr(input), halo2_peer::fr(&[root])[0]);
        let run = |values: &mut [_]| halo2curves::fft::best_fft(values, root, log);
        run(&mut values);
        let answer = Answer::default().large(&halo2_peer::from_fr(&values));
        answer.note(&self.settings, &id);
        self.criterion
            .bench_function(&id, |b| b.iter(|| run(&mut values)));
    }
}

impl plonky3::Bench for Bench {
    const KERNEL: &'static str = "ntt";

    fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Natural order, and bit-reversed order as the algorithm gives it with the least work.
    fn one<F, D>(&mut self, field: &str, who: &str, dft: &D)
    where
        F: TwoAdicField + PrimeField64,
        D: TwoAdicSubgroupDft<F>,
    {
        for log in self.settings.logs(&[16, 20]) {
            let input = inputs::small::<F>(1 << log);
            for reversed in [false, true] {
                let kernel = if reversed { "ntt-bitrev" } else { "ntt" };
                let id = format!("{kernel}/{field}/plonky3-{who}/2^{log}");
                let run = |values| plonky3_column(dft, values, reversed);
                let answer = Answer::default().small(&run(input.clone()));
                answer.note(&self.settings, &id);
                self.criterion.bench_function(&id, |b| {
                    b.iter_batched(|| input.clone(), run, BatchSize::LargeInput);
                });
            }
        }
    }
}

#[inline(never)]
fn arkworks_transform<F: PrimeField>(domain: &Radix2EvaluationDomain<F>, values: &mut Vec<F>) {
    domain.fft_in_place(values);
}

/// The only call of `dft_batch`, so that it sees a width of 1.
#[inline(never)]
fn plonky3_column<F, D>(dft: &D, values: Vec<F>, reversed: bool) -> Vec<F>
where
    F: TwoAdicField,
    D: TwoAdicSubgroupDft<F>,
{
    let out = dft.dft_batch(RowMajorMatrix::new_col(values));
    if reversed {
        out.bit_reverse_rows().to_row_major_matrix().values
    } else {
        out.to_row_major_matrix().values
    }
}

fn main() {
    let settings = Settings::read();
    settings.start_threads();
    let mut bench = Bench {
        criterion: settings.criterion(),
        settings,
    };
    let sizes = [12, 14, 16, 18];
    bench.sums::<ark_bn254::G1Affine>("bn254-g1", &sizes, |bench, log, bases, scalars| {
        let (bases, scalars) = (halo2_peer::points(bases), halo2_peer::fr(scalars));
        let sum = || halo2curves::msm::msm_best(&scalars, &bases);
        let id = format!("msm/bn254-g1/halo2curves/2^{log}");
        bench.sum(&id, sum, halo2_peer::from_point);
    });
    bench.sums::<ark_bls12_381::G1Affine>("bls12_381-g1", &sizes, |bench, log, bases, scalars| {
        let (bases, scalars) = (blst_peer::g1(bases), scalar_bytes(scalars));
        let id = format!("msm/bls12_381-g1/blst/2^{log}");
        let sum = || blst_peer::sum_g1(&bases, &scalars);
        bench.sum(&id, sum, blst_peer::from_g1);
    });
    bench.sums::<ark_bls12_377::G1Affine>("bls12_377-g1", &sizes, |_, _, _, _| {});
    bench.sums::<ark_bn254::G2Affine>("bn254-g2", &[12, 16], |_, _, _, _| {});
    bench.sums::<ark_bls12_381::G2Affine>(
        "bls12_381-g2",
        &[12, 16],
        |bench, log, bases, scalars| {
            let (bases, scalars) = (blst_peer::g2(bases), scalar_bytes(scalars));
            let id = format!("msm/bls12_381-g2/blst/2^{log}");
            let sum = || blst_peer::sum_g2(&bases, &scalars);
            bench.sum(&id, sum, blst_peer::from_g2);
        },
    );
    bench.large("bn254_fr", &[12, 16, 18, 20], Bench::halo2_transform);
    bench.large::<ark_bls12_381::Fr>("bls12_381_fr", &[12, 16, 20], |_, _, _, _| {});
    plonky3::each(&mut bench);
    bench.criterion.final_summary();
}
