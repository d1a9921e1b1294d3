//! Fetches of the bytes that arrived before a decision (HAProxy manual, section 7.3.5).
//!
//! While more can come, an ACL that does not match is no verdict yet: `each` then says [`NotYet`] behind the sample.

use std::borrow::Cow;
use std::ops::ControlFlow;

use portero_api::{BadArg, Exchange, Fetch, Fetched, NotYet, Payload, Sample, SampleType::*};

use super::{Made, int, request, response, row};
use crate::vocabulary::{Args, FetchKind, Needs::*};

pub(super) static ROWS: &[FetchKind] = &[
    row(
        "req.len",
        &["req_len"],
        (0, 0),
        Int,
        RequestBytes,
        "how many bytes have come from the client",
        |_| bytes(from_client, Part::Count),
    ),
    row("req.payload", &[], (2, 2), Bin, RequestBytes, "bytes from the client", |a| fixed(a, from_client)),
    row("req.payload_lv", &[], (2, 3), Bin, RequestBytes, "bytes from the client behind their length", |a| {
        with_length(a, from_client)
    }),
    row("res.len", &[], (0, 0), Int, ResponseBytes, "how many bytes have come from the server", |_| {
        bytes(from_server, Part::Count)
    }),
    row("res.payload", &[], (2, 2), Bin, ResponseBytes, "bytes from the server", |a| fixed(a, from_server)),
    row(
        "res.payload_lv",
        &[],
        (2, 3),
        Bin,
        ResponseBytes,
        "bytes from the server behind their length",
        |a| with_length(a, from_server),
    ),
    row("payload", &[], (2, 2), Bin, RequestKept, "'req.payload' or 'res.payload'", |a| fixed(a, current)),
    row("payload_lv", &[], (2, 3), Bin, RequestKept, "'req.payload_lv' or 'res.payload_lv'", |a| {
        with_length(a, current)
    }),
    row(
        "req.proto_http",
        &["req_proto_http"],
        (0, 0),
        Bool,
        RequestKept,
        "whether the client speaks HTTP",
        |_| Ok(Box::new(SpeaksHttp)),
    ),
    row("wait_end", &[], (0, 0), Bool, Nothing, "true once no more is waited for", |_| Ok(Box::new(WaitEnd))),
];

/// Which bytes.
enum Part {
    /// Only their number.
    Count,
    /// So many from a place on; 0 for all that are there.
    Fixed { offset: usize, length: usize },
    /// Behind a length of some bytes.
    Prefixed { offset: usize, width: usize, data: Start },
}

/// Where the bytes of `payload_lv` begin.
#[derive(Clone, Copy)]
enum Start {
    At(usize),
    /// So far from the end of the length.
    Moved(i64),
}

struct Bytes {
    of: fn(&Exchange) -> Option<&Payload>,
    part: Part,
}

fn bytes(of: fn(&Exchange) -> Option<&Payload>, part: Part) -> Made {
    Ok(Box::new(Bytes { of, part }))
}

fn fixed(args: &Args<'_>, of: fn(&Exchange) -> Option<&Payload>) -> Made {
    bytes(of, Part::Fixed { offset: size(args, 0)?, length: size(args, 1)? })
}

fn with_length(args: &Args<'_>, of: fn(&Exchange) -> Option<&Payload>) -> Made {
    let (offset, width) = (size(args, 0)?, size(args, 1)?);
    if !(1..=8).contains(&width) {
        return Err(BadArg::at(1, format!("'{width}' is no width of a length: 1 to 8 bytes are")));
    }
    let data = match (args.text(2), args.int(2)?) {
        (Some(text), Some(by)) if text.starts_with(['+', '-']) => Start::Moved(by),
        (Some(_), Some(at)) => Start::At(at as usize),
        _ => Start::Moved(0),
    };
    if let Start::Moved(by) = data
        && (offset + width).checked_add_signed(by as isize).is_none()
    {
        return Err(BadArg::at(2, format!("'{by}' leads in front of the first byte")));
    }
    bytes(of, Part::Prefixed { offset, width, data })
}

