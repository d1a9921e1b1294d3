//! Any bytes as a haproxy.cfg: read, and what is said of them shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portero_grammar::Sources;
use portero_grammar::cfg::{Settings, add_bytes, parse};

fuzz_target!(|data: &[u8]| {
    let mut sources = Sources::default();
    let (file, _) = add_bytes(&mut sources, "fuzz.cfg", data.to_vec());
    parse(&sources, &[file], &mut Settings::default()).diagnostics.render(&sources, false);
});
