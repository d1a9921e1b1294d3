//! Where a request goes: the choice of a backend and of a server, as properties and functions ask for it; Higress's two
//! functions are other names of the same.

#[cfg(test)]
mod tests;

use portero_api::{Exchange, WantedServer};
use wasmtime::Linker;

use super::{Answer, Status, host, system};
use crate::guest::Guest;
use crate::memory::{Calling, copy, give};
use crate::settings::Level;
use crate::{pairs, scene, servers};

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_get_upstream_hosts", |caller, at, len| {
        let hosts = hosts(&caller).ok_or(Status::NotFound)?;
        let pairs = hosts.iter().map(|(address, health)| (address.as_bytes(), health.as_bytes()));
        give(&mut caller, &pairs::write(pairs), at, len)
    });
    host!(linker, "proxy_set_upstream_override_host", |caller, at, len| {
        let host = copy(&caller, at, len)?;
        use_server(&caller, std::str::from_utf8(&host).map_err(|_| Status::BadArgument)?, false)
    });
    Ok(())
}

/// Wants a server for the exchange, by its name or its address: strictly, which is this one or none, or at first.
///
/// # Errors
///
/// The exchange cannot be changed now, has its server already, or has a backend without such a server.
pub(super) fn use_server(caller: &Calling<'_>, server: &str, strict: bool) -> Answer {
    let wanted = WantedServer { server: server.into(), strict };
    let answer = change(caller, |exchange| {
        let there = exchange.backend.as_ref().map(|backend| backend.servers());
        if exchange.server.is_some() {
            return Err(Status::BadArgument);
        }
        if there.is_some_and(|servers| !servers.iter().any(|server| wanted.is(server))) {
            return Err(Status::NotFound);
        }
        exchange.tune().server = Some(wanted);
        Ok(())
    });
    settle(caller, answer, "a server is chosen by an action, or by a filter with the head of the request")
}

/// Wants a backend for the exchange.
///
/// # Errors
///
/// The exchange cannot be changed now, or has its backend already; there is no such backend.
pub(super) fn use_backend(caller: &Calling<'_>, backend: &str) -> Answer {
    let is_known = caller.data().plan.common.directory.proxy(backend, true).is_some();
    let answer = change(caller, |exchange| match () {
        () if exchange.backend.is_some() => Err(Status::BadArgument),
        () if !is_known => Err(Status::NotFound),
        () => {
            exchange.tune().backend = Some(backend.into());
            Ok(())
        }
    });
    settle(caller, answer, "a backend is chosen by an action in the rules of a frontend")
}

/// Changes the exchange, where it is lent to the context that asks.
fn change(caller: &Calling<'_>, change: impl FnOnce(&mut Exchange) -> Answer) -> Answer {
    let lent = caller.data().is_lent().then(|| scene::change(change)).flatten();
    lent.unwrap_or(Err(Status::BadArgument))
}

/// The answer; a guest that chooses where nothing can be chosen is told in the log where it can.
fn settle(caller: &Calling<'_>, answer: Answer, hint: &str) -> Answer {
    if answer == Err(Status::BadArgument) {
        system::log(caller, Level::Warn, hint.as_bytes());
    }
    answer
}

/// The servers that the request may go to, each with what Higress's plugins look for.
fn hosts(caller: &Calling<'_>) -> Option<Vec<(String, String)>> {
    let all = caller.data().is_lent().then(|| scene::see(servers::of)).flatten().flatten()?;
    let host = |server: &std::sync::Arc<portero_api::ServerState>| {
        let health = if server.usable() { "Healthy" } else { "Unhealthy" };
        (
            server.address().to_string(),
            format!(r#"{{"weight":{},"health_status":"{health}"}}"#, server.weight()),
        )
    };
    Some(all.iter().map(host).collect())
}
