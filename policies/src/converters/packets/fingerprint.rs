//! `ip.fp`: what stays the same in the first packets of one host, and tells it from others behind the same address.

use portero_api::{BadArg, Sample};

use super::super::operand::bytes;
use super::ip::{self, Packet};
use super::{Made, by, tcp};
use crate::vocabulary::Args;

/// Bits of the mode: what is added behind the eight bytes.
const HOPS: i64 = 1;
const OPTIONS: i64 = 2;
const SOURCE: i64 = 4;

/// Makes the converter; its argument is the sum of the things to add.
pub(super) fn make(args: &Args<'_>) -> Made {
    let mode = args.int(0)?.unwrap_or(0);
    if !(0..=7).contains(&mode) {
        return Err(BadArg::at(0, format!("'{mode}' is no mode: it is a sum of 1, 2 and 4")));
    }
    by(move |s, _| fingerprint(&bytes(s), mode).map(Sample::bytes))
}

fn fingerprint(packet: &[u8], mode: i64) -> Option<Vec<u8>> {
    let parsed = Packet::parse(packet)?;
    let segment = parsed.data()?;
    let header = tcp::header(segment)?;
    let hops = ip::hops(packet)?;
    let carries = parsed.length()? > parsed.end + header.len();
    let flags = u8::from(ip::version(packet)? == 6) << 7
        | u8::from(ip::dont_fragment(packet)? == 1) << 6
        | distance(hops) << 4
        | u8::from(parsed.options) << 3
        | u8::from(carries) << 2
        | u8::from(tcp::flags(segment)? & 0x80 != 0) << 1
        | u8::from(tcp::flags(segment)? & 0x40 != 0);
    let scale = tcp::scale(segment)?.map_or(0, |scale| scale.saturating_add(1).min(15));
    let mut out = vec![ip::service(packet)?, flags, (header.len() / 4) as u8 * 16 + scale];
    out.extend(tcp::window(segment)?.to_be_bytes());
    out.extend(tcp::most(segment)?.to_be_bytes());
    out.push(tcp::kinds(segment)?.iter().fold(0, |bits, &kind| bits | option_bit(kind)));
    if mode & HOPS != 0 {
        out.push(hops);
    }
    if mode & OPTIONS != 0 {
        out.extend(tcp::kinds(segment)?);
    }
    if mode & SOURCE != 0 {
        match ip::source(packet)? {
            std::net::IpAddr::V4(ip) => out.extend(ip.octets()),
            std::net::IpAddr::V6(ip) => out.extend(ip.octets()),
        }
    }
    Some(out)
}

/// What the packet's counter of hops was when it left, in two bits.
fn distance(hops: u8) -> u8 {
    match hops {
        0..=32 => 0,
        33..=64 => 1,
        65..=128 => 2,
        129.. => 3,
    }
}

/// Kinds 2 to 8 have a bit each, all above share one.
fn option_bit(kind: u8) -> u8 {
    match kind {
        0 | 1 => 0,
        2..=8 => 1 << (kind - 2),
        9.. => 0x80,
    }
}
