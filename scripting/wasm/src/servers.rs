//! Servers as guests see them.

use std::sync::Arc;

use portero_api::{Admin, Exchange, Oper, ServerState};

use crate::items::List;

/// Writes what a guest is told of a server, item by item: its name, its address, its weight, the sessions on it, those that
/// wait for it, how many it may have (0: no limit), its state in a word, and whether it is a backup.
pub(crate) fn write(list: &mut List, server: &ServerState) {
    list.add(server.name.as_bytes());
    list.add(server.address().to_string().as_bytes());
    let counts = [server.weight(), server.sessions.now(), server.queue.now(), server.max_sessions()];
    counts.into_iter().for_each(|count| list.add_number(count.into()));
    list.add(state(server).as_bytes());
    list.add(&[u8::from(server.is_backup())]);
}

/// The state of a server in a word.
pub(crate) fn state(server: &ServerState) -> &'static str {
    match (server.admin(), server.oper()) {
        (Admin::Maint, _) => "maint",
        (_, Oper::Down) => "down",
        (Admin::Drain, _) => "drain",
        (_, Oper::Stopping) => "stopping",
        (_, Oper::Up) => "up",
    }
}

/// The servers of the backend that an exchange has, or will have if nothing else is said: none before it is chosen.
pub(crate) fn of(exchange: &Exchange) -> Option<Arc<[Arc<ServerState>]>> {
    let backend = exchange.backend.as_ref().or_else(|| {
        let front = &exchange.conn.frontend;
        front.kind.has_back().then_some(front)
    });
    backend.map(|backend| backend.servers())
}
