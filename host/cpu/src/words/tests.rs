//! Against the portable path and host/field's definition. Without the instructions nothing is run,
//! and that is said.

use super::goldilocks::Goldilocks;
use super::goldilocks_avx2::Goldilocks as GoldilocksAvx2;
use super::reduced::Reduced;
use super::short::Short;
use super::{Kernel, Lanes, residue, run_on};
use crate::arith::{self, BabyBear, Field, KoalaBear, Mont31};
use crate::{Direction, Layout, Ntt, Order, ntt};
use proofmill_field::{Int, Random, int, naive};

fn has<L: Lanes>() -> bool {
    let found = L::detect().is_some();
    if !found {
        let name = std::any::type_name::<L>();
        println!("{name} skipped: not this processor, or PROOFMILL_CPU forces another path");
    }
    found
}

/// Elements of kind `kind % 4`: random, all p − 1, any words where the field takes them, 0 and p − 1.
fn elements<F: Field>(random: &mut Random, count: usize, kind: usize) -> Vec<F> {
    let spec = F::SPEC;
    let top = F::from_int(&int::sub(&spec.modulus, &int::small(1)).0);
    let element = |i: usize| match kind % 4 {
        1 => top,
        2 if F::LAZY => F::from_int(&int::small(match random.word() {
            w if w % 3 == 0 => u64::MAX - w % 1000,
            w => w,
        })),
        3 => [F::ZERO, top][(i * i / 3) % 2],
        _ => F::from_int(&random.element(spec.id)),
    };
    (0..count).map(element).collect()
}

/// A root of full order that is not the field's own.
fn foreign<F: Field>(case: usize) -> Int {
    let odd = [3, 5, 7, 11, 13, 15, 17][case % 7];
    F::SPEC.pow(&F::SPEC.root, &int::small(odd))
}

/// What is asked of one shape: every direction, order, coset, extension and root.
fn questions<F: Field>(log_n: u32, columns: usize, layout: Layout) -> Vec<Ntt> {
    let orders = [Order::Natural, Order::BitReversed];
    let mut out = Vec::new();
    for case in 0..64 {
        let bit = |k: u32| case >> k & 1;
        let added_bits = [0, 1, 2, 0][case >> 4];
        out.push(Ntt {
            log_n,
            columns,
            layout,
            direction: if case < 48 {
                Direction::Forward
            } else {
                Direction::Inverse
            },
            input: orders[bit(0)],
            output: orders[bit(1)],
            coset: (bit(2) == 1).then(|| F::SPEC.element(F::SPEC.generator + case as u64)),
            added_bits,
            root: (bit(3) == 1).then(|| foreign::<F>(case / 5)),
        });
    }
    out
}

/// Column `column` in natural order.
fn column<F: Field>(data: &[F], ntt: &Ntt, log_n: u32, order: Order, column: usize) -> Vec<Int> {
    let rows = 1 << log_n;
    let place = |i: usize| match order {
        Order::Natural => i,
        Order::BitReversed => naive::bit_reverse(i, log_n),
    };
    let at = |i: usize| match ntt.layout {
        Layout::Contiguous => column * rows + place(i),
        Layout::RowMajor => place(i) * ntt.columns + column,
    };
    (0..rows)
        .map(|i| data[at(i)].canonical().to_int())
        .collect()
}

/// Compares some values of a column with the polynomial's.
fn judge<F: Field>(input: &[F], output: &[F], ntt: &Ntt, random: &mut Random) {
    let spec = F::SPEC;
    let log_rows = ntt.log_n + ntt.added_bits;
    let c = random.word() as usize % ntt.columns;
    let before = column(input, ntt, ntt.log_n, ntt.input, c);
    let after = column(output, ntt, log_rows, ntt.output, c);
    let root = |log_n| ntt.root_of_unity(spec.id, log_n).unwrap();
    let shift = ntt.coset.unwrap_or(spec.one);
    let (coefficients, values, log_values) = match (ntt.direction, ntt.added_bits) {
        (Direction::Forward, 0) => (before, after, ntt.log_n),
        (Direction::Inverse, _) => (after, before, ntt.log_n),
        _ => {
            // of the extension's two halves the first by its definition too
            let back = spec.inverse(&root(ntt.log_n));
            let scale = spec.inverse(&spec.element(1 << ntt.log_n));
            let sums = naive::transform(spec, &before, &back, &spec.one, 1 << ntt.log_n);
            let sums = sums.iter().map(|a| spec.mul(a, &scale)).collect();
            (sums, after, log_rows)
        }
    };
    for _ in 0..2 {
        let i = random.word() as usize % values.len();
        let power = spec.pow(&root(log_values), &int::small(i as u64));
        let x = spec.mul(&shift, &power);
        assert_eq!(
            naive::evaluate(spec, &coefficients, &x),
            values[i],
            "{ntt:?}"
        );
    }
}

