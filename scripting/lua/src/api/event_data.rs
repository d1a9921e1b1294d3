//! What scripts are told of an event: the tables `ServerEvent`, `ServerEventState`, `ServerEventAdmin` and
//! `ServerEventCheckRes` of HAProxy's Lua manual.

use std::sync::Arc;

use mlua::{Lua, Table};
use portero_api::events::{AdminChange, CheckEnded, StateChange};
use portero_api::{CheckStatus, EventKind, ServerState};

use super::server::server_object;
use crate::state::inside;

/// The server that an event is about.
pub(super) fn server(kind: &EventKind) -> Option<&Arc<ServerState>> {
    match kind {
        EventKind::ServerAdded(server)
        | EventKind::ServerDeleted(server)
        | EventKind::ServerUp(server)
        | EventKind::ServerDown(server)
        | EventKind::ServerState(server, _)
        | EventKind::ServerAdmin(server, _)
        | EventKind::ServerCheck(server, _) => Some(server),
        EventKind::List(..) | EventKind::Reloaded | EventKind::Stopping => None,
    }
}

/// The table of an event about a server; others have none.
pub(super) fn table(lua: &Lua, kind: &EventKind) -> mlua::Result<Option<Table>> {
    let Some(server) = server(kind) else { return Ok(None) };
    let data = lua.create_table()?;
    data.raw_set("name", &*server.name)?;
    data.raw_set("puid", server.id())?;
    data.raw_set("rid", 0)?;
    data.raw_set("proxy_name", &*server.backend)?;
    if let Some(backend) = inside(lua).common.directory.proxy(&server.backend, true) {
        data.raw_set("proxy_uuid", backend.id())?;
    }
    if !matches!(kind, EventKind::ServerDeleted(_)) {
        data.raw_set("reference", server_object(lua, server)?)?;
    }
    match kind {
        EventKind::ServerState(_, change) => data.raw_set("state", state(lua, server, change)?)?,
        EventKind::ServerAdmin(_, change) => data.raw_set("admin", admin(lua, change)?)?,
        EventKind::ServerCheck(_, ended) => data.raw_set("check", check(lua, ended)?)?,
        _ => {}
    }
    Ok(Some(data))
}

fn state(lua: &Lua, server: &ServerState, change: &StateChange) -> mlua::Result<Table> {
    let state = lua.create_table()?;
    state.raw_set("admin", change.by_admin)?;
    state.raw_set("cause", change.cause.as_str())?;
    state.raw_set("new_state", change.after)?;
    state.raw_set("old_state", change.before)?;
    state.raw_set("requeued", change.requeued)?;
    if change.by_check {
        let view = server.check.lock().unwrap_or_else(|e| e.into_inner()).clone();
        let ended = CheckEnded {
            passed: view.status.passed(),
            status: view.status,
            duration: view.millis,
            code: view.code,
            health: (view.health, view.rise, view.fall),
        };
        state.raw_set("check", check(lua, &ended)?)?;
    }
    Ok(state)
}

fn admin(lua: &Lua, change: &AdminChange) -> mlua::Result<Table> {
    let admin = lua.create_table()?;
    admin.raw_set("cause", change.cause.as_str())?;
    admin.raw_set("new_admin", words(change.after))?;
    admin.raw_set("old_admin", words(change.before))?;
    admin.raw_set("requeued", change.requeued)?;
    Ok(admin)
}

/// HAProxy's words for the bits of an administrative state.
fn words(bits: u32) -> Vec<&'static str> {
    const WORDS: [(u32, &str); 8] = [
        (0x27, "MAINT"),
        (0x01, "FMAINT"),
        (0x02, "IMAINT"),
        (0x20, "RMAINT"),
        (0x04, "CMAINT"),
        (0x18, "DRAIN"),
        (0x08, "FDRAIN"),
        (0x10, "IDRAIN"),
    ];
    WORDS.iter().filter(|(mask, _)| bits & mask != 0).map(|(_, word)| *word).collect()
}

fn check(lua: &Lua, ended: &CheckEnded) -> mlua::Result<Table> {
    let reason = lua.create_table()?;
    reason.raw_set("short", ended.status.name())?;
    reason.raw_set("desc", ended.status.description())?;
    if let Some(code) = ended.code {
        reason.raw_set("code", code)?;
    }
    let health = lua.create_table()?;
    let (cur, rise, fall) = ended.health;
    health.raw_set("cur", cur)?;
    health.raw_set("rise", rise)?;
    health.raw_set("fall", fall)?;
    let check = lua.create_table()?;
    check.raw_set(
        "result",
        match (ended.passed, ended.status) {
            (_, CheckStatus::L7OkConditionally) => "CONDPASS",
            (true, _) => "PASSED",
            (false, _) => "FAILED",
        },
    )?;
    check.raw_set("agent", false)?;
    check.raw_set("duration", ended.duration)?;
    check.raw_set("reason", reason)?;
    check.raw_set("health", health)?;
    Ok(check)
}
