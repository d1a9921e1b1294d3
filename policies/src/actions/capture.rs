//! `capture`: a sample into a slot that the log shows (HAProxy manual, sections 4.4 and 8.8).

use portero_api::{Action, Answer, Exchange};
use portero_grammar::rules::Family::*;

use super::headers::Side;
use super::words::Words;
use super::{ActionKind, Made};
use crate::Expr;

pub(super) static ROWS: &[ActionKind] = &[ActionKind {
    name: "capture",
    families: &[TcpRequestContent, HttpRequest, HttpResponse, HttpAfterResponse],
    syntax: "<expr> len <length> | <expr> id <slot>",
    summary: "keep a sample in a capture slot, of its own (request rules only) or declared before",
    ends: false,
    make,
}];

struct Capture {
    expr: Expr,
    side: Side,
    slot: usize,
}

impl Action for Capture {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let mut text = Vec::new();
        if !self.expr.write(exchange, &mut text) {
            return Answer::Continue;
        }
        match self.side {
            Side::Request => exchange.log.request_captures.set(self.slot, &text),
            Side::Response => exchange.log.response_captures.set(self.slot, &text),
        }
        Answer::Continue
    }
}

fn make(words: &mut Words<'_, '_>) -> Made {
    let expr = words.expr();
    let side = Side::of(words.family);
    let word = words.need("'len <length>' or 'id <slot>'")?;
    let slot = match (word.text.as_str(), side) {
        ("len", Side::Request) => {
            number(words, 1)?;
            words.compiler.add_request_capture()
        }
        ("len", Side::Response) => {
            return Err(words
                .compiler
                .error(word.span, "'len' can only be used in request rules: use 'id' here"));
        }
        ("id", _) => number(words, 0)?,
        _ => return Err(words.unexpected(word, ["len", "id"])),
    };
    Ok(Box::new(Capture { expr: expr?, side, slot }))
}

fn number(words: &mut Words<'_, '_>, least: usize) -> Result<usize, crate::Reported> {
    let word = words.need("a number")?;
    match word.text.parse() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(words.compiler.error(word.span, format!("'{}' is no number from {least} on", word.text))),
    }
}
