//! Heads and chunks on the wire, written anew from the parsed form (RFC 9112, 3, 4 and 7.1).

use portero_api::{FieldLine, Framing, Headers, Line, Request, Response, Version, trim};

use super::fields::{Field, may_upgrade_to};
use super::reason;

/// What we say of the connection to the neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Connection {
    /// Nothing: the version says what is meant.
    #[default]
    Silent,
    /// It ends after this message.
    Close,
    /// It goes on, which HTTP/1.0 must be told: see [`Connection::for_peer`]. A request of 1.1 says nothing.
    KeepAlive,
    /// It becomes another protocol's: Upgrade is handed on too. A 2xx to CONNECT says nothing.
    Upgrade,
}

impl Connection {
    /// What to say so that a peer of this version keeps the connection, or does not.
    pub fn for_peer(version: Version, keep: bool) -> Connection {
        match (keep, version) {
            (false, _) => Connection::Close,
            (true, Version::Http10) => Connection::KeepAlive,
            (true, _) => Connection::Silent,
        }
    }
}

/// Writes the head of a request for a server.
///
/// It is HTTP/1.1, except that the request of an HTTP/1.0 client stays 1.0, so that the server answers in what that
/// client understands; a chunked body needs 1.1. Host is there once: an empty one when the client gave none and 1.1
/// asks for it. The fields keep their order and case; hop-by-hop fields go (RFC 9110, 7.6.1), of TE `trailers` stays.
pub fn request_head(request: &Request, framing: Framing, connection: Connection, out: &mut Vec<u8>) {
    let old = request.version == Version::Http10 && framing != Framing::Chunked;
    let connection = match connection {
        Connection::KeepAlive if !old => Connection::Silent,
        other => other,
    };
    let line = out.len();
    out.extend_from_slice(request.method.as_bytes());
    blank(&mut out[line..]);
    out.push(b' ');
    push_target(&request.target, out);
    out.extend_from_slice(if old { b" HTTP/1.0\r\n" } else { b" HTTP/1.1\r\n" });
    let mut host = false;
    let mut length = Length::new(framing, LengthField::Drop);
    for line in request.headers.lines() {
        let field = match line {
            Line::Field(field) => field,
            Line::Whole(lines) => {
                out.extend_from_slice(lines);
                continue;
            }
        };
        match Field::of(field.name) {
            Field::Host if host => {}
            Field::Host => {
                host = true;
                hand_on(&field, out);
            }
            Field::Te if has_trailers(field.value) => fresh(field.name, b"trailers", out),
            Field::Te => {}
            other => common(other, &field, connection, &mut length, out),
        }
    }
    if !host && !old {
        out.extend_from_slice(b"Host: \r\n");
    }
    finish(framing, length, connection, out);
}

