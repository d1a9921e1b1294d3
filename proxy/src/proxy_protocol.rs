//! The PROXY protocol, versions 1 and 2: who the client is, said by a proxy before the first byte of the client.
//! Source: HAProxy's `doc/proxy-protocol.txt`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use portero_api::{Conn, ConnError};

use crate::config::checked::ProxyHeader;

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// A version 1 line at its longest, with its line end.
const LONGEST_LINE: usize = 107;

/// What a header said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Bytes of the header.
    pub len: usize,
    /// Where in the header further values begin (type, length and value each); its end for none.
    pub values: usize,
    /// Source and destination; none where the header says to take those of the socket.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
}

/// The header at the start of `bytes`: none while more bytes are needed.
pub fn parse(bytes: &[u8]) -> Result<Option<Said>, ConnError> {
    let start = bytes.len().min(SIGNATURE.len());
    if bytes[..start] == SIGNATURE[..start] {
        return if bytes.len() < 16 { Ok(None) } else { parse_v2(bytes) };
    }
    let start = bytes.len().min(6);
    if bytes[..start] != b"PROXY "[..start] {
        return Err(ConnError::ProxyMissing);
    }
    match bytes.windows(2).take(LONGEST_LINE).position(|w| w == b"\r\n") {
        Some(end) => parse_v1(&bytes[..end]).map(Some),
        None if bytes.len() >= LONGEST_LINE => Err(ConnError::ProxyInvalid),
        None => Ok(None),
    }
}

fn parse_v1(line: &[u8]) -> Result<Said, ConnError> {
    let line_len = line.len() + 2;
    let text = std::str::from_utf8(line).map_err(|_| ConnError::ProxyInvalid)?;
    let words: Vec<_> = text.split(' ').collect();
    match words[..] {
        ["PROXY", "UNKNOWN", ..] => Ok(Said { len: line_len, values: line_len, addresses: None }),
        ["PROXY", family @ ("TCP4" | "TCP6"), src, dst, sport, dport] => {
            let address = |ip: &str, port: &str| -> Option<SocketAddr> {
                let ip: IpAddr = ip.parse().ok()?;
                let right = ip.is_ipv4() == (family == "TCP4");
                right.then_some(SocketAddr::new(ip, port.parse().ok()?))
            };
            let addresses = address(src, sport).zip(address(dst, dport)).ok_or(ConnError::ProxyInvalid)?;
            Ok(Said { len: line_len, values: line_len, addresses: Some(addresses) })
        }
        ["PROXY", "TCP4" | "TCP6", ..] => Err(ConnError::ProxyInvalid),
        _ => Err(ConnError::ProxyFamily),
    }
}

fn parse_v2(bytes: &[u8]) -> Result<Option<Said>, ConnError> {
    let (command, family) = (bytes[12], bytes[13]);
    let len = 16 + usize::from(u16::from_be_bytes([bytes[14], bytes[15]]));
    if command >> 4 != 2 || command & 15 > 1 {
        return Err(ConnError::ProxyInvalid);
    }
    let Some(body) = bytes.get(16..len) else { return Ok(None) };
    let values = (16 + addresses_len(family)).min(len);
    if command & 15 == 0 {
        return Ok(Some(Said { len, values, addresses: None }));
    }
    let port = |at: usize| u16::from_be_bytes([body[at], body[at + 1]]);
    let addresses = match family {
        0x11 | 0x12 if body.len() >= 12 => {
            let ip = |at: usize| Ipv4Addr::new(body[at], body[at + 1], body[at + 2], body[at + 3]);
            Some((SocketAddr::new(ip(0).into(), port(8)), SocketAddr::new(ip(4).into(), port(10))))
        }
        0x21 | 0x22 if body.len() >= 36 => {
            let ip = |at: usize| {
                let octets: [u8; 16] = body[at..at + 16].try_into().expect("16 bytes were cut");
                Ipv6Addr::from(octets)
            };
            Some((SocketAddr::new(ip(0).into(), port(32)), SocketAddr::new(ip(16).into(), port(34))))
        }
        0x11 | 0x12 | 0x21 | 0x22 => return Err(ConnError::ProxyInvalid),
        _ => None,
    };
    if !are_whole(&bytes[values..len]) {
        return Err(ConnError::ProxyInvalid);
    }
    Ok(Some(Said { len, values, addresses }))
}

/// Whether values follow each other up to the end.
fn are_whole(mut values: &[u8]) -> bool {
    while let [_, high, low, rest @ ..] = values {
        match rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))) {
            Some((_, behind)) => values = behind,
            None => return false,
        }
    }
    values.is_empty()
}

/// How many bytes the addresses of a family take.
fn addresses_len(family: u8) -> usize {
    match family >> 4 {
        1 => 12,
        2 => 36,
        3 => 216,
        _ => 0,
    }
}

/// What a header of version 2 says beside addresses: types and values.
#[derive(Debug, Default)]
pub struct Values {
    /// In order.
    pub list: Vec<(u8, Vec<u8>)>,
    /// With a checksum over the header (`crc32c`).
    pub checksum: bool,
}

/// The type of a checksum.
const CRC32C: u8 = 0x03;

