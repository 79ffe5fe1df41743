//! Against the portable path and host/field's definition. Without the instructions nothing is run,
//! and that is said.

use super::short::Short;
use super::{Lanes, goldilocks, residue};
use crate::arith::{self, BabyBear, Field, KoalaBear, Modulus, Mont31};
use crate::{Direction, Layout, Ntt, Order, ntt};
use proofmill_field::{Int, Random, int, naive};

fn has<L: Lanes>() -> bool {
    let found = L::detect().is_some();
    if !found {
        println!("skipped: no AVX-512 with IFMA, or PROOFMILL_CPU forces another path");
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

/// Runs both paths, compares them whole, and a few values with the definition.
fn check<F: Field>(ntt: &Ntt, kind: usize, random: &mut Random) {
    let (n, rows) = (ntt.columns << ntt.log_n, ntt.columns * ntt.output_rows());
    let mut data = elements::<F>(random, n, kind);
    data.resize(rows, F::ZERO);
    let input = data.clone();
    let mut portable = data.clone();
    ntt::transform(&mut data, ntt);
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
                    check::<F>(ntt, case / 3 + shape, &mut random);
                }
            }
        }
    }
}

#[test]
fn every_question_of_every_size_babybear() {
    every_question_of_every_size::<Mont31<BabyBear>, Short<BabyBear>>();
}

#[test]
fn every_question_of_every_size_koalabear() {
    every_question_of_every_size::<Mont31<KoalaBear>, Short<KoalaBear>>();
}

#[test]
fn every_question_of_every_size_goldilocks() {
    every_question_of_every_size::<arith::Goldilocks, goldilocks::Goldilocks>();
}

/// Rows whose last tile is narrower than the others, by whole lines and by less, in one step and in two.
#[test]
fn rows_of_uneven_tiles_agree() {
    fn run<F: Field, L: Lanes>() {
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
                    check::<F>(ntt, 0, &mut random);
                }
            }
        }
    }
    run::<Mont31<BabyBear>, Short<BabyBear>>();
    run::<Mont31<KoalaBear>, Short<KoalaBear>>();
    run::<arith::Goldilocks, goldilocks::Goldilocks>();
}

#[test]
fn large_transforms_agree() {
    fn run<F: Field>(random: &mut Random) {
        for (case, (log_n, columns)) in [(18, 1), (20, 1), (16, 9), (15, 70)]
            .into_iter()
            .enumerate()
        {
            let questions = questions::<F>(log_n, columns, Layout::RowMajor);
            for k in [0, 1, 2, 7, 9, 22, 51] {
                if columns == 1 || k != 9 {
                    check::<F>(&questions[k], k + case, random);
                }
            }
        }
    }
    if has::<goldilocks::Goldilocks>() {
        let mut random = Random::seeded(8);
        run::<Mont31<BabyBear>>(&mut random);
        run::<Mont31<KoalaBear>>(&mut random);
        run::<arith::Goldilocks>(&mut random);
    }
}

/// Half H of a line by one constant in each of the ways that a pass multiplies.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
fn products<L: Lanes, const H: usize>(l: L, x: &[L::Word], w: u64) -> [L::State; 4] {
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

/// The words of both halves.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
fn lines_of_products<L: Lanes>(l: L, x: &[L::Word], w: u64) -> [Vec<L::Word>; 4] {
    let even = products::<L, 0>(l, x, w);
    let last = match L::HALVES {
        1 => even,
        _ => products::<L, 1>(l, x, w),
    };
    std::array::from_fn(|i| {
        let mut out = x.to_vec();
        // SAFETY: a line.
        unsafe { l.store([even[i], last[i]], out.as_mut_ptr()) };
        out
    })
}

fn a_million_products<F: Field, L: Lanes>(word: impl Fn(L::Word) -> u64) {
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
        // SAFETY: `l` is the proof.
        let found = unsafe { lines_of_products(l, words, residue::<L>(&w)) };
        for (i, x) in x.iter().map(|x| x.canonical().to_int()).enumerate() {
            let once = spec.mul(&x, &w);
            let twice = spec.mul(&once, &w);
            let sum = spec.add(&x, &spec.mul(&twice, &w));
            for (expected, found) in [once, once, twice, sum].iter().zip(&found) {
                assert_eq!(expected[0], word(found[i]), "{x:?} {w:?}");
            }
        }
    }
}

#[test]
fn a_million_products_agree_with_the_definition() {
    fn short<P: Modulus>() {
        a_million_products::<Mont31<P>, Short<P>>(u64::from);
    }
    short::<BabyBear>();
    short::<KoalaBear>();
    a_million_products::<arith::Goldilocks, goldilocks::Goldilocks>(|x| x);
}
