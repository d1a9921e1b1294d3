//! The class `StickTable`: what is remembered under keys, looked at and changed.

use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::Arc;

use mlua::{Lua, LuaString, Table as LuaTable, Value};
use portero_api::tables::{DataKind, Entry, KeyBuf, KeyType, Removed, Slot, Table};

use crate::class::{Class, Of, now, object_of};

/// What an object stands for.
type StickTable = Of<Arc<dyn Table>>;

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "StickTable",
    summary: "a stick table of a proxy or of a peers section",
    global: false,
    fields: &[],
    functions: &[&[
        now!("info", "(self: StickTable): table", "what the table is declared to be", info),
        now!("lookup", "(self: StickTable, key: any): table?", "what is stored under a key", look_up),
        now!(
            "dump",
            "(self: StickTable, filter?: table): table",
            "all entries by key; a filter is a list of { data, operator, number }",
            dump
        ),
        now!(
            "create_or_get",
            "(self: StickTable, key: any): table?",
            "the same as lookup; makes the entry",
            create
        ),
        now!(
            "set",
            "(self: StickTable, key: any, values: table): boolean",
            "sets values; makes the entry",
            set
        ),
        now!(
            "incr",
            "(self: StickTable, key: any, data: string, by?: integer): integer",
            "adds to a value and gives the new one; makes the entry",
            incr
        ),
        now!("delete", "(self: StickTable, key: any): boolean", "takes an entry away", delete),
    ]],
};

/// Filters of a dump at the most, as many as HAProxy has.
const FILTERS: usize = 4;

/// The object of a table.
pub(super) fn table_object(lua: &Lua, table: Arc<dyn Table>) -> mlua::Result<LuaTable> {
    object_of(lua, "StickTable", table)
}

fn info(lua: &Lua, Of(table): StickTable) -> mlua::Result<LuaTable> {
    let (schema, limits) = (table.schema(), table.limits());
    let data = lua.create_table()?;
    for column in &schema.columns {
        let period = if column.data.kind() == DataKind::Rate { i64::from(column.period) } else { -1 };
        data.raw_set(column.data.name(), period)?;
    }
    let length = match schema.key {
        KeyType::Ip | KeyType::Integer => 4,
        KeyType::Ipv6 => 16,
        KeyType::String(length) | KeyType::Binary(length) => length,
    };
    let info = lua.create_table()?;
    info.raw_set("type", schema.key.name())?;
    info.raw_set("length", length)?;
    info.raw_set("size", limits.size)?;
    info.raw_set("used", table.len())?;
    info.raw_set("nopurge", limits.nopurge)?;
    info.raw_set("expire", limits.expire.map_or(0, |time| time.as_millis() as u64))?;
    info.raw_set("data", data)?;
    Ok(info)
}

fn look_up(lua: &Lua, (Of(table), key): (StickTable, Value)) -> mlua::Result<Option<LuaTable>> {
    let entry = table.find(key_of(&*table, &key)?.as_key());
    entry.map(|entry| shown(lua, &entry)).transpose()
}

fn create(lua: &Lua, (Of(table), key): (StickTable, Value)) -> mlua::Result<Option<LuaTable>> {
    let entry = table.enter(key_of(&*table, &key)?.as_key());
    entry.map(|entry| shown(lua, &entry)).transpose()
}

