//! Whether an answer holds. Everything here runs on the host and trusts only the input.
//!
//! | answer | statement | error |
//! |---|---|---|
//! | any value | it is reduced | none |
//! | transform | input and output are the same polynomial at a point z drawn after the answer was given; columns folded with powers of a random ρ | (n + columns)/\|E\| |
//! | point | on the curve, in the subgroup of order r | none |
//!
//! z and ρ come from E, the field itself where it has more than 200 bits, otherwise its extension of
//! degree 4 (31 bits) or 2 (Goldilocks). Values on a coset g·⟨ω⟩ are taken to z by the barycentric
//! formula p(z) = ((z/g)^n − 1)/n · Σ y_i ω^i / (z/g − ω^i).

mod extension;

use crate::device::Output;
use crate::error::{BadJob, DeviceError, WrongResult};
use crate::job::{Chain, Direction, Form, Layout, Ntt, Order, Points, Step, Values};
use crate::random::System;
use extension::Extension;
use proofmill_cpu::arith::Field;
use proofmill_cpu::with_field;
use proofmill_field::FieldId;
use proofmill_field::naive::{self, NaiveGroup};
use rayon::prelude::*;

/// Rows that one task evaluates; also the batch of a shared inversion.
const TASK_ROWS: usize = 1 << 10;

/// Whether the output has the form that the chain asks for: what every policy looks at.
pub(crate) fn shape(chain: &Chain, output: &Output) -> Result<(), WrongResult> {
    let expect = |what, expected: usize, found: usize| match expected == found {
        true => Ok(()),
        false => Err(WrongResult::Shape {
            what,
            expected,
            found,
        }),
    };
    let (mut values, mut points) = (output.values.iter(), output.points.iter());
    let mut lengths = std::collections::BTreeMap::new();
    for step in &chain.steps {
        match step {
            Step::Upload { to, values } => drop(lengths.insert(*to, (values.form(), values.len()))),
            Step::Ntt { on, ntt } => on.iter().for_each(|slot| {
                lengths
                    .entry(*slot)
                    .and_modify(|(_, n)| *n <<= ntt.added_bits);
            }),
            Step::Mul { to, a, .. } | Step::Sub { to, a, .. } => {
                if let Some(known) = lengths.get(a).copied() {
                    lengths.insert(*to, known);
                }
            }
            Step::ScaleByPowers { .. } => {}
            Step::Download { from } => {
                let (form, len) = lengths.get(from).copied().unwrap_or((Form::Small, 0));
                let found = values.next().filter(|v| v.form() == form);
                expect("downloaded values", len, found.map_or(0, Values::len))?;
            }
            Step::Msm { scalars, bases } => {
                let (_, len) = lengths.get(scalars).copied().unwrap_or((Form::Small, 0));
                let sums = if bases.is_empty() {
                    1
                } else {
                    len / bases.len()
                };
                let same =
                    |p: &&Points| p.curve().id == bases.curve().id && p.group() == bases.group();
                expect(
                    "sums",
                    sums,
                    points.next().filter(same).map_or(0, Points::len),
                )?;
            }
        }
    }
    expect("downloads", 0, values.count())?;
    expect("msm results", 0, points.count())
}

/// Whether every value is reduced.
pub(crate) fn canonical(values: &Values) -> Result<(), WrongResult> {
    let (Form::Data(field) | Form::Integer(field)) = values.form() else {
        return Ok(());
    };
    with_field!(field, F => {
        let bad = values
            .bytes()
            .par_chunks_exact(size_of::<F>())
            .with_min_len(1 << 12)
            .position_first(|bytes| !bytemuck::pod_read_unaligned::<F>(bytes).is_canonical());
        bad.map_or(Ok(()), |index| Err(WrongResult::Unreduced { index, field }))
    })
}

/// Whether what a chain uploads is reduced: asked only when an answer does not hold or a device
/// refuses the input. Goldilocks takes any word.
pub(crate) fn uploads(chain: &Chain) -> Result<(), BadJob> {
    for step in &chain.steps {
        let Step::Upload { values, .. } = step else {
            continue;
        };
        if values.form() == Form::Data(FieldId::Goldilocks) {
            continue;
        }
        if let Err(WrongResult::Unreduced { index, field }) = canonical(values) {
            let what = match values.form() {
                Form::Integer(_) => "scalar",
                _ => "value",
            };
            return Err(BadJob::Unreduced { what, index, field });
        }
    }
    Ok(())
}

