//! Jobs that nobody can do: each kind of `BadJob`.

use crate::common::{chain, ntt_chain, pack, pack_as, pool, upload};
use bytes::Bytes;
use proofmill::job::{Form, Points, Step, Values};
use proofmill::{BadJob, Direction, Error, Ntt, Order, Policy};
use proofmill_field::{CurveId, FieldId, Group, Int, int};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) const FIELD: FieldId = FieldId::BabyBear;

fn refusal(steps: Vec<Step>) -> BadJob {
    let pool = pool(&["cpu:0"], 1, None);
    match pool.run(vec![chain("bad", steps)]) {
        Err(Error::BadJob(bad)) => bad,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted"),
    }
}

fn refused_ntt(ntt: &Ntt, n: usize) -> BadJob {
    refusal(ntt_chain(zeros(n), ntt).steps)
}

pub(crate) fn zeros(n: usize) -> Values {
    pack(FIELD, &vec![int::ZERO; n])
}

fn infinities(n: usize) -> Points {
    Points::new(CurveId::Bn254, Group::G1, Bytes::from(vec![0; 64 * n])).unwrap()
}

fn is_parameter(bad: &BadJob, name: &str) -> bool {
    matches!(bad, BadJob::Parameter { what, .. } if *what == name)
}

#[test]
fn parameters_out_of_range_are_named() {
    let spec = FIELD.spec();
    let plain = Ntt::new(2, Direction::Forward);
    let named = [
        (
            "columns",
            Ntt {
                columns: 0,
                ..plain.clone()
            },
            0,
        ),
        (
            "columns",
            Ntt {
                columns: usize::MAX,
                ..plain.clone()
            },
            4,
        ),
        (
            "columns",
            Ntt {
                columns: 1 << 61,
                ..plain.clone()
            },
            4,
        ),
        (
            "coset",
            Ntt {
                coset: Some(int::ZERO),
                ..plain.clone()
            },
            4,
        ),
        (
            "coset",
            Ntt {
                coset: Some(spec.modulus),
                ..plain.clone()
            },
            4,
        ),
        (
            "coset",
            Ntt {
                coset: Some([u64::MAX; 6]),
                ..plain.clone()
            },
            4,
        ),
        (
            "root",
            Ntt {
                root: Some(spec.one),
                ..plain.clone()
            },
            4,
        ),
        (
            "root",
            Ntt {
                root: Some(int::ZERO),
                ..plain.clone()
            },
            4,
        ),
        (
            "root",
            Ntt {
                root: Some([u64::MAX; 6]),
                ..plain.clone()
            },
            4,
        ),
        (
            "root",
            Ntt {
                root: Some(spec.mul(&spec.root, &spec.root)),
                ..plain.clone()
            },
            4,
        ),
        (
            "added_bits",
            Ntt {
                added_bits: 1,
                direction: Direction::Inverse,
                ..plain.clone()
            },
            4,
        ),
    ];
    for (name, ntt, n) in named {
        let bad = refused_ntt(&ntt, n);
        assert!(is_parameter(&bad, name), "{bad} for {ntt:?}");
    }
    let twice = Step::Ntt {
        on: vec![0, 0],
        ntt: plain,
    };
    assert!(is_parameter(
        &refusal(vec![upload(0, zeros(4)), twice]),
        "slots"
    ));
    let scale = |base: Int, order, n| {
        refusal(vec![
            upload(0, zeros(n)),
            Step::ScaleByPowers {
                on: vec![0],
                base,
                order,
            },
        ])
    };
    assert!(is_parameter(
        &scale(spec.modulus, Order::Natural, 3),
        "base"
    ));
    assert!(is_parameter(
        &scale(spec.one, Order::BitReversed, 3),
        "elements"
    ));
    assert!(is_parameter(
        &scale(spec.one, Order::BitReversed, 0),
        "elements"
    ));
}

#[test]
fn a_group_that_is_not_offered_is_named() {
    let (curve, group) = (CurveId::Bls12_377, Group::G2);
    let bad = Points::new(curve, group, Bytes::from(vec![0; 192])).unwrap_err();
    assert_eq!(bad, BadJob::Group { curve, group });
    let expected = "bls12_377 g2 is not offered: of this curve only g1";
    assert_eq!(bad.to_string(), expected);
}

