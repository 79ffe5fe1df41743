//! Whether a bare kernel's answer is accepted, and what happens to a device whose answer is not.

use super::{Checked, Evidence, Pool, Report, Runner, Seat, Task};
use crate::check;
use crate::device::reference::ReferenceBackend;
use crate::device::{Backend, Config, Output};
use crate::error::{BadJob, DeviceError, Error, Failure, Fault, WrongResult};
use crate::job::{Chain, Form, Step};
use sha2::{Digest, Sha256};
use std::sync::PoisonError;

impl Pool {
    /// The checks of one bare kernel (see [`Task::is_kernel`]).
    pub(super) fn check(
        &self,
        seat: usize,
        task: &Task,
        output: &Output,
        report: &mut Report,
    ) -> Result<Result<(), Fault>, Error> {
        match &task.chain.steps[..] {
            [Step::Upload { values: given, .. }, Step::Ntt { ntt, .. }, _] => {
                let (Form::Data(field), Some(found)) = (given.form(), output.values.first()) else {
                    return Ok(Ok(()));
                };
                let verdict = match check::canonical(found) {
                    Ok(()) => check::transform(field, ntt, given, found),
                    wrong => Ok(wrong),
                };
                match verdict {
                    Ok(Ok(())) => {
                        report.note(Checked::Canonical);
                        report.note(Checked::Transform);
                        Ok(Ok(()))
                    }
                    Ok(Err(wrong)) => {
                        check::input(given)?;
                        Ok(Err(wrong.into()))
                    }
                    Err(e) => Ok(Err(e.into())),
                }
            }
            [Step::Upload { .. }, Step::Msm { .. }] => {
                for points in &output.points {
                    if let Err(wrong) = check::points(points) {
                        self.excuse(seat, task, output)?;
                        return Ok(Err(wrong.into()));
                    }
                }
                report.note(Checked::Points);
                self.recompute(seat, task, output, report)
            }
            _ => Ok(Ok(())),
        }
    }

    /// A sum outside the group is no device's fault if the bases are outside it: then this is an
    /// error of the caller.
    fn excuse(&self, seat: usize, task: &Task, output: &Output) -> Result<(), Error> {
        for step in &task.chain.steps {
            if let Step::Msm { bases, .. } = step {
                check::bases(bases)?;
            }
        }
        // all bases are on the curve: if another device finds the same sum, some are outside the
        // subgroup, which is too slow to look for
        let (second, _) = self.opinion(task, &mut vec![seat])?;
        if first_difference(output, &second).is_none() {
            let why = "expected points of the subgroup of order r, found a sum outside it";
            return Err(BadJob::Parameter { what: "bases", why }.into());
        }
        Ok(())
    }

    /// Has another device compute the sums again. Where they differ a third decides who was wrong.
    fn recompute(
        &self,
        seat: usize,
        task: &Task,
        output: &Output,
        report: &mut Report,
    ) -> Result<Result<(), Fault>, Error> {
        let mut asked = vec![seat];
        let (second, by) = self.opinion(task, &mut asked)?;
        let Some(index) = first_difference(output, &second) else {
            report.note(Checked::Recomputed(self.name(by)));
            return Ok(Ok(()));
        };
        let (third, judge) = self.opinion(task, &mut asked)?;
        if first_difference(output, &third).is_none() {
            let fault = WrongResult::Recomputed {
                index,
                by: self.name(Some(seat)),
            };
            if let Some(by) = by {
                self.blame(by, &task.chain, Some(&second), fault.into());
            }
            report.note(Checked::Recomputed(self.name(judge)));
            return Ok(Ok(()));
        }
        let agreed = first_difference(&second, &third).is_none();
        let by = if agreed {
            self.name(by)
        } else {
            self.name(judge)
        };
        Ok(Err(WrongResult::Recomputed { index, by }.into()))
    }

