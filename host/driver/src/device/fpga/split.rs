//! Transforms of any size out of those that a card does.
//!
//! A transform of N1·N2 values is N2 transforms of N1 values (the columns of the values as a matrix of N1 rows), a
//! product of element k of column c by ω^(c·k), and N1 transforms of N2 values, the k-th of which holds outputs
//! k, k + N1, … (Bailey, "FFTs in external or hierarchical memory", 1989: the four-step method). The card does the
//! transforms, the host the products and what a card may lack: powers of a shift, the inverse direction.

use super::card::{Card, Task};
use crate::error::DeviceError;
use proofmill_cpu::{Direction, Order, ntt, pointwise};
use proofmill_field::{FieldId, FieldSpec, Int, int};
use proofmill_wire::Capabilities;

/// A transform of one vector, natural order in and out.
pub(super) struct Vector {
    pub(super) log_n: u32,
    pub(super) direction: Direction,
    /// Of the coset, in data form; 1 for none.
    pub(super) shift: Int,
    /// Elements in data form.
    pub(super) values: Vec<u8>,
}

/// log2 of the two sizes that a transform is split into, the first of which fits the card; `None` if it fits as it
/// is, or is no work.
pub(super) fn parts(log_n: u32, can: &Capabilities) -> Option<(u32, u32)> {
    let first = log_n.div_ceil(rounds(log_n, can));
    (first < log_n).then_some((first, log_n - first))
}

/// Transforms that each value goes through.
fn rounds(log_n: u32, can: &Capabilities) -> u32 {
    log_n.div_ceil(can.max_log_n.into()).max(1)
}

/// Whether the card and the host together can do this size.
pub(super) fn fits(log_n: u32, can: &Capabilities) -> bool {
    log_n == 0 || log_n / rounds(log_n, can) >= can.min_log_n.into()
}

/// Runs transforms of sizes that fit; answers in the order of the vectors.
pub(super) fn run(card: &mut Card, vectors: Vec<Vector>) -> Result<Vec<Vec<u8>>, DeviceError> {
    let (field, can) = (card.identity().field, card.identity().can);
    let (mut whole, mut cut, mut done) = (Vec::new(), Vec::new(), Vec::new());
    let mut rests = Vec::new();
    for (place, mut vector) in vectors.into_iter().enumerate() {
        rests.push(Rest::of(&mut vector, field, &can));
        match parts(vector.log_n, &can) {
            _ if vector.log_n == 0 => done.push((place, vector.values)),
            None => whole.push((place, vector.into_task(field.spec()))),
            Some((first, second)) => cut.push((
                place,
                Cut {
                    vector,
                    first,
                    second,
                },
            )),
        }
    }
    let (places, whole): (Vec<usize>, Vec<_>) = whole.into_iter().unzip();
    done.extend(places.into_iter().zip(card.run(whole)?));
    let (places, cut): (Vec<usize>, Vec<_>) = cut.into_iter().unzip();
    done.extend(places.into_iter().zip(split(card, &cut)?));
    done.sort_unstable_by_key(|(place, _)| *place);
    let finish = |((_, mut values), rest): ((usize, Vec<u8>), Rest)| {
        rest.finish(field, &mut values);
        values
    };
    Ok(done.into_iter().zip(rests).map(finish).collect())
}

impl Vector {
    fn into_task(self, spec: &FieldSpec) -> Task {
        let base = match self.direction {
            Direction::Forward => self.shift,
            Direction::Inverse => spec.inverse(&self.shift),
        };
        Task {
            log_n: self.log_n,
            direction: self.direction,
            scale: base[0],
            values: self.values,
        }
    }
}

/// What the host has to do when the card has done its part.
struct Rest {
    size: usize,
    /// Powers to scale by.
    base: Option<Int>,
    /// An inverse transform was done as a forward one: output i is N times element −i.
    turned: bool,
}

impl Rest {
    /// Does what comes before, and takes from the vector what the card need not know.
    fn of(vector: &mut Vector, field: FieldId, can: &Capabilities) -> Self {
        let spec = field.spec();
        let mut rest = Rest {
            size: spec.bytes,
            base: None,
            turned: vector.direction == Direction::Inverse && !can.inverse,
        };
        let whole = parts(vector.log_n, can).is_none() && can.coset && !rest.turned;
        if vector.shift != spec.one && !whole {
            let shift = std::mem::replace(&mut vector.shift, spec.one);
            match vector.direction {
                Direction::Forward => ntt::scale(field, &mut vector.values, &shift, Order::Natural),
                Direction::Inverse => rest.base = Some(spec.inverse(&shift)),
            }
        }
        if rest.turned {
            vector.direction = Direction::Forward;
        }
        rest
    }

    fn finish(&self, field: FieldId, values: &mut [u8]) {
        let n = values.len() / self.size;
        if self.turned && n > 1 {
            let (spec, mut each) = (field.spec(), vec![0; self.size]);
            // element 0 stays
            reverse(&mut values[self.size..], self.size);
            spec.write(&spec.inverse(&spec.element(n as u64)), &mut each);
            pointwise::mul(field, values, &each.repeat(n));
        }
        if let Some(base) = &self.base {
            ntt::scale(field, values, base, Order::Natural);
        }
    }
}

