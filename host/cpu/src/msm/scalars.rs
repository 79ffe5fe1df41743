//! Scalars as two signed halves each, and these as signed digits.
//!
//! A scalar k above r/2 becomes k − r, so that −1 is as cheap as 1; what is longer than a half is
//! split by the [endomorphism](crate::endomorphism). 0, ±1 and small integers keep an empty second
//! half, and digits that are zero cost nothing.

use crate::arith::Field;
use crate::endomorphism::Endomorphism;
use crate::{Form, Unreduced};
use proofmill_field::int;
use rayon::prelude::*;

/// Eight scalars' halves: the low and high words of k₁, then those of k₂ (two's complement).
pub(crate) type Block = [[u64; 8]; 4];

/// Scalars of a sum.
pub(crate) struct Halves {
    /// Padded with zeros.
    pub(crate) blocks: Vec<Block>,
    /// Bounds of |k₁| and |k₂|.
    pub(crate) bounds: [u128; 2],
}

/// The words of the largest magnitudes, as they are found: (high, low) of k₁, then of k₂. The low
/// words are of use where the high one is zero.
pub(crate) type Extremes = [[u64; 2]; 2];

impl Halves {
    /// Reads scalars with `read`, which fills the blocks from a run's bytes (8 scalars a block) and
    /// gives the extremes. An `Err` is the place in the run.
    pub(crate) fn read_with(
        scalars: &[u8],
        form: Form,
        read: impl Fn(&[u8], &mut [Block]) -> Result<Extremes, usize> + Sync,
    ) -> Result<Self, Unreduced> {
        /// Blocks of a task.
        const TASK: usize = 1 << 8;
        let block_bytes = 8 * form.bytes();
        let mut blocks = vec![[[0; 8]; 4]; scalars.len().div_ceil(block_bytes)];
        let runs = blocks
            .par_chunks_mut(TASK)
            .zip(scalars.par_chunks(TASK * block_bytes));
        let extremes = runs
            .enumerate()
            .map(|(i, (blocks, bytes))| {
                let place = |at| Unreduced {
                    index: i * TASK * 8 + at,
                };
                read(bytes, blocks).map_err(place)
            })
            .collect::<Vec<_>>();
        let mut all = Extremes::default();
        for one in extremes {
            merge(&mut all, &one?);
        }
        let bounds = all.map(|[high, low]| match high {
            0 => low as u128,
            _ => (high as u128) << 64 | u64::MAX as u128,
        });
        Ok(Halves { blocks, bounds })
    }

    /// Reads scalars one by one.
    pub(crate) fn read<S: Field>(
        scalars: &[u8],
        form: Form,
        phi: &Endomorphism,
    ) -> Result<Self, Unreduced> {
        Self::read_with(scalars, form, |bytes, blocks| {
            let mut extremes = Extremes::default();
            for (i, scalar) in bytes.chunks_exact(form.bytes()).enumerate() {
                let halves = match form {
                    Form::Small => [bytemuck::pod_read_unaligned::<u64>(scalar) as i128, 0],
                    _ => {
                        let (k, negative) = integer::<S>(scalar, form).ok_or(i)?;
                        let halves = phi.split(&k);
                        if negative { halves.map(|h| -h) } else { halves }
                    }
                };
                put(&mut blocks[i / 8], i % 8, &halves, &mut extremes);
            }
            Ok(extremes)
        })
    }

    /// Scalars, with the padding.
    pub(crate) fn len(&self) -> usize {
        self.blocks.len() * 8
    }

    /// 1 where no scalar needs φ(P), else 2.
    pub(crate) fn count(&self) -> usize {
        1 + (self.bounds[1] != 0) as usize
    }

    /// The larger bound.
    pub(crate) fn bound(&self) -> u128 {
        self.bounds[0].max(self.bounds[1])
    }

    /// How long the halves are, by a sample.
    pub(crate) fn lengths(&self) -> Lengths {
        /// Blocks.
        const SAMPLE: usize = 1 << 9;
        let step = self.blocks.len().div_ceil(SAMPLE).max(1);
        let mut lengths = Lengths {
            counts: [0; 129],
            scale: 0.0,
        };
        for block in self.blocks.iter().step_by(step) {
            for lane in 0..8 {
                for k in halves(block, lane) {
                    lengths.counts[128 - k.unsigned_abs().leading_zeros() as usize] += 1;
                }
            }
        }
        let sampled = self.blocks.len().div_ceil(step);
        lengths.scale = self.blocks.len() as f64 / sampled.max(1) as f64;
        lengths
    }
}

