//! Which instructions the CPU's kernels are compiled for: chosen once, when first asked.
//!
//! `PROOFMILL_CPU=portable|avx2|avx512` forces a path that the processor has.

use std::sync::OnceLock;

/// A set of instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Path {
    /// Whatever the program was compiled for.
    Portable,
    /// AVX2, BMI2, ADX.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, DQ, VL on top.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The best path that this processor has, or the one that the environment forces if it has that.
pub(crate) fn path() -> Path {
    static PATH: OnceLock<Path> = OnceLock::new();
    *PATH.get_or_init(|| {
        choose(
            std::env::var("PROOFMILL_CPU")
                .as_deref()
                .unwrap_or_default(),
        )
    })
}

impl Path {
    /// Its name, as `PROOFMILL_CPU` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Path::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => "avx512",
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn choose(_: &str) -> Path {
    Path::Portable
}

#[cfg(target_arch = "x86_64")]
fn choose(wanted: &str) -> Path {
    let avx2 = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("adx");
    let avx512 = avx2
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    match wanted {
        "portable" => Path::Portable,
        "avx2" if avx2 => Path::Avx2,
        _ if avx512 => Path::Avx512,
        _ if avx2 => Path::Avx2,
        _ => Path::Portable,
    }
}

/// Compiles a generic function once for each path and calls the one that [`path`] chose.
macro_rules! each_path {
    ($(#[$doc:meta])* fn $name:ident<$F:ident: $bound:ident>($($arg:ident: $ty:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$doc])*
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
            match $crate::device::cpu::dispatch::path() {
                $crate::device::cpu::dispatch::Path::Portable => portable($($arg),*),
                // SAFETY: `path` gives only what the processor has.
                #[cfg(target_arch = "x86_64")]
                $crate::device::cpu::dispatch::Path::Avx2 => unsafe { avx2($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::device::cpu::dispatch::Path::Avx512 => unsafe { avx512($($arg),*) },
            }
        }
    };
}

/// As [`each_path`] for code on 64-bit limbs, which gains from BMI2 and ADX but not from AVX-512.
macro_rules! each_scalar_path {
    ($(#[$doc:meta])* fn $name:ident<$F:ident: $bound:ident>($($arg:ident: $ty:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$doc])*
        fn $name<$F: $bound>($($arg: $ty),*) $(-> $out)? {
            #[inline(always)]
            fn portable<$F: $bound>($($arg: $ty),*) $(-> $out)? $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,bmi1,bmi2,adx")]
            fn avx2<$F: $bound>($($arg: $ty),*) $(-> $out)? {
                portable($($arg),*)
            }
            match $crate::device::cpu::dispatch::path() {
                $crate::device::cpu::dispatch::Path::Portable => portable($($arg),*),
                // SAFETY: `path` gives only what the processor has, and AVX-512 comes with AVX2.
                #[cfg(target_arch = "x86_64")]
                _ => unsafe { avx2($($arg),*) },
            }
        }
    };
}
pub(crate) use {each_path, each_scalar_path};
