//! Lines that could not be sent: counted for the whole process, and told of at most once a second.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

static DROPPED: AtomicU64 = AtomicU64::new(0);
static TOLD: Mutex<Option<(Instant, u64)>> = Mutex::new(None);

/// Lines dropped since the start (`DroppedLogs` of `show info`).
pub fn dropped() -> u64 {
    DROPPED.load(Relaxed)
}

/// Counts lines that were dropped, and says so unless it was said within the last second.
pub(super) fn note(lines: usize, sink: &dyn std::fmt::Debug, why: &dyn std::fmt::Display) {
    if lines == 0 {
        return;
    }
    let total = DROPPED.fetch_add(lines as u64, Relaxed) + lines as u64;
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let before = match *told {
        Some((when, _)) if when.elapsed() < Duration::from_secs(1) => return,
        Some((_, count)) => count,
        None => 0,
    };
    *told = Some((Instant::now(), total));
    tracing::warn!(lines = total - before, ?sink, %why, "log lines were dropped");
}
