//! What plugins of scripts and modules cost: calls, time, errors, for statistics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The figures of all functions of scripts and of all modules, by name. They live on over a reload.
#[derive(Debug, Default)]
pub struct Figures(Mutex<BTreeMap<String, Arc<Figure>>>);

/// The figures of one function, on all threads.
#[derive(Debug, Default)]
pub struct Figure {
    calls: AtomicU64,
    nanos: AtomicU64,
    errors: AtomicU64,
    stopped: AtomicU64,
    restarts: AtomicU64,
    memory: AtomicU64,
}

/// Figures as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The name: `lua.x`, `wasm.x`.
    pub name: String,
    /// Calls that have ended.
    pub calls: u64,
    /// Time that they ran, waits not counted.
    pub time: Duration,
    /// Calls that failed.
    pub errors: u64,
    /// Those of them that were stopped, for they used up their time or memory.
    pub stopped: u64,
    /// States or instances that were made in the place of one that had failed.
    pub restarts: u64,
    /// Bytes that its state held last; 0 where that is not known.
    pub memory: u64,
}

impl Figures {
    /// The figures of a function; made when it is first asked for.
    pub fn of(&self, name: &str) -> Arc<Figure> {
        let mut all = self.0.lock().unwrap_or_else(|e| e.into_inner());
        match all.get(name) {
            Some(figure) => figure.clone(),
            None => all.entry(name.to_owned()).or_default().clone(),
        }
    }

    /// All of them, in the order of their names.
    pub fn read(&self) -> Vec<Reading> {
        let all = self.0.lock().unwrap_or_else(|e| e.into_inner());
        all.iter().map(|(name, figure)| figure.read(name)).collect()
    }
}

impl Figure {
    /// Counts time that it ran.
    pub fn ran(&self, time: Duration) {
        self.nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Counts a call that has ended; how many have by now.
    pub fn ended(&self) -> u64 {
        self.calls.fetch_add(1, Relaxed) + 1
    }

    /// Counts a failure; `stopped`: its budget was used up.
    pub fn failed(&self, stopped: bool) {
        self.errors.fetch_add(1, Relaxed);
        self.stopped.fetch_add(u64::from(stopped), Relaxed);
    }

    /// Counts a state or an instance that was made in the place of one that had failed.
    pub fn renewed(&self) {
        self.restarts.fetch_add(1, Relaxed);
    }

    /// Notes what its state holds.
    pub fn holds(&self, bytes: usize) {
        self.memory.store(bytes as u64, Relaxed);
    }

    fn read(&self, name: &str) -> Reading {
        Reading {
            name: name.to_owned(),
            calls: self.calls.load(Relaxed),
            time: Duration::from_nanos(self.nanos.load(Relaxed)),
            errors: self.errors.load(Relaxed),
            stopped: self.stopped.load(Relaxed),
            restarts: self.restarts.load(Relaxed),
            memory: self.memory.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_set_of_figures() {
        let figures = Figures::default();
        let (one, other) = (figures.of("lua.a"), figures.of("lua.a"));
        one.ran(Duration::from_micros(3));
        one.ended();
        other.failed(true);
        other.renewed();
        let [reading] = &figures.read()[..] else { panic!("{:?}", figures.read()) };
        assert_eq!((reading.calls, reading.errors, reading.stopped, reading.restarts), (1, 1, 1, 1));
        assert_eq!(reading.time, Duration::from_micros(3));
    }
}
