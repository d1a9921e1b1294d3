//! What all workers share of the process, explicit and by name. Everything here lives on over a reload.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::*};
use std::sync::{Arc, Mutex};
use std::task::Waker;

use portero_api::{Common, Directory, Process};
use portero_policies::maps;

use crate::config::checked::{Checked, Listen};
use crate::control::Operator;
use crate::queue::Queue;

/// What the plugins of a process that starts now share: made before its first configuration is read, because the scripts
/// of that may keep what they find in it.
pub fn common() -> Arc<Common> {
    let mut common = Common::new(Arc::default(), Arc::default());
    common.maps = maps::for_plugins(&common);
    common.control = Operator::of(&common);
    Arc::new(common)
}

/// The state of the process.
#[derive(Debug)]
pub struct Shared {
    /// All proxies and servers: states, weights, counters.
    pub directory: Arc<Directory>,
    /// What the instances of a plugin share.
    pub common: Arc<Common>,
    /// Client connections of all frontends.
    pub clients: Gate,
    /// Facts of the process, for statistics and expressions.
    pub process: Arc<Process>,
    /// HTTP requests since the start.
    pub requests: AtomicU64,
    /// Moves with every configuration that is used.
    pub generation: AtomicU64,
    /// Client connections at the most where the configuration does not say: as the open files allow.
    pub default_maxconn: AtomicU32,
    queues: Mutex<HashMap<Arc<str>, Arc<Queue>>>,
    gates: Mutex<HashMap<Arc<str>, Arc<Gate>>>,
    socket_gates: Mutex<HashMap<Listen, Arc<Gate>>>,
}

impl Shared {
    /// The state of a process that starts now, in the hand of nobody.
    pub fn new(common: Arc<Common>) -> Shared {
        Shared {
            directory: common.directory.clone(),
            process: common.process.clone(),
            common,
            clients: Gate::default(),
            requests: AtomicU64::new(0),
            generation: AtomicU64::new(0),
            default_maxconn: AtomicU32::new(0),
            queues: Mutex::default(),
            gates: Mutex::default(),
            socket_gates: Mutex::default(),
        }
    }

    /// The queue of a backend.
    pub fn queue(&self, backend: &Arc<str>) -> Arc<Queue> {
        let mut queues = self.queues.lock().unwrap_or_else(|e| e.into_inner());
        queues.entry(backend.clone()).or_default().clone()
    }

    /// The gate of a frontend: its `maxconn`.
    pub fn gate(&self, frontend: &Arc<str>) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(|e| e.into_inner());
        gates.entry(frontend.clone()).or_default().clone()
    }

    /// The gate of a socket: `maxconn` of its bind line.
    pub fn socket_gate(&self, address: &Listen) -> Arc<Gate> {
        let mut gates = self.socket_gates.lock().unwrap_or_else(|e| e.into_inner());
        gates.entry(address.clone()).or_default().clone()
    }

    /// Client connections of the whole process at the most, by this configuration.
    pub fn maxconn(&self, checked: &Checked) -> u32 {
        match checked.global.maxconn {
            0 => self.default_maxconn.load(Relaxed),
            max => max,
        }
    }

    /// True once a soft stop has begun: keep-alive ends with the request under way.
    pub fn is_stopping(&self) -> bool {
        self.process.is_stopping()
    }
}

/// Lets so many in at a time; those who ask for more wait to be woken.
#[derive(Debug, Default)]
pub struct Gate {
    inside: AtomicU32,
    max: AtomicU32,
    waiting: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

impl Gate {
    /// Sets the limit; 0: none. A higher one lets waiting ones in.
    pub fn set_max(&self, max: u32) {
        self.max.store(max, Relaxed);
        self.wake();
    }

    /// The limit; 0: none.
    pub fn max(&self) -> u32 {
        self.max.load(Relaxed)
    }

    /// How many are inside.
    pub fn inside(&self) -> u32 {
        self.inside.load(Relaxed)
    }

    /// True when nobody may enter; the waker is called when that may have changed.
    pub fn is_shut(&self, waker: &Waker) -> bool {
        if !self.is_full() {
            return false;
        }
        self.wakers.lock().unwrap_or_else(|e| e.into_inner()).push(waker.clone());
        self.waiting.store(true, SeqCst);
        // who left before the flag was up woke nobody
        self.is_full()
    }

    fn is_full(&self) -> bool {
        let max = self.max();
        max > 0 && self.inside.load(SeqCst) >= max
    }

    /// Counts one in.
    pub fn enter(&self) {
        self.inside.fetch_add(1, SeqCst);
    }

    /// Counts one out and wakes who waits.
    pub fn leave(&self) {
        self.inside.fetch_sub(1, SeqCst);
        if self.waiting.load(SeqCst) {
            self.wake();
        }
    }

    fn wake(&self) {
        self.waiting.store(false, SeqCst);
        let wakers = std::mem::take(&mut *self.wakers.lock().unwrap_or_else(|e| e.into_inner()));
        wakers.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_gate_opens_when_one_leaves() {
        let gate = Gate::default();
        gate.set_max(1);
        assert!(!gate.is_shut(Waker::noop()));
        gate.enter();
        assert!(gate.is_shut(Waker::noop()));
        gate.leave();
        assert!(!gate.is_shut(Waker::noop()));
    }
}
