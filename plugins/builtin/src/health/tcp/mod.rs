//! `check` alone: a connection that is made is a server that is up.

use portero_api::{CheckStatus, Dial, Health, LocalFuture, Plugin, ServerState, Target, Verdict};

use super::peer::Peer;

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("tcp", "up when a connection can be made").health(|_| Ok(Tcp))
}

/// Connects and no more.
pub struct Tcp;

impl Health for Tcp {
    fn probe<'a>(
        &'a self,
        _: &'a ServerState,
        target: &'a Target,
        dial: &'a dyn Dial,
    ) -> LocalFuture<'a, Verdict> {
        Box::pin(async move {
            match Peer::connect(dial, target).await {
                Ok(_) => Verdict::new(CheckStatus::L4Ok, ""),
                Err(verdict) => verdict,
            }
        })
    }

    fn timeout_status(&self) -> CheckStatus {
        CheckStatus::L4Timeout
    }
}

#[cfg(test)]
mod tests;
