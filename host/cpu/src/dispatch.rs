//! Which instructions the CPU's kernels are compiled for: chosen once, when first asked.
//!
//! `PROOFMILL_CPU=portable|avx2|avx512` forces a path that the processor has.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// A set of instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Path {
    /// Whatever the program was compiled for.
    Portable,
    /// AVX2, BMI2, ADX.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, DQ, VL on top.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The best path that this processor has, or the one that the environment forces.
pub fn path() -> Path {
    *chosen().as_ref().unwrap_or(&Path::Portable)
}

/// Why the path that the environment forces cannot be had.
pub fn refusal() -> Option<String> {
    chosen().as_ref().err().cloned()
}

fn chosen() -> &'static Result<Path, String> {
    static PATH: OnceLock<Result<Path, String>> = OnceLock::new();
    PATH.get_or_init(|| {
        let paths = available();
        let Some(wanted) = std::env::var_os("PROOFMILL_CPU") else {
            return Ok(paths[0]);
        };
        let names: Vec<&str> = paths.iter().map(|p| p.name()).collect();
        let found = paths.iter().find(|p| wanted == p.name()).copied();
        found.ok_or_else(|| {
            format!(
                "PROOFMILL_CPU: expected one of {}, found {}",
                names.join(", "),
                wanted.display()
            )
        })
    })
}

/// Whether the vector kernels run: they take the 52-bit multiply-add of AVX-512 (IFMA) and VBMI2's shifts.
pub fn has_ifma() -> bool {
    #[cfg(target_arch = "x86_64")]
    if has_avx512() {
        return is_x86_feature_detected!("avx512ifma") && is_x86_feature_detected!("avx512vbmi2");
    }
    false
}

/// Whether kernels run on vectors of 256 bits or more.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx2() -> bool {
    path() != Path::Portable
}

/// [`has_avx2`], for what is too short to ask that each time: a byte to read.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn has_adx() -> bool {
    static ADX: AtomicU8 = AtomicU8::new(0);
    #[cold]
    fn ask() -> bool {
        let found = has_avx2();
        ADX.store(1 + found as u8, Relaxed);
        found
    }
    match ADX.load(Relaxed) {
        0 => ask(),
        known => known == 2,
    }
}

/// Whether kernels run on vectors of 512 bits.
pub(crate) fn has_avx512() -> bool {
    path().name() == "avx512"
}

impl Path {
    /// Its name, as `PROOFMILL_CPU` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Path::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => "avx512",
        }
    }
}

/// What this processor has, the best first.
fn available() -> Vec<Path> {
    let mut paths = vec![Path::Portable];
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("adx");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        if avx2 {
            paths.insert(0, Path::Avx2);
        }
        if avx2 && avx512 {
            paths.insert(0, Path::Avx512);
        }
    }
    paths
}

/// Compiles a generic function once for each path and calls the one that [`path`] chose. What works on
/// several limbs gains from BMI2 and ADX but not from AVX-512, for which it is not compiled.
macro_rules! each_path {
    ($(#[$doc:meta])* fn $name:ident<$F:ident: $bound:ident>($($arg:ident: $ty:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$doc])*
        #[inline(never)]
        fn $name<$F: $bound>($($arg: $ty),*) $(-> $out)? {
            #[inline(always)]
            fn portable<$F: $bound>($($arg: $ty),*) $(-> $out)? $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,bmi1,bmi2,adx")]
            fn avx2<$F: $bound>($($arg: $ty),*) $(-> $out)? {
                portable($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,bmi1,bmi2,adx,avx512f,avx512bw,avx512dq,avx512vl")]
            fn avx512<$F: $bound>($($arg: $ty),*) $(-> $out)? {
                portable($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            match $crate::dispatch::path() {
                $crate::dispatch::Path::Portable => {}
                $crate::dispatch::Path::Avx512 if const { size_of::<$F>() <= 8 } => {
                    // SAFETY: `path` gives only what the processor has.
                    return unsafe { avx512($($arg),*) };
                }
                // SAFETY: as above, and AVX-512 comes with AVX2.
                _ => return unsafe { avx2($($arg),*) },
            }
            portable($($arg),*)
        }
    };
}
pub(crate) use each_path;
