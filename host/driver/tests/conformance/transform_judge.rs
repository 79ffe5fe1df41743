//! Whether an output is the transform of an input, by the definition.
//!
//! Small transforms are compared with the definition in every position. Large ones are folded into
//! one column with random weights and compared at a random point (which sees every position; it
//! overlooks an error with probability below n/p, and the seeds are fixed) and, by Horner's rule, in
//! two positions of the definition itself.

use proofmill::{Direction, Layout, Ntt, Order, Random};
use proofmill_field::{FieldId, FieldSpec, Int, int, naive};

/// Elements times rows up to which every position is compared with the definition.
const WHOLE: usize = 1 << 16;

/// Both sides of a transform, in data form and reduced.
pub(crate) struct Case<'a> {
    pub(crate) field: FieldId,
    pub(crate) ntt: &'a Ntt,
    pub(crate) input: &'a [Int],
    pub(crate) output: &'a [Int],
}

impl Case<'_> {
    pub(crate) fn judge(&self, random: &mut Random) -> Result<(), String> {
        let (spec, ntt) = (self.field.spec(), self.ntt);
        let rows = ntt.output_rows();
        let (expected, found) = (rows * ntt.columns, self.output.len());
        if expected != found {
            return Err(format!("{expected} values expected, {found} found"));
        }
        if let Some(i) = self.output.iter().position(|a| !spec.is_canonical(a)) {
            return Err(format!("value {i} is not reduced"));
        }
        let input: Vec<_> = (0..ntt.columns).map(|c| self.input_column(c)).collect();
        let output: Vec<_> = (0..ntt.columns).map(|c| self.output_column(c)).collect();
        if rows * rows * ntt.columns <= WHOLE {
            let columns = input.iter().zip(&output).enumerate();
            return columns
                .into_iter()
                .try_for_each(|(c, (x, y))| self.whole(c, x, y));
        }
        let weights: Vec<Int> = input.iter().map(|_| random.element(self.field)).collect();
        self.sampled(
            &fold(spec, &input, &weights),
            &fold(spec, &output, &weights),
            random,
        )
    }

    fn input_column(&self, column: usize) -> Vec<Int> {
        let rows = 1 << self.ntt.log_n;
        self.column(self.input, column, rows, self.ntt.input)
    }

    fn output_column(&self, column: usize) -> Vec<Int> {
        let rows = self.ntt.output_rows();
        self.column(self.output, column, rows, self.ntt.output)
    }

    /// A column in natural order.
    fn column(&self, values: &[Int], column: usize, rows: usize, order: Order) -> Vec<Int> {
        let place = |i: usize| match order {
            Order::Natural => i,
            Order::BitReversed => naive::bit_reverse(i, rows.trailing_zeros()),
        };
        let index = |i: usize| match self.ntt.layout {
            Layout::Contiguous => column * rows + place(i),
            Layout::RowMajor => place(i) * self.ntt.columns + column,
        };
        (0..rows).map(|i| values[index(i)]).collect()
    }

    fn root(&self, log_n: u32) -> Int {
        self.ntt.root_of_unity(self.field, log_n).unwrap()
    }

    fn shift(&self) -> Int {
        self.ntt.coset.unwrap_or(self.field.spec().one)
    }

    /// Every position of one column.
    fn whole(&self, column: usize, input: &[Int], output: &[Int]) -> Result<(), String> {
        let (spec, ntt) = (self.field.spec(), self.ntt);
        let values = |a: &[Int], log: u32, shift: &Int| {
            naive::transform(spec, a, &self.root(log), shift, 1 << log)
        };
        let (left, right) = match ntt.direction {
            Direction::Inverse => (values(output, ntt.log_n, &self.shift()), input.to_vec()),
            Direction::Forward if ntt.added_bits == 0 => {
                (values(input, ntt.log_n, &self.shift()), output.to_vec())
            }
            Direction::Forward => {
                let a = coefficients(spec, input, &self.root(ntt.log_n));
                let again = values(&a, ntt.log_n, &spec.one);
                assert_eq!(again, input, "the judge's own inverse");
                let log = ntt.log_n + ntt.added_bits;
                (values(&a, log, &self.shift()), output.to_vec())
            }
        };
        match left.iter().zip(&right).position(|(x, y)| x != y) {
            Some(i) => Err(format!(
                "column {column} differs from the definition at {i}"
            )),
            None => Ok(()),
        }
    }

    /// One folded column: at a random point and in two positions.
    fn sampled(&self, input: &[Int], output: &[Int], random: &mut Random) -> Result<(), String> {
        let (spec, ntt, shift) = (self.field.spec(), self.ntt, self.shift());
        let log_rows = ntt.log_n + ntt.added_bits;
        let outside = |z: &Int, g: &Int| {
            let z = spec.mul(z, &spec.inverse(g));
            (0..log_rows).fold(z, |z, _| spec.mul(&z, &z)) != spec.one
        };
        let z = loop {
            let z = random.element(self.field);
            if outside(&z, &shift) && outside(&z, &spec.one) {
                break z;
            }
        };
        let positions = [output.len() - 1, random.word() as usize % output.len()];
        let point = |i: usize| {
            let power = spec.pow(&self.root(log_rows), &int::small(i as u64));
            spec.mul(&shift, &power)
        };
        let at = |a: &[Int], x: &Int| naive::evaluate(spec, a, x);
        let on = |y: &[Int], g: &Int, x: &Int| {
            let log = y.len().trailing_zeros();
            interpolate(spec, y, &self.root(log), g, x)
        };
        let (a, y) = match ntt.direction {
            Direction::Forward => (input, output),
            Direction::Inverse => (output, input),
        };
        let extends = ntt.added_bits > 0;
        let left = if extends {
            on(a, &spec.one, &z)
        } else {
            at(a, &z)
        };
        if left != on(y, &shift, &z) {
            return Err("differs at a random point".into());
        }
        for i in positions {
            let x = point(i);
            let expected = match (extends, ntt.coset) {
                (false, _) => at(a, &x),
                (true, None) if i.trailing_zeros() >= ntt.added_bits => a[i >> ntt.added_bits],
                (true, _) => on(a, &spec.one, &x),
            };
            if expected != y[i] {
                return Err(format!("differs from the definition at {i}"));
            }
        }
        Ok(())
    }
}

