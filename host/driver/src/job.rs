//! Jobs: what can be asked of a device. They are validated in `validate` and nowhere else.
//!
//! A [`Chain`] is a short list of [`Step`]s over values that stay on the device. The bare transforms
//! and sums of [`crate::Pool`] are chains of three steps.

mod validate;

use crate::error::BadJob;
use bytes::Bytes;
use proofmill_field::{CurveId, CurveSpec, FieldId, Group, Int};
use sha2::{Digest, Sha256};
use std::fmt;

pub use proofmill_cpu::{Direction, Form, Layout, Ntt, Order};
pub(crate) use validate::validate_transform;

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
