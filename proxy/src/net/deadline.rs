//! One timer for all the waits of a connection.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

/// A timer that is armed lazily. Most waits end long before their time, and each sets a later deadline than the one
/// before; so the timer stays where it is and is only moved when it fires too early or must fire sooner.
#[derive(Debug)]
pub struct Deadline {
    sleep: Pin<Box<Sleep>>,
    armed: Option<Instant>,
}

/// Far enough to be never.
const NEVER: Duration = Duration::from_secs(86_400 * 365);

impl Default for Deadline {
    fn default() -> Self {
        Deadline { sleep: Box::pin(tokio::time::sleep(NEVER)), armed: None }
    }
}

impl Deadline {
    /// Ready once `at` has passed; never, where there is no time.
    pub fn poll(&mut self, at: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = at else { return Poll::Pending };
        if self.armed.is_none_or(|armed| armed > at) {
            self.arm(at);
        }
        while self.sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= at {
                self.armed = None;
                return Poll::Ready(());
            }
            self.arm(at);
        }
        Poll::Pending
    }

    fn arm(&mut self, at: Instant) {
        self.armed = Some(at);
        self.sleep.as_mut().reset(at.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

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
