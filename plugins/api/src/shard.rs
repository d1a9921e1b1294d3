//! Which shard of the sharded state a thread writes: workers 0 to n-1, the manager thread n.

use std::cell::Cell;
use std::sync::OnceLock;

static COUNT: OnceLock<usize> = OnceLock::new();

thread_local! {
    static CURRENT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Says once, before any state is made, how many workers there are.
pub fn set_workers(workers: usize) {
    let _ = COUNT.set(workers + 1);
}

/// How many shards state has: one for each worker and a last one for all other threads.
pub fn count() -> usize {
    COUNT.get().copied().unwrap_or(1)
}

/// Makes the calling thread worker number `worker`. Two threads must not have the same number: a shard has one writer.
pub fn enter(worker: usize) {
    CURRENT.set(worker);
}

/// The shard of the calling thread. Threads that are no workers share the last one and use locked updates on it.
pub fn current() -> usize {
    CURRENT.get().min(count() - 1)
}

/// The shard of the calling thread among so many, and whether it is the only one that writes there.
#[inline]
pub(crate) fn among(shards: usize) -> (usize, bool) {
    let (worker, last) = (CURRENT.get(), shards - 1);
    if worker < last { (worker, true) } else { (last, false) }
}
