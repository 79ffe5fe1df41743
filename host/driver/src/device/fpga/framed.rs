//! Frames over a stream of bytes, with time-outs and repetition.

use super::transport::{Transport, gone};
use crate::error::DeviceError;
use proofmill_wire::frame::{MAX_BYTES, MAX_WORDS};
use proofmill_wire::{Decoder, Frame, Opcode, Status};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// Requests that may be unanswered at once: while the card answers one, the next is on its way. Their answers fit
/// the 4096 bytes that a pseudo-terminal holds, so that nobody waits for the other to read.
const WINDOW: usize = 2;
/// Times that a request is sent before the card is given up.
const ATTEMPTS: u32 = 4;
/// Broken frames within this time of each other are one burst of noise; and how long a busy card is left alone.
const PAUSE: Duration = Duration::from_millis(20);

/// A card behind a stream whose reads and writes give up after a time ([`ErrorKind::TimedOut`]).
pub(super) struct Framed<S> {
    stream: S,
    timeout: Duration,
    decoder: Decoder,
    tag: u8,
    /// Received and not yet looked at.
    received: VecDeque<u8>,
}

/// Why an exchange has to be repeated.
#[derive(Clone, Copy)]
enum Trouble {
    Silence,
    Corruption,
    Refusal(Status),
}

/// An answer, or trouble.
enum Received {
    Answer(Answer),
    Trouble(Trouble),
}

struct Answer {
    tag: u8,
    address: u32,
    opcode: u8,
    status: u8,
    words: u8,
    values: Vec<u64>,
}

/// A request that has not been answered.
struct Waiting {
    tag: u8,
    chunk: usize,
}

impl<S: Read + Write> Framed<S> {
    /// `timeout`: how long an answer may take. `tag`: of the first request; another one than the last host's.
    pub(super) fn new(stream: S, timeout: Duration, tag: u8) -> Self {
        Framed {
            stream,
            timeout,
            decoder: Decoder::default(),
            tag,
            received: VecDeque::new(),
        }
    }

    /// Sends a request for each chunk and hands over the answers, in any order.
    fn exchange<'a>(
        &mut self,
        chunks: usize,
        request: impl Fn(usize) -> (Frame<'static>, &'a [u64]),
        mut take: impl FnMut(usize, &[u64]),
    ) -> Result<(), DeviceError> {
        let (mut waiting, mut next, mut attempts) = (VecDeque::<Waiting>::new(), 0, 1);
        let mut deadline = Instant::now() + self.timeout;
        let mut noise: Option<Instant> = None;
        while next < chunks || !waiting.is_empty() {
            while next < chunks && waiting.len() < WINDOW {
                self.tag = self.tag.wrapping_add(1);
                let (tag, chunk) = (self.tag, next);
                self.send(tag, request(chunk))?;
                waiting.push_back(Waiting { tag, chunk });
                next += 1;
            }
            let before = waiting.len();
            let Some(trouble) = self.advance(&mut waiting, deadline, &request, &mut take)? else {
                if waiting.len() < before {
                    (attempts, noise) = (1, None);
                    deadline = Instant::now() + self.timeout;
                }
                continue;
            };
            let trouble = match (trouble, noise) {
                // of the burst that was answered already: what is lost shows when the time is over
                (Trouble::Corruption, Some(since)) if since.elapsed() < PAUSE => continue,
                (Trouble::Silence, Some(_)) => Trouble::Corruption,
                (trouble, _) => trouble,
            };
            if attempts == ATTEMPTS {
                return Err(self.give_up(trouble));
            }
            attempts += 1;
            match trouble {
                Trouble::Corruption => noise = Some(Instant::now()),
                Trouble::Refusal(_) => std::thread::sleep(PAUSE),
                Trouble::Silence => {}
            }
            // the same tags: a late answer is as good
            for Waiting { tag, chunk } in &waiting {
                self.send(*tag, request(*chunk))?;
            }
            deadline = Instant::now() + self.timeout;
        }
        Ok(())
    }

    /// Receives once, until the deadline: hands over the answer to one of those that wait, or says what trouble there is.
    fn advance<'a>(
        &mut self,
        waiting: &mut VecDeque<Waiting>,
        deadline: Instant,
        request: impl Fn(usize) -> (Frame<'static>, &'a [u64]),
        mut take: impl FnMut(usize, &[u64]),
    ) -> Result<Option<Trouble>, DeviceError> {
        let answer = match self.receive(deadline)? {
            Received::Trouble(trouble) => return Ok(Some(trouble)),
            Received::Answer(answer) => answer,
        };
        let Some(place) = waiting.iter().position(|w| w.tag == answer.tag) else {
            return Ok(None); // came twice, or belongs to somebody before us
        };
        let chunk = waiting[place].chunk;
        let trouble = answer.judge(&request(chunk).0)?;
        if trouble.is_none() {
            take(chunk, &answer.values);
            waiting.remove(place);
        }
        Ok(trouble)
    }

    fn give_up(&self, trouble: Trouble) -> DeviceError {
        match trouble {
            Trouble::Silence => DeviceError::Hung(self.timeout * ATTEMPTS),
            Trouble::Corruption => {
                DeviceError::Failed(format!("frames came corrupted {ATTEMPTS} times in a row"))
            }
            Trouble::Refusal(status) => DeviceError::Failed(format!(
                "the card refused {ATTEMPTS} times in a row: {status}"
            )),
        }
    }

    fn send(
        &mut self,
        tag: u8,
        (frame, values): (Frame<'static>, &[u64]),
    ) -> Result<(), DeviceError> {
        let payload: Vec<u8> = values.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut bytes = [0; MAX_BYTES];
        let frame = Frame {
            tag,
            payload: &payload,
            ..frame
        };
        let len = frame
            .encode(&mut bytes)
            .ok_or_else(|| DeviceError::Failed("a request that is no frame".into()))?;
        match self.stream.write_all(&bytes[..len]) {
            // a card that takes no more does not answer either, and that is noticed
            Err(e) if e.kind() == ErrorKind::TimedOut => Ok(()),
            other => other.map_err(|e| gone(&e)),
        }
    }

    /// The next answer, or trouble with it, which it is too when nothing whole has come by the deadline.
    fn receive(&mut self, deadline: Instant) -> Result<Received, DeviceError> {
        loop {
            while let Some(byte) = self.received.pop_front() {
                match self.decoder.push(byte) {
                    None => {}
                    Some(Ok(frame)) => return Ok(Received::Answer(Answer::new(&frame))),
                    Some(Err(_)) => return Ok(Received::Trouble(Trouble::Corruption)),
                }
            }
            if Instant::now() >= deadline {
                return Ok(self.silence());
            }
            let mut bytes = [0; MAX_BYTES];
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(gone(&ErrorKind::UnexpectedEof.into())),
                Ok(len) => self.received.extend(&bytes[..len]),
                Err(e) if e.kind() == ErrorKind::TimedOut => return Ok(self.silence()),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(gone(&e)),
            }
        }
    }

    /// What stands of a frame will not be completed.
    fn silence(&mut self) -> Received {
        let within = self.decoder.is_within_frame();
        self.decoder.reset();
        Received::Trouble(match within {
            true => Trouble::Corruption,
            false => Trouble::Silence,
        })
    }
}

