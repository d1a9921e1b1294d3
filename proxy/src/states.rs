//! Brings the shared states in line with a configuration: what has a name keeps its state and counters, what is new
//! gets one, what is gone is let go.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use portero_api::tables::Table;
use portero_api::{ProxyState, ServerState, Timeout};
use portero_policies::tables::StickTable;

use crate::config::checked::{Checked, Mode, Proxy, Server};
use crate::config::environment::host_name;
use crate::control;
use crate::shared::Shared;

/// Makes the states of all proxies and servers of a configuration.
pub fn apply(shared: &Shared, checked: &Checked) {
    let maxconn = shared.maxconn(checked);
    shared.clients.set_max(maxconn);
    shared.process.set_max_connections(maxconn);
    let node = checked.global.node.as_deref().map_or_else(host_name, str::to_owned);
    shared.process.set_node(&node);
    shared.process.set_description(checked.global.description.as_deref().unwrap_or_default());
    for conf in &checked.proxies {
        let state = proxy(shared, conf);
        state.set_id(conf.id);
        let default = conf.default_backend.map(|place| &*checked.proxies[place].name);
        state.set_default_backend(default.unwrap_or_default());
        state.configure_published(!conf.unpublished);
        state.set_description(conf.description.as_deref().unwrap_or_default());
        state.set_listeners(control::listeners(&conf.binds));
        set_times(&state, conf);
        state.set_max_sessions(if conf.maxconn == 0 { maxconn } else { conf.maxconn });
        shared.gate(&conf.name).set_max(conf.maxconn);
        for bind in &conf.binds {
            shared.socket_gate(&bind.address).set_max(bind.maxconn);
        }
        let old = state.servers();
        let servers: Vec<_> = conf.servers.iter().map(|s| server(&state, &old, s)).collect();
        let same = old.len() == servers.len() && old.iter().zip(&servers).all(|(a, b)| Arc::ptr_eq(a, b));
        if !same {
            state.set_servers(servers);
        }
        shared.queue(&conf.name).call_all();
    }
    tables(shared, checked);
    shared.generation.fetch_add(1, Relaxed);
}

/// Lets go of the proxies that the configuration no longer has. Requests under way hold theirs.
pub fn forget_others(shared: &Shared, checked: &Checked) {
    shared
        .directory
        .retain(|state| checked.proxies.iter().any(|p| p.name == state.name && p.kind == state.kind));
    shared.common.tables.retain(|table| checked.tables.iter().any(|t| t.schema == *table.schema()));
}

/// The states of all proxies and the tables, to go back to.
pub struct Before {
    proxies: Vec<(Arc<ProxyState>, Arc<[Arc<ServerState>]>)>,
    tables: Vec<Arc<dyn Table>>,
}

/// Notes which states there are.
pub fn remember(shared: &Shared) -> Before {
    let proxies = shared.directory.all().into_iter().map(|p| (p.clone(), p.servers())).collect();
    Before { proxies, tables: shared.common.tables.all() }
}

/// Goes back to the states of a configuration that stays in use.
pub fn restore(shared: &Shared, before: Before, checked: &Checked) {
    before.tables.into_iter().for_each(|table| shared.common.tables.insert(table));
    for (proxy, servers) in before.proxies {
        proxy.set_servers(servers.to_vec());
        shared.directory.insert(proxy);
    }
    apply(shared, checked);
    forget_others(shared, checked);
}

/// What fetches show of the time-outs.
fn set_times(state: &ProxyState, conf: &Proxy) {
    let times = &conf.timeouts;
    state.set_timeout(Timeout::Client, times.client);
    state.set_timeout(Timeout::Connect, times.connect);
    state.set_timeout(Timeout::Queue, times.queue.or(times.connect));
    state.set_timeout(Timeout::Server, times.server);
    state.set_timeout(Timeout::Tarpit, times.tarpit.or(times.connect));
    state.set_timeout(Timeout::Tunnel, times.tunnel);
    state.set_retries(conf.retries);
}

