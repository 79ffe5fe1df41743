//! The pool: every usable device behind one door. It plans, runs, checks, sets a guilty device
//! aside and has the work redone.

mod door;
mod seat;

pub use door::{Resident, data_form};

use crate::check;
use crate::device::cpu::{Cpu, CpuBackend};
use crate::device::reference::ReferenceBackend;
use crate::device::{Backend, Config, DeviceInfo, Output};
use crate::error::{BadJob, DeviceError, Error, Failure, Fault, WrongResult};
use crate::job::{Chain, Points, Shape, Slot, Step, Values};
use crate::plan::{self, Candidate};
use crate::worker::{Pending, Worker};
use seat::{Runner, Seat};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How much of what devices return is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Policy {
    /// Nothing but the answer's shape.
    Off,
    /// No kernel: the caller verifies the finished proof.
    Proof,
    /// One job in so many, drawn at random. For devices that are faulty rather than hostile.
    Sampled(u32),
    /// Every kernel: reduced values, transforms at a fresh point, sums on the curve, in the subgroup
    /// and computed again by another device. Chains are run kernel by kernel.
    Full,
}

/// What a call may decide for itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `None`: nothing on the CPU, everything on other devices.
    pub policy: Option<Policy>,
    /// Only this device; if it fails the call fails.
    pub device: Option<String>,
}

/// What was found to hold of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Checked {
    /// Every value is reduced.
    Canonical,
    /// Transforms agree with their input at fresh random points.
    Transform,
    /// Points are on the curve and in the subgroup.
    Points,
    /// Sums were computed again by this device, with the same result.
    Recomputed(String),
}

/// One step of a finished chain.
#[derive(Clone, Debug)]
pub struct StepReport {
    /// What it was.
    pub shape: Shape,
    /// Who did it.
    pub device: String,
    /// How long it took there.
    pub time: Duration,
}

/// Who did a job and what is known of the answer.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The steps, in order.
    pub steps: Vec<StepReport>,
    /// What was checked; empty: the answer is unchecked.
    pub checked: Vec<Checked>,
    /// Attempts that failed before.
    pub failures: Vec<Failure>,
}

impl Report {
    /// The devices that took part, in order of their first step.
    pub fn devices(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for step in &self.steps {
            if !out.contains(&step.device.as_str()) {
                out.push(&step.device);
            }
        }
        out
    }

    fn note(&mut self, checked: Checked) {
        if !self.checked.contains(&checked) {
            self.checked.push(checked);
        }
    }
}

/// A finished chain.
#[derive(Debug)]
pub struct Done {
    /// One for each download.
    pub values: Vec<Values>,
    /// One for each msm step.
    pub points: Vec<Points>,
    /// Who did it and what was checked.
    pub report: Report,
}

/// What is kept of a device's failure.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The device that was set aside.
    pub device: String,
    /// The job, in words.
    pub job: String,
    /// SHA-256 of the job's input.
    pub input: [u8; 32],
    /// SHA-256 of what the device returned; `None` if it returned nothing.
    pub output: Option<[u8; 32]>,
    /// What was wrong.
    pub fault: Fault,
}

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
    seats: Vec<Seat>,
    listed: Vec<DeviceInfo>,
    deadline: Deadline,
    evidence: Mutex<Vec<Evidence>>,
}

/// Chooses what a pool is made of.
pub struct Builder {
    backends: Vec<&'static dyn Backend>,
    config: Config,
    only: Option<Vec<String>>,
    deadline: Deadline,
    options: Options,
}

impl Builder {
    /// Adds a kind of device, ahead of those that are built in.
    pub fn backend(mut self, backend: &'static dyn Backend) -> Self {
        self.backends.insert(0, backend);
        self
    }

    /// Threads of the CPU device.
    pub fn threads(mut self, threads: usize) -> Self {
        self.config.threads = Some(threads);
        self
    }

