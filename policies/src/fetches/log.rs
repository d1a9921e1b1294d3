//! Fetches of what the log will say.

use portero_api::{BadArg, Captures, Exchange, Sample, SampleType::*, Version};

use super::constants::constant;
use super::{Made, by, int, request, response, row};
use crate::vocabulary::{Args, FetchKind, Needs};

pub(super) static ROWS: &[FetchKind] = &[
    row(
        "bytes_in",
        &["req.bytes_in"],
        (0, 0),
        Int,
        Needs::RequestKept,
        "bytes received from the client",
        |_| by(|x| Some(int(x.log.bytes_in))),
    ),
    row("req.bytes_out", &[], (0, 0), Int, Needs::Server, "bytes sent to the server", |_| {
        by(|x| Some(int(x.log.bytes_to_server)))
    }),
    row("res.bytes_in", &[], (0, 0), Int, Needs::Server, "bytes received from the server", |_| {
        by(|x| Some(int(x.log.bytes_from_server)))
    }),
    row("bytes_out", &["res.bytes_out"], (0, 0), Int, Needs::Server, "bytes sent to the client", |_| {
        by(|x| Some(int(x.log.bytes_out)))
    }),
    row(
        "capture.req.method",
        &[],
        (0, 0),
        Str,
        Needs::RequestKept,
        "the method of the request as received",
        |_| by(|x| request_word(x, 0).map(Sample::str)),
    ),
    row(
        "capture.req.uri",
        &[],
        (0, 0),
        Str,
        Needs::RequestKept,
        "path and query of the request as received",
        |_| by(|x| request_word(x, 1).map(|target| Sample::str(from_path(target)))),
    ),
    row(
        "capture.req.ver",
        &[],
        (0, 0),
        Str,
        Needs::RequestKept,
        "the version of the request: HTTP/1.1",
        |_| by(|x| request(x).map(|r| Sample::str(version(r.version)))),
    ),
    row("capture.req.hdr", &[], (1, 1), Str, Needs::RequestKept, "a captured request header field", |a| {
        capture(a, |x| &x.log.request_captures)
    }),
    row(
        "capture.res.ver",
        &[],
        (0, 0),
        Str,
        Needs::RequestKept,
        "the version of the response: HTTP/1.1",
        |_| by(|x| response(x).map(|r| Sample::str(version(r.version)))),
    ),
    row("capture.res.hdr", &[], (1, 1), Str, Needs::Response, "a captured response header field", |a| {
        capture(a, |x| &x.log.response_captures)
    }),
    row(
        "last_rule_file",
        &[],
        (0, 0),
        Str,
        Needs::Nothing,
        "the file of the rule that ended evaluation",
        |_| by(|x| x.log.last_rule.as_ref().map(|(file, _)| Sample::str(&**file))),
    ),
    row(
        "last_rule_line",
        &[],
        (0, 0),
        Int,
        Needs::Nothing,
        "the line of the rule that ended evaluation",
        |_| by(|x| x.log.last_rule.as_ref().map(|(_, line)| int(*line))),
    ),
    row("last_entity", &[], (0, 0), Str, Needs::Nothing, "the rule that ended evaluation: file:line", |_| {
        by(|x| x.log.last_rule.as_ref().map(|(file, line)| Sample::text(format!("{file}:{line}"))))
    }),
    row("txn.conn_retries", &[], (0, 0), Int, Needs::Server, "further tries of a server", |_| {
        by(|x| Some(int(x.log.retries)))
    }),
    row("txn.id32", &[], (0, 0), Int, Needs::Nothing, "the number of the request, in 32 bits", |_| {
        by(|x| Some(int(x.log.request_number as u32)))
    }),
    row(
        "bc_reused",
        &[],
        (0, 0),
        Bool,
        Needs::Server,
        "whether the connection to the server was used before",
        |_| by(|x| Some(Sample::Bool(x.log.reused))),
    ),
    row(
        "bc_http_major",
        &[],
        (0, 0),
        Int,
        Needs::Server,
        "the major version of HTTP the server is spoken to in",
        |_| by(|x| x.log.timers.connected.and(request(x)).map(|_| Sample::Int(1))),
    ),
    row("server_status", &[], (0, 0), Int, Needs::Response, "the status that the server sent", |_| {
        by(|x| Some(x.log.server_status).filter(|&status| status > 0).map(int))
    }),
    row(
        "term_events",
        &[],
        (0, 0),
        Str,
        Needs::Nothing,
        "'-': HAProxy's internal events are not kept",
        |_| constant(Sample::str("-")),
    ),
    row(
        "waiting_entity",
        &[],
        (0, 0),
        Str,
        Needs::Nothing,
        "the rule that was waited for when all ended: file:line",
        |_| by(|x| x.log.waiting.as_ref().map(|(file, line)| Sample::text(format!("{file}:{line}")))),
    ),
    row("txn.redispatched", &[], (0, 0), Bool, Needs::Server, "whether a try went to another server", |_| {
        by(|x| Some(Sample::Bool(x.log.redispatched)))
    }),
    row(
        "txn.sess_term_state",
        &[],
        (0, 0),
        Str,
        Needs::Nothing,
        "two letters for how the exchange ended",
        |_| by(|x| Some(Sample::text([x.log.term.cause, x.log.term.phase]))),
    ),
    row("txn.status", &[], (0, 0), Int, Needs::Response, "the status that the log will show", |_| {
        by(|x| match x.log.status {
            0 => response(x).map(|r| int(r.status)),
            status => Some(int(status)),
        })
    }),
    row(
        "bc_be_queue",
        &[],
        (0, 0),
        Int,
        Needs::Server,
        "%bq: requests before this one in the backend's queue",
        |_| by(|x| Some(int(x.log.backend_queue))),
    ),
    row(
        "bc_srv_queue",
        &[],
        (0, 0),
        Int,
        Needs::Server,
        "%sq: requests before this one in the server's queue",
        |_| by(|x| Some(int(x.log.server_queue))),
    ),
    row("unique-id", &[], (0, 0), Str, Needs::Nothing, "the unique id of the request", |_| {
        by(|x| x.log.unique_id.get(x).map(Sample::str))
    }),
];

fn request_word(x: &Exchange, index: usize) -> Option<&[u8]> {
    x.log.request_line.split(|&b| b == b' ').nth(index).filter(|word| !word.is_empty())
}

/// The part of a target from its path on; all of it where there is none (`*`).
fn from_path(target: &[u8]) -> &[u8] {
    let behind_scheme = target.windows(3).position(|w| w == b"://").map_or(0, |at| at + 3);
    match target[behind_scheme..].iter().position(|&b| b == b'/') {
        Some(slash) => &target[behind_scheme + slash..],
        None => target,
    }
}

/// The argument that is the number of a capture slot.
pub(crate) fn capture_slot(args: &Args<'_>) -> Result<usize, BadArg> {
    args.required(0, "the number of a capture")?;
    usize::try_from(args.int(0)?.unwrap_or(0))
        .map_err(|_| BadArg::at(0, "the number of a capture is 0 or more".to_string()))
}

fn capture(args: &Args<'_>, of: fn(&Exchange) -> &Captures) -> Made {
    let index = capture_slot(args)?;
    by(move |x| of(x).get(index).map(Sample::text))
}

fn version(version: Version) -> &'static str {
    match version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
        Version::Http2 => "HTTP/2.0",
        Version::Http3 => "HTTP/3.0",
    }
}
