//! The parser that pest makes of the grammars that read words. (The one that cuts lines into words is `cfg::words`.)

/// The parser.
#[derive(pest_derive::Parser)]
#[grammar = "call.pest"]
#[grammar = "cfg/condition.pest"]
#[grammar = "rules/rules.pest"]
pub(crate) struct Grammar;

/// How deep parentheses and conditional blocks may nest.
pub(crate) const MAX_DEPTH: usize = 64;

/// The first parenthesis of a text that nests too deep. Those in quoted arguments count as well: nobody needs so many.
pub(crate) fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    text.bytes().position(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_DEPTH
    })
}

/// What a backslash before this byte stands for.
pub(crate) fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    }
}
