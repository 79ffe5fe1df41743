//! Jobs: what can be asked of a device, and the only place where it is validated.
//!
//! A [`Chain`] is a short list of [`Step`]s over values that stay on the device. The bare transforms
//! and sums of [`crate::Pool`] are chains of three steps.

use crate::error::BadJob;
use bytes::Bytes;
use proofmill_field::{CurveId, CurveSpec, FieldId, Group, Int, int};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

pub use proofmill_cpu::{Direction, Form, Layout, Ntt, Order};

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

/// Values in shared memory, little-endian, at any alignment. Cloning copies nothing.
#[derive(Clone)]
pub struct Values {
    form: Form,
    bytes: Bytes,
}

impl Values {
    /// Values of the given form. Fails if the bytes are not whole values.
    pub fn new(form: Form, bytes: Bytes) -> Result<Self, BadJob> {
        let rest = bytes.len() % form.bytes();
        let expected = bytes.len() - rest;
        match rest {
            0 => Ok(Values { form, bytes }),
            _ => Err(BadJob::Length {
                what: "bytes of values",
                expected,
                found: bytes.len(),
            }),
        }
    }

    /// What the values are.
    pub fn form(&self) -> Form {
        self.form
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.form.bytes()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Their bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// Values may be a witness: only their number is shown.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.len(), self.form)
    }
}

/// Affine points x‖y in data form, all zero for infinity, in shared memory.
///
/// Coordinates must be reduced and the points in the subgroup of order r; arithmetic on others gives
/// a wrong point, never a panic.
#[derive(Clone)]
pub struct Points {
    curve: CurveId,
    group: Group,
    bytes: Bytes,
    key: Option<[u8; 32]>,
}

impl Points {
    /// Points of a group. Fails if the curve does not offer it ([`CurveSpec::groups`]) or the bytes
    /// are not whole points.
    pub fn new(curve: CurveId, group: Group, bytes: Bytes) -> Result<Self, BadJob> {
        if !curve.spec().groups().contains(&group) {
            return Err(BadJob::Group { curve, group });
        }
        let rest = bytes.len() % curve.spec().point_bytes(group);
        let expected = bytes.len() - rest;
        match rest {
            0 => Ok(Points {
                curve,
                group,
                bytes,
                key: None,
            }),
            _ => Err(BadJob::Length {
                what: "bytes of points",
                expected,
                found: bytes.len(),
            }),
        }
    }

    /// The same points, to be kept on the devices that use them under the hash of their content.
    /// Costs one pass of SHA-256.
    pub fn resident(mut self) -> Self {
        let mut hash = Sha256::new();
        hash.update([self.curve as u8, self.group as u8]);
        hash.update(&self.bytes);
        self.key = Some(hash.finalize().into());
        self
    }

    /// The content hash under which a device keeps these points; `None` if they are not resident.
    pub fn key(&self) -> Option<[u8; 32]> {
        self.key
    }

    /// The curve.
    pub fn curve(&self) -> &'static CurveSpec {
        self.curve.spec()
    }

    /// The group.
    pub fn group(&self) -> Group {
        self.group
    }

    /// How many points.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.point_bytes()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes of one point.
    pub fn point_bytes(&self) -> usize {
        self.curve.spec().point_bytes(self.group)
    }

    /// Their bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} points of {} {}", self.len(), self.curve, self.group)
    }
}

/// A place on the device where a chain keeps values.
pub type Slot = u8;

/// One step of a chain.
#[derive(Clone, Debug)]
pub enum Step {
    /// Values from the host into a slot.
    Upload {
        /// Where to.
        to: Slot,
        /// What.
        values: Values,
    },
    /// The same transform on each of several slots.
    Ntt {
        /// The slots.
        on: Vec<Slot>,
        /// The transform of one slot.
        ntt: Ntt,
    },
    /// Element i of each slot times base^i; in `order` bit-reversed, i is the reversed place.
    ScaleByPowers {
        /// The slots.
        on: Vec<Slot>,
        /// The base, in data form.
        base: Int,
        /// The order in which the elements lie; bit-reversed needs a power of two of them.
        order: Order,
    },
    /// Pointwise a·b.
    Mul {
        /// Where the product goes; may be one of the factors.
        to: Slot,
        /// A factor.
        a: Slot,
        /// A factor.
        b: Slot,
    },
    /// Pointwise a − b.
    Sub {
        /// Where the difference goes; may be one of the operands.
        to: Slot,
        /// Minuend.
        a: Slot,
        /// Subtrahend.
        b: Slot,
    },
    /// Σ k_i·P_i; with a multiple of as many scalars as points, one sum for each run of them.
    Msm {
        /// The slot that holds the scalars.
        scalars: Slot,
        /// The points.
        bases: Points,
    },
    /// Values back to the host.
    Download {
        /// The slot.
        from: Slot,
    },
}

/// Steps over values that stay on one device, run in order.
#[derive(Clone, Debug)]
pub struct Chain {
    /// What it is for, in reports.
    pub label: String,
    /// The steps.
    pub steps: Vec<Step>,
}

/// The cost-bearing facts of a step, without its values: what a device estimates from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Shape {
    /// `bytes` to or from the device.
    Transfer {
        /// How many.
        bytes: usize,
    },
    /// Transforms.
    Ntt {
        /// The field.
        field: FieldId,
        /// log2 of the size.
        log_n: u32,
        /// log2 of the blow-up.
        added_bits: u32,
        /// Columns times slots.
        columns: usize,
    },
    /// `elements` products or differences.
    Pointwise {
        /// The field.
        field: FieldId,
        /// How many.
        elements: usize,
    },
    /// Sums of points.
    Msm {
        /// The curve.
        curve: CurveId,
        /// The group.
        group: Group,
        /// Points in one sum.
        points: usize,
        /// Number of sums.
        sums: usize,
        /// Bits of the widest scalar that the form allows.
        scalar_bits: u32,
    },
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Transfer { bytes } => write!(f, "transfer of {bytes} bytes"),
            Shape::Ntt {
                field,
                log_n,
                columns,
                added_bits,
            } => {
                write!(f, "ntt 2^{log_n}")?;
                match added_bits {
                    0 => {}
                    k => write!(f, " extended by 2^{k}")?,
                }
                write!(f, " × {columns} over {field}")
            }
            Shape::Pointwise { field, elements } => {
                write!(f, "pointwise {elements} over {field}")
            }
            Shape::Msm {
                curve,
                group,
                points,
                sums,
                ..
            } => {
                write!(f, "msm {points} × {sums} over {curve} {group}")
            }
        }
    }
}

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

    /// The chain in words, for errors and evidence.
    pub fn describe(&self) -> String {
        match self.validate() {
            Ok(shapes) => {
                let work = |s: &&Shape| !matches!(s, Shape::Transfer { .. });
                let words: Vec<_> = shapes.iter().filter(work).map(Shape::to_string).collect();
                format!("{} ({})", self.label, words.join(", "))
            }
            Err(_) => self.label.clone(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

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
