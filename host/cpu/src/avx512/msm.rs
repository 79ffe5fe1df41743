//! Sums of points on vectors: what [`crate::msm`] does, with eight additions at a time.
//!
//! Scalars become signed digits ([`digits`]), the digits of a few windows an order of work
//! ([`schedule`]), the points of each bucket a sum (`batch`), and a window's buckets its sum. Read in
//! this order.
//!
//! Memory for n points whose packed form has s bytes (64 for BN254 G1, 96 for 377- and 381-bit G1,
//! twice that in G2): a table of 2·n·s (n·s if no scalar needs the endomorphism) and 2·w·n·2 bytes of
//! digits (w windows, 8 or 9 from 2^16 on), n at most [`SLICE`]; for each thread 8·n for the order
//! of work, about 2 MB for chunks, and one window's buckets, at most 2^15·s.

mod batch;
mod coordinate;
mod digits;
mod group;
mod points;
mod reduce;
pub(crate) mod schedule;

use crate::arith::{Bls12_377Fq, Bls12_381Fq, Bn254Fq, Mont, Quadratic};
use crate::curve::{Affine, Jacobian};
use crate::endomorphism;
use crate::memory::Table;
use crate::msm::join_windows;
use crate::msm::scalars::{Digits, Halves, Windows};
use crate::{Form, Unreduced};
use bytemuck::Zeroable;
use group::VectorGroup;
use proofmill_field::{CurveId, Group, Int};
use rayon::prelude::*;
use schedule::{CHUNK, Schedule};
use std::ops::Range;

/// Points of a table; longer sums are taken in slices, which bounds the memory and costs each slice its
/// own buckets.
const SLICE: usize = 1 << 19;

/// Σ k_i·P_i for each run of as many scalars as there are points, as [`crate::msm::run`].
///
/// # Safety
/// [`crate::dispatch::has_ifma`], as for all that follow.
pub(crate) unsafe fn run(
    curve: CurveId,
    group: Group,
    points: &[u8],
    scalars: &[u8],
    form: Form,
) -> Result<Vec<u8>, Unreduced> {
    let run = match (curve, group) {
        (CurveId::Bn254, Group::G1) => sums::<Mont<Bn254Fq, 4>>,
        (CurveId::Bn254, Group::G2) => sums::<Quadratic<Mont<Bn254Fq, 4>>>,
        (CurveId::Bls12_381, Group::G1) => sums::<Mont<Bls12_381Fq, 6>>,
        (CurveId::Bls12_381, Group::G2) => sums::<Quadratic<Mont<Bls12_381Fq, 6>>>,
        // G2 is not offered
        (CurveId::Bls12_377, _) => sums::<Mont<Bls12_377Fq, 6>>,
    };
    let beta = endomorphism::beta_element(curve, group);
    // SAFETY: the caller's.
    unsafe { run(curve, beta, points, scalars, form, SLICE) }
}

/// [`run`] for a group with coordinates C and its β in data form, in slices of so many points.
///
/// # Safety
/// As for [`run`].
unsafe fn sums<C: VectorGroup>(
    curve: CurveId,
    beta: &Int,
    points: &[u8],
    scalars: &[u8],
    form: Form,
    slice: usize,
) -> Result<Vec<u8>, Unreduced> {
    let size = size_of::<Affine<C>>();
    let n = points.len() / size;
    if n == 0 {
        return Ok(vec![0; size]);
    }
    let mut sums = vec![Jacobian::<C>::INFINITY; scalars.len() / (n * form.bytes())];
    // the first unreduced scalar of a slice need not be the first of all
    let mut unreduced = usize::MAX;
    for (s, points) in points.chunks(slice * size).enumerate() {
        let (first, count) = (s * slice, points.len() / size);
        let mut bases = Bases::<C>::new(points, beta);
        for (run, sum) in sums.iter_mut().enumerate() {
            let at = run * n + first;
            let bytes = at * form.bytes()..(at + count) * form.bytes();
            // SAFETY: the caller's.
            match unsafe { bases.sum(curve, &scalars[bytes], form) } {
                Ok(part) => *sum = sum.add(&part),
                Err(Unreduced { index }) => unreduced = unreduced.min(at + index),
            }
        }
    }
    if unreduced != usize::MAX {
        return Err(Unreduced { index: unreduced });
    }
    let sums: Vec<Affine<C>> = sums.into_iter().map(Jacobian::to_affine).collect();
    Ok(bytemuck::cast_slice(&sums).to_vec())
}

/// At most [`SLICE`] points of sums, converted when the first sum needs them.
struct Bases<'a, C: VectorGroup> {
    points: &'a [u8],
    /// β in data form.
    beta: &'a Int,
    /// The points, their images if they were asked for, and a last entry at infinity; or nothing.
    table: Table<C::Packed>,
}

