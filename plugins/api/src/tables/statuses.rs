//! Which statuses of responses are counted as whose error (HAProxy manual, section 3.1, `http-err-codes`, `http-fail-codes`).

use std::ops::RangeInclusive;

use super::Event;

/// The statuses that are counted as errors of the client, and as failures of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    errors: Set,
    failures: Set,
}

/// Statuses from 100 to 599, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Set([u64; 8]);

const FIRST: u16 = 100;
const LAST: u16 = 599;

impl Default for Statuses {
    /// All 4xx are the client's, all 5xx but 501 and 505 the server's.
    fn default() -> Self {
        let (mut errors, mut failures) = (Set::default(), Set::default());
        (400..=499).for_each(|status| errors.put(status, true));
        (500..=599).for_each(|status| failures.put(status, !matches!(status, 501 | 505)));
        Statuses { errors, failures }
    }
}

impl Statuses {
    /// What a response with this status is counted as.
    pub fn events(&self, status: u16) -> impl Iterator<Item = Event> + use<> {
        let error = self.errors.has(status).then_some(Event::Error);
        error.into_iter().chain(self.failures.has(status).then_some(Event::Failure))
    }

    /// Adds statuses to those that count as an event, or takes them away; for errors and failures.
    pub fn put(&mut self, event: Event, statuses: RangeInclusive<u16>, count: bool) {
        let set = if event == Event::Error { &mut self.errors } else { &mut self.failures };
        statuses.for_each(|status| set.put(status, count));
    }

    /// Forgets all statuses that count as an event.
    pub fn clear(&mut self, event: Event) {
        self.put(event, FIRST..=LAST, false);
    }
}

impl Set {
    fn has(&self, status: u16) -> bool {
        place(status).is_some_and(|(word, bit)| self.0[word] & bit != 0)
    }

    fn put(&mut self, status: u16, there: bool) {
        let Some((word, bit)) = place(status) else { return };
        self.0[word] = self.0[word] & !bit | if there { bit } else { 0 };
    }
}

fn place(status: u16) -> Option<(usize, u64)> {
    let at = (FIRST..=LAST).contains(&status).then(|| usize::from(status - FIRST))?;
    Some((at / 64, 1 << (at % 64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_count_as_they_do_in_haproxy() {
        let mut statuses = Statuses::default();
        let events = |statuses: &Statuses, status| statuses.events(status).collect::<Vec<_>>();
        assert_eq!(events(&statuses, 404), [Event::Error]);
        assert_eq!(events(&statuses, 503), [Event::Failure]);
        assert!([200, 501, 505, 0, 999].iter().all(|s| events(&statuses, *s).is_empty()));
        statuses.put(Event::Failure, 404..=404, true);
        assert_eq!(events(&statuses, 404), [Event::Error, Event::Failure]);
        statuses.clear(Event::Error);
        assert_eq!(events(&statuses, 404), [Event::Failure]);
    }
}
