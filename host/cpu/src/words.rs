//! Transforms over the fields of one word, eight or four lanes wide.
//!
//! With IFMA a lane holds an element lazily ([`Lanes`]): as a residue modulo 2^52 of an integer far below
//! it (31-bit fields, [`short`]), or as a pair of 48-bit limbs on 2^48, a square root of −1
//! ([`goldilocks`]). So additions have no carries and no reductions, and a product by a constant is
//! three instructions of the multiply-add, or ten. With AVX2 and no IFMA, 31-bit fields have
//! lanes of 32 bits, reduced after every step ([`reduced`]), and Goldilocks four lanes of such pairs
//! ([`goldilocks_avx2`]).
//!
//! [`dft`] is the kernel: one transform of up to 2^12 rows, every lane a column, of a [`tile`] of some
//! lines. [`vector`] and [`rows`] make larger transforms of it in two steps (n = n1·n2, Bailey's
//! four-step), on one vector and on row-major batches. Orders of input and output are where rows are
//! loaded and stored.

#[macro_use]
mod network;
mod dft;
mod goldilocks;
mod goldilocks_avx2;
mod plan;
mod reduced;
mod rows;
mod short;
#[cfg(test)]
mod tests;
mod tile;
mod transpose;
mod vector;

use crate::arith::{BabyBear, Field, KoalaBear, Modulus};
use crate::{Layout, Ntt};
use bytemuck::Pod;
use proofmill_field::{FieldId, FieldSpec, Int, int};
use rayon::prelude::*;

/// A field's arithmetic on the lanes of a vector. A value of the type is the proof that the processor has the
/// instructions: `detect` alone makes one, and methods rely on it.
///
/// `K` is the place of an element in a butterfly network of up to 16: there it gets the multiple of
/// p, or of another form of zero, that keeps the network's values where they must be.
trait Lanes: Copy + Send + Sync + 'static {
    /// An element in memory.
    type Word: Pod + Send + Sync;
    /// The lanes' elements between passes.
    type State: Copy;
    /// A constant to multiply by.
    type Twiddle: Pod + Send + Sync;

    /// The field.
    const ID: FieldId;
    /// Words of a line of the caches.
    const LINE: usize = 64 / size_of::<Self::Word>();
    /// States of a line: 1 or 2.
    const HALVES: usize;
    /// Rows and columns of the transposition in registers.
    const SIDE: usize;

    /// The proof, where the processor has the instructions.
    fn detect() -> Option<Self>;
    /// Runs a kernel, compiled for these instructions ([`compiled_for`]).
    ///
    /// # Safety
    /// As the kernel's.
    unsafe fn run<K: Kernel>(self, kernel: K);
    /// The network's own root of order 16, given the field's.
    fn sixteenth(own: u64) -> u64 {
        own
    }
    /// a·b mod p of plain residues.
    fn product(a: u64, b: u64) -> u64;
    /// The plain residue w as a constant.
    fn prepare(w: u64) -> Self::Twiddle;
    /// A residue as a word of a table of [`Lanes::twist`].
    fn word(w: u64) -> Self::Word;

    /// Half H of a line; which words that are is the lanes' own affair, here, in `twist` and in `store`.
    ///
    /// # Safety
    /// They must be readable.
    unsafe fn load<const H: usize>(self, from: *const Self::Word) -> Self::State;
    /// As [`Lanes::load`], times the same half of a line of a table.
    ///
    /// # Safety
    /// Both must be readable.
    unsafe fn twist<const K: usize, const H: usize>(
        self,
        from: *const Self::Word,
        table: *const Self::Word,
    ) -> Self::State;
    /// Stores the reduced words of half H of a line at `to`, or keeps them until the last half comes.
    ///
    /// # Safety
    /// The line and `kept` must be writable; `kept` as the half before left it.
    unsafe fn store<const H: usize>(
        self,
        x: Self::State,
        kept: *mut Self::State,
        to: *mut Self::Word,
    );
    /// Eight times eight or sixteen times sixteen words, transposed: row i of the source at
    /// `from(i)`, of the result at `to(i)`.
    ///
    /// # Safety
    /// `SIDE` words at each must be readable, and writable; sources and targets must not overlap.
    unsafe fn transpose(
        self,
        from: impl Fn(usize) -> *const Self::Word,
        to: impl Fn(usize) -> *mut Self::Word,
    );

    /// A loaded element at place K.
    fn fresh<const K: usize>(self, x: Self::State) -> Self::State;
    /// The output of a pass as element 0 of the next, which is not multiplied.
    fn carried(self, x: Self::State) -> Self::State;
    /// A loaded element, times w, at place K.
    fn scaled<const K: usize>(self, x: Self::State, w: &Self::Twiddle) -> Self::State;
    /// The output of a pass, times w, at place K of the next.
    fn twiddle<const K: usize>(self, x: Self::State, w: &Self::Twiddle) -> Self::State;
    /// a ± ω16^E·b.
    fn butterfly<const E: usize>(
        self,
        a: Self::State,
        b: Self::State,
    ) -> (Self::State, Self::State);
}

