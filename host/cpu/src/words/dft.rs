//! One transform of m rows for every lane: natural order in, bit-reversed out.
//!
//! Passes are of sixteen rows, the last one of what remains. In a pass over block b of nb the row t of
//! the radix r is multiplied by ω_(r·nb)^(rev(b)·t), and then goes through a transform of r rows with
//! the field's own ω16: if the root's is ω16^u, row t is element u·t mod r of it. Up to 2^8 rows are
//! transformed line by line, in states that lie in the first cache. More rows take a pass of sixteen
//! first, whose results are words again: half as large as states, or less.

use super::network::{network_2, network_4, network_8};
use super::plan::Dft;
use super::{Kernel, Lanes};
use std::arch::asm;
use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};

/// What happens to rows when they are loaded.
#[derive(Clone, Copy)]
pub(super) enum Input<'a, L: Lanes> {
    /// Nothing.
    Plain,
    /// Row i times the constant at [`Dft::place`]`[i]`.
    Rows(&'a [L::Twiddle]),
    /// Row i, line v, times the line of the table at v·m + [`Dft::place`]`[i]`.
    Lines(&'a [L::Word]),
}

/// Some rows of lines.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, W> {
    pub(super) base: *mut W,
    /// Row i at base + at[start + i]. Bits add: at[i + j] = at[i] + at[j] − at[0] if i and j have none in
    /// common.
    pub(super) at: &'a [usize],
    pub(super) start: usize,
}

impl<'a, W> Rows<'a, W> {
    /// All of them.
    pub(super) fn all(base: *mut W, at: &'a [usize]) -> Self {
        let start = 0;
        Rows { base, at, start }
    }

    /// From one on.
    fn part(self, start: usize) -> Self {
        Rows { start, ..self }
    }

    /// Row i.
    #[inline(always)]
    fn row(&self, i: usize) -> *mut W {
        self.base.wrapping_add(self.at[self.start + i])
    }

    /// How far sixteen rows are from row 0.
    fn apart(&self, rows: [usize; 16]) -> [usize; 16] {
        rows.map(|i| self.at[self.start + i] - self.at[self.start])
    }
}

/// Rows of which the states lie in the first cache.
pub(super) const STATES: usize = 256;

/// Bytes of the states that a transform uses.
pub(super) fn state_bytes<L: Lanes>() -> usize {
    STATES * L::HALVES * size_of::<L::State>()
}

/// A transform of rows of so many lines and what it uses.
pub(super) struct Run<'a, L: Lanes> {
    pub(super) lanes: L,
    pub(super) dft: &'a Dft<L>,
    pub(super) lines: usize,
    /// Room for [`state_bytes`].
    pub(super) states: *mut L::State,
    /// Room for all rows.
    pub(super) middle: Rows<'a, L::Word>,
}

/// By how many networks of a pass rows are asked for before they are loaded.
const AHEAD: usize = 2;

/// One transform of up to 2^8 rows, or a pass of sixteen over more. Functions over it take as `HOW`
/// the input's kind, by number, or 3 for any.
struct Job<'a, L: Lanes> {
    rows: usize,
    from: Rows<'a, L::Word>,
    to: Rows<'a, L::Word>,
    input: Input<'a, L>,
    /// Rows that are asked for meanwhile: of `from` what comes after, or of `to`.
    next: Rows<'a, L::Word>,
}

/// Does this for each half of a line: `$do!(v, H)`.
macro_rules! halves {
    ($l:ident, $v:expr, $do:ident) => {{
        $do!($v, 0);
        if $l::HALVES == 2 {
            $do!($v, 1);
        }
    }};
}

