//! No panic from anything hostile.

use crate::bad_jobs::{FIELD, zeros};
use crate::common::{chain, ntt_chain, pack, pool};
use bytes::Bytes;
use proofmill::job::{Chain, Form, Points, Shape, Step, Values};
use proofmill::{Direction, Error, Layout, Ntt, Order, Policy, Pool, Random};
use proofmill_field::{CurveId, FieldId, Group, Int, int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

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
