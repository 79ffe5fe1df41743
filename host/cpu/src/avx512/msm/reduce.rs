//! Σ (j + 1)·B_j over a window's buckets, several windows together.
//!
//! A list of points P_w with weights w = a·2^h + b is Σ w·P_w = 2^h·Σ a·R_a + Σ b·C_b, where R_a and
//! C_b are the sums of its rows and columns: two much shorter lists, for two additions a point,
//! batched over rows, columns and windows. Lists of a few points are summed one by one. A point at
//! infinity costs a look.

use super::batch::{self, Work};
use super::points::{self, Packed};
use super::schedule::Schedule;
use crate::arith::{Arith, Modulus};
use crate::curve::Jacobian;

/// Lists of so many points are summed one by one, with two scalar additions a point.
const SHORT: usize = 8;

/// 2^shift · Σ (base + i)·P_(first + i) over i < len, a part of a window's sum.
#[derive(Clone, Copy)]
struct List {
    window: usize,
    shift: u32,
    first: usize,
    len: usize,
    base: usize,
}

impl List {
    /// The lists of its rows' and of its columns' sums, which start at `at`.
    fn halves(&self, at: usize) -> [List; 2] {
        let top = self.base + self.len - 1;
        let h = (usize::BITS - top.leading_zeros()) / 2;
        let rows = List {
            shift: self.shift + h,
            first: at,
            len: (top >> h) + 1,
            base: 0,
            ..*self
        };
        let columns = List {
            first: at + rows.len,
            len: 1 << h,
            base: 0,
            ..*self
        };
        [rows, columns]
    }

    /// The sum without its power of two: each point counts once for every point below it.
    fn sum<M: Modulus, C: Arith, const L: usize, const W: usize>(
        &self,
        slots: &[Packed<W>],
    ) -> Jacobian<C> {
        let (mut run, mut total) = (Jacobian::INFINITY, Jacobian::INFINITY);
        for i in (1 - self.base..self.len).rev() {
            run = run.add_affine(&points::unpack::<M, C, L, W>(&slots[self.first + i]));
            total = total.add(&run);
        }
        total
    }
}

/// The points of lists that are shortened, and where each goes.
struct Gathered<const W: usize> {
    points: Vec<Packed<W>>,
    rows: Vec<u32>,
    columns: Vec<u32>,
}

/// The sum of each window of `per_window` buckets.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub(crate) fn weighted_sums<
    M: Modulus,
    C: Arith,
    const L: usize,
    const D: usize,
    const W: usize,
>(
    buckets: &[Packed<W>],
    per_window: usize,
    work: &mut Work<L, D>,
) -> Vec<Jacobian<C>> {
    let windows = buckets.len().checked_div(per_window).unwrap_or(0);
    let mut lists: Vec<List> = (0..windows)
        .map(|window| List {
            window,
            shift: 0,
            first: window * per_window,
            len: per_window,
            base: 1,
        })
        .collect();
    let mut parts: Vec<(List, Jacobian<C>)> = Vec::new();
    let mut sums: Vec<Packed<W>>;
    let mut slots = buckets;
    while !lists.is_empty() {
        let (short, long) = lists.into_iter().partition::<Vec<_>, _>(|l| l.len <= SHORT);
        parts.extend(short.iter().map(|l| (*l, l.sum::<M, C, L, W>(slots))));
        let (gathered, next, count) = gather(slots, &long);
        sums = vec![Packed::INFINITY; count];
        sum_runs::<M, C, L, D, W>(&gathered.points, &gathered.rows, &mut sums, work);
        sum_runs::<M, C, L, D, W>(&gathered.points, &gathered.columns, &mut sums, work);
        (lists, slots) = (next, &sums);
    }
    combine(windows, parts)
}

/// What the lists' rows and columns are made of, their lists, and the points these have.
fn gather<const W: usize>(slots: &[Packed<W>], lists: &[List]) -> (Gathered<W>, Vec<List>, usize) {
    let room = lists.iter().map(|l| l.len).sum::<usize>();
    let mut out = Gathered {
        points: Vec::with_capacity(room + room / 32 + 1),
        rows: Vec::with_capacity(room + room / 32),
        columns: Vec::with_capacity(room + room / 32),
    };
    let (mut next, mut count) = (Vec::with_capacity(2 * lists.len()), 0);
    for list in lists {
        let [rows, columns] = list.halves(count);
        let h = rows.shift - list.shift;
        for (i, point) in slots[list.first..][..list.len].iter().enumerate() {
            let weight = i + list.base;
            if weight % columns.len == 0 && columns.len >= 32 {
                // where all buckets are filled, lanes of a vector take points a row apart: this keeps
                // them off a power of two of bytes. Infinity counts for nothing
                out.points.push(Packed::INFINITY);
                out.rows.push(rows.first as u32);
                out.columns.push(columns.first as u32);
            }
            if *point != Packed::INFINITY {
                out.points.push(*point);
                out.rows.push((rows.first + (weight >> h)) as u32);
                out.columns
                    .push((columns.first + weight % columns.len) as u32);
            }
        }
        count += rows.len + columns.len;
        next.extend([rows, columns]);
    }
    out.points.push(Packed::INFINITY);
    (out, next, count)
}

/// out[b] = the sum of the points with `of[i]` = b, for every b that occurs. A last point, at
/// infinity, stands after them.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn sum_runs<M: Modulus, C: Arith, const L: usize, const D: usize, const W: usize>(
    points: &[Packed<W>],
    of: &[u32],
    out: &mut [Packed<W>],
    work: &mut Work<L, D>,
) {
    let mut schedule = Schedule::default();
    let mut cut = Vec::new();
    schedule.fill(of, out.len());
    batch::accumulate::<M, C, L, D, W>(points, &schedule, out, &mut cut, work);
    while !cut.is_empty() {
        let of: Vec<u32> = cut.iter().map(|(bucket, _)| *bucket).collect();
        let mut points: Vec<Packed<W>> = cut.drain(..).map(|(_, point)| point).collect();
        points.push(Packed::INFINITY);
        schedule.fill(&of, out.len());
        batch::accumulate::<M, C, L, D, W>(&points, &schedule, out, &mut cut, work);
    }
}

/// Σ 2^shift · part for each window, by Horner's rule.
fn combine<C: Arith>(windows: usize, mut parts: Vec<(List, Jacobian<C>)>) -> Vec<Jacobian<C>> {
    parts.sort_by_key(|(list, _)| std::cmp::Reverse(list.shift));
    let mut sums = vec![(Jacobian::INFINITY, 0); windows];
    for (list, part) in parts {
        let (sum, shift) = &mut sums[list.window];
        let raised = (list.shift..*shift).fold(*sum, |t, _| t.double());
        (*sum, *shift) = (raised.add(&part), list.shift);
    }
    let lower = |(sum, shift)| (0..shift).fold(sum, |t: Jacobian<C>, _| t.double());
    sums.into_iter().map(lower).collect()
}

#[cfg(test)]
mod tests;
