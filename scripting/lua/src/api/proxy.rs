//! The class `Proxy`, and what `core` knows of the process: its proxies, `get_info`, `get_var`.

use std::sync::Arc;

use mlua::{IntoLua, Lua, Table, Value};
use portero_api::{Door, Kind, ProxyState};

use super::listener::listener_object;
use super::server::{control, stats};
use super::server_object;
use super::stick_table::table_object;
use super::{core, txn};
use crate::class::{Class, Method, Of, field, now, object_of};
use crate::state::inside;

/// What an object stands for.
type Proxy = Of<Arc<ProxyState>>;

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Proxy",
    summary: "a frontend, a backend, or both in one",
    global: false,
    fields: &[
        field!("name", "string", "its name (get_name() is the newer way)"),
        field!("uuid", "string", "its number (get_uuid() is the newer way)"),
        field!("servers", "table<string, Server>", "its servers by name"),
        field!("listeners", "table<string, Listener>", "its sockets by name"),
        field!("stktable", "StickTable?", "its stick table"),
    ],
    functions: &[FUNCTIONS],
};

const FUNCTIONS: &[Method] = &[
    now!("get_name", "(self: Proxy): string", "its name", get_name),
    now!("get_uuid", "(self: Proxy): string", "its number", get_uuid),
    now!("get_cap", "(self: Proxy): string", "`frontend`, `backend` or `proxy`", get_cap),
    now!("get_mode", "(self: Proxy): string", "`http` or `tcp`", get_mode),
    now!("get_srv_act", "(self: Proxy): integer", "active servers that can be used", get_srv_act),
    now!("get_srv_bck", "(self: Proxy): integer", "backup servers that can be used", get_srv_bck),
    now!("get_stats", "(self: Proxy): table<string, any>", "its row of `show stat`", get_stats),
    now!("pause", "(self: Proxy)", "`disable frontend`", pause),
    now!("resume", "(self: Proxy)", "`enable frontend`", resume),
    now!("stop", "(self: Proxy)", "`shutdown frontend`", stop),
    now!("shut_bcksess", "(self: Proxy)", "ends what is under way to its backup servers", shut_bcksess),
    now!("get_mailers", "(self: Proxy): nil", "nothing: there are no mailers sections", get_mailers),
];

/// What `core` has of the process.
pub(super) const CORE: &[Method] = &[
    now!("get_info", "(): table<string, any>", "the facts of `show info` by name", get_info),
    now!("get_var", "(name: string): any", "a variable of the process", get_var),
    now!(
        "use_native_mailers_config",
        "()",
        "refused: there are no mailers sections",
        use_native_mailers_config
    ),
];

/// Lets `core` find its proxies when a script asks for them: while files are loaded there are none yet.
pub(crate) fn finish(lua: &Lua, core: &Table) -> mlua::Result<()> {
    let metatable = lua.create_table()?;
    metatable.raw_set("__index", lua.create_function(lists)?)?;
    core.set_metatable(Some(metatable))
}

/// `core.proxies`, `core.frontends`, `core.backends`; from the first use behind loading on they stay as they are.
fn lists(lua: &Lua, (core, key): (Table, Value)) -> mlua::Result<Value> {
    let wanted: fn(Kind) -> bool = match key.as_string().map(|key| key.to_string_lossy()).as_deref() {
        Some("thread") => return core::thread(lua).into_lua(lua),
        Some("proxies") => |_| true,
        Some("frontends") => Kind::has_front,
        Some("backends") => Kind::has_back,
        Some("tables") => return tables(lua).map(Value::Table),
        _ => return Ok(Value::Nil),
    };
    let list = lua.create_table()?;
    let inside = inside(lua);
    for proxy in inside.common.directory.all().iter().filter(|proxy| wanted(proxy.kind)) {
        list.raw_set(&*proxy.name, proxy_object(lua, proxy)?)?;
    }
    if !inside.is_loading() {
        core.raw_set(key, &list)?;
    }
    Ok(Value::Table(list))
}

/// `core.tables`
fn tables(lua: &Lua) -> mlua::Result<Table> {
    let list = lua.create_table()?;
    for table in inside(lua).common.tables.all() {
        let name = table.schema().name.clone();
        list.raw_set(&*name, table_object(lua, table)?)?;
    }
    Ok(list)
}

/// The object of a proxy.
pub(crate) fn proxy_object(lua: &Lua, proxy: &Arc<ProxyState>) -> mlua::Result<Table> {
    let object = object_of(lua, "Proxy", proxy.clone())?;
    object.raw_set("name", &*proxy.name)?;
    object.raw_set("uuid", proxy.id().to_string())?;
    let servers = lua.create_table()?;
    for server in proxy.servers().iter() {
        servers.raw_set(&*server.name, server_object(lua, server)?)?;
    }
    object.raw_set("servers", servers)?;
    let listeners = lua.create_table()?;
    for name in control(lua).listeners(proxy) {
        listeners.raw_set(&*name, listener_object(lua, &proxy.name, &name)?)?;
    }
    object.raw_set("listeners", listeners)?;
    if let Some(table) = inside(lua).common.tables.get(&proxy.name) {
        object.raw_set("stktable", table_object(lua, table)?)?;
    }
    Ok(object)
}

