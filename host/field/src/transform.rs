//! What a transform is asked to do.

use crate::{FieldId, Int};

/// Which way a transform goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Direction {
    /// Coefficients to values.
    Forward,
    /// Values to coefficients (divided by n).
    Inverse,
}

/// The order in which a transform's elements lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Order {
    /// Element i at place i.
    Natural,
    /// Element i at the place whose bits are those of i reversed.
    BitReversed,
}

/// How a batch of columns lies in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Layout {
    /// One column after the other.
    Contiguous,
    /// Row i holds element i of every column: Plonky3's shape.
    RowMajor,
}

/// A number-theoretic transform of size n = 2^`log_n` over `columns` columns.
///
/// Forward: y_i = Σ a_j (shift·ω^i)^j. Inverse: the a of which the input is that y. With
/// `added_bits` = k > 0 a low-degree extension: the input is a polynomial's values on the subgroup
/// of order n, the output its values on the coset shift·⟨ω'⟩ of order 2^k·n.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ntt {
    /// log2 of the input's size.
    pub log_n: u32,
    /// Number of columns, at least 1.
    pub columns: usize,
    /// How the columns lie.
    pub layout: Layout,
    /// Which way.
    pub direction: Direction,
    /// Order of the input.
    pub input: Order,
    /// Order of the output.
    pub output: Order,
    /// Shift of the coset on which the values lie, in data form; `None` is 1.
    pub coset: Option<Int>,
    /// log2 of the blow-up of a low-degree extension (direction forward); 0 is a plain transform.
    pub added_bits: u32,
    /// Root of unity of order 2^two_adicity in data form, where it is not the field's own.
    pub root: Option<Int>,
}

impl Ntt {
    /// A forward or inverse transform of one vector, natural order in and out.
    pub fn new(log_n: u32, direction: Direction) -> Self {
        Ntt {
            log_n,
            columns: 1,
            layout: Layout::Contiguous,
            direction,
            input: Order::Natural,
            output: Order::Natural,
            coset: None,
            added_bits: 0,
            root: None,
        }
    }

    /// Elements in one column of the output; `usize::MAX` for what no validation passes.
    pub fn output_rows(&self) -> usize {
        let log_n = self.log_n.saturating_add(self.added_bits);
        1usize.checked_shl(log_n).unwrap_or(usize::MAX)
    }

    /// The primitive root of unity of order 2^`log_n`, in data form.
    pub fn root_of_unity(&self, field: FieldId, log_n: u32) -> Option<Int> {
        let spec = field.spec();
        let Some(mut root) = self.root else {
            return spec.root_of_unity(log_n);
        };
        if !spec.is_canonical(&root) {
            return None;
        }
        for _ in log_n..spec.two_adicity {
            root = spec.mul(&root, &root);
        }
        (log_n <= spec.two_adicity).then_some(root)
    }
}