/// How many halves have how many bits.
pub(crate) struct Lengths {
    counts: [u32; 129],
    /// Halves for each one that was looked at.
    scale: f64,
}

impl Lengths {
    /// Digits that are expected not to be zero.
    pub(crate) fn digits(&self, windows: &Windows) -> f64 {
        let digits = |bits: usize| bits.div_ceil(windows.c as usize).min(windows.count) as f64;
        let sum: f64 = (self.counts.iter().enumerate())
            .map(|(bits, count)| *count as f64 * digits(bits))
            .sum();
        sum * self.scale
    }
}

/// Both halves of a block's scalar.
#[inline(always)]
pub(crate) fn halves(block: &Block, lane: usize) -> [i128; 2] {
    [0, 2].map(|h| (block[h][lane] as u128 | (block[h + 1][lane] as u128) << 64) as i128)
}

#[inline(always)]
fn put(block: &mut Block, lane: usize, halves: &[i128; 2], extremes: &mut Extremes) {
    for (h, k) in halves.iter().enumerate() {
        let (low, high) = (*k as u64, (*k >> 64) as u64);
        (block[2 * h][lane], block[2 * h + 1][lane]) = (low, high);
        let magnitude = k.unsigned_abs();
        let [top, bottom] = &mut extremes[h];
        *top = (*top).max((magnitude >> 64) as u64);
        *bottom = (*bottom).max(magnitude as u64);
    }
}

/// The larger of each.
pub(crate) fn merge(all: &mut Extremes, one: &Extremes) {
    for (a, b) in all.as_flattened_mut().iter_mut().zip(one.as_flattened()) {
        *a = (*a).max(*b);
    }
}

/// A scalar as an integer at most r/2 and whether it is to be negated; `None` if it is unreduced.
#[inline(always)]
fn integer<S: Field>(bytes: &[u8], form: Form) -> Option<([u64; 4], bool)> {
    let k: S = bytemuck::pod_read_unaligned(bytes);
    let k = match form {
        Form::Data(_) => k.mul(S::from_int(&int::small(1))), // one product takes R off
        _ => k,
    };
    if !k.is_canonical() {
        return None;
    }
    let (k, o) = (low(&k), low(&k.neg()));
    let negative = k.iter().rev().gt(o.iter().rev());
    Some(if negative { (o, true) } else { (k, false) })
}

fn low<S: Field>(k: &S) -> [u64; 4] {
    let k = k.to_int();
    [k[0], k[1], k[2], k[3]]
}

/// How scalars are cut into digits.
///
/// All digits but the last are in [−2^(c−1), 2^(c−1)); the last is what is left, at most
/// ⌊bound/2^(c·(windows−1))⌋ + 1 in magnitude.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Windows {
    /// Bits of a digit, at most 16.
    pub(crate) c: u32,
    /// Digits of a half.
    pub(crate) count: usize,
    /// Largest magnitude of a last digit.
    pub(crate) top: usize,
}

impl Windows {
    /// Windows of c bits for magnitudes up to `bound`; `None` where a last digit might not fit.
    fn new(c: u32, count: u32, bound: u128) -> Option<Self> {
        // c·(count − 1) ≤ 124 keeps a half with its bias below 2^127: 0.716·2^127 + 2^124·2/3
        let below = c * (count - 1);
        if below > 124 {
            return None;
        }
        // what the digits below leave is rounded, up by less than one
        let top = (bound >> below) + 1;
        (top < 1 << 15).then_some(Windows {
            c,
            count: count as usize,
            top: top as usize,
        })
    }

