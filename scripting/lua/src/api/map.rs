//! The class `Map`, and the functions of `core` that change maps and ACL lists by their names.

use std::sync::Arc;

use mlua::{Lua, Table, Value};
use portero_api::{Map, Sample};

use crate::class::{Class, Method, Of, field, now, object_of};
use crate::settings::BoolConversion;
use crate::state::inside;
use crate::values::{self, Bytes};

/// What an object stands for.
type MapObject = Of<Arc<dyn Map>>;

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Map",
    summary: "a map of the process, asked in one way",
    global: true,
    fields: &[
        field!("_int", "string", "numbers and ranges of numbers"),
        field!("_ip", "string", "addresses and networks"),
        field!("_str", "string", "whole texts"),
        field!("_beg", "string", "beginnings of texts"),
        field!("_sub", "string", "parts of texts"),
        field!("_dir", "string", "parts between slashes"),
        field!("_dom", "string", "parts between dots"),
        field!("_end", "string", "ends of texts"),
        field!("_reg", "string", "regular expressions"),
    ],
    functions: &[&[
        now!(
            "new",
            "(name: string, method?: string): Map",
            "opens a map, and reads its file if nobody has",
            new
        ),
        now!("lookup", "(self: Map, key: any): string?", "the value for a key", lookup),
        now!("slookup", "(self: Map, key: any): string", "the same, or an empty string", slookup),
    ]],
};

/// What `core` has of maps.
pub(super) const CORE: &[Method] = &[
    now!(
        "set_map",
        "(name: string, key: string, value: string)",
        "adds an entry or changes its value",
        set_map
    ),
    now!("del_map", "(name: string, key: string)", "takes entries out of a map", delete),
    now!("add_acl", "(name: string, key: string)", "adds a pattern unless it is there", add_acl),
    now!("del_acl", "(name: string, key: string)", "takes patterns out of a list", delete),
];

/// Puts the ways of matching among the functions, with and without the underscore.
pub(crate) fn finish(map: &Table) -> mlua::Result<()> {
    for field in CLASS.fields {
        let method = field.name.trim_start_matches('_');
        map.raw_set(field.name, method)?;
        map.raw_set(method, method)?;
    }
    Ok(())
}

/// The list of a name.
pub(super) fn list(lua: &Lua, name: &str) -> mlua::Result<Arc<dyn Map>> {
    let found = inside(lua).common.maps.find(name);
    found.ok_or_else(|| mlua::Error::runtime(format!("there is no map or list '{name}'")))
}

fn new(lua: &Lua, (name, method): (String, Option<String>)) -> mlua::Result<Table> {
    let map = inside(lua).common.maps.open(&name, method.as_deref().unwrap_or("str"));
    object_of(lua, "Map", map.map_err(mlua::Error::runtime)?)
}

fn lookup(lua: &Lua, (Of(map), key): (MapObject, Value)) -> mlua::Result<Value> {
    match find(&*map, &key) {
        Some(found) => values::to_lua(lua, &found, BoolConversion::Normal),
        None => Ok(Value::Nil),
    }
}

fn slookup(_: &Lua, (Of(map), key): (MapObject, Value)) -> mlua::Result<Bytes> {
    let found = find(&*map, &key);
    Ok(values::hand(found.as_ref().map(values::text).unwrap_or_default().into_owned()))
}

fn find(map: &dyn Map, key: &Value) -> Option<Sample<'static>> {
    map.look_up(&values::from_lua(key)?)
}

fn set_map(lua: &Lua, (name, key, value): (String, String, String)) -> mlua::Result<()> {
    let map = list(lua, &name)?;
    let set = map.set(&key, &value, None).and_then(|there| match there {
        true => Ok(()),
        false => map.add(&key, Some(&value), None),
    });
    set.map_err(mlua::Error::runtime)
}

fn add_acl(lua: &Lua, (name, key): (String, String)) -> mlua::Result<()> {
    let acl = list(lua, &name)?;
    match acl.entry(&key, None) {
        Some(_) => Ok(()),
        None => acl.add(&key, None, None).map_err(mlua::Error::runtime),
    }
}

fn delete(lua: &Lua, (name, key): (String, String)) -> mlua::Result<()> {
    list(lua, &name)?.remove(&key, None);
    Ok(())
}
