//! Samples and variables to Lua values, and back (HAProxy's Lua manual, "How Lua runs in HAProxy").

use std::borrow::Cow;

use mlua::{Lua, Value};
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

/// A sample as a Lua string: what the functions of `txn.sf` and `txn.sc` give. Nothing is an empty string.
pub(crate) fn to_string(lua: &Lua, sample: Option<&Sample<'_>>) -> mlua::Result<Value> {
    match sample {
        None => string(lua, b""),
        Some(Sample::Bool(value)) => string(lua, if *value { b"1" } else { b"0" }),
        Some(Sample::Int(value)) => string(lua, value.to_string().as_bytes()),
        Some(other) => to_lua(lua, other, BoolConversion::Normal),
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

fn string(lua: &Lua, bytes: &[u8]) -> mlua::Result<Value> {
    lua.create_string(bytes).map(Value::String)
}
