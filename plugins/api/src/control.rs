//! `Control`: what an operator can do to the running process, for plugins (HAProxy's management manual, section 9.3).

use std::sync::Arc;

use crate::{Admin, Door, Oper, ProxyState, Sample, ServerState};

/// Changes the running process and shows it. Methods are named after the commands of the runtime API; errors are the
/// sentences that it answers.
///
/// Callable from any thread. Weights, addresses, limits and states count at once. What follows from a state (lines in
/// logs, servers that track this one, sessions that end) is the manager's, and comes shortly after; so are frontends.
pub trait Control: Send + Sync {
    /// `set server ... weight`: a number from 0 to 256, or a percentage of the configured weight (`50%`).
    ///
    /// # Errors
    ///
    /// It is neither.
    fn set_weight(&self, server: &Arc<ServerState>, weight: &str) -> Result<(), String>;

    /// `set maxconn server`: 0 means no limit. Requests that wait are let go on where there is more room.
    ///
    /// # Errors
    ///
    /// It is no number.
    fn set_maxconn(&self, server: &Arc<ServerState>, max: &str) -> Result<(), String>;

    /// `set server ... addr`: an IP address, and a port unless it stays. What was changed, in words.
    ///
    /// # Errors
    ///
    /// Address or port cannot be read, or the server has no IP address.
    fn set_addr(&self, server: &Arc<ServerState>, addr: &str, port: Option<&str>) -> Result<String, String>;

    /// `set server ... state`: ready, drain, maint.
    ///
    /// # Errors
    ///
    /// There is no such server any more.
    fn set_state(&self, server: &Arc<ServerState>, state: Admin) -> Result<(), String>;

    /// `set server ... health`: up, stopping, down. Checks go on from there.
    ///
    /// # Errors
    ///
    /// The server tracks another one, or is there no more.
    fn set_health(&self, server: &Arc<ServerState>, health: Oper) -> Result<(), String>;

    /// `enable health`: lets checks that were paused go on.
    ///
    /// # Errors
    ///
    /// The server has no check.
    fn enable_health(&self, server: &Arc<ServerState>) -> Result<(), String>;

    /// `disable health`: pauses checks; the state stays as it is.
    ///
    /// # Errors
    ///
    /// There is no such server any more.
    fn disable_health(&self, server: &Arc<ServerState>) -> Result<(), String>;

    /// `shutdown sessions server`: ends what is under way to a server.
    fn shutdown_sessions(&self, server: &Arc<ServerState>);

    /// `enable frontend`, `disable frontend`, `shutdown frontend`. What goes wrong behind it is logged.
    ///
    /// # Errors
    ///
    /// The proxy has no frontend side, is so already, or was shut down for good.
    fn set_frontend(&self, proxy: &Arc<ProxyState>, door: Door) -> Result<(), String>;

    /// `show info`: the facts of the process that are known, under HAProxy's names.
    fn show_info(&self) -> Vec<(&'static str, Sample<'static>)>;

    /// The row of a proxy in `show stat`, of its side towards servers or towards clients; columns without a value are
    /// left out.
    fn show_stat(&self, proxy: &Arc<ProxyState>, back: bool) -> Vec<(&'static str, Sample<'static>)>;

    /// The row of a server in `show stat`.
    fn show_server_stat(&self, server: &Arc<ServerState>) -> Vec<(&'static str, Sample<'static>)>;

    /// The names of a proxy's sockets: those of `name` on bind lines, else `sock-1` and so on.
    fn listeners(&self, proxy: &ProxyState) -> Vec<String>;

    /// The server that this one takes its state from (`track`).
    fn tracked(&self, server: &ServerState) -> Option<Arc<ServerState>>;

    /// The servers that take their state from this one.
    fn trackers(&self, server: &ServerState) -> Vec<Arc<ServerState>>;
}

/// Where no process runs: a configuration is checked, or rules are tested. Nothing can be changed, nothing is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoControl;

fn nothing<T>() -> Result<T, String> {
    Err("No process is running that could be changed.".to_owned())
}

impl Control for NoControl {
    fn set_weight(&self, _: &Arc<ServerState>, _: &str) -> Result<(), String> {
        nothing()
    }

    fn set_maxconn(&self, _: &Arc<ServerState>, _: &str) -> Result<(), String> {
        nothing()
    }

    fn set_addr(&self, _: &Arc<ServerState>, _: &str, _: Option<&str>) -> Result<String, String> {
        nothing()
    }

    fn set_state(&self, _: &Arc<ServerState>, _: Admin) -> Result<(), String> {
        nothing()
    }

    fn set_health(&self, _: &Arc<ServerState>, _: Oper) -> Result<(), String> {
        nothing()
    }

    fn enable_health(&self, _: &Arc<ServerState>) -> Result<(), String> {
        nothing()
    }

    fn disable_health(&self, _: &Arc<ServerState>) -> Result<(), String> {
        nothing()
    }

    fn shutdown_sessions(&self, _: &Arc<ServerState>) {}

    fn set_frontend(&self, _: &Arc<ProxyState>, _: Door) -> Result<(), String> {
        nothing()
    }

    fn show_info(&self) -> Vec<(&'static str, Sample<'static>)> {
        Vec::new()
    }

    fn show_stat(&self, _: &Arc<ProxyState>, _: bool) -> Vec<(&'static str, Sample<'static>)> {
        Vec::new()
    }

    fn show_server_stat(&self, _: &Arc<ServerState>) -> Vec<(&'static str, Sample<'static>)> {
        Vec::new()
    }

    fn listeners(&self, _: &ProxyState) -> Vec<String> {
        Vec::new()
    }

    fn tracked(&self, _: &ServerState) -> Option<Arc<ServerState>> {
        None
    }

    fn trackers(&self, _: &ServerState) -> Vec<Arc<ServerState>> {
        Vec::new()
    }
}
