//! Plonky3 on rows: the low-degree extension of each column onto a coset, rows in bit-reversed order
//! as its commitments take them. A program of its own: see `peers` for why.
#![allow(missing_docs)]

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

impl plonky3::Bench for Bench {
    const KERNEL: &'static str = "lde";

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn one<F, D>(&mut self, field: &str, who: &str, dft: &D)
    where
        F: TwoAdicField + PrimeField64,
        D: TwoAdicSubgroupDft<F>,
    {
        let (log_n, columns) = inputs::batch(self.settings.quick);
        let input = RowMajorMatrix::new(inputs::small::<F>(columns << log_n), columns);
        let size = inputs::batch_size(self.settings.quick);
        let id = format!("lde/{field}/plonky3-{who}/{size}");
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
    plonky3::each(&mut bench);
    bench.criterion.final_summary();
}
