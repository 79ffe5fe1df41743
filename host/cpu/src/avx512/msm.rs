//! Sums of points on vectors: the order of work, digits, additions, and what drives them.

#[cfg_attr(not(test), expect(dead_code, reason = "the sum on vectors comes next"))]
pub(crate) mod digits;
#[cfg_attr(not(test), expect(dead_code, reason = "the sum on vectors comes next"))]
pub(crate) mod schedule;