/// Work on lanes.
trait Kernel {
    /// Does it; always inlined, into code that is compiled for the lanes' instructions.
    ///
    /// # Safety
    /// Whatever the work's own is.
    unsafe fn run(self);
}

/// [`Lanes::run`] for these instructions.
macro_rules! compiled_for {
    ($features:literal) => {
        unsafe fn run<K: super::Kernel>(self, kernel: K) {
            #[inline(never)]
            #[target_feature(enable = $features)]
            unsafe fn compiled<K: super::Kernel>(kernel: K) {
                // SAFETY: passed on.
                unsafe { kernel.run() }
            }
            // SAFETY: `detect` found the instructions; the rest is passed on.
            unsafe { compiled(kernel) }
        }
    };
}
use compiled_for;

/// Runs the transform, as [`crate::ntt::run`], where these kernels do it; false, with nothing
/// touched, where they do not: another field, no instructions, a size too small or too large.
pub(crate) fn run<F: Field>(data: &mut [F], ntt: &Ntt) -> bool {
    match F::SPEC.id {
        FieldId::Goldilocks => {
            run_on::<F, goldilocks::Goldilocks>(data, ntt)
                || run_on::<F, goldilocks_avx2::Goldilocks>(data, ntt)
        }
        FieldId::BabyBear => run_short::<F, BabyBear>(data, ntt),
        FieldId::KoalaBear => run_short::<F, KoalaBear>(data, ntt),
        _ => false,
    }
}

fn run_short<F: Field, P: Modulus>(data: &mut [F], ntt: &Ntt) -> bool {
    run_on::<F, short::Short<P>>(data, ntt) || run_on::<F, reduced::Reduced<P>>(data, ntt)
}

fn run_on<F: Field, L: Lanes>(data: &mut [F], ntt: &Ntt) -> bool {
    let Some(lanes) = L::detect() else {
        return false;
    };
    let by_rows = ntt.layout == Layout::RowMajor && ntt.columns > 1;
    let covered = match by_rows {
        true => rows::covers(ntt),
        false => vector::covers::<L>(ntt),
    };
    if !covered {
        return false;
    }
    if by_rows {
        rows::run::<F, L>(lanes, data, ntt);
        return true;
    }
    let rows = ntt.output_rows();
    crate::ntt::spread(data, ntt);
    data.par_chunks_mut(rows)
        .for_each(|column| vector::run::<F, L>(lanes, column, ntt));
    true
}

/// A pointer that tasks share, each to touch its own part.
#[derive(Clone, Copy)]
struct Shared<T>(*mut T);

// SAFETY: whoever makes one says why its tasks touch disjoint parts.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// The pointer; a method, so that closures capture the whole.
    fn get(self) -> *mut T {
        self.0
    }
}

/// ω16^E of a field whose elements have one word, E < 8, plain residues.
const fn roots(spec: &FieldSpec) -> [u64; 8] {
    let mut order = int::ZERO;
    order[0] = 1 << (spec.two_adicity - 4);
    let root = spec.pow(&spec.root, &order);
    let (mut out, mut power, mut i) = ([0; 8], spec.one, 0);
    while i < 8 {
        out[i] = spec.from_data(&power)[0];
        power = spec.mul(&power, &root);
        i += 1;
    }
    out
}

/// The plain residue of an element in data form.
fn residue<L: Lanes>(a: &Int) -> u64 {
    L::ID.spec().from_data(a)[0]
}

/// a^e of plain residues.
fn power<L: Lanes>(mut a: u64, mut e: u64) -> u64 {
    let mut out = 1;
    while e > 0 {
        if e & 1 == 1 {
            out = L::product(out, a);
        }
        a = L::product(a, a);
        e >>= 1;
    }
    out
}

/// start·ratio^i.
fn progression<L: Lanes>(start: u64, ratio: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(start), move |x| Some(L::product(*x, ratio)))
}
