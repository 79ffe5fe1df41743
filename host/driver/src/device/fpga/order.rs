//! Between a job's memory and vectors in natural order: columns, bit-reversed order, roots of unity other than the
//! field's own.

use proofmill_field::naive::bit_reverse;
use proofmill_field::{Direction, FieldId, Layout, Ntt, Order, int};

/// Where the elements of a job's columns lie.
pub(super) struct Places {
    /// Bytes of an element.
    size: usize,
    log_n: u32,
    columns: usize,
    layout: Layout,
    order: Order,
    /// The job's root of unity is this power of the field's: its value i is the field's value `exponent`·i.
    exponent: usize,
}

impl Places {
    pub(super) fn of_input(field: FieldId, ntt: &Ntt) -> Self {
        let values = ntt.direction == Direction::Inverse || ntt.added_bits > 0;
        Places::new(field, ntt, ntt.log_n, ntt.input, values)
    }

    pub(super) fn of_output(field: FieldId, ntt: &Ntt) -> Self {
        let values = ntt.direction == Direction::Forward;
        Places::new(field, ntt, ntt.log_n + ntt.added_bits, ntt.output, values)
    }

    /// `values`: these are values at the powers of the root rather than coefficients.
    fn new(field: FieldId, ntt: &Ntt, log_n: u32, order: Order, values: bool) -> Self {
        Places {
            size: field.spec().bytes,
            log_n,
            columns: ntt.columns,
            layout: ntt.layout,
            order,
            exponent: if values {
                exponent(field, ntt, log_n)
            } else {
                1
            },
        }
    }

    /// The columns as vectors in natural order.
    pub(super) fn gather(&self, values: &[u8]) -> Vec<Vec<u8>> {
        let column = |column| {
            let mut out = vec![0; self.size << self.log_n];
            for row in 0..1 << self.log_n {
                let (from, to) = (self.byte(row, column), self.size * self.index(row));
                out[to..to + self.size].copy_from_slice(&values[from..from + self.size]);
            }
            out
        };
        (0..self.columns).map(column).collect()
    }

    /// The reverse of [`Places::gather`].
    pub(super) fn scatter(&self, columns: &[Vec<u8>]) -> Vec<u8> {
        let mut out = vec![0; (self.size << self.log_n) * self.columns];
        for (column, values) in columns.iter().enumerate() {
            for row in 0..1 << self.log_n {
                let (to, from) = (self.byte(row, column), self.size * self.index(row));
                out[to..to + self.size].copy_from_slice(&values[from..from + self.size]);
            }
        }
        out
    }

    /// Where the element in this row of memory stands in natural order, by the field's own root.
    fn index(&self, row: usize) -> usize {
        let index = match self.order {
            Order::Natural => row,
            Order::BitReversed => bit_reverse(row, self.log_n),
        };
        index.wrapping_mul(self.exponent) & ((1 << self.log_n) - 1)
    }

    fn byte(&self, row: usize, column: usize) -> usize {
        self.size
            * match self.layout {
                Layout::Contiguous => (column << self.log_n) + row,
                Layout::RowMajor => row * self.columns + column,
            }
    }
}

/// The e < 2^`log_n` for which the job's root of that order is the field's to the power of e, bit by bit
/// (Pohlig and Hellman).
fn exponent(field: FieldId, ntt: &Ntt, log_n: u32) -> usize {
    let spec = field.spec();
    let roots = (ntt.root_of_unity(field, log_n), spec.root_of_unity(log_n));
    let (Some(mut theirs), Some(ours), Some(_)) = (roots.0, roots.1, ntt.root) else {
        return 1;
    };
    // from here on, theirs = ours^(e − found), which is a power of 2^bit
    let (mut found, mut power) = (0, spec.inverse(&ours)); // ours^(−2^bit)
    for bit in 0..log_n {
        let order = spec.pow(&theirs, &int::small(1 << (log_n - 1 - bit)));
        if order != spec.one {
            found |= 1 << bit;
            theirs = spec.mul(&theirs, &power);
        }
        power = spec.mul(&power, &power);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_root_is_a_power_of_the_fields() {
        for field in [FieldId::Goldilocks, FieldId::BabyBear, FieldId::KoalaBear] {
            let spec = field.spec();
            for e in [1usize, 3, 5, 0xff_ffff] {
                let root = Some(spec.pow(&spec.root, &int::small(e as u64)));
                for log_n in [0, 1, 2, 5, spec.two_adicity] {
                    let ntt = Ntt {
                        root,
                        ..Ntt::new(log_n, Direction::Forward)
                    };
                    let modulus = (1u64 << log_n) as usize;
                    assert_eq!(
                        exponent(field, &ntt, log_n),
                        e % modulus,
                        "{field} {e} 2^{log_n}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_gathered_is_scattered_where_it_was() {
        let field = FieldId::BabyBear;
        let values: Vec<u8> = (0..4 * 3 * 8).collect();
        for layout in [Layout::Contiguous, Layout::RowMajor] {
            for input in [Order::Natural, Order::BitReversed] {
                let root = Some(field.spec().pow(&field.spec().root, &int::small(3)));
                let ntt = Ntt {
                    layout,
                    input,
                    output: input,
                    columns: 3,
                    root,
                    ..Ntt::new(3, Direction::Forward)
                };
                let columns = Places::of_output(field, &ntt).gather(&values);
                assert_eq!(columns.len(), 3);
                assert_eq!(Places::of_output(field, &ntt).scatter(&columns), values);
                let first = 4 * if layout == Layout::Contiguous { 1 } else { 3 };
                let second = if input == Order::Natural {
                    3
                } else {
                    3 * 4 % 8
                };
                assert_eq!(columns[0][4 * second], values[first]);
            }
        }
    }
}
