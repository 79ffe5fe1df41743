//! The CPU: portable Rust on a pool of threads. Every other device is measured against it, and it
//! does the work that the others cannot.

use crate::device::{Backend, Config, Device, DeviceInfo, Estimator, Output};
use crate::error::{BadJob, DeviceError};
use crate::job::{Chain, Form, Ntt, Points, Shape, Slot, Step, Values};
use bytes::Bytes;
use proofmill_cpu::{Unreduced, dispatch, memory, msm, ntt, pointwise};
use proofmill_field::FieldId;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The CPU of this machine, `cpu:0`.
pub(crate) struct CpuBackend;

impl Backend for CpuBackend {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn list(&self, config: &Config) -> Vec<DeviceInfo> {
        let threads = config.threads();
        vec![DeviceInfo {
            id: "cpu:0".into(),
            name: format!("{} Rust, threads: {threads}", dispatch::path().name()),
            backend: self.name(),
            physical: "cpu".into(),
            resident_bytes: None,
            unusable: dispatch::refusal(),
        }]
    }

    fn open(&self, info: &DeviceInfo, config: &Config) -> Result<Box<dyn Device>, DeviceError> {
        Ok(Box::new(Cpu::new(info.clone(), config)?))
    }
}

/// An open CPU. It runs jobs on the caller's memory, so it needs no thread of its own.
#[derive(Clone)]
pub(crate) struct Cpu {
    info: DeviceInfo,
    threads: Arc<rayon::ThreadPool>,
}

impl Cpu {
    pub(crate) fn new(info: DeviceInfo, config: &Config) -> Result<Self, DeviceError> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(config.threads())
            .thread_name(|i| format!("proofmill-cpu-{i}"))
            .build()
            .map_err(|e| DeviceError::Failed(e.to_string()))?;
        Ok(Cpu {
            info,
            threads: Arc::new(threads),
        })
    }

    pub(crate) fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// A transform on the caller's memory, which holds exactly the input (and no extension).
    pub(crate) fn transform(&self, field: FieldId, data: &mut [u8], ntt: &Ntt) {
        self.on_threads(data.len(), || ntt::run(field, data, ntt));
    }

    /// The transform of `values` in `out`, new memory for the output.
    pub(crate) fn extend(&self, field: FieldId, values: &[u8], out: &mut [u8], ntt: &Ntt) {
        self.on_threads(out.len(), || {
            place(values, out);
            ntt::run(field, out, ntt);
        });
    }

    fn on_threads(&self, bytes: usize, work: impl FnOnce() + Send) {
        // what is small is not worth waking a thread for
        match bytes <= ntt::SERIAL_BYTES {
            true => work(),
            false => self.threads.install(work),
        }
    }

    /// Runs chains in two lanes that share the threads: where one of a chain's steps leaves threads idle, at the end
    /// of a sum for instance, the other lane's step takes them. No more than two, because each holds its memory.
    pub(crate) fn run_chains(&self, chains: &[&Chain]) -> Vec<Result<Output, DeviceError>> {
        let next = AtomicUsize::new(0);
        let lane = || {
            let mut done = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(chain) = chains.get(place) else {
                    return done;
                };
                done.push((place, run_chain(chain).map_err(DeviceError::from)));
            }
        };
        let (mut done, other) = self.threads.install(|| rayon::join(lane, lane));
        done.extend(other);
        done.sort_unstable_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, output)| output).collect()
    }
}

impl Device for Cpu {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn estimator(&self) -> Estimator {
        let threads = self.threads.current_num_threads() as f64;
        let share = if dispatch::has_ifma() {
            IFMA_SHARE
        } else {
            1.0
        };
        Arc::new(move |shape| {
            let seconds = products_ns(shape) * 1e-9 * share / threads;
            Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
        })
    }

    fn run(&mut self, chains: Vec<Chain>) -> Result<Vec<Output>, DeviceError> {
        let chains: Vec<&Chain> = chains.iter().collect();
        self.run_chains(&chains).into_iter().collect()
    }
}

