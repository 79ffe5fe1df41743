//! A card in software: a thread behind a pseudo-terminal that speaks the protocol over the definitions of
//! `proofmill_field`, and has faults on demand.

use proofmill_field::naive::{bit_reverse, transform};
use proofmill_field::{FieldId, Int, int};
use proofmill_wire::frame::{MAX_BYTES, MAX_WORDS};
use proofmill_wire::register::{self, MAGIC};
use proofmill_wire::{Broken, Capabilities, Decoder, DesignId, Frame, Job, Opcode, State, Status};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// The design of every software card.
pub(crate) const DESIGN: DesignId = DesignId([0x5a; 32]);

/// What is wrong with a card; may change while it runs.
#[derive(Default)]
pub(crate) struct Faults {
    /// A bit of every so many bytes that the card sends is flipped; 0: of none.
    pub(crate) corrupt_answers: AtomicUsize,
    /// A bit of every so many bytes that the card receives is flipped; 0: of none.
    pub(crate) corrupt_requests: AtomicUsize,
    /// Requests that the card still answers before it falls silent.
    pub(crate) answers_left: Mutex<Option<usize>>,
    /// Requests that the card still answers before it vanishes.
    pub(crate) lives_left: Mutex<Option<usize>>,
    /// Added to the first value of every output.
    pub(crate) wrong: AtomicU64,
    /// It says that its core has a fault.
    pub(crate) core_fault: AtomicBool,
    /// It holds another design.
    pub(crate) other_design: AtomicBool,
}

/// A running card.
pub(crate) struct Peer {
    pub(crate) path: String,
    pub(crate) faults: Arc<Faults>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// An NTT card for a field, of sizes 2^1 to 2^`max_log_n`.
pub(crate) fn capabilities(field: FieldId, max_log_n: u8) -> Capabilities {
    Capabilities {
        field: field as u8,
        min_log_n: 1,
        max_log_n,
        log_butterflies: 0,
        buffers: 2,
        coset: true,
        inverse: true,
        reversed_input: false,
        reversed_output: false,
        streaming: false,
    }
}

impl Peer {
    pub(crate) fn start(can: Capabilities) -> Peer {
        let card = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&card).unwrap();
        unlockpt(&card).unwrap();
        let path = ptsname(&card, Vec::new()).unwrap().into_string().unwrap();
        // kept open, so that hosts may come and go
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let host = ioctl_tiocgptpeer(&card, flags).unwrap();
        let mut raw = tcgetattr(&host).unwrap();
        raw.make_raw();
        tcsetattr(&host, OptionalActions::Now, &raw).unwrap();
        let (faults, stop) = (Arc::<Faults>::default(), Arc::<AtomicBool>::default());
        let ends = (faults.clone(), stop.clone());
        let thread =
            std::thread::spawn(move || serve(&Model::new(can, ends.0), &card, host, &ends.1));
        Peer {
            path,
            faults,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers requests until it is stopped or out of lives. The host's end stays open as long.
fn serve(model: &Model, card: &OwnedFd, _host: OwnedFd, stop: &AtomicBool) {
    let (mut decoder, mut state) = (Decoder::default(), Memory::new(&model.can));
    let (mut received, mut sent) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let mut bytes = [0; MAX_BYTES];
        let wait = Timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        let mut events = [PollFd::new(card, PollFlags::IN)];
        if poll(&mut events, Some(&wait)).unwrap() == 0 {
            continue;
        }
        let len = rustix::io::read(card, &mut bytes).unwrap();
        for byte in &mut bytes[..len] {
            flip(byte, &mut received, &model.faults.corrupt_requests);
            let Some(mut answer) = decoder
                .push(*byte)
                .map(|request| model.answer(&mut state, request))
            else {
                continue;
            };
            if spent(&model.faults.lives_left) {
                return;
            }
            if spent(&model.faults.answers_left) {
                continue;
            }
            answer
                .iter_mut()
                .for_each(|byte| flip(byte, &mut sent, &model.faults.corrupt_answers));
            let mut rest = &answer[..];
            while !rest.is_empty() {
                rest = &rest[rustix::io::write(card, rest).unwrap()..];
            }
        }
    }
}

fn flip(byte: &mut u8, count: &mut usize, every: &AtomicUsize) {
    *count += 1;
    let every = every.load(Ordering::Relaxed);
    if every > 0 && count.is_multiple_of(every) {
        *byte ^= 1 << (*count / every % 8);
    }
}

/// Whether a number that is counted down, if there is one, was at zero.
fn spent(left: &Mutex<Option<usize>>) -> bool {
    match &mut *left.lock().unwrap() {
        Some(0) => true,
        Some(left) => {
            *left -= 1;
            false
        }
        None => false,
    }
}

/// What a card is.
struct Model {
    can: Capabilities,
    field: FieldId,
    faults: Arc<Faults>,
}

/// What changes on it.
struct Memory {
    state: State,
    released: u16,
    shift: u64,
    input: Vec<u64>,
    output: Vec<u64>,
    /// Computed, and waiting for the last output to be released.
    next: Option<(u16, Vec<u64>)>,
    refused: u64,
}

impl Memory {
    fn new(can: &Capabilities) -> Self {
        Memory {
            state: State::default(),
            released: 0,
            shift: 1,
            input: vec![0; 1 << can.max_log_n],
            output: vec![0; 1 << can.max_log_n],
            next: None,
            refused: 0,
        }
    }

