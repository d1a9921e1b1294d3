//! Any text as a condition: that of `-cc`, and that of a rule.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portero_grammar::cfg::{Settings, condition};
use portero_grammar::{Sources, rules};

fuzz_target!(|data: &str| {
    let mut sources = Sources::default();
    if let Err(error) = condition(&mut sources, data, &Settings::default()) {
        error.render(&sources, false);
    }
    let file = sources.add("fuzz.rules", format!("http-request deny if {data}"));
    rules::parse(&sources, file, &Settings::default()).1.render(&sources, false);
});
