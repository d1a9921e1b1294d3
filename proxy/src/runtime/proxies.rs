//! Commands about frontends and limits of connections.

use std::sync::Arc;

use portero_api::{Door, ProxyState};

use super::call::{Answer, Call, done};

pub(super) fn disable(call: &mut Call<'_>) -> Result<Answer, String> {
    set_door(call, Door::Paused)
}

pub(super) fn enable(call: &mut Call<'_>) -> Result<Answer, String> {
    set_door(call, Door::Open)
}

pub(super) fn shutdown(call: &mut Call<'_>) -> Result<Answer, String> {
    set_door(call, Door::Stopped)
}

/// `publish backend`, `unpublish backend`
pub(super) fn publish(call: &mut Call<'_>, published: bool) -> Result<Answer, String> {
    let backend = call.arg(0).and_then(|name| call.backend(name)).ok_or("No such backend.")?;
    backend.set_published(published);
    Ok(if published { "Backend published." } else { "Backend unpublished." }.into())
}

fn set_door(call: &Call<'_>, door: Door) -> Result<Answer, String> {
    let name = frontend(call, 0)?.name.clone();
    let daemon = call.daemon.clone();
    Ok(Answer::Later(Box::pin(async move {
        match daemon.set_door(&name, door).await {
            Ok(()) => String::new(),
            Err(why) => format!("{why}\n"),
        }
    })))
}

pub(super) fn frontend_maxconn(call: &mut Call<'_>) -> Result<Answer, String> {
    let frontend = frontend(call, 0)?;
    let max = number(call.arg(1), "Integer value expected.")?;
    call.daemon.shared.gate(&frontend.name).set_max(max);
    frontend.set_max_sessions(max);
    done()
}

pub(super) fn global_maxconn(call: &mut Call<'_>) -> Result<Answer, String> {
    let shared = &call.daemon.shared;
    let max = number(call.arg(0), "Expects an integer value.")?;
    let most = shared.default_maxconn.load(std::sync::atomic::Ordering::Relaxed);
    let max = if max == 0 { shared.maxconn(&call.daemon.checked()) } else { max };
    if max > most {
        return Err(format!("Value out of range: open files allow {most} connections.\n"));
    }
    shared.clients.set_max(max);
    shared.process.set_max_connections(max);
    done()
}

fn frontend(call: &Call<'_>, place: usize) -> Result<Arc<ProxyState>, String> {
    let name = call.arg(place).ok_or("A frontend name is expected.")?;
    let found = call.daemon.shared.directory.proxy(name, false);
    found.ok_or_else(|| "No such frontend.".to_owned())
}

fn number(word: Option<&str>, missing: &str) -> Result<u32, String> {
    word.ok_or(missing)?.parse().map_err(|_| "maxconn string empty or preceded by garbage".to_owned())
}
