//! The manager's loop: signals, reloads, the end.

use std::process::ExitCode;
use std::rc::Rc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_local;

use crate::daemon::Daemon;

/// The signals that are obeyed. Caught before anybody can know of the process: one that comes while it starts waits
/// for its turn instead of killing it.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    finish: Signal,
    again: Signal,
    hangup: Signal,
}

impl Signals {
    /// Catches them; called on the manager's event loop.
    pub fn catch() -> Signals {
        let on = |kind| signal(kind).expect("the manager's event loop runs, and these signals can be caught");
        Signals {
            interrupt: on(SignalKind::interrupt()),
            terminate: on(SignalKind::terminate()),
            finish: on(SignalKind::user_defined1()),
            again: on(SignalKind::user_defined2()),
            hangup: on(SignalKind::hangup()),
        }
    }
}

/// Obeys signals until one ends the process. `master`: a stop is told by the exit status, as HAProxy's master does.
pub async fn run(daemon: Rc<Daemon>, master: bool, signals: Signals) -> ExitCode {
    let Signals { mut interrupt, mut terminate, mut finish, again, hangup } = signals;
    let code = tokio::select! {
        _ = interrupt.recv() => if master { 130 } else { 0 },
        _ = terminate.recv() => if master { 143 } else { 0 },
        () = soft_stop(&daemon, &mut finish) => 0,
        () = listen(&daemon, again, hangup) => 0,
    };
    daemon.last_words().await;
    ExitCode::from(code)
}

/// SIGUSR1: lets nobody in any more, and waits for those inside.
async fn soft_stop(daemon: &Daemon, finish: &mut Signal) {
    finish.recv().await;
    tracing::info!("finishing: no new connections, those under way go on");
    daemon.soft_stop().await;
}

/// SIGUSR2 and SIGHUP, for ever.
async fn listen(daemon: &Rc<Daemon>, mut again: Signal, mut hangup: Signal) {
    loop {
        tokio::select! {
            // a task of its own: what a stop interrupts must not be left half done
            _ = again.recv() => drop(spawn_local(reload(daemon.clone()))),
            _ = hangup.recv() => report(daemon),
        }
    }
}

/// Reads the configuration again, and says how that went.
pub async fn reload(daemon: Rc<Daemon>) {
    match daemon.reload().await {
        Ok(notes) if notes.is_empty() => tracing::info!("the new configuration is in use"),
        Ok(notes) => tracing::info!("the new configuration is in use\n{notes}"),
        Err(why) => tracing::error!("the old configuration stays in use\n{why}"),
    }
}

/// The state of all servers, as diagnostics.
fn report(daemon: &Daemon) {
    for proxy in daemon.shared.directory.all() {
        for server in proxy.servers().iter() {
            let (oper, admin, sessions) = (server.oper(), server.admin(), server.sessions.now());
            tracing::info!("server {}/{}: {oper:?}, {admin:?}, {sessions} sessions", proxy.name, server.name);
        }
    }
}
