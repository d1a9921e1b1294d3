//! The aliases of log formats: `%ci`, `%ST` and their kin (HAProxy manual, section 8.2.6, the table).

use std::net::{IpAddr, SocketAddr};

use portero_api::{Captures, Exchange, Fetch, Sample};
use portero_grammar::rules::LogFlags;

use super::clock::{self, Style};
use super::encode::uri;
use crate::cast::{write_int, write_text, write_uint};

/// An alias, ready to be written.
pub(super) struct Alias {
    row: &'static Row,
    /// The fetch that gives its value, for those that are another name of one.
    fetch: Option<Box<dyn Fetch>>,
}

/// What an alias shows: decides about quotes, and about its type in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Quoted by `+Q`, `-` when empty.
    Text,
    Number,
    Date,
}

/// One line of the table.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) content: Content,
    pub(super) from: From,
}

/// Where the value comes from.
pub(super) enum From {
    /// A fetch of that name.
    Fetch(&'static str),
    /// This function.
    Write(fn(&Exchange, LogFlags, &mut Vec<u8>)),
}

const fn number(name: &'static str, from: From) -> Row {
    Row { name, content: Content::Number, from }
}

const fn text(name: &'static str, write: fn(&Exchange, LogFlags, &mut Vec<u8>)) -> Row {
    Row { name, content: Content::Text, from: From::Write(write) }
}

const fn date(name: &'static str, write: fn(&Exchange, LogFlags, &mut Vec<u8>)) -> Row {
    Row { name, content: Content::Date, from: From::Write(write) }
}

const fn count(name: &'static str, write: fn(&Exchange, LogFlags, &mut Vec<u8>)) -> Row {
    number(name, From::Write(write))
}

const fn timer(name: &'static str, fetch: &'static str) -> Row {
    number(name, From::Fetch(fetch))
}

static TABLE: &[Row] = &[
    count("B", |x, _, o| early(x, o, x.log.bytes_out)),
    text("CC", |_, _, _| {}),
    text("CS", |_, _, _| {}),
    Row { name: "H", content: Content::Text, from: From::Fetch("hostname") },
    text("HM", |x, _, o| uri::request(request_word(x, 0), o)),
    text("HP", |x, _, o| uri::request(split_query(request_word(x, 1)).0, o)),
    text("HPO", |x, _, o| uri::request(path_only(request_word(x, 1)), o)),
    text("HQ", |x, _, o| uri::request(split_query(request_word(x, 1)).1, o)),
    text("HU", |x, _, o| uri::request(request_word(x, 1), o)),
    text("HV", |x, _, o| uri::request(request_word(x, 2), o)),
    text("ID", |x, _, o| uri::request(x.log.unique_id.get(x).unwrap_or_default(), o)),
    count("ST", |x, _, o| match x.log.status {
        0 => o.extend_from_slice(b"-1"),
        status => write_uint(status.into(), o),
    }),
    date("T", |x, _, o| accepted(x, Style::Utc, o)),
    number("Ta", From::Fetch("txn.timer.total")),
    timer("Tc", "bc.timer.connect"),
    timer("Td", "res.timer.data"),
    timer("Th", "fc.timer.handshake"),
    timer("Ti", "req.timer.idle"),
    date("Tl", |x, _, o| accepted(x, Style::Local, o)),
    timer("Tq", "req.timer.tq"),
    timer("TR", "req.timer.hdr"),
    timer("Tr", "res.timer.hdr"),
    count("Ts", |x, f, o| match f.hex {
        true => o.extend_from_slice(format!("{:04X}", clock::split(accept_date(x)).0).as_bytes()),
        false => write_int(clock::split(accept_date(x)).0, o),
    }),
    number("Tt", From::Fetch("fc.timer.total")),
    timer("Tu", "txn.timer.user"),
    timer("Tw", "req.timer.queue"),
    count("U", |x, _, o| write_uint(x.log.bytes_in, o)),
    timer("ac", "act_conn"),
    text("b", |x, _, o| o.extend_from_slice(x.proxy().name.as_bytes())),
    count("bc", |x, _, o| write_uint(x.proxy().back_sessions.now().into(), o)),
    text("bi", |x, f, o| ip(x.log.server_source, f, o)),
    count("bp", |x, f, o| port(x.log.server_source, f, o)),
    count("bq", |x, _, o| write_uint(x.log.backend_queue.into(), o)),
    text("ci", client_ip),
    count("cp", client_port),
    text("f", |x, _, o| o.extend_from_slice(x.conn.frontend.name.as_bytes())),
    count("fc", |x, _, o| write_uint(x.conn.frontend.front_sessions.now().into(), o)),
    text("fi", |x, f, o| ip(x.conn.dst, f, o)),
    count("fp", |x, f, o| port(x.conn.dst, f, o)),
    text("ft", |x, _, o| o.extend_from_slice(x.conn.frontend.name.as_bytes())),
    text("hr", |x, _, o| captures(&x.log.request_captures, o)),
    text("hrl", |x, f, o| capture_list(&x.log.request_captures, f, o)),
    text("hs", |x, _, o| captures(&x.log.response_captures, o)),
    text("hsl", |x, f, o| capture_list(&x.log.response_captures, f, o)),
    count("lc", |x, f, o| counter(x.log.line_number, f, o)),
    count("ms", |x, _, o| clock::write_millis(clock::split(accept_date(x)).1, o)),
    count("pid", |_, f, o| counter(std::process::id().into(), f, o)),
    text("r", |x, _, o| match x.log.request_line.is_empty() {
        true => o.extend_from_slice(BAD_REQUEST),
        false => uri::request(&x.log.request_line, o),
    }),
    count("rc", |x, _, o| {
        if x.log.redispatched {
            o.push(b'+');
        }
        write_uint(x.log.retries.into(), o);
    }),
    count("rt", |x, f, o| counter(x.log.request_number, f, o)),
    text("s", |x, _, o| server_name(x, o)),
    count("sc", |x, _, o| write_uint(x.server.as_ref().map_or(0, |s| s.sessions.now()).into(), o)),
    text("si", |x, f, o| ip(x.log.server_address, f, o)),
    count("sp", |x, f, o| port(x.log.server_address, f, o)),
    count("sq", |x, _, o| write_uint(x.log.server_queue.into(), o)),
    text("sslc", |_, _, _| {}),
    text("sslv", |_, _, _| {}),
    date("t", |x, _, o| accepted(x, Style::Millis, o)),
    date("tr", |x, _, o| clock::write(request_date(x), Style::Millis, o)),
    date("trg", |x, _, o| clock::write(request_date(x), Style::Utc, o)),
    date("trl", |x, _, o| clock::write(request_date(x), Style::Local, o)),
    date("ts", |x, _, o| o.extend_from_slice(&[x.log.term.cause, x.log.term.phase])),
    date("tsc", |x, _, o| {
        let term = x.log.term;
        o.extend_from_slice(&[term.cause, term.phase, term.cookie_seen, term.cookie_set]);
    }),
];

const BAD_REQUEST: &[u8] = b"<BADREQ>";

/// The names of all aliases.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.name)
}

