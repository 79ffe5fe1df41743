//! What rust-hdl cannot express, or only as one module for each register: primitives, memories, wiring.
//! Each leaf has a Verilog body and, beside it, the same in Rust for rust-hdl's simulator.

mod any;
mod delay;
mod multiplier;
mod ram;
mod wiring;

pub use any::Any;
pub use delay::Delay;
pub use multiplier::Multiplier18;
pub use ram::{Ram, Rom};
pub use wiring::{Bank, Reverse};

use rust_hdl::prelude::*;

/// What a leaf tells rust-hdl about its registers: which inputs and outputs belong to its clock.
fn timing(name: &str, inputs: &[&str], output: &str) -> TimingInfo {
    TimingInfo {
        name: name.into(),
        clock: "clock".into(),
        inputs: inputs.iter().map(|x| x.to_string()).collect(),
        outputs: vec![output.into()],
    }
}