#[test]
fn lengths_that_do_not_fit_are_named_with_both_numbers() {
    let length = |bad: BadJob| match bad {
        BadJob::Length {
            what,
            expected,
            found,
        } => (what, expected, found),
        other => panic!("{other}"),
    };
    let values = |form, n| Values::new(form, Bytes::from(vec![0; n])).unwrap_err();
    assert_eq!(length(values(Form::Small, 9)), ("bytes of values", 8, 9));
    assert_eq!(
        length(values(Form::Data(FIELD), 3)),
        ("bytes of values", 0, 3)
    );
    let points = Points::new(CurveId::Bls12_381, Group::G2, Bytes::from(vec![0; 193]));
    assert_eq!(length(points.unwrap_err()), ("bytes of points", 192, 193));
    let ntt = Ntt::new(3, Direction::Inverse);
    assert_eq!(
        length(refused_ntt(&ntt, 7)),
        ("elements to transform", 8, 7)
    );
    assert_eq!(
        length(refused_ntt(&ntt, 0)),
        ("elements to transform", 8, 0)
    );
    let none = Step::Ntt { on: vec![], ntt };
    assert_eq!(length(refusal(vec![none])), ("slots", 1, 0));
    let (on, base, order) = (vec![], FIELD.spec().one, Order::Natural);
    let none = Step::ScaleByPowers { on, base, order };
    assert_eq!(length(refusal(vec![none])), ("slots", 1, 0));
    let two = || vec![upload(0, zeros(2)), upload(1, zeros(3))];
    for step in [
        Step::Mul { to: 0, a: 0, b: 1 },
        Step::Sub { to: 0, a: 0, b: 1 },
    ] {
        let steps = two().into_iter().chain([step]).collect();
        assert_eq!(length(refusal(steps)), ("operands", 2, 3));
    }
    for (n, scalars) in [(3, 4), (3, 0), (0, 1), (3, 2)] {
        let values = pack_as(Form::Small, &vec![int::ZERO; scalars]);
        let msm = Step::Msm {
            scalars: 0,
            bases: infinities(n),
        };
        let found = length(refusal(vec![upload(0, values), msm]));
        assert_eq!(found, ("scalars", n, scalars));
    }
}

#[test]
fn values_of_another_kind_are_named() {
    let integers = || pack_as(Form::Integer(FIELD), &[int::ZERO; 4]);
    let small = || pack_as(Form::Small, &[int::ZERO; 4]);
    let other = || pack(FieldId::KoalaBear, &[int::ZERO; 4]);
    let ntt = Ntt::new(2, Direction::Forward);
    let form = |bad: BadJob| matches!(bad, BadJob::Form { .. });
    for values in [integers(), small()] {
        assert!(form(refusal(ntt_chain(values.clone(), &ntt).steps)));
        let (on, base, order) = (vec![0], FIELD.spec().one, Order::Natural);
        let scale = Step::ScaleByPowers { on, base, order };
        assert!(form(refusal(vec![upload(0, values.clone()), scale])));
        let mul = Step::Mul { to: 0, a: 0, b: 0 };
        assert!(form(refusal(vec![upload(0, values), mul])));
    }
    let sub = Step::Sub { to: 0, a: 0, b: 1 };
    assert!(form(refusal(vec![
        upload(0, zeros(4)),
        upload(1, other()),
        sub
    ])));
    let both = Step::Ntt {
        on: vec![0, 1],
        ntt,
    };
    assert!(form(refusal(vec![
        upload(0, zeros(4)),
        upload(1, other()),
        both
    ])));
    let msm = Step::Msm {
        scalars: 0,
        bases: infinities(4),
    };
    assert!(form(refusal(vec![upload(0, zeros(4)), msm])));
}

#[test]
fn empty_slots_are_named() {
    let ntt = Ntt::new(0, Direction::Forward);
    let (on, base, order) = (vec![9], FIELD.spec().one, Order::Natural);
    let steps = [
        Step::Download { from: 9 },
        Step::Ntt { on: vec![9], ntt },
        Step::ScaleByPowers { on, base, order },
        Step::Mul { to: 1, a: 9, b: 0 },
        Step::Sub { to: 1, a: 0, b: 9 },
        Step::Msm {
            scalars: 9,
            bases: infinities(0),
        },
    ];
    for step in steps {
        assert_eq!(
            refusal(vec![upload(0, zeros(1)), step]),
            BadJob::EmptySlot(9)
        );
    }
}

/// A value that is not below the modulus is the caller's fault, whatever the device does with it.
#[test]
fn unreduced_input_blames_no_device() {
    let mut blamed = Vec::new();
    for field in FieldId::ALL {
        for bad in [field.spec().modulus, [u64::MAX; 6]] {
            let cut = |limb: &u64| {
                if field.spec().bytes == 4 {
                    *limb as u32 as u64
                } else {
                    *limb
                }
            };
            let bad = bad.each_ref().map(cut);
            let log_n = field.spec().two_adicity.min(3);
            for direction in [Direction::Forward, Direction::Inverse] {
                let ntt = Ntt::new(log_n, direction);
                let job = ntt_chain(pack(field, &vec![bad; 1 << log_n]), &ntt);
                for devices in [&["cpu:0"][..], &["ref:0"], &["cpu:0", "ref:0"]] {
                    let pool = pool(devices, 1, Some(Policy::Full));
                    let run = || pool.run(vec![job.clone()]);
                    let outcome = catch_unwind(AssertUnwindSafe(run));
                    if outcome.is_err() {
                        blamed.push(format!("{field} {devices:?}: panicked"));
                    }
                    for e in pool.evidence() {
                        blamed.push(format!("{field} {direction:?}: {}: {}", e.device, e.fault));
                    }
                }
            }
        }
    }
    blamed.dedup();
    assert!(blamed.is_empty(), "{blamed:#?}");
}

/// Slots that were filled but hold something unreduced, moved and not touched.
#[test]
fn goldilocks_words_that_are_only_moved_blame_no_device() {
    let field = FieldId::Goldilocks;
    let values = pack(field, &[int::small(u64::MAX), field.spec().modulus]);
    let pool = pool(&["cpu:0"], 1, Some(Policy::Full));
    let _ = pool.run(vec![chain(
        "moved",
        vec![upload(0, values), Step::Download { from: 0 }],
    )]);
    assert!(pool.evidence().is_empty(), "{:?}", pool.evidence());
}
