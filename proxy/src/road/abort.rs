//! `option abortonclose`: a client that leaves while a place, a connection or a response is waited for takes its request
//! with it.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use portero_api::clock;

use super::{Client, Fail, Fault, Road, filters, from_now, phase};
use crate::config::checked::Mode;
use crate::net::{Buffer, Deadline, Stream};

/// Looks after a client that has nothing more to say.
pub struct Watch<'a> {
    stream: &'a Stream,
    buffer: &'a mut Buffer,
    on: bool,
}

impl<'a> Watch<'a> {
    /// A watch over the client of an exchange; it sleeps unless the option is on and the request is whole.
    pub fn new(stream: &'a Stream, buffer: &'a mut Buffer, on: bool) -> Watch<'a> {
        Watch { stream, buffer, on }
    }

    /// Ready when the client has left. What it sends before that (pipelined requests) is kept: whoever sends more is
    /// still there.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.on || !self.buffer.is_empty() || self.buffer.room().is_empty() {
            return Poll::Pending;
        }
        match self.stream.poll_read(cx, self.buffer.room()) {
            Poll::Ready(Ok(0) | Err(_)) => Poll::Ready(()),
            Poll::Ready(Ok(n)) => {
                self.buffer.fill(n);
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Whether the client of an exchange is to be watched.
pub fn is_watched(road: &Road<'_>) -> bool {
    let whole = filters::has_whole_request(road);
    road.be.conf.options.abortonclose && road.be.conf.mode == Mode::Http && whole
}

/// The end of an exchange whose client has left.
pub fn left(at: u8) -> Fail {
    Fail::silent(b'C', at, Fault::ClientAbort)
}

/// Lets some time pass before the next try.
pub async fn pause(road: &mut Road<'_>, time: Duration) -> Result<(), Fail> {
    let on = is_watched(road);
    let Client { stream, buffer, .. } = &mut *road.client;
    let mut watch = Watch::new(stream, buffer, on);
    let mut deadline = Deadline::default();
    let until = from_now(Some(time));
    let passed = poll_fn(|cx| match watch.poll(cx) {
        Poll::Ready(()) => Poll::Ready(Err(left(phase::CONNECT))),
        Poll::Pending => deadline.poll(until, cx).map(Ok),
    });
    passed.await?;
    road.now = clock::now();
    Ok(())
}
