//! The hook `Health`: one probe. The proxy owns timers, rise and fall counts, spread and time-out.

use crate::{Dial, LocalFuture, ServerState, Target};

/// Probes a server.
pub trait Health {
    /// One probe of a server. The caller drops the future when the check's time is over and notes a time-out in the
    /// layer that `reached` of the last verdict part names; a probe needs no timer of its own.
    fn probe<'a>(
        &'a self,
        server: &'a ServerState,
        target: &'a Target,
        dial: &'a dyn Dial,
    ) -> LocalFuture<'a, Verdict>;

    /// The status to note when the probe ran out of time after the connection was made: `L7TOUT` for a probe that
    /// speaks, `L6TOUT` for one that only shakes hands.
    fn timeout_status(&self) -> CheckStatus {
        CheckStatus::L7Timeout
    }

    /// What to note when the probe of this server ran out of time: asked after its future was dropped.
    fn timed_out(&self, _server: &ServerState) -> Verdict {
        Verdict::new(self.timeout_status(), "")
    }
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The result with the layer it was found in.
    pub status: CheckStatus,
    /// The code the server gave (an HTTP status), where there is one.
    pub code: Option<u16>,
    /// Why, in a few words: "Connection refused", "HTTP status check returned code <500>".
    pub reason: String,
    /// A new weight in percent of the configured one, when the probe learned one.
    pub weight: Option<u32>,
}

impl Verdict {
    /// A verdict with a reason.
    pub fn new(status: CheckStatus, reason: impl Into<String>) -> Self {
        Verdict { status, code: None, reason: reason.into(), weight: None }
    }

    /// Adds the server's code.
    pub fn code(mut self, code: u16) -> Self {
        self.code = Some(code);
        self
    }
}

/// The result of a check with its layer, under HAProxy's names (management manual, `check_status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CheckStatus {
    /// No check has ended yet.
    #[default]
    Unknown,
    /// First check still to come.
    Init,
    /// The socket could not be made.
    SocketError,
    /// Connected, and nothing more was asked.
    L4Ok,
    /// No connection within the time.
    L4Timeout,
    /// Connection refused, unreachable or the like.
    L4Connection,
    /// The handshake of the layer above TCP succeeded.
    L6Ok,
    /// It did not end in time.
    L6Timeout,
    /// It failed.
    L6Response,
    /// The application answered as expected.
    L7Ok,
    /// It answered that it should get no new sessions (404 with `disable-on-404`).
    L7OkConditionally,
    /// It did not answer in time.
    L7Timeout,
    /// It answered what could not be understood.
    L7Response,
    /// It answered with an unexpected status.
    L7Status,
    /// Traffic showed too many errors in a row (`observe`).
    Analysis,
    /// An external program exited with success.
    ProcessOk,
    /// With an error.
    ProcessError,
    /// It ran out of time.
    ProcessTimeout,
}

impl CheckStatus {
    /// True when the server passed, conditionally or not.
    pub fn passed(self) -> bool {
        use CheckStatus::{L4Ok, L6Ok, L7Ok, L7OkConditionally, ProcessOk};
        matches!(self, L4Ok | L6Ok | L7Ok | L7OkConditionally | ProcessOk)
    }

    /// The short name in statistics and logs.
    pub fn name(self) -> &'static str {
        use CheckStatus::*;
        match self {
            Unknown => "UNK",
            Init => "INI",
            SocketError => "SOCKERR",
            L4Ok => "L4OK",
            L4Timeout => "L4TOUT",
            L4Connection => "L4CON",
            L6Ok => "L6OK",
            L6Timeout => "L6TOUT",
            L6Response => "L6RSP",
            L7Ok => "L7OK",
            L7OkConditionally => "L7OKC",
            L7Timeout => "L7TOUT",
            L7Response => "L7RSP",
            L7Status => "L7STS",
            Analysis => "HANA",
            ProcessOk => "PROCOK",
            ProcessError => "PROCERR",
            ProcessTimeout => "PROCTOUT",
        }
    }

    /// The sentence in health logs.
    pub fn description(self) -> &'static str {
        use CheckStatus::*;
        match self {
            Unknown => "Unknown",
            Init => "Initializing",
            SocketError => "Socket error",
            L4Ok => "Layer4 check passed",
            L4Timeout => "Layer4 timeout",
            L4Connection => "Layer4 connection problem",
            L6Ok => "Layer6 check passed",
            L6Timeout => "Layer6 timeout",
            L6Response => "Layer6 invalid response",
            L7Ok => "Layer7 check passed",
            L7OkConditionally => "Layer7 check conditionally passed",
            L7Timeout => "Layer7 timeout",
            L7Response => "Layer7 invalid response",
            L7Status => "Layer7 wrong status",
            Analysis => "Health analyze",
            ProcessOk => "External check passed",
            ProcessError => "External check error",
            ProcessTimeout => "External check timeout",
        }
    }
}
