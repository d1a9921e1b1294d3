//! What modules with one `vm_id` share, on all threads: data and queues.
//!
//! A space is there as long as a module with its `vm_id` is, as in Envoy. A reload loads the new modules while the old ones
//! are still there, so that nothing is lost by it.

mod data;
mod queue;
#[cfg(test)]
mod tests;

pub(crate) use data::{Data, Unset};
pub(crate) use queue::Queue;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

/// All spaces by `vm_id`.
#[derive(Default)]
pub(crate) struct Spaces {
    spaces: Mutex<HashMap<String, Weak<Space>>>,
    queues: RwLock<Queues>,
}

/// What modules with one `vm_id` share.
#[derive(Default)]
pub(crate) struct Space {
    pub(crate) data: Data,
    /// By name, with their tokens.
    queues: Mutex<HashMap<Vec<u8>, (u32, Arc<Queue>)>>,
}

/// The queues of all spaces by token.
#[derive(Default)]
struct Queues {
    by_token: HashMap<u32, Weak<Queue>>,
    last: u32,
}

/// There is no room for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Queues of one space, at most.
const MOST_QUEUES: usize = 1_000;

impl Spaces {
    /// The space of a `vm_id`; made when nobody has it.
    pub(crate) fn of(&self, vm_id: &str) -> Arc<Space> {
        let mut spaces = held(&self.spaces);
        if let Some(space) = spaces.get(vm_id).and_then(Weak::upgrade) {
            return space;
        }
        spaces.retain(|_, space| space.strong_count() > 0);
        let space = Arc::<Space>::default();
        spaces.insert(vm_id.to_owned(), Arc::downgrade(&space));
        space
    }

    /// The token of a queue of that space, which is made when there is none.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub(crate) fn register(&self, space: &Space, name: &[u8]) -> Result<(u32, Arc<Queue>), Full> {
        let mut named = held(&space.queues);
        if let Some(known) = named.get(name) {
            return Ok(known.clone());
        }
        if named.len() >= MOST_QUEUES {
            return Err(Full);
        }
        let queue = Arc::<Queue>::default();
        let mut all = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        all.by_token.retain(|_, queue| queue.strong_count() > 0);
        let token = all.new_token();
        all.by_token.insert(token, Arc::downgrade(&queue));
        named.insert(name.to_vec(), (token, queue.clone()));
        Ok((token, queue))
    }

    /// The token of a queue by `vm_id` and name.
    pub(crate) fn resolve(&self, vm_id: &str, name: &[u8]) -> Option<u32> {
        let space = held(&self.spaces).get(vm_id).and_then(Weak::upgrade)?;
        let queues = held(&space.queues);
        queues.get(name).map(|(token, _)| *token)
    }

    /// A queue by its token.
    pub(crate) fn queue(&self, token: u32) -> Option<Arc<Queue>> {
        let all = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        all.by_token.get(&token).and_then(Weak::upgrade)
    }
}

impl Queues {
    /// A token that no queue has; never 0.
    fn new_token(&mut self) -> u32 {
        loop {
            self.last = self.last.wrapping_add(1);
            if self.last != 0 && !self.by_token.contains_key(&self.last) {
                return self.last;
            }
        }
    }
}

/// Who panicked with a lock left what it holds whole: each change is one step.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
