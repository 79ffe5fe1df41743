//! Jobs through the ports that every core has.

use super::{Model, Port};
use crate::HdlError;
use proofmill_field::Random;

/// A transform for a core.
#[derive(Clone, Debug)]
pub struct Job {
    /// log2 of its size.
    pub log_n: u32,
    /// Its direction.
    pub inverse: bool,
    /// What the powers are of, in data form; the field's 1 for none.
    pub coset_shift: u64,
    /// Its 2^log_n words, in natural order.
    pub words: Vec<u64>,
}

/// What a core answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The words that came out.
    pub words: Vec<u64>,
    /// Clocks of the transform, as the core counted them.
    pub cycles: u64,
    /// Clock of the run at which the last word came in.
    pub fed: u64,
    /// Clock at which the first word could leave.
    pub first: u64,
    /// Clock at which the last word left.
    pub last: u64,
    /// How many of its words left as the last one of a transform.
    pub done: u32,
}

/// Runs jobs through a core one after the other, each started as soon as the core is ready. With a seed
/// each stream pauses at random, for half the clocks.
///
/// Errors: a port is missing, or no word moves for 2^20 clocks.
pub fn run(model: &mut Model, jobs: &[Job], stalls: Option<u64>) -> Result<Vec<Answer>, HdlError> {
    let mut run = Run {
        ports: Ports::of(model)?,
        model,
        jobs,
        stalls: stalls.map(Random::seeded),
        takes: None,
        started: 0,
        ends: Vec::new(),
        position: 0,
        answers: Vec::new(),
        clock: 0,
        moved: 0,
    };
    while run.is_open() {
        run.start();
        run.feed();
        run.collect();
        run.model.tick(1);
        run.clock += 1;
        if run.clock - run.moved > 1 << 20 {
            return Err(HdlError::Stuck(run.started, run.answers.len()));
        }
    }
    for port in [run.ports.start, run.ports.in_valid, run.ports.out_ready] {
        run.model.set(port, 0);
    }
    Ok(run.answers)
}

struct Run<'a> {
    ports: Ports,
    model: &'a mut Model,
    jobs: &'a [Job],
    stalls: Option<Random>,
    /// What `out_ready` is.
    takes: Option<bool>,
    started: usize,
    /// Clock of each job's last word in.
    ends: Vec<u64>,
    /// Words of the next job that are in.
    position: usize,
    answers: Vec<Answer>,
    clock: u64,
    /// Clock at which something last moved.
    moved: u64,
}

impl Run<'_> {
    /// Whether a word is missing.
    fn is_open(&self) -> bool {
        let last = self
            .answers
            .last()
            .zip(self.jobs.get(self.answers.len().wrapping_sub(1)));
        self.answers.len() < self.jobs.len()
            || last.is_some_and(|(answer, job)| answer.words.len() < job.words.len())
    }

    fn pauses(&mut self) -> bool {
        let stalls = self.stalls.as_mut();
        stalls.is_some_and(|random| random.word() & 1 == 1)
    }

    fn start(&mut self) {
        let job = self.jobs.get(self.started);
        let job = job.filter(|_| self.model.get(self.ports.ready) == 1);
        self.model.set(self.ports.start, u64::from(job.is_some()));
        if let Some(job) = job {
            self.model.set(self.ports.log_n, u64::from(job.log_n));
            self.model.set(self.ports.inverse, u64::from(job.inverse));
            self.model.set(self.ports.coset_shift, job.coset_shift);
            self.started += 1;
            self.moved = self.clock;
        }
    }

    fn feed(&mut self) {
        let pauses = self.pauses();
        let job = self.jobs.get(self.ends.len()).filter(|_| !pauses);
        self.model
            .set(self.ports.in_valid, u64::from(job.is_some()));
        let Some(job) = job else { return };
        self.model.set(self.ports.in_data, job.words[self.position]);
        if self.model.get(self.ports.in_ready) == 1 {
            self.position += 1;
            self.moved = self.clock;
            if self.position == job.words.len() {
                self.position = 0;
                self.ends.push(self.clock);
            }
        }
    }

    fn collect(&mut self) {
        let takes = !self.pauses();
        if self.takes != Some(takes) {
            self.takes = Some(takes);
            self.model.set(self.ports.out_ready, takes.into());
            self.model.settle(); // `done` follows it
        }
        if self.model.get(self.ports.out_valid) == 0 {
            return;
        }
        let number = self.answers.len();
        let last = self.answers.last();
        if last.is_none_or(|answer| answer.words.len() == self.jobs[number - 1].words.len()) {
            self.answers.push(Answer {
                words: Vec::new(),
                cycles: self.model.get(self.ports.cycles),
                fed: self.ends.get(number).copied().unwrap_or(self.clock),
                first: self.clock,
                last: self.clock,
                done: 0,
            });
        }
        if let Some(answer) = self.answers.last_mut().filter(|_| takes) {
            answer.words.push(self.model.get(self.ports.out_data));
            answer.last = self.clock;
            answer.done += self.model.get(self.ports.done) as u32;
            self.moved = self.clock;
        }
    }
}

struct Ports {
    start: Port,
    log_n: Port,
    inverse: Port,
    coset_shift: Port,
    ready: Port,
    done: Port,
    cycles: Port,
    in_data: Port,
    in_valid: Port,
    in_ready: Port,
    out_data: Port,
    out_valid: Port,
    out_ready: Port,
}

impl Ports {
    fn of(model: &Model) -> Result<Ports, HdlError> {
        Ok(Ports {
            start: model.port("start")?,
            log_n: model.port("log_n")?,
            inverse: model.port("inverse")?,
            coset_shift: model.port("coset_shift")?,
            ready: model.port("ready")?,
            done: model.port("done")?,
            cycles: model.port("cycles")?,
            in_data: model.port("in_data")?,
            in_valid: model.port("in_valid")?,
            in_ready: model.port("in_ready")?,
            out_data: model.port("out_data")?,
            out_valid: model.port("out_valid")?,
            out_ready: model.port("out_ready")?,
        })
    }
}
