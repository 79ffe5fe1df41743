# The commands of this project. `make demo` needs Rust and nothing else.

CARGO ?= cargo
TOOLS ?= target/tools
CIRCUITS := host/groth16/tests/circuits
FIXTURES := host/groth16/tests/fixtures
PROOFMILL := $(CARGO) run -q --release -p proofmill-cli --

.PHONY: demo card-demo test tools lint bench vectors kernels ptx ptxas assembly hdl-golden hdl-table fuzz nightly clean

## A real Groth16 proof from a genuine snarkjs key, verified.
demo:
	$(CARGO) build --release -p proofmill-cli
	$(PROOFMILL) devices
	@mkdir -p target/demo
	$(PROOFMILL) prove $(FIXTURES)/poseidon8.zkey $(FIXTURES)/poseidon8.wtns target/demo/proof.json target/demo/public.json
	$(PROOFMILL) verify $(FIXTURES)/poseidon8.vkey.json target/demo/public.json target/demo/proof.json

## A simulated FPGA card: Verilog, model, process, and a transform on it. Needs Verilator and a C++ compiler.
card-demo:
	hdl/card-demo

## Every test, with the tools that the tests can use where they can be installed.
test: tools
	PROOFMILL_TOOLS=$(abspath $(TOOLS)) $(CARGO) test --workspace --features proofmill/plonky3

## snarkjs, circom and the compiled test circuits.
tools:
	@.ci/install-tools $(TOOLS) || { [ -z "$$CI" ] && echo "without the tools some tests are skipped"; }

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --features proofmill/plonky3,proofmill-benches/ark-prove -- -D warnings

## Ratios against arkworks, blst, halo2curves and Plonky3, in one run: see benches/run. BENCH=--quick for
## whether it works.
bench:
	benches/run $(BENCH)

## The known answers of host/field, again from arkworks and Plonky3.
vectors:
	$(CARGO) run -q -p proofmill-field --example vectors -- host/field/tests/vectors

## The constants of kernels/generated, again from host/field.
kernels:
	$(CARGO) run -q -p proofmill-kernels --example generate -- kernels/generated

## The programs of kernels/generated/ptx, again by clang 15 (.ci/install-cuda installs it).
PTX := $(CARGO) run -q -p proofmill-kernels --example ptx --
ptx:
	$(PTX) write kernels/generated/ptx

## What NVIDIA's assembler makes of them: the table again, and whether it holds.
ARCHITECTURES := sm_75 sm_86 sm_89 sm_90 sm_100 sm_120
ptxas assembly: export PATH := $(abspath $(TOOLS))/cuda/bin:$(PATH)
ptxas:
	$(PTX) assemble kernels/generated/ptxas.tsv $(ARCHITECTURES)
assembly:
	$(PTX) check kernels/generated/ptxas.tsv $(ARCHITECTURES)

## The hashes of the cores' Verilog, after a change of hardware.
hdl-golden:
	$(CARGO) run -q -p proofmill-hdl -- hashes > hdl/golden.new
	mv hdl/golden.new hdl/golden.txt
	$(CARGO) run -q -p proofmill-hdl -- hashes --cards > hdl/designs.new
	mv hdl/designs.new host/driver/src/device/fpga/designs.txt

## The rows of docs/hdl.md: yosys and nextpnr on each design, three seeds, one of what fills the part; hours. Before
## them, what yosys makes of two cores is simulated.
hdl-table:
	hdl/synth/simulate ntt-goldilocks 12 1
	hdl/synth/simulate stream-goldilocks 12 1
	hdl/synth/run ntt-goldilocks 12 1 150
	hdl/synth/run ntt-babybear 12 1 150
	hdl/synth/run ntt-koalabear 12 1 150
	hdl/synth/run stream-goldilocks 12 1 130
	hdl/synth/run stream-goldilocks-coset 12 1 130
	hdl/synth/run chain-goldilocks 12 3 130 1

## Every fuzz target for SECONDS each.
SECONDS_EACH ?= 20
fuzz:
	host/fuzz/run $(SECONDS_EACH)

## What is too long for every push.
nightly: test assembly
	PROOFMILL_LONG=1 $(CARGO) test -p proofmill-hdl --test buckets
	$(MAKE) fuzz SECONDS_EACH=600
	benches/run --gate
	benches/run --threads 2
	benches/run --gate --path avx2
	benches/run --gate --path portable
