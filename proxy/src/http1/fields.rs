//! The fields that say how a message is framed and what becomes of its connection (RFC 9110, 7.6.1; RFC 9112, 6 and 9).

use portero_api::{Framing, Headers, Standing, Version, trim};

use super::Refusal;

/// The fields that mean something between two neighbours, and those that a proxy must read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Host,
    Connection,
    /// Keep-Alive, Proxy-Connection, HTTP2-Settings: for the neighbour only, and of no use to us.
    Hop,
    Te,
    Upgrade,
    ContentLength,
    TransferEncoding,
    Expect,
    /// Sec-WebSocket-Key or Sec-WebSocket-Accept.
    WebSocket,
    Other,
}

impl Field {
    /// The role of a name: its length and first letter tell it from nearly all others.
    #[inline(always)]
    pub(super) fn of(name: &[u8]) -> Field {
        let first = name.first().map_or(0, |b| b | 0x20);
        match (name.len(), first) {
            (2, b't') if is(name, b"te") => Field::Te,
            (4, b'h') if is(name, b"host") => Field::Host,
            (6, b'e') if is(name, b"expect") => Field::Expect,
            (7, b'u') if is(name, b"upgrade") => Field::Upgrade,
            (10, b'c') if is(name, b"connection") => Field::Connection,
            (10, b'k') if is(name, b"keep-alive") => Field::Hop,
            (14, b'c') if is(name, b"content-length") => Field::ContentLength,
            (14, b'h') if is(name, b"http2-settings") => Field::Hop,
            (16, b'p') if is(name, b"proxy-connection") => Field::Hop,
            (17, b't') if is(name, b"transfer-encoding") => Field::TransferEncoding,
            (17, b's') if is(name, b"sec-websocket-key") => Field::WebSocket,
            (20, b's') if is(name, b"sec-websocket-accept") => Field::WebSocket,
            _ => Field::Other,
        }
    }

    /// What may become of its line, if that is in the usual form.
    #[inline]
    pub(super) fn standing(self) -> Standing {
        if self == Field::Other { Standing::Whole } else { Standing::Known }
    }
}

/// Whether a token is this name, of lower-case letters, digits and hyphens, whatever its case. The length is known to the
/// compiler, which makes two or three instructions of it.
#[inline]
fn is<const N: usize>(token: &[u8], name: &[u8; N]) -> bool {
    let differs = |differs: u8, (a, b): (&u8, &u8)| differs | ((a | 0x20) ^ b);
    <&[u8; N]>::try_from(token).is_ok_and(|token| token.iter().zip(name).fold(0, differs) == 0)
}

/// What the fields of one head say together.
#[derive(Debug, Default)]
pub(super) struct Facts<'b> {
    pub(super) host: Option<&'b [u8]>,
    pub(super) length: Option<u64>,
    /// Content-Length stood there more than once, or as a list: the headers are to be set right.
    pub(super) length_repeated: bool,
    pub(super) coding: Coding,
    pub(super) close: bool,
    pub(super) keep_alive: bool,
    /// Connection names other fields, which are to be taken away.
    pub(super) names_others: bool,
    pub(super) websocket_key: bool,
    pub(super) expects_continue: bool,
    wants_upgrade: bool,
    offers_upgrade: bool,
    pub(super) offers_websocket: bool,
}

/// The transfer codings seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Coding {
    #[default]
    None,
    /// `chunked` alone, and last.
    Chunked,
    /// Only codings that we do not speak.
    Unknown,
    /// Such codings, then `chunked`.
    UnknownChunked,
}

impl<'b> Facts<'b> {
    /// Reads one field.
    pub(super) fn note(&mut self, field: Field, value: &'b [u8]) -> Result<(), Refusal> {
        match field {
            Field::Host => {
                if self.host.replace(value).is_some() {
                    return Err(Refusal::bad("several Host fields"));
                }
            }
            Field::Connection => self.note_connection(value),
            Field::Upgrade => self.note_upgrade(value),
            Field::ContentLength => self.note_length(value)?,
            Field::TransferEncoding => self.note_coding(value)?,
            Field::Expect if value.eq_ignore_ascii_case(b"100-continue") => self.expects_continue = true,
            Field::Expect => {
                return Err(Refusal { status: 417, why: "an expectation other than 100-continue" });
            }
            Field::WebSocket => self.websocket_key = !value.is_empty(),
            Field::Te | Field::Hop | Field::Other => {}
        }
        Ok(())
    }

    /// True when the connection may live after a message of that version (RFC 9112, 9.3).
    pub(super) fn persists(&self, version: Version) -> bool {
        !self.close && !self.suspect(version) && (version == Version::Http11 || self.keep_alive)
    }

    /// True when an upgrade is named and offered. HTTP/1.0 knows none (RFC 9110, 7.8).
    pub(super) fn upgrades(&self, version: Version) -> bool {
        self.wants_upgrade && self.offers_upgrade && version == Version::Http11
    }

    /// See [`super::Head::suspect`].
    pub(super) fn suspect(&self, version: Version) -> bool {
        self.coding != Coding::None && (self.length.is_some() || version == Version::Http10)
    }

