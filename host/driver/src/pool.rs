//! The pool: every usable device behind one door. It plans, runs, checks, sets a guilty device
//! aside and has the work redone.

mod builder;
mod door;
mod report;
mod roster;
mod seat;
pub(crate) mod silicon;
mod stepwise;
mod verdict;

pub use builder::Builder;
pub use door::{Resident, data_form};
pub use report::{Checked, Done, Evidence, Options, Policy, Report, StepReport};

use crate::check;
use crate::device::reference::ReferenceBackend;
use crate::device::{Backend, DeviceInfo, Output};
use crate::error::{BadJob, DeviceError, Error, Failure, Fault};
use crate::job::{Chain, Shape, Step};
use crate::plan::{self, Candidate};
use crate::worker::Pending;
use roster::Roster;
use seat::{Load, Runner, Seat};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a device may take before it is left behind: `grace` + `factor` × what was expected.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    grace: Duration,
    factor: u32,
}

/// Every usable device behind one door. Cloning shares the devices.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
    options: Options,
}

struct Inner {
    roster: Roster,
    deadline: Deadline,
    evidence: Mutex<Vec<Evidence>>,
}

/// A job on its way.
struct Task {
    chain: Chain,
    shapes: Vec<Shape>,
    failures: Vec<Failure>,
    /// Seats that have failed at it.
    tried: Vec<usize>,
}

impl Pool {
    /// Every usable device of this machine.
    pub fn open() -> Result<Pool, Error> {
        Pool::builder().open()
    }

    /// The same devices with other options.
    pub fn with(&self, options: Options) -> Pool {
        Pool {
            inner: self.inner.clone(),
            options,
        }
    }

    /// The options of calls of this pool.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Every device that there is, usable or not, and those that were set aside since. Lists those too
    /// for which there was no work yet.
    pub fn devices(&self) -> Vec<DeviceInfo> {
        self.inner.roster.list_all();
        self.known_devices()
    }

    /// The devices that were listed so far: not those of a backend that is slow to list and for which
    /// there was no work yet.
    pub fn known_devices(&self) -> Vec<DeviceInfo> {
        let listed = self.inner.roster.listed();
        let mut listed: Vec<_> = listed.map(|info| self.present(info)).collect();
        // last, whenever the others were listed
        listed.sort_by_key(|info| info.backend == ReferenceBackend.name());
        listed
    }

    /// The device of this id.
    pub fn device(&self, id: &str) -> Result<DeviceInfo, Error> {
        let found = self.inner.roster.find(id);
        let unknown = || Error::UnknownDevice {
            id: id.into(),
            found: self.devices().into_iter().map(|d| d.id).collect(),
        };
        Ok(self.present(found.ok_or_else(unknown)?))
    }

    /// A device as it was listed, or set aside since.
    fn present(&self, info: &DeviceInfo) -> DeviceInfo {
        let mut info = info.clone();
        if let Some(seat) = self.seat_of(&info.id) {
            info.unusable = seat.set_aside();
        }
        info
    }

    fn seat_of(&self, id: &str) -> Option<&Seat> {
        self.inner.roster.find(id)?;
        self.inner.roster.seats().find(|seat| seat.info.id == id)
    }

    /// What a device expects to take for a step; `None`: it cannot do it or there is no such device.
    pub fn estimate(&self, device: &str, shape: &Shape) -> Option<Duration> {
        match shape {
            Shape::Msm { curve, group, .. } if !curve.spec().groups().contains(group) => {
                return None;
            }
            _ => {}
        }
        (self.seat_of(device)?.estimator)(shape)
    }

