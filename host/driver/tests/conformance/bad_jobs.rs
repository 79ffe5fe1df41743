//! Jobs that nobody can do: each kind of `BadJob`, and no panic from anything hostile.

use crate::common::{chain, ntt_chain, pack, pack_as, pool, upload};
use bytes::Bytes;
use proofmill::job::{Chain, Form, Points, Shape, Step, Values};
use proofmill::{BadJob, Direction, Error, Layout, Ntt, Order, Policy, Pool, Random};
use proofmill_field::{CurveId, FieldId, Group, Int, int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

const FIELD: FieldId = FieldId::BabyBear;

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

fn zeros(n: usize) -> Values {
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

/// Draws from small and hostile numbers.
struct Hostile(Random);

impl Hostile {
    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.0.word() as usize % from.len()].clone()
    }

    fn field(&mut self) -> FieldId {
        self.pick(&FieldId::ALL)
    }

    fn int(&mut self, field: FieldId) -> Int {
        let spec = field.spec();
        let element = self.0.element(field);
        self.pick(&[
            element,
            spec.one,
            int::ZERO,
            spec.modulus,
            [u64::MAX; 6],
            spec.root,
            element,
        ])
    }

    /// Nothing between 2^9 rows and the field's two-adicity: a valid extension by 2^20 is a request
    /// for that much memory, not a bad job.
    fn ntt(&mut self, field: FieldId) -> Ntt {
        let beyond = field.spec().two_adicity + 1;
        let some = |h: &mut Self| match h.0.word() % 3 {
            0 => Some(h.int(field)),
            _ => None,
        };
        Ntt {
            log_n: self.pick(&[0, 1, 2, 2, 3, 5, beyond, 63, 64, 65, u32::MAX]),
            columns: self.pick(&[1, 1, 1, 2, 3, 0, usize::MAX, usize::MAX / 2 + 1, 1 << 59]),
            layout: self.pick(&[Layout::Contiguous, Layout::RowMajor]),
            direction: self.pick(&[Direction::Forward, Direction::Inverse]),
            input: self.pick(&[Order::Natural, Order::BitReversed]),
            output: self.pick(&[Order::Natural, Order::BitReversed]),
            coset: some(self),
            added_bits: self.pick(&[0, 0, 0, 1, 2, 4, beyond, 64, u32::MAX]),
            root: some(self),
        }
    }

    fn values(&mut self) -> Values {
        let field = self.field();
        let form = self.pick(&[
            Form::Data(field),
            Form::Data(field),
            Form::Data(FIELD),
            Form::Integer(field),
            Form::Small,
        ]);
        let n = self.pick(&[0, 1, 2, 3, 4, 4, 4, 8, 12, 32]);
        let fill = self.pick(&[0u8, 1, 0xff]);
        Values::new(form, Bytes::from(vec![fill; n * form.bytes()])).unwrap()
    }

    /// Points of any bytes: off the curve, with unreduced coordinates.
    fn points(&mut self) -> Points {
        let curve = self.pick(&CurveId::ALL);
        let group = self.pick(curve.spec().groups());
        let (n, fill) = (self.pick(&[0, 1, 2, 4]), self.pick(&[0u8, 1, 0xff]));
        let bytes = vec![fill; n * curve.spec().point_bytes(group)];
        let points = Points::new(curve, group, bytes.into()).unwrap();
        if self.pick(&[true, false]) {
            points.resident()
        } else {
            points
        }
    }

    fn step(&mut self) -> Step {
        let slot = |h: &mut Self| h.pick(&[0, 0, 1, 1, 2, 255]);
        let (to, a, b) = (slot(self), slot(self), slot(self));
        let on = self.pick(&[vec![a], vec![a], vec![a, b], vec![], vec![0, 0, 1]]);
        let field = self.field();
        match self.0.word() % 9 {
            0..=2 => Step::Upload {
                to,
                values: self.values(),
            },
            3 => Step::Ntt {
                on,
                ntt: self.ntt(field),
            },
            4 => {
                let order = self.pick(&[Order::Natural, Order::BitReversed]);
                Step::ScaleByPowers {
                    on,
                    base: self.int(field),
                    order,
                }
            }
            5 => Step::Mul { to, a, b },
            6 => Step::Sub { to, a, b },
            7 => Step::Msm {
                scalars: a,
                bases: self.points(),
            },
            _ => Step::Download { from: a },
        }
    }

    /// An upload and a transform that have a chance to fit each other, then anything.
    fn chain(&mut self) -> Chain {
        let field = self.field();
        let ntt = self.ntt(field);
        let n = ntt
            .columns
            .checked_shl(ntt.log_n)
            .filter(|n| *n <= 128)
            .unwrap_or(1);
        let elements: Vec<Int> = (0..n).map(|_| self.0.element(field)).collect();
        let mut steps = ntt_chain(pack(field, &elements), &ntt).steps;
        for _ in 0..self.pick(&[0, 0, 1, 3, 6]) {
            let place = self.0.word() as usize % (steps.len() + 1);
            let step = self.step();
            steps.insert(place, step);
        }
        chain("hostile", steps)
    }

    fn shape(&mut self) -> Shape {
        let huge = [0, 1, 64, 1 << 40, usize::MAX];
        let bits = [0, 1, 20, 63, 64, 200, u32::MAX];
        match self.0.word() % 4 {
            0 => Shape::Transfer {
                bytes: self.pick(&huge),
            },
            1 => Shape::Pointwise {
                field: self.field(),
                elements: self.pick(&huge),
            },
            2 => Shape::Ntt {
                field: self.field(),
                log_n: self.pick(&bits),
                added_bits: self.pick(&bits),
                columns: self.pick(&huge),
            },
            _ => Shape::Msm {
                curve: self.pick(&CurveId::ALL),
                group: self.pick(&Group::ALL),
                points: self.pick(&huge),
                sums: self.pick(&huge),
                scalar_bits: self.pick(&bits),
            },
        }
    }
}

