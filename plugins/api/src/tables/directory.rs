//! All tables by name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, RwLock};

use super::{Statuses, Table};

/// All tables by name: what rules, the runtime API and plugins look into.
#[derive(Debug)]
pub struct Tables {
    tables: RwLock<BTreeMap<Arc<str>, Arc<dyn Table>>>,
    counters: AtomicU8,
    statuses: RwLock<Arc<Statuses>>,
}

/// `tune.stick-counters`, unless the configuration says otherwise.
const COUNTERS: u8 = 3;

impl Default for Tables {
    fn default() -> Self {
        Tables { tables: RwLock::default(), counters: AtomicU8::new(COUNTERS), statuses: RwLock::default() }
    }
}

impl Tables {
    /// The table of that name.
    pub fn get(&self, name: &str) -> Option<Arc<dyn Table>> {
        self.read().get(name).cloned()
    }

    /// All tables in the order of their names.
    pub fn all(&self) -> Vec<Arc<dyn Table>> {
        self.read().values().cloned().collect()
    }

    /// Adds a table under its name, or takes the place of the one that had it.
    pub fn insert(&self, table: Arc<dyn Table>) {
        let name = table.schema().name.clone();
        self.tables.write().unwrap_or_else(|e| e.into_inner()).insert(name, table);
    }

    /// Keeps the tables for which the question is answered with true.
    pub fn retain(&self, keep: impl Fn(&dyn Table) -> bool) {
        self.tables.write().unwrap_or_else(|e| e.into_inner()).retain(|_, table| keep(&**table));
    }

    /// How many counters a connection or an exchange has to track with (`tune.stick-counters`).
    pub fn counters(&self) -> u8 {
        self.counters.load(Relaxed)
    }

    /// Sets how many counters there are.
    pub fn set_counters(&self, counters: u8) {
        self.counters.store(counters, Relaxed);
    }

    /// Which statuses of responses are counted as errors and failures.
    pub fn statuses(&self) -> Arc<Statuses> {
        self.statuses.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Sets which statuses are counted.
    pub fn set_statuses(&self, statuses: Statuses) {
        *self.statuses.write().unwrap_or_else(|e| e.into_inner()) = Arc::new(statuses);
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<Arc<str>, Arc<dyn Table>>> {
        self.tables.read().unwrap_or_else(|e| e.into_inner())
    }
}