    /// Only the devices with these ids.
    pub fn devices<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.only = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// What is checked unless a call says otherwise.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.options.policy = Some(policy);
        self
    }

    /// A device is left behind after `grace` + `factor` × the time that it was expected to take.
    pub fn deadline(mut self, grace: Duration, factor: u32) -> Self {
        self.deadline = Deadline { grace, factor };
        self
    }

    /// Lists and opens the devices. Fails if an id asked for does not exist or cannot be used, or
    /// if there is no usable device at all.
    pub fn open(self) -> Result<Pool, Error> {
        let found = list(&self.backends, &self.config);
        if let Some(only) = &self.only {
            let ids = || found.iter().map(|(_, info)| info.id.clone()).collect();
            if let Some(id) = only
                .iter()
                .find(|id| found.iter().all(|(_, i)| i.id != **id))
            {
                return Err(Error::UnknownDevice {
                    id: id.clone(),
                    found: ids(),
                });
            }
        }
        let wanted = |info: &DeviceInfo| self.only.as_ref().is_none_or(|o| o.contains(&info.id));
        let (mut seats, mut listed, mut silicon) = (Vec::new(), Vec::new(), Vec::new());
        for (backend, mut info) in found.into_iter().filter(|(_, info)| wanted(info)) {
            if info.unusable.is_none() {
                match open(backend, &info, &self.config) {
                    Ok((runner, estimator)) => {
                        let known = silicon.iter().position(|s| *s == info.physical);
                        let physical = known.unwrap_or(silicon.len());
                        if known.is_none() {
                            silicon.push(info.physical.clone());
                        }
                        seats.push(Seat::new(info.clone(), physical, estimator, runner));
                    }
                    Err(e) => info.unusable = Some(e.to_string()),
                }
            }
            if let (Some(_), Some(reason)) = (&self.only, &info.unusable) {
                return Err(Error::Unusable {
                    id: info.id,
                    reason: reason.clone(),
                });
            }
            listed.push(info);
        }
        if seats.is_empty() {
            return Err(Error::NoDevice {
                job: "anything".into(),
                failures: Vec::new(),
            });
        }
        let inner = Inner {
            seats,
            listed,
            deadline: self.deadline,
            evidence: Mutex::default(),
        };
        Ok(Pool {
            inner: Arc::new(inner),
            options: self.options,
        })
    }
}