/// What the vector kernels take of the portable ones' time, about (docs/measurements.md).
const IFMA_SHARE: f64 = 0.4;

/// Nanoseconds of one thread that the products of a shape take, with the portable arithmetic of a
/// 3 GHz x86-64 (docs/measurements.md).
fn products_ns(shape: &Shape) -> f64 {
    let product = |field: FieldId| match field.spec().bytes {
        4 => 1.5,
        8 => 2.5,
        32 => 18.0,
        _ => 38.0,
    };
    match *shape {
        Shape::Transfer { bytes } => bytes as f64 * 0.1,
        Shape::Pointwise { field, elements } => elements as f64 * product(field),
        Shape::Ntt {
            field,
            log_n,
            added_bits,
            columns,
        } => {
            let butterflies = |log: u32| f64::from(log) * f64::from(log).exp2() * 0.6;
            let inner = if added_bits > 0 {
                butterflies(log_n)
            } else {
                0.0
            };
            (butterflies(log_n.saturating_add(added_bits)) + inner)
                * columns as f64
                * product(field)
        }
        Shape::Msm {
            curve,
            group,
            points,
            sums,
            scalar_bits,
        } => {
            let coordinate = product(curve.spec().base.id) * [1.0, 3.0][group.degree() - 1];
            let c = f64::from((points.max(4)).ilog2()) - 3.0;
            let windows = (f64::from(scalar_bits) / c.max(2.0)).ceil();
            sums as f64 * windows * (points as f64 + 2f64.powf(c)) * 6.5 * coordinate
        }
    }
}

/// Values held between two steps.
enum Held {
    /// As they came; copied when they are first written to.
    Shared(Values),
    Owned(Buffer),
}

impl Held {
    /// The elements, for writing, with room for `grow` doublings.
    fn into_buffer(self, grow: u32) -> Result<Buffer, BadJob> {
        match self {
            Held::Owned(buffer) if grow == 0 => Ok(buffer),
            Held::Owned(buffer) => Buffer::copy(buffer.field, buffer.as_ref(), grow),
            Held::Shared(values) => Buffer::copy(element_field(&values)?, values.bytes(), grow),
        }
    }
}

/// Elements of a field in memory aligned for them.
struct Buffer {
    field: FieldId,
    words: Vec<u64>,
    /// Bytes in use.
    bytes: usize,
}

impl Buffer {
    /// A copy with room for `grow` doublings; an error where the memory is not to be had.
    fn copy(field: FieldId, values: &[u8], grow: u32) -> Result<Self, BadJob> {
        let bytes = values.len() << grow;
        // zeros of the system's: many are not written before the transform writes there
        let words = bytemuck::try_zeroed_vec(bytes.div_ceil(8)).map_err(|()| too_large())?;
        let mut buffer = Buffer {
            field,
            words,
            bytes,
        };
        place(values, buffer.bytes_mut());
        Ok(buffer)
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.bytes]
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.bytes]
    }
}

/// Values at the start of new memory that holds zeros.
fn place(values: &[u8], to: &mut [u8]) {
    memory::advise_large_pages(to);
    memory::copy(&mut to[..values.len()], values);
}

/// The slots of a chain that is running. The chain was validated: a slot that is missing or of
/// another form all the same is a bug of the caller, reported as such.
#[derive(Default)]
struct Slots(BTreeMap<Slot, Held>);

impl Slots {
    fn remove(&mut self, slot: Slot) -> Result<Held, BadJob> {
        self.0.remove(&slot).ok_or(BadJob::EmptySlot(slot))
    }

    fn put(&mut self, slot: Slot, buffer: Buffer) {
        self.0.insert(slot, Held::Owned(buffer));
    }

    /// The values of a slot, shared from now on.
    fn share(&mut self, slot: Slot) -> Result<Values, BadJob> {
        let values = match self.remove(slot)? {
            Held::Shared(values) => values,
            Held::Owned(buffer) => {
                Values::new(Form::Data(buffer.field), Bytes::from_owner(buffer))?
            }
        };
        self.0.insert(slot, Held::Shared(values.clone()));
        Ok(values)
    }
}

