//! No bytes of a guest make the reader of header maps panic; what it reads is all there was.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../src/pairs.rs"]
mod pairs;

fuzz_target!(|bytes: &[u8]| {
    let Some(read) = pairs::read(bytes) else { return };
    let written = pairs::write(read.iter().copied());
    // no pairs are written in more than one way
    assert!(read.is_empty() || written == bytes);
    assert_eq!(pairs::read(&written), Some(read));
});
