//! Verilog → C++ → a library, kept under the hash of what it was made from.

use crate::HdlError;
use regex::Regex;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

const VERILATOR: [&str; 12] = [
    "--cc",
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "fast",
    "--noassert",
    "-Wno-fatal",
    "-Wno-lint",
    "--top-module",
    "top",
    "--prefix",
];
const COMPILER: [&str; 5] = ["-std=c++17", "-O3", "-march=native", "-fPIC", "-w"];
/// From so many bytes on a text is a netlist, and what -O3 saves in a run is less than what it takes.
const NETLIST: usize = 3 << 20;

pub(super) fn is_available() -> bool {
    let starts = |tool| Command::new(tool).arg("--version").output().is_ok();
    starts("verilator") && starts("c++")
}

/// The library of a Verilog text, in a folder of its own under `cache`.
pub(super) fn library(verilog: &str, cache: &Path) -> Result<PathBuf, HdlError> {
    let folder = cache.join(key(&[verilog, SHIM, &VERILATOR.join(" ")]));
    once(&folder.join("model.so"), |library| {
        write(&folder.join("top.v"), verilog)?;
        let mut verilator = Command::new("verilator");
        verilator
            .args(VERILATOR)
            .args(["Vtop", "-Mdir", ".", "top.v"]);
        run(verilator.current_dir(&folder))?;
        let root = run(Command::new("verilator").args(["--getenv", "VERILATOR_ROOT"]))?;
        let include = Path::new(root.trim()).join("include");
        let runtime = runtime(&include, cache)?;
        let names: Vec<_> = ports(&folder)?.into_iter().map(|(name, _)| name).collect();
        let shim = shim(&names, &sources(&folder)?, &falling(&folder)?);
        write(&folder.join("model.cpp"), &shim)?;
        let arguments = ["-shared", "-I.", "model.cpp"].map(Path::new);
        let arguments = arguments.into_iter().chain([runtime.as_path()]);
        let less = (verilog.len() >= NETLIST).then_some("-O1");
        run(compiler(&include, library)
            .args(less)
            .args(arguments)
            .current_dir(&folder))
    })
}

/// Verilator's own part of every library.
fn runtime(include: &Path, cache: &Path) -> Result<PathBuf, HdlError> {
    let name = format!("runtime-{}.o", key(&[&include.to_string_lossy(), RUNTIME]));
    once(&cache.join(name), |object| {
        let source = object.with_extension("cpp");
        write(&source, RUNTIME)?;
        run(compiler(include, object).arg("-c").arg(source))
    })
}

const RUNTIME: &str = "#include \"verilated.cpp\"\n#include \"verilated_threads.cpp\"\n";

fn compiler(include: &Path, output: &Path) -> Command {
    let mut command = Command::new("c++");
    command.args(COMPILER).arg("-I").arg(include);
    command.arg("-I").arg(include.join("vltstd"));
    command.arg("-o").arg(output);
    command
}

/// A file that is made unless it is there, by one process at a time, and is there only when it is complete.
fn once(
    path: &Path,
    make: impl FnOnce(&Path) -> Result<String, HdlError>,
) -> Result<PathBuf, HdlError> {
    let path = std::path::absolute(path).map_err(HdlError::io(path))?;
    let folder = path.parent().unwrap_or(&path);
    fs::create_dir_all(folder).map_err(HdlError::io(folder))?;
    let lock = path.with_extension("lock");
    let lock = File::create(&lock).map_err(HdlError::io(&lock))?;
    lock.lock().map_err(HdlError::io(&path))?; // until it is dropped
    if !path.exists() {
        let building = path.with_extension("building");
        make(&building)?;
        fs::rename(&building, &path).map_err(HdlError::io(&path))?;
    }
    Ok(path)
}

fn key(parts: &[&str]) -> String {
    let parts = parts.join("\0") + &COMPILER.join(" ");
    crate::design::hash(&parts)[..16].into()
}

