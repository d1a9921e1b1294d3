//! The hook `Filter`: sees a message pass, head and body, and may change, hold or end it.

use std::task::{Context, Poll};

use crate::{Close, Exchange, Headers, Reply};

/// A filter of a proxy, in the order of the configuration. One instance per worker and use.
pub trait Filter {
    /// A new exchange (in TCP mode: a session) has begun, or has come to this proxy as its backend, and no rule of this
    /// proxy has seen it: who looks at it, or none.
    fn attach(&self, exchange: &mut Exchange) -> Option<Box<dyn Filtering>>;
}

/// A filter at work on one exchange.
///
/// For each direction, in this order: `begin`, the moment `Head`, the question for its interest, and where it has one
/// the moments `Body` up to the end of the body and one moment `End`. A message without a body has one empty `Body`.
/// In TCP mode, and when an exchange has become a tunnel, there is the question and then `Tunnel` for each piece, up to
/// the end of that direction.
///
/// A moment is polled again only when the waker of `cx` was woken or more of the message has come, never once a filter
/// has ended the exchange.
pub trait Filtering {
    /// A direction begins: the request before any rule of the filter's proxy, the response before the rules for
    /// responses.
    fn begin(&mut self, _direction: Direction, _exchange: &mut Exchange) {}

    /// What it wants of the body (or of the tunnel) of that direction, asked behind the head. A body that nobody wants
    /// is not held up.
    fn interest(&self, direction: Direction) -> Interest;

    /// The message has got so far. `held` is empty but for bodies, and for the trailers at the end.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        moment: Moment,
        exchange: &mut Exchange,
        held: &mut Held,
    ) -> Poll<Pass>;

    /// The exchange is over, whatever has become of it: it is logged next. Called once.
    fn end(&mut self, _exchange: &mut Exchange) {}
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From client to server.
    Request,
    /// From server to client.
    Response,
}

/// What a filter wants of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interest {
    /// Nothing.
    None,
    /// To look at it and hold it up, without changing it: the message keeps its length.
    Watch,
    /// To change it: the message goes without `Content-Length`, unless its whole body was there before its head went.
    Change,
}

/// What of a message is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Its head, behind all rules of frontend and backend, as it would be forwarded. True: there is no body.
    Head(Direction, bool),
    /// Its body, as far as it has come and was not let pass yet.
    Body(Direction),
    /// Its end, behind the last of the body, with the trailers that came.
    End(Direction),
    /// The same as `Body`, of a session in TCP mode or of a tunnel.
    Tunnel(Direction),
}

/// What of a body has not passed yet.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The bytes; who changes the body may do so at will.
    pub data: Vec<u8>,
    /// How many of them, from the first, pass now; more than there are means all. Set to that before each poll, so that
    /// a filter that does not care lets everything pass. 0 holds everything, the end as well; a filter that lets nothing
    /// pass of a full buffer (`tune.bufsize` less `tune.maxrewrite`) wants more than there can be, and the message is
    /// refused: 413 for a request, 502 for a response. While a moment is pending nothing passes, and the sender waits.
    pub pass: usize,
    /// True when no more bytes come: once at least for every body.
    pub ended: bool,
    /// The trailers, complete once `ended` is true.
    pub trailers: Headers,
}

/// How the message goes on.
#[derive(Debug)]
pub enum Pass {
    /// To the next filter: a body as far as `Held::pass` lets it.
    Continue,
    /// Of a head: it waits. The moments of the body follow, and the head goes to the next filter with the first piece
    /// (or the end) that this one lets pass; it may be changed up to then. Elsewhere the same as `Continue`.
    Hold,
    /// Not at all: this is the reply. Once the response has begun the connection ends instead.
    Reply(Reply),
    /// Not at all: the connection ends.
    Close(Close),
    /// Not at all: the filter failed, which is answered with 500.
    Fail,
}

impl Held {
    /// Bytes to look at.
    pub fn new(data: impl Into<Vec<u8>>) -> Held {
        Held { data: data.into(), pass: usize::MAX, ..Held::default() }
    }
}

impl Moment {
    /// Where the message goes.
    pub fn direction(self) -> Direction {
        match self {
            Moment::Head(direction, _)
            | Moment::Body(direction)
            | Moment::End(direction)
            | Moment::Tunnel(direction) => direction,
        }
    }
}
