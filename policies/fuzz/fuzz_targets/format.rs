//! Any text as a log format: read, compiled, written as a log line and as a header value.
#![no_main]

mod world;

use libfuzzer_sys::fuzz_target;
use portero_policies::{Escape, Stage};

fuzz_target!(|data: &str| {
    for escape in [Escape::Log, Escape::Header] {
        let format = world::compiled(data, |compiler, word| compiler.format(word, Stage::Log, escape));
        if let Some(format) = format {
            format.write(&world::exchange(), &mut Vec::new());
        }
    }
});
