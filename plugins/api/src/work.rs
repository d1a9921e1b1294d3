//! Work of a hook that cannot end at once: the road polls it, and lends it the exchange and the client each time.

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::{Answer, Exchange, Message};

/// Work that goes on while the exchange waits: an action that asks somebody else, a service that speaks with the client.
///
/// Nothing of the exchange is kept between two polls. The road drops the work when the client leaves or a time-out of
/// the exchange ends; dropping it must leave nothing behind.
pub trait Work {
    /// Goes on as far as it can. The waker of `cx` is to be woken when another poll makes sense.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<Answer>;
}

/// The client's side of an exchange (or of a session of the runtime API), as a hook may use it.
///
/// An action may read on ([`Client::poll_more`]) and look at what came in [`Exchange::payload`]. A service that was
/// asked to answer reads the body piece by piece and writes the response.
pub trait Client {
    /// Waits for more of what the client sends and adds it to [`Exchange::payload`]; false at the end, or when the
    /// buffer is full.
    fn poll_more(&mut self, cx: &mut Context<'_>, exchange: &mut Exchange) -> Poll<io::Result<bool>>;

    /// Takes bytes of the request body (in TCP mode: of the session), at most `most`; none at the end. What waits in
    /// [`Exchange::payload`] comes first.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        most: usize,
    ) -> Poll<io::Result<Option<Bytes>>>;

    /// Begins a response: its status and fields, the body of the message unused. Without a `Content-Length` the body is
    /// chunked, or ends with the connection for HTTP/1.0. An error when one was begun before, or in TCP mode.
    fn begin(&mut self, exchange: &mut Exchange, head: Message) -> io::Result<()>;

    /// Takes bytes for the client, some at least, and says how many; pending while earlier ones wait for it.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>>;

    /// Pending until all that was taken is on its way.
    fn poll_flush(&mut self, cx: &mut Context<'_>, exchange: &mut Exchange) -> Poll<io::Result<()>>;
}

/// A client that is not there: for work on a response, in a health check, or under test.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoClient;

impl Client for NoClient {
    fn poll_more(&mut self, _: &mut Context<'_>, _: &mut Exchange) -> Poll<io::Result<bool>> {
        Poll::Ready(Ok(false))
    }

    fn poll_read(
        &mut self,
        _: &mut Context<'_>,
        _: &mut Exchange,
        _: usize,
    ) -> Poll<io::Result<Option<Bytes>>> {
        Poll::Ready(Ok(None))
    }

    fn begin(&mut self, _: &mut Exchange, _: Message) -> io::Result<()> {
        Err(nobody())
    }

    fn poll_write(&mut self, _: &mut Context<'_>, _: &mut Exchange, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(nobody()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>, _: &mut Exchange) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn nobody() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "there is no client to answer here")
}
