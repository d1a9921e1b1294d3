//! The head of a response: from bytes to [`Response`], everything checked.

use httparse::Status;
use memchr::memchr;
use portero_api::{Framing, Method, Response, Version};

use super::fields::{Facts, Field};
use super::{BadResponse, Head, Limits, Refusal, Scan, head, usual};

/// Reads a response head and decides how its body is framed, which hangs on the method asked with (RFC 9112, 6.3).
///
/// None while bytes are missing. Interim responses (1xx) are given like others, without body; 101, and 2xx to CONNECT,
/// are [`Framing::Tunnel`]. That nobody asked for a 101 is for the caller to see.
///
/// # Errors
/// [`BadResponse`] when no client may see the response; `into` then holds nothing of use.
pub fn response(
    buf: &[u8],
    scan: &mut Scan,
    limits: &Limits,
    method: &Method,
    into: &mut Response,
) -> Result<Option<Head>, BadResponse> {
    if matches!(buf.first(), Some(b'\r' | b'\n')) {
        return Err(BadResponse { why: "an empty line before the response" });
    }
    let usual = head::at_once(buf, scan, limits).and_then(|bytes| read_usual(bytes, limits, method, into));
    if usual.is_some() {
        return Ok(usual);
    }
    let Some(range) = head::find(buf, scan, limits)? else { return Ok(None) };
    Ok(read(&buf[range], limits, method, into).map(Some)?)
}

/// Reads a head of the usual form; None when it has another.
fn read_usual(bytes: &[u8], limits: &Limits, method: &Method, into: &mut Response) -> Option<Head> {
    into.clear();
    let line = usual::status_line(bytes)?;
    let mut facts = Facts::default();
    let note = |kind, value| note(&mut facts, kind, value);
    let len = usual::fields(bytes, line.len, limits, &mut into.headers, note)?;
    (into.status, into.version) = (line.status, line.version);
    into.reason.extend_from_slice(line.reason);
    settle(into, &facts, len, limits, method).ok()
}

/// Reads a head of any form, which is whole.
fn read(bytes: &[u8], limits: &Limits, method: &Method, into: &mut Response) -> Result<Head, Refusal> {
    into.clear();
    head::with_room(limits.fields, |room| {
        let mut parsed = httparse::Response::new(&mut []);
        match head::config(limits).parse_response_with_uninit_headers(&mut parsed, bytes, room) {
            Ok(Status::Complete(len)) if len == bytes.len() => fill(bytes, &parsed, limits, method, into),
            Ok(_) => Err(Refusal::bad("the head ends before its empty line")),
            Err(error) => Err(head::refusal(error)),
        }
    })
}

fn fill(
    bytes: &[u8],
    parsed: &httparse::Response<'_, '_>,
    limits: &Limits,
    method: &Method,
    into: &mut Response,
) -> Result<Head, Refusal> {
    into.status = parsed.code.unwrap_or(0);
    if into.status < 100 {
        return Err(Refusal::bad("a status below 100"));
    }
    into.version = if parsed.version == Some(0) { Version::Http10 } else { Version::Http11 };
    into.reason.extend_from_slice(reason(bytes));
    let mut facts = Facts::default();
    head::fields(bytes, parsed.headers, &mut into.headers, |kind, value| note(&mut facts, kind, value))?;
    settle(into, &facts, bytes.len(), limits, method)
}

fn note<'b>(facts: &mut Facts<'b>, kind: Field, value: &'b [u8]) -> Result<(), Refusal> {
    match kind {
        // Means nothing here, and is no reason to lose a response.
        Field::Host | Field::Expect => Ok(()),
        known => facts.note(known, value),
    }
}

/// What the fields make of a response that stands there as it came.
fn settle(
    into: &mut Response,
    facts: &Facts<'_>,
    len: usize,
    limits: &Limits,
    method: &Method,
) -> Result<Head, Refusal> {
    facts.settle(&mut into.headers);
    into.framing = framing(into.status, method, facts)?;
    let upgrade = facts.upgrades(into.version);
    if into.status == 101 && !limits.unsafe_ok {
        check_switch(upgrade, facts)?;
    }
    Ok(Head {
        len,
        keep_alive: facts.persists(into.version)
            && !matches!(into.framing, Framing::UntilClose | Framing::Tunnel),
        suspect: facts.suspect(into.version),
        upgrade,
        expects_continue: false,
    })
}

/// What httparse would give as text may be any byte above 127: it is taken from the line.
fn reason(bytes: &[u8]) -> &[u8] {
    let line = &bytes[..memchr(b'\n', bytes).unwrap_or(bytes.len())];
    line.strip_suffix(b"\r").unwrap_or(line).get(b"HTTP/1.1 200 ".len()..).unwrap_or_default()
}

fn framing(status: u16, method: &Method, facts: &Facts<'_>) -> Result<Framing, Refusal> {
    match (status, method) {
        (101, _) | (200..300, Method::Connect) => Ok(Framing::Tunnel),
        (100..200 | 204 | 304, _) | (_, Method::Head) => Ok(Framing::None),
        _ => Ok(facts.framing()?.unwrap_or(Framing::UntilClose)),
    }
}

fn check_switch(upgrade: bool, facts: &Facts<'_>) -> Result<(), Refusal> {
    if !upgrade {
        return Err(Refusal::bad("101 without a protocol in Upgrade"));
    }
    if facts.offers_websocket && !facts.websocket_key {
        return Err(Refusal::bad("a WebSocket upgrade without accept key"));
    }
    Ok(())
}
