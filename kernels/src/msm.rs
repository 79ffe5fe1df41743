//! Sums Σ k_i·P_i by Pippenger's method: scalars recoded, their digits sorted by bucket, buckets summed
//! and weighed (`cl/recode.cl`, `cl/sort.cl`, `cl/sum.cl`).

use crate::Program;
use crate::machine::{Machine, Properties, launch};
use proofmill_field::{CurveId, FieldId, Form, Group};

/// Entries of the sorted list that one thread adds, at least and at most: short pieces leave many partial
/// sums, long ones idle threads.
const SEGMENT: (usize, usize) = (16, 2048);
/// Partial sums that one thread merges.
const MERGE: usize = 32;
/// Points that one thread adds where no bucket matters.
const FOLD: usize = 16;
/// Widest digit; a row of buckets has 2^(c − 1).
const MAX_WINDOW: u32 = 16;

/// Entries of one thread, of so many in all.
fn segment(entries: usize, properties: &Properties) -> usize {
    (entries / properties.parallel).clamp(SEGMENT.0, SEGMENT.1)
}

/// Why there is no sum.
#[derive(Debug)]
pub enum Failure<E> {
    /// A scalar is not below the modulus; its place.
    Unreduced(usize),
    /// The device failed.
    Machine(E),
}

impl<E> From<E> for Failure<E> {
    fn from(error: E) -> Self {
        Failure::Machine(error)
    }
}

/// What is summed: `sums` runs of `points` scalars each over the same points.
#[derive(Clone, Copy, Debug)]
pub struct Sums {
    /// The curve.
    pub curve: CurveId,
    /// The group.
    pub group: Group,
    /// What the scalars are: elements or integers of the scalar field, or small.
    pub form: Form,
    /// Points, at least 1; with the windows and sums fewer than 2^31 entries.
    pub points: usize,
    /// Sums, at least 1.
    pub sums: usize,
}

/// How scalars are cut.
#[derive(Clone, Copy)]
struct Digits {
    c: u32,
    windows: u32,
}

impl Digits {
    /// The cheapest cut by the number of additions: one for each digit, and for each bucket two of whole
    /// sums, 14 products instead of 10.
    fn new(bits: u32, points: usize) -> Self {
        let windows = |c: u32| bits / c + 1;
        let cost = |c: &u32| u64::from(windows(*c)) * (10 * points as u64 + (28 << (c - 1)));
        let c = (2..=MAX_WINDOW).min_by_key(cost).unwrap_or(2);
        Digits {
            c,
            windows: windows(c),
        }
    }
}

impl Sums {
    fn digits(&self) -> Digits {
        let bits = match self.form {
            Form::Small => 64,
            Form::Data(field) | Form::Integer(field) => field.spec().bits,
        };
        Digits::new(bits, self.points)
    }

    /// Entries to sort at most.
    pub fn entries(&self) -> usize {
        self.points * self.sums * self.digits().windows as usize
    }

    fn buckets(&self) -> usize {
        (self.sums * self.digits().windows as usize) << (self.digits().c - 1)
    }

    fn scalar_field(&self) -> FieldId {
        self.curve.spec().scalar.id
    }

    /// Bytes of a sum in the kernels: four coordinates.
    fn sum_bytes(&self) -> usize {
        2 * self.curve.spec().point_bytes(self.group)
    }

    /// Bytes of the largest buffer that a run takes beside points and scalars.
    pub fn largest_buffer(&self, properties: &Properties) -> usize {
        let entries = self.entries();
        let threads = entries.div_ceil(segment(entries, properties));
        let sums = self.buckets().max(2 * threads) * self.sum_bytes();
        sums.max(4 * entries)
    }
}

/// Points on the machine, or on the host, from where they go while scalars are sorted.
pub enum Points<'a, B> {
    /// Held by the machine.
    Held(&'a B),
    /// In data form.
    Host(&'a [u8]),
}

/// Scalars on the machine.
#[derive(Clone, Copy)]
pub struct Scalars<'a, B> {
    /// Where they are.
    pub buffer: &'a B,
    /// Place of the first one.
    pub first: usize,
}

/// Sums under way.
pub struct Started<B> {
    sums: B,
    bytes: usize,
}