    /// What is known of the devices that were set aside, in order.
    pub fn evidence(&self) -> Vec<Evidence> {
        self.inner
            .evidence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Gives a device no more work, for a fault that only the caller could see.
    pub fn set_aside(&self, device: &str, reason: &str) {
        if let Some(seat) = self.seat_of(device) {
            seat.put_aside(reason.into());
        }
    }

    /// Runs chains, independent ones on different devices at once, and returns the answers in the
    /// order of the chains. Each answer was checked as the options say, or its report says that it
    /// was not.
    pub fn run(&self, chains: Vec<Chain>) -> Result<Vec<Done>, Error> {
        let task = |chain: Chain| {
            let shapes = chain.validate()?;
            Ok(Task {
                chain,
                shapes,
                failures: Vec::new(),
                tried: Vec::new(),
            })
        };
        let mut open: Vec<(usize, Task)> = chains
            .into_iter()
            .map(task)
            .collect::<Result<Vec<_>, BadJob>>()?
            .into_iter()
            .enumerate()
            .collect();
        let mut done: BTreeMap<usize, Done> = BTreeMap::new();
        while !open.is_empty() {
            let batch = std::mem::take(&mut open);
            for (index, task, outcome) in self.attempt(batch)? {
                match outcome {
                    Some(finished) => drop(done.insert(index, finished)),
                    None => open.push((index, task)),
                }
            }
        }
        Ok(done.into_values().collect())
    }

    /// One attempt at each task: plan, dispatch, collect, check.
    fn attempt(
        &self,
        batch: Vec<(usize, Task)>,
    ) -> Result<Vec<(usize, Task, Option<Done>)>, Error> {
        let tasks: Vec<&Task> = batch.iter().map(|(_, task)| task).collect();
        let plan = self.plan(&tasks)?;
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut outcomes: Vec<Option<Result<Done, Fault>>> = batch.iter().map(|_| None).collect();
        for (place, seat) in plan.iter().enumerate() {
            groups.entry(*seat).or_default().push(place);
        }
        // devices with threads of their own first, then the host's work, then their answers
        let mut pending: Vec<(usize, Vec<usize>, Pending)> = Vec::new();
        let mut host: Vec<(usize, Vec<usize>)> = Vec::new();
        // lots are drawn once for each task
        let checked: Vec<bool> = plan.iter().map(|seat| self.checks(*seat)).collect();
        for (seat, places) in groups {
            // what is checked and is not one bare kernel goes kernel by kernel
            let stepwise = |p: &usize| checked[*p] && !tasks[*p].is_kernel();
            let (slow, fast): (Vec<_>, Vec<_>) = places.into_iter().partition(stepwise);
            for place in slow {
                outcomes[place] = Some(Ok(self.stepwise(tasks[place])?));
            }
            if fast.is_empty() {
                continue;
            }
            let chains = || fast.iter().map(|p| tasks[*p].chain.clone()).collect();
            match &self.inner.roster.seat(seat).runner {
                Runner::Worker(worker) => {
                    let (limit, load) = self.weigh(seat, fast.iter().map(|p| tasks[*p]));
                    pending.push((seat, fast.clone(), worker.submit(chains(), limit, load)));
                }
                Runner::Host(_) => host.push((seat, fast)),
            }
        }
        for (seat, places) in host {
            let Runner::Host(cpu) = &self.inner.roster.seat(seat).runner else {
                continue;
            };
            // the longest first: what is short fills the threads at the end
            let mut places = places;
            let cost = |p: &usize| self.inner.roster.seat(seat).estimate(&tasks[*p].shapes);
            places.sort_by_key(|p| std::cmp::Reverse(cost(p)));
            let chains: Vec<&Chain> = places.iter().map(|p| &tasks[*p].chain).collect();
            let answers = {
                let _turn = self.inner.roster.seat(seat).silicon.share();
                cpu.run_chains(&chains)
            };
            for (place, answer) in places.into_iter().zip(answers) {
                outcomes[place] = Some(self.accept(seat, tasks[place], answer, checked[place])?);
            }
        }
        for (seat, places, answer) in pending {
            let answer = answer.wait();
            let mut outputs = match answer {
                Ok(outputs) => outputs.into_iter().map(Ok).collect(),
                Err(e) => vec![Err(e); places.len()],
            };
            outputs.resize_with(places.len(), || Ok(Output::default()));
            for (place, output) in places.into_iter().zip(outputs) {
                outcomes[place] = Some(self.accept(seat, tasks[place], output, checked[place])?);
            }
        }
        drop(tasks);
        let mut out = Vec::new();
        for (((index, mut task), outcome), seat) in batch.into_iter().zip(outcomes).zip(plan) {
            let finished = match outcome {
                Some(Ok(mut done)) => {
                    done.report.failures.splice(0..0, task.failures.drain(..));
                    Some(done)
                }
                Some(Err(fault)) => {
                    let device = self.inner.roster.seat(seat).info.id.clone();
                    task.failures.push(Failure { device, fault });
                    task.tried.push(seat);
                    None
                }
                None => None,
            };
            out.push((index, task, finished));
        }
        Ok(out)
    }

    /// The seat of each task. Devices that are slow to list are listed when there is enough work.
    fn plan(&self, tasks: &[&Task]) -> Result<Vec<usize>, Error> {
        if let Some(id) = &self.options.device {
            // once a task has failed there, what it failed of says more
            let fresh = tasks.iter().all(|t| t.tried.is_empty());
            let device = self.device(id)?;
            if let (Some(reason), true) = (device.unusable, fresh) {
                let id = id.clone();
                return Err(Error::Unusable { id, reason });
            }
        }
        let roster = &self.inner.roster;
        let candidates = || -> Vec<Candidate> {
            let seats = roster.seats().enumerate();
            seats
                .map(|(i, seat)| self.candidate(i, seat, tasks))
                .collect()
        };
        let known = candidates();
        let mut plan = plan::assign(tasks.len(), &known);
        let named = self.options.device.is_some();
        if !named && roster.worth_more(plan::work(&plan, &known)) {
            roster.list_all();
            plan = plan::assign(tasks.len(), &candidates());
        }
        let assigned = |(seat, task): (Option<usize>, &&Task)| {
            seat.ok_or_else(|| Error::NoDevice {
                job: task.chain.describe(),
                failures: task.failures.clone(),
            })
        };
        plan.into_iter().zip(tasks).map(assigned).collect()
    }

    fn candidate(&self, index: usize, seat: &Seat, tasks: &[&Task]) -> Candidate {
        let chosen = self.options.device.as_ref();
        let chosen = chosen.is_none_or(|id| *id == seat.info.id);
        let usable = chosen && seat.set_aside().is_none();
        let estimate = |task: &&Task| match usable && !task.tried.contains(&index) {
            true => seat.estimate(&task.shapes),
            false => None,
        };
        Candidate {
            physical: seat.physical,
            backlog: seat.backlog(),
            estimates: tasks.iter().map(estimate).collect(),
        }
    }

    fn is_host(&self, seat: usize) -> bool {
        matches!(self.inner.roster.seat(seat).runner, Runner::Host(_))
    }

    /// Whether the answers of this seat are checked kernel by kernel. Draws lots where that is the
    /// policy.
    fn checks(&self, seat: usize) -> bool {
        match self.options.policy {
            None => !self.is_host(seat),
            Some(Policy::Off | Policy::Proof) => false,
            Some(Policy::Full) => true,
            Some(Policy::Sampled(one_in)) => {
                let word = crate::random::System::default().word();
                // without randomness every job is checked
                word.map_or(true, |w| w % u64::from(one_in.max(1)) == 0)
            }
        }
    }

    /// The deadline for these tasks behind what the device already has to do, and their weight on
    /// its backlog until it is done with them.
    fn weigh<'a>(&self, seat: usize, tasks: impl Iterator<Item = &'a Task>) -> (Duration, Load) {
        let seat = &self.inner.roster.seat(seat);
        let estimates = tasks.filter_map(|task| seat.estimate(&task.shapes));
        let cost = estimates.fold(Duration::ZERO, Duration::saturating_add);
        let (expected, load) = seat.submitted(cost);
        let Deadline { grace, factor } = self.inner.deadline;
        (grace.saturating_add(expected.saturating_mul(factor)), load)
    }

