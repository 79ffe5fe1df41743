//! Judged by the definition at points, and by the portable path everywhere.

use super::*;
use crate::arith::Arith;
use crate::ntt;
use proofmill_field::{FieldSpec, Random, int};

type Element<P> = Mont<P, 4>;

/// Random elements, and where `top` all p − 1.
fn elements<P: Modulus>(count: usize, top: bool, seed: u64) -> Vec<Element<P>> {
    let (spec, mut random) = (P::SPEC, Random::seeded(seed));
    let largest = int::sub(&spec.modulus, &int::small(1)).0;
    let element = || {
        if top {
            largest
        } else {
            random.element(spec.id)
        }
    };
    std::iter::repeat_with(element)
        .take(count)
        .map(|a| Element::from_int(&a))
        .collect()
}

/// A root of the full order that is not the field's own.
fn foreign_root<P: Modulus>() -> Int {
    P::SPEC.pow(&P::SPEC.root, &int::small(5))
}

/// Whether the output is right at some places, by the definition.
fn judge<P: Modulus>(input: &[Element<P>], output: &[Element<P>], ntt: &Ntt) {
    let spec = P::SPEC;
    let at = |order: Order, i: usize, log: u32| match order {
        Order::Natural => i,
        Order::BitReversed => naive::bit_reverse(i, log),
    };
    // coefficients and values, natural order; an inverse is judged backwards
    let forward = ntt.direction == Direction::Forward;
    let ordered = |data: &[Element<P>], order| -> Vec<Int> {
        let log = data.len().trailing_zeros();
        (0..data.len())
            .map(|i| data[at(order, i, log)].to_int())
            .collect()
    };
    let (input, output) = (ordered(input, ntt.input), ordered(output, ntt.output));
    let (coefficients, values) = if forward {
        (input, output)
    } else {
        (output, input)
    };
    let log_rows = values.len().trailing_zeros();
    let root = ntt.root_of_unity(spec.id, log_rows).unwrap();
    let n = values.len();
    for i in [0, 1 % n, 2 % n, 5 % n, n / 2, n - 1, n * 5 / 7] {
        let x = spec.pow(&root, &int::small(i as u64));
        let x = spec.mul(&x, &ntt.coset.unwrap_or(spec.one));
        assert_eq!(
            values[i],
            naive::evaluate(spec, &coefficients, &x),
            "{} {ntt:?} {i}",
            spec.name
        );
    }
}

fn cases(log_n: u32, coset: Int, root: Int) -> Vec<Ntt> {
    let orders = [Order::Natural, Order::BitReversed];
    let mut out = Vec::new();
    for i in 0..32u32 {
        out.push(Ntt {
            input: orders[(i & 1) as usize],
            output: orders[(i >> 1 & 1) as usize],
            direction: [Direction::Forward, Direction::Inverse][(i >> 2 & 1) as usize],
            coset: (i >> 3 & 1 == 1).then_some(coset),
            root: (i >> 4 & 1 == 1).then_some(root),
            ..Ntt::new(log_n, Direction::Forward)
        });
    }
    out
}

fn plain_transforms<P: Modulus>(log_n: u32, top: bool) {
    if !dispatch::has_ifma() {
        return println!("skipped: no AVX-512 IFMA");
    }
    let input = elements::<P>(1 << log_n, top, log_n as u64);
    let coset = P::SPEC.element(P::SPEC.generator);
    for ntt in cases(log_n, coset, foreign_root::<P>()) {
        let (mut ours, mut portable) = (input.clone(), input.clone());
        ntt::transform(&mut ours, &ntt);
        ntt::run_as(&mut portable, &ntt);
        assert!(ours == portable, "{} {ntt:?}", P::SPEC.name);
        assert!(ours.iter().all(Field::is_canonical));
        if ntt.root.is_none() || log_n < 10 {
            judge(&input, &ours, &ntt);
        }
    }
}