/// Runs `count` hostile inputs; the panics, by seed and description.
fn panics<T>(count: u64, mut draw: impl FnMut(&mut Hostile) -> T, run: impl Fn(&T)) -> Vec<String>
where
    T: std::fmt::Debug,
{
    let mut out = Vec::new();
    for seed in 0..count {
        if out.len() == 5 {
            break; // enough to act on
        }
        let input = draw(&mut Hostile(Random::seeded(seed)));
        if catch_unwind(AssertUnwindSafe(|| run(&input))).is_err() {
            out.push(format!("seed {seed}: {input:?}"));
        }
    }
    out
}

fn none_of(panics: &[String], count: u64) {
    let first = &panics[..panics.len().min(3)];
    assert!(
        panics.is_empty(),
        "{} of {count} panicked: {first:#?}",
        panics.len()
    );
}

#[test]
fn no_hostile_chain_panics() {
    let pools: Vec<Pool> = [None, Some(Policy::Full), Some(Policy::Sampled(2))]
        .map(|policy| pool(&["cpu:0"], 1, policy))
        .into();
    let run = |job: &Chain| {
        job.describe();
        for pool in &pools {
            let _ = pool.run(vec![job.clone()]);
        }
    };
    none_of(&panics(4000, Hostile::chain, run), 4000);
}

#[test]
fn no_hostile_chain_panics_on_the_reference_device() {
    let run = |job: &Chain| {
        // the pool turns a worker's panic into a fault: it must not come to that
        let pool = pool(&["ref:0"], 1, Some(Policy::Off));
        let _ = pool.run(vec![job.clone()]);
        assert!(pool.evidence().is_empty(), "{:?}", pool.evidence());
    };
    none_of(&panics(1500, Hostile::chain, run), 1500);
}

#[test]
fn no_hostile_transform_panics_at_the_typed_door() {
    let pool = pool(&["cpu:0"], 1, None);
    let draw = |h: &mut Hostile| {
        (
            h.ntt(FieldId::Bn254Fr),
            h.pick(&[0usize, 1, 2, 4, 8, 32, 33]),
        )
    };
    let run = |(ntt, n): &(Ntt, usize)| {
        let mut values = vec![ark_bn254::Fr::from(7u64); *n];
        let _ = pool.ntt_with(&mut values, ntt);
        let _ = pool.lde(&values, ntt);
        let _ = pool.ntt(&mut values, ntt.direction);
    };
    none_of(&panics(4000, draw, run), 4000);
}

#[test]
fn no_hostile_transform_panics_when_asked_for_its_root_and_size() {
    let draw = |h: &mut Hostile| (h.ntt(FIELD), h.field(), h.pick(&[0, 1, 32, 64, u32::MAX]));
    let run = |(ntt, field, log_n): &(Ntt, FieldId, u32)| {
        let _ = ntt.root_of_unity(*field, *log_n);
        let _ = ntt.output_rows();
    };
    none_of(&panics(2000, draw, run), 2000);
}

#[test]
fn no_hostile_shape_panics_when_estimated() {
    let pool = pool(&["cpu:0", "ref:0"], 1, None);
    let run = |shape: &Shape| {
        let _ = shape.to_string();
        for device in ["cpu:0", "ref:0", "none"] {
            let _ = pool.estimate(device, shape);
        }
    };
    none_of(&panics(2000, Hostile::shape, run), 2000);
}

#[test]
fn hostile_settings_of_a_pool_are_errors_or_harmless() {
    let open = || Pool::builder().devices(["cpu:0", "ref:0"]).threads(0);
    let pool = open().deadline(Duration::MAX, u32::MAX).open().unwrap();
    let ntt = Ntt::new(1, Direction::Forward);
    for device in ["cpu:0", "ref:0"] {
        let policy = Some(Policy::Sampled(0));
        let options = proofmill::Options {
            policy,
            device: Some(device.into()),
        };
        pool.with(options)
            .run(vec![ntt_chain(zeros(2), &ntt)])
            .unwrap();
    }
    let unknown = proofmill::Options {
        policy: None,
        device: Some("gpu:7".into()),
    };
    let error = pool
        .with(unknown)
        .run(vec![ntt_chain(zeros(2), &ntt)])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no device is called gpu:7: found cpu:0, ref:0"
    );
    assert!(matches!(
        open().devices(["gpu:7"]).open(),
        Err(Error::UnknownDevice { .. })
    ));
    let none: [&str; 0] = [];
    assert!(matches!(
        open().devices(none).open(),
        Err(Error::NoDevice { .. })
    ));
    assert!(pool.run(vec![]).unwrap().is_empty());
}
