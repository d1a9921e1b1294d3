//! Actions that end, refuse or hold up: allow, accept, reject, silent-drop, expect-proxy, pause, wait-for-body.

use std::time::Duration;

use portero_api::{Action, Answer, Close, Deed, Exchange, Wait};
use portero_grammar::Diagnostic;
use portero_grammar::rules::Family::*;

use super::words::Words;
use super::{ActionKind, Made, families};
use crate::Expr;

pub(super) static ROWS: &[ActionKind] = &[
    ActionKind {
        name: "accept",
        families: families::TCP,
        syntax: "",
        summary: "end the evaluation of these rules and go on",
        ends: true,
        make: |_| Ok(Box::new(Stop)),
    },
    ActionKind {
        name: "allow",
        families: families::HTTP,
        syntax: "",
        summary: "end the evaluation of these rules and go on",
        ends: true,
        make: |_| Ok(Box::new(Stop)),
    },
    ActionKind {
        name: "reject",
        families: &[
            TcpRequestConnection,
            TcpRequestSession,
            TcpRequestContent,
            TcpResponseContent,
            HttpRequest,
        ],
        syntax: "",
        summary: "close the connection without an answer",
        ends: true,
        make: |_| Ok(Box::new(End(Close::Reject))),
    },
    ActionKind {
        name: "silent-drop",
        families: &[
            TcpRequestConnection,
            TcpRequestSession,
            TcpRequestContent,
            TcpResponseContent,
            HttpRequest,
            HttpResponse,
        ],
        syntax: "[rst-ttl <ttl>]",
        summary: "make the connection disappear: the reset gets no farther than <ttl> routers, 1 by default",
        ends: true,
        make: silent_drop,
    },
    ActionKind {
        name: "expect-proxy",
        families: &[TcpRequestConnection],
        syntax: "layer4",
        summary: "wait for a PROXY protocol header, as 'accept-proxy' does for all",
        ends: false,
        make: expect_proxy,
    },
    ActionKind {
        name: "set-nice",
        families: &[TcpRequestContent, TcpResponseContent, HttpRequest, HttpResponse],
        syntax: "<nice>",
        summary: "no request is served before others: it changes nothing",
        ends: false,
        make: set_nice,
    },
    ActionKind {
        name: "close",
        families: &[TcpResponseContent],
        syntax: "",
        summary: "close the connections with the server and the client",
        ends: true,
        make: |_| Ok(Box::new(End(Close::Reject))),
    },
    ActionKind {
        name: "wait-for-handshake",
        families: families::HTTP_REQUEST,
        syntax: "",
        summary: "go on when the TLS handshake is done, which it is: there is no early data",
        ends: false,
        make: |words| {
            let note = "'wait-for-handshake' changes nothing here: requests are read behind the handshake";
            words.compiler.push(Diagnostic::note(words.span(), note));
            Ok(Box::new(Nothing))
        },
    },
    ActionKind {
        name: "pause",
        families: families::HTTP_BOTH,
        syntax: "<time> | <expr>",
        summary: "go on after a time; an expression gives it in milliseconds",
        ends: false,
        make: pause,
    },
    ActionKind {
        name: "wait-for-body",
        families: families::HTTP_BOTH,
        syntax: "time <time> [at-least <size>]",
        summary: "wait until the body, or so much of it, is there",
        ends: false,
        make: wait_for_body,
    },
];

struct Stop;

impl Action for Stop {
    fn run(&self, _: &mut Exchange) -> Answer {
        Answer::Stop
    }
}

struct End(Close);

impl Action for End {
    fn run(&self, _: &mut Exchange) -> Answer {
        Answer::Close(self.0)
    }
}

/// How far the reset gets where nothing is said: nowhere.
const TTL: u8 = 1;

fn silent_drop(words: &mut Words<'_, '_>) -> Made {
    if !words.take("rst-ttl") {
        return Ok(Box::new(End(Close::Silent(TTL))));
    }
    let word = words.need("a number of routers")?;
    match word.text.parse() {
        Ok(ttl @ 1..) => Ok(Box::new(End(Close::Silent(ttl)))),
        _ => Err(words.compiler.error(word.span, format!("'{}' is no number from 1 to 255", word.text))),
    }
}

struct ExpectProxy;

impl Action for ExpectProxy {
    fn run(&self, _: &mut Exchange) -> Answer {
        Answer::Do(Deed::ExpectProxy)
    }
}

fn expect_proxy(words: &mut Words<'_, '_>) -> Made {
    let word = words.need("'layer4'")?;
    match word.text.as_str() {
        "layer4" => Ok(Box::new(ExpectProxy)),
        _ => Err(words.unexpected(word, ["layer4"])),
    }
}

fn set_nice(words: &mut Words<'_, '_>) -> Made {
    let word = words.need("a number")?;
    if !word.text.parse::<i32>().is_ok_and(|nice| (-1024..=1024).contains(&nice)) {
        return Err(words
            .compiler
            .error(word.span, format!("'{}' is no number from -1024 to 1024", word.text)));
    }
    let note = "'set-nice' changes nothing here: what is ready is served in the order it came";
    words.compiler.push(Diagnostic::note(words.span(), note));
    Ok(Box::new(Nothing))
}

enum Pause {
    For(Duration),
    Asked(Expr),
}

impl Action for Pause {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let time = match self {
            Pause::For(time) => *time,
            Pause::Asked(expr) => match expr.int(exchange).and_then(|ms| u64::try_from(ms).ok()) {
                Some(millis) => Duration::from_millis(millis),
                None => return Answer::Continue,
            },
        };
        if time.is_zero() { Answer::Continue } else { Answer::Wait(Wait::Pause(time)) }
    }
}

fn pause(words: &mut Words<'_, '_>) -> Made {
    if words.is_number() {
        Ok(Box::new(Pause::For(words.time()?)))
    } else {
        Ok(Box::new(Pause::Asked(words.expr()?)))
    }
}

struct WaitForBody {
    at_least: usize,
    time: Duration,
}

impl Action for WaitForBody {
    fn run(&self, _: &mut Exchange) -> Answer {
        Answer::Wait(Wait::Body { at_least: self.at_least, time: self.time })
    }
}

fn wait_for_body(words: &mut Words<'_, '_>) -> Made {
    let mut time = None;
    let mut at_least = 0;
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "time" => time = Some(words.time()?),
            "at-least" => at_least = usize::try_from(words.size()?).unwrap_or(usize::MAX),
            "use-large-buffer" => {
                return Err(words.compiler.error(word.span, "'use-large-buffer' is not supported yet"));
            }
            _ => return Err(words.unexpected(word, ["time", "at-least"])),
        }
    }
    let time = time.ok_or_else(|| words.fail("'time <time>' is missing"))?;
    Ok(Box::new(WaitForBody { at_least, time }))
}

struct Nothing;

impl Action for Nothing {
    fn run(&self, _: &mut Exchange) -> Answer {
        Answer::Continue
    }
}
