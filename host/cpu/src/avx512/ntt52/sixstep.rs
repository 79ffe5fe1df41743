//! A transform of n = n1·n2 elements as columns, a twist and rows ([`Plan`]): a lane for each column,
//! then for each row, so that nothing crosses lanes within a transform, and bit reversal is only a
//! place to read from or to write to.
//!
//! Between the two, eight elements i2 of one k1 are a [`Cell`] of a table; eight rows are turned over
//! when they are read.

mod places;

use super::lanes::{Cell, Row};
use super::plan::Plan;
use crate::arith::Modulus;
use crate::memory::Table;
use crate::{Order, parallel};
use places::{Columned, Columns, Place, ReversedColumns, Rowed, Turned, Twist};
use std::cell::Cell as Shared;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

/// log2 of the elements below which one thread does it all.
const SERIAL_LOG: u32 = 11;

/// Bytes of tables between columns and rows that are kept for the next transform: those of 2^22 elements.
const MAX_KEPT: usize = (1 << 27) + (PAD << 19);

static KEPT: Mutex<Vec<Table<Cell>>> = Mutex::new(Vec::new());

thread_local! {
    /// Rows of one transform; about 400 KB at n = 2^20.
    static ROWS: Shared<Option<Table<Row>>> = const { Shared::new(None) };
}

/// Elements that every task reads or writes at places of its own.
#[derive(Clone, Copy)]
struct Elements(*mut [u64; 4]);

// SAFETY: the tasks below touch disjoint elements, as each says.
unsafe impl Send for Elements {}
// SAFETY: as above.
unsafe impl Sync for Elements {}

/// As [`Elements`].
#[derive(Clone, Copy)]
struct Cells(*mut Cell);

// SAFETY: as above.
unsafe impl Send for Cells {}
// SAFETY: as above.
unsafe impl Sync for Cells {}

/// Transforms n elements, all reduced, in place; on the threads of rayon's pool if `parallel`.
///
/// # Safety
/// The processor has the instructions of [`crate::dispatch::has_ifma`].
pub(super) unsafe fn run<P: Modulus>(
    plan: &Plan,
    data: &mut [[u64; 4]],
    input: Order,
    output: Order,
    parallel: bool,
) {
    let (log_1, log_2) = (plan.log_n / 2, plan.log_n.div_ceil(2));
    let (n1, n2) = (1usize << log_1, 1usize << log_2);
    assert_eq!(data.len(), n1 * n2);
    let parallel = parallel && plan.log_n > SERIAL_LOG && rayon::current_num_threads() > 1;
    let mut between = take_kept((n2 / 8) * (n1 + PAD));
    let cells = Cells(between.as_mut_ptr());
    let data = Elements(data.as_mut_ptr());
    let columns = |group: usize, rows: &mut [Row]| {
        let twist = Twist::<P> {
            plan,
            group,
            cells,
            modulus: PhantomData,
        };
        let natural = Columns {
            data,
            n2,
            first: 8 * group,
        };
        let reversed = ReversedColumns {
            data,
            log_1,
            log_2,
            first: 8 * group,
        };
        // SAFETY: the tasks read elements of distinct i2 and write cells of distinct groups.
        unsafe {
            match input {
                Order::Natural => plan.first.run::<P, _, _>(&natural, &twist, rows),
                Order::BitReversed => plan.first.run::<P, _, _>(&reversed, &twist, rows),
            }
        }
    };
    for_each_group(n2 / 8, parallel, plan.scratch_rows(), columns);
    let rows = |group: usize, rows: &mut [Row]| {
        let source = Turned {
            cells,
            n1,
            first: 8 * group,
        };
        let place = Place::<P> {
            plan,
            data,
            first: 8 * group,
            modulus: PhantomData,
        };
        // SAFETY: the cells are written; the tasks write elements of distinct k1.
        unsafe {
            match output {
                Order::Natural => plan.second.run::<P, _, _>(&source, &Columned(place), rows),
                Order::BitReversed => plan.second.run::<P, _, _>(&source, &Rowed(place), rows),
            }
        }
    };
    for_each_group(n1 / 8, parallel, plan.scratch_rows(), rows);
    keep(between);
}

/// Cells between groups that keep them from meeting in the same sets of a cache.
const PAD: usize = 1;

fn take_kept(cells: usize) -> Table<Cell> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let fits = kept.iter().position(|table| table.len() >= cells);
    let found = fits.map(|i| kept.swap_remove(i));
    drop(kept);
    found.unwrap_or_else(|| Table::zeroed(cells))
}

fn keep(table: Table<Cell>) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let bytes = |table: &Table<Cell>| size_of_val(&table[..]);
    while !kept.is_empty() && kept.iter().map(bytes).sum::<usize>() + bytes(&table) > MAX_KEPT {
        kept.remove(0);
    }
    if bytes(&table) <= MAX_KEPT {
        kept.push(table);
    }
}

/// Runs the work for each group with working memory of its thread.
fn for_each_group(
    count: usize,
    parallel: bool,
    scratch: usize,
    work: impl Fn(usize, &mut [Row]) + Sync,
) {
    let one = |group: usize| {
        // taken, not borrowed: the work may be part of another transform's on the same thread
        let kept = ROWS.take().filter(|rows| rows.len() >= scratch);
        let mut rows = kept.unwrap_or_else(|| Table::zeroed(scratch));
        work(group, &mut rows[..scratch]);
        ROWS.set(Some(rows));
    };
    match parallel {
        true => parallel::each(count, &one),
        false => (0..count).for_each(one),
    }
}