fn size(args: &Args<'_>, index: usize) -> Result<usize, BadArg> {
    let text = args.required(index, "a number of bytes")?;
    let number = args.int(index)?.and_then(|n| u32::try_from(n).ok());
    number.map(|n| n as usize).ok_or_else(|| BadArg::at(index, format!("'{text}' is no number of bytes")))
}

/// Raw bytes only: once HTTP is spoken there are heads and bodies, and bytes have no meaning any more.
pub(super) fn from_client(x: &Exchange) -> Option<&Payload> {
    request(x).is_none().then_some(&x.payload)
}

/// The same from the server.
pub(super) fn from_server(x: &Exchange) -> Option<&Payload> {
    response(x).is_none().then_some(&x.response_payload)
}

/// The bytes from the server once there are any.
fn current(x: &Exchange) -> Option<&Payload> {
    let begun = !x.response_payload.data.is_empty() || x.response_payload.complete;
    if begun { from_server(x) } else { from_client(x) }
}

impl Bytes {
    /// The sample, and whether more bytes could change it.
    fn look<'a>(&self, exchange: &'a Exchange) -> (Option<Sample<'a>>, bool) {
        let Some(payload) = (self.of)(exchange) else { return (None, false) };
        let open = !payload.complete;
        let data = payload.data.as_slice();
        let part = match self.part {
            Part::Count => return (Some(int(data.len())), open),
            Part::Fixed { offset, length: 0 } => {
                return (data.get(offset..).filter(|part| !part.is_empty()).map(bin), open);
            }
            Part::Fixed { offset, length } => data.get(offset..offset + length),
            Part::Prefixed { offset, width, data: start } => prefixed(data, offset, width, start),
        };
        (part.map(bin), open && part.is_none())
    }
}

fn bin(bytes: &[u8]) -> Sample<'_> {
    Sample::Bin(Cow::Borrowed(bytes))
}

fn prefixed(data: &[u8], offset: usize, width: usize, start: Start) -> Option<&[u8]> {
    let prefix = data.get(offset..offset + width)?;
    let length = prefix.iter().fold(0u64, |n, &b| n << 8 | u64::from(b));
    let start = match start {
        Start::At(at) => at,
        Start::Moved(by) => (offset + width).checked_add_signed(by as isize)?,
    };
    data.get(start..start.checked_add(usize::try_from(length).ok()?)?)
}

impl Fetch for Bytes {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        match self.look(exchange) {
            (None, true) => Err(NotYet),
            (sample, _) => Ok(sample),
        }
    }

    fn each<'a>(
        &'a self,
        exchange: &'a Exchange,
        visit: &mut dyn FnMut(Sample<'a>) -> ControlFlow<()>,
    ) -> Result<(), NotYet> {
        let (sample, may_change) = self.look(exchange);
        if sample.is_some_and(|sample| visit(sample).is_break()) {
            return Ok(());
        }
        if may_change { Err(NotYet) } else { Ok(()) }
    }
}

/// Whether a request head can be read from the bytes.
struct SpeaksHttp;

impl Fetch for SpeaksHttp {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        if request(exchange).is_some() {
            return Ok(Some(Sample::Bool(true)));
        }
        let mut fields = [httparse::EMPTY_HEADER; 128];
        let mut head = httparse::Request::new(&mut fields);
        match head.parse(&exchange.payload.data) {
            Ok(httparse::Status::Complete(_)) => Ok(Some(Sample::Bool(true))),
            Ok(httparse::Status::Partial) if !exchange.payload.complete => Err(NotYet),
            _ => Ok(Some(Sample::Bool(false))),
        }
    }
}

/// True once nothing more is waited for.
struct WaitEnd;

impl Fetch for WaitEnd {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        let over = exchange.payload.complete || request(exchange).is_some();
        if over { Ok(Some(Sample::Bool(true))) } else { Err(NotYet) }
    }
}
