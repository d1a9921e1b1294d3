//! Checks that speak one protocol: connect, then a dialogue.

use std::future::Future;

use portero_api::{CheckStatus, Dial, Health, LocalFuture, ServerState, Target, Verdict};

use super::peer::Peer;

/// A dialogue with a server.
pub(super) trait Speak {
    /// What to note when the server does not answer in time.
    const TIMEOUT: CheckStatus = CheckStatus::L7Timeout;

    /// Speaks to a server that was connected to. A verdict is a verdict, whether it is the result or the error: the
    /// error only ends the dialogue early.
    fn speak(&self, peer: &mut Peer) -> impl Future<Output = Result<Verdict, Verdict>>;
}

/// A check that is a dialogue.
pub(super) struct Spoken<T>(pub(super) T);

impl<T: Speak> Health for Spoken<T> {
    fn probe<'a>(
        &'a self,
        _: &'a ServerState,
        target: &'a Target,
        dial: &'a dyn Dial,
    ) -> LocalFuture<'a, Verdict> {
        Box::pin(async move {
            let mut peer = match Peer::connect(dial, target).await {
                Ok(peer) => peer,
                Err(verdict) => return verdict,
            };
            self.0.speak(&mut peer).await.unwrap_or_else(|verdict| verdict)
        })
    }

    fn timeout_status(&self) -> CheckStatus {
        T::TIMEOUT
    }
}

/// The application is well, and this is what it says of itself.
pub(super) fn well(reason: impl Into<String>) -> Verdict {
    Verdict::new(CheckStatus::L7Ok, reason).code(0)
}

/// The application says that it is not well.
pub(super) fn ill(code: u16, reason: impl Into<String>) -> Verdict {
    Verdict::new(CheckStatus::L7Status, reason).code(code)
}

/// What came is not of this protocol.
pub(super) fn babble(reason: impl Into<String>) -> Verdict {
    Verdict::new(CheckStatus::L7Response, reason)
}
