//! What is written around the pieces of a body.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use super::Stream;

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

impl Lead {
    /// The buffer that a head is written into.
    pub fn head(&mut self) -> &mut Vec<u8> {
        &mut self.before
    }

    /// The buffer for what follows the piece.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.after
    }

    /// True when everything is written.
    pub fn is_empty(&self) -> bool {
        self.before().is_empty() && self.after().is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.before.clear();
        self.after.clear();
        (self.before_done, self.after_done, self.last) = (0, 0, false);
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
            self.before.clear();
            self.before_done = 0;
        }
        n - mine
    }

    /// Takes `n` written bytes off what stands behind.
    pub fn written_after(&mut self, n: usize) {
        self.after_done += n;
        if self.after_done == self.after.len() {
            self.after.clear();
            self.after_done = 0;
        }
    }
}
