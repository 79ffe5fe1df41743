//! The multiplier of a DSP slice.

use super::timing;
use rust_hdl::prelude::*;

/// Unsigned 18 × 18 → 36 bits, registers at the inputs and at the output.
///
/// Where the Verilog macro `ECP5_DSP` is defined the body is Lattice's MULT18X18D; elsewhere (simulation,
/// other FPGAs, ASIC) it is behavioural. That both have the same latency follows from Lattice's simulation library
/// (MULT18X18D.v of ECP5U): factors pass a register each unless REG_INPUTA_CLK and REG_INPUTB_CLK are NONE, the
/// product one unless REG_PIPELINE_CLK is NONE, as here, and another unless REG_OUTPUT_CLK is NONE. These registers
/// answer to both edges of their clock, which CLK0_DIV = ENABLED divides by two: to each rising edge of CLK0. No board
/// has confirmed it.
#[derive(LogicBlock, Default)]
pub struct Multiplier18 {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Factor.
    pub a: Signal<In, Bits<18>>,
    /// Factor.
    pub b: Signal<In, Bits<18>>,
    /// Product of the factors of [`Multiplier18::LATENCY`] clocks ago.
    pub p: Signal<Out, Bits<36>>,
    _registers: [u64; 2],
}

impl Multiplier18 {
    /// Clocks from the factors to the product: the input registers and the output register.
    pub const LATENCY: usize = 2;
}

impl Logic for Multiplier18 {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let [a, b] = self._registers;
            self.p.next = (a * b).into(); // < 2^36
            self._registers = [self.a.val().to_u64(), self.b.val().to_u64()];
        }
    }

    fn connect(&mut self) {
        self.p.connect();
    }

    fn hdl(&self) -> Verilog {
        let bus = |pin: &str, wire: &str, width: usize| {
            let pins: Vec<_> = (0..width)
                .map(|i| format!(".{pin}{i}({wire}[{i}])"))
                .collect();
            pins.join(", ")
        };
        let (a, b, p) = (bus("A", "a", 18), bus("B", "b", 18), bus("P", "p", 36));
        let code = BODY
            .replace("{a}", &a)
            .replace("{b}", &b)
            .replace("{p}", &p);
        Verilog::Wrapper(Wrapper {
            code,
            cores: String::new(),
        })
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![timing("multiplier", &["a", "b"], "p")]
    }
}

const BODY: &str = r#"
`ifdef ECP5_DSP
MULT18X18D #(
  .REG_INPUTA_CLK("CLK0"), .REG_INPUTA_CE("CE0"), .REG_INPUTA_RST("RST0"),
  .REG_INPUTB_CLK("CLK0"), .REG_INPUTB_CE("CE0"), .REG_INPUTB_RST("RST0"),
  .REG_INPUTC_CLK("NONE"), .REG_PIPELINE_CLK("NONE"),
  .REG_OUTPUT_CLK("CLK0"), .REG_OUTPUT_CE("CE0"), .REG_OUTPUT_RST("RST0"),
  .CLK0_DIV("ENABLED"), .GSR("DISABLED"), .SOURCEB_MODE("B_SHIFT"), .RESETMODE("SYNC")
) dsp (
  {a},
  {b},
  {p},
  .SIGNEDA(1'b0), .SIGNEDB(1'b0), .SOURCEA(1'b0), .SOURCEB(1'b0),
  .CE0(1'b1), .CE1(1'b1), .CE2(1'b1), .CE3(1'b1),
  .CLK0(clock), .CLK1(1'b0), .CLK2(1'b0), .CLK3(1'b0),
  .RST0(1'b0), .RST1(1'b0), .RST2(1'b0), .RST3(1'b0)
);
`else
reg [17:0] factor_a, factor_b;
reg [35:0] product;
always @(posedge clock) begin
  factor_a <= a;
  factor_b <= b;
  product <= factor_a * factor_b;
end
assign p = product;
`endif
"#;