/// A table of the same name, keys and data keeps its entries; its limits are those of the configuration.
fn tables(shared: &Shared, checked: &Checked) {
    let tables = &shared.common.tables;
    tables.set_counters(checked.global.stick_counters);
    tables.set_statuses(checked.global.statuses);
    for conf in &checked.tables {
        match tables.get(&conf.schema.name).filter(|old| *old.schema() == conf.schema) {
            Some(old) => old.set_limits(&conf.limits),
            None => tables.insert(Arc::new(StickTable::new(conf.schema.clone(), &conf.limits))),
        }
    }
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
    let state = match old.iter().find(|s| *s.name == *conf.name) {
        Some(old) => old.clone(),
        None => Arc::new(ServerState::new(backend, &conf.name, conf.id, conf.address.clone())),
    };
    state.set_id(conf.id);
    state.configure_address(conf.address.clone());
    state.configure_disabled(conf.disabled);
    state.set_backup(conf.backup);
    state.set_checked(conf.check.is_some() || conf.track.is_some());
    state.set_tracked(conf.track.as_ref().map(|(b, s)| (b.as_str().into(), s.as_str().into())));
    state.configure_weight(conf.weight);
    state.set_max_sessions(conf.maxconn);
    state.set_max_queue(conf.maxqueue);
    state.set_max_idle(conf.pool_max.and_then(|max| u32::try_from(max).ok()));
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use portero_api::tables::{Data, Key};
    use portero_api::{Counter, Oper};

    use crate::config::{environment, load};

    fn checked(text: &str) -> Checked {
        let mut env = environment::process(None, false);
        let loaded = load::load_text("a.cfg", text, &mut env, &load::Options::default());
        loaded.checked.expect("the configuration is good")
    }

    #[test]
    fn a_table_keeps_its_entries_as_long_as_its_keys_and_data_stay_the_same() {
        let shared = Shared::new(crate::shared::common());
        let with = |words: &str| checked(&format!("table t\n {}\n", words.replace(';', "\n ")));
        let (first, larger) = ("type ip;size 10;store gpc0", "store gpc0;size 20;expire 1m;type ip");
        apply(&shared, &with(first));
        let get = || shared.common.tables.get("t").expect("it is declared");
        let key = Key::Ip([127, 0, 0, 1].into());
        get().enter(key).expect("there is room").set(Data::Gpc0, 7);
        apply(&shared, &with(larger));
        assert_eq!(get().find(key).and_then(|e| e.get(Data::Gpc0)), Some(7));
        assert_eq!((get().limits().size, get().limits().expire.map(|t| t.as_secs())), (20, Some(60)));
        let before = remember(&shared);
        apply(&shared, &with("type ip;size 10;store gpc1"));
        assert!(get().find(key).is_none(), "other data, another table");
        restore(&shared, before, &with(larger));
        assert_eq!(get().find(key).and_then(|e| e.get(Data::Gpc0)), Some(7), "nothing has changed");
        forget_others(&shared, &checked("frontend f\n bind 127.0.0.1:0\n"));
        assert!(shared.common.tables.all().is_empty());
    }

    #[test]
    fn a_server_keeps_counters_and_state_whatever_changes_about_it() {
        let shared = Shared::new(crate::shared::common());
        let texts = [
            "backend b\n mode http\n server a 127.0.0.1:1 check\n server c 127.0.0.1:2\n",
            "frontend new\n bind 127.0.0.1:0\n mode http\nbackend b\n mode http\n server c 127.0.0.1:2 id 9 backup\n",
        ];
        apply(&shared, &checked(texts[0]));
        let backend = shared.directory.proxy("b", true).expect("it was made");
        let server = backend.servers()[1].clone();
        server.counters.inc(Counter::Sessions);
        server.set_oper(Oper::Down);
        apply(&shared, &checked(texts[1]));
        let again = shared.directory.proxy("b", true).expect("it is still there").servers()[0].clone();
        assert!(Arc::ptr_eq(&server, &again));
        assert_eq!((again.counters.get(Counter::Sessions), again.oper()), (1, Oper::Down));
        assert_eq!((again.id(), again.is_backup()), (9, true));
        assert_eq!(shared.directory.all().len(), 2, "a proxy put in front takes nobody's place");
    }
}
