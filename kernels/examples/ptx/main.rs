//! PTX of every program, and what NVIDIA's assembler makes of it:
//!
//! - `ptx write FOLDER`: the files of `generated/ptx`, by clang 15;
//! - `ptx assemble TABLE ARCHITECTURE...`: the table of `generated/ptxas.tsv`, by ptxas;
//! - `ptx check TABLE ARCHITECTURE...`: fails where a kernel takes over 5 % more than the table says, or
//!   memory where none is meant.

mod assembler;
mod clang;

use assembler::{Row, Table};
use proofmill_field::FieldId;
use proofmill_kernels::{Program, ptx};
use std::io::{Error, Result};
use std::path::Path;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["write", folder] => write(Path::new(folder)),
        ["assemble", table, ref architectures @ ..] => {
            let rows = assemble(architectures)?;
            std::fs::write(table, Table(rows).to_string())
        }
        ["check", table, ref architectures @ ..] => {
            let known = Table::read(&std::fs::read_to_string(table)?)?;
            check(&known, &assemble(architectures)?)?;
            one_product()
        }
        _ => Err(Error::other(
            "usage: ptx write FOLDER | ptx assemble|check TABLE ARCHITECTURE...",
        )),
    }
}

fn write(folder: &Path) -> Result<()> {
    for program in Program::all() {
        let text = clang::compile(program, &program.source())?;
        std::fs::write(folder.join(format!("{}.ptx", program.file_stem())), text)?;
    }
    Ok(())
}

/// The rows of every architecture, each on a thread of its own.
fn assemble<'a>(architectures: &[&'a str]) -> Result<Vec<Row>> {
    let rows: Vec<Result<Vec<Row>>> = std::thread::scope(|scope| {
        let start = |architecture: &'a str| scope.spawn(move || of_architecture(architecture));
        let threads: Vec<_> = architectures.iter().copied().map(start).collect();
        let lost = |_| Err(Error::other("a thread has ended"));
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(lost))
            .collect()
    });
    rows.into_iter()
        .collect::<Result<Vec<_>>>()
        .map(|rows| rows.concat())
}

fn of_architecture(architecture: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for program in Program::all() {
        let text = ptx::of(program).ok_or_else(|| Error::other(format!("no PTX of {program}")))?;
        rows.extend(assembler::assemble(
            architecture,
            &program.file_stem(),
            text,
        )?);
    }
    Ok(rows)
}

fn check(known: &Table, found: &[Row]) -> Result<()> {
    let faults: Vec<String> = found.iter().filter_map(|row| known.fault(row)).collect();
    faults.iter().for_each(|fault| println!("{fault}"));
    match faults.len() {
        0 => Ok(()),
        n => Err(Error::other(format!(
            "{n} kernels are worse; `make ptxas` if that is meant"
        ))),
    }
}

/// Instructions of one product of BN254's scalars on architecture 9.0, at most.
const PRODUCT: u64 = 220;

/// Judges one product: eight more of them in a kernel without a loop.
fn one_product() -> Result<()> {
    let program = Program::Field(FieldId::Bn254Fr);
    let kernel = |name, products| {
        let product = "x = fe_mul(x, a[1]); ".repeat(products);
        format!("KERNEL {name}(GLOBAL fe *a) {{ fe x = a[0]; {product}a[0] = x; }}\n")
    };
    let source = program.source() + &kernel("one", 1) + &kernel("nine", 9);
    let text = clang::compile(program, &source)?;
    let rows = assembler::assemble("sm_90", "product", &text)?;
    let instructions = |name| {
        let row = rows.iter().find(|row| row.kernel == name);
        row.map_or(0, |row| row.instructions)
    };
    let each = (instructions("nine") - instructions("one")).div_ceil(8);
    println!("one product of {program}: {each} instructions on sm_90");
    match each {
        1..=PRODUCT => Ok(()),
        _ => Err(Error::other(format!("at most {PRODUCT} are allowed"))),
    }
}
