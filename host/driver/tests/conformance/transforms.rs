//! Transforms: every field, log_n 0 to 20, every option.

use crate::bench::{Record, devices, run};
use crate::common::{ntt_chain, pack, unpack};
use crate::transform_judge::Case;
use proofmill::{Direction, Layout, Ntt, Order, Random};
use proofmill_field::{FieldId, Int, int};
use std::collections::BTreeSet;

const ORDERS: [Order; 2] = [Order::Natural, Order::BitReversed];
const SHAPES: [(usize, Layout); 9] = [
    (1, Layout::Contiguous),
    (1, Layout::RowMajor),
    (2, Layout::Contiguous),
    (2, Layout::RowMajor),
    (3, Layout::RowMajor),
    (5, Layout::Contiguous),
    (5, Layout::RowMajor),
    (64, Layout::Contiguous),
    (64, Layout::RowMajor),
];
/// Elements of the largest output.
const LARGEST: usize = 1 << 20;

/// Cases of a size that are drawn from the cross product; up to 2^3 all of it is run.
fn drawn(log_n: u32) -> usize {
    match log_n {
        0..=3 => 0,
        4 => 96,
        5..=8 => 32,
        9..=12 => 12,
        13..=15 => 5,
        16..=17 => 2,
        _ => 1,
    }
}

/// A root of order 2^two_adicity other than the field's own; for BLS12-381 that of snarkjs.
pub(crate) fn foreign_root(field: FieldId) -> Int {
    let spec = field.spec();
    let generator = match field {
        FieldId::Bls12_381Fr => 5,
        _ => return spec.pow(&spec.root, &int::small(5)),
    };
    let below = int::sub(&spec.modulus, &int::small(1)).0;
    spec.pow(
        &spec.element(generator),
        &int::shr(&below, spec.two_adicity),
    )
}

/// The whole cross product at one size.
fn all(field: FieldId, log_n: u32, random: &mut Random) -> Vec<Ntt> {
    let (mut out, generator) = (Vec::new(), field.spec().element(field.spec().generator));
    let directions = [(Direction::Forward, 0), (Direction::Inverse, 0)];
    let extensions = [1, 2, 3].map(|added| (Direction::Forward, added));
    for (direction, added_bits) in directions.into_iter().chain(extensions) {
        for (columns, layout) in SHAPES {
            for input in ORDERS {
                for output in ORDERS {
                    for coset in [None, Some(generator), Some(random.element(field))] {
                        let foreign = random.word().is_multiple_of(4);
                        let root = foreign.then(|| foreign_root(field));
                        out.push(Ntt {
                            log_n,
                            columns,
                            layout,
                            direction,
                            input,
                            output,
                            coset,
                            added_bits,
                            root,
                        });
                    }
                }
            }
        }
    }
    out
}

/// Draws as many cases as the size allows, none larger than `LARGEST`.
fn draw(field: FieldId, log_n: u32, random: &mut Random) -> Vec<Ntt> {
    let mut cases = all(field, log_n, random);
    cases.retain(|ntt| ntt.columns * ntt.output_rows() <= LARGEST);
    let count = match drawn(log_n) {
        0 => cases.len(),
        n => n.min(cases.len()),
    };
    for i in 0..count {
        let other = i + random.word() as usize % (cases.len() - i);
        cases.swap(i, other);
    }
    cases.truncate(count);
    cases
}

/// Rows wider than a task, blocks larger than what one thread does alone.
fn wide(field: FieldId) -> Vec<Ntt> {
    let batch = |log_n, columns| Ntt {
        columns,
        layout: Layout::RowMajor,
        output: Order::BitReversed,
        ..Ntt::new(log_n, Direction::Forward)
    };
    let coset = Some(field.spec().element(field.spec().generator));
    let (input, direction) = (Order::BitReversed, Direction::Inverse);
    let (four, odd, long) = (batch(4, 5000), batch(3, 9001), batch(11, 64));
    vec![
        Ntt {
            coset,
            ..four.clone()
        },
        Ntt {
            input,
            ..four.clone()
        },
        Ntt {
            direction,
            coset,
            ..four.clone()
        },
        Ntt {
            added_bits: 1,
            coset,
            ..four
        },
        Ntt {
            input,
            direction,
            ..odd.clone()
        },
        Ntt {
            added_bits: 2,
            output: Order::Natural,
            ..odd.clone()
        },
        odd,
        Ntt {
            added_bits: 1,
            coset,
            ..long.clone()
        },
        Ntt {
            input,
            direction,
            output: Order::Natural,
            ..long
        },
    ]
}

/// Random elements with edges among them; Goldilocks also in unreduced words.
fn example(field: FieldId, count: usize, random: &mut Random) -> Vec<Int> {
    let spec = field.spec();
    let last = int::sub(&spec.modulus, &int::small(1)).0;
    let kind = random.word() % 8;
    let any = field == FieldId::Goldilocks && kind.is_multiple_of(2);
    let element = |_| match (random.word() % 16, kind) {
        (_, 7) => last,
        (0, _) => int::ZERO,
        (1, _) => spec.one,
        (2, _) => last,
        (3, _) if any => spec.modulus,
        (4, _) if any => int::small(u64::MAX),
        _ if any => int::small(random.word()),
        _ => random.element(field),
    };
    (0..count).map(element).collect()
}

