//! When a server is checked, and how long a check may take (HAProxy manual, `inter`, `timeout check`,
//! `spread-checks`).

use std::time::Duration;

use super::vitals::Vitals;
use crate::config::checked::{Check, Timeouts};

/// The timers of one server's check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timing {
    inter: Duration,
    fast: Duration,
    down: Duration,
    /// Percent of an interval that it may be shorter or longer.
    spread: u32,
    /// The longest wait for the connection.
    pub(super) connect: Duration,
    /// The longest wait after it; none: `connect` holds for the whole check.
    pub(super) answer: Option<Duration>,
}

impl Timing {
    /// The timers that a configuration means.
    /// `spread` is `spread-checks`.
    pub(super) fn new(check: &Check, timeouts: &Timeouts, spread: u32) -> Timing {
        let inter = check.inter;
        let connect = match (timeouts.check, timeouts.connect) {
            (Some(_), Some(connect)) => connect.min(inter),
            _ => inter,
        };
        Timing {
            inter,
            fast: check.fastinter.unwrap_or(inter),
            down: check.downinter.unwrap_or(inter),
            spread: spread.min(50),
            connect,
            answer: timeouts.check,
        }
    }

    /// The wait until the next check: `fastinter` while the state is in doubt. `random` is between 0 and 1.
    pub(super) fn interval(&self, vitals: &Vitals, random: f64) -> Duration {
        let base = match vitals {
            v if v.is_best() => self.inter,
            v if v.is_worst() => self.down,
            _ => self.fast,
        };
        let part = f64::from(self.spread) / 100.0;
        base.mul_f64(1.0 - part + 2.0 * part * random)
    }

    /// The longest wait that an error seen in the traffic leaves.
    pub(super) fn fast(&self) -> Duration {
        self.fast
    }
}

/// The delays of the first checks: spread over the shortest interval, so that servers are not checked all at once, and
/// never over more than `max-spread-checks`.
pub(super) fn first_delays(timings: &[Timing], max_spread: Option<Duration>) -> Vec<Duration> {
    let shortest = timings.iter().map(Timing::fast).min().unwrap_or_default();
    let over = max_spread.map_or(shortest, |max| shortest.min(max));
    let count = timings.len().max(1) as u32;
    (0..timings.len() as u32).map(|place| over * place / count).collect()
}

/// A number between 0 and 1, good enough to keep checks apart.
pub(super) fn random() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn timing(spread: u32) -> Timing {
        Timing { inter: 2000 * MS, fast: 500 * MS, down: 5000 * MS, spread, connect: 2000 * MS, answer: None }
    }

    #[test]
    fn the_state_chooses_the_interval() {
        let mut vitals = Vitals::new(2, 3);
        assert_eq!(timing(0).interval(&vitals, 0.3), 500 * MS);
        vitals.succeed();
        assert_eq!(timing(0).interval(&vitals, 0.3), 2000 * MS);
        vitals.kill();
        assert_eq!(timing(0).interval(&vitals, 0.3), 5000 * MS);
        vitals.succeed();
        assert_eq!(timing(0).interval(&vitals, 0.3), 500 * MS);
    }

    #[test]
    fn spread_makes_intervals_shorter_or_longer() {
        let mut vitals = Vitals::new(1, 1);
        vitals.succeed();
        assert_eq!(timing(50).interval(&vitals, 0.0), 1000 * MS);
        assert_eq!(timing(50).interval(&vitals, 0.5), 2000 * MS);
        assert_eq!(timing(50).interval(&vitals, 1.0), 3000 * MS);
        assert!((0.0..=1.0).contains(&random()));
    }

    #[test]
    fn first_checks_are_spread_over_the_shortest_interval() {
        let timings = [timing(0); 4];
        assert_eq!(first_delays(&timings, None), [Duration::ZERO, 125 * MS, 250 * MS, 375 * MS]);
        assert_eq!(first_delays(&timings, Some(4 * MS)), [Duration::ZERO, MS, 2 * MS, 3 * MS]);
    }
}
