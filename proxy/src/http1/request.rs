//! The head of a request: from bytes to [`Request`], everything checked.

use httparse::Status;
use memchr::memchr;
use portero_api::{Framing, Method, Request, Version};

use super::fields::Facts;
use super::{Head, Limits, Refusal, Scan, head, host, usual};

/// Reads a request head and decides how its body is framed (RFC 9112, 3 to 6).
///
/// None while bytes are missing: call again with the same `scan` once there are more behind the same beginning. The
/// fields stay in `into` as they came, hop-by-hop ones included, except that a Content-Length which does not hold and
/// the fields that Connection names are gone, and that Host and target are in the form without a usual port.
///
/// # Errors
/// A [`Refusal`] when no server may see the request; `into` then holds nothing of use.
pub fn request(
    buf: &[u8],
    scan: &mut Scan,
    limits: &Limits,
    into: &mut Request,
) -> Result<Option<Head>, Refusal> {
    let usual = head::at_once(buf, scan, limits).and_then(|bytes| read_usual(bytes, limits, into));
    if usual.is_some() {
        return Ok(usual);
    }
    let Some(range) = head::find(buf, scan, limits)? else { return Ok(None) };
    let len = range.end;
    read(&buf[range], limits, into).map(|head| Some(Head { len, ..head }))
}

/// Reads a head of the usual form; None when it has another.
fn read_usual(bytes: &[u8], limits: &Limits, into: &mut Request) -> Option<Head> {
    into.clear();
    let line = usual::request_line(bytes)?;
    let mut facts = Facts::default();
    let note = |kind, value| facts.note(kind, value);
    let len = usual::fields(bytes, line.len, limits, &mut into.headers, note)?;
    begin(into, line.method, line.target, line.version);
    settle(into, &facts, len, limits).ok()
}

/// Reads a head of any form, which is whole.
fn read(bytes: &[u8], limits: &Limits, into: &mut Request) -> Result<Head, Refusal> {
    into.clear();
    head::with_room(limits.fields, |room| {
        let mut parsed = httparse::Request::new(&mut []);
        match head::config(limits).parse_request_with_uninit_headers(&mut parsed, bytes, room) {
            Ok(Status::Complete(len)) if len == bytes.len() => fill(bytes, &parsed, limits, into),
            Ok(_) => Err(Refusal::bad("the head ends before its empty line")),
            Err(httparse::Error::Version) => read_other_version(bytes, limits, into),
            Err(error) => Err(head::refusal(error)),
        }
    })
}

fn fill(
    bytes: &[u8],
    parsed: &httparse::Request<'_, '_>,
    limits: &Limits,
    into: &mut Request,
) -> Result<Head, Refusal> {
    let version = if parsed.version == Some(0) { Version::Http10 } else { Version::Http11 };
    begin(into, word(parsed.method), word(parsed.path), version);
    let mut facts = Facts::default();
    head::fields(bytes, parsed.headers, &mut into.headers, |kind, value| facts.note(kind, value))?;
    settle(into, &facts, bytes.len(), limits)
}

fn word(word: Option<&str>) -> &[u8] {
    word.unwrap_or_default().as_bytes()
}

fn begin(into: &mut Request, method: &[u8], target: &[u8], version: Version) {
    into.method = Method::from_bytes(method);
    into.target.extend_from_slice(target);
    into.version = version;
}

/// What the fields make of a request that stands there as it came.
fn settle(into: &mut Request, facts: &Facts<'_>, len: usize, limits: &Limits) -> Result<Head, Refusal> {
    facts.settle(&mut into.headers);
    host::settle(into, facts.host, limits)?;
    into.framing = framing(into, facts, limits)?;
    let upgrade = facts.upgrades(into.version);
    if upgrade && facts.offers_websocket && !facts.websocket_key && !limits.unsafe_ok {
        return Err(Refusal::bad("a WebSocket upgrade without key"));
    }
    Ok(Head {
        len,
        keep_alive: facts.persists(into.version),
        suspect: facts.suspect(into.version),
        upgrade,
        expects_continue: facts.expects_continue && into.version == Version::Http11,
    })
}

/// The framing, and the methods for which a body is an attack rather than a message.
fn framing(request: &Request, facts: &Facts<'_>, limits: &Limits) -> Result<Framing, Refusal> {
    let framing = facts.framing()?.unwrap_or(Framing::None);
    if matches!(framing, Framing::None | Framing::Length(0)) {
        return Ok(framing);
    }
    match request.method {
        Method::Connect => Err(Refusal::bad("CONNECT with a body")),
        Method::Trace => Err(Refusal::bad("TRACE with a body")),
        Method::Get | Method::Head | Method::Delete
            if request.version == Version::Http10 && !limits.any_payload =>
        {
            Err(Refusal { status: 413, why: "a body where HTTP/1.0 expects none" })
        }
        _ => Ok(framing),
    }
}

/// A later minor version is read as 1.1 (RFC 9110, 2.5); another major version is not ours.
fn read_other_version(bytes: &[u8], limits: &Limits, into: &mut Request) -> Result<Head, Refusal> {
    let line = &bytes[..memchr(b'\n', bytes).unwrap_or(bytes.len())];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let words = line.split(|&b| b == b' ').count();
    match line.last_chunk::<9>() {
        Some([b' ', b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9']) if words == 3 => {
            let mut copy = bytes.to_vec();
            copy[line.len() - 1] = b'1';
            read(&copy, limits, into)
        }
        Some([b' ', b'H', b'T', b'T', b'P', b'/', b'0' | b'2'..=b'9', b'.', b'0'..=b'9']) if words == 3 => {
            Err(Refusal { status: 505, why: "an HTTP version that is not 1.0 or 1.1" })
        }
        _ => Err(head::refusal(httparse::Error::Version)),
    }
}
