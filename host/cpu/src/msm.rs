//! Multi-scalar multiplication: Pippenger's buckets with signed digits, one task for each window.
//!
//! A scalar k above r/2 becomes r − k and its point's opposite, so that −1 is as cheap as 1. Digits
//! of c bits are signed, a window has 2^(c−1) buckets, and zero digits are left out: a scalar costs
//! what its non-zero digits cost, and those of 0 and 1, which rule real witnesses, next to nothing.
//! The buckets are the runs of a counting sort, summed by [`Adder`]. Σ j·B_j goes by rows and
//! columns: with j = 2^h·a + b it is 2^h·Σ a·(row sum of a) + Σ b·(column sum of b), which costs two
//! affine additions a bucket instead of a mixed and a full one.

use super::arith::{Arith, Field};
use super::curve::{Affine, Jacobian, PointView};
use super::dispatch::each_scalar_path;
use super::sums::Adder;
use crate::arith::with_group;
use crate::{Form, Unreduced};
use proofmill_field::{CurveId, Group, int};
use rayon::prelude::*;

/// Points below which splitting one sum over several tasks does not pay.
const MIN_SPLIT: usize = 1 << 13;

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
    with_group!(curve, group, C, S => {
        let sums = sums::<C, S>(PointView::new(points), scalars, form)?;
        Ok(bytemuck::cast_slice(&sums).to_vec())
    })
}

fn sums<C: Arith, S: Field>(
    points: PointView<'_>,
    scalars: &[u8],
    form: Form,
) -> Result<Vec<Affine<C>>, Unreduced> {
    let n = points.len::<C>();
    if n == 0 {
        return Ok(vec![Affine::INFINITY]);
    }
    let runs = scalars.chunks(n * form.bytes()).enumerate();
    let sums = runs.map(|(i, run)| match sum::<C, S>(points, run, form) {
        Ok(sum) => Ok(sum.to_affine()),
        Err(Unreduced { index }) => Err(Unreduced {
            index: i * n + index,
        }),
    });
    sums.collect()
}

fn sum<C: Arith, S: Field>(
    points: PointView<'_>,
    scalars: &[u8],
    form: Form,
) -> Result<Jacobian<C>, Unreduced> {
    let n = scalars.len() / form.bytes();
    let integers = Integers::<S>::read(scalars, form)?;
    let c = window_bits(n, integers.bits);
    let windows = window_count(integers.bits, c);
    let digits = integers.digits(c, windows);
    // enough tasks for every thread: few windows over many points are cut in pieces
    let threads = rayon::current_num_threads();
    let pieces = (threads.div_ceil(windows as usize))
        .min(n / MIN_SPLIT)
        .max(1);
    let piece = n.div_ceil(pieces);
    let tasks: Vec<_> = (0..windows as usize)
        .flat_map(|w| (0..pieces).map(move |p| (w, p)))
        .collect();
    let sums: Vec<_> = tasks
        .into_par_iter()
        .with_max_len(1)
        .map(|(w, p)| {
            let (first, last) = ((p * piece).min(n), ((p + 1) * piece).min(n));
            window_sum(points, first, &digits[w * n + first..w * n + last], c)
        })
        .collect();
    Ok(sums
        .rchunks(pieces)
        .fold(Jacobian::INFINITY, |total, window| {
            let total = (0..c).fold(total, |t, _| t.double());
            window.iter().fold(total, |t, s| t.add(s))
        }))
}

/// The scalars as integers at most r/2 with a sign.
struct Integers<S> {
    /// (magnitude, negative)
    values: Vec<([u64; 4], bool)>,
    /// Bits of the largest magnitude.
    bits: u32,
    field: std::marker::PhantomData<S>,
}

impl<S: Field> Integers<S> {
    fn read(scalars: &[u8], form: Form) -> Result<Self, Unreduced> {
        let size = form.bytes();
        let values = scalars
            .par_chunks_exact(size)
            .enumerate()
            .with_min_len(1 << 10)
            .map(|(index, bytes)| Self::read_one(index, bytes, form))
            .collect::<Result<Vec<_>, _>>()?;
        let bits = values
            .par_iter()
            .with_min_len(1 << 12)
            .map(|(k, _)| int::bits(&wide(k)))
            .max()
            .unwrap_or(0);
        Ok(Integers {
            values,
            bits,
            field: std::marker::PhantomData,
        })
    }

