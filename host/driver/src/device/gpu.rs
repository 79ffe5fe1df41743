//! A device that runs the kernels of `proofmill-kernels`: chains over its memory, whatever it is reached
//! by ([`Gpu`] over a [`Machine`]).

pub(crate) mod cache;
mod columns;
mod estimate;
mod programs;
mod sums;

pub(crate) use estimate::Rates;
pub(crate) use programs::{Programs, Refused};

use crate::device::{Device, DeviceInfo, Estimator, Output};
use crate::error::{BadJob, DeviceError};
use crate::job::{Chain, Form, Points, Slot, Step, Values};
use bytes::Bytes;
use proofmill_field::FieldId;
use proofmill_kernels::{Machine, Program, Tables, ntt, pointwise};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// What a machine must offer beside memory and launches.
pub(crate) trait Driven: Machine<Error = DeviceError> {
    /// Memory to be read as it is now.
    type Ready;

    /// Notes what memory holds, so that [`Driven::fetch`] waits for no later launch.
    fn ready(&mut self, memory: Self::Buffer) -> Result<Self::Ready, DeviceError>;
    /// Copies from its beginning to the host and gives it back.
    fn fetch(&mut self, ready: Self::Ready, to: &mut [u8]) -> Result<(), DeviceError>;
    /// Notes where a chain begins and where each of its steps ends.
    fn mark(&mut self) -> Result<(), DeviceError>;
    /// Waits for all that was launched, whatever became of it. Times since the last call.
    fn settle(&mut self) -> Result<Times, DeviceError>;
    /// Has a program ready to be launched.
    fn prepare(&mut self, program: Program) -> Result<(), DeviceError>;
    /// Bytes that one buffer may have.
    fn largest_buffer(&self) -> usize;
    /// Programs that could not be built so far.
    fn refused(&self) -> Refused;
}

/// Where time went.
#[derive(Default)]
pub(crate) struct Times {
    /// From mark to mark.
    pub(crate) steps: Vec<Duration>,
    /// Of the copies, where it is known.
    pub(crate) transfer: Option<Duration>,
}

/// A place on PCI as a physical id, the same by whatever library a device is reached.
pub(crate) fn on_pci(domain: u32, bus: u32, device: u32) -> String {
    format!("pci:{domain:04x}:{bus:02x}:{device:02x}")
}

/// A device over a machine.
pub(crate) struct Gpu<M: Driven> {
    info: DeviceInfo,
    machine: M,
    tables: Tables<M::Buffer>,
    residents: HashMap<[u8; 32], M::Buffer>,
    rates: Rates,
    /// Bytes that a buffer of a sum may have.
    sum_limit: usize,
    /// Bytes of the largest one since a chain began.
    sum_taken: usize,
}

/// How often the bound on a sum's buffers is halved, at most.
const HALVINGS: usize = 6;

/// Values on the device.
struct Held<B> {
    form: Form,
    len: usize,
    buffer: B,
}

type Slots<B> = BTreeMap<Slot, Held<B>>;

impl<M: Driven> Gpu<M> {
    pub(crate) fn new(info: DeviceInfo, machine: M, rates: Rates) -> Self {
        Gpu {
            info,
            sum_limit: machine.largest_buffer(),
            sum_taken: 0,
            machine,
            tables: Tables::default(),
            residents: HashMap::new(),
            rates,
        }
    }

    /// Runs a chain; where memory runs out, again with all that was kept for later forgotten, and then with
    /// its sums in smaller and smaller pieces. The next chain begins as if nothing had happened.
    fn run_chain(&mut self, chain: &Chain) -> Result<Output, DeviceError> {
        let short = match self.run_steps(chain) {
            Err(DeviceError::OutOfMemory(what)) => what,
            other => return other,
        };
        self.make_room();
        let again = self.run_smaller(chain);
        self.sum_limit = self.machine.largest_buffer();
        match again {
            // not broken: the job is too large for it
            Err(DeviceError::OutOfMemory(_)) => Err(DeviceError::Unsupported(short)),
            other => other,
        }
    }

    /// Runs a chain with smaller and smaller sums, as long as it is sums that run out of memory.
    fn run_smaller(&mut self, chain: &Chain) -> Result<Output, DeviceError> {
        for _ in 0..HALVINGS {
            self.sum_taken = 0;
            match self.run_steps(chain) {
                Err(DeviceError::OutOfMemory(_)) if self.sum_taken > 0 => {
                    self.sum_limit = self.sum_taken / 2;
                }
                other => return other,
            }
        }
        self.run_steps(chain)
    }

    /// Forgets all that is kept for later.
    fn make_room(&mut self) {
        self.tables.clear();
        self.residents.clear();
    }

    fn run_steps(&mut self, chain: &Chain) -> Result<Output, DeviceError> {
        let mut out = Output::default();
        let done = self
            .machine
            .mark()
            .and_then(|()| match columns::of_chain(chain) {
                Some(columns) => self.in_columns(&columns, &mut out),
                None => self.in_steps(chain, &mut out),
            });
        // whatever failed: the next chain starts on a device that is at rest
        let times = self.machine.settle();
        done?;
        (out.steps, out.transfer) = times.map(|times| (times.steps, times.transfer))?;
        Ok(out)
    }

