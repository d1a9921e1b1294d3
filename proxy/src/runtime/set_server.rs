//! Commands that change a server.

use std::net::IpAddr;

use portero_api::{Address, Admin, Oper, ServerState};

use super::call::{Answer, Call, done};
use crate::health::{Ended, Shutdown};

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
    if call.conf(server).is_some_and(|conf| conf.track.is_some()) {
        return Err("cannot change health on a tracking server.\n".to_owned());
    }
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
    if on && call.conf(&server).is_none_or(|conf| conf.check.is_none()) {
        return Err("Health check was not configured on this server, cannot enable.\n".to_owned());
    }
    let set = call.daemon.health.set_checking(&server.backend, &server.name, on);
    set.map_err(|e| e.to_string())?;
    done()
}

pub(super) fn weight(call: &mut Call<'_>) -> Result<Answer, String> {
    let (_, server) = call.server(0)?;
    set_weight(&server, call.arg(1))
}

/// Absolute, or a part of the configured weight.
fn set_weight(server: &ServerState, word: Option<&str>) -> Result<Answer, String> {
    let word = word.filter(|w| !w.is_empty()).ok_or("Require <weight> or <weight%>.")?;
    let number = |text: &str| {
        let parsed = text.parse::<i64>();
        parsed.map_err(|_| "Empty weight string empty or preceded by garbage".to_owned())
    };
    let weight = match word.strip_suffix('%') {
        Some(percent) => {
            let percent = number(percent)?;
            if percent < 0 {
                return Err("Relative weight must be positive.\n".to_owned());
            }
            (i64::from(server.initial_weight()) * percent / 100).min(256)
        }
        None => number(word)?,
    };
    match u32::try_from(weight) {
        Ok(weight) if weight <= 256 => server.set_weight(weight),
        _ => return Err("Absolute weight can only be between 0 and 256 inclusive.\n".to_owned()),
    }
    done()
}

pub(super) fn maxconn(call: &mut Call<'_>) -> Result<Answer, String> {
    let (backend, server) = call.server(0)?;
    let max = call.arg(1).and_then(|w| w.parse().ok());
    server.set_max_sessions(max.ok_or("maxconn string empty or preceded by garbage")?);
    call.daemon.shared.queue(&backend.name).call_all();
    done()
}

/// `addr IP [port PORT]`
fn address(call: &Call<'_>, server: &ServerState) -> Result<Answer, String> {
    let missing = "set server <b>/<s> addr requires an address and optionally a port.\n";
    let text = call.arg(2).ok_or(missing)?;
    let ip: IpAddr = text.parse().map_err(|_| format!("Invalid addr '{text}'\n"))?;
    let Address::Ip(old) = server.address() else {
        return Err("Only the address of a server that has an IP address can be changed.\n".to_owned());
    };
    let port = match (call.arg(3), call.arg(4)) {
        (None, _) => old.port(),
        (Some("port"), Some(port)) => {
            port.parse().map_err(|_| format!("problem converting port '{port}' to an int\n"))?
        }
        _ => return Err(missing.to_owned()),
    };
    let mut changes = Vec::new();
    if ip != old.ip() {
        changes.push(format!("IP changed from '{}' to '{ip}'", old.ip()));
    }
    if port != old.port() {
        changes.push(format!("port changed from '{}' to '{port}'", old.port()));
    }
    if changes.is_empty() {
        return Ok("nothing changed\n".into());
    }
    server.set_address(Address::Ip((ip, port).into()));
    let text = format!("{} by 'stats socket command'\n", changes.join(", "));
    tracing::info!("server {}/{}: {}", server.backend, server.name, text.trim_end());
    Ok(text.into())
}

pub(super) fn end_sessions(call: &mut Call<'_>) -> Result<Answer, String> {
    let (_, server) = call.server(0)?;
    Shutdown::of(&server, &call.daemon.shared.common).end_sessions(Ended::Killed);
    done()
}
