//! The reference arithmetic against answers of arkworks 0.6 and Plonky3 0.8 (examples/vectors.rs).

#![allow(clippy::unwrap_used)]

use proofmill_field::naive::{self, NaiveGroup};
use proofmill_field::{CurveId, FieldId, FieldSpec, Group, Int, int};

fn field(name: &str) -> &'static FieldSpec {
    FieldId::ALL
        .iter()
        .map(|id| id.spec())
        .find(|f| f.name == name)
        .unwrap()
}

#[test]
fn fields_agree_with_arkworks_and_plonky3() {
    let mut count = 0;
    for line in include_str!("vectors/fields.txt").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let f = field(words[0]);
        let operands: Vec<Int> = words[2..].iter().map(|w| int::from_hex(w)).collect();
        let (result, a) = operands.split_last().unwrap();
        let ours = match words[1] {
            "modulus" => f.modulus,
            "generator" => f.element(f.generator),
            "root" => f.root,
            "from_data" => f.from_data(&a[0]),
            "inverse" => f.inverse(&a[0]),
            "add" => f.add(&a[0], &a[1]),
            "sub" => f.sub(&a[0], &a[1]),
            "mul" => f.mul(&a[0], &a[1]),
            other => panic!("unknown operation {other}"),
        };
        assert_eq!(&ours, result, "{line}");
        count += 1;
    }
    assert!(count > 3000, "{count} vectors");
}

#[test]
fn curves_agree_with_arkworks() {
    let mut count = 0;
    for line in include_str!("vectors/curves.txt").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let curve = CurveId::ALL
            .iter()
            .map(|c| c.spec())
            .find(|c| c.name == words[0])
            .unwrap();
        let id = Group::ALL
            .into_iter()
            .find(|g| g.to_string() == words[1])
            .unwrap();
        let group = NaiveGroup::new(curve, id);
        let point = match words[2] {
            "generator" => group.generator(),
            _ => group.scale(&group.generator(), &int::from_hex(words[3])),
        };
        let mut bytes = vec![0; curve.point_bytes(id)];
        group.write(&point, &mut bytes);
        let ours: String = bytes.iter().rev().map(|b| format!("{b:02x}")).collect();
        assert_eq!(&ours, words.last().unwrap(), "{line}");
        assert!(group.is_on_curve(&group.read(&bytes)) && group.is_in_subgroup(&point));
        count += 1;
    }
    assert_eq!(count, 45);
}

#[test]
fn products_agree_with_their_definition() {
    for id in FieldId::ALL {
        let f = id.spec();
        let mut a = f.element(3);
        let top = int::sub(&f.modulus, &int::small(1)).0;
        for _ in 0..200 {
            let b = f.add(&f.mul(&a, &a), &f.element(5));
            for (x, y) in [(a, b), (a, top), (top, top)] {
                let plain = f.mul_by_definition(&f.from_data(&x), &f.from_data(&y));
                assert_eq!(f.to_data(&plain), f.mul(&x, &y), "{id}");
            }
            a = b;
        }
    }
}

#[test]
fn roots_have_exactly_their_order() {
    for id in FieldId::ALL {
        let f = id.spec();
        for log_n in 1..=f.two_adicity {
            let half = f.pow(
                &f.root_of_unity(log_n).unwrap(),
                &int::shr(&int::small(1 << 63), 64 - log_n),
            );
            assert_eq!(half, f.neg(&f.one), "{id} 2^{log_n}");
        }
        assert_eq!(f.root_of_unity(f.two_adicity + 1), None);
    }
}

#[test]
fn exceptional_points_need_no_exceptions() {
    for curve in CurveId::ALL.map(|c| c.spec()) {
        for &id in curve.groups() {
            let group = NaiveGroup::new(curve, id);
            let (g, zero) = (group.generator(), group.infinity());
            let minus_one = int::sub(&curve.scalar.modulus, &int::small(1)).0;
            assert!(group.is_infinity(&group.add(&g, &group.scale(&g, &minus_one))));
            assert!(group.is_infinity(&group.add(&zero, &zero)));
            let mut bytes = [
                vec![0; curve.point_bytes(id)],
                vec![0; curve.point_bytes(id)],
            ];
            group.write(&group.add(&g, &g), &mut bytes[0]);
            group.write(&group.scale(&g, &int::small(2)), &mut bytes[1]);
            assert_eq!(bytes[0], bytes[1]);
            group.write(&group.add(&zero, &g), &mut bytes[0]);
            group.write(&g, &mut bytes[1]);
            assert_eq!(bytes[0], bytes[1]);
        }
    }
}

/// (−1, 0) of BLS12-377, y² = x³ + 1, has order two: the complete addition is not made for it.
#[test]
fn a_point_of_order_two_is_outside_the_subgroup() {
    let curve = CurveId::Bls12_377.spec();
    let group = NaiveGroup::new(curve, Group::G1);
    let mut bytes = vec![0; curve.point_bytes(Group::G1)];
    curve
        .base
        .write(&curve.base.neg(&curve.base.one), &mut bytes);
    let torsion = group.read(&bytes);
    assert!(group.is_on_curve(&torsion) && !group.is_in_subgroup(&torsion));
    let sum = group.add(&torsion, &group.generator());
    assert!(group.is_on_curve(&sum) && !group.is_in_subgroup(&sum));
}

#[test]
fn a_group_that_is_not_offered_is_only_infinity() {
    let curve = CurveId::Bls12_377.spec();
    assert_eq!(curve.groups(), [Group::G1]);
    let group = NaiveGroup::new(curve, Group::G2);
    assert!(group.is_infinity(&group.generator()));
}

#[test]
fn the_transform_of_a_monomial_is_its_powers() {
    let f = FieldId::BabyBear.spec();
    let root = f.root_of_unity(3).unwrap();
    let mut a = vec![int::ZERO; 8];
    a[3] = f.one;
    let y = naive::transform(f, &a, &root, &f.one, 8);
    assert_eq!(y[2], f.pow(&root, &int::small(6)));
    assert_eq!(naive::bit_reverse(0b0011, 4), 0b1100);
}
