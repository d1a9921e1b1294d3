//! What the log says of servers, in HAProxy's words: log readers know them by heart.

use std::fmt::Write;

use portero_api::{CheckStatus, ServerState};

/// What a check, or the traffic, found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) status: CheckStatus,
    pub(super) code: Option<u16>,
    /// In a few words; empty when the status says it all.
    pub(super) info: String,
    /// How long the check took; none where there was none.
    pub(super) millis: Option<u64>,
}

impl Finding {
    /// `reason: Layer7 wrong status, code: 500, info: "Internal Server Error", check duration: 0ms`
    pub(super) fn reason(&self) -> String {
        let mut text = format!("reason: {}", self.status.description());
        // writing into a string cannot fail
        if let Some(code) = self.code {
            let _ = write!(text, ", code: {code}");
        }
        if !self.info.is_empty() {
            let printable = self.info.replace(|c: char| c.is_control(), " ");
            let _ = write!(text, ", info: \"{printable}\"");
        }
        if let Some(millis) = self.millis {
            let _ = write!(text, ", check duration: {millis}ms");
        }
        text
    }

    /// The line of `option log-health-checks`; `progress` is [`super::vitals::Vitals::progress`].
    pub(super) fn line(&self, server: &ServerState, progress: &str) -> String {
        let backup = if server.is_backup() { "backup " } else { "" };
        let result = match self.status {
            CheckStatus::L7OkConditionally => "conditionally succeeded",
            status if status.passed() => "succeeded",
            _ => "failed",
        };
        let (name, reason) = (full_name(server), self.reason());
        format!("Health check for {backup}server {name} {result}, {reason}, status: {progress}.")
    }
}

/// Why a server's state changed.
#[derive(Clone, Debug)]
pub(super) enum Cause {
    /// A check; its reason unless that was logged already.
    Check(Option<String>),
    /// The server that it tracks, by its full name.
    Tracked(String),
    /// The operator.
    Operator,
}

impl Cause {
    /// What stands behind `is UP` or `is DOWN`.
    pub(super) fn after_state(&self) -> String {
        match self {
            Cause::Check(None) => String::new(),
            Cause::Check(Some(reason)) => format!(", {reason}"),
            Cause::Tracked(leader) => format!(" via {leader}"),
            Cause::Operator => ", changed from CLI".to_owned(),
        }
    }

    /// What stands behind a change of the operator's will.
    pub(super) fn via(&self) -> String {
        match self {
            Cause::Tracked(leader) => format!(" via {leader}"),
            _ => String::new(),
        }
    }

    /// `forced ` where the operator meant this very server.
    pub(super) fn forced(&self) -> &'static str {
        if matches!(self, Cause::Tracked(_)) { "" } else { "forced " }
    }
}

/// What is left of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) active: usize,
    pub(super) backup: usize,
    /// Requests that wait in the backend.
    pub(super) queued: u32,
}

impl Tally {
    /// The end of a line about a server that can be used again, or still finishes what it has.
    pub(super) fn online(self) -> String {
        let Tally { active, backup, queued } = self;
        let running = self.running();
        format!(
            "{active} active and {backup} backup servers online.{running} \
             0 sessions requeued, {queued} total in queue."
        )
    }

    /// The end of a line about a server that went away with so many sessions.
    pub(super) fn left(self, sessions: u32) -> String {
        let Tally { active, backup, queued } = self;
        let running = self.running();
        format!(
            "{active} active and {backup} backup servers left.{running} \
             {sessions} sessions active, 0 requeued, {queued} remaining in queue."
        )
    }

    /// True when nothing is left.
    pub(super) fn is_empty(self) -> bool {
        self.active + self.backup == 0
    }

    fn running(self) -> &'static str {
        if self.active == 0 && self.backup > 0 { " Running on backup." } else { "" }
    }
}

/// `be/s1`
pub(super) fn full_name(server: &ServerState) -> String {
    format!("{}/{}", server.backend, server.name)
}

/// `Server be/s1` or `Backup Server be/s1`: how a line about a change begins.
pub(super) fn subject(server: &ServerState) -> String {
    let backup = if server.is_backup() { "Backup " } else { "" };
    format!("{backup}Server {}", full_name(server))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portero_api::{Address, Kind, ProxyState};

    fn server() -> ServerState {
        let backend = ProxyState::new("be", 1, Kind::Backend, true);
        ServerState::new(&backend, "s1", 1, Address::Unresolved("s1".into()))
    }

    #[test]
    fn a_check_line_has_code_info_and_duration_where_there_are_any() {
        let finding = Finding {
            status: CheckStatus::L7Status,
            code: Some(500),
            info: "Internal Server Error".into(),
            millis: Some(0),
        };
        assert_eq!(
            finding.line(&server(), "2/3 UP"),
            "Health check for server be/s1 failed, reason: Layer7 wrong status, code: 500, \
             info: \"Internal Server Error\", check duration: 0ms, status: 2/3 UP."
        );
        let finding = Finding { status: CheckStatus::L4Ok, code: None, info: String::new(), millis: Some(3) };
        let backup = {
            let server = server();
            server.set_backup(true);
            server
        };
        assert_eq!(
            finding.line(&backup, "1/1 UP"),
            "Health check for backup server be/s1 succeeded, reason: Layer4 check passed, \
             check duration: 3ms, status: 1/1 UP."
        );
    }

    #[test]
    fn a_backend_without_active_servers_runs_on_backup() {
        let tally = Tally { active: 0, backup: 1, queued: 2 };
        assert_eq!(
            tally.left(4),
            "0 active and 1 backup servers left. Running on backup. \
             4 sessions active, 0 requeued, 2 remaining in queue."
        );
        assert_eq!(
            Tally { active: 2, ..tally }.online(),
            "2 active and 1 backup servers online. 0 sessions requeued, 2 total in queue."
        );
    }
}
