//! A transform of 2^12 over Goldilocks on a stream of words, with nine DSP multipliers.
//!
//! Read in this order: [`plan`], [`stage`], [`rotate`], [`mod@unit`], [`twiddle`], [`pipeline`], [`mod@core`].

pub mod chain;
pub mod core;
pub mod coset;
pub mod jobs;
pub mod line;
pub mod model;
pub mod pipeline;
pub mod plan;
pub mod reorder;
pub mod rotate;
pub mod stage;
pub mod stopwatch;
pub mod trail;
pub mod turn;
pub mod twiddle;
pub mod unit;
