//! Values of properties as Envoy writes them: numbers, moments and times of 8 bytes (nanoseconds), little-endian; a bool of
//! one byte; text as it is; maps as pairs, whose values are written in the same way.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use portero_api::Sample;

use crate::abi::nanoseconds;
use crate::pairs;

/// The value of a property.
pub(in crate::abi) enum Value<'a> {
    Bytes(Cow<'a, [u8]>),
    Int(i64),
    Uint(u64),
    Bool(bool),
    Map(Vec<(Vec<u8>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// Borrowed text.
    pub(super) fn text(text: &'a (impl AsRef<[u8]> + ?Sized)) -> Value<'a> {
        Value::Bytes(Cow::Borrowed(text.as_ref()))
    }

    /// Owned text.
    pub(super) fn owned(text: impl Into<Vec<u8>>) -> Value<'a> {
        Value::Bytes(Cow::Owned(text.into()))
    }

    /// An address with its port.
    pub(super) fn address(address: SocketAddr) -> Value<'a> {
        Value::owned(address.to_string())
    }

    /// The port of an address.
    pub(super) fn port(address: SocketAddr) -> Value<'a> {
        Value::Int(address.port().into())
    }

    /// A moment.
    pub(super) fn moment(time: SystemTime) -> Value<'a> {
        Value::Uint(nanoseconds(time))
    }

    /// A time.
    pub(super) fn time(time: Duration) -> Value<'a> {
        Value::Int(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX))
    }

    /// A count of bytes, or of something else that is never negative.
    pub(super) fn count(count: impl TryInto<i64>) -> Value<'a> {
        Value::Int(count.try_into().unwrap_or(i64::MAX))
    }

    /// A sample of the rule language.
    pub(super) fn sample(sample: Sample<'a>) -> Value<'a> {
        match sample {
            Sample::Bool(yes) => Value::Bool(yes),
            Sample::Int(number) => Value::Int(number),
            Sample::Ip(ip) => Value::owned(ip.to_string()),
            Sample::Str(text) | Sample::Bin(text) | Sample::Method(text) => Value::Bytes(text),
        }
    }

    /// The same, borrowed from nobody.
    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Value::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
            Value::Int(number) => Value::Int(number),
            Value::Uint(number) => Value::Uint(number),
            Value::Bool(yes) => Value::Bool(yes),
            Value::Map(map) => {
                Value::Map(map.into_iter().map(|(name, value)| (name, value.into_owned())).collect())
            }
        }
    }

    /// As the guest gets it.
    pub(in crate::abi) fn into_bytes(self) -> Vec<u8> {
        match self {
            Value::Bytes(bytes) => bytes.into_owned(),
            Value::Int(number) => number.to_le_bytes().to_vec(),
            Value::Uint(number) => number.to_le_bytes().to_vec(),
            Value::Bool(yes) => vec![u8::from(yes)],
            Value::Map(map) => {
                let map: Vec<_> = map.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
                pairs::write(map.iter().map(|(name, value)| (&name[..], &value[..])))
            }
        }
    }
}
