//! The class `Server`: a server of a backend, looked at and changed.

use std::collections::HashMap;
use std::sync::Arc;

use mlua::{Lua, Table, Value};
use portero_api::{Address, Admin, Control, Oper, Sample, ServerState};

use super::events;
use super::proxy::proxy_object;
use crate::class::{Class, Method, Of, field, now, object_of};
use crate::settings::BoolConversion;
use crate::state::inside;
use crate::values;

/// What an object stands for.
type Server = Of<Arc<ServerState>>;

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Server",
    summary: "a server of a backend",
    global: false,
    fields: &[
        field!("name", "string", "its name (get_name() is the newer way)"),
        field!("puid", "string", "its number in the backend (get_puid() is the newer way)"),
    ],
    functions: &[READ, CHANGE, events::SERVER],
};

const READ: &[Method] = &[
    now!("get_name", "(self: Server): string", "its name", get_name),
    now!("get_puid", "(self: Server): string", "its number in the backend", get_puid),
    now!("get_rid", "(self: Server): integer", "which server of that name it is: always 0", get_rid),
    now!("get_proxy", "(self: Server): Proxy?", "its backend", get_proxy),
    now!("get_addr", "(self: Server): string", "its address and port", get_addr),
    now!("get_weight", "(self: Server): integer", "its weight now", get_weight),
    now!("get_maxconn", "(self: Server): integer", "its limit of sessions; 0: none", get_maxconn),
    now!("get_cur_sess", "(self: Server): integer", "sessions under way", get_cur_sess),
    now!("get_pend_conn", "(self: Server): integer", "requests that wait for it", get_pend_conn),
    now!("get_stats", "(self: Server): table<string, any>", "its row of `show stat`", get_stats),
    now!("is_draining", "(self: Server): boolean", "whether it takes no new sessions", is_draining),
    now!("is_backup", "(self: Server): boolean", "whether it is a backup server", is_backup),
    now!("is_dynamic", "(self: Server): boolean", "whether it was added at run time", is_dynamic),
    now!("tracking", "(self: Server): Server?", "the server that it tracks", tracking),
    now!("get_trackers", "(self: Server): Server[]", "the servers that track it", get_trackers),
];

/// What changes a server.
const CHANGE: &[Method] = &[
    now!("set_weight", "(self: Server, weight: string): string?", "`set server ... weight`", set_weight),
    now!("set_maxconn", "(self: Server, max: string): string?", "`set maxconn server`", set_maxconn),
    now!(
        "set_addr",
        "(self: Server, addr: string, port?: string): string",
        "`set server ... addr`; what was changed, or why not",
        set_addr
    ),
    now!("set_ready", "(self: Server)", "`set server ... state ready`", set_ready),
    now!("set_drain", "(self: Server)", "`set server ... state drain`", set_drain),
    now!("set_maint", "(self: Server)", "`set server ... state maint`", set_maint),
    now!("shut_sess", "(self: Server)", "ends what is under way to it", shut_sess),
    now!("check_enable", "(self: Server)", "lets its checks go on", check_enable),
    now!("check_disable", "(self: Server)", "pauses its checks", check_disable),
    now!("check_force_up", "(self: Server)", "takes it for up until checks say otherwise", check_force_up),
    now!("check_force_nolb", "(self: Server)", "lets it finish what it has", check_force_nolb),
    now!("check_force_down", "(self: Server)", "takes it for down", check_force_down),
    now!("agent_enable", "(self: Server)", "nothing: no server has an agent", no_agent),
    now!("agent_disable", "(self: Server)", "nothing: no server has an agent", no_agent),
    now!("agent_force_up", "(self: Server)", "nothing: no server has an agent", no_agent),
    now!("agent_force_down", "(self: Server)", "nothing: no server has an agent", no_agent),
];

/// The objects of a state, so that a balancer does not make them anew for each pick.
#[derive(Default)]
struct Known(HashMap<usize, (Arc<ServerState>, Table)>);

/// The object of a server: the same one each time.
pub(crate) fn server_object(lua: &Lua, server: &Arc<ServerState>) -> mlua::Result<Table> {
    let key = Arc::as_ptr(server).addr();
    if let Some((_, object)) = lua.app_data_ref::<Known>().and_then(|known| known.0.get(&key).cloned()) {
        return Ok(object);
    }
    let object = object_of(lua, "Server", server.clone())?;
    object.raw_set("name", &*server.name)?;
    object.raw_set("puid", server.id().to_string())?;
    if lua.app_data_ref::<Known>().is_none() {
        lua.set_app_data(Known::default());
    }
    if let Some(mut known) = lua.app_data_mut::<Known>() {
        known.0.insert(key, (server.clone(), object.clone()));
    }
    Ok(object)
}

/// A row of statistics as a table.
pub(super) fn stats(lua: &Lua, row: Vec<(&'static str, Sample<'static>)>) -> mlua::Result<Table> {
    let table = lua.create_table_with_capacity(0, row.len())?;
    for (name, value) in row {
        table.raw_set(name, values::to_lua(lua, &value, BoolConversion::Normal)?)?;
    }
    Ok(table)
}

/// What an operator can do.
pub(super) fn control(lua: &Lua) -> Arc<dyn Control> {
    inside(lua).common.control.clone()
}

