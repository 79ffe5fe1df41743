//! The slow reference device: the textbook's algorithms on the textbook's arithmetic, one thread.
//! The planner gives it work only when nobody else is left; it arbitrates when devices disagree.

use super::{Backend, Config, Device, DeviceInfo, Estimator, Output};
use crate::error::{BadJob, DeviceError};
use crate::job::{Chain, Direction, Form, Layout, Ntt, Order, Points, Shape, Slot, Step, Values};
use proofmill_field::naive::{self, NaiveGroup};
use proofmill_field::{FieldId, FieldSpec, Int, int};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The reference device, `ref:0`.
pub(crate) struct ReferenceBackend;

impl Backend for ReferenceBackend {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn list(&self, _: &Config) -> Vec<DeviceInfo> {
        vec![DeviceInfo {
            id: "ref:0".into(),
            name: "textbook arithmetic, for arbitration".into(),
            backend: self.name(),
            physical: "cpu".into(),
            resident_bytes: None,
            unusable: None,
        }]
    }

    fn open(&self, info: &DeviceInfo, _: &Config) -> Result<Box<dyn Device>, DeviceError> {
        Ok(Box::new(Reference(info.clone())))
    }
}

struct Reference(DeviceInfo);

impl Device for Reference {
    fn info(&self) -> &DeviceInfo {
        &self.0
    }

    fn estimator(&self) -> Estimator {
        // float to integer saturates
        Arc::new(|shape| Some(Duration::from_nanos((products(shape) * 100.0) as u64)))
    }

    fn run(&mut self, chains: Vec<Chain>) -> Result<Vec<Output>, DeviceError> {
        chains.iter().map(run_chain).collect()
    }
}

/// Products that a shape takes here, about 100 ns each.
fn products(shape: &Shape) -> f64 {
    match *shape {
        Shape::Transfer { bytes } => bytes as f64 * 0.01,
        Shape::Pointwise { elements, .. } => 2.0 * elements as f64,
        Shape::Ntt {
            log_n,
            added_bits,
            columns,
            ..
        } => {
            let log_n = f64::from(log_n.saturating_add(added_bits));
            columns as f64 * (log_n + 2.0) * 2.0 * log_n.exp2()
        }
        Shape::Msm {
            group,
            points,
            sums,
            scalar_bits,
            ..
        } => {
            let addition = [15.0, 60.0][group.degree() - 1];
            sums as f64 * f64::from(scalar_bits) * (points as f64 / 2.0 + 1.0) * addition
        }
    }
}

type Slots = BTreeMap<Slot, Values>;

fn run_chain(chain: &Chain) -> Result<Output, DeviceError> {
    let (mut slots, mut out) = (Slots::new(), Output::default());
    for step in &chain.steps {
        let start = Instant::now();
        run_step(step, &mut slots, &mut out)?;
        out.steps.push(start.elapsed());
    }
    Ok(out)
}

fn run_step(step: &Step, slots: &mut Slots, out: &mut Output) -> Result<(), DeviceError> {
    match step {
        Step::Upload { to, values } => {
            slots.insert(*to, values.clone());
        }
        Step::Download { from } => out.values.push(held(slots, *from)?.clone()),
        Step::Ntt { on, ntt } => {
            for slot in on {
                let (field, values) = elements(slots, *slot)?;
                slots.insert(*slot, pack(field, &transform(field, &values, ntt)?)?);
            }
        }
        Step::ScaleByPowers { on, base, order } => {
            for slot in on {
                let (field, mut values) = elements(slots, *slot)?;
                scale(field, &mut values, &field.one, base, *order);
                slots.insert(*slot, pack(field, &values)?);
            }
        }
        Step::Mul { to, a, b } => pointwise(slots, *to, *a, *b, FieldSpec::mul)?,
        Step::Sub { to, a, b } => pointwise(slots, *to, *a, *b, FieldSpec::sub)?,
        Step::Msm { scalars, bases } => out.points.push(sum(held(slots, *scalars)?, bases)?),
    }
    Ok(())
}

fn held(slots: &Slots, slot: Slot) -> Result<&Values, BadJob> {
    slots.get(&slot).ok_or(BadJob::EmptySlot(slot))
}

fn elements(slots: &Slots, slot: Slot) -> Result<(&'static FieldSpec, Vec<Int>), BadJob> {
    let values = held(slots, slot)?;
    let Form::Data(field) = values.form() else {
        let expected = Form::Data(FieldId::Bn254Fr);
        return Err(BadJob::Form {
            what: "operand",
            expected,
            found: values.form(),
        });
    };
    let spec = field.spec();
    // Goldilocks values may come unreduced
    let read = |bytes: &[u8]| match (field, spec.read(bytes)) {
        (FieldId::Goldilocks, a) => int::small(a[0] % spec.modulus[0]),
        (_, a) => a,
    };
    Ok((spec, values.bytes().chunks(spec.bytes).map(read).collect()))
}

fn pack(field: &FieldSpec, values: &[Int]) -> Result<Values, BadJob> {
    let mut bytes = vec![0; values.len() * field.bytes];
    for (value, out) in values.iter().zip(bytes.chunks_mut(field.bytes)) {
        field.write(value, out);
    }
    Values::new(Form::Data(field.id), bytes.into())
}

