//! Persistence by a cookie (HAProxy manual, section 4.2, `cookie`): which server a client's cookie names, and the cookie
//! that the client is given for its next request.

mod dates;
mod parse;
pub mod tables;

use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use portero_api::{Method, Request, Response, Term, clock};

use portero_grammar::rules::Family;

use super::Road;
use crate::config::checked::{Cookie, CookieMode, Mode};
use crate::snapshot::Proxy;
use dates::Dates;

/// What a request's cookie said, and what of it is still of use when the response comes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sticky {
    /// The server that the cookie names, and that may be used, by its place in the backend.
    pub server: Option<usize>,
    /// The one that a stick table names.
    pub stuck: Option<usize>,
    /// A `force-persist` rule holds: the request belongs there whatever the state of the server.
    pub forced: bool,
    /// A cookie of that name came.
    found: bool,
    /// The dates in it.
    dates: Dates,
}

/// A prefix ends here (`cookie NAME prefix`).
const DELIMITER: u8 = b'~';

/// What holds the request to a server: the client's cookie, else a stick table.
pub fn hold(road: &mut Road<'_>) {
    let be = road.be.clone();
    let rule = be.persist_rules.first(road.ex);
    road.sticky.forced = rule == Some(Family::ForcePersist);
    if be.conf.mode == Mode::Http && rule != Some(Family::IgnorePersist) {
        read(road);
    }
    tables::look_up(road);
}

/// Looks for the client's cookie, and takes out of the request what the server is not to see of it.
fn read(road: &mut Road<'_>) {
    let be = road.be.clone();
    let Some(cookie) = &be.conf.cookie else { return };
    let (term, request) = (&mut road.ex.log.term, &mut road.ex.request);
    (term.cookie_seen, term.cookie_set) = (b'N', b'N');
    let now = seconds_now();
    let mut sticky = Sticky { forced: road.sticky.forced, ..Sticky::default() };
    let mut seen = b'N';
    edit_cookies(request, cookie, |value| {
        let (id, dates) = server_id(cookie, value);
        sticky.found = true;
        if sticky.server.is_none() {
            seen = judge(&be, cookie, id, dates, now, &mut sticky);
        }
    });
    road.ex.log.term.cookie_seen = seen;
    road.sticky = sticky;
}

/// A `use-server` rule has chosen instead of the cookie.
pub fn overruled(road: &mut Road<'_>) {
    if road.sticky.found {
        road.ex.log.term.cookie_seen = b'U';
        road.sticky.server = None;
    }
}

/// The server that the cookie names could not be reached: to the log it is down, as in HAProxy.
pub fn redispatched(term: &mut Term) {
    if term.cookie_seen == b'V' {
        term.cookie_seen = b'D';
    }
}

/// Sets, rewrites or takes away the cookie in the response of the server at `place`.
pub fn write(road: &mut Road<'_>, place: usize) {
    let be = road.be.clone();
    let Some(cookie) = &be.conf.cookie else { return };
    let id = be.servers.get(place).and_then(|server| server.conf.cookie.as_deref());
    let direct = road.sticky.server == Some(place);
    let response = &mut road.ex.response;
    let provided = from_server(response, cookie, id, direct);
    let mut set = provided;
    let kept = provided == b'P' && cookie.preserve;
    if cookie.mode == CookieMode::Insert && !kept && may_insert(cookie, &road.ex.request.method) {
        let now = seconds_now();
        let stale = direct && road.sticky.dates.is_stale(cookie, now);
        match id {
            Some(id) if !direct || stale => {
                let dates = road.sticky.dates.renewed(cookie, direct, now);
                insert(response, cookie, id, dates);
                set = if direct { b'U' } else { b'I' };
            }
            None if road.sticky.found => expire(response, cookie),
            _ => {}
        }
    }
    if cookie.nocache && matches!(set, b'I' | b'U' | b'R') {
        make_private(response);
    }
    road.ex.log.term.cookie_set = set;
}

/// What a cookie's value says of the server: its letter in the termination state.
fn judge(be: &Rc<Proxy>, cookie: &Cookie, id: &[u8], dates: Dates, now: u64, sticky: &mut Sticky) -> u8 {
    if let Some(letter) = dates.refused(cookie, now) {
        return letter;
    }
    sticky.dates = dates;
    let named = be.servers.iter().enumerate().filter(|(_, s)| s.conf.cookie.as_deref() == Some(id));
    let mut letter = b'I';
    for (place, server) in named {
        if server.state.reachable() || be.conf.options.persist || sticky.forced {
            sticky.server = Some(place);
            return b'V';
        }
        letter = b'D';
    }
    letter
}

