//! Events: what happens to servers, lists and the process, for those who want to know (HAProxy's Lua manual,
//! "core.event_sub").

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use crate::{CheckStatus, ServerState};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// When.
    pub date: SystemTime,
}

/// What happened, with what is known of it.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// A server was added at run time.
    ServerAdded(Arc<ServerState>),
    /// A server was deleted at run time.
    ServerDeleted(Arc<ServerState>),
    /// A server came up.
    ServerUp(Arc<ServerState>),
    /// A server went down.
    ServerDown(Arc<ServerState>),
    /// A server's operational state changed: before and after, as HAProxy names them (`RUNNING`, `STOPPED`, ...).
    ServerState(Arc<ServerState>, StateChange),
    /// Its administrative state changed.
    ServerAdmin(Arc<ServerState>, AdminChange),
    /// A check of it ended.
    ServerCheck(Arc<ServerState>, CheckEnded),
    /// A list changed.
    List(Arc<str>, ListChange),
    /// A new configuration is in use.
    Reloaded,
    /// The process is about to stop.
    Stopping,
}

/// How the operational state of a server changed.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct StateChange {
    pub before: &'static str,
    pub after: &'static str,
    /// Why, in a word: `health`, `agent`, `cli`, ...
    pub cause: String,
    /// Requests that went from its queue to others.
    pub requeued: u32,
    /// True when a check was the cause.
    pub by_check: bool,
    /// True when a change of the administrative state was the cause.
    pub by_admin: bool,
}

/// How the administrative state of a server changed.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct AdminChange {
    pub before: u32,
    pub after: u32,
    pub cause: String,
    pub requeued: u32,
}

/// The end of a check.
#[derive(Clone, Debug)]
pub struct CheckEnded {
    /// Whether the server passed.
    pub passed: bool,
    /// With what.
    pub status: CheckStatus,
    /// Milliseconds that it took.
    pub duration: u64,
    /// The code that the server gave.
    pub code: Option<u16>,
    /// Its health: checks passed in a row, how many make it up, how many make it down.
    pub health: (u32, u32, u32),
}

/// How a list changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ListChange {
    Added,
    Deleted,
    Set,
    Committed,
    Cleared,
}

/// Hands events to those who subscribed. Without one an event costs an atomic.
#[derive(Default)]
pub struct Events {
    all: Mutex<Vec<Weak<Mutex<Inbox>>>>,
    some: std::sync::atomic::AtomicBool,
}

/// A place where events arrive, in order.
pub struct Subscription(Arc<Mutex<Inbox>>);

#[derive(Default)]
struct Inbox {
    events: VecDeque<Event>,
    waker: Option<Waker>,
}

/// Events that wait for a subscriber who does not come; older ones are dropped.
const WAITING: usize = 10_000;

impl Events {
    /// Subscribes to everything from now on, until the subscription is dropped.
    pub fn subscribe(&self) -> Subscription {
        let inbox = Arc::<Mutex<Inbox>>::default();
        lock(&self.all).push(Arc::downgrade(&inbox));
        self.some.store(true, std::sync::atomic::Ordering::Release);
        Subscription(inbox)
    }

    /// True when somebody wants to know: whoever publishes may spare itself the work.
    pub fn wanted(&self) -> bool {
        self.some.load(std::sync::atomic::Ordering::Acquire)
    }

    /// Tells all subscribers.
    pub fn publish(&self, kind: EventKind) {
        if !self.wanted() {
            return;
        }
        let event = Event { kind, date: crate::clock::date() };
        let mut wakers = Vec::new();
        let mut all = lock(&self.all);
        all.retain(|inbox| inbox.strong_count() > 0);
        self.some.store(!all.is_empty(), std::sync::atomic::Ordering::Release);
        for inbox in all.iter().filter_map(Weak::upgrade) {
            let mut inbox = lock(&inbox);
            if inbox.events.len() == WAITING {
                inbox.events.pop_front();
            }
            inbox.events.push_back(event.clone());
            wakers.extend(inbox.waker.take());
        }
        drop(all);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Subscription {
    /// The next event.
    pub fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Event> {
        let mut inbox = lock(&self.0);
        match inbox.events.pop_front() {
            Some(event) => Poll::Ready(event),
            None => {
                inbox.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscribers_see_what_happens_after_them_in_order() {
        let events = Events::default();
        events.publish(EventKind::Reloaded);
        let subscription = events.subscribe();
        events.publish(EventKind::Stopping);
        events.publish(EventKind::Reloaded);
        let mut cx = Context::from_waker(Waker::noop());
        let mut kinds = Vec::new();
        while let Poll::Ready(event) = subscription.poll_next(&mut cx) {
            kinds.push(format!("{:?}", event.kind));
        }
        assert_eq!(kinds, ["Stopping", "Reloaded"]);
    }

    #[test]
    fn nobody_wants_to_know_once_the_last_one_left() {
        let events = Events::default();
        drop(events.subscribe());
        events.publish(EventKind::Stopping);
        assert!(!events.wanted());
    }
}
