//! Keys of tables (HAProxy manual, section 11.1, `type`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The type of the keys of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// IPv4 addresses.
    Ip,
    /// IPv6 addresses; those of IPv4 are mapped into them (RFC 4291, 2.5.5.2).
    Ipv6,
    /// Numbers of 32 bits.
    Integer,
    /// Texts of at most so many bytes; longer ones are cut.
    String(u32),
    /// Blocks of so many bytes: longer ones are cut, shorter ones padded with zeros.
    Binary(u32),
}

/// A key to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// An address; it need not be of the family of the table.
    Ip(IpAddr),
    /// A number.
    Integer(u32),
    /// Bytes of a text or of a block.
    Bytes(&'a [u8]),
}

/// A key that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyBuf {
    /// An address.
    Ip(IpAddr),
    /// A number.
    Integer(u32),
    /// A text.
    String(Vec<u8>),
    /// A block.
    Binary(Vec<u8>),
}

impl KeyType {
    /// How the runtime API calls it.
    pub fn name(self) -> &'static str {
        match self {
            KeyType::Ip => "ip",
            KeyType::Ipv6 => "ipv6",
            KeyType::Integer => "integer",
            KeyType::String(_) => "string",
            KeyType::Binary(_) => "binary",
        }
    }
}

impl Key<'_> {
    /// The address as a table of IPv4 has it; none when it is one of IPv6 alone.
    pub fn ipv4(self) -> Option<Ipv4Addr> {
        match self {
            Key::Ip(IpAddr::V4(ip)) => Some(ip),
            Key::Ip(IpAddr::V6(ip)) => ip.to_ipv4_mapped(),
            _ => None,
        }
    }

    /// The address as a table of IPv6 has it.
    pub fn ipv6(self) -> Option<Ipv6Addr> {
        match self {
            Key::Ip(IpAddr::V4(ip)) => Some(ip.to_ipv6_mapped()),
            Key::Ip(IpAddr::V6(ip)) => Some(ip),
            _ => None,
        }
    }
}

impl KeyBuf {
    /// The key, to look for.
    pub fn as_key(&self) -> Key<'_> {
        match self {
            KeyBuf::Ip(ip) => Key::Ip(*ip),
            KeyBuf::Integer(number) => Key::Integer(*number),
            KeyBuf::String(bytes) | KeyBuf::Binary(bytes) => Key::Bytes(bytes),
        }
    }
}
