//! The class `Server`: a server and its state.

use std::sync::Arc;

use mlua::{AnyUserData, Lua, Table, UserData};
use portero_api::{Address, Admin, ServerState};

use crate::class::{Class, Method, field, now, object};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Server",
    summary: "a server and its state",
    global: true,
    fields: &[field!("name", "string", "its name"), field!("puid", "string", "its number in the backend")],
    functions: &[READ],
};

const READ: &[Method] = &[
    now!("get_name", "(self: Server): string", "its name", get_name),
    now!("get_puid", "(self: Server): string", "its number in the backend", get_puid),
    now!("get_addr", "(self: Server): string", "its address: `127.0.0.1:80`", get_addr),
    now!("get_weight", "(self: Server): integer", "its weight now", get_weight),
    now!("get_maxconn", "(self: Server): integer", "the most sessions at once, 0: no limit", get_maxconn),
    now!("get_cur_sess", "(self: Server): integer", "sessions now", get_cur_sess),
    now!("get_pend_conn", "(self: Server): integer", "requests that wait in its queue", get_pend_conn),
    now!("is_backup", "(self: Server): boolean", "whether it is a backup server", is_backup),
    now!("is_draining", "(self: Server): boolean", "whether it gets no new sessions", is_draining),
];

/// The key of an object's server; no script reaches it by accident.
const STATE: &str = "\0server";

struct Handle(Arc<ServerState>);

impl UserData for Handle {}

/// The object of a server.
pub(crate) fn server_object(lua: &Lua, server: &Arc<ServerState>) -> mlua::Result<Table> {
    let table = object(lua, "Server")?;
    table.raw_set("name", &*server.name)?;
    table.raw_set("puid", server.id().to_string())?;
    table.raw_set(STATE, lua.create_userdata(Handle(server.clone()))?)?;
    Ok(table)
}

/// The server of an object.
///
/// # Errors
///
/// The table is none.
pub(crate) fn server_of(object: &Table) -> mlua::Result<Arc<ServerState>> {
    let handle = object.raw_get::<Option<AnyUserData>>(STATE)?;
    let handle =
        handle.ok_or_else(|| mlua::Error::runtime("this is no Server: call its functions with ':'"))?;
    Ok(handle.borrow::<Handle>()?.0.clone())
}

fn get_name(_: &Lua, server: Table) -> mlua::Result<String> {
    Ok(server_of(&server)?.name.to_string())
}

fn get_puid(_: &Lua, server: Table) -> mlua::Result<String> {
    Ok(server_of(&server)?.id().to_string())
}

fn get_addr(_: &Lua, server: Table) -> mlua::Result<String> {
    Ok(match server_of(&server)?.address() {
        Address::Ip(address) => address.to_string(),
        Address::Unix(path) => path.display().to_string(),
        Address::Abstract(name) => format!("abns@{}", String::from_utf8_lossy(&name)),
        Address::Unresolved(_) => "<unknown>".to_owned(),
    })
}

fn get_weight(_: &Lua, server: Table) -> mlua::Result<u32> {
    Ok(server_of(&server)?.weight())
}

fn get_maxconn(_: &Lua, server: Table) -> mlua::Result<u32> {
    Ok(server_of(&server)?.max_sessions())
}

fn get_cur_sess(_: &Lua, server: Table) -> mlua::Result<u32> {
    Ok(server_of(&server)?.sessions.now())
}

fn get_pend_conn(_: &Lua, server: Table) -> mlua::Result<u32> {
    Ok(server_of(&server)?.queue.now())
}

fn is_backup(_: &Lua, server: Table) -> mlua::Result<bool> {
    Ok(server_of(&server)?.is_backup())
}

fn is_draining(_: &Lua, server: Table) -> mlua::Result<bool> {
    Ok(server_of(&server)?.admin() == Admin::Drain)
}
