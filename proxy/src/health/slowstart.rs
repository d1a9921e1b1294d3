//! A server that came back is given its weight little by little (HAProxy manual, server option `slowstart`).

use std::sync::Arc;
use std::time::Duration;

use portero_api::ServerState;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

/// Steps of a whole ramp.
const STEPS: u32 = 20;

/// A ramp under way. Dropped, it ends and leaves the full weight.
#[derive(Debug)]
pub(super) struct Ramp {
    server: Arc<ServerState>,
    full: u32,
    task: AbortHandle,
}

impl Ramp {
    /// Begins at the lowest weight and ends with the one that the server has now.
    pub(super) fn start(server: Arc<ServerState>, over: Duration) -> Ramp {
        let full = server.weight();
        let task = tokio::task::spawn_local(climb(server.clone(), full, over)).abort_handle();
        Ramp { server, full, task }
    }

    /// False once the full weight is there.
    pub(super) fn is_climbing(&self) -> bool {
        !self.task.is_finished()
    }
}

impl Drop for Ramp {
    fn drop(&mut self) {
        if !self.task.is_finished() {
            self.task.abort();
            self.server.set_weight(self.full);
        }
    }
}

async fn climb(server: Arc<ServerState>, full: u32, over: Duration) {
    let start = Instant::now();
    let mut last = full;
    loop {
        // a weight that somebody else set is left alone
        if server.weight() != last {
            return;
        }
        let part = start.elapsed().as_secs_f64() / over.as_secs_f64().max(f64::MIN_POSITIVE);
        last = if part >= 1.0 { full } else { ((f64::from(full) * part) as u32).clamp(full.min(1), full) };
        server.set_weight(last);
        if last == full {
            return;
        }
        sleep(over / STEPS).await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::server;
    use super::*;
    use tokio::task::LocalSet;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn the_weight_grows_in_a_straight_line() {
        let server = server("be", "s1");
        server.set_weight(100);
        let run = LocalSet::new();
        let ramp = run.run_until(async {
            let ramp = Ramp::start(server.clone(), 10 * SECOND);
            sleep(SECOND / 10).await;
            assert_eq!(server.weight(), 1);
            sleep(5 * SECOND).await;
            assert_eq!(server.weight(), 50);
            sleep(5 * SECOND).await;
            assert_eq!(server.weight(), 100);
            ramp
        });
        drop(ramp.await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_ramp_that_is_cut_leaves_the_full_weight() {
        let server = server("be", "s1");
        server.set_weight(100);
        let run = LocalSet::new();
        run.run_until(async {
            let ramp = Ramp::start(server.clone(), 10 * SECOND);
            sleep(SECOND).await;
            drop(ramp);
            assert_eq!(server.weight(), 100);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_weight_set_by_hand_ends_the_ramp() {
        let server = server("be", "s1");
        server.set_weight(100);
        let run = LocalSet::new();
        run.run_until(async {
            let _ramp = Ramp::start(server.clone(), 10 * SECOND);
            sleep(SECOND).await;
            server.set_weight(7);
            sleep(20 * SECOND).await;
            assert_eq!(server.weight(), 7);
        })
        .await;
    }
}
