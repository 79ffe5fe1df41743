//! What ptxas makes of PTX: registers, stack, spills and instructions of each kernel.

use object::{Object, ObjectSection};
use std::fmt;
use std::io::{Error, Result};
use std::process::Command;

/// Bytes of an instruction, since architecture 7.0.
const INSTRUCTION: u64 = 16;

/// One kernel on one architecture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    architecture: String,
    program: String,
    pub(crate) kernel: String,
    registers: u64,
    /// Bytes of local memory for each thread, of called functions too.
    stack: u64,
    /// Bytes stored for want of registers, all functions together.
    spills: u64,
    /// With those of called functions, and up to seven that fill the last 128 bytes.
    pub(crate) instructions: u64,
}

impl Row {
    fn is_of(&self, other: &Row) -> bool {
        let key = |row: &Row| {
            (
                row.architecture.clone(),
                row.program.clone(),
                row.kernel.clone(),
            )
        };
        key(self) == key(other)
    }

    /// Sums of points may have a stack: what is called takes its points there, because clang passes structures
    /// in memory. G2 and points of twelve-word fields do not fit 255 registers and may spill.
    fn takes_memory(&self) -> bool {
        let group = self.program.contains("_g");
        let wide = self.program.ends_with("_g2") || self.program.starts_with("bls12");
        (self.stack > 0 && !group) || (self.spills > 0 && !(group && wide))
    }
}

/// The table of every kernel.
pub(crate) struct Table(pub(crate) Vec<Row>);

const HEAD: &str = "architecture\tprogram\tkernel\tregisters\tstack\tspills\tinstructions";

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        self.0.iter().try_for_each(|row| {
            let Row { architecture, program, kernel, registers, stack, spills, instructions } = row;
            writeln!(
                f,
                "{architecture}\t{program}\t{kernel}\t{registers}\t{stack}\t{spills}\t{instructions}"
            )
        })
    }
}

impl Table {
    pub(crate) fn read(text: &str) -> Result<Table> {
        let row = |line: &str| {
            let [architecture, program, kernel, numbers @ ..] =
                &line.split('\t').collect::<Vec<_>>()[..]
            else {
                return None;
            };
            let numbers: Vec<u64> = numbers
                .iter()
                .map(|n| n.parse().ok())
                .collect::<Option<_>>()?;
            let [registers, stack, spills, instructions] = numbers[..] else {
                return None;
            };
            let [architecture, program, kernel] =
                [architecture, program, kernel].map(|s| s.to_string());
            Some(Row {
                architecture,
                program,
                kernel,
                registers,
                stack,
                spills,
                instructions,
            })
        };
        let rows: Option<Vec<Row>> = text.lines().skip(1).map(row).collect();
        rows.map(Table)
            .ok_or_else(|| Error::other("the table has a line of another form"))
    }

    /// What is worse about a kernel than the table says, or than it may be.
    pub(crate) fn fault(&self, row: &Row) -> Option<String> {
        let Some(known) = self.0.iter().find(|known| known.is_of(row)) else {
            return Some(format!("not in the table: {row:?}"));
        };
        let grew = |now: u64, then: u64| now * 100 > then * 105;
        let worse = grew(row.registers, known.registers)
            || grew(row.instructions, known.instructions)
            || grew(row.stack, known.stack)
            || grew(row.spills, known.spills);
        match (row.takes_memory(), worse) {
            (true, _) => Some(format!("memory where none is meant: {row:?}")),
            (_, true) => Some(format!("was {known:?}, is {row:?}")),
            _ => None,
        }
    }
}

/// Every kernel of a program's PTX on an architecture.
pub(crate) fn assemble(architecture: &str, program: &str, text: &str) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let [source, binary] = ["ptx", "cubin"].map(|name| folder.path().join(name));
    std::fs::write(&source, text)?;
    let out = Command::new("ptxas")
        .args(["-v", "-arch", architecture, "-o"])
        .args([&binary, &source])
        .output()
        .map_err(|e| Error::other(format!("ptxas: {e}")))?;
    let log = String::from_utf8_lossy(&out.stderr);
    if !out.status.success() {
        return Err(Error::other(format!(
            "ptxas refuses {program} for {architecture}: {log}"
        )));
    }
    let mut rows = usage(&log);
    let bytes = std::fs::read(&binary)?;
    let elf = object::File::parse(&*bytes).map_err(Error::other)?;
    for row in &mut rows {
        (row.architecture, row.program) = (architecture.into(), program.into());
        let code = elf.section_by_name(&format!(".text.{}", row.kernel));
        row.instructions = code.map_or(0, |code| code.size() / INSTRUCTION);
    }
    rows.sort_by(|a, b| a.kernel.cmp(&b.kernel));
    Ok(rows)
}

/// The kernels of a log, which names each and then what it and its functions use.
fn usage(log: &str) -> Vec<Row> {
    let before = |line: &str, what: &str| {
        let (text, _) = line.split_once(what)?;
        text.split_whitespace().last()?.parse::<u64>().ok()
    };
    let mut rows: Vec<Row> = Vec::new();
    for line in log.lines() {
        if line.contains("Compiling entry function") {
            let kernel = line.split('\'').nth(1).unwrap_or_default().into();
            rows.push(Row {
                kernel,
                ..Row::default()
            });
        }
        let Some(row) = rows.last_mut() else { continue };
        row.spills += before(line, " bytes spill stores").unwrap_or(0);
        row.registers = row.registers.max(before(line, " registers").unwrap_or(0));
        row.stack = row
            .stack
            .max(before(line, " bytes cumulative stack size").unwrap_or(0));
    }
    rows
}
