//! The hook `Service`: produces whole responses.

use bytes::Bytes;

use crate::{Exchange, LocalFuture, Message};

/// Answers requests in the place of a server: the statistics page, metrics, a script's own pages.
pub trait Service {
    /// The answer, or none: the request goes on as if the service were not there.
    fn serve(&self, exchange: &mut Exchange) -> Option<Served>;
}

/// A response: its head (with `body` of the message unused when a stream follows) and its body.
#[derive(Debug)]
pub struct Served {
    /// Status and header fields.
    pub head: Message,
    /// The body.
    pub body: Body,
}

/// The body of a produced response.
pub enum Body {
    /// All at once, with `Content-Length`.
    Whole(Bytes),
    /// Piece by piece, chunked; the next piece is asked for when the client has room.
    Stream(Box<dyn Chunks>),
}

/// Gives a body piece by piece.
pub trait Chunks {
    /// The next piece; none at the end.
    fn next(&mut self) -> LocalFuture<'_, Option<Bytes>>;
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Body::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Body::Stream(_) => f.write_str("Stream"),
        }
    }
}
