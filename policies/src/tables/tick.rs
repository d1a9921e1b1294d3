//! Time in whole milliseconds since the first question for it: what entries and rates keep.

use std::sync::OnceLock;
use std::time::Instant;

use portero_api::clock;

/// Milliseconds; never 0.
pub(super) fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let now = clock::held();
    let since = now.saturating_duration_since(*START.get_or_init(|| now));
    since.as_millis() as u64 + 1
}