fn pointwise(
    slots: &mut Slots,
    to: Slot,
    a: Slot,
    b: Slot,
    operation: fn(&FieldSpec, &Int, &Int) -> Int,
) -> Result<(), DeviceError> {
    let ((field, a), (_, b)) = (elements(slots, a)?, elements(slots, b)?);
    let result: Vec<Int> = a
        .iter()
        .zip(&b)
        .map(|(a, b)| operation(field, a, b))
        .collect();
    slots.insert(to, pack(field, &result)?);
    Ok(())
}

/// Every column on its own: to natural order, through the definition's steps, to the order asked for.
fn transform(field: &FieldSpec, values: &[Int], ntt: &Ntt) -> Result<Vec<Int>, BadJob> {
    let (n, rows) = (1usize << ntt.log_n, ntt.output_rows());
    let mut out = vec![int::ZERO; rows * ntt.columns];
    for column in 0..ntt.columns {
        let place = |i: usize, rows: usize| match ntt.layout {
            Layout::Contiguous => column * rows + i,
            Layout::RowMajor => i * ntt.columns + column,
        };
        let mut a: Vec<Int> = (0..n).map(|i| values[place(i, n)]).collect();
        if ntt.input == Order::BitReversed {
            reverse(&mut a);
        }
        let mut y = transform_column(field, a, ntt)?;
        if ntt.output == Order::BitReversed {
            reverse(&mut y);
        }
        for (i, y) in y.into_iter().enumerate() {
            out[place(i, rows)] = y;
        }
    }
    Ok(out)
}

fn transform_column(field: &FieldSpec, mut a: Vec<Int>, ntt: &Ntt) -> Result<Vec<Int>, BadJob> {
    let log_n = ntt.log_n + ntt.added_bits;
    let beyond = BadJob::TwoAdicity {
        field: field.id,
        log_n,
        max: field.two_adicity,
    };
    let root = |log: u32| ntt.root_of_unity(field.id, log).ok_or(beyond.clone());
    let shift = ntt.coset.unwrap_or(field.one);
    let per_n = field.inverse(&field.element(1 << ntt.log_n));
    if ntt.direction == Direction::Inverse || ntt.added_bits > 0 {
        radix_2(field, &mut a, &field.inverse(&root(ntt.log_n)?));
    }
    if ntt.direction == Direction::Inverse {
        scale(
            field,
            &mut a,
            &per_n,
            &field.inverse(&shift),
            Order::Natural,
        );
        return Ok(a);
    }
    let by = if ntt.added_bits > 0 { per_n } else { field.one };
    scale(field, &mut a, &by, &shift, Order::Natural);
    a.resize(ntt.output_rows(), int::ZERO);
    radix_2(field, &mut a, &root(log_n)?);
    Ok(a)
}

fn reverse(a: &mut [Int]) {
    let log_n = a.len().trailing_zeros();
    for i in 0..a.len() {
        let j = naive::bit_reverse(i, log_n);
        if i < j {
            a.swap(i, j);
        }
    }
}

/// a_i times by·base^i.
fn scale(field: &FieldSpec, a: &mut [Int], by: &Int, base: &Int, order: Order) {
    if order == Order::BitReversed {
        reverse(a);
    }
    let mut power = *by;
    for x in a.iter_mut() {
        *x = field.mul(x, &power);
        power = field.mul(&power, base);
    }
    if order == Order::BitReversed {
        reverse(a);
    }
}

/// Cooley and Tukey's transform, natural order in and out, as the textbooks have it.
fn radix_2(field: &FieldSpec, a: &mut [Int], root: &Int) {
    let log_n = a.len().trailing_zeros();
    reverse(a);
    for layer in 1..=log_n {
        let step = (layer..log_n).fold(*root, |w, _| field.mul(&w, &w)); // of order 2^layer
        for block in a.chunks_mut(1 << layer) {
            let (low, high) = block.split_at_mut(1 << (layer - 1));
            let mut w = field.one;
            for (x, y) in low.iter_mut().zip(high) {
                let t = field.mul(y, &w);
                (*x, *y) = (field.add(x, &t), field.sub(x, &t));
                w = field.mul(&w, &step);
            }
        }
    }
}

fn sum(scalars: &Values, bases: &Points) -> Result<Points, DeviceError> {
    let curve = bases.curve();
    let group = NaiveGroup::new(curve, bases.group());
    let size = bases.point_bytes();
    let points: Vec<_> = bases.bytes().chunks(size).map(|p| group.read(p)).collect();
    let integers = integers(scalars, curve.scalar)?;
    let sums = if points.is_empty() {
        1
    } else {
        integers.len() / points.len()
    };
    let mut bytes = vec![0; sums * size];
    for (i, out) in bytes.chunks_mut(size).enumerate() {
        let run = &integers[i * points.len()..(i + 1) * points.len()];
        group.write(&group.msm(&points, run), out);
    }
    Ok(Points::new(curve.id, bases.group(), bytes.into())?)
}

fn integers(scalars: &Values, field: &FieldSpec) -> Result<Vec<Int>, BadJob> {
    let chunks = scalars.bytes().chunks(scalars.form().bytes()).enumerate();
    let read = |(index, bytes): (usize, &[u8])| {
        let value = field.read(bytes);
        match scalars.form() {
            Form::Small => Ok(value),
            _ if !field.is_canonical(&value) => Err(BadJob::Unreduced {
                what: "scalar",
                index,
                field: field.id,
            }),
            Form::Data(_) => Ok(field.from_data(&value)),
            Form::Integer(_) => Ok(value),
        }
    };
    chunks.map(read).collect()
}
