//! What is written around the pieces of a body.
//!
//! Its memory is the thread's: a lead has some from the first byte that is put in to the last that is written, so that of many connections which
//! wait for a server none holds any, and the next to be answered is given what is still in the caches of the processor.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use super::Stream;
use super::buffer::halve;

/// Bytes that stand around the piece of a body that is written next: the head and chunk frames before it, the end of
/// the last chunk after it.
#[derive(Debug, Default)]
pub struct Lead {
    before: Vec<u8>,
    before_done: usize,
    after: Vec<u8>,
    after_done: usize,
    /// Nothing follows on the connection.
    last: bool,
}

thread_local! {
    /// Memory that no lead of this thread needs now.
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Memory that has grown beyond this stays with its lead.
const KEEP: usize = 64 * 1024;

impl Lead {
    /// The buffer that a head is written into.
    pub fn head(&mut self) -> &mut Vec<u8> {
        lend(&mut self.before);
        &mut self.before
    }

    /// The buffer for what follows the piece.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        lend(&mut self.after);
        &mut self.after
    }

    /// True when everything is written.
    pub fn is_empty(&self) -> bool {
        self.before().is_empty() && self.after().is_empty()
    }

    /// Says that the connection is closed at once behind the message.
    pub fn set_last(&mut self, last: bool) {
        self.last = last;
    }

    /// True when the connection is closed at once behind the message.
    pub fn is_last(&self) -> bool {
        self.last
    }

    /// Writes everything.
    pub fn poll(&mut self, cx: &mut Context<'_>, to: &Stream) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let n = ready!(to.poll_write(
                cx,
                &[IoSlice::new(if self.before().is_empty() { self.after() } else { self.before() })]
            ))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let rest = self.written_before(n);
            self.written_after(rest);
        }
        Poll::Ready(Ok(()))
    }

    /// What is still to be written of what stands before the piece.
    pub fn before(&self) -> &[u8] {
        &self.before[self.before_done..]
    }

    /// What is still to be written of what stands behind it.
    pub fn after(&self) -> &[u8] {
        &self.after[self.after_done..]
    }

    /// Takes `n` written bytes off what stands before, and gives back how many were more.
    pub fn written_before(&mut self, n: usize) -> usize {
        let mine = n.min(self.before.len() - self.before_done);
        self.before_done += mine;
        if self.before_done == self.before.len() {
            take_back(&mut self.before);
            self.before_done = 0;
        }
        n - mine
    }

    /// Takes `n` written bytes off what stands behind.
    pub fn written_after(&mut self, n: usize) {
        self.after_done += n;
        if self.after_done == self.after.len() {
            take_back(&mut self.after);
            self.after_done = 0;
        }
    }
}

/// Returns to the system a part of what no lead of this thread needs.
pub fn trim() {
    SPARE.with_borrow_mut(halve);
}

#[inline]
fn lend(memory: &mut Vec<u8>) {
    if memory.capacity() == 0
        && let Some(spare) = SPARE.with_borrow_mut(Vec::pop)
    {
        *memory = spare;
    }
}

fn take_back(memory: &mut Vec<u8>) {
    memory.clear();
    if (1..=KEEP).contains(&memory.capacity()) {
        SPARE.with_borrow_mut(|spare| spare.push(std::mem::take(memory)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_leaves_its_memory_to_the_next() {
        let (mut first, mut second) = (Lead::default(), Lead::default());
        first.head().extend_from_slice(b"head");
        let memory = first.before().as_ptr();
        assert_eq!(first.written_before(3), 0);
        second.tail().extend_from_slice(b"other");
        assert_ne!(second.after().as_ptr(), memory, "there is still something to be written");
        assert_eq!(first.written_before(3), 2);
        assert!(first.is_empty());
        second.head().extend_from_slice(b"next");
        assert_eq!((second.before(), second.before().as_ptr()), (&b"next"[..], memory));
    }

    #[test]
    fn much_memory_is_kept_for_nobody_else() {
        let (mut lead, mut other) = (Lead::default(), Lead::default());
        lead.head().resize(KEEP + 1, 0);
        lead.written_before(KEEP + 1);
        assert!(other.head().capacity() <= KEEP);
        assert!(lead.head().capacity() > KEEP, "it may write as much again");
    }
}