/// Runs these lanes, where they do it, and the portable path; compares them whole, and a few values with the definition.
fn check<F: Field, L: Lanes>(ntt: &Ntt, kind: usize, random: &mut Random) {
    let (n, rows) = (ntt.columns << ntt.log_n, ntt.columns * ntt.output_rows());
    let mut data = elements::<F>(random, n, kind);
    data.resize(rows, F::ZERO);
    let input = data.clone();
    let mut portable = data.clone();
    let covered = match ntt.layout {
        Layout::RowMajor if ntt.columns > 1 => ntt.log_n > 0,
        _ => ntt.log_n >= 2 * L::LINE.ilog2(),
    };
    assert_eq!(run_on::<F, L>(&mut data, ntt), covered, "{ntt:?}");
    if !covered {
        ntt::transform(&mut data, ntt);
    }
    ntt::run_as(&mut portable, ntt);
    assert!(data.iter().all(|x| x.is_canonical()), "{ntt:?}");
    assert!(data == portable, "{ntt:?}, kind {kind}");
    // the definition of an extension takes n² products
    if ntt.added_bits == 0 || ntt.log_n <= 7 {
        judge(&input, &data, ntt, random);
    }
}

const WIDTHS: [usize; 6] = [1, 3, 8, 16, 17, 64];

fn every_question_of_every_size<F: Field, L: Lanes>() {
    if !has::<L>() {
        return;
    }
    let mut random = Random::seeded(7);
    for log_n in 0..=14u32 {
        let shapes = WIDTHS.map(|w| (w, Layout::RowMajor));
        let shapes = shapes
            .into_iter()
            .chain([1, 3].map(|c| (c, Layout::Contiguous)));
        for (shape, (columns, layout)) in shapes.enumerate() {
            for (case, ntt) in questions::<F>(log_n, columns, layout).iter().enumerate() {
                // the larger the fewer: each case meets every eighth shape or size
                let large = columns << log_n > 1 << 9;
                if !large || (case * 5 + shape + log_n as usize).is_multiple_of(8) {
                    check::<F, L>(ntt, case / 3 + shape, &mut random);
                }
            }
        }
    }
}

/// Calls it for every field and lanes.
macro_rules! on_all_lanes {
    ($run:ident) => {
        $run::<Mont31<BabyBear>, Short<BabyBear>>();
        $run::<Mont31<KoalaBear>, Short<KoalaBear>>();
        $run::<arith::Goldilocks, Goldilocks>();
        $run::<arith::Goldilocks, GoldilocksAvx2>();
        $run::<Mont31<BabyBear>, Reduced<BabyBear>>();
        $run::<Mont31<KoalaBear>, Reduced<KoalaBear>>();
    };
}

#[test]
fn every_question_of_every_size_short() {
    every_question_of_every_size::<Mont31<BabyBear>, Short<BabyBear>>();
    every_question_of_every_size::<Mont31<KoalaBear>, Short<KoalaBear>>();
}

#[test]
fn every_question_of_every_size_goldilocks() {
    every_question_of_every_size::<arith::Goldilocks, Goldilocks>();
}

#[test]
fn every_question_of_every_size_goldilocks_avx2() {
    every_question_of_every_size::<arith::Goldilocks, GoldilocksAvx2>();
}

#[test]
fn every_question_of_every_size_reduced() {
    every_question_of_every_size::<Mont31<BabyBear>, Reduced<BabyBear>>();
    every_question_of_every_size::<Mont31<KoalaBear>, Reduced<KoalaBear>>();
}

/// Rows whose last tile is narrower than the others, by whole lines and by less, in one step and in two.
#[test]
fn rows_of_uneven_tiles_agree() {
    fn run<F: Field, L: Lanes>() {
        if !has::<L>() {
            return;
        }
        let mut random = Random::seeded(12);
        // the rows of the longest step
        for (log_n, rows) in [(5, 32), (9, 512), (10, 32), (11, 64), (12, 64)] {
            let tile = super::tile::words::<L>(rows);
            for columns in [tile + 6, tile + L::LINE, 2 * tile - 3] {
                let questions = questions::<F>(log_n, columns, Layout::RowMajor);
                let (extended, plain): (Vec<_>, Vec<_>) =
                    questions.iter().partition(|ntt| ntt.added_bits > 0);
                let extended = extended.iter().step_by(7);
                // random values: of constant ones most stripes are zero
                for ntt in extended.chain(plain.iter().step_by(11)) {
                    check::<F, L>(ntt, 0, &mut random);
                }
            }
        }
    }
    on_all_lanes!(run);
}

