//! `proofmill-hdl block`: a part of a core that is measured by itself.

use clap::{Args, ValueEnum};
use proofmill_field::{CurveId, CurveSpec, FieldId, FieldSpec};
use proofmill_hdl::arith::wide;
use proofmill_hdl::design::verilog;
use proofmill_hdl::msm::{adder, buckets};
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
    /// Adders of the bucket machine
    #[arg(long, default_value_t = 1)]
    lanes: usize,
    /// Bits of its windows, at most
    #[arg(long, default_value_t = 8)]
    window_bits: usize,
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
    /// Sums of multiples of points, over the field's curve
    Buckets,
}

impl Block {
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        let text = match self.block {
            Kind::Multiplier => {
                let plan = wide::Plan::new(self.field, self.reduction);
                verilog(wide::Multiply::new(&plan))?
            }
            Kind::Adder => {
                let plan = adder::Plan::new(self.curve()?, self.reduction);
                verilog(adder::Adder::new(
                    &plan.ok_or("the adder's ranges do not close")?,
                ))?
            }
            Kind::Buckets => {
                let (lanes, bits) = (self.lanes, self.window_bits);
                let plan = buckets::Plan::new(self.curve()?, self.reduction, lanes, bits);
                let plan = plan.ok_or("no bucket machine of so many lanes and bits")?;
                verilog(buckets::BucketMachine::new(&plan))?
            }
        };
        std::fs::write(&self.output, text)?;
        Ok(())
    }

    fn curve(&self) -> Result<&'static CurveSpec, String> {
        let mut curves = CurveId::ALL.into_iter().map(CurveId::spec);
        let curve = curves.find(|curve| curve.base.id == self.field.id);
        curve.ok_or_else(|| format!("{} is no field of a curve's coordinates", self.field.name))
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
