//! One timer for all the waits of a connection.
//!
//! Offline (`crate::offline`) nothing comes that is not there already: whoever waits for a time has nothing else to wait
//! for, so the time is over at once, and the clock of the thread moves to it.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use portero_api::clock;
use tokio::time::Sleep;

thread_local! {
    static OFFLINE: Cell<bool> = const { Cell::new(false) };
    static STIRRED: Cell<bool> = const { Cell::new(false) };
}

/// Makes the waits of this thread end at once from now on, by moving its clock.
pub fn go_offline() {
    OFFLINE.set(true);
}

/// Offline: whether something has been begun beside the connection, which comes before the end of any wait.
pub fn stir(stirred: bool) {
    STIRRED.set(stirred);
}

/// Lets some time pass.
pub async fn pause(time: Duration) {
    match OFFLINE.get() {
        true => clock::advance(time),
        false => tokio::time::sleep(time).await,
    }
}

/// A timer that is armed lazily. Most waits end long before their time, and each sets a later deadline than the one
/// before; so the timer stays where it is and is only moved when it fires too early or must fire sooner.
#[derive(Debug, Default)]
pub struct Deadline {
    /// Made when the first wait with an end begins.
    sleep: Option<Pin<Box<Sleep>>>,
    armed: Option<Instant>,
    /// Whom the timer will wake.
    wakes: Option<Waker>,
}

impl Deadline {
    /// Ready once `at` has passed; never, where there is no time.
    pub fn poll(&mut self, at: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = at else { return Poll::Pending };
        if OFFLINE.get() && STIRRED.get() {
            return Poll::Pending;
        }
        if OFFLINE.get() {
            clock::advance(at.saturating_duration_since(clock::now()));
            return Poll::Ready(());
        }
        if self.armed.is_none_or(|armed| armed > at) {
            self.arm(at);
        }
        if self.will_wake(cx.waker()) {
            return Poll::Pending;
        }
        while self.sleep.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready()) {
            if Instant::now() >= at {
                self.armed = None;
                return Poll::Ready(());
            }
            self.arm(at);
        }
        self.wakes = Some(cx.waker().clone());
        Poll::Pending
    }

    /// True when the timer has not fired and knows already whom to wake: nothing is to be told to it then.
    fn will_wake(&self, waker: &Waker) -> bool {
        self.wakes.as_ref().is_some_and(|wakes| wakes.will_wake(waker))
            && self.sleep.as_ref().is_some_and(|sleep| !sleep.is_elapsed())
    }

    fn arm(&mut self, at: Instant) {
        self.armed = Some(at);
        self.wakes = None;
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(at.into()),
            None => self.sleep = Some(Box::pin(tokio::time::sleep_until(at.into()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;

    #[tokio::test]
    async fn a_later_time_leaves_the_timer_and_still_holds() {
        let mut deadline = Deadline::default();
        let start = Instant::now();
        let early = Some(start + Duration::from_millis(10));
        let late = Some(start + Duration::from_millis(40));
        poll_fn(|cx| {
            assert!(deadline.poll(early, cx).is_pending());
            Poll::Ready(())
        })
        .await;
        poll_fn(|cx| deadline.poll(late, cx)).await;
        assert!(start.elapsed() >= Duration::from_millis(40));
    }
}
