//! IP packets of both versions (RFC 791, RFC 8200).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portero_api::{Sample, SampleType::*};

use super::super::operand::bytes;
use super::{ConvertKind, by, fingerprint, number, row, short, slice};

pub(in super::super) static ROWS: &[ConvertKind] = &[
    row("ip.data", (0, 0), Bin, Bin, "what an IP packet carries", |_| slice(|p| Packet::parse(p)?.data())),
    row("ip.df", (0, 0), Bin, Int, "1 when an IP packet must not be cut in fragments", |_| {
        number(dont_fragment)
    }),
    row("ip.dst", (0, 0), Bin, Ip, "the address that an IP packet goes to", |_| {
        by(|s, _| address(&bytes(s), 16, 24).map(Sample::Ip))
    }),
    row("ip.fp", (0, 1), Bin, Bin, "what tells hosts apart in their first packet", fingerprint::make),
    row("ip.hdr", (0, 0), Bin, Bin, "the header of an IP packet with its options", |_| {
        slice(|p| p.get(..Packet::parse(p)?.end))
    }),
    row("ip.proto", (0, 0), Bin, Int, "the protocol that an IP packet carries", |_| {
        number(|p| Some(i64::from(Packet::parse(p)?.protocol)))
    }),
    row("ip.src", (0, 0), Bin, Ip, "the address that an IP packet comes from", |_| {
        by(|s, _| source(&bytes(s)).map(Sample::Ip))
    }),
    row("ip.tos", (0, 0), Bin, Int, "the type of service, or traffic class, of an IP packet", |_| {
        number(|p| service(p).map(i64::from))
    }),
    row("ip.ttl", (0, 0), Bin, Int, "how many hops an IP packet may still go", |_| {
        number(|p| hops(p).map(i64::from))
    }),
    row("ip.ver", (0, 0), Bin, Int, "the version of an IP packet", |_| number(|p| version(p).map(i64::from))),
];

/// Where things stand in a packet whose header is whole.
pub(super) struct Packet<'p> {
    bytes: &'p [u8],
    pub(super) protocol: u8,
    /// Where the data begin.
    pub(super) end: usize,
    /// True when there is more in the header than must be.
    pub(super) options: bool,
}

impl<'p> Packet<'p> {
    pub(super) fn parse(bytes: &'p [u8]) -> Option<Packet<'p>> {
        match version(bytes)? {
            4 => {
                let end = usize::from(bytes[0] & 15) * 4;
                let packet = Packet { bytes, protocol: *bytes.get(9)?, end, options: end > 20 };
                (20..=bytes.len()).contains(&end).then_some(packet)
            }
            6 => {
                let (mut protocol, mut end) = (*bytes.get(6)?, 40);
                while is_extension(protocol) {
                    protocol = *bytes.get(end)?;
                    end += (usize::from(*bytes.get(end + 1)?) + 1) * 8;
                }
                (end <= bytes.len()).then_some(Packet { bytes, protocol, end, options: end > 40 })
            }
            _ => None,
        }
    }

    /// What it carries; none for nothing.
    pub(super) fn data(&self) -> Option<&'p [u8]> {
        self.bytes.get(self.end..).filter(|data| !data.is_empty())
    }

    /// The length of the whole packet as its header has it.
    pub(super) fn length(&self) -> Option<usize> {
        match version(self.bytes)? {
            4 => short(self.bytes, 2).map(usize::from),
            _ => short(self.bytes, 4).map(|payload| usize::from(payload) + 40),
        }
    }
}

/// The headers that may stand between that of IPv6 and the data, and begin with the type of the next and their length in
/// eights (RFC 8200, 4; IANA "IPv6 Extension Header Types").
fn is_extension(protocol: u8) -> bool {
    matches!(protocol, 0 | 43 | 44 | 51 | 60 | 135 | 139 | 140 | 253 | 254)
}

pub(super) fn version(packet: &[u8]) -> Option<u8> {
    Some(packet.first()? >> 4)
}

pub(super) fn service(packet: &[u8]) -> Option<u8> {
    match version(packet)? {
        4 => packet.get(1).copied(),
        6 => short(packet, 0).map(|word| (word >> 4) as u8),
        _ => None,
    }
}

pub(super) fn hops(packet: &[u8]) -> Option<u8> {
    match version(packet)? {
        4 => packet.get(8).copied(),
        6 => packet.get(7).copied(),
        _ => None,
    }
}

/// Always for IPv6, where no router cuts packets.
pub(super) fn dont_fragment(packet: &[u8]) -> Option<i64> {
    match version(packet)? {
        4 => packet.get(6).or(Some(&0)).map(|flags| i64::from(flags >> 6 & 1)),
        6 => Some(1),
        _ => None,
    }
}

pub(super) fn source(packet: &[u8]) -> Option<IpAddr> {
    address(packet, 12, 8)
}

fn address(packet: &[u8], at4: usize, at6: usize) -> Option<IpAddr> {
    match version(packet)? {
        4 => packet.get(at4..)?.first_chunk::<4>().map(|&octets| Ipv4Addr::from(octets).into()),
        6 => packet.get(at6..)?.first_chunk::<16>().map(|&octets| Ipv6Addr::from(octets).into()),
        _ => None,
    }
}
