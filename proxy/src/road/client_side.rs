//! The client as work of a plugin sees it: what it sends, and a response that is written piece by piece.
//!
//! A [`Talk`] is what is known of the conversation between two polls; [`Talk::side`] lends the client for one poll. What
//! the work writes is held here up to a bound, and the road sends it on whenever the work waits.

use std::io;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use portero_api::{Client as Side, Exchange, Framing, Message, Timeout, clock};

use super::{Client, Road, payload, replies};
use crate::http1;

/// A conversation with the client.
#[derive(Debug)]
pub struct Talk {
    stage: Stage,
    /// How long the client may keep the work waiting.
    time: Option<Duration>,
    /// Since when it does.
    waiting: Option<Instant>,
    /// Bytes that are held at the most: of what the client sent, and of what is to go to it.
    limit: usize,
    /// The client waits for a word before it sends its body.
    pub expects_continue: bool,
    /// The client asked for the head alone.
    head_only: bool,
    trouble: Option<Trouble>,
}

/// What may be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing: rules look at a request that goes on to a server.
    Rules,
    /// A service has not answered yet.
    Silent,
    /// It has begun a response; the rules have not seen the head.
    Begun,
    /// Its body follows.
    Body(Sending),
    /// Bytes as they are, both ways (TCP mode).
    Raw,
}

/// The body of a response under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sending {
    /// How much of it is to come, where that was said.
    left: Option<u64>,
    chunked: bool,
    /// Nobody is to see it: the request was HEAD, or the status has no body.
    dropped: bool,
}

/// What went wrong with the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It left.
    Left,
    /// It was too slow.
    Late,
    /// What it sends is no body.
    Malformed,
}

/// The client, lent for one poll.
pub struct ClientSide<'a> {
    talk: &'a mut Talk,
    client: &'a mut Client,
}

impl Talk {
    /// For rules of a request. In TCP mode they may speak with the client.
    pub fn of_rules(road: &Road<'_>, http: bool) -> Talk {
        Talk::new(road, if http { Stage::Rules } else { Stage::Raw })
    }

    /// For a service that is to answer.
    pub fn of_service(road: &Road<'_>, http: bool) -> Talk {
        Talk::new(road, if http { Stage::Silent } else { Stage::Raw })
    }

    fn new(road: &Road<'_>, stage: Stage) -> Talk {
        Talk {
            stage,
            time: road.time(Timeout::Client),
            waiting: None,
            limit: payload::limit(road),
            expects_continue: road.head.expects_continue,
            head_only: road.head_only,
            trouble: None,
        }
    }

    /// Lends the client for a poll.
    pub fn side<'a>(&'a mut self, client: &'a mut Client) -> ClientSide<'a> {
        ClientSide { talk: self, client }
    }

    /// True when a response was begun that the rules have not seen.
    pub fn has_begun(&self) -> bool {
        self.stage == Stage::Begun
    }

    /// True when nothing was answered.
    pub fn is_silent(&self) -> bool {
        self.stage == Stage::Silent
    }

    /// The head is written: its body may follow in this framing.
    pub fn open(&mut self, framing: Framing) {
        let left = if let Framing::Length(left) = framing { Some(left) } else { None };
        let dropped = self.head_only || framing == Framing::None;
        self.stage = Stage::Body(Sending { left, chunked: framing == Framing::Chunked, dropped });
    }

    /// Ends the body, and says whether it is whole.
    pub fn close(&mut self, client: &mut Client, ex: &mut Exchange) -> bool {
        let Stage::Body(sending) = self.stage else { return true };
        if sending.chunked && !sending.dropped {
            let out = client.lead.head();
            let before = out.len();
            http1::last_chunk(None, out);
            ex.log.bytes_out += (out.len() - before) as u64;
        }
        sending.dropped || sending.left.is_none_or(|left| left == 0)
    }

    /// True when nothing but the end of the connection tells where the body ends.
    pub fn is_open_ended(&self) -> bool {
        matches!(self.stage, Stage::Body(Sending { left: None, chunked: false, dropped: false }))
    }

    /// What went wrong with the client, if anything did.
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }
}