/// The line of the table for a name.
pub(super) fn row(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

impl Alias {
    pub(super) fn new(row: &'static Row, fetch: Option<Box<dyn Fetch>>) -> Alias {
        Alias { row, fetch }
    }

    pub(super) fn content(&self) -> Content {
        self.row.content
    }

    /// Appends the value; nothing where there is none.
    pub(super) fn write(&self, exchange: &Exchange, flags: LogFlags, into: &mut Vec<u8>) {
        match (&self.row.from, &self.fetch) {
            (From::Write(write), _) => write(exchange, flags, into),
            (From::Fetch(_), Some(fetch)) => {
                if exchange.log.early && matches!(self.row.name, "Ta" | "Tt") {
                    into.push(b'+');
                }
                if let Ok(Some(sample)) = fetch.fetch(exchange) {
                    write_text(&sample, into);
                }
            }
            (From::Fetch(_), None) => {}
        }
    }

    /// The captured header fields, for the aliases that list them.
    pub(super) fn list<'x>(&self, exchange: &'x Exchange) -> Option<&'x Captures> {
        match self.row.name {
            "hrl" => Some(&exchange.log.request_captures),
            "hsl" => Some(&exchange.log.response_captures),
            _ => None,
        }
    }

    /// True for captures where none are declared: a line then shows nothing at all.
    pub(super) fn is_absent(&self, exchange: &Exchange) -> bool {
        match self.row.name {
            "hr" | "hrl" => exchange.log.request_captures.is_empty(),
            "hs" | "hsl" => exchange.log.response_captures.is_empty(),
            _ => false,
        }
    }

    /// The value for an encoding.
    pub(super) fn sample(&self, exchange: &Exchange, flags: LogFlags) -> Option<Sample<'static>> {
        let mut text = Vec::new();
        self.write(exchange, flags, &mut text);
        match self.row.content {
            Content::Number => {
                let digits = text.strip_prefix(b"+").unwrap_or(&text);
                Some(
                    crate::cast::to_int(&Sample::str(digits))
                        .map_or_else(|| Sample::text(&text[..]), Sample::Int),
                )
            }
            _ => Some(Sample::text(text)),
        }
    }
}

