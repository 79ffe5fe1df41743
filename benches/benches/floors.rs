//! What the machine can do at most: the measured time of one multiplication of each kind, and of a
//! byte from memory. A kernel's floor is its multiplications (or bytes) times these.
//!
//! The last part of an id is the number of things in one iteration; `ratios` divides by it.
#![allow(missing_docs)]

use criterion::Criterion;
use proofmill_benches::Settings;
use proofmill_cpu::with_field;
use proofmill_field::{FieldId, Random};
use std::hint::black_box;

/// Products in one iteration.
const PRODUCTS: usize = 1024;
/// Bytes read or copied in one iteration: far beyond every cache.
const BYTES: usize = 1 << 28;

/// Portable products, independent of each other.
fn products(c: &mut Criterion) {
    for id in FieldId::ALL {
        with_field!(id, F => {
            let mut random = Random::seeded(1);
            let mut element = || F::from_int(&random.element(id));
            let (mut a, b): (Vec<F>, F) = ((0..PRODUCTS).map(|_| element()).collect(), element());
            c.bench_function(&format!("floor/product-portable/{id}/{PRODUCTS}"), |bench| {
                bench.iter(|| black_box(&mut a).iter_mut().for_each(|x| *x = x.mul(b)));
            });
        });
    }
}

fn memory(c: &mut Criterion, bytes: usize) {
    let from = vec![1u64; bytes / 8];
    let mut to = vec![0u64; bytes / 8];
    c.bench_function(&format!("floor/memory/copied-byte/{bytes}"), |b| {
        b.iter(|| black_box(&mut to).copy_from_slice(black_box(&from)));
    });
    c.bench_function(&format!("floor/memory/read-byte/{bytes}"), |b| {
        b.iter(|| black_box(&from).iter().fold(0u64, |sum, x| sum ^ x));
    });
}

#[cfg(target_arch = "x86_64")]
mod vectors {
    use criterion::Criterion;
    use std::arch::asm;

    /// Instructions in one iteration.
    const COUNT: usize = 1600;

    /// Sixteen independent accumulators, so that the throughput is measured and not the latency.
    macro_rules! throughput {
        ($name:ident, $instruction:literal) => {
            fn $name() {
                // SAFETY: registers only, all of them declared; `main` has asked for the instruction.
                unsafe {
                    asm!(
                        "2:",
                        concat!($instruction, " zmm0, zmm30, zmm31"),
                        concat!($instruction, " zmm1, zmm30, zmm31"),
                        concat!($instruction, " zmm2, zmm30, zmm31"),
                        concat!($instruction, " zmm3, zmm30, zmm31"),
                        concat!($instruction, " zmm4, zmm30, zmm31"),
                        concat!($instruction, " zmm5, zmm30, zmm31"),
                        concat!($instruction, " zmm6, zmm30, zmm31"),
                        concat!($instruction, " zmm7, zmm30, zmm31"),
                        concat!($instruction, " zmm8, zmm30, zmm31"),
                        concat!($instruction, " zmm9, zmm30, zmm31"),
                        concat!($instruction, " zmm10, zmm30, zmm31"),
                        concat!($instruction, " zmm11, zmm30, zmm31"),
                        concat!($instruction, " zmm12, zmm30, zmm31"),
                        concat!($instruction, " zmm13, zmm30, zmm31"),
                        concat!($instruction, " zmm14, zmm30, zmm31"),
                        concat!($instruction, " zmm15, zmm30, zmm31"),
                        "dec {n}",
                        "jnz 2b",
                        n = inout(reg) COUNT / 16 => _,
                        out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _,
                        out("zmm4") _, out("zmm5") _, out("zmm6") _, out("zmm7") _,
                        out("zmm8") _, out("zmm9") _, out("zmm10") _, out("zmm11") _,
                        out("zmm12") _, out("zmm13") _, out("zmm14") _, out("zmm15") _,
                        options(nomem, nostack),
                    );
                }
            }
        };
    }
    throughput!(multiply_add_52, "vpmadd52luq");
    throughput!(multiply_32, "vpmuludq");
    throughput!(multiply_low_64, "vpmullq");
    throughput!(multiply_low_32, "vpmulld");
    throughput!(add_64, "vpaddq");

    pub(crate) fn run(c: &mut Criterion) {
        let mut one = |name: &str, run: fn()| {
            c.bench_function(&format!("floor/zmm/{name}/{COUNT}"), |b| b.iter(run));
        };
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
            one("vpmuludq", multiply_32);
            one("vpmullq", multiply_low_64);
            one("vpmulld", multiply_low_32);
            one("vpaddq", add_64);
        }
        if is_x86_feature_detected!("avx512ifma") {
            one("vpmadd52luq", multiply_add_52);
        }
    }
}

fn main() {
    let settings = Settings::read();
    if !settings.wants("floor") {
        return;
    }
    let mut criterion = settings.criterion();
    #[cfg(target_arch = "x86_64")]
    vectors::run(&mut criterion);
    products(&mut criterion);
    memory(&mut criterion, if settings.quick { 1 << 20 } else { BYTES });
    criterion.final_summary();
}