/// a_j = 1/n · Σ y_i ω^(−ij).
fn coefficients(spec: &FieldSpec, values: &[Int], root: &Int) -> Vec<Int> {
    let per_n = spec.inverse(&spec.element(values.len() as u64));
    let inverse = spec.inverse(root);
    let sums = naive::transform(spec, values, &inverse, &spec.one, values.len());
    sums.iter().map(|a| spec.mul(a, &per_n)).collect()
}

/// The polynomial with the values y on g·⟨root⟩, at x outside of it:
/// ((x/g)^n − 1)/n · Σ y_i ω^i / (x/g − ω^i).
fn interpolate(spec: &FieldSpec, y: &[Int], root: &Int, g: &Int, x: &Int) -> Int {
    let x = spec.mul(x, &spec.inverse(g));
    // Σ y_i ω^i / (x − ω^i) as one fraction: no inversion for each term
    let (mut numerator, mut denominator, mut power) = (int::ZERO, spec.one, spec.one);
    for y in y {
        let d = spec.sub(&x, &power);
        let term = spec.mul(&spec.mul(y, &power), &denominator);
        numerator = spec.add(&spec.mul(&numerator, &d), &term);
        denominator = spec.mul(&denominator, &d);
        power = spec.mul(&power, root);
    }
    // Π (x − ω^i) = x^n − 1, which cancels the factor in front
    let log_n = y.len().trailing_zeros();
    let vanishing = spec.sub(&(0..log_n).fold(x, |x, _| spec.mul(&x, &x)), &spec.one);
    assert_eq!(denominator, vanishing, "the root has another order");
    spec.mul(&numerator, &spec.inverse(&spec.element(y.len() as u64)))
}

fn fold(spec: &FieldSpec, columns: &[Vec<Int>], weights: &[Int]) -> Vec<Int> {
    let rows = columns[0].len();
    let row = |i: usize| {
        let terms = columns.iter().zip(weights).map(|(c, w)| spec.mul(&c[i], w));
        terms.fold(int::ZERO, |sum, t| spec.add(&sum, &t))
    };
    (0..rows).map(row).collect()
}
