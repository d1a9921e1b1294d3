//! A server as all workers see it.

use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Instant, SystemTime};

use super::{Address, Gauge, ProxyState};
use crate::{Averages, CheckStatus, Counters, Rate};

/// What checks say of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Oper {
    /// It takes traffic.
    Up,
    /// It takes none.
    Down,
    /// It finishes what it has: it passed its check on condition (404 with `disable-on-404`).
    Stopping,
}

/// What the operator says of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Admin {
    /// Nothing: checks decide.
    Ready,
    /// No new sessions but persistent ones.
    Drain,
    /// No traffic, no checks.
    Maint,
}

/// A server as all workers see it. Found again by name after a reload, so that states and counters live on.
#[derive(Debug)]
pub struct ServerState {
    /// The backend's name.
    pub backend: Arc<str>,
    /// The server's name.
    pub name: Arc<str>,
    /// Sessions and requests, bytes, errors, responses.
    pub counters: Counters,
    /// Sessions per second.
    pub rate: Rate,
    /// Times of the last requests.
    pub averages: Averages,
    /// The last check.
    pub check: Mutex<CheckView>,
    /// Sessions in flight.
    pub sessions: Gauge,
    /// Requests that wait for a place.
    pub queue: Gauge,
    id: AtomicU32,
    backup: AtomicBool,
    checked: AtomicBool,
    disabled: AtomicBool,
    initial_address: Mutex<Address>,
    address: RwLock<Address>,
    address_version: AtomicU32,
    oper: AtomicU8,
    admin: AtomicU8,
    weight: AtomicU32,
    initial_weight: AtomicU32,
    max_sessions: AtomicU32,
    max_queue: AtomicU32,
    idle: AtomicU32,
    max_idle: AtomicU32,
    changed: Mutex<SystemTime>,
    downtime: AtomicU64,
    /// Names of backend and server.
    tracked: RwLock<Option<(Arc<str>, Arc<str>)>>,
    /// The version of the backend, moved when usability or weight changes.
    version: Arc<AtomicU64>,
}

/// The last check of a server, for statistics and logs.
#[derive(Clone, Debug, Default)]
pub struct CheckView {
    /// Its result.
    pub status: CheckStatus,
    /// The code the server gave.
    pub code: Option<u16>,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Why.
    pub reason: String,
    /// When it ended.
    pub ended: Option<Instant>,
    /// True while a check runs (`*` in HAProxy's `check_status`).
    pub running: bool,
    /// Successes towards `rise` or failures towards `fall`.
    pub streak: u32,
    /// The configured counts.
    pub rise: u32,
    /// See `rise`.
    pub fall: u32,
    /// HAProxy's health value: 0 to rise+fall-1, up from `rise` on.
    pub health: u32,
}

impl ServerState {
    /// A server of a backend: up at first, as HAProxy starts it.
    pub fn new(backend: &ProxyState, name: &str, id: u32, address: Address) -> ServerState {
        ServerState {
            backend: backend.name.clone(),
            name: name.into(),
            id: AtomicU32::new(id),
            backup: AtomicBool::new(false),
            checked: AtomicBool::new(false),
            disabled: AtomicBool::new(false),
            initial_address: Mutex::new(address.clone()),
            counters: Counters::default(),
            rate: Rate::default(),
            averages: Averages::default(),
            check: Mutex::default(),
            sessions: Gauge::default(),
            queue: Gauge::default(),
            address: RwLock::new(address),
            address_version: AtomicU32::new(0),
            oper: AtomicU8::new(Oper::Up as u8),
            admin: AtomicU8::new(Admin::Ready as u8),
            weight: AtomicU32::new(1),
            initial_weight: AtomicU32::new(1),
            max_sessions: AtomicU32::new(0),
            max_queue: AtomicU32::new(0),
            idle: AtomicU32::new(0),
            max_idle: AtomicU32::new(u32::MAX),
            changed: Mutex::new(SystemTime::now()),
            downtime: AtomicU64::new(0),
            tracked: RwLock::default(),
            version: backend.version.clone(),
        }
    }

