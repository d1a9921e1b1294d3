//! Samples and variables to Lua values, and back (HAProxy's Lua manual, "How Lua runs in HAProxy").

use std::borrow::Cow;

use bstr::{BStr, BString};
use mlua::{Either, Lua, Value};
use portero_api::Sample;

use crate::settings::BoolConversion;

/// A sample as a Lua value.
pub(crate) fn to_lua(lua: &Lua, sample: &Sample<'_>, bools: BoolConversion) -> mlua::Result<Value> {
    match sample {
        Sample::Bool(value) => Ok(match bools {
            BoolConversion::Normal => Value::Boolean(*value),
            BoolConversion::Before31 => Value::Integer(i64::from(*value)),
        }),
        Sample::Int(value) => Ok(Value::Integer(*value)),
        Sample::Ip(address) => string(lua, address.to_string().as_bytes()),
        Sample::Str(bytes) | Sample::Bin(bytes) | Sample::Method(bytes) => string(lua, bytes),
    }
}

/// A sample as the bytes of a string: what converters take, and what the functions of `txn.sf` and `txn.sc` give.
pub(crate) fn text<'a>(sample: &'a Sample<'_>) -> Cow<'a, [u8]> {
    match sample {
        Sample::Bool(value) => Cow::Borrowed(if *value { b"1" } else { b"0" }),
        Sample::Int(value) => Cow::Owned(value.to_string().into_bytes()),
        Sample::Ip(address) => Cow::Owned(address.to_string().into_bytes()),
        Sample::Str(bytes) | Sample::Bin(bytes) | Sample::Method(bytes) => Cow::Borrowed(bytes),
    }
}

/// A Lua value as a sample; none for what has no meaning as one (nil, tables, functions).
pub(crate) fn from_lua(value: &Value) -> Option<Sample<'static>> {
    match value {
        Value::Boolean(value) => Some(Sample::Bool(*value)),
        Value::Integer(value) => Some(Sample::Int(*value)),
        // HAProxy has no fractions: what is behind the point is lost
        Value::Number(value) => Some(Sample::Int(*value as i64)),
        Value::String(text) => Some(Sample::Str(Cow::Owned(text.as_bytes().to_vec()))),
        _ => None,
    }
}

/// The bytes of a string for Lua.
pub(crate) type Bytes = Either<String, BString>;

/// Bytes for Lua. As text, which they mostly are, they go there straight.
pub(crate) fn lend(bytes: &[u8]) -> Either<&str, &BStr> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Either::Left(text),
        Err(_) => Either::Right(BStr::new(bytes)),
    }
}

/// The same of bytes that nobody else needs.
pub(crate) fn hand(bytes: Vec<u8>) -> Bytes {
    String::from_utf8(bytes).map_or_else(|not| Either::Right(not.into_bytes().into()), Either::Left)
}

fn string(lua: &Lua, bytes: &[u8]) -> mlua::Result<Value> {
    lua.create_string(bytes).map(Value::String)
}
