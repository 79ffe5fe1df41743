//! Plonky3's transforms over the small fields, each algorithm in turn.

use crate::Settings;
use p3_baby_bear::BabyBear;
use p3_dft::{Radix2Bowers, Radix2DFTSmallBatch, Radix2Dit, Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{PrimeField64, TwoAdicField};
use p3_goldilocks::Goldilocks;
use p3_koala_bear::KoalaBear;
use p3_monty_31::dft::RecursiveDft;

/// What is measured of each algorithm.
pub trait Bench {
    /// How its ids begin.
    const KERNEL: &'static str;

    /// The settings of the run.
    fn settings(&self) -> &Settings;

    /// Measures one algorithm over one field.
    fn one<F, D>(&mut self, field: &str, who: &str, dft: &D)
    where
        F: TwoAdicField + PrimeField64,
        D: TwoAdicSubgroupDft<F>;
}

/// All algorithms over all fields that are asked for.
pub fn each<B: Bench>(bench: &mut B) {
    over::<KoalaBear, _, _>(bench, "koalabear", Some(RecursiveDft::default()));
    over::<BabyBear, _, _>(bench, "babybear", Some(RecursiveDft::default()));
    over::<Goldilocks, Radix2Bowers, _>(bench, "goldilocks", None);
}

fn over<F, R, B>(bench: &mut B, field: &str, recursive: Option<R>)
where
    F: TwoAdicField + PrimeField64 + Ord,
    R: TwoAdicSubgroupDft<F>,
    B: Bench,
{
    if !bench.settings().wants(&format!("{}/{field}", B::KERNEL)) {
        return;
    }
    bench.one::<F, _>(field, "bowers", &Radix2Bowers);
    bench.one::<F, _>(field, "dit", &Radix2Dit::default());
    bench.one::<F, _>(field, "dit-parallel", &Radix2DitParallel::default());
    bench.one::<F, _>(field, "small-batch", &Radix2DFTSmallBatch::default());
    if let Some(recursive) = recursive {
        bench.one::<F, _>(field, "recursive", &recursive);
    }
}
