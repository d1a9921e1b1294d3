//! The hook `Action`: what a rule does when its condition holds.

use std::time::Duration;

use bytes::Bytes;

use crate::{Exchange, Packets, Serve, Work};

/// Something a rule does.
pub trait Action {
    /// Acts on the exchange and says how evaluation goes on.
    fn run(&self, exchange: &mut Exchange) -> Answer;
}

/// How evaluation goes on after an action.
#[derive(Debug)]
pub enum Answer {
    /// With the next rule.
    Continue,
    /// No further rule of this set (`allow`, `accept`).
    Stop,
    /// Not at all: refuse with this reply, counted as denied.
    Deny(Reply),
    /// Not at all: the rule could not do its work, which is answered with 500 and counted as an internal error.
    Fail,
    /// Not at all: this is the reply (`return`, `redirect`, `auth`).
    Reply(Reply),
    /// Not at all: end the connection.
    Close(Close),
    /// With the same rule or the next, later.
    Wait(Wait),
    /// With the next rule, once the road has done this.
    Do(Deed),
    /// Not at all: a service answers (`use-service`). Rules behind it are passed over.
    Serve(Serve),
}

/// What only the road can do, for it has the sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Mark packets to the client (`set-fc-tos`, `set-fc-mark`).
    Mark(Packets),
    /// Wait for a PROXY protocol header before anything else is read (`expect-proxy`).
    ExpectProxy,
    /// Write a log line (`do-log`).
    Log,
    /// An interim response with this header field (`early-hint`): name and value.
    Hint(Box<[u8]>, Box<[u8]>),
}

/// How a connection ends without a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// Closed (`reject`).
    Reject,
    /// Left without a word to the peer (`silent-drop`): the reset that the system sends passes so many routers and no
    /// more.
    Silent(u8),
}

/// What a rule waits for. The road waits, evaluation itself never does.
pub enum Wait {
    /// More data of the payload that the rule set looks at; then the same rule again. Ends at the inspect delay.
    Data,
    /// The request or response body up to so many bytes (0: as much as the buffer holds), at most for so long;
    /// then the next rule. When the time runs out the request ends with 408 (504 on the response side).
    Body {
        /// Enough bytes; 0 for a full buffer or the end of the body.
        at_least: usize,
        /// The longest wait.
        time: Duration,
    },
    /// A pause, then the next rule.
    Pause(Duration),
    /// A pause, then this reply, counted as denied (`tarpit`). Zero stands for the proxy's `timeout tarpit`.
    Tarpit(Duration, Reply),
    /// Work of a plugin; its answer takes the place of this one.
    For(Box<dyn Work>),
}

impl std::fmt::Debug for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wait::Data => f.write_str("Data"),
            Wait::Body { at_least, time } => write!(f, "Body({at_least} bytes, {time:?})"),
            Wait::Pause(time) => write!(f, "Pause({time:?})"),
            Wait::Tarpit(time, reply) => write!(f, "Tarpit({time:?}, {reply:?})"),
            Wait::For(_) => f.write_str("For(..)"),
        }
    }
}

/// A reply that the proxy makes itself.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The error page that the proxy has for this status.
    Status(u16),
    /// The same page, with a header field in the place of those of that name (`auth`).
    StatusWith(u16, Box<(Box<[u8]>, Box<[u8]>)>),
    /// A whole message.
    Message(Box<Message>),
}

/// A whole reply: `Content-Length` is added when it is sent.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// The status code.
    pub status: u16,
    /// The reason phrase; the usual one of the status when absent.
    pub reason: Option<Box<str>>,
    /// Header fields without framing and connection control.
    pub headers: Vec<(Box<[u8]>, Box<[u8]>)>,
    /// The body.
    pub body: Bytes,
    /// True to end the connection behind it.
    pub close: bool,
}

impl Message {
    /// A reply without a body.
    pub fn new(status: u16) -> Self {
        Message { status, ..Message::default() }
    }

    /// Adds a header field.
    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Sets the body and its content type.
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut message = self.header("content-type", content_type);
        message.body = body.into();
        message
    }
}
