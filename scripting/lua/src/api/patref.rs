//! The class `Patref`: a map or an ACL list with its versions.

use std::sync::{Arc, Mutex};

use mlua::{FromLua, Function, Lua, MultiValue, Table, Value};
use portero_api::{Map, MapEntry};

use super::events;
use super::map::list;
use crate::class::{Class, Classes, Method, Of, now, object_of};

/// What an object stands for: a list, and the version that is being filled.
#[derive(Clone)]
pub(super) struct Ref {
    map: Arc<dyn Map>,
    version: Arc<Mutex<Option<u64>>>,
}

type Patref = Of<Ref>;

/// True, or nothing and why not.
type Done = mlua::Result<(Option<bool>, Option<String>)>;

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Patref",
    summary: "a map or an ACL list; its entries are there by index, and for pairs()",
    global: false,
    fields: &[],
    functions: &[
        &[
            now!("get_name", "(self: Patref): string", "its name", get_name),
            now!("is_map", "(self: Patref): boolean", "whether it is a map", is_map),
            now!("purge", "(self: Patref)", "takes all entries out at once", purge),
            now!(
                "prepare",
                "(self: Patref)",
                "begins a version that is filled beside the one in use",
                prepare
            ),
            now!(
                "commit",
                "(self: Patref): boolean?, string?",
                "lets the version that was filled count",
                commit
            ),
            now!("giveup", "(self: Patref)", "forgets the version that was being filled", giveup),
            now!(
                "add",
                "(self: Patref, key: string, value?: string): boolean?, string?",
                "adds an entry",
                add
            ),
            now!(
                "add_bulk",
                "(self: Patref, entries: table): boolean?, string?",
                "adds many: keys with values for a map, a list of keys for an ACL",
                add_bulk
            ),
            now!("del", "(self: Patref, key: string): boolean", "takes the entries with a key out", del),
            now!(
                "set",
                "(self: Patref, key: string, value: string, force?: boolean): boolean?, string?",
                "changes the value of a key; with `force` the key is made if need be",
                set
            ),
        ],
        events::PATREF,
    ],
};

/// What `core` has of lists.
pub(super) const CORE: &[Method] =
    &[now!("get_patref", "(name: string): Patref", "a map or an ACL list by its name", get_patref)];

/// Lets objects be indexed by keys and walked with pairs(). Functions come before keys of their names.
pub(crate) fn finish(lua: &Lua, classes: &Classes) -> mlua::Result<()> {
    let metatable = classes.metatable("Patref")?;
    let functions: Table = metatable.raw_get("__index")?;
    let index = move |lua: &Lua, (object, key): (Table, Value)| {
        let function: Value = functions.raw_get(key.clone())?;
        let (true, Value::String(key)) = (function.is_nil(), key) else { return Ok(function) };
        let Of(patref) = Patref::from_lua(Value::Table(object), lua)?;
        let found = patref.map.entry(&key.to_string_lossy(), patref.version());
        found.map_or(Ok(Value::Nil), |entry| value(lua, &entry))
    };
    metatable.raw_set("__index", lua.create_function(index)?)?;
    metatable.raw_set("__pairs", lua.create_function(pairs)?)
}

impl Ref {
    fn version(&self) -> Option<u64> {
        *self.version.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn set_version(&self, version: Option<u64>) -> Option<u64> {
        std::mem::replace(&mut *self.version.lock().unwrap_or_else(|e| e.into_inner()), version)
    }

    /// The list, for who wants to know what happens to it.
    pub(super) fn name(&self) -> &str {
        self.map.name()
    }
}

/// The value of an entry; of an ACL's, that it is there.
fn value(lua: &Lua, entry: &MapEntry) -> mlua::Result<Value> {
    match &entry.value {
        Some(value) => lua.create_string(value).map(Value::String),
        None => Ok(Value::Boolean(true)),
    }
}

fn pairs(lua: &Lua, Of(patref): Patref) -> mlua::Result<Function> {
    let mut entries = patref.map.entries(patref.version()).into_iter();
    lua.create_function_mut(move |lua, _: MultiValue| match entries.next() {
        Some(entry) => Ok((Value::String(lua.create_string(&entry.key)?), value(lua, &entry)?)),
        None => Ok((Value::Nil, Value::Nil)),
    })
}

fn get_patref(lua: &Lua, name: String) -> mlua::Result<Table> {
    object_of(lua, "Patref", Ref { map: list(lua, &name)?, version: Arc::default() })
}

fn get_name(_: &Lua, Of(patref): Patref) -> mlua::Result<String> {
    Ok(patref.name().to_owned())
}

fn is_map(_: &Lua, Of(patref): Patref) -> mlua::Result<bool> {
    Ok(patref.map.is_map())
}

fn purge(_: &Lua, Of(patref): Patref) -> mlua::Result<()> {
    patref.map.clear(None);
    Ok(())
}

fn prepare(_: &Lua, Of(patref): Patref) -> mlua::Result<()> {
    if let Some(before) = patref.set_version(Some(patref.map.prepare())) {
        patref.map.give_up(before);
    }
    Ok(())
}

fn commit(_: &Lua, Of(patref): Patref) -> Done {
    let committed = patref.set_version(None).map(|version| patref.map.commit(version));
    done(match committed {
        Some(true) => Ok(()),
        Some(false) => Err("a newer version counts already".to_owned()),
        None => Err("no version was prepared".to_owned()),
    })
}

fn giveup(_: &Lua, Of(patref): Patref) -> mlua::Result<()> {
    if let Some(version) = patref.set_version(None) {
        patref.map.give_up(version);
    }
    Ok(())
}

fn add(_: &Lua, (Of(patref), key, value): (Patref, String, Option<String>)) -> Done {
    done(patref.map.add(&key, value.as_deref(), patref.version()))
}

fn add_bulk(_: &Lua, (Of(patref), entries): (Patref, Table)) -> Done {
    let version = patref.version();
    for pair in entries.pairs::<Value, String>() {
        let (key, value) = pair?;
        let added = match (patref.map.is_map(), &key) {
            (false, _) => patref.map.add(&value, None, version),
            (true, Value::String(key)) => patref.map.add(&key.to_string_lossy(), Some(&value), version),
            (true, other) => Err(format!("keys are strings, not {}", other.type_name())),
        };
        if added.is_err() {
            return done(added);
        }
    }
    done(Ok(()))
}

fn del(_: &Lua, (Of(patref), key): (Patref, String)) -> mlua::Result<bool> {
    Ok(patref.map.remove(&key, patref.version()))
}

fn set(_: &Lua, (Of(patref), key, value, force): (Patref, String, String, Option<bool>)) -> Done {
    let version = patref.version();
    done(match patref.map.set(&key, &value, version) {
        Ok(true) => Ok(()),
        Ok(false) if force == Some(true) => patref.map.add(&key, Some(&value), version),
        Ok(false) => Err(format!("there is no key '{key}'")),
        Err(why) => Err(why),
    })
}

fn done(result: Result<(), String>) -> Done {
    Ok(match result {
        Ok(()) => (Some(true), None),
        Err(why) => (None, Some(why)),
    })
}
