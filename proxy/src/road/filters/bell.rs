//! A waker that remembers that it was woken, so that a filter is polled when it asked for that and not when anything
//! else of the exchange has moved.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

/// What a filter is polled with: rung, it wakes the task of the exchange.
#[derive(Debug)]
pub struct Rope {
    bell: Arc<Bell>,
    waker: Waker,
    /// Whom the bell wakes, to be compared without a lock.
    task: Waker,
}

#[derive(Debug)]
struct Bell {
    rung: AtomicBool,
    task: Mutex<Waker>,
}

impl Rope {
    /// One that wakes this task.
    pub fn new(task: &Waker) -> Rope {
        let bell = Arc::new(Bell { rung: AtomicBool::new(false), task: Mutex::new(task.clone()) });
        Rope { waker: Waker::from(bell.clone()), bell, task: task.clone() }
    }

    /// The waker for a filter.
    pub fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Says who is to be woken from now on.
    #[inline]
    pub fn set(&mut self, task: &Waker) {
        if !self.task.will_wake(task) {
            self.task.clone_from(task);
            self.bell.task.lock().unwrap_or_else(|e| e.into_inner()).clone_from(task);
        }
    }

    /// Whether it is rung and was not heard yet.
    pub fn is_rung(&self) -> bool {
        self.bell.rung.load(Ordering::Acquire)
    }

    /// Whether it was rung since the last time.
    pub fn take(&self) -> bool {
        // the swap, which is dear, only where there is something to take
        self.is_rung() && self.bell.rung.swap(false, Ordering::AcqRel)
    }

    /// Whether nobody but its owner can ring it any more, and nobody has.
    pub fn is_free(&self) -> bool {
        // the owner's two: the bell and the waker
        Arc::strong_count(&self.bell) == 2 && !self.is_rung()
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
