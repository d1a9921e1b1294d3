//! JSON to Lua values, which are made while the text is read.

use std::fmt;

use mlua::{Lua, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Style;

/// The value of a text.
///
/// # Errors
///
/// It is not JSON, or nested more than 128 levels deep.
pub(super) fn decode(lua: &Lua, text: &[u8], style: Style) -> mlua::Result<Value> {
    let failed = |why: serde_json::Error| mlua::Error::runtime(format!("this is no JSON: {why}"));
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Reader { lua, style }.deserialize(&mut reader).map_err(failed)?;
    reader.end().map_err(failed)?;
    Ok(value)
}

/// Makes a Lua value of the next value.
#[derive(Clone, Copy)]
struct Reader<'l> {
    lua: &'l Lua,
    style: Style,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(if self.style.null { Value::NULL } else { Value::Nil })
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Number(value as f64), Value::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.lua.create_string(value).map(Value::String).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let table = self.lua.create_table().map_err(A::Error::custom)?;
        let mut index = 0;
        while let Some(value) = values.next_element_seed(self)? {
            index += 1;
            table.raw_set(index, value).map_err(A::Error::custom)?;
        }
        Ok(Value::Table(table))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let table = self.lua.create_table().map_err(A::Error::custom)?;
        while let Some(key) = pairs.next_key_seed(self)? {
            let value = pairs.next_value_seed(self)?;
            table.raw_set(key, value).map_err(A::Error::custom)?;
        }
        Ok(Value::Table(table))
    }
}