impl<L: Lanes> Run<'_, L> {
    /// Transforms; the places may be the same. `then` is the base of the rows that come next.
    ///
    /// # Safety
    /// The features; rows and factors as many as the transform has.
    pub(super) unsafe fn run(
        &self,
        from: Rows<'_, L::Word>,
        to: Rows<'_, L::Word>,
        input: Input<'_, L>,
        then: *mut L::Word,
    ) {
        let rows = self.dft.rows;
        let next = Rows { base: then, ..from };
        let mut job = Job {
            rows,
            from,
            to,
            input,
            next,
        };
        if rows <= STATES {
            // SAFETY: passed on.
            return unsafe { self.job(&job) };
        }
        job.to = self.middle;
        // SAFETY: passed on.
        unsafe { self.sixteens(&job) };
        let rows = rows / 16;
        for b in 0..16 {
            let job = Job {
                rows,
                from: self.middle.part(b * rows),
                to: to.part(b * rows),
                input: match b {
                    0 => Input::Plain,
                    _ => Input::Rows(&self.dft.between),
                },
                next: to.part((b + 1) % 16 * rows),
            };
            // SAFETY: passed on.
            unsafe { self.job(&job) };
        }
    }

    /// # Safety
    /// As [`Run::run`].
    unsafe fn job(&self, job: &Job<'_, L>) {
        // SAFETY: passed on.
        unsafe {
            match (job.rows, job.input) {
                (2, _) => self.lanes.run(Pass::<_, 2, 3>(self, job)),
                (4, _) => self.lanes.run(Pass::<_, 4, 3>(self, job)),
                (8, _) => self.lanes.run(Pass::<_, 8, 3>(self, job)),
                (16, _) => self.sixteens(job),
                (_, Input::Plain) => self.passes::<0>(job),
                (_, Input::Rows(_)) => self.passes::<1>(job),
                (_, Input::Lines(_)) => self.passes::<2>(job),
            }
        }
    }

    /// # Safety
    /// As [`Run::run`].
    unsafe fn sixteens(&self, job: &Job<'_, L>) {
        // SAFETY: passed on.
        unsafe {
            match job.input {
                Input::Plain => self.lanes.run(Pass::<_, 16, 0>(self, job)),
                Input::Rows(_) => self.lanes.run(Pass::<_, 16, 1>(self, job)),
                Input::Lines(_) => self.lanes.run(Pass::<_, 16, 2>(self, job)),
            }
        }
    }

    /// Words from row 0 of the source to the row of each element of a first pass.
    #[inline]
    fn elements(&self, job: &Job<'_, L>, radix: usize) -> [usize; 16] {
        let q = job.rows / radix;
        job.from.apart(self.dft.order.map(|t| t % radix * q))
    }

    /// A first pass of radix R, to words.
    ///
    /// # Safety
    /// As [`Run::run`].
    #[inline(always)]
    unsafe fn pass<const R: usize, const HOW: u8>(&self, job: &Job<'_, L>) {
        let q = job.rows / R;
        let apart = self.elements(job, R);
        let targets = job.to.apart(std::array::from_fn(|k| k % R * q));
        for s in 0..q {
            let (from, to) = (job.from.row(s), job.to.row(s));
            let next = match s + AHEAD < q {
                true => job.from.row(s + AHEAD),
                false => job.next.row((s + AHEAD) % q),
            };
            for at in apart {
                fetch::<false, _>(next.wrapping_add(at));
            }
            for v in (0..self.lines).map(|v| v * L::LINE) {
                let (from, to) = (from.wrapping_add(v), to.wrapping_add(v));
                let next = next.wrapping_add(v).wrapping_byte_add(63);
                macro_rules! half {
                    ($v:expr, $h:literal) => {{
                        macro_rules! put {
                            ($k:literal, $x:expr) => {{
                                let x = $x;
                                self.emit::<$h>($k, x[0], to.wrapping_add(targets[$k]));
                                self.emit::<$h>($k + 1, x[1], to.wrapping_add(targets[$k + 1]));
                            }};
                        }
                        macro_rules! load {
                            ($k:literal) => {{
                                if $h == 0 {
                                    fetch::<false, _>(next.wrapping_add(apart[$k]));
                                }
                                let from = from.wrapping_add(apart[$k]);
                                self.load::<HOW, $k, $h>(from, job, s * R, $v)
                            }};
                        }
                        let l = self.lanes;
                        network!(R, l, load, put)
                    }};
                }
                // SAFETY: row < rows; the caller's word.
                unsafe { halves!(L, v, half) }
            }
        }
    }

    /// Sixteen rows at a time, then as many as remain, to words.
    ///
    /// # Safety
    /// As [`Run::run`].
    unsafe fn passes<const HOW: u8>(&self, job: &Job<'_, L>) {
        let apart = self.elements(job, 16);
        let targets = job.to.apart(std::array::from_fn(|k| k));
        let l = self.lanes;
        for v in (0..self.lines).map(|v| v * L::LINE) {
            macro_rules! half {
                ($v:expr, $h:literal) => {{
                    l.run(First::<_, HOW, $h>(self, job, &apart, $v));
                    match job.rows / 16 {
                        2 => l.run(Last::<_, 2, $h>(self, job, &targets, $v)),
                        4 => l.run(Last::<_, 4, $h>(self, job, &targets, $v)),
                        8 => l.run(Last::<_, 8, $h>(self, job, &targets, $v)),
                        _ => l.run(Last::<_, 16, $h>(self, job, &targets, $v)),
                    }
                }};
            }
            // SAFETY: passed on.
            unsafe { halves!(L, v, half) }
        }
    }

    /// Element K of a first pass, number `place` + K of those that it reads, half H of the line at
    /// word v.
    ///
    /// # Safety
    /// As [`Run::run`].
    #[inline(always)]
    unsafe fn load<const HOW: u8, const K: usize, const H: usize>(
        &self,
        from: *const L::Word,
        job: &Job<'_, L>,
        place: usize,
        v: usize,
    ) -> L::State {
        let l = self.lanes;
        // SAFETY: the caller's word.
        unsafe {
            match job.input {
                Input::Rows(list) if HOW == 1 || HOW == 3 => {
                    let w = list.get_unchecked(job.from.start + place + K);
                    l.scaled::<K>(l.load::<H>(from), w)
                }
                Input::Lines(table) if HOW == 2 || HOW == 3 => {
                    let line = v * job.rows + (place + K) * L::LINE;
                    l.twist::<K, H>(from, table.as_ptr().add(line))
                }
                _ => l.fresh::<K>(l.load::<H>(from)),
            }
        }
    }

    /// Where the states of a half lie.
    #[inline(always)]
    fn states(&self, half: usize) -> *mut L::State {
        self.states.wrapping_add(half * STATES)
    }

    /// A half of a line of the output; state `s` is there for what its first half leaves to the last.
    ///
    /// # Safety
    /// As [`Run::run`].
    #[inline(always)]
    unsafe fn emit<const H: usize>(&self, s: usize, x: L::State, to: *mut L::Word) {
        // SAFETY: the caller's word; half 0 went through the same state.
        unsafe { self.lanes.store::<H>(x, self.states(0).wrapping_add(s), to) }
    }

    /// A first pass of radix 16, to states.
    ///
    /// # Safety
    /// As [`Run::run`].
    #[inline(always)]
    unsafe fn first<const HOW: u8, const H: usize>(
        &self,
        job: &Job<'_, L>,
        apart: &[usize; 16],
        v: usize,
    ) {
        let l = self.lanes;
        let q = job.rows / 16;
        for s in 0..q {
            let from = job.from.row(s).wrapping_add(v);
            let next = job.next.base.wrapping_add(v).wrapping_byte_add(63);
            let places = &job.next.at[job.next.start + s * 16..][..16];
            macro_rules! load {
                ($k:literal) => {{
                    if H == 0 {
                        fetch::<true, _>(next.wrapping_add(places[$k]));
                    }
                    self.load::<HOW, $k, H>(from.wrapping_add(apart[$k]), job, s * 16, v)
                }};
            }
            let to = self.states(H).wrapping_add(s);
            macro_rules! put {
                ($k:literal, $x:expr) => {{
                    let (x, to) = ($x, to.add($k * q));
                    *to = x[0];
                    *to.add(q) = x[1];
                }};
            }
            // SAFETY: row < rows; the caller's word.
            unsafe { network_16!(l, load, put) }
        }
    }

    /// The pass after it, of radix R: sixteen blocks, to words.
    ///
    /// # Safety
    /// As [`Run::run`].
    #[inline(always)]
    unsafe fn last<const R: usize, const H: usize>(
        &self,
        job: &Job<'_, L>,
        targets: &[usize; 16],
        v: usize,
    ) {
        let l = self.lanes;
        let rows = self.dft.order.map(|t| t % R);
        for (b, w) in self.dft.last.chunks_exact(R - 1).enumerate() {
            let (from, to) = (self.states(H).wrapping_add(b * R), job.to.row(b * R));
            let to = to.wrapping_add(v);
            macro_rules! load {
                (0) => {
                    l.carried(*from)
                };
                ($k:literal) => {
                    l.twiddle::<$k>(*from.add(rows[$k]), w.get_unchecked($k - 1))
                };
            }
            macro_rules! put {
                ($k:literal, $x:expr) => {{
                    let (x, s) = ($x, b * R + $k);
                    self.emit::<H>(s, x[0], to.wrapping_add(targets[$k]));
                    self.emit::<H>(s + 1, x[1], to.wrapping_add(targets[$k + 1]));
                }};
            }
            // SAFETY: the caller's word; R states from there.
            unsafe { network!(R, l, load, put) }
        }
    }
}

