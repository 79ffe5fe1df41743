//! Multi-scalar multiplication: Pippenger's buckets with signed digits of half scalars.
//!
//! Scalars are split by the curves' endomorphism ([`scalars`]), which halves the windows. Digits of
//! c bits are signed, a window has 2^(c−1) buckets, and zero digits are left out: a scalar costs what
//! its non-zero digits cost, and those of 0 and 1, which rule real witnesses, next to nothing.
//!
//! Pairs that add nothing are left out first where they are many, and small scalars taken apart
//! ([`sparse`]). Here is the portable sum, one task for each window. The buckets are the runs of a counting sort,
//! summed by [`Adder`]. Σ j·B_j goes by rows and columns: with j = 2^h·a + b it is
//! 2^h·Σ a·(row sum of a) + Σ b·(column sum of b), which costs two affine additions a bucket instead
//! of a mixed and a full one.

#[cfg(test)]
pub(crate) mod cases;
pub(crate) mod scalars;
mod sparse;

use super::arith::{Arith, Field};
use super::curve::{Affine, Jacobian, PointView};
use super::dispatch::each_path;
use super::endomorphism;
use super::sums::Adder;
use crate::arith::with_group;
use crate::{Form, Unreduced};
use proofmill_field::{CurveId, Group};
use rayon::prelude::*;
use scalars::{Digits, Halves, Windows};
use std::sync::OnceLock;

/// Points below which splitting one sum over several tasks does not pay.
const MIN_SPLIT: usize = 1 << 13;

/// Bytes of points from which sums run on vectors: 32 points of BN254's G1, which is where they begin
/// to be faster on one thread; 16 of its G2, 22 of 377- and 381-bit G1, 11 of BLS12-381's G2, where it
/// is at 13, 12 and 9 (random scalars, an Ice Lake server).
#[cfg(target_arch = "x86_64")]
const VECTOR_BYTES: usize = 1 << 11;

/// Σ k_i·P_i for each run of as many scalars as there are points (no points: one empty sum).
///
/// `points` are affine, x‖y in data form, at any alignment; the sums come in the same form.
pub fn run(
    curve: CurveId,
    group: Group,
    points: &[u8],
    scalars: &[u8],
    form: Form,
) -> Result<Vec<u8>, Unreduced> {
    sparse::sum(curve, group, points, scalars, form)
        .unwrap_or_else(|| dense(curve, group, points, scalars, form))
}

/// [`run`] where nothing is left out.
fn dense(
    curve: CurveId,
    group: Group,
    points: &[u8],
    scalars: &[u8],
    form: Form,
) -> Result<Vec<u8>, Unreduced> {
    #[cfg(target_arch = "x86_64")]
    if points.len() >= VECTOR_BYTES && crate::dispatch::has_ifma() {
        // SAFETY: just asked.
        return unsafe { crate::avx512::msm::run(curve, group, points, scalars, form) };
    }
    portable(curve, group, points, scalars, form)
}

/// [`run`] with 64-bit words.
fn portable(
    curve: CurveId,
    group: Group,
    points: &[u8],
    scalars: &[u8],
    form: Form,
) -> Result<Vec<u8>, Unreduced> {
    with_group!(curve, group, C, S => {
        let bases = Bases::<C>::new(curve, group, points);
        let sums = sums(bases.points.len::<C>(), scalars, form, |run| bases.sum::<S>(run, form))?;
        Ok(bytemuck::cast_slice(&sums).to_vec())
    })
}

/// The sum of each run of n scalars.
fn sums<C: Arith>(
    n: usize,
    scalars: &[u8],
    form: Form,
    sum: impl Fn(&[u8]) -> Result<Jacobian<C>, Unreduced>,
) -> Result<Vec<Affine<C>>, Unreduced> {
    if n == 0 {
        return Ok(vec![Affine::INFINITY]);
    }
    let runs = scalars.chunks(n * form.bytes()).enumerate();
    let sums = runs.map(|(i, run)| match sum(run) {
        Ok(sum) => Ok(sum.to_affine()),
        Err(Unreduced { index }) => Err(Unreduced {
            index: i * n + index,
        }),
    });
    sums.collect()
}

/// The points of sums.
struct Bases<'a, C> {
    curve: CurveId,
    points: PointView<'a>,
    beta: C,
    /// β·x of every point, once a scalar asks for φ(P).
    images: OnceLock<Vec<C>>,
}

impl<'a, C: Arith> Bases<'a, C> {
    fn new(curve: CurveId, group: Group, points: &'a [u8]) -> Self {
        Bases {
            curve,
            points: PointView::new(points),
            beta: endomorphism::beta(curve, group),
            images: OnceLock::new(),
        }
    }

    fn sum<S: Field>(&self, scalars: &[u8], form: Form) -> Result<Jacobian<C>, Unreduced> {
        let halves = Halves::read::<S>(scalars, form, endomorphism::of(self.curve))?;
        let windows = choose_windows(&halves);
        let digits = Digits::cut(&halves, &windows);
        let images: &[C] = match halves.count() {
            1 => &[],
            _ => self.images.get_or_init(|| images(self.points, self.beta)),
        };
        let table = Points {
            points: self.points,
            images,
            n: halves.len(),
        };
        let width = halves.len() * halves.count();
        // enough tasks for every thread: few windows over many points are cut in pieces
        let threads = rayon::current_num_threads();
        let pieces = (threads.div_ceil(windows.count))
            .min(width / MIN_SPLIT)
            .max(1);
        let piece = width.div_ceil(pieces).max(1);
        let tasks: Vec<_> = (0..windows.count)
            .flat_map(|w| (0..pieces).map(move |p| (w, p)))
            .collect();
        let sums: Vec<_> = tasks
            .into_par_iter()
            .with_max_len(1)
            .map(|(w, p)| {
                let (first, last) = ((p * piece).min(width), ((p + 1) * piece).min(width));
                let digits = &digits.window(w)[first..last];
                window_sum(table, first, digits, windows.buckets(w))
            })
            .collect();
        Ok(join_windows(&sums, pieces, windows.c))
    }
}

