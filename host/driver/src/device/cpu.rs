//! The CPU: portable Rust on a pool of threads. Every other device is measured against it, and it
//! does the work that the others cannot.

use crate::device::{Backend, Config, Device, DeviceInfo, Estimator, Output};
use crate::error::{BadJob, DeviceError};
use crate::job::{Chain, Form, Ntt, Order, Points, Shape, Slot, Step, Values};
use bytes::Bytes;
use proofmill_cpu::arith::Field;
use proofmill_cpu::{Unreduced, dispatch, msm, ntt, with_field};
use proofmill_field::{FieldId, Int};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
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
        with_field!(field, F => {
            match bytemuck::try_cast_slice_mut::<u8, F>(data) {
                // not worth waking a thread for
                Ok(data) if size_of_val(data) <= ntt::SERIAL_BYTES => ntt::run(data, ntt),
                Ok(data) => self.threads.install(|| ntt::run(data, ntt)),
                // elements at odd addresses: by way of a copy
                Err(_) => {
                    let mut copy = vec![F::ZERO; data.len() / size_of::<F>()];
                    bytemuck::cast_slice_mut::<F, u8>(&mut copy).copy_from_slice(data);
                    self.threads.install(|| ntt::run(&mut copy, ntt));
                    data.copy_from_slice(bytemuck::cast_slice(&copy));
                }
            }
        })
    }

    /// Runs chains one after the other, each on all threads.
    pub(crate) fn run_chains(&self, chains: &[Chain]) -> Result<Vec<Output>, DeviceError> {
        chains
            .iter()
            .map(|chain| Ok(self.threads.install(|| run_chain(chain))?))
            .collect()
    }
}

impl Device for Cpu {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn estimator(&self) -> Estimator {
        let threads = self.threads.current_num_threads() as f64;
        Arc::new(move |shape| {
            let seconds = products_ns(shape) * 1e-9 / threads;
            Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
        })
    }

    fn run(&mut self, chains: Vec<Chain>) -> Result<Vec<Output>, DeviceError> {
        self.run_chains(&chains)
    }
}

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

/// Elements of a field in memory aligned for them.
struct Buffer {
    field: FieldId,
    words: Vec<u64>,
    /// Bytes in use.
    bytes: usize,
}

impl Buffer {
    /// An error where the memory is not to be had.
    fn zeroed(field: FieldId, bytes: usize) -> Result<Self, BadJob> {
        let mut buffer = Buffer {
            field,
            words: Vec::new(),
            bytes: 0,
        };
        buffer.resize(bytes)?;
        Ok(buffer)
    }

    fn resize(&mut self, bytes: usize) -> Result<(), BadJob> {
        let words = bytes.div_ceil(8);
        let more = words.saturating_sub(self.words.len());
        let why = "do not fit this machine's memory";
        let too_large = |_| BadJob::Parameter {
            what: "values",
            why,
        };
        self.words.try_reserve_exact(more).map_err(too_large)?;
        self.words.resize(words, 0);
        self.bytes = bytes;
        Ok(())
    }

    fn elements<F: Field>(&mut self) -> &mut [F] {
        let bytes: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut self.words)[..self.bytes];
        bytemuck::cast_slice_mut(bytes)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.bytes]
    }
}

/// The slots of a chain that is running. The chain was validated: a slot that is missing or of
/// another form all the same is a bug of the caller, reported as such.
#[derive(Default)]
struct Slots(BTreeMap<Slot, Held>);

impl Slots {
    /// The elements of a slot, for writing, with room for `grow` times as many.
    fn take(&mut self, slot: Slot, grow: u32) -> Result<Buffer, BadJob> {
        match self.0.remove(&slot).ok_or(BadJob::EmptySlot(slot))? {
            Held::Owned(mut buffer) => {
                buffer.resize(buffer.bytes << grow)?;
                Ok(buffer)
            }
            Held::Shared(values) => {
                let field = element_field(&values)?;
                let len = values.bytes().len();
                let mut buffer = Buffer::zeroed(field, len << grow)?;
                bytemuck::cast_slice_mut(&mut buffer.words)[..len].copy_from_slice(values.bytes());
                Ok(buffer)
            }
        }
    }

    fn put(&mut self, slot: Slot, buffer: Buffer) {
        self.0.insert(slot, Held::Owned(buffer));
    }

    /// The values of a slot, shared from now on.
    fn share(&mut self, slot: Slot) -> Result<Values, BadJob> {
        let values = match self.0.remove(&slot).ok_or(BadJob::EmptySlot(slot))? {
            Held::Shared(values) => values,
            Held::Owned(buffer) => {
                Values::new(Form::Data(buffer.field), Bytes::from_owner(buffer))?
            }
        };
        self.0.insert(slot, Held::Shared(values.clone()));
        Ok(values)
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
            for slot in on {
                let mut buffer = slots.take(*slot, ntt.added_bits)?;
                with_field!(buffer.field, F => ntt::run(buffer.elements::<F>(), ntt));
                slots.put(*slot, buffer);
            }
        }
        Step::ScaleByPowers { on, base, order } => {
            for slot in on {
                let mut buffer = slots.take(*slot, 0)?;
                scale(&mut buffer, base, *order);
                slots.put(*slot, buffer);
            }
        }
        Step::Mul { to, a, b } => pointwise(slots, *to, *a, *b, Operation::Mul)?,
        Step::Sub { to, a, b } => pointwise(slots, *to, *a, *b, Operation::Sub)?,
        Step::Msm { scalars, bases } => out.points.push(sum(&slots.share(*scalars)?, bases)?),
    }
    Ok(())
}

fn scale(buffer: &mut Buffer, base: &Int, order: Order) {
    with_field!(buffer.field, F => {
        ntt::scale_by_powers(buffer.elements::<F>(), 1, F::ONE, F::from_int(base), order);
    })
}

#[derive(Clone, Copy)]
enum Operation {
    Mul,
    Sub,
}

fn pointwise(
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
        slots.take(a, 0)?
    } else {
        let mut buffer = Buffer::zeroed(element_field(&left)?, left.bytes().len())?;
        bytemuck::cast_slice_mut(&mut buffer.words)[..buffer.bytes].copy_from_slice(left.bytes());
        buffer
    };
    with_field!(result.field, F => {
        let size = size_of::<F>();
        let pairs = result
            .elements::<F>()
            .par_iter_mut()
            .with_min_len(1 << 12)
            .zip(right.bytes().par_chunks_exact(size));
        match operation {
            Operation::Mul => {
                pairs.for_each(|(x, y)| *x = x.mul(bytemuck::pod_read_unaligned::<F>(y)).canonical());
            }
            Operation::Sub => {
                pairs.for_each(|(x, y)| *x = x.sub(bytemuck::pod_read_unaligned::<F>(y)).canonical());
            }
        }
    });
    slots.put(to, result);
    Ok(())
}

/// The sums of one step, as affine points.
fn sum(scalars: &Values, bases: &Points) -> Result<Points, BadJob> {
    let (curve, group) = (bases.curve(), bases.group());
    let sums = msm::run(
        curve.id,
        group,
        bases.bytes(),
        scalars.bytes(),
        scalars.form(),
    );
    let sums = sums.map_err(|Unreduced { index }| BadJob::Unreduced {
        what: "scalar",
        index,
        field: curve.scalar.id,
    })?;
    Points::new(curve.id, group, Bytes::from(sums))
}