/// Memory that cannot be had is the job's fault: no other host has more.
pub(crate) fn too_large() -> BadJob {
    BadJob::Parameter {
        what: "values",
        why: "do not fit this machine's memory",
    }
}

fn element_field(values: &Values) -> Result<FieldId, BadJob> {
    match values.form() {
        Form::Data(field) => Ok(field),
        found => {
            let expected = Form::Data(FieldId::Bn254Fr);
            Err(BadJob::Form {
                what: "operand",
                expected,
                found,
            })
        }
    }
}

/// Runs a chain on the threads of whoever calls.
pub(crate) fn run_chain(chain: &Chain) -> Result<Output, BadJob> {
    let (mut slots, mut out) = (Slots::default(), Output::default());
    for step in &chain.steps {
        let start = Instant::now();
        run_step(step, &mut slots, &mut out)?;
        out.steps.push(start.elapsed());
    }
    Ok(out)
}

fn run_step(step: &Step, slots: &mut Slots, out: &mut Output) -> Result<(), BadJob> {
    match step {
        Step::Upload { to, values } => {
            slots.0.insert(*to, Held::Shared(values.clone()));
        }
        Step::Download { from } => out.values.push(slots.share(*from)?),
        Step::Ntt { on, ntt } => {
            let held = on.iter().map(|slot| slots.remove(*slot));
            let held = held.collect::<Result<Vec<_>, _>>()?;
            // side by side: one transform alone leaves threads idle between its passes
            let transformed = held.into_par_iter().with_max_len(1).map(|held| {
                let mut buffer = held.into_buffer(ntt.added_bits)?;
                ntt::run(buffer.field, buffer.bytes_mut(), ntt);
                Ok(buffer)
            });
            let transformed = transformed.collect::<Result<Vec<_>, BadJob>>()?;
            on.iter()
                .zip(transformed)
                .for_each(|(slot, buffer)| slots.put(*slot, buffer));
        }
        Step::ScaleByPowers { on, base, order } => {
            for slot in on {
                let mut buffer = slots.remove(*slot)?.into_buffer(0)?;
                ntt::scale(buffer.field, buffer.bytes_mut(), base, *order);
                slots.put(*slot, buffer);
            }
        }
        Step::Mul { to, a, b } => combine(slots, *to, *a, *b, Operation::Mul)?,
        Step::Sub { to, a, b } => combine(slots, *to, *a, *b, Operation::Sub)?,
        Step::Msm { scalars, bases } => out.points.push(sum(&slots.share(*scalars)?, bases)?),
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Operation {
    Mul,
    Sub,
}

fn combine(
    slots: &mut Slots,
    to: Slot,
    a: Slot,
    b: Slot,
    operation: Operation,
) -> Result<(), BadJob> {
    // the right operand is read where it lies; the left one becomes the result
    let right = slots.share(b)?;
    let left = slots.share(a)?;
    let mut result = if to == a {
        drop(left);
        slots.remove(a)?.into_buffer(0)?
    } else {
        Buffer::copy(element_field(&left)?, left.bytes(), 0)?
    };
    match operation {
        Operation::Mul => pointwise::mul(result.field, result.bytes_mut(), right.bytes()),
        Operation::Sub => pointwise::sub(result.field, result.bytes_mut(), right.bytes()),
    }
    slots.put(to, result);
    Ok(())
}

/// The sums of one step, as affine points.
fn sum(scalars: &Values, bases: &Points) -> Result<Points, BadJob> {
    let (curve, group) = (bases.curve(), bases.group());
    let (points, form, scalars) = (bases.bytes(), scalars.form(), scalars.bytes());
    let sums = msm::run(curve.id, group, points, scalars, form);
    let sums = sums.map_err(|Unreduced { index }| BadJob::Unreduced {
        what: "scalar",
        index,
        field: curve.scalar.id,
    })?;
    Points::new(curve.id, group, Bytes::from(sums))
}
