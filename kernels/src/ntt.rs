//! Transforms as passes of the kernel `ntt_pass` (`cl/ntt.cl`).

use crate::machine::{Machine, launch};
use crate::{Program, Tables};
use proofmill_field::{Direction, FieldId, FieldSpec, Int, Layout, Ntt, Order};

const ROW_MAJOR: u32 = 1;
const REVERSED_INPUT: u32 = 2;
const NATURAL_OUTPUT: u32 = 4;
const SCALED_INPUT: u32 = 8;
const SCALED_OUTPUT: u32 = 16;

/// Bytes that lie side by side where a tile is narrowest.
const RUN_BYTES: usize = 128;

/// The power of order 2^log_n of a root of order 2^two_adicity.
pub(crate) fn root_of_order(spec: &FieldSpec, full: &Int, log_n: u32) -> Int {
    (log_n..spec.two_adicity).fold(*full, |root, _| spec.mul(&root, &root))
}

/// Factors of a transform's input or output: element i times scale·base^i.
struct Scaling {
    base: Int,
    scale: Int,
}

/// One plain transform: from natural or reversed order to natural or reversed order.
struct Plain {
    log_n: u32,
    /// log2 of a column's length in the source, beyond which it is zero.
    log_from: u32,
    root: Int,
    input: Order,
    output: Order,
    before: Option<Scaling>,
    after: Option<Scaling>,
}

/// A batch of columns on a machine.
struct Batch<'a, M: Machine> {
    machine: &'a mut M,
    tables: &'a mut Tables<M::Buffer>,
    field: FieldId,
    columns: usize,
    layout: Layout,
}

/// Runs the transform on the values of a buffer and returns that of the result, which may be the same.
/// Sizes below 2^31 elements.
pub fn run<M: Machine>(
    machine: &mut M,
    tables: &mut Tables<M::Buffer>,
    field: FieldId,
    values: M::Buffer,
    ntt: &Ntt,
) -> Result<M::Buffer, M::Error> {
    let spec = field.spec();
    let mut batch = Batch {
        machine,
        tables,
        field,
        columns: ntt.columns,
        layout: ntt.layout,
    };
    let root = ntt.root.unwrap_or(spec.root);
    let shift = ntt.coset;
    let shifted = |base: Int| Scaling {
        base,
        scale: spec.one,
    };
    let inverse = |output, shift: Option<Int>| Plain {
        log_n: ntt.log_n,
        log_from: ntt.log_n,
        root: spec.inverse(&root),
        input: ntt.input,
        output,
        before: None,
        after: Some(Scaling {
            base: shift.map_or(spec.one, |shift| spec.inverse(&shift)),
            scale: spec.inverse(&spec.element(1 << ntt.log_n)),
        }),
    };
    let forward = |log_n: u32, input| Plain {
        log_n,
        log_from: ntt.log_n,
        root,
        input,
        output: ntt.output,
        before: shift.map(shifted),
        after: None,
    };
    match (ntt.direction, ntt.added_bits) {
        (Direction::Inverse, _) => batch.transform(values, &inverse(ntt.output, shift)),
        (Direction::Forward, 0) => batch.transform(values, &forward(ntt.log_n, ntt.input)),
        (Direction::Forward, added) => {
            let coefficients = batch.transform(values, &inverse(Order::Natural, None))?;
            batch.transform(coefficients, &forward(ntt.log_n + added, Order::Natural))
        }
    }
}

/// log2 of the rows of each pass of a transform of 2^log_n rows.
fn passes(log_n: u32, log_tile: u32, element_bytes: usize) -> Vec<u32> {
    let log_run = (RUN_BYTES / element_bytes).max(1).ilog2();
    if log_n <= log_tile {
        return vec![log_n];
    }
    let most = log_tile.saturating_sub(log_run).max(1);
    let count = log_n.div_ceil(most);
    (0..count).map(|i| (log_n + i) / count).collect()
}

impl<M: Machine> Batch<'_, M> {
    fn transform(&mut self, values: M::Buffer, plain: &Plain) -> Result<M::Buffer, M::Error> {
        let spec = self.field.spec();
        let log_tile = self.machine.properties().log_tile(spec.bytes);
        let passes = passes(plain.log_n, log_tile, spec.bytes);
        let twiddles = self
            .tables
            .twiddles(self.machine, self.field, &plain.root, plain.log_n)?;
        let (mut from, mut above, last) = (values, 0, passes.len() - 1);
        for (i, &rows) in passes.iter().enumerate() {
            let mut flags = 0;
            let mut scaling = None;
            if self.layout == Layout::RowMajor {
                flags |= ROW_MAJOR;
            }
            if i == 0 && plain.input == Order::BitReversed {
                flags |= REVERSED_INPUT;
            }
            if i == last && plain.output == Order::Natural {
                flags |= NATURAL_OUTPUT;
            }
            if i == 0 && plain.before.is_some() {
                flags |= SCALED_INPUT;
                scaling = plain.before.as_ref();
            }
            if i == last && plain.after.is_some() {
                flags |= SCALED_OUTPUT;
                scaling = plain.after.as_ref();
            }
            let unit = Scaling {
                base: spec.one,
                scale: spec.one,
            };
            let Scaling { base, scale } = scaling.unwrap_or(&unit);
            // without a scaling the two tables are named and not read
            let log_powers = if scaling.is_some() { plain.log_n } else { 0 };
            let powers = self
                .tables
                .powers(self.machine, self.field, base, scale, log_powers)?;
            let log_from = if i == 0 { plain.log_from } else { plain.log_n };
            // a tile is written where it was read, unless the order changes or the column grows
            let moves = flags & (REVERSED_INPUT | NATURAL_OUTPUT) != 0 || log_from != plain.log_n;
            let bytes = (self.columns * spec.bytes) << plain.log_n;
            let to = moves.then(|| self.machine.alloc(bytes)).transpose()?;
            let lanes = self.columns << (plain.log_n - rows);
            let groups = lanes.div_ceil(1 << (log_tile - rows));
            launch!(self.machine, Program::Field(self.field), "ntt_pass", groups;
                &from, to.as_ref().unwrap_or(&from), &twiddles.words, &powers.low, &powers.high;
                powers.split, plain.log_n, above, rows, self.columns, log_from, twiddles.log, flags)?;
            from = to.unwrap_or(from);
            above += rows;
        }
        Ok(from)
    }
}
