//! When an instance may be made in the place of one that has failed: at once, unless one fails behind the other.

use std::cell::Cell;
use std::time::{Duration, Instant};

use portero_api::clock;

/// Failures of a seat.
#[derive(Default)]
pub(crate) struct Rest {
    /// How many there were since something went well.
    row: Cell<u32>,
    /// When the next instance may be made.
    until: Cell<Option<Instant>>,
}

/// Failures in a row behind which there is a rest. Below that each of them may be the fault of the exchange that it was in.
const PATIENCE: u32 = 10;

/// The first rest and the longest; each is twice the one before.
const REST: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// Longer than any instance that has no place any more.
const NEVER: Duration = Duration::from_secs(3600);

impl Rest {
    /// Whether an instance may be made now.
    pub(crate) fn is_over(&self) -> bool {
        self.until.get().is_none_or(|until| clock::now() >= until)
    }

    /// An instance has failed.
    pub(crate) fn failed(&self) {
        let row = self.row.get().saturating_add(1);
        self.row.set(row);
        if let Some(more) = row.checked_sub(PATIENCE + 1) {
            let rest = REST.0.saturating_mul(2_u32.saturating_pow(more)).min(REST.1);
            self.until.set(Some(clock::now() + rest));
        }
    }

    /// An instance did not even start: that is the fault of no exchange.
    pub(crate) fn did_not_start(&self) {
        self.row.set(self.row.get().max(PATIENCE));
        self.failed();
    }

    /// No instance is ever to be made.
    pub(crate) fn give_up(&self) {
        self.row.set(u32::MAX);
        self.until.set(Some(clock::now() + NEVER));
    }

    /// An instance has served something to its end.
    pub(crate) fn went_well(&self) {
        if self.row.get() > 0 {
            self.row.set(0);
            self.until.set(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether there is a rest of just about that time; it is over then.
    fn rests(rest: &Rest, time: Duration) -> bool {
        clock::advance(time - Duration::from_millis(50));
        let before = rest.is_over();
        clock::advance(Duration::from_millis(50));
        !before && rest.is_over()
    }

    #[test]
    fn only_many_failures_in_a_row_are_followed_by_rests_which_grow() {
        let rest = Rest::default();
        (0..PATIENCE).for_each(|_| rest.failed());
        assert!(rest.is_over());
        for millis in [100, 200, 400] {
            rest.failed();
            assert!(rests(&rest, Duration::from_millis(millis)), "{millis}");
        }
        (0..100).for_each(|_| rest.failed());
        assert!(rests(&rest, REST.1));
    }

    #[test]
    fn what_goes_well_ends_the_row() {
        let rest = Rest::default();
        for _ in 0..100 {
            rest.failed();
            rest.went_well();
            assert!(rest.is_over());
        }
    }

    #[test]
    fn an_instance_that_does_not_start_is_followed_by_a_rest() {
        let rest = Rest::default();
        rest.did_not_start();
        assert!(rests(&rest, REST.0));
        rest.did_not_start();
        assert!(rests(&rest, REST.0 * 2));
    }
}
