//! Steps over elements one by one.

use crate::machine::{Machine, launch};
use crate::{Program, Tables};
use proofmill_field::{FieldId, Int, Order};

fn groups<M: Machine>(machine: &M, count: usize) -> usize {
    count.div_ceil(machine.properties().threads as usize)
}

/// to = a·b, element by element; `to` may be an operand.
pub fn mul<M: Machine>(
    machine: &mut M,
    field: FieldId,
    to: &M::Buffer,
    [a, b]: [&M::Buffer; 2],
    count: usize,
) -> Result<(), M::Error> {
    let groups = groups(machine, count);
    launch!(machine, Program::Field(field), "pointwise_mul", groups; to, a, b; count)
}

/// to = a − b, element by element; `to` may be an operand.
pub fn sub<M: Machine>(
    machine: &mut M,
    field: FieldId,
    to: &M::Buffer,
    [a, b]: [&M::Buffer; 2],
    count: usize,
) -> Result<(), M::Error> {
    let groups = groups(machine, count);
    launch!(machine, Program::Field(field), "pointwise_sub", groups; to, a, b; count)
}

/// Element i times base^i; in bit-reversed order i is the reversed place of a power of two of them.
pub fn scale_by_powers<M: Machine>(
    machine: &mut M,
    tables: &mut Tables<M::Buffer>,
    field: FieldId,
    on: &M::Buffer,
    base: &Int,
    order: Order,
    count: usize,
) -> Result<(), M::Error> {
    let log_n = count.next_power_of_two().ilog2();
    let bits = match order {
        Order::Natural => 0,
        Order::BitReversed => log_n,
    };
    let powers = tables.powers(machine, field, base, &field.spec().one, log_n)?;
    let groups = groups(machine, count);
    launch!(machine, Program::Field(field), "scale_by_powers", groups;
        on, &powers.low, &powers.high; powers.split, bits, count)
}
