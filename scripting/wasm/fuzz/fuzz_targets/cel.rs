//! No text of a guest makes the reader or the evaluation of CEL panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../src/cel/mod.rs"]
mod cel;
#[path = "../../src/pairs.rs"]
mod pairs;

fuzz_target!(|text: &str| {
    let Ok(expression) = cel::Expression::read(text) else { return };
    let mut find = |path: &[String]| match path.len() {
        1 => None,
        2 => Some(cel::Value::Int(-7)),
        _ => Some(cel::Value::text(b"a/b".to_vec())),
    };
    if let Ok(value) = expression.value(&mut find) {
        value.into_bytes();
    }
});