/// The sums as affine points in data form, all zero for infinity.
pub fn run<M: Machine>(
    machine: &mut M,
    of: &Sums,
    points: Points<'_, M::Buffer>,
    scalars: Scalars<'_, M::Buffer>,
) -> Result<Vec<u8>, Failure<M::Error>> {
    let started = start(machine, of, points, scalars)?;
    Ok(finish(machine, &started)?)
}

/// Launches all of it. The scalars are known to be reduced when this returns.
pub fn start<M: Machine>(
    machine: &mut M,
    of: &Sums,
    points: Points<'_, M::Buffer>,
    scalars: Scalars<'_, M::Buffer>,
) -> Result<Started<M::Buffer>, Failure<M::Error>> {
    let mut run = Run {
        machine,
        of,
        digits: of.digits(),
    };
    let placed = run.place(scalars)?;
    let uploaded;
    let points = match points {
        Points::Held(points) => points,
        Points::Host(bytes) => {
            uploaded = run.machine.upload(bytes)?;
            &uploaded
        }
    };
    let sorted = run.sorted(placed)?;
    let buckets = run.accumulate(points, &sorted)?;
    Ok(run.weigh(buckets)?)
}

/// Waits for sums: the points, as [`run`] gives them.
pub fn finish<M: Machine>(
    machine: &mut M,
    started: &Started<M::Buffer>,
) -> Result<Vec<u8>, M::Error> {
    let mut out = vec![0; started.bytes];
    machine.read(&started.sums, 0, &mut out)?;
    Ok(out)
}

/// Entries by bucket as they are being placed, and the first bad scalar.
struct Placed<B> {
    entries: B,
    ends: B,
    bad: B,
}

/// Entries by bucket, and where each bucket ends.
struct Sorted<B> {
    entries: B,
    ends: B,
    count: usize,
}

struct Run<'a, M> {
    machine: &'a mut M,
    of: &'a Sums,
    digits: Digits,
}

