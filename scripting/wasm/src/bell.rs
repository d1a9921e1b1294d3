//! What wakes a plugin's own work on its thread: from the thread itself, and from others that have put something into a
//! queue.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};
use std::task::Waker;

/// Wakes the work of one place of a plugin.
#[derive(Debug, Default)]
pub(crate) struct Bell(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    waker: Option<Waker>,
    /// Queues in which something may have come.
    queues: BTreeSet<u32>,
}

impl Bell {
    /// Says who is to be woken.
    pub(crate) fn wait(&self, waker: &Waker) {
        self.inside().waker = Some(waker.clone());
    }

    /// Wakes who waits.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.inside().waker.clone() {
            waker.wake();
        }
    }

    /// Says that something has come into a queue.
    pub(crate) fn ring(&self, queue: u32) {
        self.inside().queues.insert(queue);
        self.wake();
    }

    /// A queue in which something may have come; each is named once.
    pub(crate) fn take(&self) -> Option<u32> {
        self.inside().queues.pop_first()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}