/// [`Run::pass`].
struct Pass<'a, L: Lanes, const R: usize, const HOW: u8>(&'a Run<'a, L>, &'a Job<'a, L>);

impl<L: Lanes, const R: usize, const HOW: u8> Kernel for Pass<'_, L, R, HOW> {
    #[inline(always)]
    unsafe fn run(self) {
        // SAFETY: passed on.
        unsafe { self.0.pass::<R, HOW>(self.1) }
    }
}

/// [`Run::first`].
struct First<'a, L: Lanes, const HOW: u8, const H: usize>(
    &'a Run<'a, L>,
    &'a Job<'a, L>,
    &'a [usize; 16],
    usize,
);

impl<L: Lanes, const HOW: u8, const H: usize> Kernel for First<'_, L, HOW, H> {
    #[inline(always)]
    unsafe fn run(self) {
        // SAFETY: passed on.
        unsafe { self.0.first::<HOW, H>(self.1, self.2, self.3) }
    }
}

/// [`Run::last`].
struct Last<'a, L: Lanes, const R: usize, const H: usize>(
    &'a Run<'a, L>,
    &'a Job<'a, L>,
    &'a [usize; 16],
    usize,
);

impl<L: Lanes, const R: usize, const H: usize> Kernel for Last<'_, L, R, H> {
    #[inline(always)]
    unsafe fn run(self) {
        // SAFETY: passed on.
        unsafe { self.0.last::<R, H>(self.1, self.2, self.3) }
    }
}

/// Asks for the line of an address, whatever that is, to be read or to be written.
#[inline(always)]
fn fetch<const WRITE: bool, W>(at: *const W) {
    if WRITE {
        // `_mm_prefetch` asks to read, unless the feature `prfchw` is on, which is unstable
        let at = at.addr();
        // SAFETY: a prefetch never faults; every processor of 64 bits takes this one.
        unsafe { asm!("prefetchw [{}]", in(reg) at, options(nostack, preserves_flags, nomem)) };
    } else {
        // SAFETY: a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) };
    }
}
