//! The typed door for arkworks: its own domains and sums agree.

use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{FftField, PrimeField};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use proofmill::{
    BadJob, Direction, Element, Error, Layout, Ntt, Options, Order, Point, Policy, Pool, Random,
    data_form,
};

fn pools() -> Vec<Pool> {
    let cpu = Pool::builder()
        .devices(["cpu:0"])
        .threads(2)
        .open()
        .unwrap();
    let all = Pool::builder()
        .devices(["cpu:0", "ref:0"])
        .threads(1)
        .open()
        .unwrap();
    let by = |policy, device: &str| {
        let device = Some(device.into());
        all.with(Options { policy, device })
    };
    vec![cpu, by(Some(Policy::Full), "cpu:0"), by(None, "ref:0")]
}

/// Elements from our seeded source.
fn elements<F: PrimeField>(n: usize, random: &mut Random) -> Vec<F> {
    let word = |_| F::from(random.word()).square() + F::from(random.word());
    (0..n).map(word).collect()
}

fn transforms_agree<F: FftField + PrimeField + Element>() {
    let mut random = Random::seeded(11);
    for pool in pools() {
        for log_n in [0, 1, 2, 5, 8] {
            let domain = Radix2EvaluationDomain::<F>::new(1 << log_n).unwrap();
            let shift = F::GENERATOR;
            let coset = domain.get_coset(shift).unwrap();
            let values: Vec<F> = elements(1 << log_n, &mut random);
            let run = |direction, coset| {
                let mut out = values.clone();
                let ntt = Ntt {
                    coset,
                    ..Ntt::new(log_n, direction)
                };
                pool.ntt_with(&mut out, &ntt).unwrap();
                out
            };
            let (forward, inverse) = (Direction::Forward, Direction::Inverse);
            let shifted = Some(data_form(shift));
            assert_eq!(run(forward, None), domain.fft(&values));
            assert_eq!(run(inverse, None), domain.ifft(&values));
            assert_eq!(run(forward, shifted), coset.fft(&values));
            assert_eq!(run(inverse, shifted), coset.ifft(&values));
            let mut plain = values.clone();
            pool.ntt(&mut plain, forward).unwrap();
            assert_eq!(plain, domain.fft(&values));
            extension_agrees(&pool, &values, log_n, shift);
        }
    }
}

fn extension_agrees<F: PrimeField + Element>(pool: &Pool, values: &[F], log_n: u32, shift: F) {
    let domain = Radix2EvaluationDomain::<F>::new(1 << log_n).unwrap();
    let larger = Radix2EvaluationDomain::<F>::new(4 << log_n).unwrap();
    let expected = larger.get_coset(shift).unwrap().fft(&domain.ifft(values));
    let (added_bits, coset) = (2, Some(data_form(shift)));
    let ntt = Ntt {
        added_bits,
        coset,
        ..Ntt::new(log_n, Direction::Forward)
    };
    let (found, _) = pool.lde(values, &ntt).unwrap();
    assert_eq!(found, expected);
}

#[test]
fn arkworks_domains_agree_with_the_typed_transforms() {
    transforms_agree::<ark_bn254::Fr>();
    transforms_agree::<ark_bls12_381::Fr>();
    transforms_agree::<ark_bls12_377::Fr>();
    transforms_agree::<ark_bls12_377::Fq>();
}

fn sums_agree<P>()
where
    P: SWCurveConfig,
    Affine<P>: Point<Scalar = P::ScalarField, Sum = <Affine<P> as AffineRepr>::Group>,
    P::ScalarField: Element,
{
    let mut random = Random::seeded(12);
    for pool in pools() {
        for n in [0, 1, 2, 3, 17] {
            let logs: Vec<P::ScalarField> = elements(n, &mut random);
            let points: Vec<_> = logs.iter().map(|k| Affine::<P>::generator() * *k).collect();
            let mut bases = <Affine<P> as AffineRepr>::Group::normalize_batch(&points);
            if let Some(third) = bases.get_mut(2) {
                *third = Affine::zero();
            }
            let scalars: Vec<P::ScalarField> = elements(n, &mut random);
            let sum = |scalars: &[P::ScalarField]| {
                <Affine<P> as AffineRepr>::Group::msm(&bases, scalars).unwrap()
            };
            let expected = sum(&scalars);
            assert_eq!(pool.msm(&bases, &scalars).unwrap(), expected);
            let resident = pool.load(&bases).unwrap();
            assert_eq!((resident.len(), resident.is_empty()), (n, n == 0));
            assert_eq!(pool.msm_resident(&resident, &scalars).unwrap(), expected);
            let integers: Vec<_> = scalars.iter().map(|k| k.into_bigint()).collect();
            assert_eq!(pool.msm_bigint(&bases, &integers).unwrap(), expected);
            let small: Vec<u64> = (0..n).map(|i| random.word() >> i).collect();
            let same: Vec<P::ScalarField> = small.iter().map(|k| (*k).into()).collect();
            assert_eq!(pool.msm_small(&bases, &small).unwrap(), sum(&same));
            let both = [&scalars[..], &same].concat();
            if n > 0 {
                let (sums, _) = pool.msm_batch(&resident, &both).unwrap();
                assert_eq!(sums, [expected, sum(&same)]);
            }
        }
    }
}

