//! What the kernels take of memory beside their input and output, by size (Linux).
//!
//! `cargo run --release -p proofmill-benches --bin memory [ROW…]`, rows such as `msm/bn254-g1/2^16`: one
//! process for each row, since memory that a kernel gave back may stay with its process.

use ark_ec::AffineRepr;
use p3_field::{PrimeField64, TwoAdicField};
use proofmill::{Direction, Element, Layout, Ntt, Order, Point, Policy, Pool, data_form};
use proofmill_benches::{Outcome, because, exit, inputs};
use std::process::{Command, ExitCode};

const ROWS: [&str; 19] = [
    "msm/bn254-g1/2^12",
    "msm/bn254-g1/2^14",
    "msm/bn254-g1/2^16",
    "msm/bn254-g1/2^18",
    "msm/bls12_381-g1/2^16",
    "msm/bls12_381-g1/2^18",
    "msm/bn254-g2/2^16",
    "msm/bls12_381-g2/2^16",
    "ntt/bn254_fr/2^12",
    "ntt/bn254_fr/2^16",
    "ntt/bn254_fr/2^20",
    "ntt/koalabear/2^16",
    "ntt/koalabear/2^20",
    "ntt/koalabear/2^24",
    "ntt/goldilocks/2^16",
    "ntt/goldilocks/2^20",
    "ntt/goldilocks/2^24",
    "lde/koalabear/2^18x64",
    "lde/goldilocks/2^18x64",
];

/// The row that a process of its own measures.
const ROW: &str = "PROOFMILL_BENCH_ROW";

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Outcome {
    let rows: Vec<String> = std::env::args().skip(1).collect();
    if let Ok(row) = std::env::var(ROW) {
        return measure(&row);
    }
    let program = std::env::current_exe().map_err(because("this program"))?;
    println!("| row | input and output, MB | besides, MB |\n|---|---|---|");
    let all = || ROWS.map(String::from).to_vec();
    for row in if rows.is_empty() { all() } else { rows } {
        let status = Command::new(&program).env(ROW, &row).status();
        if !status.map_err(because(&row))?.success() {
            return Err(format!("{row}: not measured").into());
        }
    }
    Ok(())
}

fn measure(row: &str) -> Outcome {
    let pool = Pool::builder().threads(threads()).devices(["cpu:0"]);
    let pool = pool.policy(Policy::Off).open()?;
    let unknown = || format!("{row}: expected one of {}", ROWS.join(", "));
    if !ROWS.contains(&row) {
        return Err(unknown().into());
    }
    let (kernel, size) = row.rsplit_once('/').ok_or_else(unknown)?;
    let log = size.trim_start_matches("2^");
    let log = log.trim_end_matches("x64").parse().map_err(because(row))?;
    match kernel {
        "msm/bn254-g1" => sum::<ark_bn254::G1Affine>(&pool, row, log),
        "msm/bls12_381-g1" => sum::<ark_bls12_381::G1Affine>(&pool, row, log),
        "msm/bn254-g2" => sum::<ark_bn254::G2Affine>(&pool, row, log),
        "msm/bls12_381-g2" => sum::<ark_bls12_381::G2Affine>(&pool, row, log),
        "ntt/bn254_fr" => transform(&pool, row, inputs::elements::<ark_bn254::Fr>(1 << log)),
        "ntt/koalabear" => transform(
            &pool,
            row,
            inputs::small::<p3_koala_bear::KoalaBear>(1 << log),
        ),
        "ntt/goldilocks" => transform(
            &pool,
            row,
            inputs::small::<p3_goldilocks::Goldilocks>(1 << log),
        ),
        "lde/koalabear" => extension::<p3_koala_bear::KoalaBear>(&pool, row, log),
        "lde/goldilocks" => extension::<p3_goldilocks::Goldilocks>(&pool, row, log),
        _ => Err(unknown().into()),
    }
}

fn threads() -> usize {
    let set = std::env::var("PROOFMILL_BENCH_THREADS").ok();
    set.and_then(|n| n.parse().ok()).unwrap_or(1)
}

fn sum<A>(pool: &Pool, row: &str, log: u32) -> Outcome
where
    A: AffineRepr + Point<Scalar = <A as AffineRepr>::ScalarField, Sum = <A as AffineRepr>::Group>,
{
    let (bases, scalars) = inputs::sums::<A>(&[log]);
    let bytes = size_of_val(&bases[..]) + size_of_val(&scalars[..]);
    report(row, bytes, 0, || pool.msm(&bases, &scalars))
}

fn transform<F: Element>(pool: &Pool, row: &str, mut values: Vec<F>) -> Outcome {
    let bytes = size_of_val(&values[..]);
    report(row, bytes, 0, || pool.ntt(&mut values, Direction::Forward))
}

fn extension<F: TwoAdicField + PrimeField64 + Element>(
    pool: &Pool,
    row: &str,
    log: u32,
) -> Outcome {
    let columns = 64;
    let ntt = Ntt {
        columns,
        layout: Layout::RowMajor,
        output: Order::BitReversed,
        coset: Some(data_form(F::GENERATOR)),
        added_bits: 1,
        ..Ntt::new(log, Direction::Forward)
    };
    let values = inputs::small::<F>(columns << log);
    let bytes = size_of_val(&values[..]);
    report(row, 3 * bytes, 2 * bytes, || pool.lde(&values, &ntt))
}

/// Runs the work, of so many bytes of input and output, of which it allocates so many itself.
fn report<T, E: std::error::Error + 'static>(
    row: &str,
    bytes: usize,
    output: usize,
    work: impl FnOnce() -> Result<T, E>,
) -> Outcome {
    // the peak is from now on (proc_pid_clear_refs(5))
    std::fs::write("/proc/self/clear_refs", "5").map_err(because("/proc/self/clear_refs"))?;
    let before = status("VmRSS:")?;
    let answer = work()?;
    let besides = status("VmHWM:")?.saturating_sub(before + output);
    drop(answer);
    let mb = |bytes: usize| bytes as f64 / 1e6;
    println!("| {row} | {:.2} | {:.1} |", mb(bytes), mb(besides));
    Ok(())
}

/// A line of `/proc/self/status`, in bytes.
fn status(name: &str) -> Outcome<usize> {
    let text =
        std::fs::read_to_string("/proc/self/status").map_err(because("/proc/self/status"))?;
    let line = text.lines().find_map(|l| l.strip_prefix(name));
    let kib = line.and_then(|l| l.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    Ok(kib.ok_or_else(|| format!("/proc/self/status has no {name}"))? << 10)
}
