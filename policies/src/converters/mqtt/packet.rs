//! CONNECT and CONNACK packets (MQTT 5.0, 3.1 and 3.2).

use super::properties::{Properties, Property};

/// The version whose packets have properties.
pub(super) const FIVE: u8 = 5;

/// Why there is no packet.
#[derive(Debug, PartialEq)]
pub(super) enum Wrong {
    /// More bytes are needed.
    Incomplete,
    /// It can never be one.
    Invalid,
}

pub(super) enum Packet<'p> {
    Connect(Connect<'p>),
    Connack(Connack<'p>),
}

pub(super) struct Connect<'p> {
    pub(super) protocol: &'p [u8],
    pub(super) version: u8,
    pub(super) flags: u8,
    pub(super) keep_alive: u16,
    pub(super) properties: Properties<'p>,
    pub(super) client: &'p [u8],
    pub(super) will: Option<Will<'p>>,
    pub(super) user: Option<&'p [u8]>,
    pub(super) password: Option<&'p [u8]>,
}

/// What is to be said when the client is lost.
pub(super) struct Will<'p> {
    pub(super) properties: Properties<'p>,
    pub(super) topic: &'p [u8],
    pub(super) payload: &'p [u8],
}

pub(super) struct Connack<'p> {
    pub(super) version: u8,
    pub(super) flags: u8,
    pub(super) reason: u8,
    pub(super) properties: Properties<'p>,
}

impl<'p> Packet<'p> {
    /// The packet that some bytes begin with; what stands behind it does not matter.
    pub(super) fn parse(bytes: &'p [u8]) -> Result<Packet<'p>, Wrong> {
        let mut bytes = Bytes(bytes);
        let kind = bytes.byte().ok_or(Wrong::Incomplete)?;
        if !matches!(kind, 0x10 | 0x20) {
            return Err(Wrong::Invalid);
        }
        let length = match bytes.length() {
            Some(length) => length,
            None if bytes.0.len() < 4 => return Err(Wrong::Incomplete),
            None => return Err(Wrong::Invalid),
        };
        let mut body = Bytes(bytes.take(length).ok_or(Wrong::Incomplete)?);
        let packet = match kind {
            0x10 => connect(&mut body).map(Packet::Connect),
            _ => connack(&mut body).map(Packet::Connack),
        };
        packet.filter(|_| body.0.is_empty()).ok_or(Wrong::Invalid)
    }
}

fn connect<'p>(bytes: &mut Bytes<'p>) -> Option<Connect<'p>> {
    let protocol = bytes.prefixed()?;
    let version = bytes.byte()?;
    if !matches!((protocol, version), (b"MQIsdp", 3) | (b"MQTT", 4 | FIVE)) {
        return None;
    }
    let flags = Flags(bytes.byte()?);
    flags.are_valid(version).then_some(())?;
    let keep_alive = bytes.short()?;
    let properties = bytes.properties(version, Property::of_connect_alone)?;
    let client = bytes.prefixed()?;
    let will = match flags.will() {
        true => Some(Will {
            properties: bytes.properties(version, Property::of_will)?,
            topic: bytes.prefixed()?,
            payload: bytes.prefixed()?,
        }),
        false => None,
    };
    let user = if flags.user() { Some(bytes.prefixed()?) } else { None };
    let password = if flags.password() { Some(bytes.prefixed()?) } else { None };
    Some(Connect { protocol, version, flags: flags.0, keep_alive, properties, client, will, user, password })
}

/// Without properties it is taken for one of MQTT 3.1.1: nothing in it tells the versions apart.
fn connack<'p>(bytes: &mut Bytes<'p>) -> Option<Connack<'p>> {
    let flags = bytes.byte().filter(|flags| flags & !1 == 0)?;
    let reason = bytes.byte()?;
    let version = if bytes.0.is_empty() { 4 } else { FIVE };
    let properties = bytes.properties(version, Property::of_connack)?;
    Some(Connack { version, flags, reason, properties })
}

/// The flags of CONNECT.
struct Flags(u8);

impl Flags {
    fn will(&self) -> bool {
        self.0 & 0x04 != 0
    }

    fn user(&self) -> bool {
        self.0 & 0x80 != 0
    }

    fn password(&self) -> bool {
        self.0 & 0x40 != 0
    }

    /// One bit must be 0, quality of service and retention belong to a will, and only MQTT 5 has a password without a user.
    fn are_valid(&self, version: u8) -> bool {
        let quality = self.0 >> 3 & 3;
        let retain = self.0 & 0x20 != 0;
        self.0 & 1 == 0
            && quality < 3
            && (self.will() || (quality == 0 && !retain))
            && (self.user() || !self.password() || version == FIVE)
    }
}

/// Bytes that are read from the front.
pub(super) struct Bytes<'p>(pub(super) &'p [u8]);

impl<'p> Bytes<'p> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'p [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(super) fn short(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn long(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// Bytes behind their number.
    pub(super) fn prefixed(&mut self) -> Option<&'p [u8]> {
        let length = self.short()?;
        self.take(usize::from(length))
    }

    /// A length of up to four bytes, seven bits each, lowest first.
    pub(super) fn length(&mut self) -> Option<usize> {
        let end = self.0.iter().take(4).position(|byte| byte & 0x80 == 0)?;
        let bytes = self.take(end + 1)?;
        Some(bytes.iter().rev().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f)))
    }

    fn properties(&mut self, version: u8, known: fn(u8) -> Option<Property>) -> Option<Properties<'p>> {
        if version < FIVE {
            return Some(Properties::default());
        }
        let length = self.length()?;
        Properties::parse(self.take(length)?, known)
    }
}