impl ClientSide<'_> {
    /// Sends on what was written so far. An error is noted as trouble.
    pub fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.client.lead.is_empty() {
            return Poll::Ready(Ok(()));
        }
        match self.client.lead.poll(cx, &self.client.stream) {
            Poll::Ready(Ok(())) => {
                self.talk.waiting = None;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.trouble(Trouble::Left, error))),
            Poll::Pending => self.poll_late(cx),
        }
    }

    /// Waits for the client no longer than its time.
    fn poll_late<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let since = *self.talk.waiting.get_or_insert_with(clock::now);
        ready!(self.client.deadline.poll(self.talk.time.map(|time| since + time), cx));
        Poll::Ready(Err(self.trouble(Trouble::Late, io::ErrorKind::TimedOut.into())))
    }

    fn trouble(&mut self, trouble: Trouble, error: io::Error) -> io::Error {
        self.talk.trouble.get_or_insert(trouble);
        error
    }

    /// Reads into the client's buffer; 0 at the end of the stream.
    fn poll_fill(&mut self, cx: &mut Context<'_>, ex: &mut Exchange) -> Poll<io::Result<usize>> {
        ready!(self.poll_continue(cx, ex))?;
        let Client { stream, buffer, .. } = &mut *self.client;
        match stream.poll_read(cx, buffer.room()) {
            Poll::Ready(Ok(n)) => {
                buffer.fill(n);
                self.talk.waiting = None;
                if self.talk.stage != Stage::Raw {
                    ex.log.bytes_in += n as u64;
                }
                Poll::Ready(Ok(n))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.trouble(Trouble::Left, error))),
            Poll::Pending => self.poll_late(cx),
        }
    }

    /// Tells a client that waits for it to send its body (RFC 9110, 10.1.1).
    fn poll_continue(&mut self, cx: &mut Context<'_>, ex: &mut Exchange) -> Poll<io::Result<()>> {
        if !matches!(self.talk.stage, Stage::Rules | Stage::Silent) {
            return Poll::Ready(Ok(()));
        }
        if std::mem::take(&mut self.talk.expects_continue) {
            payload::promise(self.client, ex);
        }
        self.poll_out(cx)
    }

    /// Takes in what has arrived of the body.
    fn take_arrived(&mut self, ex: &mut Exchange) -> io::Result<()> {
        let taken = payload::take_arrived(self.client, ex, self.talk.limit);
        taken.map_err(|_| self.trouble(Trouble::Malformed, io::ErrorKind::InvalidData.into()))
    }

    fn poll_read_body(
        &mut self,
        cx: &mut Context<'_>,
        ex: &mut Exchange,
        most: usize,
    ) -> Poll<io::Result<Option<Bytes>>> {
        loop {
            self.take_arrived(ex)?;
            if !ex.payload.data.is_empty() {
                return Poll::Ready(Ok(Some(take_front(&mut ex.payload.data, most))));
            }
            if ex.payload.complete {
                return Poll::Ready(Ok(None));
            }
            if ready!(self.poll_fill(cx, ex))? == 0 {
                let error = io::ErrorKind::UnexpectedEof.into();
                return Poll::Ready(Err(self.trouble(Trouble::Left, error)));
            }
        }
    }

    fn poll_read_raw(
        &mut self,
        cx: &mut Context<'_>,
        ex: &mut Exchange,
        most: usize,
    ) -> Poll<io::Result<Option<Bytes>>> {
        if self.client.buffer.is_empty() && ready!(self.poll_fill(cx, ex))? == 0 {
            return Poll::Ready(Ok(None));
        }
        let buffer = &mut self.client.buffer;
        let piece = &buffer.filled()[..buffer.len().min(most)];
        let bytes = Bytes::copy_from_slice(piece);
        buffer.consume(bytes.len());
        ex.log.bytes_in += bytes.len() as u64;
        payload::show(buffer, ex);
        Poll::Ready(Ok(Some(bytes)))
    }

    fn poll_more_raw(&mut self, cx: &mut Context<'_>, ex: &mut Exchange) -> Poll<io::Result<bool>> {
        if self.client.buffer.is_full() {
            return Poll::Ready(Ok(false));
        }
        let more = ready!(self.poll_fill(cx, ex))? > 0;
        payload::show(&self.client.buffer, ex);
        ex.payload.complete |= !more;
        Poll::Ready(Ok(more))
    }

    /// Frames as much of a piece as fits, and says how much that was.
    fn put(&mut self, ex: &mut Exchange, bytes: &[u8]) -> io::Result<usize> {
        let mut n = bytes.len().min(self.talk.limit);
        let mut chunked = false;
        if let Stage::Body(sending) = &mut self.talk.stage {
            if let Some(left) = &mut sending.left {
                n = n.min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= n as u64;
            }
            if n == 0 {
                let why = "more than Content-Length said";
                return Err(io::Error::new(io::ErrorKind::WriteZero, why));
            }
            if sending.dropped {
                return Ok(n);
            }
            chunked = sending.chunked;
        }
        let out = self.client.lead.head();
        let before = out.len();
        match chunked {
            true => http1::chunk(&bytes[..n], out),
            false => out.extend_from_slice(&bytes[..n]),
        }
        ex.log.bytes_out += (out.len() - before) as u64;
        Ok(n)
    }
}