    /// True when the server takes new sessions: up, not drained, weight above 0, address known.
    pub fn usable(&self) -> bool {
        self.oper() == Oper::Up && self.admin() == Admin::Ready && self.weight() > 0
    }

    /// True when sessions that belong to it (persistence) may still go there.
    pub fn reachable(&self) -> bool {
        self.oper() != Oper::Down && self.admin() != Admin::Maint
    }

    /// The number in the backend, from 1 (`srv_id`).
    pub fn id(&self) -> u32 {
        self.id.load(Relaxed)
    }

    /// Sets the number.
    pub fn set_id(&self, id: u32) {
        self.id.store(id, Relaxed);
    }

    /// True for a server that is used only when no other is left (`backup`).
    pub fn is_backup(&self) -> bool {
        self.backup.load(Relaxed)
    }

    /// Sets `backup`.
    pub fn set_backup(&self, backup: bool) {
        if self.backup.swap(backup, Relaxed) != backup {
            self.version.fetch_add(1, Release);
        }
    }

    /// True when a health check watches it.
    pub fn is_checked(&self) -> bool {
        self.checked.load(Relaxed)
    }

    /// Says whether a health check watches it.
    pub fn set_checked(&self, checked: bool) {
        self.checked.store(checked, Relaxed);
    }

