//! Header maps: request, response, trailers, and those of a call-out's answer.
//!
//! Heads have the pseudo fields of HTTP/2 whatever the peers speak; a rewrite of one of them changes the request line or the
//! status. What a guest sets must not be able to begin another field or end the head (RFC 9110, 5.5).

mod check;

use std::borrow::Cow;

use portero_api::{Direction, Exchange, Headers, Method, Request, Response};
use wasmtime::Linker;

pub(crate) use self::check::check;
use super::{Answer, Status, host};
use crate::guest::Guest;
use crate::memory::{self, Calling, give, read};
use crate::{pairs, scene};

/// A map, by the number that the ABI has for it.
#[derive(Clone, Copy)]
pub(crate) enum Map {
    Request,
    RequestTrailers,
    Response,
    ResponseTrailers,
    /// Of gRPC calls, which there are none of.
    Grpc,
    Told,
    ToldTrailers,
}

/// A head as it is shown: the line that pseudo fields stand for, and its fields. Of a response the digits of its status.
pub(crate) enum Shown<'a> {
    Request(&'a Request),
    Response(&'a Response, [u8; 3]),
    Plain(&'a Headers),
}

/// The same to be changed.
enum Changed<'a> {
    Request(&'a mut Request),
    Response(&'a mut Response),
    Plain(&'a mut Headers),
}

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_get_header_map_size", |caller, map, size| {
        let mut bytes = 0;
        look(&mut caller, map, |_, shown| {
            bytes = shown.pairs().iter().map(|(name, value)| name.len() + value.len()).sum();
            Ok(())
        })?;
        memory::write_u32(&mut caller, size, bytes as u32)
    });
    host!(linker, "proxy_get_header_map_pairs", |caller, map, at, len| {
        look(&mut caller, map, |caller, shown| {
            let all = shown.pairs();
            let bytes = pairs::write(all.iter().map(|(name, value)| (&**name, *value)));
            give(caller, if all.is_empty() { b"" } else { &bytes }, at, len)
        })
    });
    host!(linker, "proxy_get_header_map_value", |caller, map, key, key_len, at, len| {
        look(&mut caller, map, |caller, shown| match shown.get(read(caller, key, key_len)?, b", ") {
            Some(value) => give(caller, &value, at, len),
            // ABI 0.1.0 does not know that something can be missing
            None if caller.data().plan.is_oldest() => give(caller, b"", at, len),
            None => Err(Status::NotFound),
        })
    });
    host!(linker, "proxy_set_header_map_pairs", |caller, map, at, len| {
        let bytes = memory::copy(&caller, at, len)?;
        let all = pairs::read(&bytes).ok_or(Status::BadArgument)?;
        all.iter().try_for_each(|(name, value)| check(name, value))?;
        alter(caller.data_mut(), Map::of(map)?, bytes.len(), |changed| changed.replace_all(&all))
    });
    host!(linker, "proxy_add_header_map_value", |caller, map, key, key_len, value, value_len| {
        edit(&mut caller, map, (key, key_len), (value, value_len), Headers::add)
    });
    host!(linker, "proxy_replace_header_map_value", |caller, map, key, key_len, value, value_len| {
        edit(&mut caller, map, (key, key_len), (value, value_len), Headers::set)
    });
    host!(linker, "proxy_remove_header_map_value", |caller, map, key, key_len| {
        let (memory, guest) = memory::with_guest(&mut caller)?;
        remove(guest, Map::of(map)?, memory.read(key, key_len)?)
    });
    Ok(())
}

/// The fields that a head shows, for the callback that is told their number.
pub(crate) fn count(exchange: &Exchange, direction: Direction) -> u32 {
    let fields = match direction {
        Direction::Response => 1 + exchange.response.headers.len(),
        // `:authority` stands for the host
        Direction::Request => {
            let headers = &exchange.request.headers;
            4 + headers.len() - headers.all(b"host").count()
        }
    };
    fields as u32
}

fn edit(
    caller: &mut Calling<'_>,
    map: u32,
    name: (u32, u32),
    value: (u32, u32),
    change: fn(&mut Headers, &[u8], &[u8]),
) -> Answer {
    let (memory, guest) = memory::with_guest(caller)?;
    put(guest, Map::of(map)?, (memory.read(name.0, name.1)?, memory.read(value.0, value.1)?), change)
}

/// Puts a field into a map, by its name and its value, or what a pseudo field stands for.
///
/// # Errors
///
/// It is malformed, there is no room for it, or the map cannot be changed now.
pub(crate) fn put(
    guest: &mut Guest,
    map: Map,
    (name, value): (&[u8], &[u8]),
    change: fn(&mut Headers, &[u8], &[u8]),
) -> Answer {
    check(name, value)?;
    alter(guest, map, name.len() + value.len() + 4, |mut changed| match changed.pseudo(name, value) {
        Some(done) => done,
        None => {
            change(changed.headers(), name, value);
            Ok(())
        }
    })
}

/// Takes all fields of a name out of a map.
///
/// # Errors
///
/// The map cannot be changed now.
pub(crate) fn remove(guest: &mut Guest, map: Map, name: &[u8]) -> Answer {
    alter(guest, map, 0, |mut changed| {
        let name: &[u8] = if is(name, b":authority") { b"host" } else { name };
        changed.headers().remove(name);
        Ok(())
    })
}

/// Shows a map.
fn look(
    caller: &mut Calling<'_>,
    map: u32,
    show: impl FnOnce(&mut Calling<'_>, Shown<'_>) -> Answer,
) -> Answer {
    match Map::of(map)? {
        map @ (Map::Request | Map::Response) => {
            if !caller.data().is_lent() {
                return Err(Status::BadArgument);
            }
            let shown = scene::see(|exchange| match map {
                Map::Response => {
                    let digits = digits(exchange.response.status);
                    show(caller, Shown::Response(&exchange.response, digits))
                }
                _ => show(caller, Shown::Request(&exchange.request)),
            });
            shown.unwrap_or(Err(Status::BadArgument))
        }
        map => {
            let headers = std::mem::take(own(caller.data_mut(), map)?);
            let answer = show(caller, Shown::Plain(&headers));
            *own(caller.data_mut(), map)? = headers;
            answer
        }
    }
}

/// Lets a map be changed that grows by so many bytes at the most, within the room that a head has.
fn alter(guest: &mut Guest, map: Map, by: usize, change: impl FnOnce(Changed<'_>) -> Answer) -> Answer {
    match map {
        Map::Request | Map::Response if !guest.is_lent() => Err(Status::BadArgument),
        Map::Request => scene::change(|exchange| match by == 0 || exchange.request_may_grow(by) {
            true => change(Changed::Request(&mut exchange.request)),
            false => Err(Status::BadArgument),
        })
        .unwrap_or(Err(Status::BadArgument)),
        Map::Response => scene::change(|exchange| match by == 0 || exchange.response_may_grow(by) {
            true => change(Changed::Response(&mut exchange.response)),
            false => Err(Status::BadArgument),
        })
        .unwrap_or(Err(Status::BadArgument)),
        map => change(Changed::Plain(own(guest, map)?)),
    }
}

/// A map that belongs to the guest's side.
fn own(guest: &mut Guest, map: Map) -> Result<&mut Headers, Status> {
    Ok(match map {
        Map::RequestTrailers => &mut guest.stream()?.side(Direction::Request).trailers,
        Map::ResponseTrailers => &mut guest.stream()?.side(Direction::Response).trailers,
        Map::Told => &mut guest.told.headers,
        Map::ToldTrailers => &mut guest.told.trailers,
        Map::Request | Map::Response | Map::Grpc => return Err(Status::BadArgument),
    })
}

impl Map {
    fn of(number: u32) -> Result<Map, Status> {
        Ok(match number {
            0 => Map::Request,
            1 => Map::RequestTrailers,
            2 => Map::Response,
            3 => Map::ResponseTrailers,
            4 | 5 => Map::Grpc,
            6 => Map::Told,
            7 => Map::ToldTrailers,
            _ => return Err(Status::BadArgument),
        })
    }
}

impl Shown<'_> {
    /// The head of a request.
    pub(crate) fn request(exchange: &Exchange) -> Shown<'_> {
        Shown::Request(&exchange.request)
    }

    /// The head of a response.
    pub(crate) fn response(exchange: &Exchange) -> Shown<'_> {
        Shown::Response(&exchange.response, digits(exchange.response.status))
    }

    fn headers(&self) -> &Headers {
        match self {
            Shown::Request(request) => &request.headers,
            Shown::Response(response, _) => &response.headers,
            Shown::Plain(headers) => headers,
        }
    }

    /// All fields with their names in lower case, the pseudo ones first.
    pub(super) fn pairs(&self) -> Vec<(Cow<'_, [u8]>, &[u8])> {
        let mut all: Vec<(Cow<'_, [u8]>, &[u8])> = Vec::with_capacity(self.headers().len() + 4);
        let mut line = |name: &'static [u8], value| all.push((Cow::Borrowed(name), value));
        let mut left_out: &[u8] = b"";
        match self {
            Shown::Request(request) => {
                line(b":authority", authority(request));
                line(b":path", path(request));
                line(b":method", request.method.as_bytes());
                line(b":scheme", scheme(request));
                left_out = b"host";
            }
            Shown::Response(_, digits) => line(b":status", digits),
            Shown::Plain(_) => {}
        }
        let fields = self.headers().iter().filter(|(name, _)| !is(name, left_out));
        all.extend(fields.map(|(name, value)| (lower(name), value)));
        all
    }

    /// The value of a field; those of several as one list (RFC 9110, 5.3).
    pub(crate) fn get(&self, name: &[u8], separator: &[u8]) -> Option<Cow<'_, [u8]>> {
        let pseudo = match (self, name) {
            (_, [first, ..]) if *first != b':' => return self.field(name, separator),
            (Shown::Request(request), b":path") => path(request),
            (Shown::Request(request), b":method") => request.method.as_bytes(),
            (Shown::Request(request), b":scheme") => scheme(request),
            (Shown::Request(request), b":authority") => request.headers.get(b"host")?,
            (Shown::Response(_, digits), b":status") => digits,
            _ => return self.field(name, separator),
        };
        Some(Cow::Borrowed(pseudo))
    }

    fn field(&self, name: &[u8], separator: &[u8]) -> Option<Cow<'_, [u8]>> {
        let headers = self.headers();
        let first = headers.get(name)?;
        Some(match headers.all(name).nth(1) {
            None => Cow::Borrowed(first),
            Some(_) => Cow::Owned(headers.all(name).collect::<Vec<_>>().join(separator)),
        })
    }
}

