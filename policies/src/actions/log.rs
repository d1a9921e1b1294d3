//! Actions on the log: set-log-level.

use portero_api::{Action, Answer, Exchange};
use portero_grammar::rules::Family::*;

use super::words::Words;
use super::{ActionKind, Made};

pub(super) static ROWS: &[ActionKind] = &[ActionKind {
    name: "set-log-level",
    families: &[TcpRequestContent, TcpResponseContent, HttpRequest, HttpResponse, HttpAfterResponse],
    syntax: "<level> | silent",
    summary: "change the level of this exchange's log line, or write none",
    ends: false,
    make,
}];

const LEVELS: [&str; 9] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", "silent"];

struct SetLevel(Option<u8>);

impl Action for SetLevel {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        exchange.log.silent = self.0.is_none();
        exchange.log.level = self.0;
        Answer::Continue
    }
}

fn make(words: &mut Words<'_, '_>) -> Made {
    let word = words.need("a log level")?;
    match LEVELS.iter().position(|level| *level == word.text) {
        Some(8) => Ok(Box::new(SetLevel(None))),
        Some(level) => Ok(Box::new(SetLevel(Some(level as u8)))),
        None => Err(words.unexpected(word, LEVELS)),
    }
}
