//! The class `Listener`: a socket of a frontend.

use mlua::{Lua, Table};

use crate::class::{Class, Of, now, object_of};

/// What an object stands for: its proxy and itself, by name.
type Listener = Of<(String, String)>;

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Listener",
    summary: "a socket of a frontend",
    global: false,
    fields: &[],
    functions: &[&[now!(
        "get_stats",
        "(self: Listener): table<string, any>",
        "its row of `show stat`: names alone, for sockets are not counted one by one",
        get_stats
    )]],
};

/// The object of a socket.
pub(super) fn listener_object(lua: &Lua, proxy: &str, name: &str) -> mlua::Result<Table> {
    object_of(lua, "Listener", (proxy.to_owned(), name.to_owned()))
}

fn get_stats(lua: &Lua, Of((proxy, name)): Listener) -> mlua::Result<Table> {
    /// HAProxy's number for rows of sockets.
    const SOCKET: u8 = 3;
    let row = lua.create_table()?;
    row.raw_set("pxname", proxy)?;
    row.raw_set("svname", name)?;
    row.raw_set("type", SOCKET)?;
    Ok(row)
}
