//! Actions on the log: set-log-level, do-log.

use portero_api::{Action, Answer, Deed, Exchange};
use portero_grammar::rules::Family::*;

use super::words::Words;
use super::{ActionKind, Made};

pub(super) static ROWS: &[ActionKind] = &[
    ActionKind {
        name: "set-log-level",
        families: &[TcpRequestContent, TcpResponseContent, HttpRequest, HttpResponse, HttpAfterResponse],
        syntax: "<level> | silent",
        summary: "change the level of this exchange's log line, or write none",
        ends: false,
        make,
    },
    ActionKind {
        name: "do-log",
        families: super::families::EVERY,
        syntax: "",
        summary: "write a log line now, beside the one at the end",
        ends: false,
        make: do_log,
    },
];

struct DoLog;

impl Action for DoLog {
    fn run(&self, _: &mut Exchange) -> Answer {
        Answer::Do(Deed::Log)
    }
}

fn do_log(words: &mut Words<'_, '_>) -> Made {
    match words.peek().filter(|word| word.text == "profile") {
        Some(word) => Err(words.compiler.error(word.span, "'profile' of 'do-log' is not supported yet")),
        None => Ok(Box::new(DoLog)),
    }
}

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
