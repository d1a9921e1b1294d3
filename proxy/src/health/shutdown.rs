//! Ends the sessions of a server (`on-marked-down shutdown-sessions`, `shutdown sessions server`).

use std::sync::Arc;

use portero_api::{Common, ServerState};
use tokio::sync::watch;

/// The word that all sessions of a server must end now. Workers wait for it, the manager says it.
#[derive(Debug, Default)]
pub struct Shutdown {
    generation: watch::Sender<u64>,
}

impl Shutdown {
    /// The one of a server, the same for all threads.
    pub fn of(server: &ServerState, common: &Common) -> Arc<Shutdown> {
        common.get(&format!("shutdown/{}/{}", server.backend, server.name))
    }

    /// For a session that begins: `changed()` of what is given returns when the session must end.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Ends all sessions that have begun.
    pub fn end_sessions(&self) {
        self.generation.send_modify(|g| *g += 1);
    }
}
