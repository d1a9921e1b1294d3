//! The manager's loop: signals, reloads, the end.

use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::daemon::Daemon;

/// Obeys signals until one ends the process.
pub async fn run(mut daemon: Daemon, master: bool, _master_socket: Option<&str>) -> ExitCode {
    let stream = |kind| signal(kind).expect("the manager's event loop runs, and these signals can be caught");
    let mut interrupt = stream(SignalKind::interrupt());
    let mut terminate = stream(SignalKind::terminate());
    let mut finish = stream(SignalKind::user_defined1());
    let mut reload = stream(SignalKind::user_defined2());
    let mut hangup = stream(SignalKind::hangup());
    loop {
        tokio::select! {
            _ = interrupt.recv() => return ended_by(&daemon, if master { 130 } else { 0 }).await,
            _ = terminate.recv() => return ended_by(&daemon, if master { 143 } else { 0 }).await,
            _ = finish.recv() => {
                tracing::info!("finishing: no new connections, those under way go on");
                daemon.soft_stop().await;
                return ExitCode::SUCCESS;
            }
            _ = reload.recv() => match daemon.reload().await {
                Ok(()) => tracing::info!("the new configuration is in use"),
                Err(why) => tracing::error!("the old configuration stays in use\n{why}"),
            },
            _ = hangup.recv() => report(&daemon),
        }
    }
}

/// Gives log lines a moment to leave, then ends.
async fn ended_by(_daemon: &Daemon, code: u8) -> ExitCode {
    tokio::time::sleep(Duration::from_millis(10)).await;
    ExitCode::from(code)
}

/// SIGHUP: the state of all servers, as diagnostics.
fn report(daemon: &Daemon) {
    for proxy in daemon.shared.directory.all() {
        for server in proxy.servers().iter() {
            let (oper, sessions) = (server.oper(), server.current());
            tracing::info!("server {}/{}: {oper:?}, {sessions} sessions", proxy.name, server.name);
        }
    }
}

