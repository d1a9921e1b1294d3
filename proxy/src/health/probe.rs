//! One check: the plugin's probe, with the time it may take and the words for what the system says.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use portero_api::{CheckStatus, Dial, Health, LocalFuture, ServerState, Target, Verdict, Wire};
use tokio::time::{Instant, sleep_until};

use super::timing::Timing;
use super::words::Finding;
use crate::config::checked::ProxyHeader;

/// For connects whose end the check itself watches.
const NO_LIMIT: Duration = Duration::from_secs(86_400);

/// `PROXY` headers of a connection that the proxy makes for itself (PROXY protocol, sections 2.1 and 2.2).
const PROXY_V1: &[u8] = b"PROXY UNKNOWN\r\n";
const PROXY_V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/// Checks a server once.
pub(super) async fn check(
    probe: &dyn Health,
    server: &ServerState,
    target: Target,
    dial: &dyn Dial,
    limits: Limits,
) -> (Finding, Option<u32>) {
    let start = Instant::now();
    let target = Target { timeout: NO_LIMIT, ..target };
    let watched = WatchedDial { dial, header: limits.header, phase: Cell::new(Phase::Connecting(start)) };
    let mut running = probe.probe(server, &target, &watched);
    let ended = loop {
        let deadline = limits.timing.deadline(start, watched.phase.get());
        tokio::select! {
            biased;
            verdict = &mut running => break Ok(verdict),
            // unless the connection was made meanwhile: then the time for the answer has begun
            () = sleep_until(deadline) => {
                if limits.timing.deadline(start, watched.phase.get()) <= Instant::now() {
                    break Err(watched.phase.get());
                }
            }
        }
    };
    drop(running);
    let verdict = ended.unwrap_or_else(|phase| phase.timed_out(probe, server));
    let millis = Some(start.elapsed().as_millis() as u64);
    (Finding { status: verdict.status, code: verdict.code, info: verdict.reason, millis }, verdict.weight)
}

/// What bounds a check.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) timing: Timing,
    /// Sent in front of all else (`check-send-proxy`).
    pub(super) header: Option<ProxyHeader>,
}

/// How far a check has come, and when it came there.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Connecting(Instant),
    Connected(Instant),
}

impl Phase {
    fn timed_out(self, probe: &dyn Health, server: &ServerState) -> Verdict {
        let mut verdict = probe.timed_out(server);
        if let Phase::Connecting(_) = self {
            verdict.status = CheckStatus::L4Timeout;
        }
        verdict
    }
}

impl Timing {
    fn deadline(&self, start: Instant, phase: Phase) -> Instant {
        match (self.answer, phase) {
            (None, _) => start + self.connect,
            (Some(_), Phase::Connecting(since)) => since + self.connect,
            (Some(answer), Phase::Connected(since)) => since + answer,
        }
    }
}

/// Notes how far the check has come.
struct WatchedDial<'a> {
    dial: &'a dyn Dial,
    header: Option<ProxyHeader>,
    phase: Cell<Phase>,
}

impl Dial for WatchedDial<'_> {
    fn connect<'a>(&'a self, target: &'a Target) -> LocalFuture<'a, io::Result<Box<dyn Wire>>> {
        Box::pin(async {
            self.phase.set(Phase::Connecting(Instant::now()));
            let mut wire = self.dial.connect(target).await.map_err(in_words)?;
            self.phase.set(Phase::Connected(Instant::now()));
            match self.header {
                Some(ProxyHeader::V1) => wire.write_all(PROXY_V1).await?,
                Some(ProxyHeader::V2) => wire.write_all(PROXY_V2).await?,
                None => {}
            }
            Ok(wire)
        })
    }
}

/// The error as HAProxy's logs and statistics put it.
fn in_words(error: io::Error) -> io::Error {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let words = match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("ECONNREFUSED returned by OS ({text})"),
        io::ErrorKind::ConnectionReset => format!("ECONNRESET returned by OS ({text})"),
        _ if error.raw_os_error().is_some() => format!("General socket error ({text})"),
        _ => return error,
    };
    io::Error::new(error.kind(), words)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FakeDial, FakeProbe, check_config, server};
    use super::*;
    use crate::config::checked::{Check, Timeouts};

    const SECOND: Duration = Duration::from_secs(1);

    async fn run(probe: &FakeProbe, dial: &FakeDial, timeouts: Timeouts) -> Finding {
        let check_config = Check { inter: 2 * SECOND, ..check_config() };
        let timing = Timing::new(&check_config, &timeouts, 0);
        let server = server("be", "s1");
        let target = Target { address: server.address(), timeout: SECOND };
        check(probe, &server, target, dial, Limits { timing, header: None }).await.0
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_does_not_come_is_a_timeout_of_layer_4() {
        let dial = FakeDial { connects_after: 60 * SECOND, refuses: false };
        let found = run(&FakeProbe::answering_after(SECOND), &dial, Timeouts::default()).await;
        assert_eq!((found.status, found.millis), (CheckStatus::L4Timeout, Some(2000)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_come_is_a_timeout_of_layer_7() {
        let dial = FakeDial { connects_after: SECOND, refuses: false };
        let found = run(&FakeProbe::answering_after(60 * SECOND), &dial, Timeouts::default()).await;
        assert_eq!((found.status, found.millis), (CheckStatus::L7Timeout, Some(2000)));
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_check_begins_with_the_connection() {
        let timeouts = Timeouts { check: Some(5 * SECOND), connect: Some(9 * SECOND), ..Timeouts::default() };
        let dial = FakeDial { connects_after: SECOND, refuses: false };
        let slow = run(&FakeProbe::answering_after(60 * SECOND), &dial, timeouts).await;
        assert_eq!((slow.status, slow.millis), (CheckStatus::L7Timeout, Some(6000)));
        let good = run(&FakeProbe::answering_after(4 * SECOND), &dial, timeouts).await;
        assert_eq!((good.status, good.millis), (CheckStatus::L7Ok, Some(5000)));
        let dial = FakeDial { connects_after: 60 * SECOND, refuses: false };
        let dead = run(&FakeProbe::answering_after(SECOND), &dial, timeouts).await;
        assert_eq!((dead.status, dead.millis), (CheckStatus::L4Timeout, Some(2000)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_connection_is_told_in_haproxys_words() {
        let dial = FakeDial { connects_after: Duration::ZERO, refuses: true };
        let found = run(&FakeProbe::answering_after(SECOND), &dial, Timeouts::default()).await;
        assert_eq!(found.info, "ECONNREFUSED returned by OS (Connection refused)");
    }
}
