//! What plugins of scripts and modules cost: calls, time, errors, for statistics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::counters::bump;
use crate::shard;

/// The figures of all functions of scripts and of all modules, by name. They live on over a reload.
#[derive(Debug, Default)]
pub struct Figures(Mutex<BTreeMap<String, Arc<Figure>>>);

/// The figures of one function, on all threads: what each call writes has a copy per worker.
#[derive(Debug)]
pub struct Figure {
    shards: Box<[Shard]>,
    errors: AtomicU64,
    stopped: AtomicU64,
    restarts: AtomicU64,
    memory: AtomicU64,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Shard {
    /// Pieces of work that have begun.
    begun: AtomicU64,
    calls: AtomicU64,
    nanos: AtomicU64,
}

/// A piece of work that runs: a call, or what of it lies between two waits.
#[derive(Debug)]
#[must_use]
pub struct Running {
    since: Option<Instant>,
    /// For how many pieces its time counts; 0: it is looked at, but not counted.
    weight: u32,
}

/// Copies of what calls write: figures are there before it is known how many workers there will be. Workers behind the
/// last but one share the last.
const SHARDS: usize = 64;

/// Figures as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The name: `lua.x`, `wasm.x`.
    pub name: String,
    /// Calls that have ended.
    pub calls: u64,
    /// Time that they ran, waits not counted. It is measured for the first 256 pieces of work on each worker, and behind
    /// them for one of 64, which stands for the others.
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
    /// A piece of work begins. `look`: somebody wants to know how long it took.
    #[inline]
    pub fn begin(&self, look: bool) -> Running {
        let (place, own) = shard::among(self.shards.len());
        let begun = &self.shards[place].begun;
        let nth = begun.load(Relaxed);
        bump(begun, 1, own);
        Running::new(nth, look)
    }

    /// A call begins that does not wait: it is counted with that. None when its time is not measured.
    #[inline]
    pub fn call(&self, look: bool) -> Option<Running> {
        let (place, own) = shard::among(self.shards.len());
        let calls = &self.shards[place].calls;
        let nth = calls.load(Relaxed);
        bump(calls, 1, own);
        (look || weight(nth) > 0).then(|| Running::new(nth, look))
    }

    /// It is over, or waits; how long it took, where that was measured.
    #[inline]
    pub fn ran(&self, running: &Running) -> Option<Duration> {
        let took = running.since?.elapsed();
        if running.weight > 0 {
            self.worked(took.saturating_mul(running.weight));
        }
        Some(took)
    }

    /// Counts time that somebody else has measured.
    pub fn worked(&self, time: Duration) {
        let (place, own) = shard::among(self.shards.len());
        bump(&self.shards[place].nanos, u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), own);
    }

    /// Counts a call that has ended; how many have by now on this worker.
    #[inline]
    pub fn ended(&self) -> u64 {
        let (place, own) = shard::among(self.shards.len());
        let calls = &self.shards[place].calls;
        bump(calls, 1, own);
        calls.load(Relaxed)
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
        // all workers read the line that this stands in, and hardly ever is it another number
        if self.memory.load(Relaxed) != bytes as u64 {
            self.memory.store(bytes as u64, Relaxed);
        }
    }

    fn read(&self, name: &str) -> Reading {
        Reading {
            name: name.to_owned(),
            calls: self.shards.iter().map(|shard| shard.calls.load(Relaxed)).sum(),
            time: Duration::from_nanos(self.shards.iter().map(|shard| shard.nanos.load(Relaxed)).sum()),
            errors: self.errors.load(Relaxed),
            stopped: self.stopped.load(Relaxed),
            restarts: self.restarts.load(Relaxed),
            memory: self.memory.load(Relaxed),
        }
    }
}

impl Running {
    #[inline]
    fn new(nth: u64, look: bool) -> Running {
        let weight = weight(nth);
        Running { since: (look || weight > 0).then(Instant::now), weight }
    }
}

impl Default for Figure {
    fn default() -> Self {
        Figure {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            errors: AtomicU64::new(0),
            stopped: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            memory: AtomicU64::new(0),
        }
    }
}

/// For how many pieces of work the time of the nth is to count; 0 where it is not measured. A look at the clock costs as
/// much as a small callback, so that behind the first 256 one of 64 stands for all; the multiplication spreads them
/// in such a way that they fall in step with no pattern of calls.
fn weight(nth: u64) -> u32 {
    match nth.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58 {
        _ if nth < 256 => 1,
        0 => 64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_measured_for_one_of_64_whatever_the_step() {
        for step in [1, 2, 6, 7, 8, 16, 17, 64] {
            let all = (0..100_000).map(|n| 256 + n * step).filter(|nth| weight(*nth) > 0).count();
            assert!((1_450..1_675).contains(&all), "every {step}: {all}");
        }
    }

    #[test]
    fn who_looks_learns_the_time_of_each() {
        let figure = Figure::default();
        for _ in 0..1_000 {
            let running = figure.begin(true);
            assert!(figure.ran(&running).is_some());
        }
    }

    #[test]
    fn a_name_has_one_set_of_figures() {
        let figures = Figures::default();
        let (one, other) = (figures.of("lua.a"), figures.of("lua.a"));
        one.worked(Duration::from_micros(3));
        one.ended();
        other.failed(true);
        other.renewed();
        let [reading] = &figures.read()[..] else { panic!("{:?}", figures.read()) };
        assert_eq!((reading.calls, reading.errors, reading.stopped, reading.restarts), (1, 1, 1, 1));
        assert_eq!(reading.time, Duration::from_micros(3));
    }
}