    /// The framing of a message that has a body when the fields say so (RFC 9112, 6.3, rules 3 to 6).
    pub(super) fn framing(&self) -> Result<Option<Framing>, Refusal> {
        match (self.coding, self.length) {
            (Coding::None, length) => Ok(length.map(Framing::Length)),
            (Coding::Chunked, _) => Ok(Some(Framing::Chunked)),
            (Coding::UnknownChunked, _) => {
                Err(Refusal { status: 422, why: "a transfer coding other than chunked" })
            }
            (Coding::Unknown, _) => Err(Refusal::bad("the last transfer coding is not chunked")),
        }
    }

    /// Leaves in the headers only what holds: one Content-Length or none, and nothing that Connection names.
    pub(super) fn settle(&self, headers: &mut Headers) {
        if self.coding != Coding::None && self.length.is_some() {
            headers.remove(b"content-length");
        } else if self.length_repeated {
            keep_first_length(headers, self.length.unwrap_or(0));
        }
        if self.names_others {
            remove_named(headers);
        }
    }

    fn note_connection(&mut self, value: &[u8]) {
        if is(value, b"keep-alive") {
            self.keep_alive = true;
            return;
        }
        for token in value.split(|&b| b == b',').map(trim) {
            match token {
                b"" => {}
                t if t.eq_ignore_ascii_case(b"close") => self.close = true,
                t if t.eq_ignore_ascii_case(b"keep-alive") => self.keep_alive = true,
                t if t.eq_ignore_ascii_case(b"upgrade") => self.wants_upgrade = true,
                _ => self.names_others = true,
            }
        }
    }

    fn note_upgrade(&mut self, value: &[u8]) {
        for protocol in value.split(|&b| b == b',').map(trim).filter(|p| may_upgrade_to(p)) {
            self.offers_upgrade = true;
            self.offers_websocket |= protocol.eq_ignore_ascii_case(b"websocket");
        }
    }

    fn note_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.length.is_none()
            && let Some(length) = decimal(value)
        {
            self.length = Some(length);
            return Ok(());
        }
        for member in value.split(|&b| b == b',').map(trim) {
            let length = decimal(member).ok_or(Refusal::bad("Content-Length is no number"))?;
            match self.length.replace(length) {
                Some(before) if before != length => {
                    return Err(Refusal::bad("Content-Length with different values"));
                }
                Some(_) => self.length_repeated = true,
                None => {}
            }
        }
        Ok(())
    }

    fn note_coding(&mut self, value: &[u8]) -> Result<(), Refusal> {
        for coding in value.split(|&b| b == b',').map(trim) {
            self.coding = match (self.coding, coding.eq_ignore_ascii_case(b"chunked")) {
                _ if coding.is_empty() => return Err(Refusal::bad("Transfer-Encoding with an empty member")),
                (Coding::Chunked | Coding::UnknownChunked, _) => {
                    return Err(Refusal::bad("a transfer coding behind chunked"));
                }
                (Coding::None, true) => Coding::Chunked,
                (Coding::Unknown, true) => Coding::UnknownChunked,
                (_, false) => Coding::Unknown,
            };
        }
        Ok(())
    }
}

/// False for what must not be handed on in Upgrade: HTTP/2 in clear would carry requests past the rules.
pub(super) fn may_upgrade_to(protocol: &[u8]) -> bool {
    !(protocol.is_empty() || protocol.eq_ignore_ascii_case(b"h2c") || protocol.eq_ignore_ascii_case(b"h2"))
}

/// 1*DIGIT below 2^63, with any number of zeros in front (RFC 9110, 8.6).
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut number = 0i64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
    }
    u64::try_from(number).ok()
}

fn keep_first_length(headers: &mut Headers, length: u64) {
    let mut first = true;
    headers.retain(|name, _| Field::of(name) != Field::ContentLength || std::mem::take(&mut first));
    let index = headers.iter().position(|(name, _)| Field::of(name) == Field::ContentLength);
    if let Some(index) = index {
        headers.set_at(index, length.to_string().as_bytes());
    }
}

/// Removes the fields that Connection names (RFC 9110, 7.6.1), before any rule adds its own: a client may not take away
/// what the proxy says. Fields that frame, route or authorise are for everyone and stay.
fn remove_named(headers: &mut Headers) {
    let named: Vec<Vec<u8>> = headers.members(b"connection").map(<[u8]>::to_ascii_lowercase).collect();
    headers.retain(|name, _| is_for_everyone(name) || !named.iter().any(|n| name.eq_ignore_ascii_case(n)));
}

fn is_for_everyone(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 9] = [
        b"authorization",
        b"cache-control",
        b"cookie",
        b"date",
        b"expect",
        b"forwarded",
        b"location",
        b"set-cookie",
        b"via",
    ];
    const BEGINNINGS: [&[u8]; 3] = [b"content-", b"sec-websocket-", b"x-forwarded-"];
    let begins = |with: &&[u8]| name.get(..with.len()).is_some_and(|n| n.eq_ignore_ascii_case(with));
    !matches!(Field::of(name), Field::Other | Field::Hop)
        || NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
        || BEGINNINGS.iter().any(begins)
}