macro_rules! each_field {
    ($($name:ident: $field:ident;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn every_transform_is_its_definition() {
                for log_n in 0..=14 {
                    plain_transforms::<$field>(log_n, false);
                }
            }

            #[test]
            fn every_transform_of_the_largest_elements() {
                for log_n in 6..=13 {
                    plain_transforms::<$field>(log_n, true);
                }
            }

            #[test]
            fn extensions_are_their_definition() {
                extensions::<$field>();
            }

            #[test]
            fn columns_do_not_mix() {
                several_columns::<$field>();
            }

            #[test]
            fn large_transforms_are_their_definition_at_points() {
                large::<$field>();
            }

            #[test]
            fn products_are_their_definition() {
                a_million_products::<$field>();
            }
        }
    )*};
}

each_field! {
    bn254: Bn254Fr;
    bls12_381: Bls12_381Fr;
    bls12_377: Bls12_377Fr;
}

fn extensions<P: Modulus>() {
    if !dispatch::has_ifma() {
        return println!("skipped: no AVX-512 IFMA");
    }
    let coset = P::SPEC.element(P::SPEC.generator);
    for (log_n, added_bits) in [(6, 1), (7, 3), (8, 2), (10, 1), (13, 1)] {
        for ntt in cases(log_n, coset, foreign_root::<P>()) {
            let ntt = Ntt {
                direction: Direction::Forward,
                added_bits,
                ..ntt
            };
            let mut ours = elements::<P>(ntt.output_rows(), false, 9);
            let mut portable = ours.clone();
            ntt::transform(&mut ours, &ntt);
            ntt::run_as(&mut portable, &ntt);
            assert!(ours == portable, "{} {ntt:?}", P::SPEC.name);
        }
    }
}

fn several_columns<P: Modulus>() {
    if !dispatch::has_ifma() {
        return println!("skipped: no AVX-512 IFMA");
    }
    let coset = P::SPEC.element(P::SPEC.generator);
    for (log_n, columns, added_bits) in [(6, 3, 0), (9, 5, 0), (7, 2, 1), (12, 1, 0), (8, 3, 2)] {
        for layout in [Layout::Contiguous, Layout::RowMajor] {
            for ntt in cases(log_n, coset, foreign_root::<P>()) {
                let mut ntt = Ntt {
                    columns,
                    layout,
                    added_bits,
                    ..ntt
                };
                if added_bits > 0 {
                    ntt.direction = Direction::Forward;
                }
                let mut ours = elements::<P>(columns * ntt.output_rows(), false, 10);
                let mut portable = ours.clone();
                ntt::transform(&mut ours, &ntt);
                ntt::run_as(&mut portable, &ntt);
                assert!(ours == portable, "{} {ntt:?}", P::SPEC.name);
            }
        }
    }
}

fn large<P: Modulus>() {
    if !dispatch::has_ifma() {
        return println!("skipped: no AVX-512 IFMA");
    }
    let coset = P::SPEC.element(P::SPEC.generator);
    let some = |log_n: u32, every: usize| {
        cases(log_n, coset, foreign_root::<P>())
            .into_iter()
            .step_by(every)
    };
    for ntt in some(16, 5).chain(some(18, 13)).chain(some(21, 31)) {
        let input = elements::<P>(1 << ntt.log_n, false, 11);
        let mut ours = input.clone();
        ntt::transform(&mut ours, &ntt);
        judge(&input, &ours, &ntt);
    }
}

/// Eight residues, lane by lane, of numbers of five limbs.
fn rows(numbers: &[[u64; 5]; 8]) -> lanes::Row {
    let mut out = [[0u64; 8]; 5];
    for (l, number) in numbers.iter().enumerate() {
        for k in 0..5 {
            out[k][l] = number[k];
        }
    }
    bytemuck::cast(out)
}

