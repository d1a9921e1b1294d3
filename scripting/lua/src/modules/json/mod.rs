//! The modules `json` and `cjson`: texts of JSON and Lua values (RFC 8259).
//!
//! They differ as the libraries do whose names they have: to `cjson` null is a value of its own and an empty table an
//! object, to `json` null is nil and an empty table an array.

mod decode;
mod encode;

use mlua::{IntoLuaMulti, Lua, LuaString, MultiValue, Table, Value};

/// Tables and lists may be so many levels deep.
const DEPTH: usize = 128;

/// What a metatable has under this name makes its table an array.
const ARRAY: &str = "__jsonarray";

/// Which library it is like.
#[derive(Clone, Copy)]
struct Style {
    /// Whether null is a value.
    null: bool,
}

/// `json`
pub(super) fn json(lua: &Lua) -> mlua::Result<Table> {
    module(lua, Style { null: false })
}

/// `cjson`
pub(super) fn cjson(lua: &Lua) -> mlua::Result<Table> {
    module(lua, Style { null: true })
}

/// `cjson.safe`: the same, but what goes wrong is returned as nil and a text.
pub(super) fn safe(lua: &Lua) -> mlua::Result<Table> {
    let module = cjson(lua)?;
    for name in ["encode", "decode"] {
        let plain: mlua::Function = module.raw_get(name)?;
        let safe = lua.create_function(move |lua, args: MultiValue| match plain.call::<Value>(args) {
            Ok(value) => value.into_lua_multi(lua),
            Err(mlua::Error::CallbackError { cause, .. }) => {
                (Value::Nil, cause.to_string()).into_lua_multi(lua)
            }
            Err(error) => (Value::Nil, error.to_string()).into_lua_multi(lua),
        })?;
        module.raw_set(name, safe)?;
    }
    Ok(module)
}

fn module(lua: &Lua, style: Style) -> mlua::Result<Table> {
    let module = lua.create_table()?;
    let encode = move |lua: &Lua, value: Value| {
        lua.create_string(encode::encode(&value, style).map_err(mlua::Error::runtime)?)
    };
    module.raw_set("encode", lua.create_function(encode)?)?;
    let decode = move |lua: &Lua, text: LuaString| decode::decode(lua, &text.as_bytes(), style);
    module.raw_set("decode", lua.create_function(decode)?)?;
    module.raw_set("null", Value::NULL)?;
    let array = lua.create_table_from([(ARRAY, true)])?;
    let empty = lua.create_table()?;
    empty.set_metatable(Some(array.clone()))?;
    module.raw_set("array_mt", &array)?;
    module.raw_set("empty_array_mt", array)?;
    module.raw_set("empty_array", empty)?;
    let again = lua.create_function(move |lua, _: MultiValue| self::module(lua, style))?;
    module.raw_set("new", again)?;
    Ok(module)
}