impl Side for ClientSide<'_> {
    fn poll_more(&mut self, cx: &mut Context<'_>, exchange: &mut Exchange) -> Poll<io::Result<bool>> {
        if self.talk.stage == Stage::Raw {
            return self.poll_more_raw(cx, exchange);
        }
        let before = exchange.payload.data.len();
        loop {
            self.take_arrived(exchange)?;
            let now = exchange.payload.data.len();
            if now > before {
                return Poll::Ready(Ok(true));
            }
            if exchange.payload.complete || now >= self.talk.limit {
                return Poll::Ready(Ok(false));
            }
            if ready!(self.poll_fill(cx, exchange))? == 0 {
                let error = io::ErrorKind::UnexpectedEof.into();
                return Poll::Ready(Err(self.trouble(Trouble::Left, error)));
            }
        }
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        most: usize,
    ) -> Poll<io::Result<Option<Bytes>>> {
        let most = most.max(1);
        match self.talk.stage {
            Stage::Rules => Poll::Ready(Err(refused("the body goes on to a server: rules only look at it"))),
            Stage::Raw => self.poll_read_raw(cx, exchange, most),
            Stage::Silent | Stage::Begun | Stage::Body(_) => self.poll_read_body(cx, exchange, most),
        }
    }

    fn begin(&mut self, exchange: &mut Exchange, head: Message) -> io::Result<()> {
        match self.talk.stage {
            Stage::Silent => {}
            Stage::Rules | Stage::Raw => return Err(refused("there is no response to begin here")),
            Stage::Begun | Stage::Body(_) => return Err(refused("the response was begun before")),
        }
        let framing = framing(&head)?;
        replies::put(exchange, &head, framing);
        self.talk.stage = Stage::Begun;
        Ok(())
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.talk.stage {
            Stage::Rules | Stage::Silent => return Poll::Ready(Err(refused("no response was begun"))),
            // the road polls again once the rules have seen the head
            Stage::Begun => return Poll::Pending,
            Stage::Body(_) | Stage::Raw => {}
        }
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if self.client.lead.before().len() >= self.talk.limit {
            ready!(self.poll_out(cx))?;
        }
        Poll::Ready(self.put(exchange, bytes))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>, _: &mut Exchange) -> Poll<io::Result<()>> {
        match self.talk.stage {
            Stage::Begun => Poll::Pending,
            Stage::Rules | Stage::Silent | Stage::Body(_) | Stage::Raw => self.poll_out(cx),
        }
    }
}

/// How the body behind a head ends.
fn framing(head: &Message) -> io::Result<Framing> {
    let bad = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    match head.status {
        200..=203 | 205..=303 | 305..=599 => {}
        204 | 304 => return Ok(Framing::None),
        _ => return bad("no status of a final response"),
    }
    let lengths = head.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"content-length"));
    let mut framing = Framing::Chunked;
    for (_, value) in lengths {
        let digits = std::str::from_utf8(value).ok().filter(|v| v.bytes().all(|b| b.is_ascii_digit()));
        let Some(length) = digits.and_then(|digits| digits.parse().ok()).map(Framing::Length) else {
            return bad("Content-Length is no number");
        };
        if framing != Framing::Chunked && framing != length {
            return bad("Content-Length is there twice");
        }
        framing = length;
    }
    Ok(framing)
}

/// The first bytes, at most so many.
fn take_front(data: &mut Vec<u8>, most: usize) -> Bytes {
    match data.len() <= most {
        true => std::mem::take(data).into(),
        false => data.drain(..most).collect::<Vec<_>>().into(),
    }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, why)
}
