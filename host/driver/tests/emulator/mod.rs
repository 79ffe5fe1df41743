//! An emulated libcuda (`libcuda.cpp`): the driver's order of things, with the kernels compiled for the host.

use proofmill_kernels::{Program, ptx};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with `libcuda.so.1` and every program as PTX and as a library of the host's. Built once for all
/// tests; `None`: there is no C++ compiler.
pub(crate) fn emulator() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda-emulator");
    std::fs::create_dir_all(&folder).unwrap();
    let lock = std::fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let driver = include_str!("libcuda.cpp");
    if !compile(&folder, "libcuda.so.1", driver, &["-O1".into()]) {
        return None;
    }
    let warnings = ["psabi", "unknown-pragmas", "unused-function"];
    for program in Program::all() {
        let stem = program.file_stem();
        let mut options = program.defines(&ptx::PROPERTIES);
        options.push("-O2".into());
        options.extend(warnings.map(|warning| format!("-Wno-{warning}")));
        let library = format!("{stem}.so");
        assert!(compile(&folder, &library, &program.source(), &options));
        let (place, text) = (
            folder.join(format!("{stem}.ptx")),
            ptx::of(program).unwrap(),
        );
        // not while another test reads it
        if std::fs::read_to_string(&place).is_ok_and(|kept| kept == text) {
            continue;
        }
        std::fs::write(place, text).unwrap();
    }
    Some(folder)
}

/// Compiles a library unless its source is the one that it was compiled from; `false`: there is no compiler.
fn compile(folder: &Path, name: &str, source: &str, options: &[String]) -> bool {
    let [library, kept] = [name.to_string(), format!("{name}.cpp")].map(|name| folder.join(name));
    let source = format!("// {}\n{source}", options.join(" "));
    if library.exists() && std::fs::read_to_string(&kept).is_ok_and(|kept| kept == source) {
        return true;
    }
    let (new, text) = (folder.join("new"), folder.join("new.cpp"));
    std::fs::write(&text, &source).unwrap();
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let mut command = Command::new(compiler);
    command.args([
        "-std=c++17",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-shared",
        "-fPIC",
    ]);
    let out = command
        .args(options)
        .arg("-o")
        .args([&new, &text])
        .arg("-ldl")
        .output();
    let Ok(out) = out else {
        assert!(std::env::var_os("CI").is_none(), "no C++ compiler");
        eprintln!("skipped: no C++ compiler");
        return false;
    };
    assert!(
        out.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    std::fs::rename(&new, &library).unwrap();
    std::fs::rename(&text, &kept).unwrap();
    true
}

/// This very test program in a process of its own, where `libcuda` is looked for in a folder first and OpenCL
/// has no devices.
pub(crate) fn process(libraries: &Path, kernels: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .env("LD_LIBRARY_PATH", libraries)
        .env("EMULATOR_KERNELS", kernels);
    command
        .env("OCL_ICD_VENDORS", "/nonexistent")
        .env_remove("OCL_ICD_FILENAMES");
    command
}

/// What a process printed, which ended well and of which the emulator had nothing to tell.
pub(crate) fn printed(what: &str, out: &Output) -> String {
    let text = [&out.stdout[..], &out.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(
        out.status.success() && !text.contains("emulator:"),
        "{what}: {text}"
    );
    text
}