    /// Moves what is computed into the output, if that is free.
    fn settle(&mut self) {
        if self.released == self.state.done
            && let Some((number, output)) = self.next.take()
        {
            self.output[..output.len()].copy_from_slice(&output);
            (self.state.done, self.state.fed) = (number, number);
        }
    }
}

impl Model {
    fn new(can: Capabilities, faults: Arc<Faults>) -> Self {
        let field = FieldId::ALL[usize::from(can.field)];
        Model { can, field, faults }
    }

    fn answer(
        &self,
        memory: &mut Memory,
        request: Result<Frame<'_>, (Broken, Frame<'_>)>,
    ) -> Vec<u8> {
        let (frame, outcome) = match request {
            Ok(frame) => (frame, self.carry_out(memory, &frame)),
            Err((Broken::Crc, frame)) => (frame, Err(Status::BadCrc)),
            Err((Broken::Length, frame)) => (frame, Err(Status::BadLength)),
        };
        memory.refused += u64::from(outcome.is_err());
        let words = outcome.as_deref().unwrap_or_default();
        let payload: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let mut bytes = [0; MAX_BYTES];
        let status = outcome.err().unwrap_or(Status::Ok);
        let len = frame.answer(status, &payload).encode(&mut bytes).unwrap();
        bytes[..len].to_vec()
    }

    fn carry_out(&self, memory: &mut Memory, frame: &Frame<'_>) -> Result<Vec<u64>, Status> {
        let (start, words) = (frame.address, u32::from(frame.words));
        let region = |first: u32| {
            let room = 1 << self.can.max_log_n;
            let inside = start >= first && start - first + words <= room;
            inside.then(|| (start - first) as usize..(start - first + words) as usize)
        };
        if words == 0 || words > MAX_WORDS as u32 {
            return Err(Status::BadLength);
        }
        match Opcode::from_byte(frame.opcode) {
            Some(Opcode::Read) if start + words <= register::READABLE => Ok((start..start + words)
                .map(|address| self.register(memory, address))
                .collect()),
            Some(Opcode::Read) => {
                let range = region(register::OUTPUT).ok_or(Status::BadAddress)?;
                if memory.released == memory.state.done {
                    return Err(Status::Busy);
                }
                Ok(memory.output[range].to_vec())
            }
            Some(Opcode::Write) if start < register::INPUT => {
                let mut each = (start..).zip(frame.values());
                each.try_for_each(|(address, word)| self.write(memory, address, word))?;
                Ok(Vec::new())
            }
            Some(Opcode::Write) => {
                let range = region(register::INPUT).ok_or(Status::BadAddress)?;
                if memory.state.fed != memory.state.accepted {
                    return Err(Status::Busy);
                }
                memory.input[range]
                    .iter_mut()
                    .zip(frame.values())
                    .for_each(|(to, word)| *to = word);
                Ok(Vec::new())
            }
            _ => Err(Status::BadOpcode),
        }
    }

