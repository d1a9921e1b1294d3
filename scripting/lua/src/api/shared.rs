//! `core.shared`: what all threads have in common, and what outlives a reload.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use mlua::{IntoLuaMulti, Lua, LuaString, MultiValue, Table, Value};

use crate::api::marker;
use crate::class::{Class, Classes, Of, now, object_of};
use crate::state::inside;
use crate::store::{Dict, ENTRIES, Held, MOST_ENTRIES, Refused, Store};

/// The class of `core.shared`.
pub(crate) static SHARED: Class = Class {
    name: "Shared",
    summary: "what all threads have in common, and what outlives a reload",
    global: false,
    fields: &[],
    functions: &[&[
        now!(
            "counter",
            "(name: string): SharedCounter",
            "the counter of a name, 0 in the beginning",
            counter
        ),
        now!(
            "dict",
            "(name: string, options?: { max?: integer }): SharedDict",
            "the dictionary of a name, with 65536 entries at the most unless `max` says otherwise",
            dict
        ),
    ]],
};

/// The class of counters.
pub(crate) static COUNTER: Class = Class {
    name: "SharedCounter",
    summary: "a whole number that all threads count with, without a lock",
    global: false,
    fields: &[],
    functions: &[&[
        now!("get", "(self: SharedCounter): integer", "the number", counter_get),
        now!(
            "add",
            "(self: SharedCounter, by?: integer): integer",
            "adds 1, or so much; the new number",
            counter_add
        ),
        now!(
            "set",
            "(self: SharedCounter, value: integer): integer",
            "sets it; the number before",
            counter_set
        ),
    ]],
};

/// The class of dictionaries.
pub(crate) static DICT: Class = Class {
    name: "SharedDict",
    summary: "booleans, numbers and texts by key for all threads; entries may expire",
    global: false,
    fields: &[],
    functions: &[&[
        now!("get", "(self: SharedDict, key: string): boolean|number|string|nil", "the value of a key", get),
        now!(
            "set",
            "(self: SharedDict, key: string, value: boolean|number|string|nil, ttl?: number): boolean?, string?",
            "sets a value, for so many seconds; nil removes it; nil and `full`, where there is no room",
            set
        ),
        now!(
            "add",
            "(self: SharedDict, key: string, value: boolean|number|string, ttl?: number): boolean?, string?",
            "the same where there is no value; nil and `exists` where there is",
            add
        ),
        now!(
            "incr",
            "(self: SharedDict, key: string, by?: integer, first?: integer, ttl?: number): integer?, string?",
            "adds to a whole number, which begins with `first` (0) and lives for `ttl` from then; the new one",
            incr
        ),
        now!(
            "delete",
            "(self: SharedDict, key: string): boolean",
            "removes a value; whether there was one",
            delete
        ),
        now!(
            "keys",
            "(self: SharedDict, most?: integer): string[]",
            "keys, 1024 of them or so many at the most",
            keys
        ),
        now!("len", "(self: SharedDict): integer", "how many entries there are", len),
    ]],
};

/// Keys that `keys` gives where a script says nothing.
const KEYS: usize = 1024;

/// Puts `core.shared` where scripts find it.
pub(crate) fn finish(lua: &Lua, classes: &Classes) -> mlua::Result<()> {
    classes.functions("core")?.raw_set("shared", marker(lua, classes, "Shared")?)
}

fn store(lua: &Lua) -> Arc<Store> {
    inside(lua).common.get("lua/shared")
}

fn too_many() -> mlua::Error {
    mlua::Error::runtime("core.shared has too many names")
}

fn counter(lua: &Lua, name: String) -> mlua::Result<Table> {
    object_of(lua, "SharedCounter", store(lua).counter(&name).ok_or_else(too_many)?)
}

fn dict(lua: &Lua, (name, options): (String, Option<Table>)) -> mlua::Result<Table> {
    let dict = store(lua).dict(&name).ok_or_else(too_many)?;
    let max = options.map(|options| options.get::<Option<usize>>("max")).transpose()?.flatten();
    if let Some(max) = max {
        if !(1..=MOST_ENTRIES).contains(&max) {
            let message =
                format!("a dictionary has 1 to {MOST_ENTRIES} entries, {ENTRIES} unless told, not {max}");
            return Err(mlua::Error::runtime(message));
        }
        dict.set_max(max);
    }
    object_of(lua, "SharedDict", dict)
}

