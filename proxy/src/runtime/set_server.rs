//! Commands that change a server.

use portero_api::{Admin, Oper, ServerState};

use super::call::{Answer, Call, done};
use crate::control;

/// What can be set, for the usage.
const USAGE: &str = "usage: set server <backend>/<server> addr | health | state | weight\n";

/// What HAProxy can set and we cannot.
const NOT_THERE: &[&str] =
    &["agent", "agent-addr", "agent-port", "agent-send", "check-addr", "check-port", "fqdn", "name", "ssl"];

pub(super) fn set(call: &mut Call<'_>) -> Result<Answer, String> {
    let (_, server) = call.server(0)?;
    match call.arg(1) {
        Some("state") => state(call, &server),
        Some("health") => health(call, &server),
        Some("weight") => set_weight(&server, call.arg(2)),
        Some("addr") => address(call, &server),
        Some("fqdn") => {
            Err("set server <b>/<s> fqdn failed because no resolution is configured.\n".to_owned())
        }
        Some(other) if NOT_THERE.contains(&other) => {
            Err(format!("'set server ... {other}' is not supported by this version of Portero.\n"))
        }
        _ => Err(USAGE.to_owned()),
    }
}

pub(super) fn disable(call: &mut Call<'_>) -> Result<Answer, String> {
    set_admin(call, Admin::Maint)
}

pub(super) fn enable(call: &mut Call<'_>) -> Result<Answer, String> {
    set_admin(call, Admin::Ready)
}

fn set_admin(call: &Call<'_>, admin: Admin) -> Result<Answer, String> {
    let (_, server) = call.server(0)?;
    let set = call.daemon.health.set_admin(&server.backend, &server.name, admin);
    set.map_err(|e| e.to_string())?;
    done()
}

fn state(call: &Call<'_>, _: &ServerState) -> Result<Answer, String> {
    match call.arg(2) {
        Some("ready") => set_admin(call, Admin::Ready),
        Some("drain") => set_admin(call, Admin::Drain),
        Some("maint") => set_admin(call, Admin::Maint),
        _ => Err("'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n".to_owned()),
    }
}

fn health(call: &Call<'_>, server: &ServerState) -> Result<Answer, String> {
    control::may_set_health(server)?;
    let oper = match call.arg(2) {
        Some("up") => Oper::Up,
        Some("stopping") => Oper::Stopping,
        Some("down") => Oper::Down,
        _ => return Err("'set server <srv> health' expects 'up', 'stopping', or 'down'.\n".to_owned()),
    };
    call.daemon.health.set_oper(&server.backend, &server.name, oper).map_err(|e| e.to_string())?;
    done()
}

pub(super) fn disable_health(call: &mut Call<'_>) -> Result<Answer, String> {
    set_checking(call, false)
}

pub(super) fn enable_health(call: &mut Call<'_>) -> Result<Answer, String> {
    set_checking(call, true)
}

fn set_checking(call: &Call<'_>, on: bool) -> Result<Answer, String> {
    let (_, server) = call.server(0)?;
    if on {
        control::may_enable_health(&server)?;
    }
    let set = call.daemon.health.set_checking(&server.backend, &server.name, on);
    set.map_err(|e| e.to_string())?;
    done()
}

pub(super) fn weight(call: &mut Call<'_>) -> Result<Answer, String> {
    let (_, server) = call.server(0)?;
    set_weight(&server, call.arg(1))
}

fn set_weight(server: &ServerState, word: Option<&str>) -> Result<Answer, String> {
    control::set_weight(server, word.unwrap_or_default())?;
    done()
}

pub(super) fn maxconn(call: &mut Call<'_>) -> Result<Answer, String> {
    let (_, server) = call.server(0)?;
    control::set_maxconn(&call.daemon.shared, &server, call.arg(1).unwrap_or_default())?;
    done()
}

/// `addr IP [port PORT]`
fn address(call: &Call<'_>, server: &ServerState) -> Result<Answer, String> {
    let missing = "set server <b>/<s> addr requires an address and optionally a port.\n";
    let addr = call.arg(2).ok_or(missing)?;
    let port = match (call.arg(3), call.arg(4)) {
        (None, _) => None,
        (Some("port"), Some(port)) => Some(port),
        _ => return Err(missing.to_owned()),
    };
    control::set_addr(server, addr, port, "stats socket command").map(Answer::Text)
}

pub(super) fn end_sessions(call: &mut Call<'_>) -> Result<Answer, String> {
    let (_, server) = call.server(0)?;
    control::end_sessions(&call.daemon.shared, &server);
    done()
}
