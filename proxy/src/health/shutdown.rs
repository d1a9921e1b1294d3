//! Ends the sessions of a server (`on-marked-down shutdown-sessions`, `shutdown sessions server`).

use std::sync::Arc;

use portero_api::{Common, ServerState};
use tokio::sync::watch;

/// The word that all sessions of a server must end now. Workers wait for it, the manager says it.
#[derive(Debug, Default)]
pub struct Shutdown {
    reason: watch::Sender<Ended>,
}

/// Why sessions end before their time; how the first letter of the termination state says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Ended {
    /// The server went down.
    #[default]
    Down = b'D',
    /// A backup server is not needed any more.
    Unneeded = b'U',
    /// The operator said so.
    Killed = b'K',
}

impl Shutdown {
    /// The one of a server, the same for all threads.
    pub fn of(server: &ServerState, common: &Common) -> Arc<Shutdown> {
        common.get(&format!("shutdown/{}/{}", server.backend, server.name))
    }

    /// For a worker: `changed()` of what is given returns when its sessions must end.
    pub fn subscribe(&self) -> watch::Receiver<Ended> {
        self.reason.subscribe()
    }

    /// Ends all sessions that have begun.
    pub fn end_sessions(&self, why: Ended) {
        self.reason.send_replace(why);
    }
}
