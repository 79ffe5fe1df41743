//! The host as a machine: each program compiled by the C++ compiler into a library, work-groups run one
//! after the other.

use libloading::{Library, Symbol};
use proofmill_kernels::{Arg, Machine, Program, Properties};
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::process::Command;
use tempfile::TempDir;

/// How programs are built and run.
#[derive(Clone, Copy)]
pub(crate) struct Build {
    pub(crate) threads: u32,
    pub(crate) local_bytes: usize,
    pub(crate) parallel: usize,
    pub(crate) options: &'static [&'static str],
}

impl Default for Build {
    fn default() -> Self {
        Build {
            threads: 8,
            local_bytes: 4096,
            parallel: 16,
            options: &[],
        }
    }
}

/// The C++ compiler.
pub(crate) fn compiler() -> OsString {
    std::env::var_os("CXX").unwrap_or_else(|| "c++".into())
}

pub(crate) struct HostMachine {
    build: Build,
    folder: TempDir,
    programs: HashMap<Program, Library>,
}

/// Memory of exactly the size asked for, so that the sanitizer sees its end.
pub(crate) struct Memory {
    place: *mut u8,
    layout: std::alloc::Layout,
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { std::alloc::dealloc(self.place, self.layout) }
    }
}

impl HostMachine {
    pub(crate) fn new(build: Build) -> Self {
        HostMachine {
            build,
            folder: tempfile::tempdir().unwrap(),
            programs: HashMap::new(),
        }
    }

    fn compile(&self, program: Program) -> Library {
        let name = format!("{program:?}").replace(|c: char| !c.is_alphanumeric(), "_");
        let (source, library) = (
            self.folder.path().join(format!("{name}.cpp")),
            self.folder.path().join(name),
        );
        let mut file = std::fs::File::create(&source).unwrap();
        file.write_all(program.source().as_bytes()).unwrap();
        let mut command = Command::new(compiler());
        command.args(["-x", "c++", "-std=c++17", "-shared", "-fPIC", "-O1", "-g"]);
        command.args([
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
            "-Wall",
            "-Wextra",
            "-Werror",
        ]);
        command.args(["-Wno-unused-function", "-Wno-psabi", "-Wno-unknown-pragmas"]);
        command.args(program.defines(&self.properties()));
        command
            .args(self.build.options)
            .arg("-o")
            .arg(&library)
            .arg(&source);
        let out = command.output().unwrap();
        assert!(
            out.status.success(),
            "{program}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        // SAFETY: the library has no initialisers beyond those of the C++ runtime.
        unsafe { Library::new(&library).unwrap() }
    }
}

macro_rules! call {
    ($place:expr, $args:expr; $($count:literal: $($i:literal)*),* $(,)?) => {
        match $args.len() {
            $($count => {
                // SAFETY: the kernel has so many parameters, pointers and 32-bit words, which the
                // calling conventions of 64-bit systems pass in a word each.
                let kernel: extern "C" fn($(call!(@ty $i)),*) = unsafe { std::mem::transmute($place) };
                kernel($($args[$i]),*)
            })*
            count => panic!("a kernel of {count} parameters"),
        }
    };
    (@ty $i:literal) => { usize };
}

impl Machine for HostMachine {
    type Buffer = Memory;
    type Error = std::convert::Infallible;

    fn properties(&self) -> Properties {
        let Build {
            threads,
            local_bytes,
            parallel,
            ..
        } = self.build;
        Properties {
            threads,
            local_bytes,
            parallel,
        }
    }

    fn alloc(&mut self, bytes: usize) -> Result<Memory, Self::Error> {
        let layout = std::alloc::Layout::from_size_align(bytes, 16).unwrap();
        // SAFETY: not of size zero. Filled with what is no element, so that who reads it is found out.
        let place = unsafe {
            let place = std::alloc::alloc(layout);
            place.write_bytes(0xa5, bytes);
            place
        };
        Ok(Memory { place, layout })
    }

    fn write(&mut self, to: &Memory, offset: usize, bytes: &[u8]) -> Result<(), Self::Error> {
        assert!(offset + bytes.len() <= to.layout.size());
        // SAFETY: inside the memory.
        unsafe { to.place.add(offset).copy_from(bytes.as_ptr(), bytes.len()) };
        Ok(())
    }

    fn read(&mut self, from: &Memory, offset: usize, to: &mut [u8]) -> Result<(), Self::Error> {
        assert!(offset + to.len() <= from.layout.size());
        // SAFETY: inside the memory.
        unsafe { to.as_mut_ptr().copy_from(from.place.add(offset), to.len()) };
        Ok(())
    }

    fn launch(
        &mut self,
        program: Program,
        kernel: &'static str,
        groups: usize,
        args: &[Arg<'_, Memory>],
    ) -> Result<(), Self::Error> {
        if !self.programs.contains_key(&program) {
            let library = self.compile(program);
            self.programs.insert(program, library);
        }
        let library = &self.programs[&program];
        let words: Vec<usize> = args
            .iter()
            .map(|arg| match arg {
                Arg::Buffer(memory) => memory.place as usize,
                Arg::Word(word) => *word as usize,
            })
            .collect();
        // SAFETY: the names and types are those of the sources.
        let select: Symbol<extern "C" fn(u32)> = unsafe { library.get("select_group").unwrap() };
        // SAFETY: as above.
        let place: Symbol<*const ()> = unsafe { library.get(kernel).unwrap() };
        for group in 0..groups {
            select(group as u32);
            call!(*place, words;
                3: 0 1 2, 4: 0 1 2 3, 5: 0 1 2 3 4, 6: 0 1 2 3 4 5, 7: 0 1 2 3 4 5 6,
                8: 0 1 2 3 4 5 6 7, 9: 0 1 2 3 4 5 6 7 8, 13: 0 1 2 3 4 5 6 7 8 9 10 11 12,
                2: 0 1);
        }
        Ok(())
    }
}