impl<'a, C: VectorGroup> Bases<'a, C> {
    fn new(points: &'a [u8], beta: &'a Int) -> Self {
        Bases {
            points,
            beta,
            table: Table::zeroed(0),
        }
    }

    /// Sees to it that the table holds the points, and their images.
    ///
    /// # Safety
    /// As for [`run`].
    unsafe fn fill(&mut self, images: bool) {
        /// Points of a task, a multiple of eight.
        const TASK: usize = 1 << 10;
        let size = size_of::<Affine<C>>();
        let n = (self.points.len() / size).next_multiple_of(8);
        let len = n * (1 + images as usize) + 1;
        if self.table.len() >= len {
            return;
        }
        self.table = Table::zeroed(len);
        let (plain, rest) = self.table.split_at_mut(n);
        let bytes = self.points.par_chunks(TASK * size);
        if images {
            bytes
                .zip(plain.par_chunks_mut(TASK))
                .zip(rest[..n].par_chunks_mut(TASK))
                // SAFETY: the caller's.
                .for_each(|((bytes, plain), image)| unsafe {
                    C::load_points(bytes, plain, Some((self.beta, image)));
                });
        } else {
            bytes
                .zip(plain.par_chunks_mut(TASK))
                // SAFETY: the caller's.
                .for_each(|(bytes, plain)| unsafe { C::load_points(bytes, plain, None) });
        }
    }

    /// The sum of a run.
    ///
    /// # Safety
    /// As for [`run`].
    unsafe fn sum(
        &mut self,
        curve: CurveId,
        scalars: &[u8],
        form: Form,
    ) -> Result<Jacobian<C>, Unreduced> {
        // SAFETY: the caller's.
        let halves = unsafe { digits::read(curve, scalars, form)? };
        let windows = choose_windows(&halves);
        // SAFETY: the caller's.
        let digits = unsafe { digits::cut(&halves, &windows) };
        let (width, images) = (halves.len() * halves.count(), halves.count() > 1);
        drop(halves);
        // SAFETY: the caller's.
        unsafe { self.fill(images) };
        let parts = parts(&windows, width, rayon::current_num_threads());
        let sums: Vec<_> = parts
            .par_iter()
            .with_max_len(1)
            .map_init(Scratch::<C>::new, |scratch, part| {
                // SAFETY: the caller's.
                unsafe { scratch.sums(&self.table, &digits, part) }
            })
            .collect();
        let mut totals = vec![Jacobian::INFINITY; windows.count];
        for (part, sums) in parts.iter().zip(&sums) {
            for (total, sum) in totals[part.windows.clone()].iter_mut().zip(sums) {
                *total = total.add(sum);
            }
        }
        Ok(join_windows(&totals, 1, windows.c))
    }
}

/// A part of a sum: the digits of some windows of equal height at some of the points.
struct Part {
    windows: Range<usize>,
    /// Buckets of each.
    buckets: usize,
    /// Places in the table.
    points: Range<usize>,
}

/// A thread's memory.
struct Scratch<C: VectorGroup> {
    schedule: Schedule,
    work: C::Work,
    cut: Vec<(u32, C::Packed)>,
}

impl<C: VectorGroup> Scratch<C> {
    fn new() -> Self {
        Scratch {
            schedule: Schedule::default(),
            work: C::work(),
            cut: Vec::new(),
        }
    }

    /// The sum of each of a part's windows.
    ///
    /// # Safety
    /// As for [`run`].
    unsafe fn sums(
        &mut self,
        table: &[C::Packed],
        digits: &Digits,
        part: &Part,
    ) -> Vec<Jacobian<C>> {
        let rows: Vec<&[i16]> = (part.windows.clone())
            .map(|w| &digits.window(w)[part.points.clone()])
            .collect();
        let mut buckets = Table::zeroed(rows.len() * part.buckets);
        let together = (2 * CHUNK).div_ceil(part.buckets);
        let groups = buckets.chunks_mut(together * part.buckets);
        for (rows, buckets) in rows.chunks(together).zip(groups) {
            let nowhere = table.len() - 1;
            (self.schedule).fill_digits(rows, part.buckets, part.points.start, nowhere);
            // SAFETY: the caller's.
            unsafe { self.accumulate(table, buckets) };
        }
        // SAFETY: the caller's.
        unsafe { C::weighted_sums(&buckets, part.buckets, &mut self.work) }
    }