/// Whether all that a device returned is reduced. For Goldilocks any word will do.
pub(crate) fn reduced_output(output: &Output) -> Result<(), WrongResult> {
    let any_word = |v: &&Values| v.form() == Form::Data(FieldId::Goldilocks);
    output
        .values
        .iter()
        .filter(|v| !any_word(v))
        .try_for_each(canonical)?;
    output.points.iter().try_for_each(reduced)
}

/// Whether the coordinates of every point are reduced.
fn reduced(points: &Points) -> Result<(), WrongResult> {
    let base = points.curve().base;
    let per_point = points.point_bytes() / base.bytes;
    let mut coordinates = points.bytes().chunks(base.bytes);
    match coordinates.position(|c| !base.is_canonical(&base.read(c))) {
        Some(i) => Err(WrongResult::Unreduced {
            index: i / per_point,
            field: base.id,
        }),
        None => Ok(()),
    }
}

/// Whether every point is reduced, on the curve and in the subgroup.
pub(crate) fn points(points: &Points) -> Result<(), WrongResult> {
    reduced(points)?;
    let group = NaiveGroup::new(points.curve(), points.group());
    for (index, bytes) in points.bytes().chunks(points.point_bytes()).enumerate() {
        let point = group.read(bytes);
        if !group.is_on_curve(&point) {
            return Err(WrongResult::NotOnCurve { index });
        }
        if !group.is_in_subgroup(&point) {
            return Err(WrongResult::NotInSubgroup { index });
        }
    }
    Ok(())
}

/// Whether every base of a chain is reduced, on the curve and in the subgroup: asked only when a sum
/// is outside the group, for the last of these takes a millisecond a point.
pub(crate) fn bases_of(chain: &Chain) -> Result<(), BadJob> {
    let all = chain.steps.iter().filter_map(|step| match step {
        Step::Msm { bases, .. } => Some(bases),
        _ => None,
    });
    for bases in all {
        let (base, group) = (
            bases.curve().base,
            NaiveGroup::new(bases.curve(), bases.group()),
        );
        let first = |good: &(dyn Fn(&[u8]) -> bool + Sync)| {
            bases
                .bytes()
                .par_chunks(bases.point_bytes())
                .position_first(|b| !good(b))
        };
        let on_curve = |bytes: &[u8]| {
            let reduced = bytes
                .chunks(base.bytes)
                .all(|c| base.is_canonical(&base.read(c)));
            reduced && group.is_on_curve(&group.read(bytes))
        };
        if let Some(index) = first(&on_curve) {
            return Err(BadJob::NotOnCurve { index });
        }
        if let Some(index) = first(&|bytes| group.is_in_subgroup(&group.read(bytes))) {
            return Err(BadJob::NotInSubgroup { index });
        }
    }
    Ok(())
}

/// Whether `output` is the transform of `input`, up to the error above. The outer error: the
/// operating system gave no randomness.
pub(crate) fn transform(
    field: FieldId,
    ntt: &Ntt,
    input: &Values,
    output: &Values,
) -> Result<Result<(), WrongResult>, DeviceError> {
    let mut random = System::default();
    let holds = with_field!(field, F => match field {
        FieldId::BabyBear => transform_in::<F, 4>(ntt, input, output, 11, &mut random),
        FieldId::KoalaBear => transform_in::<F, 4>(ntt, input, output, 3, &mut random),
        FieldId::Goldilocks => transform_in::<F, 2>(ntt, input, output, 7, &mut random),
        _ => transform_in::<F, 1>(ntt, input, output, 0, &mut random),
    });
    match holds {
        Ok(true) => Ok(Ok(())),
        Ok(false) => Ok(Err(WrongResult::Transform)),
        Err(e) => Err(DeviceError::Failed(format!(
            "no randomness for the check: {e}"
        ))),
    }
}

