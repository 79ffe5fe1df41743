//! Tables of twiddles, which grow and are kept.

use super::{in_chunks, tile};
use crate::arith::Field;
use proofmill_field::Int;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Tables kept: two directions of each field, and a few foreign roots.
const MAX_TABLES: usize = 32;

/// Bytes of the largest table that is kept.
const MAX_BYTES: usize = 1 << 28;

/// Twiddles of one root.
pub(super) struct Twiddles<F> {
    /// ω^{rev(j)} for j < n/2, of the root of order 2^two_adicity or its inverse.
    pub(super) powers: Vec<F>,
    /// The same in the order of the last four layers; empty for the large fields.
    pub(super) tiles: Vec<tile::Twiddles<F>>,
}

pub(super) type Table<F> = Arc<Twiddles<F>>;

/// Tables by field and root; a value is a `Table` of that field.
type Tables = HashMap<(TypeId, Int), Box<dyn Any + Send>>;

/// Twiddle tables made so far; each grows to the largest size asked for.
static TABLES: LazyLock<Mutex<Tables>> = LazyLock::new(Default::default);

/// The table for transforms of size 2^log_n with the given root of order 2^two_adicity.
pub(super) fn table<F: Field>(root: &Int, log_n: u32) -> Table<F> {
    let size = 1 << log_n.saturating_sub(1);
    let key = (TypeId::of::<F>(), *root);
    let lock = || TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lock()
        .get(&key)
        .and_then(|t| t.downcast_ref::<Table<F>>())
        .cloned();
    match known {
        Some(table) if table.powers.len() >= size => table,
        known => {
            let old = known.as_ref().map_or(&[][..], |t| &t.powers);
            let powers = grow(old, root, size);
            let tiles = tile::twiddles(&powers);
            let table = Arc::new(Twiddles { powers, tiles });
            let mut tables = lock();
            if tables.len() >= MAX_TABLES {
                tables.clear();
            }
            if size_of_val(&table.powers[..]) > MAX_BYTES {
                return table; // used this once
            }
            tables.insert(key, Box::new(table.clone()));
            table
        }
    }
}

/// powers[2^k + j] = ω_{2^(k+2)} · powers[j]: rev_(k+1)(2^k + j) = 1 + 2·rev_k(j).
fn grow<F: Field>(old: &[F], root: &Int, size: usize) -> Vec<F> {
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(old);
    if out.is_empty() {
        out.push(F::ONE);
    }
    // roots[i] has order 2^(two_adicity − i)
    let roots: Vec<F> = std::iter::successors(Some(F::from_int(root)), |r| Some(r.square()))
        .take(F::SPEC.two_adicity as usize)
        .collect();
    while out.len() < size {
        let k = out.len().trailing_zeros();
        let step = roots[(F::SPEC.two_adicity - k - 2) as usize];
        out.extend_from_within(..);
        let half = out.len() / 2;
        in_chunks(&mut out[half..], |_, chunk| {
            chunk.iter_mut().for_each(|x| *x = x.mul(step))
        });
    }
    out
}