    /// The server that this one takes its state from (`track`), by the names of backend and server.
    pub fn tracked(&self) -> Option<(Arc<str>, Arc<str>)> {
        self.tracked.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Sets which server this one takes its state from.
    pub fn set_tracked(&self, leader: Option<(Arc<str>, Arc<str>)>) {
        *self.tracked.write().unwrap_or_else(|e| e.into_inner()) = leader;
    }

    /// What checks say.
    pub fn oper(&self) -> Oper {
        match self.oper.load(Acquire) {
            0 => Oper::Up,
            1 => Oper::Down,
            _ => Oper::Stopping,
        }
    }

    /// Sets what checks say, and tells when that is a change.
    pub fn set_oper(&self, oper: Oper) -> bool {
        let was = self.oper();
        let changed = self.oper.swap(oper as u8, AcqRel) != oper as u8;
        if changed {
            self.note_change(was == Oper::Down);
        }
        changed
    }

    /// What the operator says.
    pub fn admin(&self) -> Admin {
        match self.admin.load(Acquire) {
            0 => Admin::Ready,
            1 => Admin::Drain,
            _ => Admin::Maint,
        }
    }

    /// Sets what the operator says, and tells when that is a change.
    pub fn set_admin(&self, admin: Admin) -> bool {
        let changed = self.admin.swap(admin as u8, AcqRel) != admin as u8;
        if changed {
            self.note_change(false);
        }
        changed
    }

    /// The weight now (0 to 256).
    pub fn weight(&self) -> u32 {
        self.weight.load(Relaxed)
    }

    /// The weight of the configuration.
    pub fn initial_weight(&self) -> u32 {
        self.initial_weight.load(Relaxed)
    }

    /// Sets the weight of the configuration, and the weight now when it had not been changed by hand.
    pub fn configure_weight(&self, weight: u32) {
        let old = self.initial_weight.swap(weight, Relaxed);
        if self.weight() == old {
            self.set_weight(weight);
        }
    }

    /// Sets the weight now.
    pub fn set_weight(&self, weight: u32) {
        if self.weight.swap(weight, Relaxed) != weight {
            self.version.fetch_add(1, Release);
        }
    }

    /// The address now.
    pub fn address(&self) -> Address {
        self.address.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Moves when the address changes: pooled connections to the old one are not used any more.
    pub fn address_version(&self) -> u32 {
        self.address_version.load(Acquire)
    }

    /// Sets the address.
    pub fn set_address(&self, address: Address) {
        let mut now = self.address.write().unwrap_or_else(|e| e.into_inner());
        if *now != address {
            *now = address;
            self.address_version.fetch_add(1, AcqRel);
        }
    }

    /// Sets the address of the configuration, and the address now when the configuration has changed: until then
    /// one that was set by hand stays.
    pub fn configure_address(&self, address: Address) {
        let mut initial = self.initial_address.lock().unwrap_or_else(|e| e.into_inner());
        if *initial != address {
            initial.clone_from(&address);
            self.set_address(address);
        }
    }

    /// Sets what the configuration says of `disabled`, and the administrative state when that has changed.
    pub fn configure_disabled(&self, disabled: bool) {
        if self.disabled.swap(disabled, Relaxed) != disabled {
            self.set_admin(if disabled { Admin::Maint } else { Admin::Ready });
        }
    }

    /// Sessions in flight at the most (`maxconn`); 0: no limit.
    pub fn max_sessions(&self) -> u32 {
        self.max_sessions.load(Relaxed)
    }

    /// Sets `maxconn`.
    pub fn set_max_sessions(&self, max: u32) {
        self.max_sessions.store(max, Relaxed);
    }

    /// Requests that may wait for the server (`maxqueue`); 0: no limit.
    pub fn max_queue(&self) -> u32 {
        self.max_queue.load(Relaxed)
    }

    /// Sets `maxqueue`.
    pub fn set_max_queue(&self, max: u32) {
        self.max_queue.store(max, Relaxed);
    }

    /// True when `maxconn` is reached.
    pub fn is_full(&self) -> bool {
        let max = self.max_sessions();
        max > 0 && self.sessions.now() >= max
    }

    /// Takes a place for a session unless the server is full.
    pub fn try_enter(&self) -> bool {
        let max = match self.max_sessions() {
            0 => u32::MAX,
            max => max,
        };
        self.sessions.try_enter(max)
    }

    /// Gives the place back.
    pub fn leave(&self) {
        self.sessions.leave();
    }

    /// Idle connections at the most (`pool-max-conn`); none: no limit.
    pub fn max_idle(&self) -> Option<u32> {
        Some(self.max_idle.load(Relaxed)).filter(|&max| max != u32::MAX)
    }

    /// Sets `pool-max-conn`.
    pub fn set_max_idle(&self, max: Option<u32>) {
        self.max_idle.store(max.unwrap_or(u32::MAX), Relaxed);
    }

    /// Idle connections in the pools of all workers.
    pub fn idle(&self) -> u32 {
        self.idle.load(Relaxed)
    }

    /// Counts an idle connection in (`+1`) or out (`-1`).
    pub fn add_idle(&self, by: i32) {
        self.idle.fetch_add(by as u32, Relaxed);
    }

    /// When its state changed last.
    pub fn changed(&self) -> SystemTime {
        *self.changed.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Seconds it was down in all, the present outage included.
    pub fn downtime(&self) -> u64 {
        let now = if self.oper() == Oper::Down { self.since_change() } else { 0 };
        self.downtime.load(Relaxed) + now
    }

    /// Seconds since its state changed last.
    pub fn since_change(&self) -> u64 {
        self.changed().elapsed().map_or(0, |d| d.as_secs())
    }

    /// Empties counters and highest values (`clear counters`).
    pub fn clear_counters(&self, all: bool) {
        self.sessions.clear_highest();
        self.queue.clear_highest();
        self.rate.clear_max();
        if all {
            self.counters.clear();
        }
    }

    fn note_change(&self, was_down: bool) {
        if was_down {
            self.downtime.fetch_add(self.since_change(), Relaxed);
        }
        *self.changed.lock().unwrap_or_else(|e| e.into_inner()) = SystemTime::now();
        self.version.fetch_add(1, Release);
    }
}
