//! Plonky3 on rows: the low-degree extension of each column onto a coset, rows in bit-reversed order
//! as its commitments take them. A program of its own: see `peers` for why.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{BatchSize, Criterion};
use p3_dft::{Radix2Bowers, Radix2DFTSmallBatch, Radix2Dit, Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{PrimeField64, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_monty_31::dft::RecursiveDft;
use proofmill_benches::{Settings, answers::Answer, inputs};

struct Bench {
    settings: Settings,
    criterion: Criterion,
}

impl Bench {
    fn extensions<F, R>(&mut self, name: &str, recursive: Option<R>)
    where
        F: TwoAdicField + PrimeField64 + Ord,
        R: TwoAdicSubgroupDft<F>,
    {
        if !self.settings.wants(&format!("lde/{name}")) {
            return;
        }
        let (log_n, columns) = inputs::batch(self.settings.quick);
        let input = RowMajorMatrix::new(inputs::small::<F>(columns << log_n), columns);
        self.extension(name, "bowers", &Radix2Bowers, &input);
        self.extension(name, "dit", &Radix2Dit::default(), &input);
        let parallel = Radix2DitParallel::default();
        self.extension(name, "dit-parallel", &parallel, &input);
        let small_batch = Radix2DFTSmallBatch::default();
        self.extension(name, "small-batch", &small_batch, &input);
        if let Some(recursive) = recursive {
            self.extension(name, "recursive", &recursive, &input);
        }
    }

    fn extension<F, D>(&mut self, name: &str, who: &str, dft: &D, input: &RowMajorMatrix<F>)
    where
        F: TwoAdicField + PrimeField64,
        D: TwoAdicSubgroupDft<F>,
    {
        let size = inputs::batch_size(self.settings.quick);
        let id = format!("lde/{name}/plonky3-{who}/{size}");
        let run = |rows| extend(dft, rows);
        let answer = Answer::default().small(&run(input.clone()).values);
        answer.note(&self.settings, &id);
        self.criterion.bench_function(&id, |b| {
            b.iter_batched(|| input.clone(), run, BatchSize::PerIteration);
        });
    }
}

/// The only call of `coset_lde_batch`.
#[inline(never)]
fn extend<F, D>(dft: &D, rows: RowMajorMatrix<F>) -> RowMajorMatrix<F>
where
    F: TwoAdicField,
    D: TwoAdicSubgroupDft<F>,
{
    let out = dft.coset_lde_batch(rows, 1, F::GENERATOR);
    out.bit_reverse_rows().to_row_major_matrix()
}

fn main() {
    let settings = Settings::read();
    settings.start_threads();
    let mut bench = Bench {
        criterion: settings.criterion(),
        settings,
    };
    bench.extensions(
        "koalabear",
        Some(RecursiveDft::<p3_koala_bear::KoalaBear>::default()),
    );
    bench.extensions(
        "babybear",
        Some(RecursiveDft::<p3_baby_bear::BabyBear>::default()),
    );
    bench.extensions::<p3_goldilocks::Goldilocks, Radix2Bowers>("goldilocks", None);
    bench.criterion.final_summary();
}
