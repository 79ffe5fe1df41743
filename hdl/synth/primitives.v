// The two primitives of ECP5 that yosys knows by their pins only: as the cores use them, nothing else. Numbered pins are
// vectors, and a memory's words one parameter. What is not modelled ends the elaboration, by a module that is not there, or
// the simulation.

// Port A writes or reads, port B reads: a word comes a clock later, or two with the output register. Both ports of 36 bits
// take the data pins of both. What is read in the clock in which it is written is its complement: nobody may rely on it.
module DP16KD(
  input [17:0] DIA, input [13:0] ADA, input CEA, OCEA, CLKA, WEA, RSTA, input [2:0] CSA, output [17:0] DOA,
  input [17:0] DIB, input [13:0] ADB, input CEB, OCEB, CLKB, WEB, RSTB, input [2:0] CSB, output [17:0] DOB
);
  parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18;
  parameter REGMODE_A = "NOREG", REGMODE_B = "NOREG";
  parameter CLKAMUX = "CLKA", CLKBMUX = "CLKB";
  parameter CSDECODE_A = "0b000", CSDECODE_B = "0b000";
  parameter RESETMODE = "SYNC", ASYNC_RESET_RELEASE = "SYNC", GSR = "ENABLED"; // there is no reset
  parameter WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL"; // what a port reads while it writes
  parameter [18431:0] INIT = 0;

  localparam WIDE = DATA_WIDTH_A == 36;
  // address bits below those of a port's word
  localparam BELOW_A = DATA_WIDTH_A == 36 ? 5 : DATA_WIDTH_A == 18 ? 4 : DATA_WIDTH_A == 9 ? 3 : 2;
  localparam BELOW_B = DATA_WIDTH_B == 36 ? 5 : DATA_WIDTH_B == 18 ? 4 : DATA_WIDTH_B == 9 ? 3 : 2;
  localparam BELOW = BELOW_A > BELOW_B ? BELOW_A : BELOW_B;
  generate
    if ((BELOW_A == 2 && DATA_WIDTH_A != 4) || (BELOW_B == 2 && DATA_WIDTH_B != 4) || WIDE != (DATA_WIDTH_B == 36))
      not_modelled widths_of_a_memory();
    if (CLKAMUX != "CLKA" || CLKBMUX != "CLKB" || CSDECODE_A != "0b000" || CSDECODE_B != "0b000")
      not_modelled clock_or_selection_of_a_memory();
    if (WIDE && REGMODE_A != REGMODE_B)
      not_modelled halves_of_a_memory();
  endgenerate

  reg [8:0] words [0:2047];
  integer i;
  initial for (i = 0; i < 2048; i = i + 1) words[i] = INIT[9 * i +: 9];
  function [35:0] read(input [13:0] address, input integer width);
    case (width)
      36: read = {words[{address[13:5], 2'd3}], words[{address[13:5], 2'd2}],
                  words[{address[13:5], 2'd1}], words[{address[13:5], 2'd0}]};
      18: read = {18'd0, words[{address[13:4], 1'd1}], words[{address[13:4], 1'd0}]};
      9: read = {27'd0, words[address[13:3]]};
      default: read = {32'd0, words[address[13:3]][4 * address[2] +: 4]};
    endcase
  endfunction

  // in a word of more than 9 bits the lowest address bits enable 9 bits each
  wire writes = CEA & WEA & (WIDE ? |ADA[3:0] : DATA_WIDTH_A == 18 ? |ADA[1:0] : 1'b1);
  wire [35:0] written = {DIB, DIA};
  integer j;
  always @(posedge CLKA)
    if (writes)
      case (DATA_WIDTH_A)
        36: for (j = 0; j < 4; j = j + 1) if (ADA[j]) words[{ADA[13:5], j[1:0]}] <= written[9 * j +: 9];
        18: for (j = 0; j < 2; j = j + 1) if (ADA[j]) words[{ADA[13:4], j[0]}] <= written[9 * j +: 9];
        9: words[ADA[13:3]] <= written[8:0];
        default: words[ADA[13:3]][4 * ADA[2] +: 4] <= written[3:0];
      endcase

  reg [35:0] latch_a = 0, latch_b = 0, register_a = 0, register_b = 0;
  always @(posedge CLKA) begin
    if (CEA) latch_a <= writes ? ~read(ADA, DATA_WIDTH_A) : read(ADA, DATA_WIDTH_A);
    if (OCEA) register_a <= latch_a;
    if (RSTA || CSA != 0) $fatal(1, "a memory is reset or not selected");
    if (WIDE && REGMODE_A == "OUTREG" && OCEA != OCEB) $fatal(1, "a memory's halves differ");
  end
  wire clash = writes & (ADA >> BELOW) == (ADB >> BELOW);
  always @(posedge CLKB) begin
    if (CEB) latch_b <= clash ? ~read(ADB, DATA_WIDTH_B) : read(ADB, DATA_WIDTH_B);
    if (OCEB) register_b <= latch_b;
    if (RSTB || CSB != 0) $fatal(1, "a memory is reset or not selected");
    if (CEB & WEB) $fatal(1, "a memory is written at port B");
  end
  wire [35:0] a = REGMODE_A == "OUTREG" ? register_a : latch_a, b = REGMODE_B == "OUTREG" ? register_b : latch_b;
  assign DOA = WIDE ? b[17:0] : a[17:0];
  assign DOB = WIDE ? b[35:18] : b[17:0];
endmodule

// Factors and product each pass one register.
module MULT18X18D(
  input [17:0] A, B, input CLK0, CLK1, CLK2, CLK3, input [3:0] CE, RST, input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, output reg [35:0] P
);
  parameter REG_INPUTA_CLK = "NONE", REG_INPUTA_CE = "CE0", REG_INPUTA_RST = "RST0";
  parameter REG_INPUTB_CLK = "NONE", REG_INPUTB_CE = "CE0", REG_INPUTB_RST = "RST0";
  parameter REG_INPUTC_CLK = "NONE", REG_PIPELINE_CLK = "NONE";
  parameter REG_OUTPUT_CLK = "NONE", REG_OUTPUT_CE = "CE0", REG_OUTPUT_RST = "RST0";
  parameter CLK0_DIV = "ENABLED", GSR = "ENABLED", SOURCEB_MODE = "B_SHIFT", RESETMODE = "SYNC";
  generate
    if (REG_INPUTA_CLK != "CLK0" || REG_INPUTB_CLK != "CLK0" || REG_OUTPUT_CLK != "CLK0")
      not_modelled multiplier_without_its_registers();
    if (REG_PIPELINE_CLK != "NONE" || REG_INPUTC_CLK != "NONE")
      not_modelled multiplier_with_further_registers();
    if (REG_INPUTA_CE != "CE0" || REG_INPUTB_CE != "CE0" || REG_OUTPUT_CE != "CE0" || CLK0_DIV != "ENABLED")
      not_modelled multiplier_with_other_clocks();
  endgenerate
  reg [17:0] a, b;
  always @(posedge CLK0) begin
    a <= A;
    b <= B;
    P <= a * b;
    if (!CE[0] | RST[0] | SIGNEDA | SIGNEDB | SOURCEA | SOURCEB) $fatal(1, "a multiplier is used otherwise");
  end
endmodule