#[test]
fn arkworks_sums_agree_with_the_typed_sums() {
    sums_agree::<ark_bn254::g1::Config>();
    sums_agree::<ark_bn254::g2::Config>();
    sums_agree::<ark_bls12_381::g1::Config>();
    sums_agree::<ark_bls12_381::g2::Config>();
    sums_agree::<ark_bls12_377::g1::Config>();
}

#[test]
fn the_typed_door_names_what_does_not_fit() {
    let pool = &pools()[0];
    let length = |error: Error| match error {
        Error::BadJob(BadJob::Length {
            expected, found, ..
        }) => (expected, found),
        other => panic!("{other}"),
    };
    let fr = |n: usize| vec![ark_bn254::Fr::from(1u64); n];
    let g = vec![ark_bn254::G1Affine::generator(); 3];
    assert_eq!(
        length(pool.ntt(&mut fr(3), Direction::Forward).unwrap_err()),
        (4, 3)
    );
    assert!(pool.ntt(&mut fr(0), Direction::Forward).is_err());
    assert_eq!(length(pool.msm(&g, &fr(2)).unwrap_err()), (3, 2));
    assert_eq!(length(pool.msm(&g, &fr(6)).unwrap_err()), (3, 6));
    assert_eq!(length(pool.msm_small(&g, &[1]).unwrap_err()), (3, 1));
    assert_eq!(
        length(pool.msm_bigint(&g, &[[1u64; 3]; 3]).unwrap_err()),
        (4, 3)
    );
    let resident = pool.load(&g).unwrap();
    assert_eq!(
        length(pool.msm_batch(&resident, &fr(4)).unwrap_err()),
        (3, 4)
    );
    let ntt = Ntt {
        columns: 2,
        ..Ntt::new(1, Direction::Forward)
    };
    assert_eq!(length(pool.ntt_with(&mut fr(2), &ntt).unwrap_err()), (4, 2));
    assert_eq!(length(pool.lde(&fr(2), &ntt).unwrap_err()), (4, 2));
    let extension = Ntt {
        added_bits: 1,
        ..ntt
    };
    let error = pool.ntt_with(&mut fr(4), &extension).unwrap_err();
    assert!(error.to_string().contains("use Pool::lde"), "{error}");
    let mut fq = [ark_bn254::Fq::from(1u64); 4];
    let error = pool.ntt(&mut fq, Direction::Forward).unwrap_err();
    let (field, log_n, max) = (proofmill_field::FieldId::Bn254Fq, 2, 1);
    let expected = BadJob::TwoAdicity { field, log_n, max };
    assert!(matches!(error, Error::BadJob(bad) if bad == expected));
}

#[test]
fn a_batch_through_the_typed_door_is_its_columns() {
    let (mut random, pools) = (Random::seeded(13), pools());
    let columns: Vec<Vec<ark_bn254::Fr>> = (0..3).map(|_| elements(8, &mut random)).collect();
    let domain = Radix2EvaluationDomain::<ark_bn254::Fr>::new(8).unwrap();
    let rows = |columns: &[Vec<ark_bn254::Fr>]| -> Vec<ark_bn254::Fr> {
        (0..8)
            .flat_map(|i| columns.iter().map(move |c| c[i]))
            .collect()
    };
    let expected: Vec<_> = columns.iter().map(|c| domain.fft(c)).collect();
    for pool in pools {
        let batch = |layout| Ntt {
            columns: 3,
            layout,
            ..Ntt::new(3, Direction::Forward)
        };
        let mut contiguous = columns.concat();
        pool.ntt_with(&mut contiguous, &batch(Layout::Contiguous))
            .unwrap();
        assert_eq!(contiguous, expected.concat());
        let mut matrix = rows(&columns);
        pool.ntt_with(&mut matrix, &batch(Layout::RowMajor))
            .unwrap();
        assert_eq!(matrix, rows(&expected));
        let output = Order::BitReversed;
        let mut reversed = columns[0].clone();
        let ntt = Ntt {
            output,
            ..Ntt::new(3, Direction::Forward)
        };
        pool.ntt_with(&mut reversed, &ntt).unwrap();
        let places = [0, 4, 2, 6, 1, 5, 3, 7];
        assert_eq!(reversed, places.map(|i| expected[0][i]));
    }
}
