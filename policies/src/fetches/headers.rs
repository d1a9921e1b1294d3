//! Fetches of header fields, of both messages (HAProxy manual, section 7.3.6).
//!
//! `hdr` cuts values at commas outside quotes and keeps empty members; `fhdr` takes whole lines.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::ControlFlow;

use portero_api::{BadArg, Exchange, Fetch, Fetched, Headers, NotYet, Sample, SampleType::*, trim};

use super::params::unquoted;
use super::{Made, Side, by, int, row};
use crate::vocabulary::{Args, FetchKind, Needs};

macro_rules! rows {
    ($(($side:ident, $needs:ident, $message:literal,
        $hdr:literal [$($hdr_alias:literal)*], $fhdr:literal,
        $cnt:literal [$($cnt_alias:literal)*], $fcnt:literal,
        $ip:literal [$($ip_alias:literal)*], $val:literal [$($val_alias:literal)*],
        $names:literal, $hdrs:literal, $bin:literal)),*) => {
        &[$(
            row($hdr, &[$($hdr_alias),*], (0, 2), Str, Needs::$needs,
                concat!("a comma-separated member of a ", $message, " header field; the last by default"),
                |a| values(a, Side::$side, Cut::Members, text)),
            row($fhdr, &[], (0, 2), Str, Needs::$needs,
                concat!("a whole line of a ", $message, " header field; the last by default"),
                |a| values(a, Side::$side, Cut::Lines, text)),
            row($cnt, &[$($cnt_alias),*], (0, 1), Int, Needs::$needs,
                concat!("how many members a ", $message, " header field has"),
                |a| count(a, Side::$side, Cut::Members)),
            row($fcnt, &[], (0, 1), Int, Needs::$needs,
                concat!("how many lines a ", $message, " header field has"),
                |a| count(a, Side::$side, Cut::Lines)),
            row($ip, &[$($ip_alias),*], (0, 2), Ip, Needs::$needs,
                concat!("a member of a ", $message, " header field as an address"),
                |a| values(a, Side::$side, Cut::Members, |v| ip(v).map(Sample::Ip))),
            row($val, &[$($val_alias),*], (0, 2), Int, Needs::$needs,
                concat!("a member of a ", $message, " header field as an integer"),
                |a| values(a, Side::$side, Cut::Members, |v| Some(Sample::Int(leading_int(v))))),
            row($names, &[], (0, 1), Str, Needs::$needs,
                concat!("the names of all ", $message, " header fields"), |a| names(a, Side::$side)),
            row($hdrs, &[], (0, 0), Str, Needs::$needs,
                concat!("all ", $message, " header fields as text"),
                |_| by(|x| Side::$side.headers(x).map(|h| Sample::text(block(h))))),
            row($bin, &[], (0, 0), Bin, Needs::$needs,
                concat!("all ", $message, " header fields with their lengths (SPOE encoding)"),
                |_| by(|x| Side::$side.headers(x).map(|h| Sample::bytes(encoded(h))))),
        )*
        row("hdr", &[], (0, 2), Str, Needs::RequestKept,
            "'req.hdr' in request rules, 'res.hdr' in response rules",
            |a| values(a, Side::Current, Cut::Members, text))]
    };
}

pub(super) static ROWS: &[FetchKind] = rows![
    (Request, Request, "request", "req.hdr" [], "req.fhdr", "req.hdr_cnt" ["hdr_cnt"], "req.fhdr_cnt",
     "req.hdr_ip" ["hdr_ip"], "req.hdr_val" ["hdr_val"], "req.hdr_names", "req.hdrs", "req.hdrs_bin"),
    (Response, Response, "response", "res.hdr" ["shdr"], "res.fhdr", "res.hdr_cnt" ["shdr_cnt"], "res.fhdr_cnt",
     "res.hdr_ip" ["shdr_ip"], "res.hdr_val" ["shdr_val"], "res.hdr_names", "res.hdrs", "res.hdrs_bin")
];

/// How values are cut.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Members,
    Lines,
}

/// Values of a header field.
struct Values {
    side: Side,
    /// Empty for all fields.
    name: Box<[u8]>,
    cut: Cut,
    /// From 1 at the start or from -1 at the end; 0 for any.
    occurrence: i64,
    sample: fn(&[u8]) -> Option<Sample<'_>>,
}

fn values(args: &Args<'_>, side: Side, cut: Cut, sample: fn(&[u8]) -> Option<Sample<'_>>) -> Made {
    let name = args.text(0).unwrap_or_default().as_bytes().into();
    Ok(Box::new(Values { side, name, cut, occurrence: args.int(1)?.unwrap_or(0), sample }))
}

impl Values {
    fn all<'a>(&'a self, headers: &'a Headers) -> impl Iterator<Item = &'a [u8]> + Clone {
        fields(headers, &self.name, self.cut)
    }

