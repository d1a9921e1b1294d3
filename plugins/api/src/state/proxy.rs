//! A proxy as all workers see it.

use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, SystemTime};

use super::{Gauge, ServerState};
use crate::{Averages, Counters, Rate, Timeout};

/// What a proxy can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Frontend,
    Backend,
    /// Both in one section.
    Listen,
}

impl Kind {
    /// True for frontends and listens.
    pub fn has_front(self) -> bool {
        self != Kind::Backend
    }

    /// True for backends and listens.
    pub fn has_back(self) -> bool {
        self != Kind::Frontend
    }
}

/// Whether the frontend side of a proxy takes connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Door {
    /// It does.
    Open,
    /// Not for now (`disable frontend`).
    Paused,
    /// Never again (`shutdown frontend`).
    Stopped,
}

/// A proxy as all workers see it.
#[derive(Debug)]
pub struct ProxyState {
    /// Its name.
    pub name: Arc<str>,
    /// What it can do.
    pub kind: Kind,
    /// True for `mode http`.
    pub http: bool,
    /// Counters of its frontend side.
    pub front: Counters,
    /// Counters of its backend side.
    pub back: Counters,
    /// Connections per second.
    pub connection_rate: Rate,
    /// Sessions per second, frontend side.
    pub session_rate: Rate,
    /// HTTP requests per second.
    pub request_rate: Rate,
    /// Sessions per second, backend side.
    pub back_rate: Rate,
    /// Times of the last requests.
    pub averages: Averages,
    /// Client connections.
    pub front_sessions: Gauge,
    /// Requests that the backend side works on.
    pub back_sessions: Gauge,
    /// Requests that wait for any server of the backend.
    pub queue: Gauge,
    id: AtomicU32,
    door: AtomicU8,
    published: AtomicBool,
    /// What the configuration says of that.
    publish: AtomicBool,
    max_sessions: AtomicU32,
    servers: RwLock<Arc<[Arc<ServerState>]>>,
    pub(super) version: Arc<AtomicU64>,
    changed: Mutex<SystemTime>,
    downtime: AtomicU64,
    log_lines: AtomicU64,
    description: RwLock<Arc<str>>,
    /// In milliseconds; 0: none.
    timeouts: [AtomicU64; Timeout::COUNT],
    retries: AtomicU32,
    default_backend: RwLock<Arc<str>>,
    listeners: RwLock<Arc<[Arc<str>]>>,
}

impl ProxyState {
    /// A proxy without servers.
    pub fn new(name: &str, id: u32, kind: Kind, http: bool) -> ProxyState {
        ProxyState {
            name: name.into(),
            kind,
            http,
            front: Counters::default(),
            back: Counters::default(),
            connection_rate: Rate::default(),
            session_rate: Rate::default(),
            request_rate: Rate::default(),
            back_rate: Rate::default(),
            averages: Averages::default(),
            front_sessions: Gauge::default(),
            back_sessions: Gauge::default(),
            queue: Gauge::default(),
            id: AtomicU32::new(id),
            door: AtomicU8::new(Door::Open as u8),
            published: AtomicBool::new(true),
            publish: AtomicBool::new(true),
            max_sessions: AtomicU32::new(0),
            servers: RwLock::new(Arc::new([])),
            version: Arc::new(AtomicU64::new(0)),
            changed: Mutex::new(SystemTime::now()),
            downtime: AtomicU64::new(0),
            log_lines: AtomicU64::new(0),
            description: RwLock::new(Arc::from("")),
            timeouts: Default::default(),
            retries: AtomicU32::new(0),
            default_backend: RwLock::new(Arc::from("")),
            listeners: RwLock::new(Arc::new([])),
        }
    }

    /// Its number (`fe_id`, `be_id`).
    pub fn id(&self) -> u32 {
        self.id.load(Relaxed)
    }

    /// Sets the number.
    pub fn set_id(&self, id: u32) {
        self.id.store(id, Relaxed);
    }

    /// Whether its frontend side takes connections.
    pub fn door(&self) -> Door {
        match self.door.load(Relaxed) {
            0 => Door::Open,
            1 => Door::Paused,
            _ => Door::Stopped,
        }
    }

    /// Opens or closes its frontend side.
    pub fn set_door(&self, door: Door) {
        self.door.store(door as u8, Relaxed);
    }

    /// Whether rules of others may choose its backend side (`be-unpublished`, `unpublish backend`).
    pub fn is_published(&self) -> bool {
        self.published.load(Relaxed)
    }

    /// Says whether they may.
    pub fn set_published(&self, published: bool) {
        self.published.store(published, Relaxed);
    }

