//! The body of a request: all of it at once, and trailers behind it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::HeaderMap;

/// What is still to be sent.
pub(super) struct Sent {
    data: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Sent {
    pub(super) fn new(data: Bytes, trailers: HeaderMap) -> Sent {
        Sent {
            data: Some(data).filter(|data| !data.is_empty()),
            trailers: Some(trailers).filter(|trailers| !trailers.is_empty()),
        }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match self.data.take() {
            Some(data) => Some(Frame::data(data)),
            None => self.trailers.take().map(Frame::trailers),
        };
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.trailers.is_none()
    }

    /// With trailers it goes in chunks: nobody is told of a length.
    fn size_hint(&self) -> SizeHint {
        match &self.trailers {
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(self.data.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}
