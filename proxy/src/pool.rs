//! Idle connections to a server, one pool per worker and server.

use std::cell::{Cell, OnceCell, RefCell};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portero_api::ServerState;
use tokio::task::AbortHandle;

use crate::health::Ended;
use crate::net::Stream;
use crate::sessions::Sessions;

/// The idle connections of one worker to one server. The one used last is taken first: it is the least likely to be
/// closed by the server meanwhile.
#[derive(Debug)]
pub struct Pool {
    server: Arc<ServerState>,
    idle: RefCell<Vec<Pooled>>,
    /// Connections in use now, and the most at once since the last purge: no more than were needed are kept.
    used: Cell<usize>,
    needed: Cell<usize>,
    /// What is under way with the server.
    pub sessions: Sessions,
    ear: OnceCell<AbortHandle>,
}

/// A connection to a server between two requests.
#[derive(Debug)]
pub struct Pooled {
    /// The socket.
    pub stream: Stream,
    /// Requests it has carried.
    pub requests: u32,
    /// Where it leads.
    pub aim: Aim,
    since: Instant,
}

/// Where a connection leads: it carries no request that is meant for elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    /// The version of the server's address.
    pub address_version: u32,
    /// The address, where it is not the server's own but (in part) the one that the client connected to.
    pub to: Option<SocketAddr>,
}

impl Pooled {
    /// A connection that idles from `since` on.
    pub fn new(stream: Stream, requests: u32, aim: Aim, since: Instant) -> Pooled {
        Pooled { stream, requests, aim, since }
    }

    /// True when it can carry another request that way, and was in use as lately as `newest` says.
    pub fn is_fit(&self, aim: Aim, newest: Option<Duration>) -> bool {
        self.aim == aim && newest.is_none_or(|newest| self.since.elapsed() < newest) && self.stream.is_quiet()
    }
}

impl Pool {
    /// An empty pool.
    pub fn new(server: Arc<ServerState>) -> Pool {
        Pool {
            server,
            idle: RefCell::default(),
            used: Cell::new(0),
            needed: Cell::new(0),
            sessions: Sessions::default(),
            ear: OnceCell::new(),
        }
    }

    /// A connection that is fit for another request, if there is one; when `newest` says so only one that was in use as
    /// lately as that.
    pub fn take(&self, aim: Aim, newest: Option<Duration>) -> Option<Pooled> {
        loop {
            let mut idle = self.idle.borrow_mut();
            let at = idle.iter().rposition(|p| p.aim.to == aim.to)?;
            if newest.is_some_and(|newest| idle[at].since.elapsed() >= newest) {
                return None;
            }
            let pooled = idle.remove(at);
            self.server.add_idle(-1);
            if pooled.is_fit(aim, None) {
                return Some(pooled);
            }
        }
    }

    /// True when no connection is idle.
    pub fn is_empty(&self) -> bool {
        self.idle.borrow().is_empty()
    }

    /// Notes that a connection is in use.
    pub fn lend(&self) {
        self.used.set(self.used.get() + 1);
        self.needed.set(self.needed.get().max(self.used.get()));
    }

    /// Notes that a connection is in use no more.
    pub fn unlend(&self) {
        self.used.set(self.used.get().saturating_sub(1));
    }

    /// Takes a connection back, or gives it back when more are idle than were needed lately.
    pub fn give(
        &self,
        stream: Stream,
        requests: u32,
        aim: Aim,
        now: Instant,
        max: Option<usize>,
    ) -> Option<Stream> {
        let mut idle = self.idle.borrow_mut();
        let room = self.needed.get().max(1).min(max.unwrap_or(usize::MAX));
        let full = idle.len() + self.used.get() >= room;
        if full && idle.first().is_some_and(|oldest| !oldest.stream.is_quiet()) {
            // what the server has closed meanwhile takes no place; it closes the oldest first
            let before = idle.len();
            idle.retain(|p| p.stream.is_quiet());
            self.server.add_idle(idle.len() as i32 - before as i32);
        }
        if idle.len() + self.used.get() >= room {
            return Some(stream);
        }
        idle.push(Pooled::new(stream, requests, aim, now));
        self.server.add_idle(1);
        None
    }

    /// Takes over the task that listens for the end of sessions: it ends with the pool.
    pub fn listen(&self, ear: AbortHandle) {
        let old = self.ear.set(ear);
        debug_assert!(old.is_ok(), "a pool has one ear");
    }

    /// Ends all sessions with the server, and closes its idle connections.
    pub fn end_sessions(&self, why: Ended) {
        self.sessions.end(why);
        let idle = std::mem::take(&mut *self.idle.borrow_mut());
        self.server.add_idle(-(idle.len() as i32));
    }

    /// Closes what has been idle for longer than the purge delay, and forgets an old need. Called every second.
    pub fn purge(&self, delay: Duration) {
        let before = self.idle.borrow().len();
        self.idle.borrow_mut().retain(|p| p.since.elapsed() < delay && p.stream.is_quiet());
        self.server.add_idle(self.idle.borrow().len() as i32 - before as i32);
        let needed = self.needed.get();
        self.needed.set(self.used.get().max(needed - needed.div_ceil(4).min(needed)));
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(ear) = self.ear.take() {
            ear.abort();
        }
        self.server.add_idle(-(self.idle.borrow().len() as i32));
    }
}