    /// The same for the configuration: it counts when it has changed, until then what was said by hand stays.
    pub fn configure_published(&self, published: bool) {
        if self.publish.swap(published, Relaxed) != published {
            self.set_published(published);
        }
    }

    /// The servers in the order of the configuration.
    pub fn servers(&self) -> Arc<[Arc<ServerState>]> {
        self.servers.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Replaces the list of servers.
    pub fn set_servers(&self, servers: Vec<Arc<ServerState>>) {
        *self.servers.write().unwrap_or_else(|e| e.into_inner()) = servers.into();
        self.version.fetch_add(1, Release);
    }

    /// Moves whenever the list of servers, or the usability or weight of one of them, changes.
    pub fn version(&self) -> u64 {
        self.version.load(Acquire)
    }

    /// How many servers are usable; backups count when no other is.
    pub fn usable_servers(&self) -> usize {
        let servers = self.servers();
        let count = |backup| servers.iter().filter(|s| s.is_backup() == backup && s.usable()).count();
        match count(false) {
            0 => count(true),
            n => n,
        }
    }

    /// What it is there for (`description`); empty when nothing is said.
    pub fn description(&self) -> Arc<str> {
        self.description.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Sets the description.
    pub fn set_description(&self, description: &str) {
        *self.description.write().unwrap_or_else(|e| e.into_inner()) = description.into();
    }

    /// A time-out of its configuration.
    pub fn timeout(&self, which: Timeout) -> Option<Duration> {
        match self.timeouts[which as usize].load(Relaxed) {
            0 => None,
            millis => Some(Duration::from_millis(millis)),
        }
    }

    /// Sets a time-out.
    pub fn set_timeout(&self, which: Timeout, time: Option<Duration>) {
        // one of less than a millisecond is not none
        let millis = time.map_or(0, |time| (time.as_micros() as u64).div_ceil(1000));
        self.timeouts[which as usize].store(millis, Relaxed);
    }

    /// How many further tries of a server there are (`retries`).
    pub fn retries(&self) -> u32 {
        self.retries.load(Relaxed)
    }

    /// Sets the number of further tries.
    pub fn set_retries(&self, retries: u32) {
        self.retries.store(retries, Relaxed);
    }

    /// The name of the backend for what no rule sends elsewhere (`default_backend`); empty for none.
    pub fn default_backend(&self) -> Arc<str> {
        self.default_backend.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Sets the name of that backend.
    pub fn set_default_backend(&self, name: &str) {
        *self.default_backend.write().unwrap_or_else(|e| e.into_inner()) = name.into();
    }

    /// The names of its sockets, in the order of the configuration.
    pub fn listeners(&self) -> Arc<[Arc<str>]> {
        self.listeners.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Sets the names of its sockets.
    pub fn set_listeners(&self, names: Vec<Arc<str>>) {
        *self.listeners.write().unwrap_or_else(|e| e.into_inner()) = names.into();
    }

    /// The number of the next line that its frontend side logs, from 1 (`%lc`).
    pub fn next_log_line(&self) -> u64 {
        self.log_lines.fetch_add(1, Relaxed) + 1
    }

    /// `maxconn` of the frontend side; 0: no limit.
    pub fn max_sessions(&self) -> u32 {
        self.max_sessions.load(Relaxed)
    }

    /// Sets `maxconn`.
    pub fn set_max_sessions(&self, max: u32) {
        self.max_sessions.store(max, Relaxed);
    }

    /// Seconds since the backend as a whole went up or down.
    pub fn since_change(&self) -> u64 {
        self.changed.lock().unwrap_or_else(|e| e.into_inner()).elapsed().map_or(0, |d| d.as_secs())
    }

    /// Seconds that the backend as a whole was down.
    pub fn downtime(&self) -> u64 {
        let now =
            if self.servers().is_empty() || self.usable_servers() > 0 { 0 } else { self.since_change() };
        self.downtime.load(Relaxed) + now
    }

    /// Notes that the backend as a whole went up (true) or down.
    pub fn note_change(&self, up: bool) {
        if up {
            self.downtime.fetch_add(self.since_change(), Relaxed);
        }
        *self.changed.lock().unwrap_or_else(|e| e.into_inner()) = SystemTime::now();
    }

    /// Empties counters and highest values; only the highest ones unless `all`.
    pub fn clear_counters(&self, all: bool) {
        [&self.front_sessions, &self.back_sessions, &self.queue].into_iter().for_each(Gauge::clear_highest);
        let rates = [&self.connection_rate, &self.session_rate, &self.request_rate, &self.back_rate];
        rates.into_iter().for_each(Rate::clear_max);
        if all {
            self.front.clear();
            self.back.clear();
        }
    }
}
