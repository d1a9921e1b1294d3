//! The hook `Service`: produces whole responses.

use bytes::Bytes;

use crate::{Exchange, LocalFuture, Message, Work};

/// Answers requests in the place of a server: the statistics page, metrics, a script's own pages.
pub trait Service {
    /// The answer to this request.
    fn serve(&self, exchange: &mut Exchange) -> Serve;
}

/// How a service answers.
pub enum Serve {
    /// Not at all: the request goes on as if the service were not there.
    Pass,
    /// With a response that is ready.
    Reply(Served),
    /// It speaks with the client itself. The answer of the work says only how it ended: [`Answer::Fail`] for what the log
    /// is to call an internal error, [`Answer::Close`] to break the connection off.
    ///
    /// [`Answer::Fail`]: crate::Answer::Fail
    /// [`Answer::Close`]: crate::Answer::Close
    Talk(Box<dyn Work>),
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

impl Serve {
    /// The response, where it is ready.
    pub fn reply(self) -> Option<Served> {
        match self {
            Serve::Reply(served) => Some(served),
            Serve::Pass | Serve::Talk(_) => None,
        }
    }
}

impl std::fmt::Debug for Serve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Serve::Pass => f.write_str("Pass"),
            Serve::Reply(served) => write!(f, "Reply({served:?})"),
            Serve::Talk(_) => f.write_str("Talk"),
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Body::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Body::Stream(_) => f.write_str("Stream"),
        }
    }
}
