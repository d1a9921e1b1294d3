//! Actions on header fields: set-header, add-header, del-header, set-status.

use portero_api::{Action, Answer, Exchange, Headers};
use portero_grammar::rules::Family;

use super::strict::no_room;
use super::text::Text;
use super::words::Words;
use super::{ActionKind, Made, families};
use crate::format::Escape;
use crate::matching::{Method, Regex, Texts};

pub(super) static ROWS: &[ActionKind] = &[
    ActionKind {
        name: "add-header",
        families: families::HTTP,
        syntax: "<name> <fmt>",
        summary: "add a header field at the end",
        ends: false,
        make: |words| write_header(words, Mode::Add),
    },
    ActionKind {
        name: "set-header",
        families: families::HTTP,
        syntax: "<name> <fmt>",
        summary: "remove all header fields of that name and add one",
        ends: false,
        make: |words| write_header(words, Mode::Set),
    },
    ActionKind {
        name: "del-header",
        families: families::HTTP,
        syntax: "<name> [-m str|beg|end|sub|reg]",
        summary: "remove the header fields whose name is this, or matches it",
        ends: false,
        make: del_header,
    },
    ActionKind {
        name: "set-status",
        families: families::HTTP_ANSWER,
        syntax: "<status> [reason <text>]",
        summary: "replace the status of the response",
        ends: false,
        make: set_status,
    },
];

/// Which message of the exchange rules of a family act on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

impl Side {
    pub(super) fn of(family: Family) -> Side {
        match family {
            Family::HttpResponse | Family::HttpAfterResponse => Side::Response,
            _ => Side::Request,
        }
    }

    pub(super) fn headers(self, exchange: &mut Exchange) -> &mut Headers {
        match self {
            Side::Request => &mut exchange.request.headers,
            Side::Response => &mut exchange.response.headers,
        }
    }

    /// Whether the head of the message has room for so many more bytes.
    pub(super) fn may_grow(self, exchange: &Exchange, by: usize) -> bool {
        match self {
            Side::Request => exchange.request_may_grow(by),
            Side::Response => exchange.response_may_grow(by),
        }
    }
}

#[derive(Clone, Copy)]
enum Mode {
    Add,
    Set,
}

struct WriteHeader {
    side: Side,
    mode: Mode,
    name: Box<[u8]>,
    value: Text,
}

impl Action for WriteHeader {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        self.value.with(exchange, |exchange, value| {
            if !self.has_room(exchange, value) {
                return no_room(exchange);
            }
            let headers = self.side.headers(exchange);
            match self.mode {
                Mode::Add => headers.add(&self.name, value),
                Mode::Set => headers.set(&self.name, value),
            }
            Answer::Continue
        })
    }
}

impl WriteHeader {
    /// What a new field takes the place of makes room; it is looked for only where there is none without.
    fn has_room(&self, exchange: &mut Exchange, value: &[u8]) -> bool {
        let line = |value: &[u8]| self.name.len() + value.len() + ": \r\n".len();
        let new = line(value);
        self.side.may_grow(exchange, new)
            || matches!(self.mode, Mode::Set) && {
                let old: usize = self.side.headers(exchange).all(&self.name).map(line).sum();
                self.side.may_grow(exchange, new.saturating_sub(old))
            }
    }
}

fn write_header(words: &mut Words<'_, '_>, mode: Mode) -> Made {
    let name = words.header_name();
    let value = words.text("a value", Escape::Header);
    Ok(Box::new(WriteHeader { side: Side::of(words.family), mode, name: name?, value: value? }))
}

/// Whether a text can be the name of a header field (RFC 9110, 5.1).
pub(super) fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b))
}

struct DelHeader {
    side: Side,
    which: Which,
}

enum Which {
    Name(Box<[u8]>),
    Texts(Texts),
    Regex(Regex),
}

impl Action for DelHeader {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let headers = self.side.headers(exchange);
        match &self.which {
            Which::Name(name) => headers.remove(name),
            Which::Texts(texts) => headers.retain(|name, _| !texts.matches(name)),
            Which::Regex(regex) => headers.retain(|name, _| !regex.matches(name)),
        };
        Answer::Continue
    }
}

fn del_header(words: &mut Words<'_, '_>) -> Made {
    let name = words.need("a header name")?;
    let side = Side::of(words.family);
    if !words.take("-m") {
        return Ok(Box::new(DelHeader { side, which: Which::Name(name.bytes().into()) }));
    }
    let method = words.need("a matching method")?;
    let which = match Method::named(&method.text) {
        Some(Method::Str) => Which::Name(name.bytes().into()),
        Some(method @ (Method::Beg | Method::End | Method::Sub)) => {
            Which::Texts(Texts::new(method, vec![(name.bytes().to_vec(), true)]))
        }
        Some(Method::Reg) => {
            let regex = Regex::new(&name.text, true);
            Which::Regex(regex.map_err(|message| words.compiler.error(name.span, message))?)
        }
        _ => return Err(words.unexpected(method, ["str", "beg", "end", "sub", "reg"])),
    };
    Ok(Box::new(DelHeader { side, which }))
}

struct SetStatus {
    status: u16,
    reason: Box<[u8]>,
}

impl Action for SetStatus {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let longer = self.reason.len().saturating_sub(exchange.response.reason.len());
        if longer > 0 && !exchange.response_may_grow(longer) {
            return no_room(exchange);
        }
        exchange.response.status = self.status;
        exchange.response.reason.clear();
        exchange.response.reason.extend_from_slice(&self.reason);
        Answer::Continue
    }
}

fn set_status(words: &mut Words<'_, '_>) -> Made {
    let status = words.status(100, 999)?;
    let reason = if words.take("reason") { words.need("a reason")?.bytes().into() } else { Box::default() };
    Ok(Box::new(SetStatus { status, reason }))
}