fn dump(lua: &Lua, (Of(table), filter): (StickTable, Option<LuaTable>)) -> mlua::Result<LuaTable> {
    let filters = filter.map_or(Ok(Vec::new()), |filter| filters(&*table, &filter))?;
    let all = lua.create_table()?;
    let mut result = Ok(());
    table.walk(&mut |entry| {
        let wanted =
            filters.iter().all(|f| entry.get(f.slot).is_some_and(|value| (f.holds)(&value, &f.value)));
        if wanted {
            result = shown(lua, entry).and_then(|shown| all.raw_set(text_of(lua, &entry.key())?, shown));
        }
        if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    result.map(|()| all)
}

fn set(_: &Lua, (Of(table), key, values): (StickTable, Value, LuaTable)) -> mlua::Result<bool> {
    let key = key_of(&*table, &key)?;
    let mut changes = Vec::new();
    for pair in values.pairs::<String, Value>() {
        let (name, value) = pair?;
        changes.push((slot_of(&*table, &name)?, value));
    }
    let Some(entry) = table.enter(key.as_key()) else { return Ok(false) };
    for (slot, value) in changes {
        match value {
            Value::String(text) if slot.data.kind() == DataKind::Text => {
                entry.set_text(slot, &text.to_string_lossy());
            }
            value => drop(entry.set(slot, number(&value)?)),
        }
    }
    Ok(true)
}

fn incr(
    _: &Lua,
    (Of(table), key, name, by): (StickTable, Value, String, Option<i64>),
) -> mlua::Result<Option<u64>> {
    let (key, slot) = (key_of(&*table, &key)?, slot_of(&*table, &name)?);
    Ok(table.enter(key.as_key()).and_then(|entry| entry.add(slot, by.unwrap_or(1))))
}

fn delete(_: &Lua, (Of(table), key): (StickTable, Value)) -> mlua::Result<bool> {
    Ok(table.remove(key_of(&*table, &key)?.as_key()) == Removed::Gone)
}

/// An entry as a table: how many track it, what is left of its time in milliseconds, and its values. Arrays are lists.
fn shown(lua: &Lua, entry: &Entry) -> mlua::Result<LuaTable> {
    let shown = lua.create_table()?;
    shown.raw_set("use", entry.trackers())?;
    shown.raw_set("expire", entry.expires_in().map_or(0, |time| time.as_millis() as u64))?;
    for slot in entry.slots() {
        let name = slot.data.name();
        let value = match entry.text(slot) {
            Some(text) => Value::String(lua.create_string(&*text)?),
            None => Value::Integer(entry.get(slot).map_or(0, |n| n.try_into().unwrap_or(i64::MAX))),
        };
        match slot.data.is_array() {
            false => shown.raw_set(name, value)?,
            true => {
                let list = match shown.raw_get::<Option<LuaTable>>(name)? {
                    Some(list) => list,
                    None => lua.create_table()?,
                };
                list.raw_push(value)?;
                shown.raw_set(name, list)?;
            }
        }
    }
    Ok(shown)
}

/// A key of the type that the table has.
fn key_of(table: &dyn Table, key: &Value) -> mlua::Result<KeyBuf> {
    let text = match key {
        Value::String(text) => text.as_bytes().to_vec(),
        Value::Integer(number) => number.to_string().into_bytes(),
        other => return Err(mlua::Error::runtime(format!("a key is no {}", other.type_name()))),
    };
    let kind = table.schema().key;
    let parsed = || std::str::from_utf8(&text).ok();
    let key = match kind {
        KeyType::Ip | KeyType::Ipv6 => parsed().and_then(|t| t.parse::<IpAddr>().ok()).map(KeyBuf::Ip),
        KeyType::Integer => parsed().and_then(|t| t.parse().ok()).map(KeyBuf::Integer),
        KeyType::String(_) => Some(KeyBuf::String(text.clone())),
        KeyType::Binary(_) => Some(KeyBuf::Binary(text.clone())),
    };
    key.ok_or_else(|| {
        let (key, kind) = (String::from_utf8_lossy(&text).into_owned(), kind.name());
        mlua::Error::runtime(format!("'{key}' is no key of type {kind}"))
    })
}

fn text_of(lua: &Lua, key: &KeyBuf) -> mlua::Result<LuaString> {
    match key {
        KeyBuf::Ip(ip) => lua.create_string(ip.to_string()),
        KeyBuf::Integer(number) => lua.create_string(number.to_string()),
        KeyBuf::String(bytes) | KeyBuf::Binary(bytes) => lua.create_string(bytes),
    }
}

/// A value that the table stores: `gpc0`, or `gpc[1]` of an array.
fn slot_of(table: &dyn Table, name: &str) -> mlua::Result<Slot> {
    let stored = Slot::parse(name).filter(|slot| table.schema().stores(*slot));
    stored.ok_or_else(|| mlua::Error::runtime(format!("the table stores no '{name}'")))
}

fn number(value: &Value) -> mlua::Result<u64> {
    let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
    number.ok_or_else(|| mlua::Error::runtime("values of tables are numbers from 0 on"))
}

/// A line of a filter.
struct Filter {
    slot: Slot,
    holds: fn(&u64, &u64) -> bool,
    value: u64,
}

fn filters(table: &dyn Table, written: &LuaTable) -> mlua::Result<Vec<Filter>> {
    let mut filters = Vec::new();
    for line in written.sequence_values::<LuaTable>() {
        let line = line?;
        let operator: String = line.get(2)?;
        let holds: fn(&u64, &u64) -> bool = match operator.as_str() {
            "eq" => u64::eq,
            "ne" => u64::ne,
            "le" => u64::le,
            "ge" => u64::ge,
            "lt" => u64::lt,
            "gt" => u64::gt,
            other => return Err(mlua::Error::runtime(format!("'{other}' is no operator of filters"))),
        };
        let slot = slot_of(table, &line.get::<String>(1)?)?;
        filters.push(Filter { slot, holds, value: number(&line.get(3)?)? });
    }
    if filters.len() > FILTERS {
        return Err(mlua::Error::runtime(format!("there are {FILTERS} filters at the most")));
    }
    Ok(filters)
}
