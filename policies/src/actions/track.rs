//! Actions that track entries of tables, and count in those that are tracked (HAProxy manual, section 4.3).

use std::sync::Arc;

use portero_api::tables::{Data, Entry, Event, Key, Slot, Statuses, Table, Tracked};
use portero_api::{Action, Answer, Exchange, Expression, Wait};
use portero_grammar::Diagnostic;
use portero_grammar::rules::Family;

use super::words::Words;
use super::{ActionKind, Made, families};
use crate::compile::Keyed;
use crate::tables::ask::with_key;
use crate::{Expr, Reported};

pub(super) static ROWS: &[ActionKind] = &[
    ActionKind {
        name: TRACK,
        families: &[
            Family::TcpRequestConnection,
            Family::TcpRequestSession,
            Family::TcpRequestContent,
            Family::HttpRequest,
            Family::HttpResponse,
        ],
        syntax: "<key> [table <table>]",
        summary: "count for the entry of a key from now on; 'track-sc1' and so on are further counters",
        ends: false,
        make: track,
    },
    ActionKind {
        name: "sc-inc-gpc",
        families: families::EVERY,
        syntax: "(<index>,<counter>)",
        summary: "add 1 to a general purpose counter of what is tracked",
        ends: false,
        make: |words| {
            let index = words.index(0)?;
            change(words, 1, Change::Add(Slot::gpc(index), Number::Fixed(1)))
        },
    },
    ActionKind {
        name: "sc-inc-gpc0",
        families: families::EVERY,
        syntax: "(<counter>)",
        summary: "add 1 to its first general purpose counter",
        ends: false,
        make: |words| change(words, 0, Change::Add(Slot::old_gpc(true), Number::Fixed(1))),
    },
    ActionKind {
        name: "sc-inc-gpc1",
        families: families::EVERY,
        syntax: "(<counter>)",
        summary: "add 1 to its second general purpose counter",
        ends: false,
        make: |words| change(words, 0, Change::Add(Slot::old_gpc(false), Number::Fixed(1))),
    },
    ActionKind {
        name: "sc-add-gpc",
        families: families::EVERY,
        syntax: "(<index>,<counter>) <int> | <expr>",
        summary: "add a number to a general purpose counter of what is tracked",
        ends: false,
        make: |words| {
            let slots = Slot::gpc(words.index(0)?);
            let number = number(words)?;
            change(words, 1, Change::Add(slots, number))
        },
    },
    ActionKind {
        name: "sc-set-gpt",
        families: families::EVERY,
        syntax: "(<index>,<counter>) <int> | <expr>",
        summary: "set a general purpose tag of what is tracked",
        ends: false,
        make: |words| {
            let slot = Slot::at(Data::Gpt, words.index(0)?);
            let number = number(words)?;
            change(words, 1, Change::Set(slot, number))
        },
    },
    ActionKind {
        name: "sc-set-gpt0",
        families: families::EVERY,
        syntax: "(<counter>) <int> | <expr>",
        summary: "set its first general purpose tag",
        ends: false,
        make: |words| {
            let number = number(words)?;
            change(words, 0, Change::Set(Data::Gpt0.into(), number))
        },
    },
];

/// The name of the row that stands for `track-sc0` to `track-scN`.
const TRACK: &str = "track-sc0";

/// The name under which an action stands in the table: all that track have one row.
pub(super) fn row_of(name: &str) -> &str {
    let number = name.strip_prefix("track-sc");
    if number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) { TRACK } else { name }
}

struct Track {
    number: u8,
    key: Expr,
    table: Arc<dyn Table>,
    family: Family,
    statuses: Arc<Statuses>,
}

