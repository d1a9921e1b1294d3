//! Fetches of times of an exchange, in milliseconds (HAProxy manual, section 8.4); -1 for what never happened.

use std::time::Instant;

use portero_api::{Exchange, Sample, SampleType::*, Timers};

use super::{Made, by, row};
use crate::vocabulary::{FetchKind, Needs};

pub(super) static ROWS: &[FetchKind] = &[
    row("fc.timer.handshake", &[], (0, 0), Int, Needs::Connection, "%Th: the handshakes", |_| {
        timer(|t| between(t.start, t.handshake.or(t.start)))
    }),
    row(
        "req.timer.idle",
        &[],
        (0, 0),
        Int,
        Needs::RequestKept,
        "%Ti: the wait for the first byte of the request",
        |_| timer(|t| between(t.handshake.or(t.start), t.first_byte)),
    ),
    row(
        "req.timer.hdr",
        &[],
        (0, 0),
        Int,
        Needs::RequestKept,
        "%TR: from the first byte to the end of the head",
        |_| timer(|t| between(t.first_byte, t.request)),
    ),
    row(
        "req.timer.tq",
        &[],
        (0, 0),
        Int,
        Needs::RequestKept,
        "%Tq: from the accept to the end of the head",
        |_| timer(|t| between(t.start, t.request)),
    ),
    row("req.timer.queue", &[], (0, 0), Int, Needs::Server, "%Tw: the wait in queues", |_| {
        timer(|t| between(ready(t), t.queued))
    }),
    row("bc.timer.connect", &[], (0, 0), Int, Needs::Server, "%Tc: the connection to the server", |_| {
        timer(|t| between(t.queued, t.connected))
    }),
    row(
        "res.timer.hdr",
        &[],
        (0, 0),
        Int,
        Needs::Response,
        "%Tr: from the connection to the response head",
        |_| timer(|t| between(t.connected, t.response)),
    ),
    row("res.timer.data", &[], (0, 0), Int, Needs::Server, "%Td: the transfer of the response body", |_| {
        timer(|t| between(t.response.or(t.connected), Some(end(t))))
    }),
    row(
        "txn.timer.total",
        &[],
        (0, 0),
        Int,
        Needs::RequestKept,
        "%Ta: from the first byte of the request to the end",
        |_| timer(|t| between(t.first_byte.or(t.handshake).or(t.start), Some(end(t)))),
    ),
    row(
        "txn.timer.user",
        &[],
        (0, 0),
        Int,
        Needs::RequestKept,
        "%Tu: the whole time without the idle time",
        |_| {
            timer(|t| {
                let idle = between(t.handshake.or(t.start), t.first_byte).max(0);
                (between(t.start, Some(end(t))) - idle).max(0)
            })
        },
    ),
    row("fc.timer.total", &[], (0, 0), Int, Needs::Connection, "%Tt: from the accept to the end", |_| {
        timer(|t| between(t.start, Some(end(t))))
    }),
];

fn timer(of: fn(&Timers) -> i64) -> Made {
    by(move |x: &Exchange| Some(Sample::Int(of(&x.log.timers))))
}

/// When queueing may begin: with the whole request in HTTP, behind the handshakes in TCP.
fn ready(timers: &Timers) -> Option<Instant> {
    timers.request.or(timers.handshake).or(timers.start)
}

/// The end, or now while the exchange goes on.
fn end(timers: &Timers) -> Instant {
    timers.end.unwrap_or_else(Instant::now)
}

fn between(from: Option<Instant>, to: Option<Instant>) -> i64 {
    match (from, to) {
        (Some(from), Some(to)) => to.saturating_duration_since(from).as_millis() as i64,
        _ => -1,
    }
}
