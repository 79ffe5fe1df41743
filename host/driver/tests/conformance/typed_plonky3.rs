//! The typed door for Plonky3: its transforms of matrices agree.

use p3_dft::{NaiveDft, Radix2Dit, TwoAdicSubgroupDft};
use p3_field::{PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use proofmill::{Direction, Element, Layout, Ntt, Options, Order, Policy, Pool, Random, data_form};
use proofmill_field::naive;

fn matrix<F: PrimeCharacteristicRing + Clone + Send + Sync>(
    rows: usize,
    columns: usize,
    random: &mut Random,
) -> Vec<F> {
    (0..rows * columns)
        .map(|_| F::from_u64(random.word() >> 2))
        .collect()
}

fn transforms_agree<F: TwoAdicField + Element>() {
    let (mut random, shift) = (Random::seeded(21), F::GENERATOR);
    let pool = Pool::builder()
        .devices(["cpu:0", "ref:0"])
        .threads(2)
        .open()
        .unwrap();
    for (device, policy) in [
        ("cpu:0", None),
        ("cpu:0", Some(Policy::Full)),
        ("ref:0", None),
    ] {
        let pool = pool.with(Options {
            policy,
            device: Some(device.into()),
        });
        for (log_n, columns) in [(0, 2), (1, 1), (3, 1), (4, 3), (6, 7)] {
            let values: Vec<F> = matrix(1 << log_n, columns, &mut random);
            let input = || RowMajorMatrix::new(values.clone(), columns);
            let batch = Ntt {
                columns,
                layout: Layout::RowMajor,
                ..Ntt::new(log_n, Direction::Forward)
            };
            let run = |ntt: Ntt| {
                let mut out = values.clone();
                pool.ntt_with(&mut out, &ntt).unwrap();
                out
            };
            let (dit, naive_dft) = (Radix2Dit::default(), NaiveDft);
            let forward = dit.dft_batch(input()).to_row_major_matrix().values;
            assert_eq!(forward, naive_dft.dft_batch(input()).values);
            assert_eq!(run(batch.clone()), forward);
            let coset = Some(data_form(shift));
            assert_eq!(
                run(Ntt {
                    coset,
                    ..batch.clone()
                }),
                naive_dft.coset_dft_batch(input(), shift).values
            );
            let direction = Direction::Inverse;
            assert_eq!(
                run(Ntt {
                    direction,
                    ..batch.clone()
                }),
                naive_dft.idft_batch(input()).values
            );
            let inverse = naive_dft.coset_idft_batch(input(), shift).values;
            assert_eq!(
                run(Ntt {
                    direction,
                    coset,
                    ..batch.clone()
                }),
                inverse
            );
            for added in [1, 3] {
                let extended = dit
                    .coset_lde_batch(input(), added, shift)
                    .to_row_major_matrix();
                let again = naive_dft.coset_lde_batch(input(), added, shift);
                assert_eq!(extended.values, again.values);
                let ntt = Ntt {
                    added_bits: added as u32,
                    coset,
                    ..batch.clone()
                };
                assert_eq!(pool.lde(&values, &ntt).unwrap().0, extended.values);
                let ntt = Ntt {
                    output: Order::BitReversed,
                    ..ntt
                };
                let log_rows = log_n + added as u32;
                let row =
                    |i| &extended.values[naive::bit_reverse(i, log_rows) * columns..][..columns];
                let reversed: Vec<F> = (0..1 << log_rows).flat_map(|i| row(i).to_vec()).collect();
                assert_eq!(pool.lde(&values, &ntt).unwrap().0, reversed);
            }
        }
    }
}

#[test]
fn plonky3_transforms_agree_with_the_typed_ones() {
    transforms_agree::<p3_baby_bear::BabyBear>();
    transforms_agree::<p3_koala_bear::KoalaBear>();
    transforms_agree::<p3_goldilocks::Goldilocks>();
}
