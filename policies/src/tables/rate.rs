//! A rate: how many events came in the last period, without a list of them. The present period counts in full, the one before
//! by the part of it that a period ending now still covers.
//!
//! Two words, each the begin of a period in its upper half (milliseconds, which may wrap) and the events of it in its lower. As a
//! word is changed as a whole, no lock is needed, and who reads knows whether the two belong together.

use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

/// The two words of a rate.
#[derive(Clone, Copy)]
pub(super) struct Rate<'a> {
    pub(super) now: &'a AtomicU64,
    pub(super) before: &'a AtomicU64,
    /// Milliseconds.
    pub(super) period: u32,
}

/// How often a reader looks again while another thread begins a period, which takes it a moment.
const PATIENCE: usize = 64;

fn pack(start: u32, count: u32) -> u64 {
    u64::from(start) << 32 | u64::from(count)
}

fn unpack(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

impl Rate<'_> {
    /// Counts events that come now.
    pub(super) fn add(self, tick: u64, events: u32) {
        let tick = tick as u32;
        let mut word = self.now.load(Acquire);
        loop {
            let (start, count) = unpack(word);
            let age = tick.wrapping_sub(start);
            let (next, past) = match age {
                // clocks of threads differ a little: what comes from before the period counts in it
                _ if word != 0 && (age < self.period || age > u32::MAX / 2) => {
                    (pack(start, count.saturating_add(events)), None)
                }
                _ if word != 0 && age < self.period.saturating_mul(2) => {
                    let start = start.wrapping_add(self.period);
                    (pack(start, events), Some(pack(start, count)))
                }
                _ => (pack(tick, events), Some(pack(tick, 0))),
            };
            match self.now.compare_exchange_weak(word, next, AcqRel, Acquire) {
                Ok(_) => return self.file(past),
                Err(other) => word = other,
            }
        }
    }

    /// Notes the period before, unless a later one is noted already.
    fn file(self, past: Option<u64>) {
        let Some(past) = past else { return };
        let later = |old: u64| old == 0 || unpack(past).0.wrapping_sub(unpack(old).0) < u32::MAX / 2;
        let _ = self.before.fetch_update(Release, Relaxed, |old| later(old).then_some(past));
    }

    /// Events in the period that ends now.
    pub(super) fn get(self, tick: u64) -> u64 {
        let word = self.now.load(Acquire);
        let (start, count) = unpack(word);
        let age = (tick as u32).wrapping_sub(start);
        let (period, twice) = (self.period, self.period.saturating_mul(2));
        let part = |events: u32, age: u32| u64::from(events) * u64::from(period - age) / u64::from(period);
        match age {
            _ if word == 0 => 0,
            age if age > u32::MAX / 2 => u64::from(count) + u64::from(self.past(start)),
            age if age < period => u64::from(count) + part(self.past(start), age),
            age if age < twice => part(count, age - period),
            _ => 0,
        }
    }

    /// Events of the period before the one that began then.
    fn past(self, start: u32) -> u32 {
        for _ in 0..PATIENCE {
            let (noted, count) = unpack(self.before.load(Acquire));
            if noted == start {
                return count;
            }
            std::hint::spin_loop();
        }
        0
    }

    /// Makes it what it would be if so many events had come now, and none before.
    pub(super) fn set(self, tick: u64, events: u32) {
        self.before.store(pack(tick as u32, 0), Release);
        self.now.store(pack(tick as u32, events), Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(test: impl Fn(Rate<'_>)) {
        let (now, before) = (AtomicU64::new(0), AtomicU64::new(0));
        test(Rate { now: &now, before: &before, period: 1000 });
    }

    #[test]
    fn the_period_before_counts_less_and_less() {
        with(|rate| {
            rate.add(5_000, 10);
            assert_eq!((rate.get(5_000), rate.get(5_999)), (10, 10));
            assert_eq!((rate.get(6_250), rate.get(6_999), rate.get(7_000)), (7, 0, 0));
            rate.add(6_500, 4);
            assert_eq!((rate.get(6_500), rate.get(6_750)), (4 + 5, 4 + 2));
            rate.add(20_000, 1);
            assert_eq!(rate.get(20_000), 1, "nothing is left of a period long ago");
        });
    }

    #[test]
    fn a_rate_lives_on_when_milliseconds_wrap() {
        with(|rate| {
            let edge = u64::from(u32::MAX) - 300;
            rate.add(edge, 8);
            rate.add(edge + 600, 2);
            assert_eq!((rate.get(edge + 600), rate.get(edge + 1_500)), (10, 5));
        });
    }

    #[test]
    fn a_full_count_does_not_spill_into_the_time() {
        with(|rate| {
            rate.add(1, u32::MAX);
            rate.add(2, 5);
            assert_eq!(rate.get(3), u64::from(u32::MAX));
        });
    }
}
