//! What holds for the whole process: what statistics and expressions say of it.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Facts of the process. The proxy keeps them up to date.
#[derive(Debug)]
pub struct Process {
    started: Instant,
    max_connections: AtomicU32,
    connections: AtomicU32,
    total: AtomicU64,
    stopping: AtomicBool,
    node: RwLock<String>,
    description: RwLock<String>,
}

impl Default for Process {
    fn default() -> Self {
        Process {
            started: Instant::now(),
            max_connections: AtomicU32::new(0),
            connections: AtomicU32::new(0),
            total: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            node: RwLock::default(),
            description: RwLock::default(),
        }
    }
}

impl Process {
    /// The version of Portero.
    pub const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    /// The number that the system knows the process by.
    pub fn pid(&self) -> u32 {
        std::process::id()
    }

    /// Time since the start.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Client connections at the most (`maxconn` of the global section); 0: no limit.
    pub fn max_connections(&self) -> u32 {
        self.max_connections.load(Relaxed)
    }

    /// Sets `maxconn`.
    pub fn set_max_connections(&self, max: u32) {
        self.max_connections.store(max, Relaxed);
    }

    /// Client connections now.
    pub fn connections(&self) -> u32 {
        self.connections.load(Relaxed)
    }

    /// Client connections since the start.
    pub fn total_connections(&self) -> u64 {
        self.total.load(Relaxed)
    }

    /// Counts a client connection in.
    pub fn enter(&self) {
        self.connections.fetch_add(1, Relaxed);
        self.total.fetch_add(1, Relaxed);
    }

    /// Counts it out.
    pub fn leave(&self) {
        self.connections.fetch_sub(1, Relaxed);
    }

    /// True once a soft stop has begun.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }

    /// Says that a soft stop has begun.
    pub fn stop(&self) {
        self.stopping.store(true, Relaxed);
    }

    /// The name of the node (`node`), else that of the machine.
    pub fn node(&self) -> String {
        self.node.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Sets the name of the node.
    pub fn set_node(&self, node: &str) {
        node.clone_into(&mut self.node.write().unwrap_or_else(|e| e.into_inner()));
    }

    /// What the process is there for (`description`); empty when nothing is said.
    pub fn description(&self) -> String {
        self.description.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Sets the description.
    pub fn set_description(&self, description: &str) {
        description.clone_into(&mut self.description.write().unwrap_or_else(|e| e.into_inner()));
    }
}
