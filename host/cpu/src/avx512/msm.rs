//! Sums of points on vectors: the order of work, digits, additions, and what drives them.

mod batch;
mod coordinate;
#[cfg_attr(not(test), expect(dead_code, reason = "the sum on vectors comes next"))]
pub(crate) mod digits;
#[expect(dead_code, reason = "the sum on vectors comes next")]
pub(crate) mod group;
mod points;
mod reduce;
#[cfg_attr(not(test), expect(dead_code, reason = "the sum on vectors comes next"))]
pub(crate) mod schedule;
