//! `core.tokenize`, `core.concat` and the class `Concat`: texts in pieces.

use mlua::{Lua, LuaString, MultiValue, Table};

use crate::class::{Class, Method, now, object};

/// The class.
pub(crate) static CONCAT: Class = Class {
    name: "Concat",
    summary: "a long text made of many pieces, each of which is copied once",
    global: false,
    fields: &[],
    functions: &[&[
        now!("add", "(self: Concat, text: string)", "adds a piece", add),
        now!("dump", "(self: Concat): string", "all pieces as one text", dump),
    ]],
};

/// The rows.
pub(crate) const CORE: &[Method] = &[
    now!("concat", "(): Concat", "a text that is put together from many pieces", concat),
    now!(
        "tokenize",
        "(text: string, separators: string, noblank?: boolean): string[]",
        "the parts of a text between any of the separators; without empty ones where `noblank` is true",
        tokenize
    ),
];

fn concat(lua: &Lua, _: MultiValue) -> mlua::Result<Table> {
    object(lua, "Concat")
}

fn add(_: &Lua, (concat, text): (Table, LuaString)) -> mlua::Result<()> {
    concat.raw_set(concat.raw_len() + 1, text)
}

fn dump(lua: &Lua, concat: Table) -> mlua::Result<LuaString> {
    let pieces = concat.sequence_values::<LuaString>().collect::<mlua::Result<Vec<_>>>()?;
    let pieces: Vec<_> = pieces.iter().map(|piece| piece.as_bytes()).collect();
    let mut text = Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
    pieces.iter().for_each(|piece| text.extend_from_slice(piece));
    lua.create_string(text)
}

fn tokenize(
    lua: &Lua,
    (text, separators, no_blank): (LuaString, LuaString, Option<bool>),
) -> mlua::Result<Table> {
    let (text, separators) = (text.as_bytes(), separators.as_bytes());
    let parts = text.split(|byte| separators.contains(byte));
    let wanted = parts.filter(|part| no_blank != Some(true) || !part.is_empty());
    lua.create_sequence_from(wanted.map(|part| lua.create_string(part)).collect::<mlua::Result<Vec<_>>>()?)
}
