//! `request.*` and `response.*`: there in HTTP alone.

use portero_api::{Direction, Exchange, Framing, Headers, LogFacts, Version, clock};

use super::value::Value;
use super::{Path, Row};
use crate::abi::headers::{self, Shown};
use crate::guest::Guest;

/// The rows.
pub(super) const ROWS: &[Row] = &[
    ("request.path", |e| Some(Value::text(headers::path(&e.request)))),
    ("request.url_path", |e| Some(Value::text(e.request.path()))),
    ("request.host", |e| Some(Value::text(headers::authority(&e.request)))),
    ("request.scheme", |e| Some(Value::text(headers::scheme(&e.request)))),
    ("request.method", |e| Some(Value::text(e.request.method.as_bytes()))),
    ("request.referer", |e| e.request.headers.get(b"referer").map(Value::text)),
    ("request.useragent", |e| e.request.headers.get(b"user-agent").map(Value::text)),
    ("request.time", |e| e.log.timers.date.map(Value::moment)),
    ("request.id", |e| e.request.headers.get(b"x-request-id").or(e.log.unique_id.get(e)).map(Value::text)),
    ("request.protocol", |e| Some(Value::text(protocol(e.request.version)))),
    ("request.query", |e| Some(Value::text(e.request.query()))),
    ("request.headers", |e| Some(map(&Shown::request(e)))),
    ("request.headers_bytes", |e| Some(Value::count(size(&e.request.headers)))),
    ("request.duration", duration),
    ("request.size", |e| Some(Value::count(request_size(e)))),
    ("request.total_size", |e| Some(Value::count(e.log.bytes_in))),
    ("response.code", |e| status(e).map(|status| Value::Int(status.into()))),
    ("response.code_details", |e| status(e).map(|_| code_details(&e.log))),
    ("response.flags", |e| status(e).map(|_| Value::Int(flags(e)))),
    ("response.headers", |e| status(e).map(|_| map(&Shown::response(e)))),
    ("response.headers_bytes", |e| status(e).map(|_| Value::count(size(&e.response.headers)))),
    ("response.grpc_status", |e| grpc_status(&e.response.headers)),
    ("response.size", |e| status(e).map(|_| Value::count(response_size(e)))),
    ("response.total_size", |e| status(e).map(|_| Value::count(e.log.bytes_out))),
    ("response.backend_latency", backend_latency),
];

/// The maps of trailers, which are lent with the last of a body.
const TRAILERS: [(&str, Direction); 2] =
    [("request.trailers", Direction::Request), ("response.trailers", Direction::Response)];

/// One field of a head: `request.headers.NAME`.
pub(super) fn field<'a>(exchange: &'a Exchange, path: &Path) -> Option<Value<'a>> {
    match (path.behind("request.headers."), path.behind("response.headers.")) {
        (Some(name), _) => one(&Shown::request(exchange), name),
        (_, Some(name)) if status(exchange).is_some() => one(&Shown::response(exchange), name),
        _ => None,
    }
}

/// Trailers, all of them or one, or what they say of gRPC.
pub(super) fn trailers(guest: &mut Guest, path: &Path) -> Option<Value<'static>> {
    let stream = guest.stream().ok()?;
    if path.dotted == b"response.grpc_status" {
        return grpc_status(&stream.side(Direction::Response).trailers);
    }
    TRAILERS.iter().find_map(|(name, direction)| {
        let rest = path.behind(name)?;
        let shown = Shown::Plain(&stream.side(*direction).trailers);
        match rest {
            [] => Some(map(&shown)),
            [b'.', field @ ..] => one(&shown, field),
            _ => None,
        }
    })
}

/// All fields, each name once.
fn map(shown: &Shown<'_>) -> Value<'static> {
    let mut map: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (name, value) in shown.pairs() {
        match map.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, all)) => *all = [all, value].join(&b','),
            None => map.push((name.into_owned(), value.to_vec())),
        }
    }
    Value::Map(map.into_iter().map(|(name, value)| (name, Value::owned(value))).collect())
}

fn one(shown: &Shown<'_>, name: &[u8]) -> Option<Value<'static>> {
    shown.get(name, b",").map(|value| Value::owned(value.into_owned()))
}

/// The bytes of names and values.
fn size(headers: &Headers) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.len()).sum()
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
        Version::Http2 => "HTTP/2",
        Version::Http3 => "HTTP/3",
    }
}

/// The time so far, or of the whole when it is over.
fn duration(exchange: &Exchange) -> Option<Value<'static>> {
    let timers = &exchange.log.timers;
    let end = timers.end.unwrap_or_else(clock::now);
    timers.start.map(|start| Value::time(end.saturating_duration_since(start)))
}

/// As long as the request says it is, else as long as it is so far.
fn request_size(exchange: &Exchange) -> u64 {
    match exchange.request.framing {
        Framing::None => 0,
        Framing::Length(length) => length,
        _ => exchange.log.bytes_in.saturating_sub(exchange.request.headers.received() as u64),
    }
}

fn response_size(exchange: &Exchange) -> u64 {
    match exchange.response.framing {
        Framing::Length(length) => length,
        _ => exchange.log.bytes_out.saturating_sub(exchange.response.headers.received() as u64),
    }
}

/// The status, once there is a response.
fn status(exchange: &Exchange) -> Option<u16> {
    [exchange.response.status, exchange.log.status].into_iter().find(|&status| status > 0)
}

/// Where the response comes from: Envoy's word for a server's, else how the exchange ended, as the log has it.
fn code_details(log: &LogFacts) -> Value<'static> {
    match log.server_status {
        0 => Value::owned([log.term.cause, log.term.phase]),
        _ => Value::text("via_upstream"),
    }
}

/// How the exchange ended, with Envoy's bits (`ResponseFlag`).
fn flags(exchange: &Exchange) -> i64 {
    const NO_HEALTHY_UPSTREAM: i64 = 0x2;
    const UPSTREAM_REQUEST_TIMEOUT: i64 = 0x4;
    const UPSTREAM_CONNECTION_FAILURE: i64 = 0x20;
    const UPSTREAM_CONNECTION_TERMINATION: i64 = 0x40;
    const UPSTREAM_OVERFLOW: i64 = 0x80;
    const DOWNSTREAM_CONNECTION_TERMINATION: i64 = 0x4000;
    const STREAM_IDLE_TIMEOUT: i64 = 0x1_0000;
    let term = &exchange.log.term;
    match (term.cause, term.phase) {
        (b'C', _) => DOWNSTREAM_CONNECTION_TERMINATION,
        (b'c', _) => STREAM_IDLE_TIMEOUT,
        (b's', b'Q') => UPSTREAM_OVERFLOW,
        (b'S' | b's', b'C') if exchange.server.is_none() => NO_HEALTHY_UPSTREAM,
        (b'S' | b's', b'C') => UPSTREAM_CONNECTION_FAILURE,
        (b's', _) => UPSTREAM_REQUEST_TIMEOUT,
        (b'S', _) => UPSTREAM_CONNECTION_TERMINATION,
        _ => 0,
    }
}

fn grpc_status(headers: &Headers) -> Option<Value<'static>> {
    let status = std::str::from_utf8(headers.get(b"grpc-status")?).ok()?;
    status.parse().ok().map(Value::Int)
}

/// From the connection to the server being there to the head of the response.
fn backend_latency(exchange: &Exchange) -> Option<Value<'static>> {
    let timers = &exchange.log.timers;
    Some(Value::time(timers.response?.saturating_duration_since(timers.connected?)))
}
