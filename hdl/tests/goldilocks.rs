//! Goldilocks arithmetic at full rate: emitted Verilog under Verilator, and rust-hdl's own simulator.

#![allow(clippy::unwrap_used)]

use proofmill_field::{FieldId, Random, int};
use proofmill_hdl::arith::goldilocks::{Add, FIELD, Multiply, Subtract};
use proofmill_hdl::design::verilog;
use proofmill_hdl::sim::{self, Model};
use rust_hdl::prelude::*;

/// Where carries, borrows and reductions change.
fn edges() -> Vec<u64> {
    let p = FIELD.modulus[0];
    let powers = (0..64).map(|i| 1u64 << i);
    let around = powers.flat_map(|x| [x - 1, x, x + 1, p - x, x.wrapping_neg()]);
    let mut all: Vec<_> = around.filter(|&x| x < p).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Every pair of edges, then random pairs: 10^5 and more.
fn pairs() -> Vec<[u64; 2]> {
    let edges = edges();
    let all = edges
        .iter()
        .flat_map(|&a| edges.iter().map(move |&b| [a, b]));
    let mut random = Random::seeded(1);
    let mut element = || random.element(FieldId::Goldilocks)[0];
    all.chain((0..100_000).map(|_| [element(), element()]))
        .collect()
}

fn agrees(
    block: impl Block,
    ports: [&str; 3],
    latency: usize,
    operands: &[[u64; 2]],
    expected: impl Fn(u64, u64) -> u64,
) {
    if sim::is_missing() {
        return;
    }
    let mut model = Model::new(&verilog(block).unwrap()).unwrap();
    let [left, right]: [Vec<_>; 2] = [0, 1].map(|i| operands.iter().map(|pair| pair[i]).collect());
    let inputs = [(ports[0], left.as_slice()), (ports[1], right.as_slice())];
    let results = sim::full_rate(&mut model, &inputs, ports[2], latency).unwrap();
    assert_eq!(results.len(), operands.len());
    for (result, &[a, b]) in results.iter().zip(operands) {
        assert_eq!(*result, expected(a, b), "{a:#x} and {b:#x}");
    }
}

fn of_field(operation: impl Fn(&int::Int, &int::Int) -> int::Int) -> impl Fn(u64, u64) -> u64 {
    move |a, b| operation(&int::small(a), &int::small(b))[0]
}

#[test]
fn sums() {
    let expected = of_field(|a, b| FIELD.add(a, b));
    let ports = ["left", "right", "sum"];
    agrees(Add::default(), ports, Add::LATENCY, &pairs(), expected);
}

#[test]
fn differences() {
    let expected = of_field(|a, b| FIELD.sub(a, b));
    let ports = ["left", "right", "difference"];
    agrees(
        Subtract::default(),
        ports,
        Subtract::LATENCY,
        &pairs(),
        expected,
    );
}

#[test]
fn products() {
    let expected = of_field(|a, b| FIELD.mul(a, b));
    let ports = ["left", "right", "product"];
    agrees(
        Multiply::default(),
        ports,
        Multiply::LATENCY,
        &pairs(),
        expected,
    );
}

#[test]
fn the_multiplier_in_the_simulator_of_rust_hdl() {
    let mut block = Multiply::default();
    block.connect_all();
    let p = FIELD.modulus[0];
    let operands = [
        [p - 1, p - 1],
        [1 << 32, 1 << 32],
        [0, p - 1],
        [0xffff_ffff, p - 2],
    ];
    for i in 0..operands.len() + Multiply::LATENCY {
        let [a, b] = operands.get(i).copied().unwrap_or_default();
        block.left.next = a.into();
        block.right.next = b.into();
        sim::tick_block(&mut block, |block, clock| block.clock.next = clock);
        let out = (i + 1).checked_sub(Multiply::LATENCY);
        if let Some(&[a, b]) = out.and_then(|i| operands.get(i)) {
            let expected = FIELD.mul(&int::small(a), &int::small(b))[0];
            assert_eq!(block.product.val().to_u64(), expected, "{a:#x} and {b:#x}");
        }
    }
}
