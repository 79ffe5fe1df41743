//! Designs by name, and the Verilog that they become.

use crate::HdlError;
use rust_hdl::prelude::*;

/// The Verilog of a block, its top module named `top`. The same block gives the same text.
///
/// Errors: a signal that nothing drives, a loop without register, an input that is written.
pub fn verilog(mut block: impl Block) -> Result<String, HdlError> {
    block.connect_all();
    check_all(&block).map_err(|error| HdlError::Wiring(format!("{error:?}")))?;
    Ok(generate_verilog_unchecked(&block))
}
