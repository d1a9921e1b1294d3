//! Any text as statements of the rule language.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portero_grammar::cfg::Settings;
use portero_grammar::{Sources, rules};

fuzz_target!(|data: &str| {
    let mut sources = Sources::default();
    let file = sources.add("fuzz.rules", data);
    rules::parse(&sources, file, &Settings::default()).1.render(&sources, false);
});
