//! Typed samples, as rules take and give them.

use std::net::IpAddr;

use crate::items::number;

/// A value of the rule language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sample {
    /// A boolean.
    Bool(bool),
    /// A number.
    Int(i64),
    /// An address.
    Ip(IpAddr),
    /// Text.
    Str(Vec<u8>),
    /// Bytes that are no text.
    Bin(Vec<u8>),
    /// A request method.
    Method(Vec<u8>),
}

impl Sample {
    /// How it is written: one byte for the type, then the value.
    pub fn bytes(&self) -> Vec<u8> {
        let (kind, value) = match self {
            Sample::Bool(value) => (b'b', vec![u8::from(*value)]),
            Sample::Int(number) => (b'i', number.to_le_bytes().to_vec()),
            Sample::Ip(address) => (b'a', address.to_string().into_bytes()),
            Sample::Str(text) => (b's', text.clone()),
            Sample::Bin(bytes) => (b'x', bytes.clone()),
            Sample::Method(name) => (b'm', name.clone()),
        };
        [&[kind], value.as_slice()].concat()
    }

    /// Reads one; none when it is malformed, or there is none.
    pub fn read(bytes: &[u8]) -> Option<Sample> {
        let (kind, value) = bytes.split_first()?;
        Some(match kind {
            b'b' => Sample::Bool(value == [1]),
            b'i' => Sample::Int(number(value)?),
            b'a' => Sample::Ip(std::str::from_utf8(value).ok()?.parse().ok()?),
            b's' => Sample::Str(value.to_vec()),
            b'x' => Sample::Bin(value.to_vec()),
            b'm' => Sample::Method(value.to_vec()),
            _ => return None,
        })
    }

    /// The bytes of a text, a method or a block.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Sample::Str(bytes) | Sample::Bin(bytes) | Sample::Method(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl From<&str> for Sample {
    fn from(text: &str) -> Sample {
        Sample::Str(text.into())
    }
}

impl From<String> for Sample {
    fn from(text: String) -> Sample {
        Sample::Str(text.into_bytes())
    }
}

impl From<i64> for Sample {
    fn from(number: i64) -> Sample {
        Sample::Int(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_back_as_they_were() {
        for sample in [
            Sample::Bool(true),
            Sample::Int(-1),
            Sample::Ip([10, 0, 0, 1].into()),
            "text".into(),
            Sample::Bin(vec![0, 255]),
            Sample::Method(b"GET".to_vec()),
        ] {
            assert_eq!(Sample::read(&sample.bytes()), Some(sample));
        }
        assert_eq!((Sample::read(b""), Sample::read(b"i1")), (None, None));
    }
}