/// Appends a header of version 2 with values. What is too long for it is left out.
pub fn write_with(conn: &Conn, values: &Values, into: &mut Vec<u8>) {
    let start = into.len();
    write_v2(conn.src.zip(conn.dst), into);
    for (kind, value) in &values.list {
        let room = usize::from(u16::MAX) - (into.len() - start - 16);
        if let Some(length) = u16::try_from(value.len()).ok().filter(|_| value.len() + 3 + 7 <= room) {
            into.push(*kind);
            into.extend_from_slice(&length.to_be_bytes());
            into.extend_from_slice(value);
        }
    }
    if values.checksum {
        into.extend_from_slice(&[CRC32C, 0, 4, 0, 0, 0, 0]);
    }
    let length = (into.len() - start - 16) as u16;
    into[start + 14..start + 16].copy_from_slice(&length.to_be_bytes());
    if values.checksum {
        let sum = crc32c(&into[start..]).to_be_bytes();
        let end = into.len();
        into[end - 4..].copy_from_slice(&sum);
    }
}

/// CRC-32C (RFC 4960, appendix B).
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

/// Appends the header that tells a server who the client is.
pub fn write(version: ProxyHeader, conn: &Conn, into: &mut Vec<u8>) {
    let addresses = conn.src.zip(conn.dst);
    match version {
        ProxyHeader::V1 => write_v1(addresses, into),
        ProxyHeader::V2 => write_v2(addresses, into),
    }
}

fn write_v1(addresses: Option<(SocketAddr, SocketAddr)>, into: &mut Vec<u8>) {
    let line = match addresses {
        Some((src, dst)) => {
            let family = if src.is_ipv4() && dst.is_ipv4() { "TCP4" } else { "TCP6" };
            let (from, to) = (same_family(src.ip(), family), same_family(dst.ip(), family));
            format!("PROXY {family} {from} {to} {} {}\r\n", src.port(), dst.port())
        }
        None => "PROXY UNKNOWN\r\n".to_owned(),
    };
    into.extend_from_slice(line.as_bytes());
}

fn same_family(ip: IpAddr, family: &str) -> IpAddr {
    match ip {
        IpAddr::V4(v4) if family == "TCP6" => v4.to_ipv6_mapped().into(),
        ip => ip,
    }
}

fn write_v2(addresses: Option<(SocketAddr, SocketAddr)>, into: &mut Vec<u8>) {
    into.extend_from_slice(SIGNATURE);
    match addresses {
        Some((SocketAddr::V4(src), SocketAddr::V4(dst))) => {
            into.extend_from_slice(&[0x21, 0x11, 0, 12]);
            into.extend_from_slice(&src.ip().octets());
            into.extend_from_slice(&dst.ip().octets());
            into.extend_from_slice(&src.port().to_be_bytes());
            into.extend_from_slice(&dst.port().to_be_bytes());
        }
        Some((src, dst)) => {
            let v6 = |ip: IpAddr| match ip {
                IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
                IpAddr::V6(v6) => v6.octets(),
            };
            into.extend_from_slice(&[0x21, 0x21, 0, 36]);
            into.extend_from_slice(&v6(src.ip()));
            into.extend_from_slice(&v6(dst.ip()));
            into.extend_from_slice(&src.port().to_be_bytes());
            into.extend_from_slice(&dst.port().to_be_bytes());
        }
        // LOCAL: the connection is the proxy's own
        None => into.extend_from_slice(&[0x20, 0x00, 0, 0]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(a: &str, b: &str) -> Option<(SocketAddr, SocketAddr)> {
        Some((a.parse().expect("an address"), b.parse().expect("an address")))
    }

    #[test]
    fn what_is_written_is_read_back() {
        for addresses in [pair("1.2.3.4:5", "6.7.8.9:10"), pair("[::1]:5", "[2001:db8::1]:10"), None] {
            for write in [write_v1, write_v2] {
                let mut bytes = Vec::new();
                write(addresses, &mut bytes);
                let len = bytes.len();
                bytes.extend_from_slice(b"GET /");
                assert_eq!(parse(&bytes), Ok(Some(Said { len, values: len, addresses })));
                for cut in 0..len {
                    assert_eq!(parse(&bytes[..cut]), Ok(None), "cut at {cut}");
                }
            }
        }
    }

    #[test]
    fn values_end_with_the_header() {
        let header = |values: &[u8]| {
            let mut bytes = SIGNATURE.to_vec();
            bytes.extend_from_slice(&[0x21, 0x11, 0, 12 + values.len() as u8]);
            bytes.extend_from_slice(&[0; 12]);
            bytes.extend_from_slice(values);
            parse(&bytes).is_ok()
        };
        assert!(header(b"") && header(b"\x02\0\x01a") && header(b"\x02\0\0\x05\0\x02ab"));
        assert!(!header(b"\x02\0\x02a") && !header(b"\x02\0\x01ab") && !header(b"\x02\0"));
    }

    #[test]
    fn a_checksum_is_that_of_the_catalogue() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bad in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"PROXY TCP4 1.2.3.4 ::1 1 2\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n",
            b"PROXY\t",
            b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x02ab",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        assert!(parse(&[b"PROXY ".to_vec(), vec![b'x'; 120]].concat()).is_err());
    }
}
