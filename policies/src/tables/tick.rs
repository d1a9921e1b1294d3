//! Time in whole milliseconds since the first question for it: what entries and rates keep.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::Instant;

use portero_api::clock;

thread_local! {
    /// The moment that was asked for last, and what it is in milliseconds.
    static LAST: Cell<Option<(Instant, u64)>> = const { Cell::new(None) };
}

/// Milliseconds; never 0.
pub(super) fn now() -> u64 {
    let now = clock::held();
    match LAST.get() {
        // all changes of a step are made at the same moment
        Some((moment, tick)) if moment == now => tick,
        _ => {
            let tick = tick(now);
            LAST.set(Some((now, tick)));
            tick
        }
    }
}

fn tick(now: Instant) -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let since = now.saturating_duration_since(*START.get_or_init(|| now));
    since.as_millis() as u64 + 1
}
