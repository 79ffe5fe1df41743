//! The butterflies on rows.

use super::super::lanes::*;
use super::super::modulus::{Constants, Twiddle};
use crate::arith::Modulus;
use std::arch::x86_64::*;

/// Rows to read and rows to write, each some rows apart.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) from: *const Row,
    pub(super) from_step: usize,
    pub(super) to: *mut Row,
    pub(super) to_step: usize,
    /// Rows of one block.
    pub(super) rows: usize,
}

impl View {
    /// The b-th block after this one.
    pub(super) fn block(self, b: usize) -> View {
        View {
            from: self.from.wrapping_add(b * self.rows * self.from_step),
            to: self.to.wrapping_add(b * self.rows * self.to_step),
            ..self
        }
    }

    /// # Safety
    /// Row i is there.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn read(self, i: usize) -> Limbs {
        // SAFETY: the caller's.
        let row = unsafe { &(*self.from.add(i * self.from_step)).0 };
        [row[0], row[1], row[2], row[3], row[4]]
    }

    /// # Safety
    /// Row i is there, and nobody else uses it.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn write(self, i: usize, limbs: Limbs) {
        // SAFETY: the caller's.
        let row = unsafe { &mut (*self.to.add(i * self.to_step)).0 };
        row[0] = limbs[0];
        row[1] = limbs[1];
        row[2] = limbs[2];
        row[3] = limbs[3];
        row[4] = limbs[4];
    }
}

/// A butterfly on the rows j + k·rows/RADIX of a block.
pub(super) trait Butterfly {
    const RADIX: usize;

    /// # Safety
    /// The processor has the vectors' instructions; the rows are in the view.
    unsafe fn apply<P: Modulus>(view: View, j: usize, w: &[Twiddle; 3]);
}

/// # Safety
/// As for [`Butterfly::apply`].
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
pub(super) unsafe fn each<P: Modulus, B: Butterfly>(view: View, w: &[Twiddle; 3]) {
    for j in 0..view.rows / B::RADIX {
        // SAFETY: the caller's.
        unsafe { B::apply::<P>(view, j, w) };
    }
}

/// The general butterfly of two layers, on one block after the other. `RAW`: the input carries no
/// offset yet.
///
/// Two butterflies go together, first layer, first layer, second, second: a layer is a chain of a
/// hundred cycles with a hundred cycles of work, and what depends on it must not come next.
pub(super) struct Quarters<const PRECISE: bool, const RAW: bool>;

impl<const PRECISE: bool, const RAW: bool> Quarters<PRECISE, RAW> {
    /// All blocks of a pass.
    ///
    /// # Safety
    /// The processor has the vectors' instructions; the blocks are in the view.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    pub(super) unsafe fn all<P: Modulus>(view: View, twiddles: &[[Twiddle; 3]]) {
        let quarter = view.rows / 4;
        let count = twiddles.len() * quarter;
        let at = |i: usize| (view.block(i / quarter), i % quarter, &twiddles[i / quarter]);
        for i in (0..count - 1).step_by(2) {
            let ((view_a, ja, wa), (view_b, jb, wb)) = (at(i), at(i + 1));
            // SAFETY: the caller's.
            unsafe {
                let a = Self::first::<P>(view_a, ja, wa);
                let b = Self::first::<P>(view_b, jb, wb);
                Self::second::<P>(&a, view_a, ja, wa);
                Self::second::<P>(&b, view_b, jb, wb);
            }
        }
        if count % 2 == 1 {
            let (view, j, w) = at(count - 1);
            // SAFETY: the caller's.
            unsafe { Self::second::<P>(&Self::first::<P>(view, j, w), view, j, w) };
        }
    }

    /// # Safety
    /// As for [`Butterfly::apply`].
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    unsafe fn first<P: Modulus>(view: View, j: usize, w: &[Twiddle; 3]) -> [Limbs; 4] {
        let q = view.rows / 4;
        // SAFETY: the caller's.
        let (x2, x3) = unsafe { (view.read(j + 2 * q), view.read(j + 3 * q)) };
        let (x2, x3) = if RAW {
            (x2, x3)
        } else {
            (carried(&x2), carried(&x3))
        };
        // a factor is at most CENTRE + s ≤ CAPACITY; t within ±5 (±1)
        let (t2, t3) = product_pair!(P, PRECISE, x2, x3, w[0], w[0]);
        // SAFETY: the caller's.
        let (x0, x1) = unsafe { (view.read(j), view.read(j + q)) };
        let (x0, x1) = if RAW {
            (offset::<P>(&x0), offset::<P>(&x1))
        } else {
            (x0, x1)
        };
        [add(&x0, &t2), add(&x1, &t3), sub(&x0, &t2), sub(&x1, &t3)]
    }

    /// # Safety
    /// As for [`Butterfly::apply`].
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    unsafe fn second<P: Modulus>(y: &[Limbs; 4], view: View, j: usize, w: &[Twiddle; 3]) {
        let q = view.rows / 4;
        let (y1, y3) = (carried(&y[1]), carried(&y[3]));
        let (u, v) = product_pair!(P, PRECISE, y1, y3, w[1], w[2]);
        // SAFETY: the caller's.
        unsafe {
            view.write(j, add(&y[0], &u));
            view.write(j + q, sub(&y[0], &u));
            view.write(j + 2 * q, add(&y[2], &v));
            view.write(j + 3 * q, sub(&y[2], &v));
        }
    }
}

