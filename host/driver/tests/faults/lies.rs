//! Wrong answers, one kind after another.

use crate::*;

#[test]
fn a_flipped_bit_is_caught() {
    convict("flips-a-bit", &transform(), &WrongResult::Transform);
    passes_unchecked("flips-a-bit", &transform());
}

#[test]
fn a_flipped_bit_is_caught_in_every_field_and_shape() {
    for field in FieldId::ALL {
        let mut random = Random::seeded(1);
        let log_n = field.spec().two_adicity.min(4);
        let plain = Ntt::new(log_n, Direction::Forward);
        let coset = Some(field.spec().element(field.spec().generator));
        let direction = Direction::Inverse;
        let extended = Ntt {
            log_n: log_n - 1,
            added_bits: 1,
            coset,
            ..plain.clone()
        };
        let inverse = Ntt {
            direction,
            coset,
            columns: 3,
            ..plain.clone()
        };
        for ntt in [plain, inverse, extended] {
            let n = ntt.columns << ntt.log_n;
            let values: Vec<Int> = (0..n).map(|_| random.element(field)).collect();
            let job = ntt_chain(pack(field, &values), &ntt);
            let fault = caught(&open(&["flips-a-bit", "cpu:0"]), "flips-a-bit", &job);
            assert!(
                matches!(fault, Fault::Wrong(WrongResult::Transform)),
                "{field} {fault}"
            );
        }
    }
}

#[test]
fn any_device_of_this_machine_takes_over_from_a_liar() {
    let found = Pool::open().unwrap().devices();
    let usable = |d: &&DeviceInfo| d.unusable.is_none() && d.backend != "reference";
    for honest in found.iter().filter(usable) {
        let job = sum(CurveId::Bn254, Group::G1);
        for (guilty, job) in [("flips-a-bit", transform()), ("wrong-point", job)] {
            caught(&open(&[guilty, &honest.id]), guilty, &job);
        }
    }
}

#[test]
fn a_value_that_is_not_reduced_is_caught() {
    let (index, field) = (0, FIELD);
    convict(
        "does-not-reduce",
        &transform(),
        &WrongResult::Unreduced { index, field },
    );
    passes_unchecked("does-not-reduce", &transform());
}

#[test]
fn a_wrong_point_of_the_right_group_is_caught_by_computing_it_again() {
    for (curve, group) in GROUPS {
        let job = sum(curve, group);
        let (index, by) = (0, String::new());
        convict("wrong-point", &job, &WrongResult::Recomputed { index, by });
        passes_unchecked("wrong-point", &job);
    }
}

#[test]
fn a_point_off_the_curve_is_caught() {
    for (curve, group) in GROUPS {
        let job = sum(curve, group);
        convict("off-the-curve", &job, &WrongResult::NotOnCurve { index: 0 });
    }
    passes_unchecked("off-the-curve", &sum(CurveId::Bn254, Group::G1));
}

#[test]
fn a_point_with_an_unreduced_coordinate_is_caught() {
    for (curve, group) in GROUPS {
        let (index, field) = (0, curve.spec().base.id);
        convict(
            "unreduced-point",
            &sum(curve, group),
            &WrongResult::Unreduced { index, field },
        );
    }
}

#[test]
fn a_point_outside_the_subgroup_is_caught() {
    for (curve, group) in GROUPS.into_iter().skip(1) {
        let job = sum(curve, group);
        convict(
            "outside-the-subgroup",
            &job,
            &WrongResult::NotInSubgroup { index: 0 },
        );
    }
    passes_unchecked("outside-the-subgroup", &sum(CurveId::Bls12_381, Group::G1));
}

#[test]
fn a_wrong_number_of_values_is_caught_under_every_policy() {
    let what = "downloaded values";
    let (expected, found) = (8, 7);
    convict(
        "one-value-less",
        &transform(),
        &WrongResult::Shape {
            what,
            expected,
            found,
        },
    );
    let found = 0;
    for guilty in ["no-answer", "wrong-kind"] {
        convict(
            guilty,
            &transform(),
            &WrongResult::Shape {
                what,
                expected,
                found,
            },
        );
    }
    let (what, expected, found) = ("downloads", 0, 1);
    convict(
        "too-many-answers",
        &transform(),
        &WrongResult::Shape {
            what,
            expected,
            found,
        },
    );
    let (what, expected, found) = ("sums", 1, 0);
    for guilty in ["one-value-less", "no-answer"] {
        let job = sum(CurveId::Bn254, Group::G1);
        convict(
            guilty,
            &job,
            &WrongResult::Shape {
                what,
                expected,
                found,
            },
        );
    }
    for guilty in [
        "one-value-less",
        "no-answer",
        "wrong-kind",
        "too-many-answers",
    ] {
        for policy in [Policy::Off, Policy::Proof, Policy::Sampled(1000)] {
            let options = Options {
                policy: Some(policy),
                device: None,
            };
            caught(
                &open(&[guilty, "cpu:0"]).with(options),
                guilty,
                &transform(),
            );
        }
    }
}