/// The part of a value that names a server.
fn server_id<'a>(cookie: &Cookie, value: &'a [u8]) -> (&'a [u8], Dates) {
    match cookie.mode {
        CookieMode::Prefix => {
            // without a delimiter it is the application's alone
            let end = value.iter().position(|&b| b == DELIMITER).unwrap_or(0);
            (&value[..end], Dates::default())
        }
        CookieMode::Insert => dates::cut(value),
        CookieMode::Passive | CookieMode::Rewrite => (value, Dates::default()),
    }
}

/// Visits the persistence cookies of a request. With `insert indirect` they are taken out, with `prefix` their prefix is.
fn edit_cookies(request: &mut Request, cookie: &Cookie, mut visit: impl FnMut(&[u8])) {
    let takes_out = cookie.mode == CookieMode::Insert && cookie.indirect;
    let mut index = 0;
    while let Some((name, line)) = request.headers.at(index) {
        index += 1;
        if !name.eq_ignore_ascii_case(b"cookie") {
            continue;
        }
        let mut left = Vec::new();
        let mut changed = false;
        for piece in parse::pieces(line) {
            let mut kept = piece.text;
            if piece.name == cookie.name {
                visit(piece.value);
                changed |= takes_out;
                if takes_out {
                    continue;
                }
                if cookie.mode == CookieMode::Prefix
                    && let Some(at) = piece.value.iter().position(|&b| b == DELIMITER)
                {
                    changed = true;
                    parse::push(&mut left, &[piece.name, b"=", &piece.value[at + 1..]]);
                    kept = b"";
                }
            }
            if !kept.is_empty() {
                parse::push(&mut left, &[kept]);
            }
        }
        match (changed, left.is_empty()) {
            (false, _) => {}
            (true, false) => request.headers.set_at(index - 1, &left),
            (true, true) => {
                index -= 1;
                request.headers.remove_at(index);
            }
        }
    }
}

/// What becomes of the cookie that the server sets itself; the letter of it, `N` when it sets none.
fn from_server(response: &mut Response, cookie: &Cookie, id: Option<&[u8]>, direct: bool) -> u8 {
    let mut letter = b'N';
    let mut index = 0;
    while let Some((name, line)) = response.headers.at(index) {
        index += 1;
        let Some(piece) = parse::pieces(line).next().filter(|p| p.name == cookie.name) else { continue };
        if !name.eq_ignore_ascii_case(b"set-cookie") {
            continue;
        }
        let attributes = &line[piece.end..];
        let written = match (cookie.mode, id) {
            _ if cookie.preserve => None,
            (CookieMode::Insert, Some(_)) => Some(None),
            _ if cookie.indirect && direct => Some(None),
            (CookieMode::Rewrite, Some(id)) => Some(Some([piece.name, b"=", id, attributes].concat())),
            (CookieMode::Prefix, Some(id)) => {
                Some(Some([piece.name, b"=", id, &[DELIMITER], piece.value, attributes].concat()))
            }
            _ => None,
        };
        letter = match written {
            None => b'P',
            Some(Some(line)) => {
                response.headers.set_at(index - 1, &line);
                b'R'
            }
            Some(None) => {
                index -= 1;
                response.headers.remove_at(index);
                b'D'
            }
        };
    }
    letter
}

fn may_insert(cookie: &Cookie, method: &Method) -> bool {
    !cookie.postonly || *method == Method::Post
}

fn insert(response: &mut Response, cookie: &Cookie, id: &[u8], dates: Dates) {
    let mut line = [&cookie.name, &b"="[..], id].concat();
    dates.write(&mut line);
    line.extend_from_slice(b"; path=/");
    for domain in &cookie.domains {
        line.extend_from_slice(b"; domain=");
        line.extend_from_slice(domain);
    }
    if cookie.httponly {
        line.extend_from_slice(b"; HttpOnly");
    }
    if cookie.secure {
        line.extend_from_slice(b"; Secure");
    }
    for attribute in &cookie.attributes {
        line.extend_from_slice(b"; ");
        line.extend_from_slice(attribute);
    }
    response.headers.add(b"Set-Cookie", &line);
}

/// The client's cookie belongs to no server that has one: it is to forget it.
fn expire(response: &mut Response, cookie: &Cookie) {
    let line = [&cookie.name, &b"=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/"[..]].concat();
    response.headers.add(b"Set-Cookie", &line);
}

/// `nocache`: a response with somebody's cookie is for nobody else.
fn make_private(response: &mut Response) {
    let closed = |m: &[u8]| [&b"private"[..], b"no-store"].iter().any(|word| m.eq_ignore_ascii_case(word));
    if !response.headers.members(b"cache-control").any(closed) {
        response.headers.add(b"Cache-Control", b"private");
    }
}

fn seconds_now() -> u64 {
    clock::date().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests;
