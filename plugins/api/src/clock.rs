//! The clock of the rule language: what rules, tables and plugins call now.
//!
//! It is the system's, but for a policy test (`portero test`): there the thread's clock stands ahead of it by as much as the
//! test moved it.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime};

thread_local! {
    static AHEAD: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Now, for measuring.
pub fn now() -> Instant {
    Instant::now() + AHEAD.get()
}

/// Now, for dates.
pub fn date() -> SystemTime {
    SystemTime::now() + AHEAD.get()
}

/// Moves the clock of this thread forward. Only tests of policies do so.
pub fn advance(by: Duration) {
    AHEAD.set(AHEAD.get() + by);
}

/// How far the clock of this thread stands ahead of the system's.
pub fn ahead() -> Duration {
    AHEAD.get()
}

/// Sets the clock of this thread back to the system's.
pub fn reset() {
    AHEAD.set(Duration::ZERO);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_moves_on_its_own_thread_only() {
        let day = Duration::from_secs(86_400);
        let before = now();
        advance(day);
        assert!(now() >= before + day);
        std::thread::spawn(move || assert!(now() < before + day)).join().expect("the other clock");
        reset();
        assert!(now() < before + day);
    }
}
