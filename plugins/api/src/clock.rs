//! The clock of the rule language: what rules, tables and plugins call now.
//!
//! It is the system's, but for a policy test (`portero test`): there the thread's clock stands ahead of it by as much as the
//! test moved it.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime};

thread_local! {
    static AHEAD: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static HELD: Cell<Held> = const { Cell::new(Held::No) };
}

/// Whether the clock of a thread stands still.
#[derive(Clone, Copy, Debug)]
enum Held {
    No,
    /// It will, from the first question on.
    Yes,
    At(Instant),
}

/// Lets the clock of [`held`] go on when it is dropped.
#[derive(Debug)]
pub struct Hold(Held);

/// Now, for measuring.
pub fn now() -> Instant {
    Instant::now() + AHEAD.get()
}

/// Holds the clock that [`held`] reads, on this thread and for as long as what it gives lives: to be kept no longer than
/// a step that does not wait.
pub fn hold() -> Hold {
    let before = HELD.get();
    if matches!(before, Held::No) {
        HELD.set(Held::Yes);
    }
    Hold(before)
}

/// Now, or what was now when it was first asked for in a step that holds the clock: for values that are kept to the
/// millisecond, and of which a step may change many.
pub fn held() -> Instant {
    match HELD.get() {
        Held::At(at) => at,
        Held::No => now(),
        Held::Yes => {
            let now = now();
            HELD.set(Held::At(now));
            now
        }
    }
}

/// Now, for dates.
pub fn date() -> SystemTime {
    SystemTime::now() + AHEAD.get()
}

/// Moves the clock of this thread forward. Only tests of policies do so.
pub fn advance(by: Duration) {
    AHEAD.set(AHEAD.get() + by);
    if matches!(HELD.get(), Held::At(_)) {
        HELD.set(Held::Yes);
    }
}

/// How far the clock of this thread stands ahead of the system's.
pub fn ahead() -> Duration {
    AHEAD.get()
}

/// Sets the clock of this thread back to the system's.
pub fn reset() {
    AHEAD.set(Duration::ZERO);
}

impl Drop for Hold {
    fn drop(&mut self) {
        if matches!(self.0, Held::No) {
            HELD.set(Held::No);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_clock_stands_still_until_it_is_moved_or_let_go() {
        let hold = hold();
        let first = held();
        while now() == first {}
        assert_eq!(held(), first);
        let day = Duration::from_secs(86_400);
        advance(day);
        assert!(held() >= first + day);
        drop(hold);
        reset();
        assert!(first < held() && held() < first + day);
    }

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