fn transform_in<F: Field, const D: usize>(
    ntt: &Ntt,
    input: &Values,
    output: &Values,
    residue: u64,
    random: &mut System,
) -> Result<bool, getrandom::Error> {
    let e = Extension::<F, D>::new(residue);
    let log_rows = ntt.log_n + ntt.added_bits;
    let shift = ntt.coset.as_ref().map_or(F::ONE, F::from_int);
    let (rho, z) = loop {
        let (rho, z) = (e.random(random)?, e.random(random)?);
        // z/g outside of every subgroup involved, so that no denominator is zero
        let inside = |x: &[F; D]| e.pow_2(x, log_rows) == e.constant(F::ONE);
        if !inside(&z) && !inside(&e.scale(&z, shift.inverse_vartime())) {
            break (rho, z);
        }
    };
    let columns = Columns {
        ntt,
        fold: e.powers(&rho, ntt.columns),
    };
    let root = |log: u32| {
        ntt.root_of_unity(F::SPEC.id, log)
            .map_or(F::ONE, |r| F::from_int(&r))
    };
    let coefficients = |values: &Values, order| columns.at_coefficients(&e, values, order, &z);
    let evaluations = |values: &Values, order, log: u32, shift: F| {
        columns.at_evaluations(&e, values, order, root(log), shift, &z)
    };
    let (before, after) = match ntt.direction {
        Direction::Inverse => (
            evaluations(input, ntt.input, ntt.log_n, shift),
            coefficients(output, ntt.output),
        ),
        Direction::Forward if ntt.added_bits > 0 => (
            evaluations(input, ntt.input, ntt.log_n, F::ONE),
            evaluations(output, ntt.output, log_rows, shift),
        ),
        Direction::Forward => (
            coefficients(input, ntt.input),
            evaluations(output, ntt.output, ntt.log_n, shift),
        ),
    };
    Ok(before == after)
}

/// The columns of a transform, folded into one with powers of ρ.
struct Columns<'a, F, const D: usize> {
    ntt: &'a Ntt,
    fold: Vec<[F; D]>,
}

