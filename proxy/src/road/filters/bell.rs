//! A waker that remembers that it was woken, so that a filter is polled when it asked for that and not when anything
//! else of the exchange has moved.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

/// Rung by the filter that waits, it wakes the task of the exchange.
#[derive(Debug)]
pub struct Bell {
    rung: AtomicBool,
    task: Mutex<Waker>,
}

impl Bell {
    /// A bell that wakes this task.
    pub fn new(task: &Waker) -> Arc<Bell> {
        Arc::new(Bell { rung: AtomicBool::new(false), task: Mutex::new(task.clone()) })
    }

    /// Says who is to be woken from now on.
    pub fn set(&self, task: &Waker) {
        self.task.lock().unwrap_or_else(|e| e.into_inner()).clone_from(task);
    }

    /// Whether it is rung and was not heard yet.
    pub fn is_rung(&self) -> bool {
        self.rung.load(Ordering::Acquire)
    }

    /// Whether it was rung since the last time.
    pub fn take(&self) -> bool {
        self.rung.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.task.lock().unwrap_or_else(|e| e.into_inner()).wake_by_ref();
    }
}
