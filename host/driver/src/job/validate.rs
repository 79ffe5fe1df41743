//! The only place where jobs are validated.

use super::{Chain, Direction, Form, Ntt, Order, Points, Shape, Slot, Step};
use crate::error::BadJob;
use proofmill_field::{FieldId, int};
use std::collections::BTreeMap;

impl Chain {
    /// Checks every step against what the slots hold and returns the steps' shapes, in order.
    /// O(steps), whatever the size of the values.
    pub fn validate(&self) -> Result<Vec<Shape>, BadJob> {
        let mut slots = BTreeMap::new();
        self.steps
            .iter()
            .map(|step| step.validate(&mut slots))
            .collect()
    }
}

/// What is known of a slot without looking into it.
type Slots = BTreeMap<Slot, (Form, usize)>;

impl Step {
    fn validate(&self, slots: &mut Slots) -> Result<Shape, BadJob> {
        match self {
            Step::Upload { to, values } => {
                slots.insert(*to, (values.form(), values.len()));
                Ok(Shape::Transfer {
                    bytes: values.bytes().len(),
                })
            }
            Step::Download { from } => {
                let (form, len) = look(slots, *from)?;
                Ok(Shape::Transfer {
                    bytes: len * form.bytes(),
                })
            }
            Step::Ntt { on, ntt } => validate_ntt(on, ntt, slots),
            Step::ScaleByPowers { on, base, order } => {
                let (mut elements, mut of) = (0, None);
                for slot in on {
                    let (field, len) = elements_of(slots, *slot, of)?;
                    if *order == Order::BitReversed && !len.is_power_of_two() {
                        let why = "bit-reversed order needs a power of two";
                        return Err(BadJob::Parameter {
                            what: "elements",
                            why,
                        });
                    }
                    (elements, of) = (elements + len, Some(field));
                }
                let field = one_slot(of)?;
                if !field.spec().is_canonical(base) {
                    return Err(BadJob::Parameter {
                        what: "base",
                        why: "must be an element",
                    });
                }
                Ok(Shape::Pointwise { field, elements })
            }
            Step::Mul { to, a, b } | Step::Sub { to, a, b } => {
                let (field, expected) = elements_of(slots, *a, None)?;
                let (_, found) = elements_of(slots, *b, Some(field))?;
                if found != expected {
                    return Err(BadJob::Length {
                        what: "operands",
                        expected,
                        found,
                    });
                }
                slots.insert(*to, (Form::Data(field), expected));
                Ok(Shape::Pointwise {
                    field,
                    elements: expected,
                })
            }
            Step::Msm { scalars, bases } => validate_msm(look(slots, *scalars)?, bases),
        }
    }
}

fn look(slots: &Slots, slot: Slot) -> Result<(Form, usize), BadJob> {
    slots.get(&slot).copied().ok_or(BadJob::EmptySlot(slot))
}

fn one_slot(field: Option<FieldId>) -> Result<FieldId, BadJob> {
    field.ok_or(BadJob::Length {
        what: "slots",
        expected: 1,
        found: 0,
    })
}

fn elements_of(
    slots: &Slots,
    slot: Slot,
    field: Option<FieldId>,
) -> Result<(FieldId, usize), BadJob> {
    let (form, len) = look(slots, slot)?;
    match (form, field) {
        (Form::Data(found), None) => Ok((found, len)),
        (Form::Data(found), Some(field)) if field == found => Ok((found, len)),
        (Form::Data(other) | Form::Integer(other), expected) => {
            let expected = Form::Data(expected.unwrap_or(other));
            Err(BadJob::Form {
                what: "operand",
                expected,
                found: form,
            })
        }
        (Form::Small, expected) => {
            let expected = Form::Data(expected.unwrap_or(FieldId::Bn254Fr));
            Err(BadJob::Form {
                what: "operand",
                expected,
                found: form,
            })
        }
    }
}

fn validate_ntt(on: &[Slot], ntt: &Ntt, slots: &mut Slots) -> Result<Shape, BadJob> {
    let mut of = None;
    for (place, slot) in on.iter().enumerate() {
        let (field, found) = elements_of(slots, *slot, of)?;
        validate_transform(ntt, field)?;
        let expected = ntt.columns << ntt.log_n;
        if found != expected {
            return Err(BadJob::Length {
                what: "elements to transform",
                expected,
                found,
            });
        }
        if on[..place].contains(slot) {
            return Err(BadJob::Parameter {
                what: "slots",
                why: "each may be named once",
            });
        }
        slots.insert(*slot, (Form::Data(field), ntt.columns * ntt.output_rows()));
        of = Some(field);
    }
    let Ntt {
        log_n,
        added_bits,
        columns,
        ..
    } = *ntt;
    Ok(Shape::Ntt {
        field: one_slot(of)?,
        log_n,
        added_bits,
        columns: columns * on.len(),
    })
}

