//! `explain`: which requests of live traffic leave a trace, and where to. A word of our own.
//!
//! `explain [sample N] [header NAME SECRET] [to log | to file PATH [json]] [if|unless CONDITION]`

use portero_grammar::{Diagnostic, Word, rules};

use super::super::{Call, choose};
use crate::config::checked::{Explain, ExplainTo};
use crate::config::draft::Draft;

/// The parts of a line before its condition.
#[derive(Clone, Copy)]
enum Part {
    Sample,
    Header,
    To,
}

const PARTS: [(&str, Part); 3] = [("sample", Part::Sample), ("header", Part::Header), ("to", Part::To)];

/// Reads a line.
pub(super) fn explain(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let is_condition = |word: &Word| matches!(word.text.as_str(), "if" | "unless") && !word.quoted;
    let end = c.args.iter().position(is_condition).unwrap_or(c.args.len());
    let mut explain = Explain { every: 1, secret: None, condition: None, to: ExplainTo::Log };
    let mut at = 0;
    while at < end {
        at = match c.choice(at, &PARTS)? {
            Part::Sample => {
                explain.every = c.number(at + 1, 1..=i64::from(u32::MAX))?;
                at + 2
            }
            Part::Header => {
                let bytes = |index| c.word(index).map(|word| word.bytes().to_vec());
                explain.secret = Some((bytes(at + 1)?, bytes(at + 2)?));
                at + 3
            }
            Part::To => {
                let (to, next) = target(c, at + 1)?;
                explain.to = to;
                next
            }
        };
    }
    let read = rules::condition(&c.args[end..]);
    explain.condition = read.map_err(|errors| {
        let mut errors = errors.into_iter();
        let first = errors.next();
        c.reading.out.extend(errors);
        first.unwrap_or_else(|| c.error("this condition cannot be read"))
    })?;
    let chooses = |part: &str| c.args[..end].iter().any(|word| word.text == part);
    if explain.secret.is_none() && explain.condition.is_none() && !chooses("sample") {
        let error = c.error("'explain' does not say which requests");
        return Err(error.help(
            "one in a thousand: 'sample 1000'; or those with 'header NAME SECRET', or 'if CONDITION'",
        ));
    }
    c.target.explain.push(explain);
    Ok(())
}

/// `log`, or `file PATH [json]`; and what comes behind.
fn target(c: &Call<'_, Draft>, at: usize) -> Result<(ExplainTo, usize), Diagnostic> {
    if !choose("explain to", c.word(at)?, &[("log", false), ("file", true)])? {
        return Ok((ExplainTo::Log, at + 1));
    }
    let path = c.text(at + 1)?.into();
    let json = c.args.get(at + 2).is_some_and(|word| word.text == "json");
    Ok((ExplainTo::File { path, json }, at + 2 + usize::from(json)))
}