/// Writes the head of a response for a client.
///
/// It is HTTP/1.1 whatever the server spoke. With [`Framing::None`] a Content-Length stays that tells of a body which
/// is not sent (HEAD, 304); it goes from 1xx and 204. With [`Framing::UntilClose`] neither length nor coding is said.
/// Interim responses say nothing of the connection.
pub fn response_head(response: &Response, framing: Framing, connection: Connection, out: &mut Vec<u8>) {
    let digit = |unit: u16| b'0' + (response.status / unit % 10) as u8;
    let [a, b, c] = [digit(100), digit(10), digit(1)];
    out.extend_from_slice(&[b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1', b' ', a, b, c, b' ']);
    let phrase = out.len();
    match &response.reason[..] {
        [] => out.extend_from_slice(reason(response.status).as_bytes()),
        given => out.extend_from_slice(given),
    }
    blank(&mut out[phrase..]);
    out.extend_from_slice(b"\r\n");
    let connection = match (connection, response.status) {
        (_, 100 | 102..200) | (Connection::Upgrade, 200..300) => Connection::Silent,
        (other, _) => other,
    };
    let absent = match (framing, response.status) {
        (Framing::None, 100..200 | 204) => LengthField::Drop,
        (Framing::None, _) => LengthField::Keep,
        _ => LengthField::Drop,
    };
    let mut length = Length::new(framing, absent);
    for line in response.headers.lines() {
        let field = match line {
            Line::Field(field) => field,
            Line::Whole(lines) => {
                out.extend_from_slice(lines);
                continue;
            }
        };
        match Field::of(field.name) {
            Field::Host | Field::Te => hand_on(&field, out),
            other => common(other, &field, connection, &mut length, out),
        }
    }
    finish(framing, length, connection, out);
}

/// The line in front of a chunk of so many bytes. A chunk of none would end the body: there must be some.
pub fn chunk_head(len: usize, room: &mut [u8; 18]) -> &[u8] {
    let mut at = room.len() - 2;
    room[at..].copy_from_slice(b"\r\n");
    let mut rest = len;
    loop {
        at -= 1;
        room[at] = b"0123456789abcdef"[rest & 15];
        rest >>= 4;
        if rest == 0 {
            return &room[at..];
        }
    }
}

/// Writes a chunk. One of no bytes would end the body: there must be some.
pub fn chunk(data: &[u8], out: &mut Vec<u8>) {
    let mut digits = [0; 18];
    out.extend_from_slice(chunk_head(data.len(), &mut digits));
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// Writes the last chunk and the trailers.
pub fn last_chunk(trailers: Option<&Headers>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers.iter().flat_map(|t| t.iter()) {
        fresh(name, value, out);
    }
    out.extend_from_slice(b"\r\n");
}

/// Whether a Content-Length is still to be written.
struct Length {
    wanted: Option<u64>,
    absent: LengthField,
    written: bool,
}

/// What becomes of a Content-Length that is not the framing.
#[derive(PartialEq)]
enum LengthField {
    Drop,
    Keep,
}

impl Length {
    fn new(framing: Framing, absent: LengthField) -> Length {
        let wanted = if let Framing::Length(length) = framing { Some(length) } else { None };
        Length { wanted, absent, written: false }
    }

    /// Writes the field where the peer had it.
    fn write(&mut self, field: &FieldLine<'_>, out: &mut Vec<u8>) {
        if self.written {
            return;
        }
        match (self.wanted, field.line) {
            (Some(length), Some(line)) if is_number(field.value, length) => out.extend_from_slice(line),
            (Some(length), _) => write_length(field.name, length, out),
            (None, _) if self.absent == LengthField::Keep => hand_on(field, out),
            (None, _) => {}
        }
        self.written = true;
    }
}

fn write_length(name: &[u8], length: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    push_number(length, out);
    out.extend_from_slice(b"\r\n");
}

/// Whether a text is a number as we would write it.
fn is_number(text: &[u8], number: u64) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let add = |so_far: u64, &byte: &u8| so_far.checked_mul(10)?.checked_add(digit(byte)?);
    matches!(text, [b'1'..=b'9', ..] | [b'0']) && text.iter().try_fold(0, add) == Some(number)
}

/// What requests and responses have in common of the fields between neighbours.
fn common(
    kind: Field,
    field: &FieldLine<'_>,
    connection: Connection,
    length: &mut Length,
    out: &mut Vec<u8>,
) {
    match kind {
        Field::Connection | Field::Hop | Field::TransferEncoding => {}
        Field::Upgrade if connection == Connection::Upgrade => upgrade(field.name, field.value, out),
        Field::Upgrade => {}
        Field::ContentLength => length.write(field, out),
        _ => hand_on(field, out),
    }
}

fn finish(framing: Framing, length: Length, connection: Connection, out: &mut Vec<u8>) {
    if let Some(wanted) = length.wanted.filter(|_| !length.written) {
        write_length(b"Content-Length", wanted, out);
    }
    if framing == Framing::Chunked {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
    out.extend_from_slice(match connection {
        Connection::Silent => b"\r\n",
        Connection::Close => b"Connection: close\r\n\r\n",
        Connection::KeepAlive => b"Connection: keep-alive\r\n\r\n",
        Connection::Upgrade => b"Connection: upgrade\r\n\r\n",
    });
}

/// Writes a field as it came, if nothing has touched it.
fn hand_on(field: &FieldLine<'_>, out: &mut Vec<u8>) {
    match field.line {
        Some(line) => out.extend_from_slice(line),
        None => fresh(field.name, field.value, out),
    }
}

/// Writes a field whose bytes nobody has judged.
fn fresh(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    let line = out.len();
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    let end = out.len();
    blank(&mut out[line..end]);
    out.extend_from_slice(b"\r\n");
}

/// What came from the wire has no line ends, but a rule or a script may have put some in: they become spaces, so that
/// one line stays one line (RFC 9110, 5.5).
fn blank(line: &mut [u8]) {
    let ends = |b: u8| matches!(b, b'\r' | b'\n' | b'\0');
    // a look at all bytes at once, for hardly ever there is one
    if line.iter().fold(false, |found, &b| found | ends(b)) {
        line.iter_mut().filter(|b| ends(**b)).for_each(|b| *b = b' ');
    }
}

/// A rule may have put bytes into the target that would end it: they are percent-encoded.
fn push_target(target: &[u8], out: &mut Vec<u8>) {
    let ends = |b: u8| b <= b' ' || b == 0x7f;
    if !target.iter().fold(false, |found, &b| found | ends(b)) {
        return out.extend_from_slice(target);
    }
    for &byte in target {
        match byte {
            b if ends(b) => {
                let digit = |nibble: u8| b"0123456789ABCDEF"[usize::from(nibble)];
                out.extend_from_slice(&[b'%', digit(b >> 4), digit(b & 15)]);
            }
            b => out.push(b),
        }
    }
}

/// Hands on the protocols offered, less those that may not be.
fn upgrade(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    let before = out.len();
    for protocol in value.split(|&b| b == b',').map(trim).filter(|p| may_upgrade_to(p)) {
        if out.len() == before {
            out.extend_from_slice(name);
            out.extend_from_slice(b": ");
        } else {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(protocol);
    }
    if out.len() > before {
        out.extend_from_slice(b"\r\n");
    }
}

fn has_trailers(value: &[u8]) -> bool {
    value.split(|&b| b == b',').map(trim).any(|member| member.eq_ignore_ascii_case(b"trailers"))
}

fn push_number(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return out.extend_from_slice(&digits[at..]);
        }
    }
}