impl Action for Track {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        if exchange.tracked(self.number).is_some() {
            return Answer::Continue;
        }
        let key = match self.key.value(exchange) {
            Ok(key) => key,
            Err(_) if self.family == Family::TcpRequestContent && !exchange.payload.complete => {
                return Answer::Wait(Wait::Data);
            }
            Err(_) => None,
        };
        let begin = |key: Key<'_>| Tracked::begin(&self.table, key);
        let tracked = key.and_then(|key| with_key(key, self.table.schema().key, begin)).flatten();
        let Some(tracked) = tracked else { return Answer::Continue };
        if matches!(self.family, Family::TcpRequestConnection | Family::TcpRequestSession) {
            exchange.conn.trackers.set(self.number, tracked);
            return Answer::Continue;
        }
        self.count(exchange, tracked.entry());
        exchange.trackers.set(self.number, tracked);
        Answer::Continue
    }
}

impl Track {
    /// The request that is under way was not counted yet, nor was its response when that is there already.
    fn count(&self, exchange: &Exchange, entry: &Entry) {
        if exchange.request.target.is_empty() {
            return;
        }
        entry.count(Event::Request, 1);
        if self.family == Family::HttpResponse {
            self.statuses.events(exchange.response.status).for_each(|event| entry.count(event, 1));
        }
    }
}

fn track(words: &mut Words<'_, '_>) -> Made {
    let tables = &words.compiler.context.common.tables;
    let counters = tables.counters();
    let number = words.name()["track-sc".len()..].parse().ok().filter(|number| *number < counters);
    let number = number.ok_or_else(|| {
        let message = format!("'{}': there are {counters} counters, from 0", words.name());
        let error = Diagnostic::error(words.span(), message);
        words.compiler.fail(error.help("'tune.stick-counters' in section 'global' says how many"))
    });
    let keyed = words.compiler.keyed(words.rest(), words.span());
    let (number, Keyed { key, table }) = (number?, keyed?);
    let statuses = tables.statuses();
    Ok(Box::new(Track { number, key, table, family: words.family, statuses }))
}

enum Change {
    Add([Slot; 2], Number),
    Set(Slot, Number),
}

enum Number {
    Fixed(u32),
    Asked(Expr),
}

impl Number {
    fn get(&self, exchange: &Exchange) -> Option<u32> {
        match self {
            Number::Fixed(number) => Some(*number),
            Number::Asked(expr) => expr.int(exchange).map(|number| number.clamp(0, u32::MAX.into()) as u32),
        }
    }
}

struct InTracked {
    counter: u8,
    change: Change,
}

impl Action for InTracked {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let Some(entry) = exchange.tracked(self.counter) else { return Answer::Continue };
        match &self.change {
            Change::Add(slots, number) => {
                if let Some(number) = number.get(exchange) {
                    entry.count_gpc(*slots, number);
                }
            }
            Change::Set(slot, number) => {
                if let Some(number) = number.get(exchange) {
                    entry.set(*slot, u64::from(number));
                }
            }
        }
        Answer::Continue
    }
}

/// `at`: the place of the counter's number among the parameters.
fn change(words: &Words<'_, '_>, at: usize, change: Change) -> Made {
    let counters = words.compiler.context.common.tables.counters();
    let param = words.params().get(at);
    let counter = param.and_then(|param| param.text.parse().ok()).filter(|number| *number < counters);
    match counter {
        Some(counter) => Ok(Box::new(InTracked { counter, change })),
        None => Err(words.fail(format_args!(
            "'(...)' ends with the number of a counter from 0 to {}",
            counters.saturating_sub(1)
        ))),
    }
}

fn number(words: &mut Words<'_, '_>) -> Result<Number, Reported> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some(word) = words.peek().filter(|word| digits(&word.text)) else {
        return Ok(Number::Asked(words.expr()?));
    };
    words.next();
    word.text
        .parse()
        .map(Number::Fixed)
        .map_err(|_| words.compiler.error(word.span, format!("'{}' has more than 32 bits", word.text)))
}

impl Words<'_, '_> {
    /// The index of an array among the parameters.
    fn index(&self, at: usize) -> Result<u8, Reported> {
        let param = self.params().get(at);
        let index = param.and_then(|param| param.text.parse().ok()).filter(|index| *index < 100);
        index.ok_or_else(|| self.fail("'(...)' begins with an index from 0 to 99"))
    }
}
