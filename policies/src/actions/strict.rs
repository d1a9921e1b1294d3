//! `strict-mode`, and what becomes of a rewrite that finds no room in its message.

use portero_api::{Action, Answer, Counter, Exchange};

use super::words::Words;
use super::{ActionKind, Made, families};

pub(super) static ROWS: &[ActionKind] = &[ActionKind {
    name: "strict-mode",
    families: families::HTTP,
    syntax: "on | off",
    summary: "whether a rewrite that finds no room ends the exchange with 500 (on, as always at first) or is passed over",
    ends: false,
    make: strict_mode,
}];

/// The answer of a rewrite for which the head has no room (manual, "tune.maxrewrite").
#[cold]
pub(super) fn no_room(exchange: &Exchange) -> Answer {
    exchange.count_everywhere(Counter::FailedRewrites);
    if exchange.room.lenient { Answer::Continue } else { Answer::Fail }
}

struct StrictMode(bool);

impl Action for StrictMode {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        exchange.room.lenient = !self.0;
        Answer::Continue
    }
}

fn strict_mode(words: &mut Words<'_, '_>) -> Made {
    let word = words.need("'on' or 'off'")?;
    match word.text.as_str() {
        "on" => Ok(Box::new(StrictMode(true))),
        "off" => Ok(Box::new(StrictMode(false))),
        _ => Err(words.unexpected(word, ["on", "off"])),
    }
}
