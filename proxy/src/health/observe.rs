//! What traffic tells of a server (HAProxy manual, server option `observe`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

use portero_api::{Common, ServerState};
use tokio::sync::Notify;

use crate::config::checked::Observe;

/// Counts the errors in a row that sessions had with a server. Workers write it, the server's check waits for it.
#[derive(Debug, Default)]
pub struct Observer {
    errors: AtomicU32,
    last: AtomicU8,
    alarm: Notify,
}

/// What a session saw of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Seen {
    Connected,
    ConnectFailed,
    GoodResponse,
    BadStatus,
    InvalidResponse,
    ReadError,
    ReadTimeout,
    Closed,
}

impl Seen {
    /// A response by its status: 100 to 499, 501 and 505 are good ones.
    pub fn response(status: u16) -> Seen {
        if matches!(status, 100..=499 | 501 | 505) { Seen::GoodResponse } else { Seen::BadStatus }
    }

    fn words(number: u8) -> &'static str {
        const WORDS: [&str; 8] = [
            "L4 successful connection",
            "L4 unsuccessful connection",
            "Correct http response",
            "Wrong http response",
            "Invalid http response",
            "Read error (http)",
            "Read timeout (http)",
            "Close from server (http)",
        ];
        WORDS.get(usize::from(number)).copied().unwrap_or("unknown")
    }
}

impl Observer {
    /// The observer of a server, the same one for all threads.
    pub fn of(server: &ServerState, common: &Common) -> Arc<Observer> {
        common.get(&format!("observe/{}/{}", server.backend, server.name))
    }

    /// Notes what a session saw. Cheap while all is well.
    pub fn note(&self, observe: &Observe, seen: Seen) {
        match seen {
            // a connection says nothing of the responses that layer 7 looks at
            Seen::Connected if observe.layer7 => {}
            // most requests end here: reading alone leaves the cache line with all workers
            Seen::Connected | Seen::GoodResponse if self.errors.load(Relaxed) == 0 => {}
            Seen::Connected | Seen::GoodResponse => self.errors.store(0, Relaxed),
            Seen::ConnectFailed => self.fail(observe, seen),
            _ if observe.layer7 => self.fail(observe, seen),
            _ => {}
        }
    }

    fn fail(&self, observe: &Observe, seen: Seen) {
        self.last.store(seen as u8, Relaxed);
        if self.errors.fetch_add(1, Relaxed) + 1 == observe.limit {
            self.alarm.notify_one();
        }
    }

    /// Waits for as many errors in a row as the limit says, tells about them and starts counting anew.
    pub(super) async fn alarm(&self) -> String {
        self.alarm.notified().await;
        let (errors, last) = (self.errors.swap(0, Relaxed), Seen::words(self.last.load(Relaxed)));
        format!("Detected {errors} consecutive errors, last one was: {last}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::checked::OnError;

    fn observe(layer7: bool) -> Observe {
        Observe { layer7, limit: 2, on_error: OnError::FailCheck }
    }

    async fn alarm(observer: &Observer) -> Option<String> {
        tokio::select! {
            biased;
            text = observer.alarm() => Some(text),
            () = std::future::ready(()) => None,
        }
    }

    #[tokio::test]
    async fn errors_in_a_row_raise_the_alarm() {
        let observer = Observer::default();
        observer.note(&observe(true), Seen::response(503));
        observer.note(&observe(true), Seen::response(200));
        observer.note(&observe(true), Seen::response(503));
        assert_eq!(alarm(&observer).await, None);
        observer.note(&observe(true), Seen::Closed);
        let text = alarm(&observer).await.unwrap();
        assert_eq!(text, "Detected 2 consecutive errors, last one was: Close from server (http)");
        assert_eq!(alarm(&observer).await, None);
    }

    #[tokio::test]
    async fn layer_4_looks_at_connections_only() {
        let observer = Observer::default();
        (0..9).for_each(|_| observer.note(&observe(false), Seen::BadStatus));
        assert_eq!(alarm(&observer).await, None);
        (0..2).for_each(|_| observer.note(&observe(false), Seen::ConnectFailed));
        assert!(alarm(&observer).await.is_some());
    }
}
