//! Actions on how the exchange is handled: set-timeout, set-retries, disable-l7-retry, set-priority-class and -offset.

use std::time::Duration;

use portero_api::{Action, Answer, Exchange, Timeout};
use portero_grammar::rules::Family::{self, HttpRequest, TcpRequestContent};

use super::words::Words;
use super::{ActionKind, Made, families};
use crate::Expr;

const CONTENT: &[Family] = &[TcpRequestContent, HttpRequest];

pub(super) static ROWS: &[ActionKind] = &[
    ActionKind {
        name: "set-timeout",
        families: families::HTTP_BOTH,
        syntax: "client|connect|queue|server|tarpit|tunnel <time> | <expr>",
        summary: "another time-out for this exchange; an expression gives it in milliseconds",
        ends: false,
        make: set_timeout,
    },
    ActionKind {
        name: "set-retries",
        families: CONTENT,
        syntax: "<number> | <expr>",
        summary: "so many further tries of a server, from 0 to 100",
        ends: false,
        make: set_retries,
    },
    ActionKind {
        name: "disable-l7-retry",
        families: families::HTTP_REQUEST,
        syntax: "",
        summary: "no further try once a server was reached, whatever 'retry-on' says",
        ends: false,
        make: |_| Ok(Box::new(NoRetry)),
    },
    ActionKind {
        name: "set-priority-class",
        families: CONTENT,
        syntax: "<expr>",
        summary: "the class of the request in queues, from -2047 to 2047: a lower one goes first",
        ends: false,
        make: |words| Ok(Box::new(Queueing { what: Place::Class, expr: words.expr()? })),
    },
    ActionKind {
        name: "set-priority-offset",
        families: CONTENT,
        syntax: "<expr>",
        summary: "queue as if the request had come so many milliseconds later, or earlier when negative",
        ends: false,
        make: |words| Ok(Box::new(Queueing { what: Place::Offset, expr: words.expr()? })),
    },
];

/// A number as written, or one that is found for each exchange.
enum Number {
    Fixed(u64),
    Asked(Expr),
}

impl Number {
    fn get(&self, exchange: &Exchange) -> Option<u64> {
        match self {
            Number::Fixed(number) => Some(*number),
            Number::Asked(expr) => expr.int(exchange).and_then(|number| number.try_into().ok()),
        }
    }
}

struct SetTimeout {
    which: Timeout,
    /// In microseconds where it is fixed, else in milliseconds.
    time: Number,
}

impl Action for SetTimeout {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let unit = if matches!(self.time, Number::Fixed(_)) { 1 } else { 1_000 };
        // what is no time leaves the time-out as it is
        if let Some(micros) =
            self.time.get(exchange).and_then(|time| time.checked_mul(unit)).filter(|&t| t > 0)
        {
            exchange.tune().set_time(self.which, Duration::from_micros(micros));
        }
        Answer::Continue
    }
}

const TIMEOUTS: [(&str, Timeout); Timeout::COUNT] = [
    ("client", Timeout::Client),
    ("connect", Timeout::Connect),
    ("queue", Timeout::Queue),
    ("server", Timeout::Server),
    ("tarpit", Timeout::Tarpit),
    ("tunnel", Timeout::Tunnel),
];

fn set_timeout(words: &mut Words<'_, '_>) -> Made {
    let names = || TIMEOUTS.iter().map(|(name, _)| *name);
    let word = words.need("the name of a time-out")?;
    let Some(&(_, which)) = TIMEOUTS.iter().find(|(name, _)| *name == word.text) else {
        return Err(words.unexpected(word, names()));
    };
    let time = match words.is_number() {
        true => Number::Fixed(words.time()?.as_micros() as u64),
        false => Number::Asked(words.expr()?),
    };
    if matches!(time, Number::Fixed(0)) {
        return Err(words.fail("a time-out of 0 is none"));
    }
    let side = if which == Timeout::Client { Some(false) } else { which.is_of_backend().then_some(true) };
    if let Some(back) = side.filter(|&back| !words.compiler.has_side(back)) {
        let side = if back { "backend" } else { "frontend" };
        return Err(words
            .compiler
            .error(word.span, format!("time-out '{}' is for proxies with a {side} side", word.text)));
    }
    Ok(Box::new(SetTimeout { which, time }))
}

struct SetRetries(Number);

/// The most further tries that a rule can ask for.
const MOST_RETRIES: u64 = 100;

impl Action for SetRetries {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        if let Some(retries) = self.0.get(exchange).filter(|&n| n <= MOST_RETRIES) {
            exchange.tune().retries = Some(retries as u32);
        }
        Answer::Continue
    }
}

fn set_retries(words: &mut Words<'_, '_>) -> Made {
    if !words.compiler.has_side(true) {
        return Err(words.fail("it is for proxies with a backend side"));
    }
    if !words.is_number() {
        return Ok(Box::new(SetRetries(Number::Asked(words.expr()?))));
    }
    let word = words.need("a number")?;
    match word.text.parse() {
        Ok(retries) if retries <= MOST_RETRIES => Ok(Box::new(SetRetries(Number::Fixed(retries)))),
        _ => Err(words
            .compiler
            .error(word.span, format!("'{}' is no number from 0 to {MOST_RETRIES}", word.text))),
    }
}

struct NoRetry;

impl Action for NoRetry {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        exchange.tune().no_l7_retry = true;
        Answer::Continue
    }
}

#[derive(Clone, Copy)]
enum Place {
    Class,
    Offset,
}

struct Queueing {
    what: Place,
    expr: Expr,
}

impl Action for Queueing {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let Some(number) = self.expr.int(exchange) else { return Answer::Continue };
        let within = |bound: i64| number.clamp(-bound, bound) as i32;
        let priority = &mut exchange.tune().priority;
        match self.what {
            Place::Class => priority.class = within(2_047),
            Place::Offset => priority.offset = within(524_287),
        }
        Answer::Continue
    }
}