fn lower(name: &[u8]) -> Cow<'_, [u8]> {
    match name.iter().any(u8::is_ascii_uppercase) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

impl Changed<'_> {
    fn headers(&mut self) -> &mut Headers {
        match self {
            Changed::Request(request) => &mut request.headers,
            Changed::Response(response) => &mut response.headers,
            Changed::Plain(headers) => headers,
        }
    }

    /// Sets a pseudo field; none when the name is not one of this map's.
    fn pseudo(&mut self, name: &[u8], value: &[u8]) -> Option<Answer> {
        match (self, name) {
            (_, [first, ..]) if *first != b':' => return None,
            (Changed::Request(request), b":path") => request.set_path_and_query(value),
            (Changed::Request(request), b":method") => request.method = Method::from_bytes(value),
            (Changed::Request(request), b":authority") => request.headers.set(b"host", value),
            // it follows from how the server is spoken to
            (Changed::Request(_), b":scheme") => {}
            (Changed::Response(response), b":status") => {
                let Some(status) = status(value) else { return Some(Err(Status::BadArgument)) };
                if status != response.status {
                    response.status = status;
                    response.reason.clear();
                }
            }
            (_, [b':', ..]) => return Some(Err(Status::BadArgument)),
            _ => return None,
        }
        Some(Ok(()))
    }

    fn replace_all(mut self, all: &[(&[u8], &[u8])]) -> Answer {
        self.headers().retain(|_, _| false);
        for (name, value) in all {
            match self.pseudo(name, value) {
                Some(done) => done?,
                None => self.headers().add(name, value),
            }
        }
        Ok(())
    }
}

fn is(name: &[u8], other: &[u8]) -> bool {
    name.eq_ignore_ascii_case(other)
}

pub(super) fn authority(request: &Request) -> &[u8] {
    request.headers.get(b"host").unwrap_or_default()
}

/// Path and query, or the target where it has none.
pub(super) fn path(request: &Request) -> &[u8] {
    match request.path_and_query() {
        [] => &request.target,
        path => path,
    }
}

pub(super) fn scheme(request: &Request) -> &'static [u8] {
    if request.target.starts_with(b"https://") { b"https" } else { b"http" }
}

fn digits(status: u16) -> [u8; 3] {
    [100, 10, 1].map(|unit| b'0' + (status / unit % 10) as u8)
}

fn status(value: &[u8]) -> Option<u16> {
    let number = std::str::from_utf8(value).ok()?.parse().ok()?;
    (100..=999).contains(&number).then_some(number)
}