fn name(field: FieldId, ntt: &Ntt) -> String {
    let Ntt {
        log_n,
        columns,
        layout,
        direction,
        input,
        output,
        coset,
        added_bits,
        root,
    } = ntt;
    let (coset, root) = (coset.is_some(), root.is_some());
    format!(
        "ntt/{field}/2^{log_n}+{added_bits} × {columns} {layout:?} {direction:?} {input:?} → \
         {output:?} coset {coset} foreign root {root}"
    )
}

/// Every option value of a case, as words.
fn options(ntt: &Ntt) -> [String; 7] {
    [
        format!("{:?}", ntt.direction),
        format!("in {:?}", ntt.input),
        format!("out {:?}", ntt.output),
        format!(
            "{:?} {}",
            ntt.layout,
            if ntt.columns > 1 { "batch" } else { "vector" }
        ),
        format!("coset {}", ntt.coset.is_some()),
        format!("added {}", ntt.added_bits),
        format!("root {}", ntt.root.is_some()),
    ]
}

fn transforms_over(field: FieldId) {
    let (spec, mut random) = (field.spec(), Random::seeded(field as u64));
    let (devices, mut record) = (devices(1 << 10), Record::default());
    let (mut sizes, mut small, mut large) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut cases: Vec<Ntt> = (0..=20)
        .flat_map(|log_n| draw(field, log_n, &mut random))
        .collect();
    cases.extend(wide(field));
    cases.retain(|ntt| ntt.log_n + ntt.added_bits <= spec.two_adicity);
    for (number, ntt) in cases.iter().enumerate() {
        sizes.insert(ntt.log_n);
        let seen = if ntt.log_n > 10 {
            &mut large
        } else {
            &mut small
        };
        seen.extend(options(ntt));
        let raw = example(field, ntt.columns << ntt.log_n, &mut random);
        let reduced: Vec<Int> = match field {
            FieldId::Goldilocks => raw.iter().map(|a| spec.element(a[0])).collect(),
            _ => raw.clone(),
        };
        let chain = ntt_chain(pack(field, &raw), ntt);
        let size = ntt.columns * ntt.output_rows();
        let mut accepted: Option<bytes::Bytes> = None;
        for (place, device) in devices.iter().enumerate() {
            // large ones on two threads and on one other number of them
            let skip = size > 1 << 14 && place > 0 && number % 2 == place % 2;
            if size > device.limit || skip {
                continue;
            }
            let outcome = run(&device.pool, &chain).and_then(|done| {
                let [values] = &done.values[..] else {
                    return Err("not one answer".into());
                };
                if accepted.as_ref().is_some_and(|a| a == values.bytes()) {
                    return Ok(());
                }
                let (input, output) = (&reduced[..], &unpack(values)[..]);
                let case = Case {
                    field,
                    ntt,
                    input,
                    output,
                };
                case.judge(&mut random)?;
                accepted = Some(values.bytes().clone());
                Ok(())
            });
            record.note(&device.name, &name(field, ntt), outcome);
        }
    }
    assert_eq!(
        sizes.len() as u32,
        spec.two_adicity.min(20) + 1,
        "sizes: {sizes:?}"
    );
    if spec.two_adicity >= 20 {
        assert!(
            small.len() == 18 && large.len() == 18,
            "{small:?} {large:?}"
        );
    }
    record.close(&format!("ntt/{field}/"));
}

#[test]
fn every_transform_over_bn254_fr_agrees_with_the_definition() {
    transforms_over(FieldId::Bn254Fr);
}

#[test]
fn every_transform_over_bls12_381_fr_agrees_with_the_definition() {
    transforms_over(FieldId::Bls12_381Fr);
}

#[test]
fn every_transform_over_bls12_377_fr_agrees_with_the_definition() {
    transforms_over(FieldId::Bls12_377Fr);
}

#[test]
fn every_transform_over_bls12_377_fq_agrees_with_the_definition() {
    transforms_over(FieldId::Bls12_377Fq);
}

#[test]
fn every_transform_over_the_base_fields_without_roots_agrees_with_the_definition() {
    transforms_over(FieldId::Bn254Fq);
    transforms_over(FieldId::Bls12_381Fq);
}

#[test]
fn every_transform_over_goldilocks_agrees_with_the_definition() {
    transforms_over(FieldId::Goldilocks);
}

#[test]
fn every_transform_over_babybear_agrees_with_the_definition() {
    transforms_over(FieldId::BabyBear);
}

#[test]
fn every_transform_over_koalabear_agrees_with_the_definition() {
    transforms_over(FieldId::KoalaBear);
}

#[test]
fn snarkjs_root_of_bls12_381_is_not_the_fields_own() {
    let spec = FieldId::Bls12_381Fr.spec();
    let root = foreign_root(FieldId::Bls12_381Fr);
    assert!(root != spec.root);
    let minus_one = (1..spec.two_adicity).fold(root, |w, _| spec.mul(&w, &w));
    assert_eq!(minus_one, spec.neg(&spec.one));
}

#[test]
fn sizes_beyond_the_two_adicity_are_bad_jobs() {
    let pool = &devices(0)[0].pool;
    for field in FieldId::ALL {
        let max = field.spec().two_adicity;
        for (log_n, added_bits) in [
            (max + 1, 0),
            (0, max + 1),
            (max, 1),
            (max + 20, 0),
            (u32::MAX, 7),
        ] {
            let ntt = Ntt {
                added_bits,
                ..Ntt::new(log_n, Direction::Forward)
            };
            let error = pool
                .run(vec![ntt_chain(pack(field, &[int::ZERO]), &ntt)])
                .unwrap_err();
            assert!(
                error.to_string().contains("no root of unity"),
                "{field} 2^{log_n}: {error}"
            );
        }
    }
}