    fn one<'a>(&'a self, headers: &'a Headers) -> Option<&'a [u8]> {
        match self.occurrence {
            0 | -1 => Pieces { rest: headers.values(&self.name).next_back(), cut: self.cut }.last(),
            n if n > 0 => self.all(headers).nth(usize::try_from(n - 1).ok()?),
            n => {
                let back = usize::try_from(n.unsigned_abs()).ok()?;
                self.all(headers).nth(self.all(headers).count().checked_sub(back)?)
            }
        }
    }
}

impl Fetch for Values {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        Ok(self.side.headers(exchange).and_then(|h| self.one(h)).and_then(self.sample))
    }

    fn each<'a>(
        &'a self,
        exchange: &'a Exchange,
        visit: &mut dyn FnMut(Sample<'a>) -> ControlFlow<()>,
    ) -> Result<(), NotYet> {
        let Some(headers) = self.side.headers(exchange) else { return Ok(()) };
        if self.occurrence != 0 {
            let _ = self.one(headers).and_then(self.sample).map(visit);
            return Ok(());
        }
        for value in headers.values(&self.name) {
            for piece in (Pieces { rest: Some(value), cut: self.cut }).filter_map(self.sample) {
                if visit(piece).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn text(value: &[u8]) -> Option<Sample<'_>> {
    Some(Sample::str(value))
}

fn count(args: &Args<'_>, side: Side, cut: Cut) -> Made {
    let name: Box<[u8]> = args.text(0).unwrap_or_default().as_bytes().into();
    by(move |x| side.headers(x).map(|headers| int(fields(headers, &name, cut).count())))
}

/// The values under a name, or of all fields when it is empty.
fn fields<'a>(headers: &'a Headers, name: &'a [u8], cut: Cut) -> impl Iterator<Item = &'a [u8]> + Clone {
    headers.values(name).flat_map(move |value| Pieces { rest: Some(value), cut })
}

/// The members of one value, empty ones included: `a,` has two.
#[derive(Clone)]
struct Pieces<'a> {
    rest: Option<&'a [u8]>,
    cut: Cut,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        if self.cut == Cut::Lines {
            return Some(trim(rest));
        }
        match unquoted::<b',', b','>(rest) {
            Some(comma) => {
                self.rest = Some(&rest[comma + 1..]);
                Some(trim(&rest[..comma]))
            }
            None => Some(trim(rest)),
        }
    }
}

/// The separator of `req.hdr_names` and `req.cook_names`: the first character of the argument, a comma by default.
pub(super) fn separator(args: &Args<'_>) -> Result<u8, BadArg> {
    Ok(args.text(0).and_then(|text| text.bytes().next()).unwrap_or(b','))
}

fn names(args: &Args<'_>, side: Side) -> Made {
    let separator = separator(args)?;
    by(move |x| {
        let headers = side.headers(x)?;
        let names: Vec<_> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        Some(Sample::text(names.join(&separator)))
    })
}

/// Names in small letters, as HAProxy hands them out, and the empty line.
fn block(headers: &Headers) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers.iter() {
        block.extend(name.to_ascii_lowercase());
        block.extend([b": ", value, b"\r\n"].concat());
    }
    block.extend(b"\r\n");
    block
}

/// Each name and value behind its length, an empty pair at the end.
fn encoded(headers: &Headers) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in headers.iter() {
        variable_length(name.len(), &mut out);
        out.extend(name.to_ascii_lowercase());
        variable_length(value.len(), &mut out);
        out.extend(value);
    }
    out.extend([0, 0]);
    out
}

/// SPOE's encoding of a number (doc/SPOE.txt of HAProxy, 3.1): up to 239 as it is, else four bits, then seven each.
pub(crate) fn variable_length(mut n: usize, out: &mut Vec<u8>) {
    if n < 240 {
        out.push(n as u8);
        return;
    }
    out.push(n as u8 | 0xf0);
    n = (n - 240) >> 4;
    while n >= 128 {
        out.push(n as u8 | 0x80);
        n = (n - 128) >> 7;
    }
    out.push(n as u8);
}

/// An address as headers hold it: IPv4 with or without a port, IPv6 bare or in brackets (RFC 7239, 6).
pub(crate) fn ip(value: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(value).ok()?;
    if let Some(inner) = text.strip_prefix('[') {
        return inner.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    if let Some((host, port)) = text.split_once(':')
        && let Ok(host) = host.parse::<Ipv4Addr>()
    {
        let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        return (digits && port.parse::<u16>().is_ok()).then_some(IpAddr::V4(host));
    }
    text.parse().ok()
}

/// The integer that a text begins with, 0 when with none; it saturates.
pub(super) fn leading_int(value: &[u8]) -> i64 {
    let (negative, digits) = match value {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, value),
    };
    let digits = digits.iter().take_while(|b| b.is_ascii_digit()).map(|b| i64::from(b - b'0'));
    let number = digits.fold(0i64, |n, digit| n.saturating_mul(10).saturating_add(digit));
    if negative { -number } else { number }
}