    /// The windows of least cost for magnitudes up to `bound`. The last one may be higher than the
    /// others where that saves one.
    pub(crate) fn choose(bound: u128, cost: impl Fn(&Windows) -> f64) -> Self {
        let bits = 128 - bound.leading_zeros();
        let candidates = (2..=16).flat_map(|c| {
            let count = bits.div_ceil(c).max(1);
            (count.saturating_sub(1).max(1)..=count + 1).filter_map(move |n| Self::new(c, n, bound))
        });
        let least = candidates.min_by(|a, b| cost(a).total_cmp(&cost(b)));
        // c = 16 with a window to spare: the last digit is 0 or 1 in magnitude
        least.unwrap_or(Windows {
            c: 16,
            count: bits.div_ceil(16) as usize + 1,
            top: 2,
        })
    }

    /// Σ 2^(c−1)·2^(c·w) over all windows but the last: added to a half, it makes every digit but the
    /// last what is in its bits, less 2^(c−1).
    #[inline(always)]
    pub(crate) fn bias(&self) -> u128 {
        let all = (1u128 << (self.c as usize * (self.count - 1))) - 1; // (2^c − 1)·Σ 2^(c·w)
        (all / ((1 << self.c) - 1)) << (self.c - 1)
    }

    /// Buckets of all windows.
    pub(crate) fn all_buckets(&self) -> usize {
        ((self.count - 1) << (self.c - 1)) + self.top
    }

    /// Buckets of a window.
    pub(crate) fn buckets(&self, window: usize) -> usize {
        if window + 1 == self.count {
            self.top
        } else {
            1 << (self.c - 1)
        }
    }
}

/// Digits by window: the digits of all k₁, then of all k₂.
pub(crate) struct Digits {
    values: Vec<i16>,
    /// Digits of a window.
    width: usize,
    /// From window to window.
    pitch: usize,
}

impl Digits {
    /// Cuts with `recode`, which is given blocks, a half, and for each window where the digits go.
    pub(crate) fn cut_with(
        halves: &Halves,
        windows: &Windows,
        recode: impl Fn(&[Block], usize, &mut [&mut [i16]]) + Sync,
    ) -> Self {
        /// Blocks of a task.
        const TASK: usize = 1 << 7;
        let n = halves.len();
        let width = halves.count() * n;
        // an odd number of cache lines, so that the windows' places fall into different sets
        let pitch = (width.div_ceil(32) * 32) | 32;
        let mut values = vec![0i16; windows.count * pitch];
        let tasks = n.div_ceil(8 * TASK) * halves.count();
        let mut parts: Vec<Vec<&mut [i16]>> = Vec::new();
        parts.resize_with(tasks, || Vec::with_capacity(windows.count));
        for row in values.chunks_exact_mut(pitch) {
            let columns = row[..width]
                .chunks_mut(n.max(1))
                .flat_map(|half| half.chunks_mut(8 * TASK));
            for (part, columns) in parts.iter_mut().zip(columns) {
                part.push(columns);
            }
        }
        let tasks = tasks / halves.count();
        parts.into_par_iter().enumerate().for_each(|(i, mut rows)| {
            let blocks = &halves.blocks[i % tasks * TASK..];
            recode(&blocks[..TASK.min(blocks.len())], i / tasks, &mut rows);
        });
        Digits {
            values,
            width,
            pitch,
        }
    }

    /// Cuts one by one.
    pub(crate) fn cut(halves: &Halves, windows: &Windows) -> Self {
        let (bias, c) = (windows.bias(), windows.c);
        Self::cut_with(halves, windows, |blocks, half, rows| {
            for (i, block) in blocks.iter().enumerate() {
                for lane in 0..8 {
                    let k = self::halves(block, lane)[half];
                    if k != 0 {
                        signed_digits(k.wrapping_add(bias as i128), c, rows, i * 8 + lane);
                    }
                }
            }
        })
    }

    /// The digits of a window, those of k₂ after those of k₁.
    pub(crate) fn window(&self, w: usize) -> &[i16] {
        &self.values[w * self.pitch..][..self.width]
    }
}

/// rows[w][at] = digit w of a half with its bias.
#[inline(always)]
fn signed_digits(mut k: i128, c: u32, rows: &mut [&mut [i16]], at: usize) {
    let Some((last, rows)) = rows.split_last_mut() else {
        return;
    };
    for row in rows {
        let digit = (k as u32 & ((1 << c) - 1)) as i32 - (1 << (c - 1));
        row[at] = digit as i16; // c ≤ 16
        k >>= c;
    }
    last[at] = k as i16; // |k| ≤ top < 2^15
}