fn get_name(_: &Lua, Of(proxy): Proxy) -> mlua::Result<String> {
    Ok(proxy.name.to_string())
}

fn get_uuid(_: &Lua, Of(proxy): Proxy) -> mlua::Result<String> {
    Ok(proxy.id().to_string())
}

fn get_cap(_: &Lua, Of(proxy): Proxy) -> mlua::Result<&'static str> {
    Ok(match proxy.kind {
        Kind::Frontend => "frontend",
        Kind::Backend => "backend",
        Kind::Listen => "proxy",
    })
}

fn get_mode(_: &Lua, Of(proxy): Proxy) -> mlua::Result<&'static str> {
    Ok(if proxy.http { "http" } else { "tcp" })
}

fn get_srv_act(_: &Lua, Of(proxy): Proxy) -> mlua::Result<usize> {
    Ok(usable(&proxy, false))
}

fn get_srv_bck(_: &Lua, Of(proxy): Proxy) -> mlua::Result<usize> {
    Ok(usable(&proxy, true))
}

fn usable(proxy: &ProxyState, backup: bool) -> usize {
    proxy.servers().iter().filter(|server| server.is_backup() == backup && server.usable()).count()
}

fn get_stats(lua: &Lua, Of(proxy): Proxy) -> mlua::Result<Table> {
    stats(lua, control(lua).show_stat(&proxy, proxy.kind.has_back()))
}

/// HAProxy's functions say nothing, whether they could do it or not.
fn pause(lua: &Lua, Of(proxy): Proxy) -> mlua::Result<()> {
    drop(control(lua).set_frontend(&proxy, Door::Paused));
    Ok(())
}

fn resume(lua: &Lua, Of(proxy): Proxy) -> mlua::Result<()> {
    drop(control(lua).set_frontend(&proxy, Door::Open));
    Ok(())
}

fn stop(lua: &Lua, Of(proxy): Proxy) -> mlua::Result<()> {
    drop(control(lua).set_frontend(&proxy, Door::Stopped));
    Ok(())
}

fn shut_bcksess(lua: &Lua, Of(proxy): Proxy) -> mlua::Result<()> {
    let control = control(lua);
    proxy.servers().iter().filter(|s| s.is_backup()).for_each(|s| control.shutdown_sessions(s));
    Ok(())
}

fn get_mailers(_: &Lua, _: Proxy) -> mlua::Result<()> {
    Ok(())
}

fn get_info(lua: &Lua, (): ()) -> mlua::Result<Table> {
    stats(lua, control(lua).show_info())
}

fn get_var(lua: &Lua, name: String) -> mlua::Result<Value> {
    txn::get_var(lua, (true, name))
}

fn use_native_mailers_config(_: &Lua, (): ()) -> mlua::Result<()> {
    let message = "core.use_native_mailers_config() is not supported: Portero has no mailers sections";
    Err(mlua::Error::runtime(message))
}

#[cfg(test)]
mod tests {
    use portero_api::{Answer, Common};
    use portero_conformance::rig::{Farm, Net, exchange};

    use crate::Settings;
    use crate::testing::load_in;

    #[test]
    fn scripts_find_proxies_and_their_servers_by_name() {
        let common = Common::default();
        let farm = Farm::with_backups(&[3, 0], &[1]);
        common.directory.insert(farm.backend.clone());
        farm.servers[0].try_enter();
        let source = r#"core.register_action("look", { "http-req" }, function(txn)
            local web = core.backends["web"]
            assert(web == core.backends.web and core.proxies.web and not core.frontends.web)
            assert(web:get_name() == "web" and web.name == "web" and web.uuid == "2")
            assert(web:get_cap() == "backend" and web:get_mode() == "http")
            assert(web:get_srv_act() == 1 and web:get_srv_bck() == 1)
            local s1, s2 = web.servers.s1, web.servers["s2"]
            assert(s1.name == "s1" and s1:get_puid() == "1" and s1:get_addr() == "127.0.0.1:1")
            assert(s1:get_weight() == 3 and s1:get_cur_sess() == 1 and s1:get_proxy():get_name() == "web")
            assert(s2:is_draining() and not s1:is_draining() and web.servers.s3:is_backup())
            assert(s1:set_weight("5"):find("No process"), "it can be refused in words")
            assert(s1:agent_enable() == nil and s1:tracking() == nil and #s1:get_trackers() == 0)
            assert(not pcall(s1.get_name, {}) and not pcall(core.use_native_mailers_config))
        end)"#;
        let stage = load_in(source, &Settings::default(), Net::default(), common.into());
        let stage = stage.unwrap_or_else(|mistake| panic!("{}", mistake.message));
        let answer = stage.finish("look", &mut exchange("/"));
        assert!(matches!(answer, Answer::Continue), "{:?}", stage.desk.lines());
        assert!(stage.desk.lines().is_empty(), "{:?}", stage.desk.lines());
    }
}
