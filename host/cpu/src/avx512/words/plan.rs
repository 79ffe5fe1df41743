//! Tables: made once for a root and a size, shared, forgotten when they grow too large.

use super::{Lanes, power, progression, residue};
use crate::memory::Table;
use proofmill_field::{Int, naive};
use rayon::prelude::*;
use std::any::{Any, TypeId};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of tables kept; one table may be larger, alone.
const KEPT_BYTES: usize = 1 << 27;

/// Factors of a transform of `rows` rows ([`super::dft`]); at most 34 bytes a row.
pub(super) struct Dft<L: Lanes> {
    pub(super) rows: usize,
    /// Of the first pass; the others have 16.
    pub(super) radix: usize,
    /// Row t of sixteen that is element k of the network; modulo a smaller radix likewise.
    pub(super) order: [usize; 16],
    /// For each further pass and block, of elements 1 to 15 of the network.
    twiddles: Vec<Vec<[L::Twiddle; 15]>>,
}

impl<L: Lanes> Dft<L> {
    /// `root` is a plain residue of order 2^log_rows, part of one of order 2^two_adicity that
    /// `sixteenth` = its power of order 16 stands for.
    fn new(log_rows: u32, root: u64, sixteenth: u64) -> Self {
        let rows = 1usize << log_rows;
        let log_radix = match log_rows % 4 {
            0 => 4.min(log_rows),
            rest => rest,
        };
        let radix = 1 << log_radix;
        let order = network_order::<L>(sixteenth);
        let (mut twiddles, mut log_blocks) = (Vec::new(), log_radix);
        while log_blocks < log_rows {
            let step = power::<L>(root, 1 << (log_rows - log_blocks - 4));
            let block = |b: usize| {
                let w = power::<L>(step, naive::bit_reverse(b, log_blocks) as u64);
                let mut powers = [1; 16];
                for (t, x) in progression::<L>(1, w).take(16).enumerate() {
                    powers[t] = x;
                }
                std::array::from_fn(|k| L::prepare(powers[order[k + 1]]))
            };
            twiddles.push((0..1 << log_blocks).map(block).collect());
            log_blocks += 4;
        }
        Dft {
            rows,
            radix,
            order,
            twiddles,
        }
    }

    /// Of block b in the pass after the first and `pass` more.
    #[inline(always)]
    pub(super) fn twiddles(&self, pass: usize, b: usize) -> &[L::Twiddle; 15] {
        &self.twiddles[pass][b]
    }

    fn bytes(&self) -> usize {
        self.rows * 34
    }
}

/// order[u·t mod 16] = t where the root's power of order 16 is ω16^u.
fn network_order<L: Lanes>(sixteenth: u64) -> [usize; 16] {
    let spec = L::ID.spec();
    let own = L::sixteenth(power::<L>(
        residue::<L>(&spec.root),
        1 << (spec.two_adicity - 4),
    ));
    let u = progression::<L>(1, own)
        .take(16)
        .position(|x| x == sixteenth)
        .unwrap_or(1);
    let mut order = [0; 16];
    for t in 0..16 {
        order[u * t % 16] = t;
    }
    order
}

/// A root of order 2^two_adicity as a plain residue.
#[derive(Clone, Copy)]
pub(super) struct Root(u64);

impl Root {
    /// From data form.
    pub(super) fn new<L: Lanes>(root: &Int) -> Self {
        Root(residue::<L>(root))
    }

    /// Its power of order 2^log_n.
    pub(super) fn of_order<L: Lanes>(self, log_n: u32) -> u64 {
        power::<L>(self.0, 1 << (L::ID.spec().two_adicity - log_n))
    }

    /// The tables of a transform of 2^log_rows rows.
    pub(super) fn dft<L: Lanes>(self, log_rows: u32) -> Arc<Dft<L>> {
        let make = || {
            let dft = Dft::new(
                log_rows,
                self.of_order::<L>(log_rows),
                self.of_order::<L>(4),
            );
            let bytes = dft.bytes();
            (dft, bytes)
        };
        kept::<L, Dft<L>>([self.0, log_rows as u64, 0], make)
    }

    /// scale·ω^(j·k) for k < 2^log_k, j < 2^log_j, ω of order 2^(log_j + log_k): for eight k side by
    /// side all j, each with its eight words. One word for each element of the transform.
    pub(super) fn twists<L: Lanes>(
        self,
        log_k: u32,
        log_j: u32,
        scale: u64,
    ) -> Arc<Table<L::Word>> {
        let make = || {
            let mut table = Table::zeroed(1 << (log_k + log_j));
            let root = self.of_order::<L>(log_k + log_j);
            table
                .par_chunks_mut(8 << log_j)
                .enumerate()
                .for_each(|(group, words)| {
                    let first = power::<L>(root, 8 * group as u64);
                    let mut ratios = [1; 8];
                    for (lane, x) in progression::<L>(first, root).take(8).enumerate() {
                        ratios[lane] = x;
                    }
                    let mut row = [scale; 8];
                    for to in words.as_chunks_mut::<8>().0 {
                        for lane in 0..8 {
                            to[lane] = L::word(row[lane]);
                            row[lane] = L::product(row[lane], ratios[lane]);
                        }
                    }
                });
            let bytes = table.len() * size_of::<L::Word>();
            (table, bytes)
        };
        kept::<L, Table<L::Word>>([self.0, (log_k + 64 * log_j) as u64, scale], make)
    }
}

/// A field, a kind of table and what it is made from.
type Key = (TypeId, TypeId, [u64; 3]);

/// A table and its bytes.
type Kept = (Key, Arc<dyn Any + Send + Sync>, usize);

/// Tables, the one used last at the end.
static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

/// The table of these parameters, made where it is not kept.
fn kept<L: Lanes, T: Any + Send + Sync>(
    parameters: [u64; 3],
    make: impl FnOnce() -> (T, usize),
) -> Arc<T> {
    let key = (TypeId::of::<L>(), TypeId::of::<T>(), parameters);
    let lock = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let take = |kept: &mut Vec<Kept>| {
        let found = kept.iter().position(|(k, ..)| *k == key)?;
        let found = kept.remove(found);
        let table = found.1.clone().downcast().ok();
        kept.push(found);
        table
    };
    if let Some(table) = take(&mut lock()) {
        return table;
    }
    let (table, bytes) = make();
    let mut kept = lock();
    if let Some(made) = take(&mut kept) {
        return made; // by another thread meanwhile
    }
    let table = Arc::new(table);
    kept.push((key, table.clone(), bytes));
    let mut all: usize = kept.iter().map(|(.., bytes)| bytes).sum();
    // the newest stays, whatever its size
    while all > KEPT_BYTES && kept.len() > 1 {
        all -= kept.remove(0).2;
    }
    table
}