    fn in_steps(&mut self, chain: &Chain, out: &mut Output) -> Result<(), DeviceError> {
        let mut slots = Slots::new();
        for step in &chain.steps {
            self.run_step(step, &mut slots, out)?;
            self.machine.mark()?;
        }
        Ok(())
    }

    fn run_step(
        &mut self,
        step: &Step,
        slots: &mut Slots<M::Buffer>,
        out: &mut Output,
    ) -> Result<(), DeviceError> {
        match step {
            Step::Upload { to, values } => {
                let (form, len) = (values.form(), values.len());
                let buffer = self.machine.upload(values.bytes())?;
                slots.insert(*to, Held { form, len, buffer });
            }
            Step::Download { from } => {
                let held = look(slots, *from)?;
                let mut bytes = vec![0; held.len * held.form.bytes()];
                self.machine.read(&held.buffer, 0, &mut bytes)?;
                out.values.push(Values::new(held.form, Bytes::from(bytes))?);
            }
            Step::Ntt { on, ntt } => {
                for slot in on {
                    let (field, _) = element_field(slots, *slot)?;
                    let held = slots.remove(slot).ok_or(BadJob::EmptySlot(*slot))?;
                    let (machine, tables) = (&mut self.machine, &mut self.tables);
                    let buffer = ntt::run(machine, tables, field, held.buffer, ntt)?;
                    let (form, len) = (held.form, ntt.columns * ntt.output_rows());
                    slots.insert(*slot, Held { form, len, buffer });
                }
            }
            Step::ScaleByPowers { on, base, order } => {
                for slot in on {
                    let (field, len) = element_field(slots, *slot)?;
                    let (machine, tables) = (&mut self.machine, &mut self.tables);
                    let buffer = &look(slots, *slot)?.buffer;
                    pointwise::scale_by_powers(machine, tables, field, buffer, base, *order, len)?;
                }
            }
            Step::Mul { to, a, b } => self.combine(slots, *to, [*a, *b], pointwise::mul)?,
            Step::Sub { to, a, b } => self.combine(slots, *to, [*a, *b], pointwise::sub)?,
            Step::Msm { scalars, bases } => {
                let held = look(slots, *scalars)?;
                let sums = self.sum(held, bases)?;
                out.points.push(sums);
            }
        }
        Ok(())
    }

    fn combine(
        &mut self,
        slots: &mut Slots<M::Buffer>,
        to: Slot,
        [a, b]: [Slot; 2],
        run: impl Fn(&mut M, FieldId, &M::Buffer, [&M::Buffer; 2], usize) -> Result<(), DeviceError>,
    ) -> Result<(), DeviceError> {
        let (field, len) = element_field(slots, a)?;
        let form = Form::Data(field);
        let buffer = self.machine.alloc((len * form.bytes()).max(1))?;
        let [left, right] = [&look(slots, a)?.buffer, &look(slots, b)?.buffer];
        run(&mut self.machine, field, &buffer, [left, right], len)?;
        slots.insert(to, Held { form, len, buffer });
        Ok(())
    }
}

fn look<B>(slots: &Slots<B>, slot: Slot) -> Result<&Held<B>, BadJob> {
    slots.get(&slot).ok_or(BadJob::EmptySlot(slot))
}

/// The field of a slot's elements, and how many there are.
fn element_field<B>(slots: &Slots<B>, slot: Slot) -> Result<(FieldId, usize), BadJob> {
    let held = look(slots, slot)?;
    match held.form {
        Form::Data(field) => Ok((field, held.len)),
        found => Err(BadJob::Form {
            what: "operand",
            expected: Form::Data(FieldId::Bn254Fr),
            found,
        }),
    }
}

impl<M: Driven + Send> Device for Gpu<M>
where
    M::Buffer: Send,
    Tables<M::Buffer>: Send,
{
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn estimator(&self) -> Estimator {
        let (rates, refused) = (self.rates, self.machine.refused());
        let largest = self.machine.largest_buffer();
        Arc::new(move |shape| {
            let needs = estimate::programs(shape);
            let refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
            let able = needs.iter().all(|program| !refused.contains(program));
            (able && estimate::fits(shape, largest)).then(|| rates.estimate(shape))
        })
    }

    fn load(&mut self, bases: &Points) -> Result<(), DeviceError> {
        let Some(key) = bases.key() else {
            return Ok(());
        };
        match self.machine.upload(bases.bytes()) {
            Ok(buffer) => drop(self.residents.insert(key, buffer)),
            // sums take them from the chain, piece by piece
            Err(DeviceError::OutOfMemory(_)) => self.make_room(),
            Err(other) => return Err(other),
        }
        Ok(())
    }

    fn holds(&self, key: [u8; 32]) -> bool {
        self.residents.contains_key(&key)
    }

    fn prepare(&mut self, chains: &[Chain]) -> Result<(), DeviceError> {
        for chain in chains {
            for program in chain.validate()?.iter().flat_map(estimate::programs) {
                self.machine.prepare(program)?;
            }
        }
        Ok(())
    }

    fn unload(&mut self, key: [u8; 32]) {
        self.residents.remove(&key);
    }

    fn run(&mut self, chains: Vec<Chain>) -> Result<Vec<Output>, DeviceError> {
        chains.iter().map(|chain| self.run_chain(chain)).collect()
    }
}