/// Elements in reverse order.
fn reverse(values: &mut [u8], size: usize) {
    values.reverse();
    values.chunks_exact_mut(size).for_each(<[u8]>::reverse);
}

/// A transform larger than the card, of 2^`first` · 2^`second` values.
struct Cut {
    vector: Vector,
    first: u32,
    second: u32,
}

/// All parts of several transforms in common batches.
fn split(card: &mut Card, cuts: &[Cut]) -> Result<Vec<Vec<u8>>, DeviceError> {
    if cuts.is_empty() {
        return Ok(Vec::new());
    }
    let field = card.identity().field;
    let columns = cuts.iter().flat_map(|cut| cut.columns(field)).collect();
    let mut columns = run(card, columns)?.into_iter();
    let rows = cuts.iter().flat_map(|cut| cut.rows(field, &mut columns));
    let rows = rows.collect();
    let mut rows = run(card, rows)?.into_iter();
    Ok(cuts.iter().map(|cut| cut.join(field, &mut rows)).collect())
}

impl Cut {
    fn columns(&self, field: FieldId) -> Vec<Vector> {
        let matrix = transpose(&self.vector.values, field.spec().bytes, 1 << self.second);
        self.parts(field, self.first, &matrix)
    }

    /// The rows of the columns' transforms after the products.
    fn rows(&self, field: FieldId, columns: &mut impl Iterator<Item = Vec<u8>>) -> Vec<Vector> {
        let (spec, root) = (field.spec(), self.root(field));
        let mut matrix = Vec::with_capacity(self.vector.values.len());
        let mut power = spec.one;
        for mut column in columns.take(1 << self.second) {
            ntt::scale(field, &mut column, &power, Order::Natural);
            power = spec.mul(&power, &root);
            matrix.extend(column);
        }
        let matrix = transpose(&matrix, spec.bytes, 1 << self.first);
        self.parts(field, self.second, &matrix)
    }

    fn join(&self, field: FieldId, rows: &mut impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
        let matrix: Vec<u8> = rows.take(1 << self.first).flatten().collect();
        transpose(&matrix, field.spec().bytes, 1 << self.second)
    }

    /// Vectors of 2^`log_n` elements that lie one after the other.
    fn parts(&self, field: FieldId, log_n: u32, values: &[u8]) -> Vec<Vector> {
        let part = |values: &[u8]| Vector {
            log_n,
            direction: self.vector.direction,
            shift: field.spec().one,
            values: values.to_vec(),
        };
        values
            .chunks(field.spec().bytes << log_n)
            .map(part)
            .collect()
    }

    /// Whose powers the products are: of order 2^`log_n`, the inverse for an inverse transform.
    fn root(&self, field: FieldId) -> Int {
        let spec = field.spec();
        let root = spec.root_of_unity(self.vector.log_n).unwrap_or(int::ZERO);
        match self.vector.direction {
            Direction::Forward => root,
            Direction::Inverse => spec.inverse(&root),
        }
    }
}

/// The columns of a row-major matrix of so many columns, one after the other.
fn transpose(values: &[u8], size: usize, columns: usize) -> Vec<u8> {
    let row = columns * size;
    let mut out = Vec::with_capacity(values.len());
    for column in (0..row).step_by(size) {
        for row in values.chunks_exact(row) {
            out.extend_from_slice(&row[column..column + size]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(min_log_n: u8, max_log_n: u8) -> Capabilities {
        Capabilities {
            field: 4,
            min_log_n,
            max_log_n,
            log_butterflies: 0,
            buffers: 2,
            coset: true,
            inverse: true,
            reversed_input: false,
            reversed_output: false,
            streaming: false,
        }
    }

    #[test]
    fn sizes_are_cut_into_parts_that_fit() {
        for (card, log_n, expected) in [
            (card(1, 12), 12, None),
            (card(1, 12), 13, Some((7, 6))),
            (card(1, 12), 24, Some((12, 12))),
            (card(1, 12), 25, Some((9, 16))),
            (card(12, 12), 24, Some((12, 12))),
            (card(1, 1), 3, Some((1, 2))),
        ] {
            assert_eq!(parts(log_n, &card), expected, "{log_n}");
        }
        for log_n in 0..33 {
            assert!(fits(log_n, &card(1, 5)));
            assert_eq!(fits(log_n, &card(12, 12)), log_n % 12 == 0, "{log_n}");
            // what fits is cut into what fits
            let card = card(3, 5);
            let mut rest = log_n;
            while let (true, Some((first, second))) = (fits(rest, &card), parts(rest, &card)) {
                assert!((3..=5).contains(&first) && fits(second, &card));
                rest = second;
            }
        }
    }

    #[test]
    fn matrices_are_transposed() {
        assert_eq!(transpose(&[1, 2, 3, 4, 5, 6], 1, 3), [1, 4, 2, 5, 3, 6]);
        assert_eq!(
            transpose(&[1, 2, 3, 4, 5, 6, 7, 8], 2, 2),
            [1, 2, 5, 6, 3, 4, 7, 8]
        );
    }
}