/// Two layers of block 0, whose twiddles are 1, 1 and i: in and, in its own first quarter, out
/// [0, 2p), normalised, without the offset.
pub(super) struct Trivial<const PRECISE: bool>;

impl<const PRECISE: bool> Butterfly for Trivial<PRECISE> {
    const RADIX: usize = 4;

    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    unsafe fn apply<P: Modulus>(view: View, j: usize, w: &[Twiddle; 3]) {
        let q = view.rows / 4;
        // SAFETY: the caller's.
        let (x1, x3) = unsafe { (view.read(j + q), view.read(j + 3 * q)) };
        // [0, 4p)
        let y3 = carried(&sub(&plus_2p::<P>(&x1), &x3));
        let v = product::<P, PRECISE>(&y3, &w[2]);
        // SAFETY: the caller's.
        let (x0, x2) = unsafe { (view.read(j), view.read(j + 2 * q)) };
        let (y0, y1) = (add(&x0, &x2), add(&x1, &x3));
        let y2 = offset::<P>(&sub(&x0, &x2));
        // SAFETY: the caller's.
        unsafe {
            // [0, 8p) → [0, 2p)
            view.write(j, reduced::<P>(&add(&y0, &y1)));
            view.write(j + q, offset::<P>(&sub(&y0, &y1)));
            view.write(j + 2 * q, add(&y2, &v));
            view.write(j + 3 * q, sub(&y2, &v));
        }
    }
}

/// One layer of block 0, twiddle 1: as [`Trivial`].
pub(super) struct Halving;

impl Butterfly for Halving {
    const RADIX: usize = 2;

    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    unsafe fn apply<P: Modulus>(view: View, j: usize, _: &[Twiddle; 3]) {
        let h = view.rows / 2;
        // SAFETY: the caller's.
        unsafe {
            let (x0, x1) = (view.read(j), view.read(j + h));
            view.write(j, reduced::<P>(&add(&x0, &x1)));
            view.write(j + h, offset::<P>(&sub(&x0, &x1)));
        }
    }
}

/// One layer on a coset, before any other: the input carries no offset yet. Precise: it is cheap.
pub(super) struct FirstHalving;

impl Butterfly for FirstHalving {
    const RADIX: usize = 2;

    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
    unsafe fn apply<P: Modulus>(view: View, j: usize, w: &[Twiddle; 3]) {
        let h = view.rows / 2;
        // SAFETY: the caller's.
        unsafe {
            let t = product::<P, true>(&view.read(j + h), &w[0]);
            let x = offset::<P>(&view.read(j));
            view.write(j, add(&x, &t));
            view.write(j + h, sub(&x, &t));
        }
    }
}