impl<F: Field, const D: usize> Columns<'_, F, D> {
    /// Element i of the folded column.
    fn row(&self, e: &Extension<F, D>, values: &Values, order: Order, i: usize) -> [F; D] {
        let rows = values.len() / self.ntt.columns;
        let row = match order {
            Order::Natural => i,
            Order::BitReversed => naive::bit_reverse(i, rows.trailing_zeros()),
        };
        let element = |column: usize| {
            let place = match self.ntt.layout {
                Layout::Contiguous => column * rows + row,
                Layout::RowMajor => row * self.ntt.columns + column,
            };
            let bytes = &values.bytes()[place * size_of::<F>()..][..size_of::<F>()];
            bytemuck::pod_read_unaligned::<F>(bytes)
        };
        let term = |(c, weight): (usize, &[F; D])| e.scale(weight, element(c));
        self.fold
            .iter()
            .enumerate()
            .map(term)
            .fold(e.constant(F::ZERO), |a, b| e.add(&a, &b))
    }

    /// Σ a_i z^i.
    fn at_coefficients(
        &self,
        e: &Extension<F, D>,
        values: &Values,
        order: Order,
        z: &[F; D],
    ) -> [F; D] {
        let rows = values.len() / self.ntt.columns;
        let part = |first: usize| {
            let last = (first + TASK_ROWS).min(rows);
            let horner = (first..last).rev().fold(e.constant(F::ZERO), |sum, i| {
                e.add(&e.mul(&sum, z), &self.row(e, values, order, i))
            });
            e.mul(&horner, &e.pow(z, first as u64))
        };
        let tasks = (0..rows.div_ceil(TASK_ROWS))
            .into_par_iter()
            .map(|t| part(t * TASK_ROWS));
        tasks.reduce(|| e.constant(F::ZERO), |a, b| e.add(&a, &b))
    }

    /// The polynomial with these values on shift·⟨root⟩, at z.
    fn at_evaluations(
        &self,
        e: &Extension<F, D>,
        values: &Values,
        order: Order,
        root: F,
        shift: F,
        z: &[F; D],
    ) -> [F; D] {
        let rows = values.len() / self.ntt.columns;
        let z = e.scale(z, shift.inverse_vartime());
        let part = |first: usize| {
            let last = (first + TASK_ROWS).min(rows);
            let start = root.pow(first as u64);
            let powers = std::iter::successors(Some(start), |w| Some(w.mul(root)));
            let powers: Vec<F> = powers.take(last - first).collect();
            let mut denominators: Vec<[F; D]> =
                powers.iter().map(|w| e.sub(&z, &e.constant(*w))).collect();
            e.invert_all(&mut denominators);
            let terms = (first..last).zip(powers).zip(denominators);
            terms.fold(e.constant(F::ZERO), |sum, ((i, w), inverse)| {
                let value = e.scale(&self.row(e, values, order, i), w);
                e.add(&sum, &e.mul(&value, &inverse))
            })
        };
        let tasks = (0..rows.div_ceil(TASK_ROWS))
            .into_par_iter()
            .map(|t| part(t * TASK_ROWS));
        let sum = tasks.reduce(|| e.constant(F::ZERO), |a, b| e.add(&a, &b));
        let log_rows = rows.trailing_zeros();
        let vanishing = e.sub(&e.pow_2(&z, log_rows), &e.constant(F::ONE));
        let per_n = F::element(rows as u64).inverse_vartime();
        e.scale(&e.mul(&sum, &vanishing), per_n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Backend, Config, reference::ReferenceBackend};
    use bytes::Bytes;
    use proofmill_field::Random;

    /// The reference device's transform of random input.
    fn example(field: FieldId, ntt: &Ntt) -> (Values, Values) {
        let (spec, mut random) = (field.spec(), Random::seeded(7));
        let n = ntt.columns << ntt.log_n;
        let mut bytes = vec![0; n * spec.bytes];
        for out in bytes.chunks_mut(spec.bytes) {
            spec.write(&random.element(field), out);
        }
        let input = Values::new(Form::Data(field), bytes.into()).unwrap();
        let steps = vec![
            Step::Upload {
                to: 0,
                values: input.clone(),
            },
            Step::Ntt {
                on: vec![0],
                ntt: ntt.clone(),
            },
            Step::Download { from: 0 },
        ];
        let config = Config::default();
        let info = &ReferenceBackend.list(&config)[0];
        let mut device = ReferenceBackend.open(info, &config).unwrap();
        let chain = Chain {
            label: "example".into(),
            steps,
        };
        let mut out = device.run(vec![chain.clone()]).unwrap();
        shape(&chain, &out[0]).unwrap();
        (input, out[0].values.remove(0))
    }

    fn shapes(field: FieldId) -> Vec<Ntt> {
        let plain = Ntt::new(5, Direction::Forward);
        let coset = Some(field.spec().element(field.spec().generator));
        let batch = Ntt {
            columns: 3,
            ..plain.clone()
        };
        let (input, output) = (Order::BitReversed, Order::BitReversed);
        vec![
            plain.clone(),
            Ntt {
                direction: Direction::Inverse,
                input,
                coset,
                ..plain.clone()
            },
            Ntt {
                layout: Layout::RowMajor,
                output,
                coset,
                ..batch.clone()
            },
            Ntt {
                added_bits: 2,
                coset,
                output,
                layout: Layout::RowMajor,
                ..batch.clone()
            },
            Ntt {
                added_bits: 1,
                input,
                ..batch
            },
            Ntt { log_n: 0, ..plain },
        ]
    }

    #[test]
    fn right_transforms_are_accepted_and_a_changed_value_is_not() {
        for field in FieldId::ALL
            .into_iter()
            .filter(|f| f.spec().two_adicity > 8)
        {
            for ntt in shapes(field) {
                let (input, output) = example(field, &ntt);
                assert!(canonical(&output).is_ok());
                assert_eq!(
                    transform(field, &ntt, &input, &output),
                    Ok(Ok(())),
                    "{field} {ntt:?}"
                );
                for index in [0, output.len() / 2, output.len() - 1] {
                    let mut bytes = output.bytes().to_vec();
                    bytes[index * field.spec().bytes] ^= 1;
                    let wrong = Values::new(output.form(), Bytes::from(bytes)).unwrap();
                    let found = transform(field, &ntt, &input, &wrong);
                    assert_eq!(found, Ok(Err(WrongResult::Transform)), "{field} {ntt:?}");
                }
            }
        }
    }

    #[test]
    fn the_modulus_in_place_of_zero_is_caught_only_as_unreduced() {
        for field in FieldId::ALL {
            let spec = field.spec();
            let mut bytes = vec![0; 3 * spec.bytes];
            spec.write(&spec.modulus, &mut bytes[2 * spec.bytes..]);
            let values = Values::new(Form::Data(field), bytes.into()).unwrap();
            assert_eq!(
                canonical(&values),
                Err(WrongResult::Unreduced { index: 2, field })
            );
        }
    }
}