type Number = Of<Arc<AtomicI64>>;

fn counter_get(_: &Lua, Of(number): Number) -> mlua::Result<i64> {
    Ok(number.load(Relaxed))
}

fn counter_add(_: &Lua, (Of(number), by): (Number, Option<i64>)) -> mlua::Result<i64> {
    let by = by.unwrap_or(1);
    Ok(number.fetch_add(by, Relaxed).wrapping_add(by))
}

fn counter_set(_: &Lua, (Of(number), value): (Number, i64)) -> mlua::Result<i64> {
    Ok(number.swap(value, Relaxed))
}

type Words = Of<Arc<Dict>>;

fn get(lua: &Lua, (Of(dict), key): (Words, LuaString)) -> mlua::Result<Value> {
    Ok(match dict.get(&key.as_bytes()) {
        None => Value::Nil,
        Some(Held::Bool(value)) => Value::Boolean(value),
        Some(Held::Int(number)) => Value::Integer(number),
        Some(Held::Float(number)) => Value::Number(number),
        Some(Held::Text(text)) => Value::String(lua.create_string(text)?),
    })
}

fn set(
    lua: &Lua,
    (Of(dict), key, value, ttl): (Words, LuaString, Value, Option<f64>),
) -> mlua::Result<MultiValue> {
    let key = key.as_bytes();
    match held(&value)? {
        None => {
            dict.delete(&key);
            true.into_lua_multi(lua)
        }
        Some(value) => told(lua, dict.set(&key, value, lifetime(ttl)?).map(|()| true)),
    }
}

fn add(
    lua: &Lua,
    (Of(dict), key, value, ttl): (Words, LuaString, Value, Option<f64>),
) -> mlua::Result<MultiValue> {
    let value = held(&value)?.ok_or_else(|| mlua::Error::runtime("there is no value to add"))?;
    told(lua, dict.add(&key.as_bytes(), value, lifetime(ttl)?).map(|()| true))
}

fn incr(
    lua: &Lua,
    (Of(dict), key, by, first, ttl): (Words, LuaString, Option<i64>, Option<i64>, Option<f64>),
) -> mlua::Result<MultiValue> {
    let sum = dict.incr(&key.as_bytes(), by.unwrap_or(1), first.unwrap_or(0), lifetime(ttl)?);
    told(lua, sum)
}

fn delete(_: &Lua, (Of(dict), key): (Words, LuaString)) -> mlua::Result<bool> {
    Ok(dict.delete(&key.as_bytes()))
}

fn keys(lua: &Lua, (Of(dict), most): (Words, Option<usize>)) -> mlua::Result<Table> {
    let keys = dict.keys(most.unwrap_or(KEYS));
    lua.create_sequence_from(keys.iter().map(|key| lua.create_string(key)).collect::<mlua::Result<Vec<_>>>()?)
}

fn len(_: &Lua, Of(dict): Words) -> mlua::Result<usize> {
    Ok(dict.len())
}

fn held(value: &Value) -> mlua::Result<Option<Held>> {
    Ok(Some(match value {
        Value::Nil => return Ok(None),
        Value::Boolean(value) => Held::Bool(*value),
        Value::Integer(number) => Held::Int(*number),
        Value::Number(number) => Held::Float(*number),
        Value::String(text) => Held::Text(text.as_bytes()[..].into()),
        other => {
            let kind = other.type_name();
            return Err(mlua::Error::runtime(format!(
                "threads share booleans, numbers and texts, not a {kind}"
            )));
        }
    }))
}

/// Seconds; none and 0 are for ever.
fn lifetime(ttl: Option<f64>) -> mlua::Result<Option<Duration>> {
    let Some(ttl) = ttl.filter(|ttl| *ttl != 0.0) else { return Ok(None) };
    Duration::try_from_secs_f64(ttl)
        .map(Some)
        .map_err(|_| mlua::Error::runtime(format!("{ttl} is no lifetime")))
}

fn told<T: mlua::IntoLua>(lua: &Lua, done: Result<T, Refused>) -> mlua::Result<MultiValue> {
    let why = match done {
        Ok(value) => return value.into_lua_multi(lua),
        Err(Refused::Full) => "full",
        Err(Refused::Exists) => "exists",
        Err(Refused::NoNumber) => "no number",
    };
    (Value::Nil, why).into_lua_multi(lua)
}
