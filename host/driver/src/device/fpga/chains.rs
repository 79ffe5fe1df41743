//! Chains on a card: their transforms run in common batches, step by step.

use super::card::Card;
use super::order::Places;
use super::split::{self, Vector};
use crate::device::Output;
use crate::error::{BadJob, DeviceError};
use crate::job::{Chain, Direction, Form, Ntt, Slot, Step, Values};
use bytes::Bytes;
use proofmill_field::FieldId;
use std::collections::BTreeMap;
use std::time::Instant;

type Slots = BTreeMap<Slot, Values>;

/// A transform of what lies in one slot of a chain.
struct Transform<'a> {
    slot: Slot,
    ntt: &'a Ntt,
    values: Values,
}

/// Runs chains of uploads, transforms over the card's field, and downloads.
pub(super) fn run(card: &mut Card, chains: &[Chain]) -> Result<Vec<Output>, DeviceError> {
    let mut slots: Vec<Slots> = chains.iter().map(|_| Slots::new()).collect();
    let mut out: Vec<Output> = chains.iter().map(|_| Output::default()).collect();
    let longest = chains.iter().map(|chain| chain.steps.len()).max();
    for place in 0..longest.unwrap_or(0) {
        let (start, before) = (Instant::now(), card.transfer);
        let (mut transforms, mut at_work) = (Vec::new(), Vec::new());
        for (chain, Chain { steps, .. }) in chains.iter().enumerate() {
            if let Some(step) = steps.get(place) {
                at_work.push(chain);
                let more = begin(step, &mut slots[chain], &mut out[chain])?;
                transforms.extend(more.into_iter().map(|transform| (chain, transform)));
            }
        }
        let (owners, transforms): (Vec<usize>, Vec<_>) = transforms.into_iter().unzip();
        let done = transform(card, &transforms)?;
        for ((chain, transform), values) in owners.into_iter().zip(&transforms).zip(done) {
            slots[chain].insert(transform.slot, values);
        }
        // a batch is nobody's in particular
        let sharers = at_work.len().max(1) as u32;
        for chain in at_work {
            out[chain].steps.push(start.elapsed() / sharers);
            *out[chain].transfer.get_or_insert_default() += (card.transfer - before) / sharers;
        }
    }
    Ok(out)
}

/// Does a step, but for its transforms, which it returns.
fn begin<'a>(
    step: &'a Step,
    slots: &mut Slots,
    out: &mut Output,
) -> Result<Vec<Transform<'a>>, DeviceError> {
    match step {
        Step::Upload { to, values } => drop(slots.insert(*to, values.clone())),
        Step::Download { from } => out.values.push(look(slots, *from)?),
        Step::Ntt { on, ntt } => {
            let transform = |slot: &Slot| {
                let (slot, values) = (*slot, look(slots, *slot)?);
                Ok(Transform { slot, ntt, values })
            };
            return on.iter().map(transform).collect();
        }
        _ => {
            return Err(DeviceError::Unsupported(
                "steps other than transforms".into(),
            ));
        }
    }
    Ok(Vec::new())
}

fn look(slots: &Slots, slot: Slot) -> Result<Values, DeviceError> {
    Ok(slots.get(&slot).cloned().ok_or(BadJob::EmptySlot(slot))?)
}

/// What the transforms make of their values.
fn transform(card: &mut Card, transforms: &[Transform<'_>]) -> Result<Vec<Values>, DeviceError> {
    let field = card.identity().field;
    let form = Form::Data(field);
    if let Some(other) = transforms.iter().find(|t| t.values.form() != form) {
        return Err(DeviceError::Unsupported(other.values.form().to_string()));
    }
    // an extension: an inverse transform, zeros behind the coefficients, and a transform of all that
    let extensions = transforms.iter().filter(|t| t.ntt.added_bits > 0);
    let inner = extensions.flat_map(|t| t.interpolations(field)).collect();
    let mut coefficients = split::run(card, inner)?.into_iter();
    let outer = transforms.iter().flat_map(|t| match t.ntt.added_bits {
        0 => t.evaluations(field, t.columns(field)),
        _ => t.evaluations(field, coefficients.by_ref().take(t.ntt.columns).collect()),
    });
    let outer = outer.collect();
    let mut done = split::run(card, outer)?.into_iter();
    let scatter = |t: &Transform<'_>| {
        let columns: Vec<_> = done.by_ref().take(t.ntt.columns).collect();
        let values = Places::of_output(field, t.ntt).scatter(&columns);
        Ok(Values::new(form, Bytes::from(values))?)
    };
    transforms.iter().map(scatter).collect()
}

impl Transform<'_> {
    /// The input's columns in natural order.
    fn columns(&self, field: FieldId) -> Vec<Vec<u8>> {
        Places::of_input(field, self.ntt).gather(self.values.bytes())
    }

    /// An extension's first part.
    fn interpolations(&self, field: FieldId) -> Vec<Vector> {
        let vector = |values| Vector {
            log_n: self.ntt.log_n,
            direction: Direction::Inverse,
            shift: field.spec().one,
            values,
        };
        self.columns(field).into_iter().map(vector).collect()
    }

    /// The transform itself, of columns that may be shorter than it.
    fn evaluations(&self, field: FieldId, columns: Vec<Vec<u8>>) -> Vec<Vector> {
        let log_n = self.ntt.log_n + self.ntt.added_bits;
        let vector = |mut values: Vec<u8>| {
            values.resize(field.spec().bytes << log_n, 0);
            Vector {
                log_n,
                direction: self.ntt.direction,
                shift: self.ntt.coset.unwrap_or(field.spec().one),
                values,
            }
        };
        columns.into_iter().map(vector).collect()
    }
}
