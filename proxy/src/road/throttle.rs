//! Bandwidth limits (`filter bwlim-in`, `bwlim-out`): how much of a body may move now.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use portero_api::tables::Entry;
use portero_api::{BandwidthLimit, Exchange, clock};

use crate::net::Deadline;

/// The limits on one direction of an exchange.
#[derive(Debug)]
pub struct Throttle {
    rates: Vec<Rate>,
    timer: Deadline,
}

/// One limit, with what has moved in the period under way. More than the limit may have: what was at hand before the
/// body was limited. The periods that follow make up for it.
#[derive(Debug)]
struct Rate {
    limit: BandwidthLimit,
    begun: Instant,
    moved: u64,
}

impl Throttle {
    /// The limits that rules have set on the way to the server, or on the way back; none where they set none.
    pub fn new(exchange: &Exchange, upload: bool) -> Option<Box<Throttle>> {
        let limits = exchange.tuning.as_ref()?.limits.iter().filter(|limit| limit.upload == upload);
        let begun = clock::now();
        let rates: Vec<_> = limits.map(|limit| Rate { limit: limit.clone(), begun, moved: 0 }).collect();
        (!rates.is_empty()).then(|| Box::new(Throttle { rates, timer: Deadline::default() }))
    }

    /// So many bytes may move now; pending while none may.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        loop {
            let now = clock::now();
            let mut most = u64::MAX;
            let mut until = None;
            for rate in &mut self.rates {
                match rate.left(now) {
                    Ok(left) => most = most.min(left),
                    Err(at) => until = until.max(Some(at)),
                }
            }
            if until.is_none() {
                return Poll::Ready(usize::try_from(most).unwrap_or(usize::MAX));
            }
            std::task::ready!(self.timer.poll(until, cx));
        }
    }

    /// Notes that so many bytes have moved.
    pub fn spend(&mut self, bytes: usize) {
        self.rates.iter_mut().for_each(|rate| rate.spend(bytes as u64));
    }
}

impl Rate {
    fn spend(&mut self, bytes: u64) {
        match &self.limit.shared {
            Some(held) => {
                let by = i64::try_from(bytes).unwrap_or(i64::MAX);
                held.entry().add(BandwidthLimit::rate(self.limit.upload), by);
            }
            None => self.moved += bytes,
        }
    }

    /// How much may move now, or when it is worth while to look again.
    fn left(&mut self, now: Instant) -> Result<u64, Instant> {
        match &self.limit.shared {
            Some(held) => self.left_of_all(held.entry(), now),
            None => self.left_of_period(now),
        }
    }

    /// An equal part of what all who share the limit have left. The rate falls little by little as time passes.
    fn left_of_all(&self, entry: &Entry, now: Instant) -> Result<u64, Instant> {
        let BandwidthLimit { bytes, period, least, upload, .. } = self.limit;
        let moved = entry.get(BandwidthLimit::rate(upload)).unwrap_or(0);
        let users = u64::from(entry.trackers().max(1));
        let least = least.clamp(1, bytes);
        match bytes.saturating_sub(moved) / users {
            part if part >= least => Ok(part),
            _ => {
                let missing = moved.saturating_add(least.saturating_mul(users)).saturating_sub(bytes);
                let wait = period.mul_f64((missing as f64 / bytes as f64).min(1.0));
                Err(now + wait.max(SOON))
            }
        }
    }

    /// How much may move in this period, or when the next one comes in which something may.
    fn left_of_period(&mut self, now: Instant) -> Result<u64, Instant> {
        let BandwidthLimit { bytes, period, least, .. } = self.limit;
        let passed = now.saturating_duration_since(self.begun).as_nanos() / period.as_nanos().max(1);
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        self.begun += period * passed;
        self.moved = self.moved.saturating_sub(bytes.saturating_mul(u64::from(passed)));
        let least = least.clamp(1, bytes);
        match bytes.saturating_sub(self.moved) {
            left if left >= least => Ok(left),
            _ => {
                let periods = (self.moved + least - bytes).div_ceil(bytes).max(1);
                Err(self.begun + saturating(period, periods))
            }
        }
    }
}

/// Rates are kept by the millisecond.
const SOON: Duration = Duration::from_millis(1);

/// An hour is for ever: it is looked at again then.
fn saturating(period: Duration, times: u64) -> Duration {
    let times = u32::try_from(times).unwrap_or(u32::MAX);
    period.saturating_mul(times).min(Duration::from_secs(3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(bytes: u64, least: u64) -> Rate {
        let period = Duration::from_secs(1);
        let limit = BandwidthLimit { name: "x".into(), upload: false, bytes, period, least, shared: None };
        Rate { limit, begun: clock::now(), moved: 0 }
    }

    #[test]
    fn a_period_lets_through_what_is_allowed_and_no_more() {
        let mut rate = rate(100, 0);
        let start = rate.begun;
        assert_eq!(rate.left(start), Ok(100));
        rate.moved = 60;
        assert_eq!(rate.left(start + Duration::from_millis(900)), Ok(40));
        rate.moved = 100;
        assert_eq!(rate.left(start + Duration::from_millis(900)), Err(start + Duration::from_secs(1)));
        assert_eq!(rate.left(start + Duration::from_millis(1100)), Ok(100));
    }

    #[test]
    fn what_moved_too_early_is_made_up_for() {
        let mut rate = rate(100, 0);
        let start = rate.begun;
        rate.moved = 350;
        assert_eq!(rate.left(start), Err(start + Duration::from_secs(3)));
        assert_eq!(rate.left(start + Duration::from_secs(3)), Ok(50));
    }

    #[test]
    fn pieces_are_not_smaller_than_asked_for() {
        let mut rate = rate(100, 30);
        let start = rate.begun;
        rate.moved = 80;
        assert_eq!(rate.left(start), Err(start + Duration::from_secs(1)));
        rate.moved = 70;
        assert_eq!(rate.left(start), Ok(30));
    }
}