    /// The answer of a device that was not asked yet, or of a textbook computation on the host when
    /// there is none left. Devices that give no answer are set aside and passed over.
    fn opinion(
        &self,
        task: &Task,
        asked: &mut Vec<usize>,
    ) -> Result<(Output, Option<usize>), Error> {
        loop {
            let seats = self.inner.seats.iter().enumerate();
            let usable = |(i, seat): (usize, &Seat)| {
                let free = !asked.contains(&i) && seat.set_aside().is_none();
                let estimate = if free {
                    seat.estimate(&task.shapes)
                } else {
                    None
                };
                estimate.map(|e| (e, i))
            };
            let Some((_, other)) = seats.filter_map(usable).min() else {
                return Ok((self.textbook(&task.chain)?, None));
            };
            asked.push(other);
            let answer = match &self.inner.seats[other].runner {
                Runner::Host(cpu) => cpu.run_chains(std::slice::from_ref(&task.chain)),
                Runner::Worker(worker) => {
                    let (limit, load) = self.weigh(other, [task].into_iter());
                    let answer = worker.submit(vec![task.chain.clone()], limit).wait();
                    drop(load);
                    answer
                }
            };
            let output = answer.map(|mut outputs| outputs.pop().unwrap_or_default());
            let fault: Fault = match output {
                Ok(output) => match check::shape(&task.chain, &output) {
                    Ok(()) => return Ok((output, Some(other))),
                    Err(wrong) => wrong.into(),
                },
                Err(DeviceError::BadJob(bad)) => return Err(bad.into()),
                Err(e) => e.into(),
            };
            self.blame(other, &task.chain, None, fault);
        }
    }

    fn textbook(&self, chain: &Chain) -> Result<Output, Error> {
        let failed = |e: DeviceError| Error::NoDevice {
            job: chain.describe(),
            failures: vec![Failure {
                device: "textbook".into(),
                fault: e.into(),
            }],
        };
        let config = Config::default();
        let info = &ReferenceBackend.list(&config)[0];
        let mut device = ReferenceBackend.open(info, &config).map_err(failed)?;
        let mut outputs = device.run(vec![chain.clone()]).map_err(failed)?;
        Ok(outputs.pop().unwrap_or_default())
    }

    /// Sets a device aside for the life of the pool and keeps what shows its fault.
    pub(super) fn blame(&self, seat: usize, chain: &Chain, output: Option<&Output>, fault: Fault) {
        if matches!(fault, Fault::Device(DeviceError::Unsupported(_))) {
            return; // a wrong estimate, not a broken device
        }
        let seat = &self.inner.seats[seat];
        seat.put_aside(fault.to_string());
        let evidence = Evidence {
            device: seat.info.id.clone(),
            job: chain.describe(),
            input: hash_input(chain),
            output: output.map(hash_output),
            fault,
        };
        self.inner
            .evidence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(evidence);
    }
}

/// The first point, counted over all sums, in which two outputs differ.
fn first_difference(a: &Output, b: &Output) -> Option<usize> {
    let points = |o: &Output| {
        let all = o.points.iter();
        all.flat_map(|p| p.bytes().chunks(p.point_bytes()).map(<[u8]>::to_vec))
            .collect::<Vec<_>>()
    };
    let (a, b) = (points(a), points(b));
    let differs = a.iter().zip(&b).position(|(p, q)| p != q);
    differs.or((a.len() != b.len()).then_some(a.len().min(b.len())))
}

fn hash_input(chain: &Chain) -> [u8; 32] {
    let mut hash = Sha256::new();
    for step in &chain.steps {
        match step {
            Step::Upload { values, .. } => hash.update(values.bytes()),
            Step::Msm { bases, .. } => hash.update(bases.bytes()),
            Step::Ntt { ntt, .. } => hash.update(format!("{ntt:?}")),
            _ => {}
        }
    }
    hash.finalize().into()
}

fn hash_output(output: &Output) -> [u8; 32] {
    let mut hash = Sha256::new();
    output.values.iter().for_each(|v| hash.update(v.bytes()));
    output.points.iter().for_each(|p| hash.update(p.bytes()));
    hash.finalize().into()
}