    fn register(&self, memory: &Memory, address: u32) -> u64 {
        let other = u64::from(self.faults.other_design.load(Ordering::Relaxed));
        let fault = self.faults.core_fault.load(Ordering::Relaxed);
        match address {
            register::ID => MAGIC,
            register::DESIGN..register::CAPABILITIES => {
                DESIGN.words()[(address - register::DESIGN) as usize] ^ other
            }
            register::CAPABILITIES => self.can.word(),
            register::CLOCK_HZ => 1_000_000_000,
            register::STATE => State {
                fault,
                ..memory.state
            }
            .word(),
            register::REFUSED => memory.refused,
            _ => 0,
        }
    }

    fn write(&self, memory: &mut Memory, address: u32, word: u64) -> Result<(), Status> {
        match address {
            register::SHIFT => memory.shift = word,
            register::JOB => self.start(memory, Job::from_word(word).ok_or(Status::BadValue)?)?,
            register::RELEASE if word == u64::from(memory.state.done) => {
                memory.released = word as u16
            }
            register::RELEASE if word == u64::from(memory.released) => {} // came twice
            register::RESET if word == register::RESET_KEY => *memory = Memory::new(&self.can),
            register::RELEASE | register::RESET => return Err(Status::BadValue),
            _ => return Err(Status::BadAddress),
        }
        memory.settle();
        Ok(())
    }

    fn start(&self, memory: &mut Memory, job: Job) -> Result<(), Status> {
        let state = &mut memory.state;
        if job.number == state.accepted {
            return Ok(()); // came twice
        }
        let sizes = self.can.min_log_n..=self.can.max_log_n;
        if job.number != state.accepted.wrapping_add(1) || !sizes.contains(&job.log_n) {
            return Err(Status::BadValue);
        }
        if state.fed != state.accepted {
            return Err(Status::Busy);
        }
        state.accepted = job.number;
        let mut output = self.compute(&memory.input[..1 << job.log_n], &job, memory.shift);
        output[0] = output[0].wrapping_add(self.faults.wrong.load(Ordering::Relaxed));
        memory.next = Some((job.number, output));
        Ok(())
    }

    /// By the definition, on plain integers.
    fn compute(&self, input: &[u64], job: &Job, shift: u64) -> Vec<u64> {
        let (spec, log_n) = (self.field.spec(), u32::from(job.log_n));
        let place = |reversed, i| if reversed { bit_reverse(i, log_n) } else { i };
        let n = input.len();
        assert!(
            input.iter().all(|word| *word < spec.modulus[0]),
            "unreduced"
        );
        let read = |i| spec.to_data(&int::small(input[place(self.can.reversed_input, i)]));
        let values: Vec<Int> = (0..n).map(read).collect();
        let (root, shift) = (spec.root_of_unity(log_n).unwrap(), int::small(shift));
        let result = match job.inverse {
            false => transform(spec, &values, &root, &shift, n),
            true => {
                let per_n = spec.inverse(&spec.element(n as u64));
                let sums = transform(spec, &values, &spec.inverse(&root), &spec.one, n);
                let power = |i: usize| spec.pow(&shift, &int::small(i as u64));
                let scale = |(i, a)| spec.mul(&spec.mul(a, &per_n), &power(i));
                sums.iter().enumerate().map(scale).collect()
            }
        };
        let write = |i| spec.from_data(&result[place(self.can.reversed_output, i)])[0];
        (0..n).map(write).collect()
    }
}
