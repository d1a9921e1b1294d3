//! Frontends that are opened and closed by hand (`disable frontend`, `enable frontend`, `shutdown frontend`).

use std::fmt;
use std::rc::Rc;

use portero_api::{Door, ProxyState};

use super::{Daemon, binds, open_binds};
use crate::config::checked::Checked;

/// Why a frontend cannot be opened or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoorError {
    /// There is none of that name.
    Unknown,
    /// It is so already.
    Already(Door),
    /// It was shut down, and that is for good.
    Stopped,
    /// A socket or a worker refused.
    Failed(String),
}

impl fmt::Display for DoorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DoorError::Unknown => "No such frontend.",
            DoorError::Already(Door::Open) => "All sockets are already enabled.",
            DoorError::Already(Door::Paused) => "All sockets are already disabled.",
            DoorError::Already(Door::Stopped) => "Frontend was already shut down.",
            DoorError::Stopped => "Frontend was previously shut down, cannot enable.",
            DoorError::Failed(why) => why,
        })
    }
}

impl DoorError {
    /// Whether a frontend can be opened or closed.
    pub fn check(frontend: &ProxyState, door: Door) -> Result<(), DoorError> {
        match frontend.door() {
            _ if !frontend.kind.has_front() => Err(DoorError::Unknown),
            now if now == door => Err(DoorError::Already(now)),
            Door::Stopped => Err(DoorError::Stopped),
            _ => Ok(()),
        }
    }
}

impl Daemon {
    /// Opens or closes a frontend. While it is closed its TCP sockets refuse connections; sockets of other kinds, which
    /// cannot be made to, let clients wait.
    pub async fn set_door(self: &Rc<Self>, frontend: &str, door: Door) -> Result<(), DoorError> {
        let _turn = self.turn().await;
        let checked = self.checked();
        let conf = checked.proxies.iter().find(|p| *p.name == *frontend && p.kind.has_front());
        let state = self.shared.directory.proxy(frontend, false);
        let (Some(_), Some(state)) = (conf, state) else { return Err(DoorError::Unknown) };
        let before = state.door();
        DoorError::check(&state, door)?;
        state.set_door(door);
        let done = self.deploy(&checked).await;
        if done.is_err() {
            state.set_door(before);
        }
        self.keep_out();
        done.map_err(DoorError::Failed)
    }

    /// Lets the sockets of open frontends listen, before a worker is to accept from them.
    pub(super) fn let_in(&self, checked: &Checked) -> Result<(), String> {
        let mut sockets = self.sockets.borrow_mut();
        let done = open_binds(&self.shared, checked).try_for_each(|bind| sockets.set_listening(bind, true));
        done.map_err(|e| format!("cannot listen: {e}"))
    }

    /// Lets the sockets of all other frontends refuse connections, when no worker accepts from them any more: else clients
    /// would wait there for nobody.
    pub(super) fn keep_out(&self) {
        let checked = self.checked();
        let open: Vec<_> = open_binds(&self.shared, &checked).map(|bind| &bind.address).collect();
        let mut sockets = self.sockets.borrow_mut();
        for bind in binds(&checked).filter(|bind| !open.contains(&&bind.address)) {
            if let Err(error) = sockets.set_listening(bind, false) {
                tracing::warn!(%error, "a socket of a closed frontend listens on");
            }
        }
    }
}
