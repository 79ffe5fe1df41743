//! CUDA source to PTX by clang 15, without any file of NVIDIA's. Another version writes other PTX.

use proofmill_kernels::{Program, ptx};
use std::io::{Error, Result, Write};
use std::process::{Command, Stdio};

/// PTX for the oldest architecture, without comments and empty lines.
pub(crate) fn compile(program: Program, source: &str) -> Result<String> {
    let mut clang = Command::new("clang-15")
        .args([
            "-x",
            "cuda",
            "--cuda-device-only",
            "-nocudainc",
            "-nocudalib",
        ])
        // an installed toolkit would decide the version of PTX
        .args(["--cuda-path=/nonexistent", "--cuda-gpu-arch=sm_75"])
        .args(["-O3", "-S", "-o", "-", "-"])
        .args(program.defines(&ptx::PROPERTIES))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| Error::other(format!("clang-15: {e}")))?;
    if let Some(mut input) = clang.stdin.take() {
        input.write_all(include_bytes!("../../cl/clang.h"))?;
        input.write_all(source.as_bytes())?;
    }
    let out = clang.wait_with_output()?;
    if !out.status.success() {
        return Err(Error::other(format!("clang-15 refuses {program}")));
    }
    let text = String::from_utf8(out.stdout).map_err(Error::other)?;
    let code = |line: &&str| !line.is_empty() && !line.starts_with("//");
    let lines = text.lines().map(str::trim).filter(code);
    Ok(lines.map(|line| format!("{line}\n")).collect())
}
