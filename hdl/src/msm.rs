//! Sums of points.
//!
//! [`adder`] is the one datapath for it: complete, so that it accumulates, merges and aggregates alike.

pub mod adder;
pub mod buckets;
