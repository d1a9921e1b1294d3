//! Tests: an expression and what it is matched against (HAProxy manual, section 7.1).

use super::expr::expr;
use super::tree::{Flag, Test};
use crate::{Diagnostic, Span, Word};

const FLAGS: &[&str] = &["-i", "-f", "-m", "-n", "-u", "-M", "--"];

/// Reads the words of a test: `path_beg -i /api /v2`. `place` is shown when there are none.
pub fn test(words: &[Word], place: Span) -> Result<Test, Vec<Diagnostic>> {
    let [first, rest @ ..] = words else {
        let error = Diagnostic::error(place, "a test is missing");
        return Err(vec![error.help("a test is an expression and patterns: 'path_beg /api'")]);
    };
    let expr = expr(first);
    let flags = flags(rest);
    match (expr, flags) {
        (Ok(expr), Ok((flags, patterns))) => {
            let span = first.span.to(words[words.len() - 1].span);
            Ok(Test { expr, flags, patterns: patterns.to_vec(), span })
        }
        (expr, flags) => Err([expr.err().unwrap_or_default(), flags.err().unwrap_or_default()].concat()),
    }
}

/// Parts flags from patterns.
fn flags(mut words: &[Word]) -> Result<(Vec<Flag>, &[Word]), Vec<Diagnostic>> {
    let mut flags = Vec::new();
    while let [name, rest @ ..] = words {
        let mut arg = None;
        match name.text.as_str() {
            "--" => return Ok((flags, rest)),
            "-i" | "-n" | "-M" => words = rest,
            "-f" | "-m" | "-u" => {
                let Some((value, rest)) = rest.split_first() else {
                    return Err(vec![without_argument(name)]);
                };
                (arg, words) = (Some(value.clone()), rest);
            }
            other if other.starts_with('-') => return Err(vec![unknown(name)]),
            _ => break,
        }
        flags.push(Flag { name: name.clone(), arg });
    }
    Ok((flags, words))
}

fn unknown(flag: &Word) -> Diagnostic {
    let error = Diagnostic::error(flag.span, format!("'{}' is no flag of a test", flag.text));
    error.help(format!("the flags are {}; write '--' before a pattern that begins with '-'", FLAGS.join(" ")))
}

fn without_argument(flag: &Word) -> Diagnostic {
    let (wanted, example) = match flag.text.as_str() {
        "-f" => ("a file", "-f blocked.lst"),
        "-m" => ("a matching method", "-m beg"),
        _ => ("a number", "-u 7"),
    };
    Diagnostic::error(flag.span, format!("'{}' must be followed by {wanted}", flag.text))
        .help(format!("for instance '{example}'"))
}
