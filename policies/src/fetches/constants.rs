//! Fetches that always give the same.

use std::net::IpAddr;

use portero_api::{BadArg, Exchange, Fetch, Fetched, Sample, SampleType::*};
use portero_grammar::rules::tree::Arg;

use super::{Made, row};
use crate::vocabulary::{Args, FetchKind, Needs::Nothing};

pub(super) static ROWS: &[FetchKind] = &[
    row("always_true", &[], (0, 0), Bool, Nothing, "always true", |_| constant(Sample::Bool(true))),
    row("always_false", &[], (0, 0), Bool, Nothing, "always false", |_| constant(Sample::Bool(false))),
    row("bool", &[], (1, 1), Bool, Nothing, "a boolean as written: true, false, 1 or 0", boolean),
    row("int", &[], (1, 1), Int, Nothing, "an integer as written", integer),
    row("str", &[], (0, 1), Str, Nothing, "a text as written", |a| {
        constant(Sample::text(a.list.first().map_or(&[][..], Arg::bytes)))
    }),
    row("bin", &[], (1, 1), Bin, Nothing, "bytes written in hexadecimal", binary),
    row("ipv4", &[], (1, 1), Ip, Nothing, "an IPv4 address as written", |a| {
        address(a, IpAddr::is_ipv4, "IPv4")
    }),
    row("ipv6", &[], (1, 1), Ip, Nothing, "an IPv6 address as written", |a| {
        address(a, IpAddr::is_ipv6, "IPv6")
    }),
    row("meth", &[], (1, 1), Method, Nothing, "a request method as written", |a| {
        constant(Sample::Method(a.required(0, "a method")?.as_bytes().to_vec().into()))
    }),
    row("quic_enabled", &[], (0, 0), Bool, Nothing, "always false: there is no QUIC", |_| {
        constant(Sample::Bool(false))
    }),
    row("tgroup", &[], (0, 0), Int, Nothing, "always 0: there is one group of workers", |_| {
        constant(Sample::Int(0))
    }),
    row("proc", &[], (0, 0), Int, Nothing, "always 1: there is one process", |_| constant(Sample::Int(1))),
];

/// A value that is handed out without a copy.
struct Constant(Sample<'static>);

impl Fetch for Constant {
    fn fetch<'a>(&'a self, _: &'a Exchange) -> Fetched<'a> {
        Ok(Some(borrowed(&self.0)))
    }
}

/// The same sample without a copy of its bytes.
pub(super) fn borrowed<'a>(sample: &'a Sample<'static>) -> Sample<'a> {
    use std::borrow::Cow;
    match sample {
        Sample::Str(text) => Sample::Str(Cow::Borrowed(text)),
        Sample::Bin(bytes) => Sample::Bin(Cow::Borrowed(bytes)),
        Sample::Method(token) => Sample::Method(Cow::Borrowed(token)),
        other => other.clone(),
    }
}

pub(super) fn constant(sample: Sample<'static>) -> Made {
    Ok(Box::new(Constant(sample)))
}

fn boolean(args: &Args<'_>) -> Made {
    match args.required(0, "true or false")? {
        text if text.eq_ignore_ascii_case("true") || text == "1" => constant(Sample::Bool(true)),
        text if text.eq_ignore_ascii_case("false") || text == "0" => constant(Sample::Bool(false)),
        other => Err(BadArg::at(0, format!("'{other}' is no boolean: 'true', 'false', '1' and '0' are"))),
    }
}

fn integer(args: &Args<'_>) -> Made {
    args.required(0, "an integer")?;
    constant(Sample::Int(args.int(0)?.unwrap_or(0)))
}

fn binary(args: &Args<'_>) -> Made {
    let text = args.required(0, "hexadecimal digits")?;
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    match digits {
        Some(digits) if digits.len() % 2 == 0 => {
            constant(Sample::bytes(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect::<Vec<_>>()))
        }
        _ => Err(BadArg::at(0, format!("'{text}' is not an even number of hexadecimal digits"))),
    }
}

fn address(args: &Args<'_>, right: fn(&IpAddr) -> bool, family: &str) -> Made {
    let text = args.required(0, "an address")?;
    match text.parse::<IpAddr>() {
        Ok(ip) if right(&ip) => constant(Sample::Ip(ip)),
        _ => Err(BadArg::at(0, format!("'{text}' is no {family} address"))),
    }
}
