//! Sums as proving keys and real witnesses have them: many scalars are 0 or 1, many points at infinity.
//!
//! In a key one B point in three, or two, is infinite. A sum costs for each pair, whatever it adds, the conversion of
//! its point and the digits of its scalar, and for all scalars the windows of the largest. So pairs that add nothing
//! are left out, and small scalars, where they are many, make a sum of their own, of few windows.

use super::dense;
use crate::{Form, Unreduced};
use proofmill_field::{CurveId, FieldSpec, Group};
use rayon::prelude::*;

/// Pairs below which looking for what can be left out does not pay.
const MIN_PAIRS: usize = 1 << 10;
/// Pairs of one task.
const TASK: usize = 1 << 12;

/// A pair's part in the sum.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// The scalar is zero, or the point infinite.
    Nothing,
    /// The scalar fits 64 bits.
    Small,
    Full,
}

/// The pairs of one class, gathered.
struct Part {
    points: Vec<u8>,
    scalars: Vec<u8>,
    /// Where each pair was.
    places: Vec<u32>,
}

/// As [`super::run`], for one sum over integers; `None` where too little can be left out to be worth moving the rest.
pub(super) fn sum(
    curve: CurveId,
    group: Group,
    points: &[u8],
    scalars: &[u8],
    form: Form,
) -> Option<Result<Vec<u8>, Unreduced>> {
    let Form::Integer(field) = form else {
        return None;
    };
    let (size, point) = (form.bytes(), curve.spec().point_bytes(group));
    let pairs = scalars.len() / size;
    if pairs < MIN_PAIRS || u32::try_from(pairs).is_err() || points.len() != pairs * point {
        return None;
    }
    let classes: Vec<Class> = scalars
        .par_chunks_exact(size)
        .zip(points.par_chunks_exact(point))
        .with_min_len(TASK)
        .map(|(scalar, point)| class(field.spec(), scalar, point))
        .collect();
    let count = |class| classes.iter().filter(|c| **c == class).count();
    let (nothing, small) = (count(Class::Nothing), count(Class::Small));
    let apart = small >= pairs / 4;
    if !apart && nothing < pairs / 4 {
        return None;
    }
    let gather = |wanted: &(dyn Fn(Class) -> bool + Sync), width| {
        let places = (0..)
            .zip(&classes)
            .filter(|(_, c)| wanted(**c))
            .map(|(i, _)| i);
        Part::gather(places.collect(), [points, scalars], [point, size], width)
    };
    let run = |part: Part, form| {
        let sum = dense(curve, group, &part.points, &part.scalars, form);
        sum.map_err(|Unreduced { index }| Unreduced {
            index: part
                .places
                .get(index)
                .map_or(index, |place| *place as usize),
        })
    };
    if !apart {
        return Some(run(gather(&|c| c != Class::Nothing, size), form));
    }
    let (small, full) = rayon::join(
        || run(gather(&|c| c == Class::Small, 8), Form::Small),
        || run(gather(&|c| c == Class::Full, size), form),
    );
    let both = small.and_then(|small| Ok([small, full?].concat()));
    let ones: Vec<u8> = [1u64; 2].into_iter().flat_map(u64::to_le_bytes).collect();
    Some(both.and_then(|both| dense(curve, group, &both, &ones, Form::Small)))
}