fn list(
    backends: &[&'static dyn Backend],
    config: &Config,
) -> Vec<(&'static dyn Backend, DeviceInfo)> {
    backends
        .iter()
        .flat_map(|b| b.list(config).into_iter().map(|info| (*b, info)))
        .collect()
}

fn open(
    backend: &'static dyn Backend,
    info: &DeviceInfo,
    config: &Config,
) -> Result<(Runner, crate::device::Estimator), DeviceError> {
    if backend.name() == CpuBackend.name() {
        let cpu = Cpu::new(info.clone(), config)?;
        return Ok((
            Runner::Host(cpu.clone()),
            crate::device::Device::estimator(&cpu),
        ));
    }
    let device = backend.open(info, config)?;
    let estimator = device.estimator();
    Ok((Runner::Worker(Worker::start(device)?), estimator))
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

    /// To choose devices, threads, checks and deadlines.
    pub fn builder() -> Builder {
        Builder {
            backends: vec![&CpuBackend, &ReferenceBackend],
            config: Config::default(),
            only: None,
            // generous: an estimate may be ten times off on a strange machine
            deadline: Deadline {
                grace: Duration::from_secs(20),
                factor: 20,
            },
            options: Options::default(),
        }
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

    /// Every device that was found, usable or not, and those that were set aside since.
    pub fn devices(&self) -> Vec<DeviceInfo> {
        let mut listed = self.inner.listed.clone();
        for info in &mut listed {
            if let Some(seat) = self.inner.seats.iter().find(|s| s.info.id == info.id) {
                info.unusable = seat.set_aside();
            }
        }
        listed
    }

    /// What a device expects to take for a step; `None`: it cannot do it or there is no such device.
    pub fn estimate(&self, device: &str, shape: &Shape) -> Option<Duration> {
        let seat = self.inner.seats.iter().find(|s| s.info.id == device)?;
        (seat.estimator)(shape)
    }

    /// What is known of the devices that were set aside, in order.
    pub fn evidence(&self) -> Vec<Evidence> {
        self.inner
            .evidence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
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
        for (seat, mut places) in groups {
            // what is to be checked kernel by kernel goes one chain at a time
            let stepwise = |p: &usize| tasks[*p].kernels() > 1 && self.checks(seat);
            let (slow, fast): (Vec<_>, Vec<_>) = places.drain(..).partition(stepwise);
            for place in slow {
                outcomes[place] = Some(self.stepwise(tasks[place])?);
            }
            if fast.is_empty() {
                continue;
            }
            let chains = || fast.iter().map(|p| tasks[*p].chain.clone()).collect();
            match &self.inner.seats[seat].runner {
                Runner::Worker(worker) => {
                    let limit = self.limit(seat, fast.iter().map(|p| tasks[*p]));
                    pending.push((seat, fast.clone(), worker.submit(chains(), limit)));
                }
                Runner::Host(_) => host.push((seat, fast)),
            }
        }
        for (seat, places) in host {
            let Runner::Host(cpu) = &self.inner.seats[seat].runner else {
                continue;
            };
            for place in places {
                let task = tasks[place];
                let answer = cpu.run_chains(std::slice::from_ref(&task.chain));
                let answer = answer.map(|mut outputs| outputs.pop().unwrap_or_default());
                outcomes[place] = Some(self.accept(seat, task, answer)?);
            }
        }
        for (seat, places, answer) in pending {
            let cost = self.cost(seat, places.iter().map(|p| tasks[*p]));
            let answer = answer.wait();
            self.inner.seats[seat].finished(cost);
            let mut outputs = match answer {
                Ok(outputs) => outputs.into_iter().map(Ok).collect(),
                Err(e) => vec![Err(e); places.len()],
            };
            outputs.resize_with(places.len(), || Ok(Output::default()));
            for (place, output) in places.into_iter().zip(outputs) {
                outcomes[place] = Some(self.accept(seat, tasks[place], output)?);
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
                    let device = self.inner.seats[seat].info.id.clone();
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

    /// The seat of each task.
    fn plan(&self, tasks: &[&Task]) -> Result<Vec<usize>, Error> {
        let seats = &self.inner.seats;
        if let Some(id) = &self.options.device {
            // once a task has failed there, what it failed of says more
            let fresh = tasks.iter().all(|t| t.tried.is_empty());
            let found = self.devices();
            let ids = || found.iter().map(|d| d.id.clone()).collect();
            let unknown = || Error::UnknownDevice {
                id: id.clone(),
                found: ids(),
            };
            let device = found.iter().find(|d| d.id == *id).ok_or_else(unknown)?;
            if let (Some(reason), true) = (&device.unusable, fresh) {
                return Err(Error::Unusable {
                    id: id.clone(),
                    reason: reason.clone(),
                });
            }
        }
        let candidate = |(i, seat): (usize, &Seat)| {
            let chosen = self
                .options
                .device
                .as_ref()
                .is_none_or(|id| *id == seat.info.id);
            let usable = chosen && seat.set_aside().is_none();
            let estimate = |task: &&Task| match usable && !task.tried.contains(&i) {
                true => seat.estimate(&task.shapes),
                false => None,
            };
            Candidate {
                physical: seat.physical,
                backlog: seat.backlog(),
                estimates: tasks.iter().map(estimate).collect(),
            }
        };
        let candidates: Vec<Candidate> = seats.iter().enumerate().map(candidate).collect();
        let plan = plan::assign(tasks.len(), &candidates);
        let assigned = |(seat, task): (Option<usize>, &&Task)| {
            seat.ok_or_else(|| Error::NoDevice {
                job: task.chain.describe(),
                failures: task.failures.clone(),
            })
        };
        plan.into_iter().zip(tasks).map(assigned).collect()
    }

    /// Whether the answers of this seat are checked kernel by kernel. Draws lots where that is the
    /// policy.
    fn checks(&self, seat: usize) -> bool {
        let host = matches!(self.inner.seats[seat].runner, Runner::Host(_));
        match self.options.policy {
            None => !host,
            Some(Policy::Off | Policy::Proof) => false,
            Some(Policy::Full) => true,
            Some(Policy::Sampled(one_in)) => {
                let word = crate::Random::system().try_word();
                // without randomness every job is checked
                word.map_or(true, |w| w % u64::from(one_in.max(1)) == 0)
            }
        }
    }

    fn cost<'a>(&self, seat: usize, tasks: impl Iterator<Item = &'a Task>) -> Duration {
        tasks
            .filter_map(|task| self.inner.seats[seat].estimate(&task.shapes))
            .sum()
    }

    /// The deadline for these tasks, behind what the device already has to do.
    fn limit<'a>(&self, seat: usize, tasks: impl Iterator<Item = &'a Task>) -> Duration {
        let cost = self.cost(seat, tasks);
        let expected = self.inner.seats[seat].submitted(cost);
        let Deadline { grace, factor } = self.inner.deadline;
        grace.saturating_add(expected.saturating_mul(factor))
    }

    /// An answer, looked at as the policy says; or the fault for which its device was set aside.
    fn accept(
        &self,
        seat: usize,
        task: &Task,
        answer: Result<Output, DeviceError>,
    ) -> Result<Result<Done, Fault>, Error> {
        let output = match answer {
            Ok(output) => output,
            Err(DeviceError::BadJob(bad)) => return Err(bad.into()),
            Err(e) => {
                self.blame(seat, &task.chain, None, e.clone().into());
                return Ok(Err(e.into()));
            }
        };
        let mut report = Report::default();
        let verdict = match check::shape(&task.chain, &output) {
            Ok(()) if self.checks(seat) => self.check(seat, task, &output, &mut report)?,
            other => other.map_err(Fault::from),
        };
        if let Err(fault) = verdict {
            self.blame(seat, &task.chain, Some(&output), fault.clone());
            return Ok(Err(fault));
        }
        let device = &self.inner.seats[seat].info.id;
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

    /// The checks of one kernel.
    fn check(
        &self,
        seat: usize,
        task: &Task,
        output: &Output,
        report: &mut Report,
    ) -> Result<Result<(), Fault>, Error> {
        for values in &output.values {
            if let Err(wrong) = check::canonical(values) {
                return Ok(Err(wrong.into()));
            }
            report.note(Checked::Canonical);
        }
        let mut input = None;
        for step in &task.chain.steps {
            match (step, output.values.first(), input) {
                (Step::Upload { values, .. }, ..) => input = Some(values),
                (Step::Ntt { ntt, .. }, Some(found), Some(given)) => {
                    let crate::job::Form::Data(field) = given.form() else {
                        continue;
                    };
                    match check::transform(field, ntt, given, found) {
                        Ok(Ok(())) => report.note(Checked::Transform),
                        Ok(Err(wrong)) => return Ok(Err(wrong.into())),
                        Err(e) => return Ok(Err(e.into())),
                    }
                }
                _ => {}
            }
        }
        for points in &output.points {
            if let Err(wrong) = check::points(points) {
                self.excuse(seat, task, output)?;
                return Ok(Err(wrong.into()));
            }
            report.note(Checked::Points);
        }
        if output.points.is_empty() {
            return Ok(Ok(()));
        }
        self.recompute(seat, task, output, report)
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
                    let limit = self.limit(other, [task].into_iter());
                    let answer = worker.submit(vec![task.chain.clone()], limit).wait();
                    self.inner.seats[other].finished(self.cost(other, [task].into_iter()));
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

    fn name(&self, seat: Option<usize>) -> String {
        seat.map_or("textbook".into(), |i| self.inner.seats[i].info.id.clone())
    }

    /// Sets a device aside for the life of the pool and keeps what shows its fault.
    fn blame(&self, seat: usize, chain: &Chain, output: Option<&Output>, fault: Fault) {
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

    /// Runs a chain kernel by kernel, each planned anew and checked; between them the values lie on
    /// the host, which does the pointwise steps itself.
    fn stepwise(&self, task: &Task) -> Result<Result<Done, Fault>, Error> {
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
        Ok(Ok(out))
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
        let mut outputs = crate::device::cpu::run_chain(&chain)?;
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

impl Task {
    fn kernels(&self) -> usize {
        self.shapes
            .iter()
            .filter(|s| !matches!(s, Shape::Transfer { .. }))
            .count()
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
