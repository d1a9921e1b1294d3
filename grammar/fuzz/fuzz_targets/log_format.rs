//! Any text as a log format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portero_grammar::{Sources, Word, rules};

fuzz_target!(|data: &str| {
    let mut sources = Sources::default();
    let file = sources.add("fuzz.log", data);
    let word = Word::whole(data, file);
    if let Err(errors) = rules::log_format(&word) {
        errors.iter().for_each(|error| drop(error.render(&sources, false)));
    }
});
