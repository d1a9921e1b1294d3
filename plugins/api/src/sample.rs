//! Typed samples: what expressions are made of (HAProxy manual, section 7.3).

use std::borrow::Cow;
use std::net::IpAddr;

/// A value taken from an exchange. Borrowed from it wherever that is possible.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample<'a> {
    /// A boolean.
    Bool(bool),
    /// A signed integer; arithmetic saturates as HAProxy's does.
    Int(i64),
    /// An address.
    Ip(IpAddr),
    /// Text.
    Str(Cow<'a, [u8]>),
    /// Bytes that are no text: shown in hexadecimal where text is wanted.
    Bin(Cow<'a, [u8]>),
    /// A request method.
    Method(Cow<'a, [u8]>),
}

/// The type of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum SampleType {
    Bool,
    Int,
    Ip,
    Str,
    Bin,
    Method,
    /// Only known when evaluated (variables, plugins).
    Any,
}

impl<'a> Sample<'a> {
    /// Borrowed text.
    pub fn str(text: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Sample::Str(Cow::Borrowed(text.as_ref()))
    }

    /// Owned text.
    pub fn text(text: impl Into<Vec<u8>>) -> Self {
        Sample::Str(Cow::Owned(text.into()))
    }

    /// Owned bytes.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Sample::Bin(Cow::Owned(bytes.into()))
    }

    /// Its type.
    pub fn kind(&self) -> SampleType {
        match self {
            Sample::Bool(_) => SampleType::Bool,
            Sample::Int(_) => SampleType::Int,
            Sample::Ip(_) => SampleType::Ip,
            Sample::Str(_) => SampleType::Str,
            Sample::Bin(_) => SampleType::Bin,
            Sample::Method(_) => SampleType::Method,
        }
    }

    /// The same sample, owning its bytes.
    pub fn into_owned(self) -> Sample<'static> {
        match self {
            Sample::Bool(b) => Sample::Bool(b),
            Sample::Int(i) => Sample::Int(i),
            Sample::Ip(ip) => Sample::Ip(ip),
            Sample::Str(s) => Sample::Str(Cow::Owned(s.into_owned())),
            Sample::Bin(s) => Sample::Bin(Cow::Owned(s.into_owned())),
            Sample::Method(s) => Sample::Method(Cow::Owned(s.into_owned())),
        }
    }
}
