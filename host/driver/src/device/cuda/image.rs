//! Programs as the driver takes them: PTX, or a binary for the very architecture by NVRTC.

use super::context::{Context, Owned, words};
use super::info::Facts;
use crate::device::gpu::cache;
use crate::error::DeviceError;
use cudarc::driver::sys::{CUjit_option, CUmodule, CUresult};
use cudarc::driver::{result as driver, sys};
use cudarc::nvrtc::{result, sys as nvrtc};
use proofmill_kernels::{Program, ptx};
use std::ffi::{CString, c_void};
use std::sync::Arc;

/// Bytes of the driver's log that are kept.
const LOG: usize = 1 << 13;

/// A program on a device, or why its compiler refuses it.
pub(super) type Built = Result<Owned<CUmodule>, String>;

/// Compiles and loads a program.
pub(super) fn build(
    context: &Arc<Context>,
    facts: &Facts,
    program: Program,
) -> Result<Built, DeviceError> {
    let wanted = std::env::var_os("PROOFMILL_NVRTC").is_some_and(|value| !value.is_empty());
    let image = match wanted {
        true => binary(program, facts.compute),
        // the driver wants a zero at the end
        false => match ptx::of(program) {
            Some(text) => Ok([text.as_bytes(), &[0]].concat()),
            None => Err("there is no PTX of it".into()),
        },
    };
    match image {
        Ok(image) => load(context, &image),
        Err(log) => Ok(Err(log)),
    }
}

/// Errors that are the compiler's word on this program, not the device's end.
fn is_refusal(code: CUresult) -> bool {
    use CUresult::*;
    matches!(
        code,
        CUDA_ERROR_INVALID_IMAGE
            | CUDA_ERROR_NO_BINARY_FOR_GPU
            | CUDA_ERROR_INVALID_PTX
            | CUDA_ERROR_UNSUPPORTED_PTX_VERSION
            | CUDA_ERROR_JIT_COMPILER_NOT_FOUND
            | CUDA_ERROR_JIT_COMPILATION_DISABLED
            | CUDA_ERROR_INVALID_SOURCE
    )
}

fn load(context: &Arc<Context>, image: &[u8]) -> Result<Built, DeviceError> {
    let mut log = vec![0u8; LOG];
    let mut refusal = None;
    let make = || {
        let mut module = std::ptr::null_mut();
        let mut options = [
            CUjit_option::CU_JIT_ERROR_LOG_BUFFER,
            CUjit_option::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
        ];
        // the size is passed as the pointer itself
        let mut values = [log.as_mut_ptr().cast::<c_void>(), LOG as *mut c_void];
        // SAFETY: two options with their values; the image ends with a zero or is a whole binary.
        let loaded = unsafe {
            sys::cuModuleLoadDataEx(
                &mut module,
                image.as_ptr().cast(),
                2,
                options.as_mut_ptr(),
                values.as_mut_ptr(),
            )
        };
        loaded.result().map(|()| module).inspect_err(|error| {
            refusal = is_refusal(error.0).then_some(*error);
        })
    };
    let module = Owned::new(context, make, driver::module::unload);
    match (module, refusal) {
        (Err(_), Some(error)) => {
            let end = log.iter().position(|byte| *byte == 0).unwrap_or(LOG);
            let log = String::from_utf8_lossy(&log[..end]);
            Ok(Err(format!("{}\n{log}", words(error))))
        }
        (module, _) => module.map(Ok),
    }
}

/// A kernel of a loaded program.
pub(super) fn kernel(
    context: &Context,
    module: &Owned<CUmodule>,
    name: &str,
) -> Result<sys::CUfunction, DeviceError> {
    let name = CString::new(name).map_err(|e| DeviceError::Failed(e.to_string()))?;
    // SAFETY: the module is loaded.
    context.call(|| unsafe { driver::module::get_function(module.raw(), name) })
}

/// Functions of NVRTC that are called; the binding panics at one that is missing.
const FUNCTIONS: &[&str] = &[
    "nvrtcCompileProgram",
    "nvrtcCreateProgram",
    "nvrtcDestroyProgram",
    "nvrtcGetCUBIN",
    "nvrtcGetCUBINSize",
    "nvrtcGetProgramLog",
    "nvrtcGetProgramLogSize",
    "nvrtcVersion",
];

/// A program's binary, from the cache on disk or by NVRTC, or NVRTC's log.
fn binary(program: Program, (major, minor): (i32, i32)) -> Result<Vec<u8>, String> {
    // SAFETY: opens the library.
    if !unsafe { nvrtc::is_culib_present() } {
        return Err("libnvrtc is not installed".into());
    }
    // SAFETY: the library was found; the address is not used.
    let is_there =
        |name: &&&str| unsafe { nvrtc::culib().get::<*const ()>(name.as_bytes()) }.is_ok();
    if let Some(missing) = FUNCTIONS.iter().find(|name| !is_there(name)) {
        return Err(format!("libnvrtc has no {missing}"));
    }
    let source = program.source();
    let mut options = program.defines(&ptx::PROPERTIES);
    options.push(format!("--gpu-architecture=sm_{major}{minor}"));
    let mut version = [0; 2];
    let [a, b] = &mut version;
    // SAFETY: writes two numbers.
    unsafe { nvrtc::nvrtcVersion(a, b) }
        .result()
        .map_err(|e| e.to_string())?;
    let place = cache::place(&[&source, &options.join(" "), &format!("NVRTC {version:?}")]);
    if let Some(kept) = place.as_ref().and_then(|place| cache::read(place)) {
        return Ok(kept);
    }
    let binary = compile(&source, &options)?;
    if let Some(place) = place {
        cache::keep(&place, &binary);
    }
    Ok(binary)
}

/// A program of NVRTC's.
struct Compilation(nvrtc::nvrtcProgram);

impl Drop for Compilation {
    fn drop(&mut self) {
        // SAFETY: the one owner, which is gone.
        let _ = unsafe { result::destroy_program(self.0) };
    }
}

fn compile(source: &str, options: &[String]) -> Result<Vec<u8>, String> {
    let source = CString::new(source).map_err(|e| e.to_string())?;
    let program = result::create_program(&source, None).map_err(|e| e.to_string())?;
    let program = Compilation(program);
    // SAFETY: the program lives.
    if let Err(error) = unsafe { result::compile_program(program.0, options) } {
        // SAFETY: as above.
        let log = unsafe { result::get_program_log(program.0) }.unwrap_or_default();
        let log: Vec<u8> = log.into_iter().map(|c| c as u8).collect();
        return Err(format!("{error}\n{}", String::from_utf8_lossy(&log)));
    }
    let mut size = 0;
    // SAFETY: writes a number.
    let asked = unsafe { nvrtc::nvrtcGetCUBINSize(program.0, &mut size) };
    asked.result().map_err(|e| e.to_string())?;
    let mut binary = vec![0u8; size];
    // SAFETY: writes as many bytes as it has just said.
    let asked = unsafe { nvrtc::nvrtcGetCUBIN(program.0, binary.as_mut_ptr().cast()) };
    asked.result().map_err(|e| e.to_string())?;
    Ok(binary)
}
