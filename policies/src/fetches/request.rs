//! Fetches of the request line and of what is built of it (HAProxy manual, section 7.3.6).

use std::borrow::Cow;
use std::net::IpAddr;

use portero_api::{BadArg, Exchange, Request, Sample, SampleType::*};

use super::{Made, by, int, request, row};
use crate::converters::hashes::{avalanche, sdbm};
use crate::vocabulary::{Args, FetchKind, Needs};

pub(super) static ROWS: &[FetchKind] = &[
    row("method", &[], (0, 0), Method, Needs::RequestKept, "the request method", |_| {
        by(|x| request(x).map(|r| Sample::Method(Cow::Borrowed(r.method.as_bytes()))))
    }),
    row("url", &[], (0, 0), Str, Needs::Request, "the target as it stands in the request line", |_| {
        by(|x| request(x).map(|r| Sample::str(&r.target)))
    }),
    row("path", &[], (0, 0), Str, Needs::Request, "the path, up to the question mark", |_| {
        by(|x| {
            let r = request(x)?;
            path_place(r).map(|place| Sample::str(&r.target[place]))
        })
    }),
    row("pathq", &[], (0, 0), Str, Needs::Request, "path and query", |_| {
        by(|x| {
            let r = request(x)?;
            path_place(r).map(|place| Sample::str(&r.target[place.start..]))
        })
    }),
    row("query", &[], (0, 1), Str, Needs::Request, "what stands behind the question mark", query),
    row("base", &[], (0, 0), Str, Needs::Request, "the first Host header and the path", |_| {
        by(|x| request(x).map(|r| Sample::text(with_host(r, r.path()))))
    }),
    row("baseq", &[], (0, 0), Str, Needs::Request, "the first Host header, path and query", |_| {
        by(|x| request(x).map(|r| Sample::text(with_host(r, path_and_query(r)))))
    }),
    row("base32", &[], (0, 0), Int, Needs::Request, "a 32-bit hash of 'base'", |_| {
        by(|x| base32(x).map(int))
    }),
    row("base32+src", &[], (0, 0), Bin, Needs::Request, "'base32' and the client's address", |_| {
        by(|x| and_source(x, base32(x)?))
    }),
    row("url32", &[], (0, 0), Int, Needs::Request, "a 32-bit hash of 'baseq'", |_| by(|x| url32(x).map(int))),
    row("url32+src", &[], (0, 0), Bin, Needs::Request, "'url32' and the client's address", |_| {
        by(|x| and_source(x, url32(x)?))
    }),
    row("url_ip", &[], (0, 0), Ip, Needs::Request, "the address in an absolute target", |_| {
        by(|x| authority(request(x)?).map(|(ip, _)| Sample::Ip(ip)))
    }),
    row(
        "url_port",
        &[],
        (0, 0),
        Int,
        Needs::Request,
        "the port in an absolute target, 80 when it has none",
        |_| by(|x| authority(request(x)?).map(|(_, port)| int(port))),
    ),
    row("req.ver", &["req_ver"], (0, 0), Str, Needs::RequestKept, "the version of HTTP: 1.1", |_| {
        by(|x| request(x).map(|r| Sample::str(r.version.digits())))
    }),
];

/// Where the path stands: empty but there in `http://h?q`, not there in `*` and `h:443`.
fn path_place(request: &Request) -> Option<std::ops::Range<usize>> {
    Some(request.path_range()).filter(|place| place.end > 0)
}

fn query(args: &Args<'_>) -> Made {
    let mark = match args.text(0) {
        None => false,
        Some("with_qm") => true,
        Some(other) => return Err(BadArg::at(0, format!("'{other}' is no option of 'query': 'with_qm' is"))),
    };
    by(move |x| {
        let target = &request(x)?.target;
        let at = target.iter().position(|&b| b == b'?')?;
        let query = &target[at + 1..];
        Some(Sample::str(if mark && !query.is_empty() { &target[at..] } else { query }))
    })
}

fn path_and_query(request: &Request) -> &[u8] {
    path_place(request).map_or(b"", |place| &request.target[place.start..])
}

fn with_host(request: &Request, rest: &[u8]) -> Vec<u8> {
    [request.headers.get(b"host").unwrap_or_default(), rest].concat()
}

fn base32(x: &Exchange) -> Option<u32> {
    request(x).map(|r| avalanche(sdbm(&with_host(r, r.path()))))
}

fn url32(x: &Exchange) -> Option<u32> {
    request(x).map(|r| avalanche(sdbm(&with_host(r, path_and_query(r)))))
}

fn and_source(x: &Exchange, hash: u32) -> Option<Sample<'static>> {
    let mut bytes = hash.to_be_bytes().to_vec();
    match x.conn.src?.ip() {
        IpAddr::V4(ip) => bytes.extend(ip.octets()),
        IpAddr::V6(ip) => bytes.extend(ip.octets()),
    }
    Some(Sample::bytes(bytes))
}

/// Address and port of an absolute target whose host is an address.
fn authority(request: &Request) -> Option<(IpAddr, u16)> {
    let target = std::str::from_utf8(&request.target).ok()?;
    let rest = target.split_once("://")?.1;
    let host = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    if let Ok(addr) = host.parse::<std::net::SocketAddr>() {
        return Some((addr.ip(), addr.port()));
    }
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    Some((bare.parse().ok()?, 80))
}
