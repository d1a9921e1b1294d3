//! Deeds on servers that need nothing but shared state: they may be done on any thread.

use std::net::IpAddr;

use portero_api::{Address, ServerState};

use crate::health::{Ended, Shutdown};
use crate::shared::Shared;

/// `set server ... weight`: absolute, or a part of the configured weight. The error is a sentence.
pub fn set_weight(server: &ServerState, word: &str) -> Result<(), String> {
    if word.is_empty() {
        return Err("Require <weight> or <weight%>.".to_owned());
    }
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
    Ok(())
}

/// `set maxconn server`. The error is a sentence.
pub fn set_maxconn(shared: &Shared, server: &ServerState, word: &str) -> Result<(), String> {
    let max = word.parse().map_err(|_| "maxconn string empty or preceded by garbage")?;
    server.set_max_sessions(max);
    // who waits may have a place now
    shared.queue(&server.backend).call_all();
    Ok(())
}

/// `set server ... addr IP [port PORT]`. What was changed by `who`; the error is a sentence.
pub fn set_addr(server: &ServerState, addr: &str, port: Option<&str>, who: &str) -> Result<String, String> {
    let ip: IpAddr = addr.parse().map_err(|_| format!("Invalid addr '{addr}'\n"))?;
    let Address::Ip(old) = server.address() else {
        return Err("Only the address of a server that has an IP address can be changed.\n".to_owned());
    };
    let port = match port {
        None => old.port(),
        Some(port) => port.parse().map_err(|_| format!("problem converting port '{port}' to an int\n"))?,
    };
    let mut changes = Vec::new();
    if ip != old.ip() {
        changes.push(format!("IP changed from '{}' to '{ip}'", old.ip()));
    }
    if port != old.port() {
        changes.push(format!("port changed from '{}' to '{port}'", old.port()));
    }
    if changes.is_empty() {
        return Ok("nothing changed\n".to_owned());
    }
    server.set_address(Address::Ip((ip, port).into()));
    let text = format!("{} by '{who}'\n", changes.join(", "));
    tracing::info!("server {}/{}: {}", server.backend, server.name, text.trim_end());
    Ok(text)
}

/// `shutdown sessions server`
pub fn end_sessions(shared: &Shared, server: &ServerState) {
    Shutdown::of(server, &shared.common).end_sessions(Ended::Killed);
}

/// Whether the health of a server can be set by hand.
pub fn may_set_health(server: &ServerState) -> Result<(), String> {
    match server.tracked() {
        Some(_) => Err("cannot change health on a tracking server.\n".to_owned()),
        None => Ok(()),
    }
}

/// Whether a server has checks that can go on.
pub fn may_enable_health(server: &ServerState) -> Result<(), String> {
    match server.is_checked() && server.tracked().is_none() {
        true => Ok(()),
        false => Err("Health check was not configured on this server, cannot enable.\n".to_owned()),
    }
}
