//! Every kind of transform, of sizes below, at and beyond what a card can do.

use crate::common::{chain, ntt_chain, pack, unpack, upload};
use crate::peer::capabilities;
use crate::transform_judge::Case;
use crate::{Bench, elements, holds};
use proofmill::job::Step;
use proofmill::{Direction, Error, Layout, Ntt, Order, Random};
use proofmill_field::{FieldId, Int, int};
use proofmill_wire::Capabilities;

/// A transform of size 2^`log_n` with options drawn by lot.
fn draw(field: FieldId, log_n: u32, random: &mut Random) -> Ntt {
    let mut one_of = |n: u64| random.word() % n;
    let order = |lot| [Order::Natural, Order::BitReversed][lot as usize];
    let added_bits = if one_of(4) == 0 { 1 } else { 0 };
    let direction = match added_bits == 0 && one_of(2) == 0 {
        true => Direction::Inverse,
        false => Direction::Forward,
    };
    let root = field
        .spec()
        .pow(&field.spec().root, &int::small(2 * one_of(1 << 20) + 1));
    Ntt {
        log_n,
        columns: 1 + one_of(3) as usize,
        layout: [Layout::Contiguous, Layout::RowMajor][one_of(2) as usize],
        direction,
        input: order(one_of(2)),
        output: order(one_of(2)),
        root: (one_of(2) == 0).then_some(root),
        added_bits,
        coset: (one_of(2) == 0).then(|| random.element(field)),
    }
}

/// Sizes from 2^0 to three times what the card can do.
fn every_size_holds(can: Capabilities, seed: u64, draws: usize) {
    let (bench, mut random) = (Bench::new(can), Random::seeded(seed));
    let field = FieldId::ALL[usize::from(can.field)];
    let pool = bench.open();
    for log_n in 0..=9 {
        for _ in 0..draws {
            let ntt = draw(field, log_n, &mut random);
            holds(&pool, field, &ntt, &mut random);
        }
    }
}

#[test]
fn every_transform_over_goldilocks_agrees_with_the_definition() {
    every_size_holds(capabilities(FieldId::Goldilocks, 4), 1, 6);
}

#[test]
fn every_transform_over_babybear_agrees_with_the_definition() {
    every_size_holds(capabilities(FieldId::BabyBear, 4), 2, 6);
}

#[test]
fn every_transform_over_koalabear_agrees_with_the_definition() {
    every_size_holds(capabilities(FieldId::KoalaBear, 5), 3, 6);
}

#[test]
fn the_host_does_what_a_card_lacks() {
    let all = capabilities(FieldId::BabyBear, 4);
    let coset = false;
    every_size_holds(Capabilities { coset, ..all }, 4, 3);
    let inverse = false;
    every_size_holds(Capabilities { inverse, ..all }, 5, 3);
    let (reversed_input, streaming) = (true, true);
    every_size_holds(
        Capabilities {
            reversed_input,
            streaming,
            ..all
        },
        6,
        3,
    );
    let reversed_output = true;
    every_size_holds(
        Capabilities {
            coset,
            inverse,
            reversed_output,
            ..all
        },
        7,
        3,
    );
}

#[test]
fn a_card_of_one_size_does_that_size_and_its_powers() {
    let can = Capabilities {
        min_log_n: 4,
        ..capabilities(FieldId::Goldilocks, 4)
    };
    let (bench, mut random, field) = (Bench::new(can), Random::seeded(8), FieldId::Goldilocks);
    let pool = bench.open();
    for log_n in [0, 4, 8, 12] {
        holds(
            &pool,
            field,
            &Ntt::new(log_n, Direction::Inverse),
            &mut random,
        );
    }
    let values = pack(field, &elements(field, 32, &mut random));
    let error = pool
        .run(vec![ntt_chain(values, &Ntt::new(5, Direction::Forward))])
        .unwrap_err();
    assert!(matches!(error, Error::NoDevice { .. }), "{error}");
}

#[test]
fn integers_that_are_not_reduced_are_elements_of_goldilocks_all_the_same() {
    let (field, mut random) = (FieldId::Goldilocks, Random::seeded(14));
    let bench = Bench::new(capabilities(field, 4));
    let raw: Vec<Int> = (0..16).map(|i| int::small(u64::MAX - i)).collect();
    let ntt = &Ntt::new(4, Direction::Forward);
    let done = bench
        .open()
        .run(vec![ntt_chain(pack(field, &raw), ntt)])
        .unwrap();
    let reduced: Vec<Int> = raw.iter().map(|a| field.spec().element(a[0])).collect();
    let (input, output) = (&reduced[..], &unpack(&done[0].values[0])[..]);
    Case {
        field,
        ntt,
        input,
        output,
    }
    .judge(&mut random)
    .unwrap();
}

/// Transforms of several sizes on several slots, answers in order.
#[test]
fn chains_share_batches() {
    let (bench, mut random) = (
        Bench::new(capabilities(FieldId::Goldilocks, 5)),
        Random::seeded(9),
    );
    let (field, pool) = (FieldId::Goldilocks, bench.open());
    let inputs: Vec<Vec<Int>> = (0..7)
        .map(|log_n| elements(field, 1 << log_n, &mut random))
        .collect();
    let there_and_back = |input: &Vec<Int>| {
        let log_n = input.len().trailing_zeros();
        let ntt = |direction| Step::Ntt {
            on: vec![3, 1],
            ntt: Ntt::new(log_n, direction),
        };
        let zeros = vec![int::ZERO; input.len()];
        chain(
            "there and back",
            vec![
                upload(3, pack(field, input)),
                upload(1, pack(field, &zeros)),
                ntt(Direction::Forward),
                Step::Download { from: 3 },
                ntt(Direction::Inverse),
                Step::Download { from: 3 },
                Step::Download { from: 1 },
            ],
        )
    };
    let done = pool
        .run(inputs.iter().map(there_and_back).collect())
        .unwrap();
    for (input, done) in inputs.iter().zip(done) {
        let ntt = &Ntt::new(input.len().trailing_zeros(), Direction::Forward);
        let output = &unpack(&done.values[0])[..];
        Case {
            field,
            ntt,
            input,
            output,
        }
        .judge(&mut random)
        .unwrap();
        assert_eq!(&unpack(&done.values[1]), input);
        assert!(unpack(&done.values[2]).iter().all(int::is_zero));
    }
}