impl<M: Machine> Run<'_, M> {
    fn program(&self) -> Program {
        Program::Group(self.of.curve, self.of.group)
    }

    fn groups(&self, threads: usize) -> usize {
        threads.div_ceil(self.machine.properties().threads as usize)
    }

    fn place(&mut self, scalars: Scalars<'_, M::Buffer>) -> Result<Placed<M::Buffer>, M::Error> {
        let Digits { c, windows } = self.digits;
        let field = self.of.scalar_field();
        let (count, buckets) = (self.of.points * self.of.sums, self.of.buckets());
        let form = match self.of.form {
            Form::Data(_) => 0,
            Form::Integer(_) => 1,
            Form::Small => 2,
        };
        let plain = self.machine.alloc(count * field.spec().bytes)?;
        let bad = self.machine.upload(&u32::MAX.to_le_bytes())?;
        let groups = self.groups(count);
        launch!(self.machine, Program::Field(field), "recode", groups;
            scalars.buffer, &plain, &bad; scalars.first, count, form, c, windows)?;
        let ends = self.machine.alloc(buckets * 4)?;
        let fill = self.groups(buckets);
        launch!(self.machine, Program::Sort, "fill_words", fill; &ends; 0, buckets)?;
        let words = field.spec().limbs();
        launch!(self.machine, Program::Sort, "digits_count", groups;
            &plain, &ends; count, self.of.points, c, windows, words)?;
        self.scan(&ends, buckets)?;
        let entries = self.machine.alloc(self.of.entries() * 4)?;
        launch!(self.machine, Program::Sort, "digits_place", groups;
            &plain, &ends, &entries; count, self.of.points, c, windows, words)?;
        Ok(Placed { entries, ends, bad })
    }

    /// The entries once they are sorted, if all scalars are reduced.
    fn sorted(
        &mut self,
        placed: Placed<M::Buffer>,
    ) -> Result<Sorted<M::Buffer>, Failure<M::Error>> {
        let Placed { entries, ends, bad } = placed;
        let word = |machine: &mut M, from: &M::Buffer, offset| {
            let mut bytes = [0; 4];
            machine.read(from, offset, &mut bytes)?;
            Ok::<_, M::Error>(u32::from_le_bytes(bytes) as usize)
        };
        let index = word(self.machine, &bad, 0)?;
        if index != u32::MAX as usize {
            return Err(Failure::Unreduced(index));
        }
        let count = word(self.machine, &ends, 4 * (self.of.buckets() - 1))?;
        Ok(Sorted {
            entries,
            ends,
            count,
        })
    }

    /// Each value becomes the sum of those before it.
    fn scan(&mut self, values: &M::Buffer, count: usize) -> Result<(), M::Error> {
        let groups = self.groups(count.div_ceil(4));
        let totals = self.machine.alloc(groups * 4)?;
        launch!(self.machine, Program::Sort, "scan_runs", groups; values, &totals; count)?;
        if groups > 1 {
            self.scan(&totals, groups)?;
            launch!(self.machine, Program::Sort, "scan_add", groups; values, &totals; count)?;
        }
        Ok(())
    }

    /// The sum of each bucket.
    fn accumulate(
        &mut self,
        points: &M::Buffer,
        sorted: &Sorted<M::Buffer>,
    ) -> Result<M::Buffer, M::Error> {
        let (buckets, bytes) = (self.of.buckets(), self.of.sum_bytes());
        let sums = self.machine.alloc(buckets * bytes)?;
        let groups = self.groups(buckets);
        launch!(self.machine, self.program(), "clear_sums", groups; &sums; buckets)?;
        if sorted.count == 0 {
            return Ok(sums);
        }
        let segment = segment(sorted.count, &self.machine.properties());
        let mut partial = Partials::new(self.machine, sorted.count.div_ceil(segment), bytes)?;
        let groups = self.groups(partial.count / 2);
        launch!(self.machine, self.program(), "accumulate", groups;
            points, &sorted.entries, &sorted.ends, &sums, &partial.keys, &partial.sums;
            sorted.count, buckets, segment)?;
        loop {
            let threads = partial.count.div_ceil(MERGE);
            let next = Partials::new(self.machine, threads, bytes)?;
            let groups = self.groups(threads);
            launch!(self.machine, self.program(), "merge", groups;
                &partial.keys, &partial.sums, &sums, &next.keys, &next.sums; partial.count, MERGE)?;
            if threads == 1 {
                return Ok(sums);
            }
            partial = next;
        }
    }

    /// From the sums of the buckets to those of the windows and the whole.
    fn weigh(&mut self, buckets: M::Buffer) -> Result<Started<M::Buffer>, M::Error> {
        let Digits { c, windows } = self.digits;
        let (sums, bytes) = (self.of.sums, self.of.sum_bytes());
        let log_row = c - 1;
        let pieces = self.machine.properties().parallel.next_power_of_two();
        let log_piece = (self.of.buckets() / pieces).max(8).ilog2().min(log_row);
        let mut left = self.of.buckets() >> log_piece;
        let mut from = self.machine.alloc(left * bytes)?;
        let groups = self.groups(left);
        launch!(self.machine, self.program(), "weigh", groups; &buckets, &from; left, log_row, log_piece)?;
        let mut row = 1usize << (log_row - log_piece);
        while row > 1 {
            let length = row.min(FOLD);
            (row, left) = (row / length, left / length);
            let to = self.machine.alloc(left * bytes)?;
            let groups = self.groups(left);
            launch!(self.machine, self.program(), "fold", groups; &from, &to; left, length)?;
            from = to;
        }
        let bytes = sums * bytes / 2;
        let to = self.machine.alloc(bytes)?;
        let groups = self.groups(sums);
        launch!(self.machine, self.program(), "join_windows", groups; &from, &to; sums, windows, c)?;
        Ok(Started { sums: to, bytes })
    }
}

/// Sums of pieces of buckets, two for each thread, and which bucket each is of.
struct Partials<B> {
    keys: B,
    sums: B,
    count: usize,
}

impl<B> Partials<B> {
    fn new<M: Machine<Buffer = B>>(
        machine: &mut M,
        threads: usize,
        bytes: usize,
    ) -> Result<Self, M::Error> {
        let count = 2 * threads;
        Ok(Partials {
            keys: machine.alloc(count * 4)?,
            sums: machine.alloc(count * bytes)?,
            count,
        })
    }
}
