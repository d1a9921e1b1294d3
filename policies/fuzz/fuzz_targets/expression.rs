//! Any text as an expression: read, compiled, evaluated. No text makes any of it panic, nor run without end.
#![no_main]

mod world;

use libfuzzer_sys::fuzz_target;
use portero_grammar::rules;
use portero_policies::Stage;

fuzz_target!(|data: &str| {
    for stage in [Stage::Request, Stage::Log] {
        let expr = world::compiled(data, |compiler, word| compiler.expr(&rules::expr(word).ok()?, stage));
        if let Some(expr) = expr {
            expr.get(&world::exchange());
        }
    }
});
