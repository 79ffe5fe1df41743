//! `proofmill-hdl block`: a part of a core that is measured by itself.

use clap::{Args, ValueEnum};
use proofmill_field::{CurveId, FieldId, FieldSpec};
use proofmill_hdl::arith::wide;
use proofmill_hdl::design::verilog;
use proofmill_hdl::msm::adder;
use std::error::Error;
use std::path::PathBuf;

/// Write the Verilog of a block, its top module named `top`, into a file
#[derive(Args)]
pub(crate) struct Block {
    /// The block
    #[arg(value_enum)]
    block: Kind,
    /// The field, such as bn254_fq
    #[arg(long, value_parser = field, default_value = "bn254_fq")]
    field: &'static FieldSpec,
    /// Where multiples of the modulus come from
    #[arg(long, value_enum, default_value = "tables")]
    reduction: wide::Reduction,
    /// The file
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// A product every n clocks
    Multiplier,
    /// A sum of points every 12·n clocks, over the field's curve
    Adder,
}

impl Block {
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        let plan = wide::Plan::new(self.field, self.reduction);
        let text = match self.block {
            Kind::Multiplier => verilog(wide::Multiply::new(&plan))?,
            Kind::Adder => verilog(adder::Adder::new(&self.adder()?))?,
        };
        std::fs::write(&self.output, text)?;
        Ok(())
    }

    fn adder(&self) -> Result<adder::Plan, String> {
        let mut curves = CurveId::ALL.into_iter().map(CurveId::spec);
        let curve = curves.find(|curve| curve.base.id == self.field.id);
        let plan = curve.and_then(|curve| adder::Plan::new(curve, self.reduction));
        plan.ok_or_else(|| format!("{} is no field of a curve's coordinates", self.field.name))
    }
}

/// One of the fields that the multiplier takes.
fn field(name: &str) -> Result<&'static FieldSpec, String> {
    let specs = FieldId::ALL.map(FieldId::spec);
    let wide: Vec<_> = specs.into_iter().filter(|field| field.bits > 64).collect();
    let names: Vec<_> = wide.iter().map(|field| field.name).collect();
    let found = wide.iter().find(|field| field.name == name);
    found
        .copied()
        .ok_or_else(|| format!("expected one of {}", names.join(", ")))
}
