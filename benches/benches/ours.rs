//! The product through its door, checks off: `pool.msm`, `pool.ntt_with`, `pool.lde`.
#![allow(missing_docs)]

use ark_ec::AffineRepr;
use ark_ff::PrimeField;
use criterion::Criterion;
use p3_field::{PrimeField64, TwoAdicField};
use proofmill::{Direction, Element, Layout, Ntt, Order, Point, Policy, Pool, data_form};
use proofmill_benches::{Outcome, Settings, answers::Answer, exit, inputs};
use std::process::ExitCode;

struct Bench {
    settings: Settings,
    criterion: Criterion,
    pool: Pool,
}

impl Bench {
    fn sums<A>(&mut self, name: &str, logs: &[u32]) -> Outcome
    where
        A: AffineRepr
            + Point<Scalar = <A as AffineRepr>::ScalarField, Sum = <A as AffineRepr>::Group>,
    {
        if !self.settings.wants(&format!("msm/{name}")) {
            return Ok(());
        }
        let logs = self.settings.logs(logs);
        let (bases, scalars) = inputs::sums::<A>(&logs);
        for log in logs {
            let (bases, scalars) = (&bases[..1 << log], &scalars[..1 << log]);
            let id = format!("msm/{name}/{}/2^{log}", self.settings.device);
            let sum = || self.pool.msm(bases, scalars);
            Answer::default().point(sum()?).note(&self.settings, &id);
            self.criterion.bench_function(&id, |b| b.iter(sum));
        }
        Ok(())
    }

    fn transform<F: Element>(&mut self, id: &str, values: &mut [F], order: Order) {
        let log_n = values.len().ilog2();
        let output = order;
        let ntt = Ntt {
            output,
            ..Ntt::new(log_n, Direction::Forward)
        };
        // in place, again and again: the values change, the work does not
        let mut run = || self.pool.ntt_with(values, &ntt);
        self.criterion.bench_function(id, |b| b.iter(&mut run));
    }

    fn large<F: PrimeField + Element>(&mut self, name: &str, logs: &[u32]) -> Outcome {
        if !self.settings.wants(&format!("ntt/{name}")) {
            return Ok(());
        }
        for log in self.settings.logs(logs) {
            let id = format!("ntt/{name}/{}/2^{log}", self.settings.device);
            let mut values = inputs::elements::<F>(1 << log);
            self.pool.ntt(&mut values, Direction::Forward)?;
            Answer::default().large(&values).note(&self.settings, &id);
            self.transform(&id, &mut values, Order::Natural);
        }
        Ok(())
    }

    fn small<F: TwoAdicField + PrimeField64 + Element>(
        &mut self,
        name: &str,
        logs: &[u32],
    ) -> Outcome {
        for (kernel, output) in [("ntt", Order::Natural), ("ntt-bitrev", Order::BitReversed)] {
            // one group: the peers' program has one call for both
            if !self.settings.wants(&format!("ntt/{name}")) {
                return Ok(());
            }
            for log in self.settings.logs(logs) {
                let id = format!("{kernel}/{name}/{}/2^{log}", self.settings.device);
                let mut values = inputs::small::<F>(1 << log);
                let ntt = Ntt {
                    output,
                    ..Ntt::new(log, Direction::Forward)
                };
                self.pool.ntt_with(&mut values, &ntt)?;
                Answer::default().small(&values).note(&self.settings, &id);
                self.transform(&id, &mut values, output);
            }
        }
        Ok(())
    }

    fn extension<F: TwoAdicField + PrimeField64 + Element>(&mut self, name: &str) -> Outcome {
        if !self.settings.wants(&format!("lde/{name}")) {
            return Ok(());
        }
        let (log_n, columns) = inputs::batch(self.settings.quick);
        let id = format!(
            "lde/{name}/{}/{}",
            self.settings.device,
            inputs::batch_size(self.settings.quick)
        );
        let ntt = Ntt {
            columns,
            layout: Layout::RowMajor,
            output: Order::BitReversed,
            coset: Some(data_form(F::GENERATOR)),
            added_bits: 1,
            ..Ntt::new(log_n, Direction::Forward)
        };
        let values = inputs::small::<F>(columns << log_n);
        let extend = || self.pool.lde(&values, &ntt);
        Answer::default()
            .small(&extend()?.0)
            .note(&self.settings, &id);
        self.criterion
            .bench_function(&id, |b| b.iter_with_large_drop(extend));
        Ok(())
    }
}

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Outcome {
    let settings = Settings::read();
    let pool = Pool::builder()
        .threads(settings.threads)
        .devices([settings.device.as_str()])
        .policy(Policy::Off)
        .open()?;
    let mut bench = Bench {
        criterion: settings.criterion(),
        settings,
        pool,
    };
    let sizes = [12, 14, 16, 18];
    bench.sums::<ark_bn254::G1Affine>("bn254-g1", &sizes)?;
    bench.sums::<ark_bls12_381::G1Affine>("bls12_381-g1", &sizes)?;
    bench.sums::<ark_bls12_377::G1Affine>("bls12_377-g1", &sizes)?;
    bench.sums::<ark_bn254::G2Affine>("bn254-g2", &[12, 16])?;
    bench.sums::<ark_bls12_381::G2Affine>("bls12_381-g2", &[12, 16])?;
    bench.large::<ark_bn254::Fr>("bn254_fr", &[12, 16, 18, 20])?;
    bench.large::<ark_bls12_381::Fr>("bls12_381_fr", &[12, 16, 20])?;
    bench.small::<p3_koala_bear::KoalaBear>("koalabear", &[16, 20])?;
    bench.small::<p3_baby_bear::BabyBear>("babybear", &[16, 20])?;
    bench.small::<p3_goldilocks::Goldilocks>("goldilocks", &[16, 20])?;
    bench.extension::<p3_koala_bear::KoalaBear>("koalabear")?;
    bench.extension::<p3_baby_bear::BabyBear>("babybear")?;
    bench.extension::<p3_goldilocks::Goldilocks>("goldilocks")?;
    bench.criterion.final_summary();
    Ok(())
}
