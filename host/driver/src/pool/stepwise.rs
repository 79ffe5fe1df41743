//! Chains run kernel by kernel, so that each can be checked.

use super::{Done, Options, Policy, Pool, Report, StepReport, Task};
use crate::device::cpu;
use crate::error::{BadJob, Error};
use crate::job::{Chain, Shape, Slot, Step, Values};
use std::collections::BTreeMap;
use std::time::Duration;

impl Pool {
    /// Runs a chain kernel by kernel, each planned anew and checked; between them the values lie on
    /// the host, which does the pointwise steps itself.
    pub(super) fn stepwise(&self, task: &Task) -> Result<Done, Error> {
        let mut slots: BTreeMap<Slot, Values> = BTreeMap::new();
        let mut out = Done {
            values: Vec::new(),
            points: Vec::new(),
            report: Report::default(),
        };
        let single = Pool {
            inner: self.inner.clone(),
            options: Options {
                policy: Some(Policy::Full),
                device: self.options.device.clone(),
            },
        };
        for step in &task.chain.steps {
            match step {
                Step::Upload { to, values } => drop(slots.insert(*to, values.clone())),
                Step::Download { from } => out.values.extend(slots.get(from).cloned()),
                Step::Ntt { on, .. } | Step::ScaleByPowers { on, .. } => {
                    for slot in on {
                        let done = single.kernel(&task.chain.label, step, *slot, &slots)?;
                        slots.extend(done.values.first().map(|v| (*slot, v.clone())));
                        out.report.absorb(done.report);
                    }
                }
                Step::Mul { to, .. } | Step::Sub { to, .. } => {
                    let done = single.kernel(&task.chain.label, step, *to, &slots)?;
                    slots.extend(done.values.first().map(|v| (*to, v.clone())));
                    out.report.absorb(done.report);
                }
                Step::Msm { scalars, .. } => {
                    let done = single.kernel(&task.chain.label, step, *scalars, &slots)?;
                    out.points.extend(done.points);
                    out.report.absorb(done.report);
                }
            }
        }
        Ok(out)
    }

    /// One kernel on the values of `slots`; pointwise ones on the host.
    fn kernel(
        &self,
        label: &str,
        step: &Step,
        slot: Slot,
        slots: &BTreeMap<Slot, Values>,
    ) -> Result<Done, Error> {
        let step = match step {
            Step::Ntt { ntt, .. } => Step::Ntt {
                on: vec![slot],
                ntt: ntt.clone(),
            },
            Step::ScaleByPowers { base, order, .. } => Step::ScaleByPowers {
                on: vec![slot],
                base: *base,
                order: *order,
            },
            other => other.clone(),
        };
        let reads = match &step {
            Step::Mul { a, b, .. } | Step::Sub { a, b, .. } => vec![*a, *b],
            _ => vec![slot],
        };
        let upload = |s: Slot| {
            let values = slots.get(&s).cloned().ok_or(BadJob::EmptySlot(s))?;
            Ok(Step::Upload { to: s, values })
        };
        let mut steps = reads
            .into_iter()
            .map(upload)
            .collect::<Result<Vec<_>, BadJob>>()?;
        let pointwise = !matches!(step, Step::Ntt { .. } | Step::Msm { .. });
        let sum = matches!(step, Step::Msm { .. });
        steps.push(step);
        if !sum {
            steps.push(Step::Download { from: slot });
        }
        let chain = Chain {
            label: label.into(),
            steps,
        };
        if pointwise {
            return self.on_host(chain);
        }
        let mut done = self.run(vec![chain])?;
        done.pop().ok_or_else(|| Error::NoDevice {
            job: label.into(),
            failures: Vec::new(),
        })
    }

    /// Pointwise work by the host itself, which needs no check.
    fn on_host(&self, chain: Chain) -> Result<Done, Error> {
        let shapes = chain.validate()?;
        let mut outputs = cpu::run_chain(&chain)?;
        let steps = shapes.iter().zip(&outputs.steps);
        let step = |(shape, time): (&Shape, &Duration)| StepReport {
            shape: *shape,
            device: "host".into(),
            time: *time,
        };
        let report = Report {
            steps: steps.map(step).collect(),
            ..Report::default()
        };
        Ok(Done {
            values: std::mem::take(&mut outputs.values),
            points: Vec::new(),
            report,
        })
    }
}

impl Report {
    /// Adds the report of a part: its work, not the moving of values between parts.
    fn absorb(&mut self, part: Report) {
        let work = |s: &StepReport| !matches!(s.shape, Shape::Transfer { .. });
        self.steps.extend(part.steps.into_iter().filter(work));
        part.checked.into_iter().for_each(|c| self.note(c));
        self.failures.extend(part.failures);
    }
}