    #[inline]
    fn read_one(index: usize, bytes: &[u8], form: Form) -> Result<([u64; 4], bool), Unreduced> {
        let limbs = match form {
            Form::Small => {
                return Ok(([bytemuck::pod_read_unaligned::<u64>(bytes), 0, 0, 0], false));
            }
            Form::Data(_) => {
                // one product takes R off
                let k: S = bytemuck::pod_read_unaligned(bytes);
                k.mul(S::from_int(&int::small(1)))
            }
            Form::Integer(_) => bytemuck::pod_read_unaligned::<S>(bytes),
        };
        if !limbs.is_canonical() {
            return Err(Unreduced { index });
        }
        let opposite = limbs.neg();
        let (k, o) = (low(&limbs), low(&opposite));
        let negative = k.iter().rev().gt(o.iter().rev());
        Ok(if negative { (o, true) } else { (k, false) })
    }

    /// Digit w of scalar i at place w·n + i, in [−2^(c−1), 2^(c−1)], c ≤ 16: the largest one is only
    /// reached with sign, −2^(c−1), so that 16 bits hold it.
    fn digits(&self, c: u32, windows: u32) -> Vec<i16> {
        let n = self.values.len();
        let mut digits = vec![0i16; n * windows as usize];
        // one task for each run of scalars: split the table by columns of that run
        let run = n.div_ceil(rayon::current_num_threads() * 4).max(1 << 10);
        let mut parts: Vec<Vec<&mut [i16]>> = (0..n.div_ceil(run))
            .map(|_| Vec::with_capacity(windows as usize))
            .collect();
        for row in digits.chunks_mut(n) {
            for (part, columns) in parts.iter_mut().zip(row.chunks_mut(run)) {
                part.push(columns);
            }
        }
        parts
            .into_par_iter()
            .zip(self.values.par_chunks(run))
            .for_each(|(mut rows, values)| {
                for (i, (k, negative)) in values.iter().enumerate() {
                    signed_digits(k, *negative, c as usize, |w, digit| {
                        if let Some(row) = rows.get_mut(w) {
                            row[i] = digit;
                        }
                    });
                }
            });
        digits
    }
}

/// Calls `put` with every non-zero digit: Σ digit·2^(c·w) = ±k.
#[inline(always)]
fn signed_digits(k: &[u64; 4], negative: bool, c: usize, mut put: impl FnMut(usize, i16)) {
    let (half, mut carry, mut w) = (1i32 << (c - 1), 0, 0);
    while c * w < 256 || carry != 0 {
        let (limb, shift) = (c * w / 64, c * w % 64);
        let low = k.get(limb).map_or(0, |x| x >> shift);
        let next = if shift + c > 64 {
            k.get(limb + 1)
        } else {
            None
        };
        let high = next.map_or(0, |x| x << (64 - shift)); // shift > 0: c ≤ 16
        let digit = ((low | high) & ((1 << c) - 1)) as i32 + carry; // ≤ 2^c
        carry = (digit > half || (digit == half && !negative)) as i32;
        let digit = digit - (carry << c); // in [−half, half), or (−half, half] to be negated
        if digit != 0 {
            put(w, if negative { -digit } else { digit } as i16);
        }
        w += 1;
    }
}

fn low<S: Field>(k: &S) -> [u64; 4] {
    let k = k.to_int();
    [k[0], k[1], k[2], k[3]]
}

fn wide(k: &[u64; 4]) -> int::Int {
    [k[0], k[1], k[2], k[3], 0, 0]
}

/// The window that costs least: every digit an affine addition of about 6 products, every bucket
/// two of them, every window c doublings and two running sums of 2^(c/2) full additions. At most
/// 16, so that digits fit 16 bits.
fn window_bits(n: usize, bits: u32) -> u32 {
    let cost = |c: &u32| {
        let buckets = 1u64 << (c - 1);
        let sums = 2 * 16 * (2 << (c / 2)) + 7 * *c as u64;
        window_count(bits, *c) as u64 * (6 * n as u64 + 12 * buckets + sums)
    };
    (2..=16).min_by_key(cost).unwrap_or(2)
}

/// Windows for magnitudes of so many bits. Two bits are spare, so that the last digit, before its
/// carry, is below 2^(c−2): with the carry it stays below 2^(c−1) and carries no further.
fn window_count(bits: u32, c: u32) -> u32 {
    (bits + 2).div_ceil(c)
}

each_scalar_path! {
/// Σ digit_i · P_(first + i).
fn window_sum<C: Arith>(points: PointView<'_>, first: usize, digits: &[i16], c: u32) -> Jacobian<C> {
    let buckets = 1usize << (c - 1);
    let (lengths, order) = sort(digits, buckets);
    let mut adder = Adder::new();
    let sums = adder.sum_runs(lengths, |k| {
        let entry = order[k] as usize;
        let point = points.point::<C>(first + (entry >> 1));
        if entry & 1 == 1 { point.neg() } else { point }
    });
    weighted_sum(&mut adder, &sums, c - 1)
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