    /// An answer, looked at as the policy says; or the fault for which its device was set aside.
    fn accept(
        &self,
        seat: usize,
        task: &Task,
        answer: Result<Output, DeviceError>,
        checked: bool,
    ) -> Result<Result<Done, Fault>, Error> {
        let output = match answer {
            Ok(output) => output,
            Err(e) => {
                if let DeviceError::BadJob(bad) = &e {
                    // the host is believed, others are looked after
                    if self.is_host(seat) {
                        return Err(bad.clone().into());
                    }
                    check::uploads(&task.chain)?;
                    check::bases_of(&task.chain)?;
                }
                self.blame(seat, &task.chain, None, e.clone().into());
                return Ok(Err(e.into()));
            }
        };
        let mut report = Report::default();
        // whatever the policy: the caller's types hold reduced values only
        let whole = match self.is_host(seat) {
            true => Ok(()),
            false => check::reduced_output(&output),
        };
        if whole.is_err() {
            check::uploads(&task.chain)?; // what goes in unreduced may come out so
        }
        let verdict = match check::shape(&task.chain, &output).and(whole) {
            Ok(()) if checked => self.check(seat, task, &output, &mut report)?,
            other => other.map_err(Fault::from),
        };
        if let Err(fault) = verdict {
            self.blame(seat, &task.chain, Some(&output), fault.clone());
            return Ok(Err(fault));
        }
        let device = &self.inner.roster.seat(seat).info.id;
        let times = output
            .steps
            .iter()
            .copied()
            .chain(std::iter::repeat(Duration::ZERO));
        let step = |(shape, time): (&Shape, Duration)| StepReport {
            shape: *shape,
            device: device.clone(),
            time,
        };
        report.steps = task.shapes.iter().zip(times).map(step).collect();
        Ok(Ok(Done {
            values: output.values,
            points: output.points,
            report,
        }))
    }

    fn name(&self, seat: Option<usize>) -> String {
        seat.map_or("textbook".into(), |i| {
            self.inner.roster.seat(i).info.id.clone()
        })
    }
}

impl Task {
    /// Whether this is one transform or one sum with its upload and download, the two shapes that are
    /// checked as a whole.
    fn is_kernel(&self) -> bool {
        match &self.chain.steps[..] {
            [
                Step::Upload { to, .. },
                Step::Ntt { on, .. },
                Step::Download { from },
            ] => on[..] == [*to] && from == to,
            [Step::Upload { to, .. }, Step::Msm { scalars, .. }] => to == scalars,
            _ => false,
        }
    }
}
