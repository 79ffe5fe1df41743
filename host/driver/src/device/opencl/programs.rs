//! A program for one device: compiled, or taken from the cache on disk; and its kernels.

use super::info::Facts;
use super::machine::failed;
use super::object::Object;
use crate::device::gpu::cache;
use crate::error::DeviceError;
use ocl::core::{self, ProgramBuildInfo, ProgramInfo, ProgramInfoResult, Status};
use proofmill_kernels::{Program, Properties};
use std::collections::HashMap;
use std::ffi::CString;

/// A program and those of its kernels that were launched.
pub(super) struct Built {
    kernels: HashMap<&'static str, Object<core::Kernel>>,
    program: Object<core::Program>,
}

impl Built {
    /// A kernel.
    pub(super) fn kernel(&mut self, name: &'static str) -> Result<&core::Kernel, DeviceError> {
        if !self.kernels.contains_key(name) {
            let kernel = core::create_kernel(&self.program, name).map_err(failed)?;
            self.kernels.insert(name, Object::new(kernel));
        }
        Ok(&self.kernels[name])
    }
}

/// What programs are compiled for.
pub(super) struct Target<'a> {
    pub(super) context: &'a core::Context,
    pub(super) facts: &'a Facts,
    pub(super) properties: Properties,
}

impl Target<'_> {
    fn options(&self, program: Program) -> String {
        let mut options = program.defines(&self.properties);
        options.push("-cl-std=CL1.2".into());
        if self.facts.is_cpu {
            // GPUs' compilers may define the size of a type that they then refuse
            options.push("-DWITH_U128".into());
        }
        options.join(" ")
    }

    /// A program from the cache on disk or from its source, or the compiler's log.
    pub(super) fn build(&self, program: Program) -> Result<Result<Built, String>, DeviceError> {
        let (source, options) = (program.source(), self.options(program));
        let Facts {
            name,
            platform,
            versions,
            ..
        } = self.facts;
        let place = cache::place(&[&source, &options, name, platform, versions]);
        let kept = place.as_ref().and_then(|place| cache::read(place));
        if let Some(built) = kept.and_then(|binary| self.load(&binary, &options)) {
            return Ok(Ok(built));
        }
        let built = match self.compile(&source, &options)? {
            Ok(built) => built,
            Err(log) => return Ok(Err(log)),
        };
        let binaries = core::get_program_info(&built.program, ProgramInfo::Binaries);
        if let (Some(place), Ok(ProgramInfoResult::Binaries(binaries))) = (place, binaries)
            && let [binary] = &binaries[..]
        {
            cache::keep(&place, binary);
        }
        Ok(Ok(built))
    }

    /// A program from its binary, if the runtime still takes it.
    fn load(&self, binary: &[u8], options: &str) -> Option<Built> {
        let device = self.facts.id;
        let program = core::create_program_with_binary(self.context, &[device], &[binary]);
        let program = Object::new(program.ok()?);
        let options = CString::new(options).ok()?;
        core::build_program(&program, Some(&[device]), &options, None, None).ok()?;
        let whole = match core::get_program_info(&program, ProgramInfo::NumKernels) {
            Ok(ProgramInfoResult::NumKernels(kernels)) => kernels > 0,
            _ => false,
        };
        let kernels = HashMap::new();
        whole.then_some(Built { kernels, program })
    }

    fn compile(&self, source: &str, options: &str) -> Result<Result<Built, String>, DeviceError> {
        let text = |text: &str| CString::new(text).map_err(|e| DeviceError::Failed(e.to_string()));
        let device = self.facts.id;
        let program = core::create_program_with_source(self.context, &[text(source)?]);
        let program = Object::new(program.map_err(failed)?);
        let built = core::build_program(&program, Some(&[device]), &text(options)?, None, None);
        let Err(error) = built else {
            let kernels = HashMap::new();
            return Ok(Ok(Built { kernels, program }));
        };
        let log = core::get_program_build_info(&program, device, ProgramBuildInfo::BuildLog);
        let log = log.map(|log| log.to_string()).unwrap_or_default();
        match (error.api_status(), log.trim()) {
            // the crate puts the log into an error of its own kind
            (None | Some(Status::CL_BUILD_PROGRAM_FAILURE), "") => Ok(Err(error.to_string())),
            (None | Some(Status::CL_BUILD_PROGRAM_FAILURE), log) => Ok(Err(log.to_string())),
            _ => Err(failed(error)),
        }
    }
}