fn get_name(_: &Lua, Of(server): Server) -> mlua::Result<String> {
    Ok(server.name.to_string())
}

fn get_puid(_: &Lua, Of(server): Server) -> mlua::Result<String> {
    Ok(server.id().to_string())
}

/// No server is deleted at run time, so no name comes back for another one.
fn get_rid(_: &Lua, _: Server) -> mlua::Result<u32> {
    Ok(0)
}

fn get_proxy(lua: &Lua, Of(server): Server) -> mlua::Result<Option<Table>> {
    let backend = inside(lua).common.directory.proxy(&server.backend, true);
    backend.map(|backend| proxy_object(lua, &backend)).transpose()
}

/// As HAProxy writes it: no brackets, and the path of a unix socket.
fn get_addr(_: &Lua, Of(server): Server) -> mlua::Result<String> {
    Ok(match server.address() {
        Address::Ip(addr) => format!("{}:{}", addr.ip(), addr.port()),
        Address::Unix(path) => path.display().to_string(),
        Address::Unresolved(_) => "<unknown>".to_owned(),
        other => other.to_string(),
    })
}

fn get_weight(_: &Lua, Of(server): Server) -> mlua::Result<u32> {
    Ok(server.weight())
}

fn get_maxconn(_: &Lua, Of(server): Server) -> mlua::Result<u32> {
    Ok(server.max_sessions())
}

fn get_cur_sess(_: &Lua, Of(server): Server) -> mlua::Result<u32> {
    Ok(server.sessions.now())
}

fn get_pend_conn(_: &Lua, Of(server): Server) -> mlua::Result<u32> {
    Ok(server.queue.now())
}

fn get_stats(lua: &Lua, Of(server): Server) -> mlua::Result<Table> {
    stats(lua, control(lua).show_server_stat(&server))
}

fn is_draining(_: &Lua, Of(server): Server) -> mlua::Result<bool> {
    Ok(server.weight() == 0 || server.admin() == Admin::Drain)
}

fn is_backup(_: &Lua, Of(server): Server) -> mlua::Result<bool> {
    Ok(server.is_backup())
}

fn is_dynamic(_: &Lua, _: Server) -> mlua::Result<bool> {
    Ok(false)
}

/// Nothing when it was done, else why not.
fn set_weight(lua: &Lua, (Of(server), weight): (Server, String)) -> mlua::Result<Option<String>> {
    Ok(control(lua).set_weight(&server, &weight).err())
}

fn set_maxconn(lua: &Lua, (Of(server), max): (Server, String)) -> mlua::Result<Option<String>> {
    Ok(control(lua).set_maxconn(&server, &max).err())
}

fn set_addr(lua: &Lua, (Of(server), addr, port): (Server, String, Option<String>)) -> mlua::Result<String> {
    let set = control(lua).set_addr(&server, &addr, port.as_deref());
    Ok(set.unwrap_or_else(|why| why).trim_end().to_owned())
}

/// HAProxy's functions for states say nothing, whether they could do it or not.
fn set_ready(lua: &Lua, Of(server): Server) -> mlua::Result<()> {
    drop(control(lua).set_state(&server, Admin::Ready));
    Ok(())
}

fn set_drain(lua: &Lua, Of(server): Server) -> mlua::Result<()> {
    drop(control(lua).set_state(&server, Admin::Drain));
    Ok(())
}

fn set_maint(lua: &Lua, Of(server): Server) -> mlua::Result<()> {
    drop(control(lua).set_state(&server, Admin::Maint));
    Ok(())
}

fn shut_sess(lua: &Lua, Of(server): Server) -> mlua::Result<()> {
    control(lua).shutdown_sessions(&server);
    Ok(())
}

fn check_enable(lua: &Lua, Of(server): Server) -> mlua::Result<()> {
    drop(control(lua).enable_health(&server));
    Ok(())
}

fn check_disable(lua: &Lua, Of(server): Server) -> mlua::Result<()> {
    drop(control(lua).disable_health(&server));
    Ok(())
}

fn check_force_up(lua: &Lua, Of(server): Server) -> mlua::Result<()> {
    drop(control(lua).set_health(&server, Oper::Up));
    Ok(())
}

fn check_force_nolb(lua: &Lua, Of(server): Server) -> mlua::Result<()> {
    drop(control(lua).set_health(&server, Oper::Stopping));
    Ok(())
}

fn check_force_down(lua: &Lua, Of(server): Server) -> mlua::Result<()> {
    drop(control(lua).set_health(&server, Oper::Down));
    Ok(())
}

/// What HAProxy does for a server without `agent-check`, as all are here.
fn no_agent(_: &Lua, _: Server) -> mlua::Result<()> {
    Ok(())
}

fn tracking(lua: &Lua, Of(server): Server) -> mlua::Result<Value> {
    match control(lua).tracked(&server) {
        Some(leader) => server_object(lua, &leader).map(Value::Table),
        None => Ok(Value::Nil),
    }
}

fn get_trackers(lua: &Lua, Of(server): Server) -> mlua::Result<Vec<Table>> {
    control(lua).trackers(&server).iter().map(|follower| server_object(lua, follower)).collect()
}
