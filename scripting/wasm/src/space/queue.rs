//! Shared queues: messages from any thread, for the place of a plugin that has registered the queue last.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};

use super::{Full, held};
use crate::bell::Bell;

/// A queue.
#[derive(Default)]
pub(crate) struct Queue(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    messages: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Messages that nobody was told of yet.
    due: u64,
    /// Who has registered it; the last that is still there is told.
    ears: Vec<Weak<Bell>>,
}

/// Messages of one queue, at most.
const MOST: usize = 100_000;

/// Bytes of all messages of one queue, at most.
const MOST_BYTES: usize = 16 << 20;

impl Queue {
    /// From now on this place is told of messages, and of those that nobody was told of.
    pub(crate) fn listen(&self, token: u32, bell: &Arc<Bell>) {
        let mut inside = held(&self.0);
        let others = |ear: &Weak<Bell>| ear.strong_count() > 0 && !is(ear, bell);
        inside.ears.retain(others);
        inside.ears.push(Arc::downgrade(bell));
        if inside.due > 0 {
            bell.ring(token);
        }
    }

    /// Adds a message.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub(crate) fn push(&self, token: u32, message: Vec<u8>) -> Result<(), Full> {
        let mut inside = held(&self.0);
        if inside.messages.len() >= MOST || inside.bytes + message.len() > MOST_BYTES {
            return Err(Full);
        }
        inside.bytes += message.len();
        inside.messages.push_back(message);
        inside.due += 1;
        if let Some(ear) = inside.ear() {
            ear.ring(token);
        }
        Ok(())
    }

    /// Takes the oldest message.
    pub(crate) fn pop(&self) -> Option<Vec<u8>> {
        let mut inside = held(&self.0);
        let message = inside.messages.pop_front()?;
        inside.bytes -= message.len();
        Some(message)
    }

    /// True when there is a message that this place is to be told of now: once for each, as Envoy does. False when another
    /// place has the queue.
    pub(crate) fn take_due(&self, token: u32, bell: &Arc<Bell>) -> bool {
        let mut inside = held(&self.0);
        if inside.due == 0 || !inside.ear().is_some_and(|ear| Arc::ptr_eq(&ear, bell)) {
            return false;
        }
        inside.due -= 1;
        if inside.due > 0 {
            bell.ring(token);
        }
        true
    }
}

impl Inside {
    /// Who is told: a place whose configuration was never used, or is no longer, is gone.
    fn ear(&self) -> Option<Arc<Bell>> {
        self.ears.iter().rev().find_map(Weak::upgrade)
    }
}

fn is(ear: &Weak<Bell>, bell: &Arc<Bell>) -> bool {
    std::ptr::eq(ear.as_ptr(), Arc::as_ptr(bell))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_registers_last_is_told_once_of_each_message() {
        let (queue, first, second) = (Queue::default(), Arc::<Bell>::default(), Arc::<Bell>::default());
        queue.push(5, b"a".to_vec()).expect("there is room");
        queue.listen(5, &first);
        assert_eq!(first.take(), Some(5), "it was there before");
        queue.push(5, b"b".to_vec()).expect("there is room");
        assert!(queue.take_due(5, &first));
        queue.listen(5, &second);
        assert!(!queue.take_due(5, &first), "it is no longer told");
        assert_eq!(second.take(), Some(5));
        assert!(queue.take_due(5, &second) && !queue.take_due(5, &second));
        assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(b"a".to_vec()), Some(b"b".to_vec()), None));
    }

    #[test]
    fn when_the_last_to_register_is_gone_the_one_before_is_told() {
        let (queue, first, second) = (Queue::default(), Arc::<Bell>::default(), Arc::<Bell>::default());
        queue.listen(5, &first);
        queue.listen(5, &second);
        queue.push(5, b"a".to_vec()).expect("there is room");
        drop(second);
        queue.push(5, b"b".to_vec()).expect("there is room");
        assert_eq!(first.take(), Some(5));
        assert!(
            queue.take_due(5, &first) && queue.take_due(5, &first),
            "that which the other missed as well"
        );
    }

    #[test]
    fn messages_and_their_bytes_are_bounded() {
        let queue = Queue::default();
        assert_eq!(queue.push(1, vec![0; MOST_BYTES + 1]), Err(Full));
        assert_eq!(queue.push(1, vec![0; MOST_BYTES]), Ok(()));
        assert_eq!(queue.push(1, vec![0]), Err(Full));
        queue.pop();
        (0..MOST).for_each(|_| queue.push(1, Vec::new()).expect("there is room"));
        assert_eq!(queue.push(1, Vec::new()), Err(Full));
    }
}
