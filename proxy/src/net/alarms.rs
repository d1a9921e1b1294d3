//! The alarms of idle connections: one timer of the event loop for all of a worker.
//!
//! A connection with a request under way has timers of its own ([`super::Deadline`]); one that waits for its next
//! request, perhaps for minutes and among thousands, has an entry here.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::task::Waker;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Who is to be woken when.
#[derive(Debug, Default)]
pub struct Alarms {
    set: RefCell<BTreeMap<Key, Waker>>,
    next: Cell<u64>,
    /// What the timer is set to.
    armed: Cell<Option<Instant>>,
    earlier: Notify,
}

type Key = (Instant, u64);

/// An alarm that is set; it is cleared when dropped.
#[derive(Debug)]
pub struct Alarm<'a> {
    alarms: &'a Alarms,
    key: Option<Key>,
}

/// Far enough to be never.
const NEVER: Duration = Duration::from_secs(86_400 * 365);

impl Alarms {
    /// An alarm that is not set yet.
    pub fn alarm(&self) -> Alarm<'_> {
        Alarm { alarms: self, key: None }
    }

    /// Wakes all who have set an alarm, before its time.
    pub fn wake_all(&self) {
        self.set.borrow().values().for_each(Waker::wake_by_ref);
    }

    /// Wakes who is to be woken, for ever.
    pub async fn run(&self) {
        loop {
            let first = self.set.borrow().first_key_value().map(|(key, _)| key.0);
            self.armed.set(first);
            match first {
                Some(at) => {
                    let timer = tokio::time::sleep_until(at.into());
                    tokio::select! {
                        () = timer => self.wake_due(Instant::now()),
                        () = self.earlier.notified() => {}
                    }
                }
                None => self.earlier.notified().await,
            }
        }
    }

    fn wake_due(&self, now: Instant) {
        let mut set = self.set.borrow_mut();
        while let Some(entry) = set.first_entry()
            && entry.key().0 <= now
        {
            entry.remove().wake();
        }
    }
}

impl Alarm<'_> {
    /// Sets the alarm (never, where there is no time), unless it is set; it stays what it was set to first.
    pub fn set(&mut self, at: Option<Instant>, waker: &Waker) {
        if self.key.is_some() {
            return;
        }
        let at = at.unwrap_or_else(|| Instant::now() + NEVER);
        let number = self.alarms.next.get();
        self.alarms.next.set(number + 1);
        self.alarms.set.borrow_mut().insert((at, number), waker.clone());
        self.key = Some((at, number));
        if self.alarms.armed.get().is_none_or(|armed| at < armed) {
            self.alarms.earlier.notify_one();
        }
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.alarms.set.borrow_mut().remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::task::Poll;

    async fn ring(alarms: &Alarms, at: Instant) {
        let mut alarm = alarms.alarm();
        poll_fn(|cx| {
            if Instant::now() >= at {
                return Poll::Ready(());
            }
            alarm.set(Some(at), cx.waker());
            Poll::Pending
        })
        .await;
    }

    #[tokio::test]
    async fn a_later_and_an_earlier_alarm_both_ring_in_their_time() {
        let alarms = Alarms::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        tokio::select! {
            () = alarms.run() => unreachable!("alarms run for ever"),
            _ = async { tokio::join!(ring(&alarms, at(60)), ring(&alarms, at(20))) } => {}
        }
        assert!(start.elapsed() >= Duration::from_millis(60));
        assert!(alarms.set.borrow().is_empty());
    }

    #[test]
    fn an_alarm_that_is_dropped_is_forgotten() {
        let alarms = Alarms::default();
        let mut alarm = alarms.alarm();
        alarm.set(None, Waker::noop());
        assert_eq!(alarms.set.borrow().len(), 1);
        drop(alarm);
        assert!(alarms.set.borrow().is_empty());
    }
}
