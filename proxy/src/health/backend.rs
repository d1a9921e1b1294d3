//! A backend as health sees it: where its events are logged, and whether it has any server left.

use std::cell::Cell;
use std::sync::Arc;

use portero_api::ProxyState;

use super::words::Tally;
use crate::log::{Level, Logger};

/// A backend.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) state: Arc<ProxyState>,
    pub(super) logger: Logger,
    /// `option log-health-checks`
    pub(super) log_checks: bool,
    served: Cell<bool>,
}

impl Backend {
    pub(super) fn new(state: Arc<ProxyState>, logger: Logger, log_checks: bool) -> Backend {
        let served = Cell::new(state.usable_servers() > 0);
        Backend { state, logger, log_checks, served }
    }

    /// How many servers are left.
    pub(super) fn tally(&self) -> Tally {
        let servers = self.state.servers();
        let count = |backup| servers.iter().filter(|s| s.backup == backup && s.usable()).count();
        Tally { active: count(false), backup: count(true), queued: self.state.queued() }
    }

    /// Logs a line, and says it as a diagnostic of the program as well.
    pub(super) fn say(&self, level: Level, line: &str) {
        self.logger.send(level, line.as_bytes());
        match level {
            Level::Emergency => tracing::error!("{line}"),
            _ => tracing::warn!("{line}"),
        }
    }

    /// Looks whether the last server went or the first one came.
    pub(super) fn look_around(&self) {
        let serves = !self.tally().is_empty();
        if self.served.replace(serves) == serves {
            return;
        }
        self.state.note_change();
        if !serves {
            self.say(Level::Emergency, &format!("backend {} has no server available!", self.state.name));
        }
    }
}