fn class(field: &FieldSpec, scalar: &[u8], point: &[u8]) -> Class {
    let (low, high) = scalar.split_at(8);
    if is_zero(high) {
        match is_zero(low) || is_zero(point) {
            true => Class::Nothing,
            false => Class::Small,
        }
    } else if is_zero(point) && field.is_canonical(&field.read(scalar)) {
        Class::Nothing // an unreduced scalar stays, for the sum to find
    } else {
        Class::Full
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().all(|word| *word == [0; 8]) && rest.iter().all(|byte| *byte == 0)
}

impl Part {
    /// The pairs at these places: points whole, of the scalars the first `width` bytes.
    fn gather(
        places: Vec<u32>,
        [points, scalars]: [&[u8]; 2],
        sizes: [usize; 2],
        width: usize,
    ) -> Self {
        let [point, size] = sizes;
        let mut part = Part {
            points: vec![0; places.len() * point],
            scalars: vec![0; places.len() * width],
            places,
        };
        part.points
            .par_chunks_exact_mut(point)
            .zip(part.scalars.par_chunks_exact_mut(width))
            .zip(&part.places)
            .with_min_len(TASK)
            .for_each(|((to_point, to_scalar), place)| {
                let place = *place as usize;
                to_point.copy_from_slice(&points[place * point..][..point]);
                to_scalar.copy_from_slice(&scalars[place * size..][..width]);
            });
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofmill_field::naive::NaiveGroup;
    use proofmill_field::{FieldId, Int, Random, int};

    const FORM: Form = Form::Integer(FieldId::Bn254Fr);
    const PAIRS: usize = 3000;

    fn field() -> &'static FieldSpec {
        FieldId::Bn254Fr.spec()
    }

    fn bytes(values: &[Int]) -> Vec<u8> {
        let mut out = vec![0; values.len() * 32];
        for (value, out) in values.iter().zip(out.chunks_exact_mut(32)) {
            field().write(value, out);
        }
        out
    }

    /// i mod 7 times the generator, those of one in `infinite` at infinity; their logarithms, in data form.
    fn points(group: Group, infinite: usize) -> (Vec<u8>, Vec<Int>) {
        let naive = NaiveGroup::new(CurveId::Bn254.spec(), group);
        let size = CurveId::Bn254.spec().point_bytes(group);
        let multiple = |k: u64| {
            let mut out = vec![0; size];
            naive.write(&naive.scale(&naive.generator(), &int::small(k)), &mut out);
            out
        };
        let few: Vec<Vec<u8>> = (0..8).map(multiple).collect();
        let log = |i| if i % infinite == 0 { 0 } else { 1 + i % 7 };
        let logs = (0..PAIRS).map(log);
        (
            logs.clone().flat_map(|log| few[log].clone()).collect(),
            logs.map(|log| field().element(log as u64)).collect(),
        )
    }

    fn expected(group: Group, logs: &[Int], scalars: &[Int]) -> Vec<u8> {
        let add =
            |sum, (log, k): (&Int, &Int)| field().add(&sum, &field().mul(log, &field().to_data(k)));
        let log = logs.iter().zip(scalars).fold(int::ZERO, add);
        let naive = NaiveGroup::new(CurveId::Bn254.spec(), group);
        let mut out = vec![0; CurveId::Bn254.spec().point_bytes(group)];
        let sum = naive.scale(&naive.generator(), &field().from_data(&log));
        naive.write(&sum, &mut out);
        out
    }

    /// A scalar for each place: `full` in 16 are large, `zero` in 16 are zero, the rest below 2^`bits`.
    fn scalars(full: u64, zero: u64, bits: u32) -> Vec<Int> {
        let mut random = Random::seeded(11);
        let mut scalar = |_| match random.word() % 16 {
            lot if lot < full => random.element(FieldId::Bn254Fr),
            lot if lot < full + zero => int::ZERO,
            _ => int::small(random.word() >> (64 - bits)),
        };
        (0..PAIRS).map(&mut scalar).collect()
    }

    #[test]
    fn what_is_left_out_adds_nothing() {
        let kinds = [
            (16, 0, 1),
            (1, 8, 1),
            (0, 9, 1),
            (8, 8, 1),
            (1, 1, 64),
            (0, 16, 1),
        ];
        for group in Group::ALL {
            for (full, zero, bits) in kinds {
                let scalars = scalars(full, zero, bits);
                let (points, logs) = points(group, 3);
                let sum = sum(CurveId::Bn254, group, &points, &bytes(&scalars), FORM);
                let expected = expected(group, &logs, &scalars);
                assert_eq!(sum, Some(Ok(expected)), "{group:?} {full} {zero} {bits}");
            }
        }
    }

    #[test]
    fn dense_and_short_sums_stay_where_they_are() {
        let (points, _) = points(Group::G1, 9);
        let dense = bytes(&scalars(14, 1, 1));
        let run = |n: usize, scalars: &[u8]| {
            let (points, scalars) = (&points[..n * 64], &scalars[..n * 32]);
            sum(CurveId::Bn254, Group::G1, points, scalars, FORM)
        };
        assert_eq!(run(PAIRS, &dense), None);
        assert_eq!(run(MIN_PAIRS - 1, &bytes(&scalars(0, 9, 1))), None);
        assert_eq!(run(0, &[]), None);
    }

    #[test]
    fn several_sums_over_the_same_points_stay_where_they_are() {
        let (points, _) = points(Group::G1, 3);
        let scalars = bytes(&scalars(0, 12, 1));
        let half = &points[..points.len() / 2];
        assert_eq!(sum(CurveId::Bn254, Group::G1, half, &scalars, FORM), None);
    }

    #[test]
    fn an_unreduced_scalar_is_named_by_its_place() {
        let (points, _) = points(Group::G1, 3);
        for place in [0, 1, 2998, 2999] {
            let mut scalars = scalars(4, 8, 1);
            scalars[place] = field().modulus;
            let sum = sum(CurveId::Bn254, Group::G1, &points, &bytes(&scalars), FORM);
            assert_eq!(sum, Some(Err(Unreduced { index: place })));
        }
    }
}
