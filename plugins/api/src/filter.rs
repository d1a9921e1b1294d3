//! The hook `Filter`: sees a message pass, head and body, and may change, hold or end it.

use std::task::{Context, Poll};

use crate::{Close, Exchange, Reply};

/// A filter of a proxy, in the order of the configuration. One instance per worker and use.
pub trait Filter {
    /// A new exchange (in TCP mode: a session) has begun: who looks at it, or none.
    fn attach(&self, exchange: &mut Exchange) -> Option<Box<dyn Filtering>>;
}

/// A filter at work on one exchange.
///
/// Every moment comes once; a body has a moment for each piece that arrives. While a moment is pending the road polls it
/// again when its waker is woken, and when more of the message has come. Dropped at the end of the exchange.
pub trait Filtering {
    /// Whether it looks at bodies of that direction, asked behind the head. A body nobody looks at is not held up.
    fn wants_body(&self, direction: Direction) -> bool;

    /// The message has got so far. `bytes` is empty for heads and trailers.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        moment: Moment,
        exchange: &mut Exchange,
        bytes: &mut Held,
    ) -> Poll<Pass>;

    /// The exchange is over: logged next, or broken off.
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

/// What of a message is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Its head, behind the rules of the frontend for a request, before the rules for a response. True: there is no body.
    Head(Direction, bool),
    /// A piece of its body (in TCP mode: of the session).
    Body(Direction),
    /// The end of its body, with the trailers that came.
    Trailers(Direction),
}

/// Bytes of a body that have not passed yet.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The bytes; they may be changed at will.
    pub data: Vec<u8>,
    /// How many of them, from the first, pass now; more than there are means all.
    pub pass: usize,
    /// True when nothing follows.
    pub ended: bool,
}

/// How the message goes on.
#[derive(Debug)]
pub enum Pass {
    /// To the next filter, as far as `Held::pass` lets it.
    Continue,
    /// Not at all: this is the reply. Behind the head of a response that has begun, the connection ends instead.
    Reply(Reply),
    /// Not at all: the connection ends.
    Close(Close),
    /// Not at all: the filter failed, which is answered with 500.
    Fail,
}
