//! The hook `Balance`: chooses a server for each try.

use std::sync::Arc;

use crate::{Exchange, ServerState};

/// Chooses servers. One instance per worker and backend; what must be common to all workers (a round-robin position)
/// comes from [`crate::Common`].
pub trait Balance {
    /// The place in `candidates` of the server for this try, or none: the request then waits in the backend's queue
    /// when servers are only full, and ends with 503 when none is usable. A balancer that keeps requests to their server
    /// (hashing) may name a full one: the request then waits in that server's own queue.
    fn pick(&self, exchange: &Exchange, candidates: &Candidates<'_>) -> Option<usize>;

    /// True when the same request always has the same server (hashing): it then stays with it when it is tried again,
    /// as one that persistence binds.
    fn is_deterministic(&self) -> bool {
        false
    }

    /// Told at the end of each try that `pick` chose a server for.
    fn finished(&self, _server: &ServerState, _outcome: Outcome) {}
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server answered with this status.
    Response(u16),
    /// No connection was made.
    ConnectFailed,
    /// The connection broke, or no valid answer came in time.
    ResponseFailed,
    /// The client left first.
    Aborted,
    /// A tunnel or TCP session ended in order.
    Done,
}

/// The servers of a backend as they are for one try.
#[derive(Clone, Copy)]
pub struct Candidates<'a> {
    servers: &'a [Arc<ServerState>],
    tried: &'a [usize],
    backup: bool,
    version: u64,
}

impl<'a> Candidates<'a> {
    /// The servers in the order of the configuration, those to be left out because they were tried, and the version
    /// of the backend's server states, which changes whenever a server's usability or weight does.
    pub fn new(servers: &'a [Arc<ServerState>], tried: &'a [usize], version: u64) -> Self {
        let backup = !servers.iter().any(|s| !s.is_backup() && s.usable());
        Candidates { servers, tried, backup, version }
    }

    /// All servers, usable or not: places are indices into this.
    pub fn all(&self) -> &'a [Arc<ServerState>] {
        self.servers
    }

    /// Changes when any server's usability, weight or the list itself does: the key for what a balancer caches.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Servers in rotation: up, not drained, weight above 0; the backup servers when no other is left.
    /// Full and already tried ones are among them: the list that schedules and hash rings are built from.
    pub fn rotation(&self) -> impl Iterator<Item = (usize, &'a ServerState)> + Clone + use<'a> {
        let backup = self.backup;
        let servers = self.servers.iter().enumerate();
        servers.filter(move |(_, s)| s.is_backup() == backup && s.usable()).map(|(i, s)| (i, &**s))
    }

    /// True when this server can take the request now: in rotation, not tried before, not full.
    pub fn free(&self, index: usize) -> bool {
        self.servers.get(index).is_some_and(|s| {
            s.is_backup() == self.backup && s.usable() && !s.is_full() && !self.tried.contains(&index)
        })
    }

    /// The same, but full or not: where a request may wait for a place.
    pub fn untried(&self, index: usize) -> bool {
        self.servers
            .get(index)
            .is_some_and(|s| s.is_backup() == self.backup && s.usable() && !self.tried.contains(&index))
    }

    /// The servers that can take the request now.
    pub fn usable(&self) -> impl Iterator<Item = (usize, &'a ServerState)> + use<'a, '_> {
        self.rotation().filter(|&(i, _)| self.free(i))
    }
}