    /// The sums of the schedule's buckets.
    ///
    /// # Safety
    /// As for [`run`].
    unsafe fn accumulate(&mut self, table: &[C::Packed], buckets: &mut [C::Packed]) {
        let (schedule, work, cut) = (&mut self.schedule, &mut self.work, &mut self.cut);
        // SAFETY: the caller's.
        unsafe { C::accumulate(table, schedule, buckets, cut, work) };
        while !cut.is_empty() {
            let of: Vec<u32> = cut.iter().map(|(bucket, _)| *bucket).collect();
            let mut sums: Vec<C::Packed> = cut.drain(..).map(|(_, sum)| sum).collect();
            sums.push(C::Packed::zeroed());
            schedule.fill(&of, buckets.len());
            // SAFETY: the caller's.
            unsafe { C::accumulate(&sums, schedule, buckets, cut, work) };
        }
    }
}

/// Cuts a sum into parts: neighbouring windows for each thread, and where they do not go round the
/// threads evenly, the last of them in pieces of points.
fn parts(windows: &Windows, width: usize, threads: usize) -> Vec<Part> {
    /// Points below which a piece does not pay for its buckets.
    const LEAST: usize = 1 << 14;
    /// Buckets of a part that are summed together: longer batches, more memory.
    const BUCKETS: usize = 1 << 16;
    let ordinary = 1usize << (windows.c - 1);
    // windows of equal height, the last one among them where it is no higher
    let even = windows.top <= ordinary;
    let equal = windows.count - !even as usize;
    let height = |first: usize| if first < equal { ordinary } else { windows.top };
    // every thread the same number of windows
    let each = (windows.count / threads).clamp(1, (BUCKETS / ordinary).max(1));
    let whole = windows.count / threads * threads;
    let mut parts = Vec::new();
    let mut push = |windows: Range<usize>, pieces: usize| {
        let piece = width.div_ceil(pieces).max(1);
        parts.extend((0..pieces).map(|p| Part {
            windows: windows.clone(),
            buckets: height(windows.start),
            points: (p * piece).min(width)..((p + 1) * piece).min(width),
        }));
    };
    // the last window may be higher, and starts first: it lasts longest
    let left = windows.count - whole;
    let mut at = windows.count;
    while at > left {
        let end = at;
        let bottom = (at - 1) / each * each;
        at = if at > equal { at - 1 } else { bottom.max(left) };
        push(at..end, 1);
    }
    let pieces = threads.min(width / LEAST).max(1);
    for window in 0..left {
        push(window..window + 1, pieces);
    }
    parts
}

/// The windows that cost least, in additions with their places in the order of work: every digit one,
/// every bucket as many as make the choice best over 2^8 to 2^18 points of BN254's G1, all widths
/// measured in turns on one thread of an Ice Lake server. There it is at most 7 % behind the best
/// width, 1.5 % on average; least squares over all widths give 1.8 to 2.4. What a window costs beside
/// is below 500 and moves no choice.
fn choose_windows(halves: &Halves) -> Windows {
    let lengths = halves.lengths();
    let cost =
        |w: &Windows| lengths.digits(w) + 3.3 * w.all_buckets() as f64 + 300.0 * w.count as f64;
    Windows::choose(halves.bound(), cost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msm::cases;

    fn vectors(
        curve: CurveId,
        group: Group,
        points: &[u8],
        scalars: &[u8],
        form: Form,
    ) -> Result<Vec<u8>, Unreduced> {
        // SAFETY: the tests ask the processor first.
        unsafe { run(curve, group, points, scalars, form) }
    }

    #[test]
    fn sums_on_vectors_agree_with_the_definition() {
        if !crate::dispatch::has_ifma() {
            println!("skipped: no AVX-512 IFMA");
            return;
        }
        cases::all(&vectors);
        cases::unreduced(&vectors);
    }

    #[test]
    fn slices_add_up_and_name_the_first_unreduced_scalar() {
        let in_slices = |curve, group, points: &[u8], scalars: &[u8], form| {
            let beta = endomorphism::beta_element(curve, group);
            // SAFETY: asked below.
            unsafe { sums::<Mont<Bn254Fq, 4>>(curve, beta, points, scalars, form, 64) }
        };
        if crate::dispatch::has_ifma() {
            cases::one_group(&in_slices, CurveId::Bn254, Group::G1);
            cases::unreduced(&in_slices);
        }
    }

    #[test]
    fn parts_cover_every_digit_once() {
        for (c, count, top) in [(4, 32, 9), (8, 16, 100), (14, 9, 14_261), (16, 8, 15_000)] {
            let windows = Windows { c, count, top };
            for width in [8, 1000, 1 << 17] {
                for threads in 1..20 {
                    let mut seen = vec![0; count];
                    for part in parts(&windows, width, threads) {
                        for w in part.windows {
                            assert!(windows.buckets(w) <= part.buckets);
                            seen[w] += part.points.len();
                        }
                    }
                    assert!(seen.iter().all(|points| *points == width));
                }
            }
        }
    }
}
