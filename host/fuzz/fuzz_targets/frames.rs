//! What a card sends: a frame that is found is made of the bytes that it was found in.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmill_wire::Decoder;
use proofmill_wire::frame::{MAX_BYTES, MAX_WORDS};

fuzz_target!(|data: &[u8]| {
    let mut decoder = Decoder::default();
    for (i, byte) in data.iter().enumerate() {
        if let Some(Ok(frame)) = decoder.push(*byte) {
            assert!(frame.values().count() <= MAX_WORDS);
            let mut bytes = [0; MAX_BYTES];
            let len = frame.encode(&mut bytes).expect("what was found fits");
            assert!(data[..=i].ends_with(&bytes[..len]));
        }
    }
});