fn validate_msm((form, scalars): (Form, usize), bases: &Points) -> Result<Shape, BadJob> {
    let field = bases.curve().scalar.id;
    let scalar_bits = match form {
        Form::Data(found) | Form::Integer(found) if found == field => field.spec().bits,
        Form::Small => 64,
        found => {
            return Err(BadJob::Form {
                what: "scalars",
                expected: Form::Data(field),
                found,
            });
        }
    };
    let points = bases.len();
    let sums = scalars.checked_div(points).unwrap_or(1);
    if sums == 0 || scalars != sums * points {
        return Err(BadJob::Length {
            what: "scalars",
            expected: points,
            found: scalars,
        });
    }
    let (curve, group) = (bases.curve().id, bases.group());
    Ok(Shape::Msm {
        curve,
        group,
        points,
        sums,
        scalar_bits,
    })
}

pub(crate) fn validate_transform(ntt: &Ntt, field: FieldId) -> Result<(), BadJob> {
    let spec = field.spec();
    let parameter = |what, why| Err(BadJob::Parameter { what, why });
    let log_n = ntt.log_n.saturating_add(ntt.added_bits);
    if log_n > spec.two_adicity {
        return Err(BadJob::TwoAdicity {
            field,
            log_n,
            max: spec.two_adicity,
        });
    }
    if ntt.columns == 0 {
        return parameter("columns", "must be at least 1");
    }
    let bytes = (ntt.columns as u128 * spec.bytes as u128).checked_shl(log_n);
    // columns < 2^64, bytes ≤ 48, log_n ≤ 47: below 2^117, no bit is lost
    if bytes.is_none_or(|bytes| bytes > isize::MAX as u128) {
        return parameter("columns", "the transform does not fit the address space");
    }
    if ntt.added_bits > 0 && ntt.direction == Direction::Inverse {
        return parameter("added_bits", "an extension goes forward");
    }
    if let Some(shift) = &ntt.coset
        && (int::is_zero(shift) || !spec.is_canonical(shift))
    {
        return parameter("coset", "the shift must be a non-zero element");
    }
    if ntt.root.is_some() && ntt.root_of_unity(field, 1) != Some(spec.neg(&spec.one)) {
        return parameter("root", "must have order 2^two_adicity");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Values;
    use bytes::Bytes;
    use proofmill_field::{CurveId, Group};

    fn elements(field: FieldId, n: usize) -> Step {
        let bytes = Bytes::from(vec![0; n * field.spec().bytes]);
        Step::Upload {
            to: 0,
            values: Values::new(Form::Data(field), bytes).unwrap(),
        }
    }

    fn chain(steps: Vec<Step>) -> Chain {
        Chain {
            label: "test".into(),
            steps,
        }
    }

    #[test]
    fn a_field_without_the_root_is_a_bad_job() {
        let ntt = Ntt::new(2, Direction::Forward);
        let job = chain(vec![
            elements(FieldId::Bn254Fq, 4),
            Step::Ntt { on: vec![0], ntt },
        ]);
        let expected = BadJob::TwoAdicity {
            field: FieldId::Bn254Fq,
            log_n: 2,
            max: 1,
        };
        assert_eq!(job.validate(), Err(expected));
    }

    #[test]
    fn lengths_slots_and_parameters_are_checked() {
        let field = FieldId::BabyBear;
        let run = |ntt: Ntt, n| {
            chain(vec![elements(field, n), Step::Ntt { on: vec![0], ntt }]).validate()
        };
        let ntt = Ntt::new(3, Direction::Forward);
        assert!(run(ntt.clone(), 8).is_ok());
        assert!(matches!(run(ntt.clone(), 7), Err(BadJob::Length { .. })));
        assert!(matches!(
            run(
                Ntt {
                    columns: 0,
                    ..ntt.clone()
                },
                0
            ),
            Err(BadJob::Parameter { .. })
        ));
        let coset = Some(int::ZERO);
        assert!(
            run(
                Ntt {
                    coset,
                    ..ntt.clone()
                },
                8
            )
            .is_err()
        );
        let root = Some(field.spec().one);
        assert!(
            run(
                Ntt {
                    root,
                    ..ntt.clone()
                },
                8
            )
            .is_err()
        );
        let huge = Ntt {
            columns: usize::MAX,
            ..ntt.clone()
        };
        assert!(run(huge, 8).is_err());
        let extension = Ntt {
            added_bits: u32::MAX,
            ..ntt
        };
        assert!(matches!(run(extension, 8), Err(BadJob::TwoAdicity { .. })));
        let empty = chain(vec![Step::Download { from: 3 }]);
        assert_eq!(empty.validate(), Err(BadJob::EmptySlot(3)));
    }

    #[test]
    fn scalars_must_come_in_whole_sets() {
        let points = Bytes::from(vec![0; 64 * 3]);
        let bases = Points::new(CurveId::Bn254, Group::G1, points).unwrap();
        let run = |n| {
            let msm = Step::Msm {
                scalars: 0,
                bases: bases.clone(),
            };
            chain(vec![elements(FieldId::Bn254Fr, n), msm]).validate()
        };
        assert!(matches!(
            run(6).unwrap()[1],
            Shape::Msm {
                sums: 2,
                points: 3,
                ..
            }
        ));
        assert!(run(4).is_err() && run(0).is_err());
    }
}
