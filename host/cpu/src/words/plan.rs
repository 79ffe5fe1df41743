//! Tables: made once for a root and a size, shared, forgotten when they grow too large.

use super::dft::STATES;
use super::{Lanes, power, progression, residue};
use crate::memory::Table;
use proofmill_field::{Int, naive};
use rayon::prelude::*;
use std::any::{Any, TypeId};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of tables kept; one table may be larger, alone.
const KEPT_BYTES: usize = 1 << 27;

/// Factors of a transform of `rows` rows ([`super::dft`]); at most 74 bytes a row.
pub(super) struct Dft<L: Lanes> {
    pub(super) rows: usize,
    /// Row t of sixteen that is element k of the network; modulo a smaller radix likewise.
    pub(super) order: [usize; 16],
    /// For each row its number among those that the first pass reads.
    pub(super) place: Vec<usize>,
    /// Of more than 2^8 rows: for each block after the first pass, of each of its rows, as they are
    /// read.
    pub(super) between: Vec<L::Twiddle>,
    /// For each block of the last pass, of elements 1 to r − 1 of the network.
    pub(super) last: Vec<L::Twiddle>,
}

impl<L: Lanes> Dft<L> {
    /// `root` is a plain residue of order 2^log_rows, part of one of order 2^two_adicity that
    /// `sixteenth` = its power of order 16 stands for.
    fn new(log_rows: u32, root: u64, sixteenth: u64) -> Self {
        let rows = 1usize << log_rows;
        let order = network_order::<L>(sixteenth);
        let (mut part, mut part_root) = (rows, root);
        let mut between = Vec::new();
        if rows > STATES {
            (part, part_root) = (rows / 16, power::<L>(root, 16));
            let place = places(part, &order);
            for powers in blocks::<L>(root, part) {
                let mut block = vec![L::prepare(1); part];
                for (i, x) in powers.into_iter().enumerate() {
                    block[place[i]] = L::prepare(x);
                }
                between.append(&mut block);
            }
        }
        let radix = part.div_ceil(16);
        let mut last = Vec::new();
        for powers in blocks::<L>(part_root, radix) {
            last.extend((1..radix).map(|k| L::prepare(powers[order[k] % radix])));
        }
        Dft {
            rows,
            order,
            place: places(rows, &order),
            between,
            last,
        }
    }

    fn bytes(&self) -> usize {
        (self.between.len() + self.last.len()) * size_of::<L::Twiddle>()
            + self.rows * size_of::<usize>()
    }
}

/// For each row its number among those that a first pass of sixteen, or of all, reads.
fn places(rows: usize, order: &[usize; 16]) -> Vec<usize> {
    let radix = rows.min(16);
    let q = rows / radix;
    let mut place = vec![0; rows];
    for s in 0..q {
        for k in 0..radix {
            place[s + order[k] % radix * q] = s * radix + k;
        }
    }
    place
}

/// For each block b of sixteen the factors root^(rev(b)·t) of its rows t < count.
fn blocks<L: Lanes>(root: u64, count: usize) -> impl Iterator<Item = Vec<u64>> {
    (0..16).map(move |b| {
        let w = power::<L>(root, naive::bit_reverse(b, 4) as u64);
        progression::<L>(1, w).take(count).collect()
    })
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

    /// scale·ω^(j·k) for k < 2^log_k, j < 2^log_j, ω of order 2^(log_j + log_k): for a line of k side
    /// by side all j, in the order in which a transform of them reads ([`super::dft`]). One word for
    /// each element of the transform.
    pub(super) fn twists<L: Lanes>(
        self,
        log_k: u32,
        log_j: u32,
        scale: u64,
    ) -> Arc<Table<L::Word>> {
        let make = || {
            let mut table = Table::zeroed(1 << (log_k + log_j));
            let root = self.of_order::<L>(log_k + log_j);
            let dft = self.dft::<L>(log_j);
            table
                .par_chunks_mut(L::LINE << log_j)
                .enumerate()
                .for_each(|(group, words)| {
                    let first = power::<L>(root, (L::LINE * group) as u64);
                    let ratios = progression::<L>(first, root).take(L::LINE);
                    for (lane, ratio) in ratios.enumerate() {
                        let row = progression::<L>(scale, ratio);
                        for (x, place) in row.zip(&dft.place) {
                            words[place * L::LINE + lane] = L::word(x);
                        }
                    }
                });
            let bytes = table.len() * size_of::<L::Word>();
            (table, bytes)
        };
        kept::<L, Table<L::Word>>([self.0, (log_k + 64 * log_j) as u64, scale], make)
    }
}

/// Lanes, a kind of table and what it is made from.
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
