//! A bitstream, as .bit and as .svf: faults are within the file, and what is whole has the part's frames.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmill_bitstream::{Bitstream, svf};

fuzz_target!(|data: &[u8]| {
    match Bitstream::parse(data) {
        Ok(found) => assert_eq!(found.frames, found.part.frames),
        Err(error) => assert!(error.offset <= data.len()),
    }
    if let Ok(text) = str::from_utf8(data)
        && let Err(error) = svf::part(text)
    {
        assert!(error.offset <= data.len());
    }
});
