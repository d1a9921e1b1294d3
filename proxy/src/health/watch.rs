//! The task that checks one server, for as long as its configuration does not change.

use std::rc::Rc;
use std::time::Duration;

use portero_api::{Address, Admin, CheckStatus, Dial, Health, ServerState, Target};
use tokio::time::{Instant, sleep_until};

use super::member::Member;
use super::observe::Observer;
use super::probe::{self, Limits};
use super::timing::random;
use super::words::Finding;
use crate::config::checked::{Check, OnError};

/// What a check does, and when.
pub(super) struct Watch {
    pub(super) limits: Limits,
    pub(super) probe: Box<dyn Health>,
    pub(super) check: Check,
}

/// Checks a server for ever, the first time after a delay.
pub(super) async fn watch(member: Rc<Member>, watch: Watch, dial: Rc<dyn Dial>, first: Duration) {
    let observer = Observer::of(&member.server, &member.common);
    let mut next = Instant::now() + first;
    loop {
        let soon = || Instant::now() + watch.limits.timing.fast();
        tokio::select! {
            () = sleep_until(next) => {
                watch.round(&member, &*dial).await;
                next = Instant::now() + watch.limits.timing.interval(&member.vitals.get(), random());
            }
            info = observer.alarm() => {
                member.observed(&analysis(info), watch.on_error());
                next = next.min(soon());
            }
            () = member.hurry.notified() => next = next.min(soon()),
        }
    }
}

impl Watch {
    /// One check, unless the server is in maintenance or its checks are paused.
    async fn round(&self, member: &Member, dial: &dyn Dial) {
        let server = &*member.server;
        if server.admin() == Admin::Maint || !member.checking.get() {
            return;
        }
        server.check.lock().unwrap_or_else(|e| e.into_inner()).running = true;
        let target = Target { address: self.address(server), timeout: Duration::ZERO };
        let (finding, weight) = probe::check(&*self.probe, server, target, dial, self.limits).await;
        // what was found before maintenance began says nothing of the server after it
        if server.admin() == Admin::Maint {
            server.check.lock().unwrap_or_else(|e| e.into_inner()).running = false;
            return;
        }
        if let Some(percent) = weight {
            server.set_weight((server.initial_weight() * percent).div_ceil(100).min(256));
        }
        member.conclude(&finding);
    }

    /// Where the check goes: `addr` and `port` of the check in front of the server's own.
    fn address(&self, server: &ServerState) -> Address {
        let own = server.address();
        let mut address = match &self.check.addr {
            Some(Address::Ip(addr)) if addr.port() == 0 => match own {
                Address::Ip(own) => Address::Ip((addr.ip(), own.port()).into()),
                _ => Address::Ip(*addr),
            },
            Some(other) => other.clone(),
            None => own,
        };
        if let (Address::Ip(addr), Some(port)) = (&mut address, self.check.port) {
            addr.set_port(port);
        }
        address
    }

    fn on_error(&self) -> OnError {
        self.check.observe.map(|o| o.on_error).unwrap_or_default()
    }
}

fn analysis(info: String) -> Finding {
    Finding { status: CheckStatus::Analysis, code: None, info, millis: None }
}