/// a + m·p as limbs below 2^52.
fn unreduced<P: Modulus>(a: Element<P>, m: u64) -> [u64; 5] {
    let (a, p) = (
        crate::avx512::lanes::limbs::<5>(&a.0),
        modulus::Constants::<P>::multiple(m),
    );
    let (mut out, mut carry) = ([0; 5], 0);
    for k in 0..5 {
        let sum = a[k] + p[k] + carry;
        out[k] = sum & crate::avx512::lanes::MASK;
        carry = sum >> 52;
    }
    out
}

/// The products of eight numbers by a twiddle, two ways, and by eight factors in Montgomery form.
#[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
fn products<P: Modulus>(a: &lanes::Row, b: &lanes::Row, w: &modulus::Twiddle) -> [lanes::Cell; 4] {
    use lanes::*;
    use modulus::Constants;
    use std::arch::x86_64::*;
    use words::packed;
    let (a, b) = (a.0, b.0);
    let (fast, again) = product_pair!(P, false, a, b, w, w);
    let (precise, _) = product_pair!(P, true, a, b, w, w);
    let single = product::<P, true>(&b, w);
    let _ = again;
    let words = |x: &Limbs| Cell(packed::<P>(&canonical::<P>(&offset::<P>(x))));
    let (montgomery, _) = montgomery_pair!(P, a, a, b, b);
    [
        words(&fast),
        words(&precise),
        words(&single),
        Cell(packed::<P>(&below_p::<P>(&montgomery))),
    ]
}

/// A million products, among them of 0, 1, p − 1 and of the largest number that may occur.
fn a_million_products<P: Modulus>() {
    if !dispatch::has_ifma() {
        return println!("skipped: no AVX-512 IFMA");
    }
    let (spec, mut random) = (P::SPEC, Random::seeded(12));
    let top = int::sub(&spec.modulus, &int::small(1)).0;
    let edges = [
        int::ZERO,
        int::small(1),
        top,
        spec.one,
        int::sub(&top, &int::small(1)).0,
    ];
    let capacity = modulus::Constants::<P>::CAPACITY;
    // a product of data forms by 2^−260 is one by 2^−256, by 2^−4
    let sixteenth = Element::<P>::element(16).inverse_vartime();
    for round in 0..125_000 {
        let mut element = |i: usize| {
            let edge = random.element(spec.id)[0] % 64 == 0 || round < 8;
            let a = if edge {
                edges[(round + i) % edges.len()]
            } else {
                random.element(spec.id)
            };
            Element::<P>::from_int(&a)
        };
        let w = element(8);
        let a: [_; 8] = std::array::from_fn(&mut element);
        let b: [_; 8] = std::array::from_fn(&mut element);
        let excess = |i: usize| match i {
            0 => 0,
            1 => capacity - 1,
            _ => (round as u64 * 31 + i as u64 * 7) % capacity,
        };
        let lazy = rows(&std::array::from_fn(|i| unreduced(a[i], excess(i))));
        let factors = rows(&std::array::from_fn(|i| {
            crate::avx512::lanes::limbs(&b[i].0)
        }));
        // SAFETY: the instructions are there.
        let cells = unsafe { products::<P>(&lazy, &factors, &dft::twiddle(w)) };
        let words: [[[u64; 8]; 4]; 4] = cells.map(bytemuck::cast);
        for i in 0..8 {
            let by_definition = |x: Element<P>, y: Element<P>| spec.mul(&x.to_int(), &y.to_int());
            let aw = by_definition(a[i], w);
            let bw = by_definition(b[i], w);
            let ab = by_definition(Element::from_int(&by_definition(a[i], b[i])), sixteenth);
            for (words, expected) in words.iter().zip([aw, aw, bw, ab]) {
                let found: [u64; 4] = std::array::from_fn(|k| words[k][i]);
                assert_eq!(
                    found,
                    FieldSpec::low::<4>(&expected),
                    "{} {round} {i}",
                    spec.name
                );
            }
        }
    }
}
