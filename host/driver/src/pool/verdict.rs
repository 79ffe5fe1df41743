//! Whether a bare kernel's answer is accepted, and what happens to a device whose answer is not.

use super::{Checked, Evidence, Pool, Report, Runner, Seat, Task};
use crate::check;
use crate::device::reference::ReferenceBackend;
use crate::device::{Backend, Config, Output};
use crate::error::{DeviceError, Error, Failure, Fault, WrongResult};
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
                    // no device can be right about bad input
                    Ok(Err(wrong)) => check::uploads(&task.chain).map(|()| Err(wrong.into())),
                    Err(e) => return Err(Error::Random(e.to_string())),
                }
                .map_err(Error::from)
            }
            [Step::Upload { .. }, Step::Msm { .. }] => {
                for points in &output.points {
                    if let Err(wrong) = check::points(points) {
                        check::bases_of(&task.chain)?;
                        return Ok(Err(wrong.into()));
                    }
                }
                report.note(Checked::Points);
                self.recompute(seat, task, output, report)
            }
            _ => Ok(Ok(())),
        }
    }

    /// Has another device compute the sums again. Where they differ the textbook decides, and whoever
    /// differs from it is to blame.
    fn recompute(
        &self,
        seat: usize,
        task: &Task,
        output: &Output,
        report: &mut Report,
    ) -> Result<Result<(), Fault>, Error> {
        let (second, by) = self.opinion(task, seat)?;
        let Some(index) = first_difference(output, &second) else {
            report.note(Checked::Recomputed(self.name(by)));
            return Ok(Ok(()));
        };
        let truth = match by {
            Some(_) => self.textbook(&task.chain)?,
            None => second.clone(),
        };
        let fault = WrongResult::Recomputed {
            index,
            by: self.name(None),
        };
        if let Some(by) = by
            && first_difference(&second, &truth).is_some()
        {
            self.blame(by, &task.chain, Some(&second), fault.clone().into());
        }
        if first_difference(output, &truth).is_some() {
            return Ok(Err(fault.into()));
        }
        report.note(Checked::Recomputed(self.name(None)));
        Ok(Ok(()))
    }

    /// The sums of another device than `first`, or of a textbook computation on the host when there
    /// is none left. Devices that give no answer, or points outside the group, are set aside and
    /// passed over.
    fn opinion(&self, task: &Task, first: usize) -> Result<(Output, Option<usize>), Error> {
        let mut asked = vec![first];
        loop {
            let seats = self.inner.roster.seats().enumerate();
            let usable = |(i, seat): (usize, &Seat)| {
                let free = !asked.contains(&i) && seat.set_aside().is_none();
                let estimate = free.then(|| seat.estimate(&task.shapes)).flatten();
                estimate.map(|e| (e, i))
            };
            let Some((_, other)) = seats.filter_map(usable).min() else {
                return Ok((self.textbook(&task.chain)?, None));
            };
            asked.push(other);
            let answer = match &self.inner.roster.seat(other).runner {
                Runner::Host(cpu) => {
                    let _turn = self.inner.roster.seat(other).silicon.share();
                    let outputs = cpu.run_chains(&[&task.chain]);
                    outputs.into_iter().collect()
                }
                Runner::Worker(worker) => {
                    let (limit, load) = self.weigh(other, [task].into_iter());
                    worker.submit(vec![task.chain.clone()], limit, load).wait()
                }
            };
            let output = answer.map(|mut outputs| outputs.pop().unwrap_or_default());
            let (output, fault): (_, Fault) = match output {
                Ok(output) => {
                    let holds = check::shape(&task.chain, &output)
                        .and_then(|()| output.points.iter().try_for_each(check::points));
                    match holds {
                        Ok(()) => return Ok((output, Some(other))),
                        Err(wrong) => (Some(output), wrong.into()),
                    }
                }
                Err(e) => (None, e.into()),
            };
            if !matches!(fault, Fault::Device(DeviceError::Unsupported(_))) {
                check::uploads(&task.chain)?;
                check::bases_of(&task.chain)?;
            }
            self.blame(other, &task.chain, output.as_ref(), fault);
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
        let seat = &self.inner.roster.seat(seat);
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
