//! The four butterflies, on a whole block in parallel or by one thread. `trivial`: the first two
//! twiddles are 1.

use super::{Field, TASK_BYTES};
use crate::dispatch::each_path;
use crate::parallel;

pub(super) type Quarters<'a, F> = [&'a mut [F]; 4];

#[inline(always)]
pub(super) fn quarters<F>(data: &mut [F]) -> Quarters<'_, F> {
    let (low, high) = data.split_at_mut(data.len() / 2);
    let (a, b) = low.split_at_mut(low.len() / 2);
    let (c, d) = high.split_at_mut(high.len() / 2);
    [a, b, c, d]
}

fn in_parallel<F: Field>(data: &mut [F], run: impl Fn(Quarters<'_, F>) + Sync) {
    let task = TASK_BYTES / size_of::<F>() / 4;
    parallel::side_by_side(quarters(data), task, run);
}

pub(super) fn radix_4_split<F: Field>(data: &mut [F], w: [F; 3], trivial: bool) {
    in_parallel(data, |q| split_chunk(q, w, trivial));
}

pub(super) fn radix_4_merge<F: Field>(data: &mut [F], w: [F; 3], trivial: bool) {
    in_parallel(data, |q| merge_chunk(q, w, trivial));
}

fn halves_in_parallel<F: Field>(data: &mut [F], run: impl Fn([&mut [F]; 2]) + Sync) {
    let (a, b) = data.split_at_mut(data.len() / 2);
    let task = TASK_BYTES / size_of::<F>() / 2;
    parallel::side_by_side([a, b], task, run);
}

pub(super) fn radix_2_split<F: Field>(data: &mut [F], w: F) {
    halves_in_parallel(data, |[a, b]| split_2_chunk(a, b, w));
}

pub(super) fn radix_2_merge<F: Field>(data: &mut [F], w: F) {
    halves_in_parallel(data, |[a, b]| merge_2_chunk(a, b, w));
}

each_path! {
fn split_chunk<F: Field>(q: Quarters<'_, F>, w: [F; 3], trivial: bool) {
    split_4(q, w, trivial);
}
}

each_path! {
fn merge_chunk<F: Field>(q: Quarters<'_, F>, w: [F; 3], trivial: bool) {
    merge_4(q, w, trivial);
}
}

each_path! {
fn split_2_chunk<F: Field>(a: &mut [F], b: &mut [F], w: F) {
    split_2(a, b, w);
}
}

each_path! {
fn merge_2_chunk<F: Field>(a: &mut [F], b: &mut [F], w: F) {
    merge_2(a, b, w);
}
}

/// Four elements through two layers. A trait, because a closure of this size is not inlined, and a
/// call for each butterfly cannot be vectorised.
pub(super) trait Butterfly<F> {
    fn apply(&self, x: [F; 4]) -> [F; 4];
}

/// Natural → bit-reversed, with the twiddles of the block and of its halves.
pub(super) struct Split<F>(pub(super) [F; 3]);

/// As [`Split`] with the first two twiddles 1.
struct SplitFirst<F>(F);

/// Bit-reversed → natural.
pub(super) struct Merge<F>(pub(super) [F; 3]);

/// As [`Merge`] with the first two twiddles 1.
struct MergeFirst<F>(F);

impl<F: Field> Butterfly<F> for Split<F> {
    #[inline(always)]
    fn apply(&self, [a, b, c, d]: [F; 4]) -> [F; 4] {
        let [w, w0, w1] = self.0;
        let (c, d) = (c.mul(w), d.mul(w));
        let (a, b, c, d) = (a.add(c), b.add(d).mul(w0), a.sub(c), b.sub(d).mul(w1));
        [a.add(b), a.sub(b), c.add(d), c.sub(d)]
    }
}

impl<F: Field> Butterfly<F> for SplitFirst<F> {
    #[inline(always)]
    fn apply(&self, [a, b, c, d]: [F; 4]) -> [F; 4] {
        let (a, b, c, d) = (a.add(c), b.add(d), a.sub(c), b.sub(d).mul(self.0));
        [a.add(b), a.sub(b), c.add(d), c.sub(d)]
    }
}

impl<F: Field> Butterfly<F> for Merge<F> {
    #[inline(always)]
    fn apply(&self, [a, b, c, d]: [F; 4]) -> [F; 4] {
        let [w, w0, w1] = self.0;
        let (a, b, c, d) = (a.add(b), a.sub(b).mul(w0), c.add(d), c.sub(d).mul(w1));
        [a.add(c), b.add(d), a.sub(c).mul(w), b.sub(d).mul(w)]
    }
}

impl<F: Field> Butterfly<F> for MergeFirst<F> {
    #[inline(always)]
    fn apply(&self, [a, b, c, d]: [F; 4]) -> [F; 4] {
        let (a, b, c, d) = (a.add(b), a.sub(b), c.add(d), c.sub(d).mul(self.0));
        [a.add(c), b.add(d), a.sub(c), b.sub(d)]
    }
}

#[inline(always)]
pub(super) fn split_4<F: Field>(q: Quarters<'_, F>, w: [F; 3], trivial: bool) {
    match trivial {
        true => each(q, &SplitFirst(w[2])),
        false => each(q, &Split(w)),
    }
}

#[inline(always)]
pub(super) fn merge_4<F: Field>(q: Quarters<'_, F>, w: [F; 3], trivial: bool) {
    match trivial {
        true => each(q, &MergeFirst(w[2])),
        false => each(q, &Merge(w)),
    }
}

#[inline(always)]
fn each<F: Field>([a, b, c, d]: Quarters<'_, F>, butterfly: &impl Butterfly<F>) {
    let n = a.len();
    let (b, c, d) = (&mut b[..n], &mut c[..n], &mut d[..n]);
    for i in 0..n {
        [a[i], b[i], c[i], d[i]] = butterfly.apply([a[i], b[i], c[i], d[i]]);
    }
}

#[inline(always)]
pub(super) fn split_2<F: Field>(a: &mut [F], b: &mut [F], w: F) {
    for (a, b) in a.iter_mut().zip(b) {
        let t = b.mul(w);
        (*a, *b) = (a.add(t), a.sub(t));
    }
}

#[inline(always)]
pub(super) fn merge_2<F: Field>(a: &mut [F], b: &mut [F], w: F) {
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (a.add(*b), a.sub(*b).mul(w));
    }
}