/// Σ 2^(c·w)·(the sum of window w's pieces).
pub(crate) fn join_windows<C: Arith>(sums: &[Jacobian<C>], pieces: usize, c: u32) -> Jacobian<C> {
    sums.rchunks(pieces)
        .fold(Jacobian::INFINITY, |total, window| {
            let total = (0..c).fold(total, |t, _| t.double());
            window.iter().fold(total, |t, s| t.add(s))
        })
}

/// β·x of all points.
fn images<C: Arith>(points: PointView<'_>, beta: C) -> Vec<C> {
    (0..points.len::<C>())
        .into_par_iter()
        .with_min_len(1 << 10)
        .map(|i| points.point::<C>(i).x.mul(beta))
        .collect()
}

/// Points and, from place n on, their images under φ.
#[derive(Clone, Copy)]
struct Points<'a, C> {
    points: PointView<'a>,
    images: &'a [C],
    n: usize,
}

impl<C: Arith> Points<'_, C> {
    #[inline(always)]
    fn point(&self, i: usize) -> Affine<C> {
        if i < self.n {
            return self.points.point(i);
        }
        Affine {
            x: self.images[i - self.n],
            ..self.points.point(i - self.n)
        }
    }
}

/// The windows that cost least: every digit an affine addition of about 6 products, every bucket
/// two of them, every window c doublings and two running sums of 2^(c/2) full additions.
fn choose_windows(halves: &Halves) -> Windows {
    let lengths = halves.lengths();
    let cost = |w: &Windows| {
        let sums = (2 * 16 * (2 << (w.c / 2)) + 7 * w.c) as f64;
        6.0 * lengths.digits(w) + 12.0 * w.all_buckets() as f64 + w.count as f64 * sums
    };
    Windows::choose(halves.bound(), cost)
}

each_path! {
/// Σ digit_i · P_(first + i), digits up to `buckets` in magnitude.
fn window_sum<C: Arith>(points: Points<'_, C>, first: usize, digits: &[i16], buckets: usize) -> Jacobian<C> {
    let log = buckets.next_power_of_two().trailing_zeros();
    let (lengths, order) = sort(digits, 1 << log);
    let mut adder = Adder::new();
    let sums = adder.sum_runs(lengths, |k| {
        let entry = order[k] as usize;
        let point = points.point(first + (entry >> 1));
        if entry & 1 == 1 { point.neg() } else { point }
    });
    weighted_sum(&mut adder, &sums, log)
}
}

/// A counting sort: the number of points in each bucket, and point and sign (i << 1 | negative) of
/// every non-zero digit, bucket by bucket. Bucket b holds magnitude b + 1.
fn sort(digits: &[i16], buckets: usize) -> (Vec<u32>, Vec<u32>) {
    let mut lengths = vec![0u32; buckets + 1];
    for d in digits {
        lengths[d.unsigned_abs() as usize] += 1;
    }
    let zeros = lengths.remove(0) as usize;
    let mut start: Vec<u32> = vec![0; buckets + 1];
    for b in 0..buckets {
        start[b + 1] = start[b] + lengths[b];
    }
    let mut order = vec![0u32; digits.len() - zeros];
    for (i, d) in digits.iter().enumerate() {
        if *d != 0 {
            let place = &mut start[d.unsigned_abs() as usize - 1];
            order[*place as usize] = (i as u32) << 1 | (*d < 0) as u32;
            *place += 1;
        }
    }
    (lengths, order)
}

/// Σ (j + 1)·B_j over 2^log_n buckets.
fn weighted_sum<C: Arith>(adder: &mut Adder<C>, buckets: &[Affine<C>], log_n: u32) -> Jacobian<C> {
    let log_columns = log_n / 2;
    let (columns, rows) = (1usize << log_columns, 1usize << (log_n - log_columns));
    let row_sums = adder.sum_runs(vec![columns as u32; rows], |k| buckets[k]);
    let column_sums = adder.sum_runs(vec![rows as u32; columns], |k| {
        let (column, row) = (k / rows, k % rows);
        buckets[row * columns + column]
    });
    let (low, _) = running_sum(&column_sums);
    let (high, total) = running_sum(&row_sums);
    let high = (0..log_columns).fold(high, |t, _| t.double());
    high.add(&low).add(&total)
}

/// (Σ j·P_j, Σ P_j).
fn running_sum<C: Arith>(points: &[Affine<C>]) -> (Jacobian<C>, Jacobian<C>) {
    let zero = Jacobian::INFINITY;
    points
        .iter()
        .enumerate()
        .rev()
        .fold((zero, zero), |(weighted, sum), (j, p)| {
            let sum = sum.add_affine(p);
            (if j > 0 { weighted.add(&sum) } else { weighted }, sum)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portable_sums_agree_with_the_definition() {
        cases::all(&portable);
        cases::unreduced(&portable);
    }

    #[test]
    fn portable_sums_agree_on_several_threads() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(5).build();
        if let Ok(pool) = pool {
            pool.install(|| cases::unreduced(&portable));
        }
    }

    #[test]
    fn no_points_have_an_empty_sum() {
        let sum = run(CurveId::Bn254, Group::G1, &[], &[], Form::Small);
        assert_eq!(sum, Ok(vec![0; 64]));
    }
}
