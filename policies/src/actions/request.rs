//! Actions on the request line: set-method, set-path, set-pathq, set-query, set-uri.

use portero_api::{Action, Answer, Exchange, Method};

use super::replace::Part;
use super::strict::no_room;
use super::text::Text;
use super::words::Words;
use super::{ActionKind, Made, families};
use crate::format::Escape;

pub(super) static ROWS: &[ActionKind] = &[
    row("set-method", "replace the method", |words| write(words, What::Method)),
    row("set-path", "replace the path, keep scheme, authority and query", |words| {
        write(words, What::Part(Part::Path))
    }),
    row("set-pathq", "replace path and query", |words| write(words, What::Part(Part::PathAndQuery))),
    row("set-query", "replace the query", |words| write(words, What::Query)),
    row("set-uri", "replace the whole target", |words| write(words, What::Part(Part::Uri))),
];

const fn row(name: &'static str, summary: &'static str, make: fn(&mut Words<'_, '_>) -> Made) -> ActionKind {
    ActionKind { name, families: families::HTTP_REQUEST, syntax: "<fmt>", summary, ends: false, make }
}

#[derive(Clone, Copy)]
enum What {
    Method,
    Part(Part),
    Query,
}

struct Write {
    what: What,
    text: Text,
}

impl Action for Write {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        self.text.with(exchange, |exchange, text| match self.what {
            What::Method => set_method(exchange, text),
            What::Part(part) => set_target(exchange, part, text),
            What::Query => set_query(exchange, text),
        })
    }
}

fn write(words: &mut Words<'_, '_>, what: What) -> Made {
    let text = words.text("a value", Escape::Header)?;
    Ok(Box::new(Write { what, text }))
}

/// What is no token (RFC 9110, 9.1) would break the request line: the method then stays.
fn set_method(exchange: &mut Exchange, method: &[u8]) -> Answer {
    let token = |b: &u8| b.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(b);
    if method.is_empty() || !method.iter().all(token) {
        return Answer::Continue;
    }
    let longer = method.len().saturating_sub(exchange.request.method.as_bytes().len());
    if longer > 0 && !exchange.request_may_grow(longer) {
        return no_room(exchange);
    }
    exchange.request.method = Method::from_bytes(method);
    Answer::Continue
}

/// Replaces a part of the target. Blanks become `%20`, so that the request line keeps its three words.
pub(super) fn set_target(exchange: &mut Exchange, part: Part, text: &[u8]) -> Answer {
    if text.contains(&b' ') || text.contains(&b'\t') {
        return set_target(exchange, part, &without_blanks(text));
    }
    let longer = text.len().saturating_sub(part.of(&exchange.request).len());
    if longer > 0 && !exchange.request_may_grow(longer) {
        return no_room(exchange);
    }
    let request = &mut exchange.request;
    // `*` has no path: what is set takes its place (manual, "set-path").
    let asterisk = request.target == b"*";
    match part {
        Part::Path if !asterisk => request.set_path(text),
        Part::PathAndQuery if !asterisk => request.set_path_and_query(text),
        _ => {
            request.target.clear();
            request.target.extend_from_slice(text);
        }
    }
    Answer::Continue
}

/// Replaces what stands behind the first question mark. The mark stays even when nothing does.
fn set_query(exchange: &mut Exchange, query: &[u8]) -> Answer {
    if query.contains(&b' ') || query.contains(&b'\t') {
        return set_query(exchange, &without_blanks(query));
    }
    let longer = (query.len() + 1).saturating_sub(exchange.request.query().len());
    if !exchange.request_may_grow(longer) {
        return no_room(exchange);
    }
    let request = &mut exchange.request;
    match request.target.iter().position(|&b| b == b'?') {
        Some(mark) => request.target.truncate(mark + 1),
        None if query.is_empty() => return Answer::Continue,
        None => request.target.push(b'?'),
    }
    request.target.extend_from_slice(query);
    Answer::Continue
}

fn without_blanks(text: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len() + 8);
    for &byte in text {
        match byte {
            b' ' => clean.extend_from_slice(b"%20"),
            b'\t' => clean.extend_from_slice(b"%09"),
            other => clean.push(other),
        }
    }
    clean
}
