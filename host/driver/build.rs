//! Puts forwarders where the linker looks for libOpenCL (`src/device/opencl/forward.c`), so that the
//! program is built and starts without one.

fn main() {
    println!("cargo::rerun-if-changed=src/device/opencl/forward.c");
    #[cfg(feature = "opencl")] // the crate cc is there with it alone
    forwarders();
}

#[cfg(feature = "opencl")]
fn forwarders() {
    let unix = std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family.contains("unix"));
    let wide = std::env::var("CARGO_CFG_TARGET_POINTER_WIDTH").is_ok_and(|width| width == "64");
    let apple = std::env::var("CARGO_CFG_TARGET_VENDOR").is_ok_and(|vendor| vendor == "apple");
    // elsewhere the system's own library is linked
    if !unix || !wide || apple {
        return;
    }
    // `-lOpenCL` comes from the crate cl-sys; this is the folder in which it is found first
    cc::Build::new()
        .file("src/device/opencl/forward.c")
        .cargo_metadata(false)
        .compile("OpenCL");
    if let Ok(folder) = std::env::var("OUT_DIR") {
        println!("cargo::rustc-link-search=native={folder}");
        println!("cargo::rustc-link-lib=dl");
    }
}
