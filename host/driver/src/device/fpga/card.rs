//! A card as something that does transforms of up to a size.

use super::transport::Transport;
use crate::error::DeviceError;
use proofmill_cpu::{Direction, Ntt, ntt};
use proofmill_field::naive::bit_reverse;
use proofmill_field::{FieldId, FieldSpec, Random};
use proofmill_wire::{Capabilities, DesignId, Job, State, register};
use std::time::{Duration, Instant};

/// What a card says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Identity {
    pub(super) design: DesignId,
    pub(super) field: FieldId,
    pub(super) can: Capabilities,
    pub(super) clock_hz: u64,
}

/// A transform that fits a card.
pub(super) struct Task {
    pub(super) log_n: u32,
    pub(super) direction: Direction,
    /// In data form; element i is multiplied by its i-th power, forward on its way in, inverse on its way out.
    pub(super) scale: u64,
    /// Elements in data form, natural order; the answer takes their place.
    pub(super) values: Vec<u8>,
}

/// A card that is reached by some transport.
pub(super) struct Card {
    transport: Box<dyn Transport>,
    identity: Identity,
    /// Number of the last job.
    job: u16,
    /// How far its jobs were when it was last asked.
    state: State,
    /// Whether jobs of before may still be on the card.
    dirty: bool,
    /// log2 of the largest of this run's transforms.
    largest: u32,
    /// Time in which words were on their way, since the card was opened.
    pub(super) transfer: Duration,
}

/// How words move to and from a card.
#[derive(Clone, Copy)]
pub(super) struct Link {
    pub(super) bytes_per_second: f64,
    /// Seconds of an exchange of one word.
    pub(super) round_trip: f64,
}

/// Seconds that a card may take for a job beside 20 times what it should.
const GRACE: Duration = Duration::from_secs(5);

/// Reads who the card is. Nothing on it is changed.
pub(super) fn identify(transport: &mut dyn Transport) -> Result<(Identity, State), DeviceError> {
    let mut words = [0; register::READABLE as usize];
    transport.read(register::ID, &mut words)?;
    let word = |address: u32| words[address as usize];
    if word(register::ID) != register::MAGIC {
        return Err(DeviceError::Failed(format!(
            "no card that this version can drive: its id is {:#018x}, not {:#018x}",
            word(register::ID),
            register::MAGIC
        )));
    }
    let can = Capabilities::from_word(word(register::CAPABILITIES));
    let field = can.and_then(|can| FieldId::ALL.get(usize::from(can.field)).copied());
    let ((Some(can), Some(field)), clock_hz) = ((can, field), word(register::CLOCK_HZ)) else {
        return Err(DeviceError::Failed(format!(
            "unknown capabilities {:#018x}",
            word(register::CAPABILITIES)
        )));
    };
    let fits = field.spec().limbs() == 1 && u32::from(can.max_log_n) <= field.spec().two_adicity;
    if !fits || clock_hz == 0 {
        return Err(DeviceError::Failed(format!(
            "senseless capabilities: {field} to 2^{} at {clock_hz} Hz",
            can.max_log_n
        )));
    }
    let design = [0, 1, 2, 3].map(|i| word(register::DESIGN + i));
    let identity = Identity {
        design: DesignId::from_words(design),
        field,
        can,
        clock_hz,
    };
    Ok((identity, State::from_word(word(register::STATE))))
}

impl Identity {
    fn spec(&self) -> &'static FieldSpec {
        self.field.spec()
    }

    /// Clocks of a transform with its scaling passes: every butterfly, and 16 clocks to fill and drain each stage.
    pub(super) fn cycles(&self, log_n: u32, passes: u32) -> f64 {
        let per_clock = f64::from(self.can.log_butterflies).exp2();
        let n = f64::from(log_n).exp2();
        let stages = match self.can.streaming {
            true => n,
            false => f64::from(log_n) * (n / 2.0 / per_clock + 16.0),
        };
        stages + f64::from(passes) * n / per_clock
    }

    fn time(&self, log_n: u32) -> Duration {
        Duration::from_secs_f64(self.cycles(log_n, 2) / self.clock_hz as f64)
    }
}

