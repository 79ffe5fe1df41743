//! The cases that every implementation of sums answers, judged by the definition.

use crate::{Form, Unreduced};
use proofmill_field::naive::NaiveGroup;
use proofmill_field::{CurveId, Group, Int, Random, int};

/// What is tested.
pub(crate) type Sums = dyn Fn(CurveId, Group, &[u8], &[u8], Form) -> Result<Vec<u8>, Unreduced>;

/// Affine points with known discrete logarithms (in data form).
struct Points {
    bytes: Vec<u8>,
    logs: Vec<Int>,
}

/// A curve's group and a few of its points.
struct Judge {
    curve: CurveId,
    group: Group,
    naive: NaiveGroup,
    /// Infinity and pairs of opposite points.
    few: Points,
}

impl Judge {
    fn new(curve: CurveId, group: Group) -> Self {
        let spec = curve.spec();
        let naive = NaiveGroup::new(spec, group);
        let mut few = Points {
            bytes: Vec::new(),
            logs: Vec::new(),
        };
        let mut random = Random::seeded(7);
        for i in 0..33u64 {
            let log = match i {
                0..=2 => spec.scalar.element(i),
                _ => random.element(spec.scalar.id),
            };
            for log in [log, spec.scalar.neg(&log)] {
                let point = naive.scale(&naive.generator(), &spec.scalar.from_data(&log));
                let mut bytes = vec![0; spec.point_bytes(group)];
                naive.write(&point, &mut bytes);
                few.bytes.extend(bytes);
                few.logs.push(log);
            }
        }
        Judge {
            curve,
            group,
            naive,
            few,
        }
    }

    /// n points of the few.
    fn points(&self, n: usize, mut choose: impl FnMut(usize) -> usize) -> Points {
        let size = self.curve.spec().point_bytes(self.group);
        let (mut bytes, mut logs) = (Vec::new(), Vec::new());
        for i in 0..n {
            let at = choose(i) % self.few.logs.len();
            bytes.extend(&self.few.bytes[at * size..][..size]);
            logs.push(self.few.logs[at]);
        }
        Points { bytes, logs }
    }

    /// Whether runs of scalars, in data form here, give the sums that their logarithms give.
    fn check(&self, sums: &Sums, points: &Points, scalars: &[Int], form: Form) {
        let spec = self.curve.spec();
        let (field, n) = (spec.scalar, points.logs.len());
        let mut bytes = vec![0; scalars.len() * form.bytes()];
        for (k, out) in scalars.iter().zip(bytes.chunks_exact_mut(form.bytes())) {
            match form {
                Form::Data(_) => field.write(k, out),
                Form::Integer(_) => field.write(&field.from_data(k), out),
                Form::Small => out.copy_from_slice(&field.from_data(k)[0].to_le_bytes()),
            }
        }
        let mut expected = Vec::new();
        for run in scalars.chunks(n.max(1)) {
            let terms = run.iter().zip(&points.logs).map(|(k, d)| field.mul(k, d));
            let log = terms.fold(int::ZERO, |sum, term| field.add(&sum, &term));
            let sum = self
                .naive
                .scale(&self.naive.generator(), &field.from_data(&log));
            let mut out = vec![0; spec.point_bytes(self.group)];
            self.naive.write(&sum, &mut out);
            expected.extend(out);
        }
        // at an odd address, as a mapped file may have it
        let odd = |bytes: &[u8]| [&[0], bytes].concat();
        let (points, scalars) = (odd(&points.bytes), odd(&bytes));
        let found = sums(self.curve, self.group, &points[1..], &scalars[1..], form);
        assert!(
            found.as_deref() == Ok(&expected),
            "{} {} {n} {form:?}",
            self.curve,
            self.group
        );
    }

    fn forms(&self) -> [Form; 2] {
        let field = self.curve.spec().scalar.id;
        [Form::Data(field), Form::Integer(field)]
    }

    /// Random points and scalars of every size up to 40, and some more.
    fn sizes(&self, sums: &Sums) {
        let mut random = Random::seeded(1);
        let field = self.curve.spec().scalar;
        for n in (1..41).chain([100, 1000, 5000]) {
            let points = self.points(n, |_| random.word() as usize);
            let runs = if n < 20 { 3 } else { 1 };
            let mut scalars: Vec<Int> = (0..runs * n).map(|_| random.element(field.id)).collect();
            self.check(sums, &points, &scalars, self.forms()[n % 2]);
            let small = |k: &mut Int| *k = field.element(k[0]);
            scalars.iter_mut().for_each(small);
            self.check(sums, &points, &scalars, Form::Small);
        }
    }

    /// Points and scalars that meet every exception.
    fn exceptions(&self, sums: &Sums) {
        let field = self.curve.spec().scalar;
        let mut random = Random::seeded(2);
        let minus_one = field.neg(&field.one);
        let fixed = random.element(field.id);
        let n = 3000;
        let mut choices = Vec::new();
        let scalars: [&dyn Fn(usize, Int) -> Int; 7] = [
            &|_, _| int::ZERO,
            &|_, _| field.one,
            &|_, _| minus_one,
            &|_, _| fixed,
            &|i, _| field.element(i as u64 % 3),
            &|_, k| k,
            &|i, k| {
                [
                    k,
                    fixed,
                    field.one,
                    int::ZERO,
                    minus_one,
                    field.element(i as u64),
                ][i % 6]
            },
        ];
        let places: [&dyn Fn(usize, u64) -> usize; 4] =
            [&|_, _| 0, &|_, _| 9, &|i, _| 10 + i % 2, &|_, w| w as usize];
        for scalar in scalars {
            for place in places {
                choices.push((scalar, place));
            }
        }
        for (i, (scalar, place)) in choices.into_iter().enumerate() {
            let points = self.points(n, |i| place(i, random.word()));
            let element = |i| scalar(i, random.element(field.id));
            let scalars: Vec<Int> = (0..n).map(element).collect();
            self.check(sums, &points, &scalars, self.forms()[i % 2]);
        }
    }
}

/// Runs all cases on every group.
pub(crate) fn all(sums: &Sums) {
    for curve in CurveId::ALL {
        for group in curve.spec().groups() {
            one_group(sums, curve, *group);
        }
    }
}

/// Runs all cases on one group.
pub(crate) fn one_group(sums: &Sums, curve: CurveId, group: Group) {
    let judge = Judge::new(curve, group);
    judge.sizes(sums);
    judge.exceptions(sums);
}

/// Runs the cases of random scalars, and names the first unreduced one.
pub(crate) fn unreduced(sums: &Sums) {
    let curve = CurveId::Bn254;
    let judge = Judge::new(curve, Group::G1);
    let field = curve.spec().scalar;
    let points = judge.points(700, |i| i);
    let mut scalars = vec![1u8; 3 * 700 * 32];
    scalars.chunks_mut(32).for_each(|k| k[31] = 0);
    for at in [1500usize, 1501, 2000] {
        field.write(&field.modulus, &mut scalars[32 * at..][..32]);
    }
    let found = sums(
        curve,
        Group::G1,
        &points.bytes,
        &scalars,
        Form::Integer(field.id),
    );
    assert_eq!(found, Err(Unreduced { index: 1500 }));
}
