//! A number that goes up and down, and the highest that it has been.

use std::sync::atomic::{
    AtomicU32,
    Ordering::{AcqRel, Relaxed},
};

/// A number that goes up and down, and the highest that it has been: sessions, requests that wait.
#[derive(Debug, Default)]
pub struct Gauge {
    now: AtomicU32,
    highest: AtomicU32,
}

impl Gauge {
    /// The number now.
    pub fn now(&self) -> u32 {
        self.now.load(Relaxed)
    }

    /// The highest so far.
    pub fn highest(&self) -> u32 {
        self.highest.load(Relaxed)
    }

    /// Sets the number.
    pub fn set(&self, now: u32) {
        self.now.store(now, Relaxed);
        self.reached(now);
    }

    /// Counts one in.
    pub fn enter(&self) {
        self.reached(self.now.fetch_add(1, AcqRel) + 1);
    }

    /// Counts one in where that does not go over the limit, and says whether it did.
    pub fn try_enter(&self, limit: u32) -> bool {
        let step = |n: u32| (n < limit).then_some(n + 1);
        let entered = self.now.fetch_update(AcqRel, Relaxed, step);
        entered.inspect(|before| self.reached(before + 1)).is_ok()
    }

    /// Counts one out.
    pub fn leave(&self) {
        self.now.fetch_sub(1, AcqRel);
    }

    /// Begins anew with the highest.
    pub fn clear_highest(&self) {
        self.highest.store(self.now(), Relaxed);
    }

    /// Written only where it is a new highest: most of the time all workers only read it.
    fn reached(&self, now: u32) {
        if now > self.highest() {
            self.highest.fetch_max(now, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_stays_until_it_is_cleared() {
        let gauge = Gauge::default();
        gauge.set(5);
        gauge.set(2);
        gauge.enter();
        assert_eq!((gauge.now(), gauge.highest()), (3, 5));
        gauge.clear_highest();
        assert_eq!(gauge.highest(), 3);
    }

    #[test]
    fn a_limit_holds() {
        let gauge = Gauge::default();
        assert!(gauge.try_enter(1) && !gauge.try_enter(1));
        gauge.leave();
        assert!(gauge.try_enter(1));
        assert_eq!((gauge.now(), gauge.highest()), (1, 1));
    }
}