#[test]
fn large_transforms_agree() {
    fn run<F: Field, L: Lanes>() {
        if !has::<L>() {
            return;
        }
        let mut random = Random::seeded(8);
        for (case, (log_n, columns)) in [(18, 1), (20, 1), (16, 9), (15, 70)]
            .into_iter()
            .enumerate()
        {
            let questions = questions::<F>(log_n, columns, Layout::RowMajor);
            for k in [0, 1, 2, 7, 9, 22, 51] {
                if columns == 1 || k != 9 {
                    check::<F, L>(&questions[k], k + case, &mut random);
                }
            }
        }
    }
    on_all_lanes!(run);
}

/// Half H of a line by one constant in each of the ways that a pass multiplies.
///
/// # Safety
/// The instructions.
#[inline(always)]
unsafe fn products<L: Lanes, const H: usize>(l: L, x: &[L::Word], w: u64) -> [L::State; 4] {
    let (table, factor) = (vec![L::word(w); L::LINE], L::prepare(w));
    assert_eq!(x.len(), L::LINE);
    // SAFETY: a line each.
    let (loaded, twisted) = unsafe {
        (
            l.load::<H>(x.as_ptr()),
            l.twist::<0, H>(x.as_ptr(), table.as_ptr()),
        )
    };
    let once = l.scaled::<0>(loaded, &factor);
    // w·x, lazy, times w
    let lazy = l.twiddle::<0>(once, &factor);
    // x + w·w·x, the second as large as a network makes it
    let (sum, _) = l.butterfly::<0>(l.fresh::<0>(loaded), l.twiddle::<1>(lazy, &factor));
    [once, twisted, lazy, l.carried(sum)]
}

/// The words of each of [`products`].
struct Products<'a, L: Lanes> {
    lanes: L,
    x: &'a [L::Word],
    w: u64,
    out: &'a mut [Vec<L::Word>; 4],
}

impl<L: Lanes> Kernel for Products<'_, L> {
    #[inline(always)]
    unsafe fn run(self) {
        let (l, x, w) = (self.lanes, self.x, self.w);
        // SAFETY: the caller's word; a line each.
        unsafe {
            let first = products::<L, 0>(l, x, w);
            let mut kept = first;
            for i in 0..4 {
                l.store::<0>(first[i], &mut kept[i], self.out[i].as_mut_ptr());
            }
            if L::HALVES == 2 {
                let last = products::<L, 1>(l, x, w);
                for i in 0..4 {
                    l.store::<1>(last[i], &mut kept[i], self.out[i].as_mut_ptr());
                }
            }
        }
    }
}

fn a_million_products<F: Field, L: Lanes>() {
    let Some(l) = L::detect() else {
        has::<L>();
        return;
    };
    let (spec, mut random) = (F::SPEC, Random::seeded(9));
    for round in 0..1_000_000 / L::LINE {
        let mut x = elements::<F>(&mut random, L::LINE, [0, 0, 1, 2, 3][round % 5]);
        let w = elements::<F>(&mut random, 1, [0, 1, 0][round % 3])[0].to_int();
        if round % 7 == 0 {
            x[3] = F::from_int(&w);
        }
        let words: &[L::Word] = bytemuck::cast_slice(&x);
        let mut found = [(); 4].map(|()| words.to_vec());
        let products = Products {
            lanes: l,
            x: words,
            w: residue::<L>(&w),
            out: &mut found,
        };
        // SAFETY: lines.
        unsafe { l.run(products) };
        for (i, x) in x.iter().map(|x| x.canonical().to_int()).enumerate() {
            let once = spec.mul(&x, &w);
            let twice = spec.mul(&once, &w);
            let sum = spec.add(&x, &spec.mul(&twice, &w));
            for (expected, found) in [once, once, twice, sum].iter().zip(&found) {
                let found: F = bytemuck::cast(found[i]);
                assert_eq!(*expected, found.to_int(), "{x:?} {w:?}");
            }
        }
    }
}

#[test]
fn a_million_products_agree_with_the_definition() {
    on_all_lanes!(a_million_products);
}
