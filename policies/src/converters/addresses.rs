//! Converters of addresses and of hosts with ports.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portero_api::{BadArg, Sample, SampleType::*};

use super::operand::bytes;
use super::{Made, by, row};
use crate::matching::embedded;
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row(
        "ipmask",
        (1, 2),
        Ip,
        Ip,
        "an address masked: IPv4 by the first argument, IPv6 by the second",
        ipmask,
    ),
    row("host_only", (0, 0), Str, Str, "a Host header field without its port, in small letters", |_| {
        by(|s, _| Some(Sample::text(split_port(&bytes(s)).0.to_ascii_lowercase())))
    }),
    row("port_only", (0, 0), Str, Int, "the port of a Host header field, 0 when it has none", |_| {
        by(|s, _| {
            let text = bytes(s);
            let port =
                std::str::from_utf8(split_port(&text).1).ok().and_then(|port| port.parse::<u16>().ok());
            Some(Sample::Int(port.map_or(0, i64::from)))
        })
    }),
];

fn ipmask(args: &Args<'_>) -> Made {
    let mask4 =
        mask(args, 0, "IPv4", 32, |text| text.parse::<Ipv4Addr>().ok().map(|m| u128::from(u32::from(m))))?
            .ok_or_else(|| BadArg::at(0, "a mask for IPv4 is missing"))?;
    let mask6 = mask(args, 1, "IPv6", 128, |text| text.parse::<Ipv6Addr>().ok().map(u128::from))?;
    by(move |s, _| {
        let Sample::Ip(ip) = s else { return None };
        let v4 = match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(ip) => embedded(ip).map(IpAddr::V4),
        };
        Some(Sample::Ip(match v4.unwrap_or(ip) {
            IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from(u32::from(ip) & mask4 as u32)),
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from(u128::from(ip) & mask6?)),
        }))
    })
}

/// A mask as a number of bits or written like an address.
fn mask(
    args: &Args<'_>,
    index: usize,
    family: &str,
    width: u32,
    parse: fn(&str) -> Option<u128>,
) -> Result<Option<u128>, BadArg> {
    let Some(text) = args.text(index) else { return Ok(None) };
    let all = if width == 32 { u128::from(u32::MAX) } else { u128::MAX };
    let mask = match text.parse::<u32>() {
        Ok(bits) if bits <= width => Some(all & all.checked_shl(width - bits).unwrap_or(0)),
        Ok(_) => None,
        Err(_) => parse(text),
    };
    mask.map(Some).ok_or_else(|| BadArg::at(index, format!("'{text}' is no {family} mask")))
}

/// Host and port of `name:80`, `127.0.0.1:80`, `[::1]:80`; a colon within brackets is no separator.
fn split_port(host: &[u8]) -> (&[u8], &[u8]) {
    match host.iter().rposition(|&b| matches!(b, b':' | b']')) {
        Some(at) if host[at] == b':' => (&host[..at], &host[at + 1..]),
        _ => (host, b""),
    }
}
