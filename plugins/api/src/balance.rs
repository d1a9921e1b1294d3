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
    backups: Backups,
    version: u64,
}

/// Which part the backup servers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backups {
    /// None: there are others.
    Spare,
    /// Only the first usable one, by place.
    First(usize),
    /// All of them (`option allbackups`).
    All,
}

impl<'a> Candidates<'a> {
    /// The servers in the order of the configuration, those to be left out because they were tried, and the version
    /// of the backend's server states, which changes whenever a server's usability or weight does.
    pub fn new(servers: &'a [Arc<ServerState>], tried: &'a [usize], version: u64) -> Self {
        let first = |backup: bool| servers.iter().position(|s| s.is_backup() == backup && s.usable());
        let backups = match first(false) {
            Some(_) => Backups::Spare,
            None => first(true).map_or(Backups::Spare, Backups::First),
        };
        Candidates { servers, tried, backups, version }
    }

    /// The same with all backup servers sharing the work where there is no other, not the first one alone
    /// (`option allbackups`).
    pub fn with_all_backups(mut self, all: bool) -> Self {
        if all && self.backups != Backups::Spare {
            self.backups = Backups::All;
        }
        self
    }

    /// All servers, usable or not: places are indices into this.
    pub fn all(&self) -> &'a [Arc<ServerState>] {
        self.servers
    }

    /// Places of servers that the exchange has tried, and that are left out for it.
    pub fn tried(&self) -> &'a [usize] {
        self.tried
    }

    /// Changes when any server's usability, weight or the list itself does: the key for what a balancer caches.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Servers in rotation: up, not drained, weight above 0; when there is none left, the first backup server or all of
    /// them. Full and already tried ones are among them: the list that schedules and hash rings are built from.
    pub fn rotation(&self) -> impl Iterator<Item = (usize, &'a ServerState)> + Clone + use<'a> {
        let backups = self.backups;
        let servers = self.servers.iter().enumerate();
        servers.filter(move |(i, s)| backups.have(*i, s)).map(|(i, s)| (i, &**s))
    }

    /// True when this server can take the request now: in rotation, not tried before, not full.
    pub fn free(&self, index: usize) -> bool {
        self.untried(index) && self.servers.get(index).is_some_and(|s| !s.is_full())
    }

    /// The same, but full or not: where a request may wait for a place.
    pub fn untried(&self, index: usize) -> bool {
        self.servers.get(index).is_some_and(|s| self.backups.have(index, s)) && !self.tried.contains(&index)
    }

    /// The servers that can take the request now.
    pub fn usable(&self) -> impl Iterator<Item = (usize, &'a ServerState)> + use<'a, '_> {
        self.rotation().filter(|&(i, _)| self.free(i))
    }
}

impl Backups {
    /// Whether a server is in rotation.
    fn have(self, index: usize, server: &ServerState) -> bool {
        server.usable()
            && match self {
                Backups::Spare => !server.is_backup(),
                Backups::First(first) => index == first,
                Backups::All => server.is_backup(),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, Kind, Oper, ProxyState};

    #[test]
    fn one_backup_server_takes_over_or_all_where_they_are_asked_to() {
        let backend = ProxyState::new("b", 1, Kind::Backend, true);
        let server = |id| Arc::new(ServerState::new(&backend, "s", id, Address::Unresolved("x".into())));
        let servers: Vec<_> = (1..=4).map(server).collect();
        servers[1..].iter().for_each(|s| s.set_backup(true));
        let places = |all| {
            let candidates = Candidates::new(&servers, &[], 0).with_all_backups(all);
            candidates.rotation().map(|(i, _)| i).collect::<Vec<_>>()
        };
        assert_eq!((places(false), places(true)), (vec![0], vec![0]));
        servers[0].set_oper(Oper::Down);
        assert_eq!((places(false), places(true)), (vec![1], vec![1, 2, 3]));
        servers[1].set_oper(Oper::Down);
        assert_eq!((places(false), places(true)), (vec![2], vec![2, 3]));
    }
}
