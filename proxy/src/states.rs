//! Brings the shared states in line with a configuration: what has a name keeps its state and counters, what is new
//! gets one, what is gone is let go.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use portero_api::{Admin, ProxyState, ServerState};

use crate::config::checked::{Checked, Mode, Proxy, Server};
use crate::shared::Shared;

/// Makes the states of all proxies and servers of a configuration.
pub fn apply(shared: &Shared, checked: &Checked) {
    shared.clients.set_max(checked.global.maxconn);
    for conf in &checked.proxies {
        let state = proxy(shared, conf);
        state.set_max_sessions(conf.maxconn);
        shared.gate(&conf.name).set_max(conf.maxconn);
        let old = state.servers();
        let servers: Vec<_> = conf.servers.iter().map(|s| server(&state, &old, s)).collect();
        let same = old.len() == servers.len() && old.iter().zip(&servers).all(|(a, b)| Arc::ptr_eq(a, b));
        if !same {
            state.set_servers(servers);
        }
        shared.queue(&conf.name).call_all();
    }
    shared.generation.fetch_add(1, Relaxed);
}

/// Lets go of the proxies that the configuration no longer has. Requests under way hold theirs.
pub fn forget_others(shared: &Shared, checked: &Checked) {
    shared.directory.retain(|state| checked.proxies.iter().any(|p| p.name == state.name && p.kind == state.kind));
}

fn proxy(shared: &Shared, conf: &Proxy) -> Arc<ProxyState> {
    let http = conf.mode == Mode::Http;
    let old = shared.directory.proxy(&conf.name, conf.kind.has_back());
    match old {
        Some(old) if old.kind == conf.kind && old.http == http => old,
        _ => {
            let state = Arc::new(ProxyState::new(&conf.name, conf.id, conf.kind, http));
            shared.directory.insert(state.clone());
            state
        }
    }
}

fn server(backend: &ProxyState, old: &[Arc<ServerState>], conf: &Server) -> Arc<ServerState> {
    let checked = conf.check.is_some() || conf.track.is_some();
    let like = |s: &&Arc<ServerState>| {
        *s.name == *conf.name && s.backup == conf.backup && s.checked == checked && s.id == conf.id
    };
    let state = match old.iter().find(like) {
        Some(old) => {
            old.set_address(conf.address.clone());
            old.clone()
        }
        None => {
            let mut state = ServerState::new(backend, &conf.name, conf.id, conf.address.clone());
            (state.backup, state.checked) = (conf.backup, checked);
            if conf.disabled {
                state.set_admin(Admin::Maint);
            }
            Arc::new(state)
        }
    };
    state.configure_weight(conf.weight);
    state.set_max_sessions(conf.maxconn);
    state
}