/// Names and bytes of the top module's ports, from the header that Verilator wrote beside `path`.
pub(super) fn ports(path: &Path) -> Result<Vec<(String, usize)>, HdlError> {
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    let header = folder.join("Vtop.h");
    let text = fs::read_to_string(&header).map_err(HdlError::io(&header))?;
    let pattern = r"VL_(?:IN|OUT)(8|16|64|W|)\(&(\w+),\d+,\d+(?:,(\d+))?\)";
    let pattern = Regex::new(pattern).map_err(|error| tool("regex", error))?;
    let port = |found: regex::Captures| {
        let bytes = match &found[1] {
            "8" => 1,
            "16" => 2,
            "64" => 8,
            _ => {
                4 * found
                    .get(3)
                    .and_then(|words| words.as_str().parse().ok())
                    .unwrap_or(1)
            }
        };
        (found[2].to_string(), bytes)
    };
    Ok(pattern.captures_iter(&text).map(port).collect())
}

fn sources(folder: &Path) -> Result<Vec<String>, HdlError> {
    let entries = fs::read_dir(folder).map_err(HdlError::io(folder))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = names
        .filter(|name| name.starts_with("Vtop") && name.ends_with(".cpp"))
        .collect();
    names.sort();
    Ok(names)
}

/// What lets the clock fall: nothing happens then but that Verilator notes it, so its note is written where it
/// is the only one of a clock, instead of half the work of a clock.
fn falling(folder: &Path) -> Result<String, HdlError> {
    let header = folder.join("Vtop___024root.h");
    let text = fs::read_to_string(&header).map_err(HdlError::io(&header))?;
    let pattern = r"CData/\*0:0\*/ (__Vtrig\w*prev\w*);";
    let pattern = Regex::new(pattern).map_err(|error| tool("regex", error))?;
    let notes: Vec<_> = pattern
        .captures_iter(&text)
        .map(|note| note.extract())
        .collect();
    Ok(match notes[..] {
        [(_, [note])] if note.ends_with("__clock") => format!("model->rootp->{note} = 0;"),
        _ => "model->eval();".into(),
    })
}

fn shim(ports: &[String], sources: &[String], falling: &str) -> String {
    let include = |file: &String| format!("#include \"{file}\"\n");
    let case = |(i, name): (usize, &String)| format!("    case {i}: return &model->{name};\n");
    let includes: String = sources.iter().map(include).collect();
    let cases: String = ports.iter().enumerate().map(case).collect();
    SHIM.replace("{includes}", &includes)
        .replace("{cases}", &cases)
        .replace("{falling}", falling)
}

const SHIM: &str = r#"// One unit of everything: the model and what Rust calls.
{includes}
double sc_time_stamp() { return 0; }
static Vtop* entered(void* state) {
    Vtop* model = static_cast<Vtop*>(state);
    Verilated::threadContextp(model->contextp());
    return model;
}
extern "C" {
void* model_new() {
    Vtop* model = new Vtop(new VerilatedContext);
    model->eval();
    return model;
}
void model_free(void* state) {
    Vtop* model = entered(state);
    VerilatedContext* context = model->contextp();
    delete model;
    delete context;
}
void model_tick(void* state, uint64_t count) {
    Vtop* model = entered(state);
    for (; count > 0; count--) {
        model->clock = 1;
        model->eval();
        model->clock = 0;
        {falling}
    }
}
void model_settle(void* state) { entered(state)->eval(); }
void* model_port(void* state, uint32_t port) {
    Vtop* model = entered(state);
    switch (port) {
{cases}    }
    return nullptr;
}
}
"#;

fn write(path: &Path, text: &str) -> Result<(), HdlError> {
    fs::write(path, text).map_err(HdlError::io(path))
}

/// What the command printed.
fn run(command: &mut Command) -> Result<String, HdlError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| tool(&name, error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = text.lines().take(20).collect();
    Err(tool(
        &name,
        format!("{}\n{}", output.status, lines.join("\n")),
    ))
}

fn tool(tool: &str, reason: impl ToString) -> HdlError {
    HdlError::Tool {
        tool: tool.into(),
        reason: reason.to_string(),
    }
}
