//! Fakes for the tests of this folder.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use portero_api::{
    Address, CheckStatus, Dial, Health, Kind, LocalFuture, ProxyState, ServerState, Target, Verdict, Wire,
};

use crate::config::checked::Check;

/// Connects after a while, or refuses then.
pub(super) struct FakeDial {
    pub(super) connects_after: Duration,
    pub(super) refuses: bool,
}

impl Dial for FakeDial {
    fn connect<'a>(&'a self, _: &'a Target) -> LocalFuture<'a, io::Result<Box<dyn Wire>>> {
        Box::pin(async {
            tokio::time::sleep(self.connects_after).await;
            match self.refuses {
                true => Err(io::Error::from_raw_os_error(111)),
                false => Ok(Box::new(FakeWire) as Box<dyn Wire>),
            }
        })
    }
}

struct FakeWire;

impl Wire for FakeWire {
    fn read<'a>(&'a mut self, _: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(std::future::ready(Ok(0)))
    }

    fn write_all<'a>(&'a mut self, _: &'a [u8]) -> LocalFuture<'a, io::Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Gives one verdict after the other, the last one again and again.
pub(super) struct FakeProbe {
    after: Duration,
    verdicts: RefCell<VecDeque<CheckStatus>>,
}

impl FakeProbe {
    pub(super) fn answering_after(after: Duration) -> FakeProbe {
        FakeProbe { after, ..FakeProbe::answering([CheckStatus::L7Ok]) }
    }

    pub(super) fn answering(verdicts: impl IntoIterator<Item = CheckStatus>) -> FakeProbe {
        FakeProbe { after: Duration::ZERO, verdicts: RefCell::new(verdicts.into_iter().collect()) }
    }
}

impl Health for FakeProbe {
    fn probe<'a>(
        &'a self,
        _: &'a ServerState,
        target: &'a Target,
        dial: &'a dyn Dial,
    ) -> LocalFuture<'a, Verdict> {
        Box::pin(async {
            if let Err(error) = dial.connect(target).await {
                return Verdict::new(CheckStatus::L4Connection, error.to_string());
            }
            tokio::time::sleep(self.after).await;
            let mut verdicts = self.verdicts.borrow_mut();
            let status = verdicts.pop_front().unwrap_or_default();
            if verdicts.is_empty() {
                verdicts.push_back(status);
            }
            Verdict::new(status, "")
        })
    }
}

pub(super) fn server(backend: &str, name: &str) -> Arc<ServerState> {
    let backend = ProxyState::new(backend, 1, Kind::Backend, true);
    Arc::new(ServerState::new(&backend, name, 1, Address::Ip(([127, 0, 0, 1], 1).into())))
}

pub(super) fn check_config() -> Check {
    Check {
        inter: Duration::from_secs(2),
        fastinter: None,
        downinter: None,
        rise: 2,
        fall: 3,
        port: None,
        addr: None,
        send_proxy: false,
        observe: None,
        probe: None,
    }
}
