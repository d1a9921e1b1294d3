//! The target of a request and its Host: one name, in one form (RFC 9112, 3.2; RFC 3986, 6.2.3).

use std::net::Ipv6Addr;
use std::ops::Range;

use memchr::memmem;
use portero_api::{Headers, Method, Request, Version};

use super::{Limits, Refusal};

/// A host and what stands behind its colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Authority<'a> {
    host: &'a [u8],
    /// None without a colon; may be empty.
    port: Option<&'a [u8]>,
}

impl<'a> Authority<'a> {
    /// `uri-host [ ":" port ]`, without user information. A comma is refused: it is how joined fields look.
    fn parse(text: &'a [u8]) -> Option<Authority<'a>> {
        let end = match text {
            [b'[', ..] => text.iter().position(|&b| b == b']')? + 1,
            _ => text.iter().position(|&b| b == b':').unwrap_or(text.len()),
        };
        let (host, rest) = text.split_at(end);
        let port = match rest {
            [] => None,
            [b':', port @ ..] if port.iter().all(u8::is_ascii_digit) => Some(port),
            _ => return None,
        };
        is_host(host).then_some(Authority { host, port })
    }

    /// The port, unless it is the one that is meant without it.
    fn effective_port(&self, usual: &[u8]) -> Option<&'a [u8]> {
        self.port.filter(|port| !port.is_empty() && *port != usual)
    }

    fn is_same(&self, other: &Authority<'_>, usual: &[u8]) -> bool {
        self.host.eq_ignore_ascii_case(other.host)
            && self.effective_port(usual) == other.effective_port(usual)
    }
}

/// Checks the form of the target and its agreement with Host, and brings both to the form without a usual port.
pub(super) fn settle(into: &mut Request, host: Option<&[u8]>, limits: &Limits) -> Result<(), Refusal> {
    check_bytes(&into.target, limits)?;
    if host.is_none() && into.version == Version::Http11 {
        return Err(Refusal::bad("HTTP/1.1 without Host"));
    }
    let host = match host {
        Some(value) => Some(Authority::parse(value).ok_or(Refusal::bad("Host names no host"))?),
        None => None,
    };
    match (&into.method, &into.target[..]) {
        (Method::Connect, _) => settle_connect(into, host, limits),
        (_, [b'/', ..]) | (Method::Options, b"*") => Ok(()),
        _ => settle_absolute(into, host, limits),
    }
}

fn check_bytes(target: &[u8], limits: &Limits) -> Result<(), Refusal> {
    if limits.unsafe_ok {
        return Ok(());
    }
    if !target.is_ascii() {
        return Err(Refusal::bad("a target with bytes above 127"));
    }
    if memchr::memchr(b'#', target).is_some() {
        return Err(Refusal::bad("a target with a fragment"));
    }
    Ok(())
}

/// `CONNECT host:port`: the port must be there. Where it is 80 or 443 Host may go without it.
fn settle_connect(into: &mut Request, host: Option<Authority<'_>>, limits: &Limits) -> Result<(), Refusal> {
    if limits.unsafe_ok {
        return Ok(());
    }
    let no_authority = Refusal::bad("CONNECT without host and port");
    let authority = Authority::parse(&into.target).ok_or(no_authority)?;
    let port =
        authority.port.filter(|port| !port.is_empty() && !authority.host.is_empty()).ok_or(no_authority)?;
    let usual = matches!(port, b"80" | b"443");
    let Some(host) = host else { return Ok(()) };
    let agree = match host.port {
        Some(given) if !given.is_empty() => given == port,
        _ => usual,
    };
    if !agree || !host.host.eq_ignore_ascii_case(authority.host) {
        return Err(Refusal::bad("Host and target differ"));
    }
    if usual && host.port == Some(port) {
        replace_host(&mut into.headers, host.host);
    }
    Ok(())
}

/// `scheme://authority/path`: Host must agree, a usual or empty port goes, an empty path becomes `/`.
fn settle_absolute(into: &mut Request, host: Option<Authority<'_>>, limits: &Limits) -> Result<(), Refusal> {
    let Request { method, target, headers, .. } = into;
    let (place, usual) = locate(target).ok_or(Refusal::bad("the target has none of the four forms"))?;
    let no_host = Refusal::bad("the target names no host");
    let authority = Authority::parse(&target[place.clone()]).ok_or(no_host)?;
    match host {
        Some(host) if !limits.unsafe_ok && !host.is_same(&authority, usual) => {
            return Err(Refusal::bad("Host and target differ"));
        }
        None if authority.host.is_empty() => return Err(no_host),
        _ => {}
    }
    let port = place.start + authority.host.len()..place.end;
    let cut = authority.port.is_some() && authority.effective_port(usual).is_none();
    if cut && host.is_some() {
        replace_host(headers, authority.host);
    }
    if place.end == target.len() && *method != Method::Options {
        target.push(b'/');
    }
    if cut {
        target.drain(port);
    }
    Ok(())
}

/// Where the authority of an absolute target stands, user information left out, and the usual port of the scheme.
fn locate(target: &[u8]) -> Option<(Range<usize>, &'static [u8])> {
    let scheme = memmem::find(target, b"://")?;
    let usual: &[u8] = match &target[..scheme] {
        s if s.eq_ignore_ascii_case(b"http") => b"80",
        s if s.eq_ignore_ascii_case(b"https") => b"443",
        s if is_scheme(s) => b"",
        _ => return None,
    };
    let start = scheme + 3;
    let end = target[start..].iter().position(|b| b"/?#".contains(b)).map_or(target.len(), |at| start + at);
    let user = target[start..end].iter().rposition(|&b| b == b'@').map_or(0, |at| at + 1);
    Some((start + user..end, usual))
}

fn is_scheme(scheme: &[u8]) -> bool {
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
}

/// A registered name, an IPv4 address, or an IPv6 address in brackets; also the empty name (RFC 3986, 3.2.2).
fn is_host(host: &[u8]) -> bool {
    if let [b'[', address @ .., b']'] = host {
        return std::str::from_utf8(address).is_ok_and(|a| a.parse::<Ipv6Addr>().is_ok());
    }
    let mut rest = &host[host.iter().take_while(|&&b| OF_NAMES[usize::from(b)]).count()..];
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (&b, _) if OF_NAMES[usize::from(b)] => tail,
            (b'%', [a, b, tail @ ..]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => tail,
            _ => return false,
        };
    }
    true
}

/// The bytes that stand for themselves in a registered name: unreserved ones and sub-delims, less the comma.
const OF_NAMES: [bool; 256] = {
    let mut of_names = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        of_names[byte] = b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+'
            )
            || matches!(b, b';' | b'=');
        byte += 1;
    }
    of_names
};

fn replace_host(headers: &mut Headers, host: &[u8]) {
    let index = headers.iter().position(|(name, _)| name.eq_ignore_ascii_case(b"host"));
    if let Some(index) = index {
        headers.set_at(index, host);
    }
}
