//! What a device that runs the kernels is expected to take.

use crate::job::Shape;
use proofmill_field::FieldId;
use proofmill_kernels::Program;
use std::time::Duration;

/// How fast a device is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    /// Products of 32-bit words a second, over the whole device.
    pub(crate) words: f64,
    /// Bytes a second between host and device.
    pub(crate) copy: f64,
    /// Seconds for one launch.
    pub(crate) launch: f64,
}

/// Products of 32-bit words in one product of the field: twice the square of its words, half of them of
/// the reduction, and as much again for what moves them (BN254: 128 words, 216 instructions in its
/// shortest form).
fn words(field: FieldId) -> f64 {
    let words = field.spec().bytes as f64 / 4.0;
    4.0 * words * words
}

impl Rates {
    pub(super) fn estimate(&self, shape: &Shape) -> Duration {
        let seconds = match *shape {
            Shape::Transfer { bytes } => bytes as f64 / self.copy + self.launch,
            Shape::Pointwise { field, elements } => {
                self.products(field, elements as f64) + self.launch
            }
            Shape::Ntt {
                field,
                log_n,
                added_bits,
                columns,
            } => {
                let butterflies = |log: u32| f64::from(log) * f64::from(log).exp2() / 2.0;
                let first = if added_bits > 0 {
                    butterflies(log_n)
                } else {
                    0.0
                };
                let count = first + butterflies(log_n.saturating_add(added_bits));
                self.products(field, count * columns as f64) + 4.0 * self.launch
            }
            Shape::Msm {
                curve,
                group,
                points,
                sums,
                scalar_bits,
            } => {
                // windows of about log2 of the points; ten products an addition
                let c = f64::from((points.max(16)).ilog2()) - 3.0;
                let windows = (f64::from(scalar_bits) / c.max(2.0)).ceil();
                let additions = windows * (points as f64 + 2.8 * c.exp2()) * sums as f64;
                let products = 10.0 * additions * [1.0, 3.0][group.degree() - 1];
                // the last windows are joined by one thread
                self.products(curve.spec().base.id, products) + 30.0 * self.launch
            }
        };
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    fn products(&self, field: FieldId, count: f64) -> f64 {
        count * words(field) / self.words
    }
}

/// The programs that a shape needs.
pub(super) fn programs(shape: &Shape) -> Vec<Program> {
    match *shape {
        Shape::Transfer { .. } => Vec::new(),
        Shape::Pointwise { field, .. } | Shape::Ntt { field, .. } => vec![Program::Field(field)],
        Shape::Msm { curve, group, .. } => vec![
            Program::Field(curve.spec().scalar.id),
            Program::Group(curve, group),
            Program::Sort,
        ],
    }
}

/// Whether the kernels' 32-bit indices and the device's buffers hold it. Sums are cut to fit.
pub(super) fn fits(shape: &Shape, largest_buffer: usize) -> bool {
    let elements = |count: u128, field: FieldId| {
        count < 1 << 31 && count * field.spec().bytes as u128 <= largest_buffer as u128
    };
    match *shape {
        Shape::Transfer { bytes } => bytes <= largest_buffer,
        Shape::Pointwise { field, elements: n } => elements(n as u128, field),
        Shape::Ntt {
            field,
            log_n,
            added_bits,
            columns,
        } => {
            let log_n = log_n.saturating_add(added_bits);
            let rows = 1u128.checked_shl(log_n).filter(|_| log_n < 31);
            rows.is_some_and(|rows| elements(rows * columns as u128, field))
        }
        // scalars and recoded scalars; one sum's buckets are small
        Shape::Msm {
            curve,
            points,
            sums,
            ..
        } => elements(points as u128 * sums as u128, curve.spec().scalar.id),
    }
}