impl Card {
    /// Takes the card over: what it was doing is forgotten.
    pub(super) fn open(mut transport: Box<dyn Transport>) -> Result<Self, DeviceError> {
        let (identity, _) = identify(transport.as_mut())?;
        let mut card = Card {
            transport,
            identity,
            job: 0,
            state: State::default(),
            dirty: true,
            largest: 0,
            transfer: Duration::ZERO,
        };
        card.ready()?;
        Ok(card)
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Finds out whether the card is still the one that was opened, and resets it if its jobs are not ours.
    fn ready(&mut self) -> Result<(), DeviceError> {
        let (identity, state) = identify(self.transport.as_mut())?;
        if identity != self.identity {
            return Err(DeviceError::Failed(format!(
                "card holds design {:.8} now, was opened with {:.8}",
                identity.design, self.identity.design
            )));
        }
        let ours = State {
            accepted: self.job,
            fed: self.job,
            done: self.job,
            fault: false,
        };
        self.state = ours;
        if self.dirty || state != ours {
            self.transport
                .write(register::RESET, &[register::RESET_KEY])?;
            (self.job, self.state) = (0, State::default());
        }
        self.dirty = true; // until the next run has ended well
        Ok(())
    }

    /// Runs transforms. While the card computes one, the next is sent and the last one's output is read.
    pub(super) fn run(&mut self, mut tasks: Vec<Task>) -> Result<Vec<Vec<u8>>, DeviceError> {
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        self.ready()?;
        self.largest = tasks.iter().map(|task| task.log_n).max().unwrap_or(0);
        for i in 0..tasks.len() {
            self.start(&tasks[i])?;
            if i > 0 {
                self.collect(self.job.wrapping_sub(1), &mut tasks[i - 1])?;
            }
        }
        if let Some(last) = tasks.last_mut() {
            self.collect(self.job, last)?;
        }
        self.dirty = false;
        Ok(tasks.into_iter().map(|task| task.values).collect())
    }

    /// Sends a task's input and starts it.
    fn start(&mut self, task: &Task) -> Result<(), DeviceError> {
        let last = self.job;
        self.wait(|state| state.fed == last)?;
        let words = self.words(task);
        self.timed(|transport| transport.write(register::INPUT, &words))?;
        self.job = self.job.wrapping_add(1);
        let job = Job {
            number: self.job,
            log_n: task.log_n as u8,
            inverse: task.direction == Direction::Inverse,
        };
        // one frame: the shift is written before the job starts
        self.transport
            .write(register::SHIFT, &[task.scale, job.word()])
    }

    /// Reads a job's output in the place of its input.
    fn collect(&mut self, job: u16, task: &mut Task) -> Result<(), DeviceError> {
        self.wait(|state| state.done == job)?;
        let mut words = vec![0; 1 << task.log_n];
        self.timed(|transport| transport.read(register::OUTPUT, &mut words))?;
        self.transport.write(register::RELEASE, &[job.into()])?;
        let size = self.identity.spec().bytes;
        let reversed = self.identity.can.reversed_output;
        for (i, to) in task.values.chunks_exact_mut(size).enumerate() {
            let place = if reversed {
                bit_reverse(i, task.log_n)
            } else {
                i
            };
            to.copy_from_slice(&words[place].to_le_bytes()[..size]);
        }
        Ok(())
    }

    /// A task's elements as the card takes them. Where the data form is Montgomery, so is the answer's: the
    /// transform is linear.
    fn words(&self, task: &Task) -> Vec<u64> {
        let spec = self.identity.spec();
        // of Goldilocks every 64-bit integer is an element, and the card takes those below the modulus
        let word = |i: usize| spec.read(&task.values[i * spec.bytes..])[0] % spec.modulus[0];
        let place = |i| match self.identity.can.reversed_input {
            true => bit_reverse(i, task.log_n),
            false => i,
        };
        (0..1 << task.log_n).map(|i| word(place(i))).collect()
    }

    fn timed(
        &mut self,
        exchange: impl FnOnce(&mut dyn Transport) -> Result<(), DeviceError>,
    ) -> Result<(), DeviceError> {
        let start = Instant::now();
        exchange(self.transport.as_mut())?;
        self.transfer += start.elapsed();
        Ok(())
    }

    /// Waits until the card is in a state that its jobs lead to.
    fn wait(&mut self, reached: impl Fn(State) -> bool) -> Result<(), DeviceError> {
        let expected = self.identity.time(self.largest);
        let (start, limit) = (Instant::now(), GRACE + 20 * expected);
        let pause = (expected / 16).clamp(Duration::from_micros(20), Duration::from_millis(10));
        while !reached(self.state) {
            let mut word = [0];
            self.transport.read(register::STATE, &mut word)?;
            if word == [u64::MAX] {
                let why = "the card reads as all ones: it is off its bus";
                return Err(DeviceError::Lost(why.into()));
            }
            self.state = State::from_word(word[0]);
            match self.state {
                State { fault: true, .. } => {
                    return Err(DeviceError::Failed(
                        "the card's core reports a fault".into(),
                    ));
                }
                state if reached(state) => {}
                _ if start.elapsed() > limit => return Err(DeviceError::Hung(limit)),
                _ => std::thread::sleep(pause),
            }
        }
        Ok(())
    }

    /// A transform with a known answer: catches a core whose multipliers answer a clock too early or too late.
    /// Returns how fast words moved.
    pub(super) fn self_test(&mut self) -> Result<Link, DeviceError> {
        let (field, can) = (self.identity.field, self.identity.can);
        let log_n = can.max_log_n.min(SELF_TEST_LOG_N).max(can.min_log_n);
        let spec = field.spec();
        let mut random = Random::seeded(SELF_TEST_SEED);
        let mut values = vec![0; spec.bytes << log_n];
        for element in values.chunks_exact_mut(spec.bytes) {
            spec.write(&random.element(field), element);
        }
        let mut expected = values.clone();
        let log_n = u32::from(log_n);
        ntt::run(field, &mut expected, &Ntt::new(log_n, Direction::Forward));
        let task = Task {
            log_n,
            direction: Direction::Forward,
            scale: spec.one[0],
            values,
        };
        let before = self.transfer;
        let found = self.run(vec![task])?.remove(0);
        let elements = found.chunks(spec.bytes).zip(expected.chunks(spec.bytes));
        if let Some(i) = elements.into_iter().position(|(a, b)| a != b) {
            return Err(DeviceError::Failed(format!(
                "self-test: value {i} of a transform of 2^{log_n} is wrong"
            )));
        }
        let moved = 2.0 * 8.0 * f64::from(log_n).exp2();
        let bytes_per_second = moved / (self.transfer - before).as_secs_f64().max(1e-9);
        let start = Instant::now();
        self.transport.read(register::STATE, &mut [0])?;
        Ok(Link {
            bytes_per_second,
            round_trip: start.elapsed().as_secs_f64(),
        })
    }
}

/// log2 of the self-test's size, where the card can do it: enough words to see how fast they move.
const SELF_TEST_LOG_N: u8 = 8;
const SELF_TEST_SEED: u64 = 0x5e1f_7e57;