impl Answer {
    fn new(frame: &Frame<'_>) -> Self {
        Answer {
            tag: frame.tag,
            address: frame.address,
            opcode: frame.opcode,
            status: frame.status,
            words: frame.words,
            values: frame.values().collect(),
        }
    }

    /// Whether this answers the request: `None` if it does, trouble where another attempt may help.
    fn judge(&self, request: &Frame<'_>) -> Result<Option<Trouble>, DeviceError> {
        let expected = match request.opcode == Opcode::Read.byte() {
            true => Opcode::Data.byte(),
            false => Opcode::Done.byte(),
        };
        match Status::from_code(self.status) {
            Some(Status::Ok) => {
                let found = (self.address, self.words, self.opcode);
                let fits = found == (request.address, request.words, expected);
                Ok((!fits).then_some(Trouble::Corruption))
            }
            Some(Status::BadCrc | Status::BadLength | Status::Cut) => Ok(Some(Trouble::Corruption)),
            Some(Status::Busy) => Ok(Some(Trouble::Refusal(Status::Busy))),
            Some(status) => Err(DeviceError::Failed(format!(
                "the card refused address {:#x}: {status}",
                request.address
            ))),
            None => Err(DeviceError::Failed(format!(
                "the card answered with the unknown status {}",
                self.status
            ))),
        }
    }
}

/// The request for words `MAX_WORDS`·`chunk` and on of `len` from `address`.
fn part(opcode: Opcode, address: u32, len: usize, chunk: usize) -> Frame<'static> {
    let start = chunk * MAX_WORDS;
    let words = (len - start).min(MAX_WORDS);
    Frame::new(opcode, 0, address + start as u32, words as u8)
}

impl<S: Read + Write + Send> Transport for Framed<S> {
    fn read(&mut self, address: u32, words: &mut [u64]) -> Result<(), DeviceError> {
        let len = words.len();
        let request = |chunk| (part(Opcode::Read, address, len, chunk), &[][..]);
        self.exchange(len.div_ceil(MAX_WORDS), request, |chunk, values| {
            words[chunk * MAX_WORDS..][..values.len()].copy_from_slice(values);
        })
    }

    fn write(&mut self, address: u32, words: &[u64]) -> Result<(), DeviceError> {
        let chunks: Vec<&[u64]> = words.chunks(MAX_WORDS).collect();
        let request = |chunk| {
            (
                part(Opcode::Write, address, words.len(), chunk),
                chunks[chunk],
            )
        };
        self.exchange(chunks.len(), request, |_, _| {})
    }
}
