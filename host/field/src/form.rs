//! What values hold.

use crate::FieldId;
use core::fmt;

/// What a run of values holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Form {
    /// Field elements in data form (see the crate's table).
    Data(FieldId),
    /// Plain integers below the modulus, as wide as an element: a .wtns holds these.
    Integer(FieldId),
    /// Unsigned 64-bit integers.
    Small,
}

impl Form {
    /// Bytes of one value.
    pub fn bytes(self) -> usize {
        match self {
            Form::Data(field) | Form::Integer(field) => field.spec().bytes,
            Form::Small => 8,
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Form::Data(field) => write!(f, "elements of {field}"),
            Form::Integer(field) => write!(f, "integers below the modulus of {field}"),
            Form::Small => write!(f, "64-bit integers"),
        }
    }
}
