//! A backend as health sees it: where its events are logged, and whether it has any server left.

use std::cell::Cell;
use std::sync::Arc;

use portero_api::ProxyState;

use super::words::Tally;
use crate::log::{Level, Logger};
use crate::queue::Queue;

/// A backend.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) state: Arc<ProxyState>,
    pub(super) logger: Logger,
    /// `option log-health-checks`
    pub(super) log_checks: bool,
    /// Requests that wait for one of its servers.
    queue: Arc<Queue>,
    served: Cell<bool>,
}

impl Backend {
    pub(super) fn new(
        state: Arc<ProxyState>,
        logger: Logger,
        log_checks: bool,
        queue: Arc<Queue>,
    ) -> Backend {
        let served = Cell::new(state.usable_servers() > 0);
        Backend { state, logger, log_checks, queue, served }
    }

    /// How many servers are left.
    pub(super) fn tally(&self) -> Tally {
        let servers = self.state.servers();
        let count = |backup| servers.iter().filter(|s| s.is_backup() == backup && s.usable()).count();
        Tally { active: count(false), backup: count(true), queued: self.state.queue.now() }
    }

    /// Logs a line, and says it as a diagnostic of the program as well.
    pub(super) fn say(&self, level: Level, line: &str) {
        self.logger.send(level, line.as_bytes());
        match level {
            Level::Emergency => tracing::error!("{line}"),
            Level::Alert => tracing::warn!("{line}"),
            _ => tracing::info!("{line}"),
        }
    }

    /// After a change of a server: who waits chooses again; looks whether the last server went or the first one came.
    pub(super) fn look_around(&self) {
        self.queue.call_all();
        let serves = !self.tally().is_empty();
        if self.served.replace(serves) == serves {
            return;
        }
        self.state.note_change(serves);
        if !serves {
            self.say(Level::Emergency, &format!("backend {} has no server available!", self.state.name));
        }
    }
}