/// A count that may still grow.
fn early(x: &Exchange, into: &mut Vec<u8>, value: u64) {
    if x.log.early {
        into.push(b'+');
    }
    write_uint(value, into);
}

fn accept_date(x: &Exchange) -> std::time::SystemTime {
    x.log.timers.date.unwrap_or(x.conn.accepted_at)
}

fn accepted(x: &Exchange, style: Style, into: &mut Vec<u8>) {
    clock::write(accept_date(x), style, into);
}

/// The moment of the first byte of the request, by the wall clock.
fn request_date(x: &Exchange) -> std::time::SystemTime {
    let timers = &x.log.timers;
    let waited = match (timers.start, timers.first_byte) {
        (Some(start), Some(first)) => first.saturating_duration_since(start),
        _ => std::time::Duration::ZERO,
    };
    accept_date(x) + waited
}

/// A word of the request line as received; `<BADREQ>` where there is no line.
fn request_word(x: &Exchange, index: usize) -> &[u8] {
    let line = &x.log.request_line;
    if line.is_empty() {
        return BAD_REQUEST;
    }
    line.split(|&b| b == b' ').nth(index).unwrap_or_default()
}

/// A target without its query, and the query with its question mark.
fn split_query(target: &[u8]) -> (&[u8], &[u8]) {
    let mark = target.iter().position(|&b| b == b'?').unwrap_or(target.len());
    target.split_at(mark)
}

/// The path of a target, without scheme, authority and query.
fn path_only(target: &[u8]) -> &[u8] {
    let path = split_query(target).0;
    let behind_scheme = memchr::memmem::find(path, b"://").map_or(0, |at| at + 3);
    match path[behind_scheme..].iter().position(|&b| b == b'/') {
        Some(slash) => &path[behind_scheme + slash..],
        None => path,
    }
}

fn ip(address: Option<SocketAddr>, flags: LogFlags, into: &mut Vec<u8>) {
    let Some(address) = address else { return };
    if !flags.hex {
        return write_text(&Sample::Ip(address.ip()), into);
    }
    let bytes: &[u8] = match address.ip() {
        IpAddr::V4(ip) => &ip.octets(),
        IpAddr::V6(ip) => &ip.octets(),
    };
    bytes.iter().for_each(|b| into.extend_from_slice(format!("{b:02X}").as_bytes()));
}

fn port(address: Option<SocketAddr>, flags: LogFlags, into: &mut Vec<u8>) {
    if let Some(address) = address {
        counter(address.port().into(), flags, into);
    }
}

fn counter(value: u64, flags: LogFlags, into: &mut Vec<u8>) {
    match flags.hex {
        true => into.extend_from_slice(format!("{value:04X}").as_bytes()),
        false => write_uint(value, into),
    }
}

/// A client on a unix socket has the word `unix` for an address and the number of the listener for a port.
fn client_ip(x: &Exchange, flags: LogFlags, into: &mut Vec<u8>) {
    match x.conn.src {
        None => into.extend_from_slice(b"unix"),
        address => ip(address, flags, into),
    }
}

fn client_port(x: &Exchange, flags: LogFlags, into: &mut Vec<u8>) {
    match x.conn.src {
        None => counter(x.conn.listener_id.into(), flags, into),
        address => port(address, flags, into),
    }
}

fn server_name(x: &Exchange, into: &mut Vec<u8>) {
    match (&x.log.service, &x.server) {
        (Some(service), _) => into.extend_from_slice(service.as_bytes()),
        (None, Some(server)) => into.extend_from_slice(server.name.as_bytes()),
        (None, None) => into.extend_from_slice(b"<NOSRV>"),
    }
}

/// `{a|b|}`; nothing when there are no captures.
fn captures(captures: &Captures, into: &mut Vec<u8>) {
    let slots = captures.all();
    if slots.is_empty() {
        return;
    }
    into.push(b'{');
    for (index, slot) in slots.iter().enumerate() {
        if index > 0 {
            into.push(b'|');
        }
        uri::header(slot.value.as_deref().unwrap_or_default(), into);
    }
    into.push(b'}');
}

/// `a - b`: each its own field; under `+Q` each in its own quotes, the first and last of which the caller writes.
fn capture_list(captures: &Captures, flags: LogFlags, into: &mut Vec<u8>) {
    for (index, slot) in captures.all().iter().enumerate() {
        if index > 0 {
            into.extend_from_slice(if flags.quote { b"\" \"" } else { b" " });
        }
        match slot.value.as_deref() {
            Some(value) if !value.is_empty() => uri::header(value, into),
            _ if flags.quote => {}
            _ => into.push(b'-'),
        }
    }
}
