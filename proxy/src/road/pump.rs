//! Moves a body from one side to the other, with back-pressure: one buffer, never more.

use std::io::IoSlice;
use std::task::{Context, Poll, ready};

use portero_api::{Direction, Framing, Headers};

use super::filters::Stop;
use super::throttle::Throttle;
use crate::http1::{self, BodyReader};
use crate::net::{Buffer, Lead, Stream};

/// A body under way.
#[derive(Debug)]
pub struct Pump {
    reader: BodyReader,
    /// Whether it is written chunked.
    chunked: bool,
    /// True once a chunk was begun: the next one is led by the line end of the one before.
    begun: bool,
    /// Bytes at the front of the buffer that are to be written as they are.
    ready: usize,
    /// Bytes behind them that were framing and are to be skipped.
    skip: usize,
    ended: bool,
    /// How fast it may be written.
    throttle: Option<Box<Throttle>>,
    held: bool,
    /// Bytes written so far, those of `lead` included.
    pub written: u64,
    /// Bytes read so far, framing included.
    pub read: u64,
}

/// A piece of a body that is not larger is copied behind the head: cheaper than a write of several pieces.
const COPY_UP_TO: usize = 4096;

/// Why a body did not arrive whole.
#[derive(Debug)]
pub enum PumpFail {
    /// The sender closed too early or broke.
    From,
    /// What it sent is no body.
    Malformed,
    /// The receiver broke.
    To,
    /// A filter lets it go no further, in this direction.
    Filter(Stop, Direction),
}

impl Pump {
    /// A body that comes with one framing and goes with another.
    pub fn new(from: Framing, chunked: bool) -> Pump {
        let ended = matches!(from, Framing::None | Framing::Length(0));
        Pump::of(BodyReader::new(from), chunked, ended, None)
    }

    /// The rest of a body of which so many bytes were sent already, held to a bandwidth where there is one.
    pub fn resume(
        reader: BodyReader,
        chunked: bool,
        mut throttle: Option<Box<Throttle>>,
        sent: usize,
    ) -> Pump {
        if let Some(throttle) = &mut throttle {
            throttle.spend(sent);
        }
        Pump::of(reader, chunked, false, throttle)
    }

    fn of(reader: BodyReader, chunked: bool, ended: bool, throttle: Option<Box<Throttle>>) -> Pump {
        Pump {
            reader,
            chunked,
            begun: false,
            ready: 0,
            skip: 0,
            ended,
            throttle,
            held: false,
            written: 0,
            read: 0,
        }
    }

    /// True while neither sender nor receiver is waited for, but the next period of a limit.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// True while the receiver, not the sender, is waited for.
    pub fn is_writing(&self) -> bool {
        self.ready > 0
    }

    /// True when the whole body was decoded; it may still have to be written.
    pub fn is_decoded(&self) -> bool {
        self.ended
    }

    /// Moves what can be moved. `lead` holds what is to be written before the next piece of the body: the head at
    /// first, the frames of chunks then. Ready when the end of the body is written.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        (from, buffer): (&Stream, &mut Buffer),
        to: &Stream,
        lead: &mut Lead,
    ) -> Poll<Result<(), PumpFail>> {
        loop {
            if ready!(self.push(cx, buffer, to, lead))? {
                return Poll::Ready(Ok(()));
            }
            match ready!(from.poll_read(cx, buffer.room())) {
                Ok(0) => self.end_of_stream(lead)?,
                Ok(n) => {
                    buffer.fill(n);
                    self.read += n as u64;
                }
                Err(_) => return Poll::Ready(Err(PumpFail::From)),
            }
        }
    }

    /// Writes what is in the buffer: ready with true when the end of the body is written, with false when more must come.
    #[inline]
    pub fn push(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Buffer,
        to: &Stream,
        lead: &mut Lead,
    ) -> Poll<Result<bool, PumpFail>> {
        loop {
            // decode first: the head and the first piece of the body then leave together
            if self.ready == 0 && !self.ended && self.decode(buffer, lead)? {
                continue;
            }
            if self.ready == 0 && lead.is_empty() {
                return Poll::Ready(Ok(self.ended));
            }
            ready!(self.write(cx, buffer, to, lead))?;
        }
    }

    /// Says that nothing follows what was written but these trailers.
    pub fn finish(&mut self, lead: &mut Lead, trailers: Option<&Headers>) {
        self.ended = true;
        if self.chunked {
            end_chunks(lead, self.begun, trailers);
        }
    }

    /// Takes what is in the buffer apart; false when there is nothing to be had from it.
    fn decode(&mut self, buffer: &mut Buffer, lead: &mut Lead) -> Result<bool, PumpFail> {
        if buffer.is_empty() {
            return Ok(false);
        }
        let input = buffer.filled();
        let step = self.reader.next(input).map_err(|_| PumpFail::Malformed)?;
        let (consumed, len) = (step.consumed, step.data.len());
        let ended = step.end;
        // content is a piece of the input: what stands before it was framing
        let before = if len > 0 { step.data.as_ptr() as usize - input.as_ptr() as usize } else { consumed };
        if len > 0 && self.chunked {
            begin_chunk(lead, len, self.begun);
            self.begun = true;
        }
        buffer.consume(before);
        self.ready = len;
        self.skip = consumed - before - len;
        if len == 0 {
            buffer.consume(self.skip);
            self.skip = 0;
        }
        if ended {
            self.end(lead);
        }
        Ok(consumed > 0 || ended)
    }

    /// How much of the body may be written now; pending while that is nothing and there is nothing else to write.
    fn allowed(&mut self, cx: &mut Context<'_>, lead: &Lead) -> Poll<usize> {
        let Some(throttle) = self.throttle.as_mut().filter(|_| self.ready > 0) else {
            return Poll::Ready(usize::MAX);
        };
        let most = throttle.poll(cx);
        self.held = most.is_pending() && lead.before().is_empty();
        match most {
            Poll::Pending if !self.held => Poll::Ready(0),
            most => most,
        }
    }

    fn write(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Buffer,
        to: &Stream,
        lead: &mut Lead,
    ) -> Poll<Result<(), PumpFail>> {
        let most = ready!(self.allowed(cx, lead));
        let whole = most >= self.ready;
        if !lead.before().is_empty() && self.ready <= COPY_UP_TO && self.throttle.is_none() {
            lead.head().extend_from_slice(&buffer.filled()[..self.ready]);
            buffer.consume(self.ready + self.skip);
            (self.ready, self.skip) = (0, 0);
        }
        let data = &buffer.filled()[..self.ready.min(most)];
        let after = if whole { lead.after() } else { &[] };
        let pieces = [IoSlice::new(lead.before()), IoSlice::new(data), IoSlice::new(after)];
        let used = match (lead.before().is_empty(), data.is_empty(), after.is_empty()) {
            (true, false, true) => &pieces[1..2],
            (false, true, true) => &pieces[..1],
            _ => &pieces[..],
        };
        let written = match lead.is_last() && self.ended && whole {
            true => to.poll_write_last(cx, used),
            false => to.poll_write(cx, used),
        };
        let n = match ready!(written) {
            Ok(0) => return Poll::Ready(Err(PumpFail::To)),
            Ok(n) => n,
            Err(_) => return Poll::Ready(Err(PumpFail::To)),
        };
        self.written += n as u64;
        let rest = lead.written_before(n);
        let data = rest.min(self.ready);
        if let Some(throttle) = &mut self.throttle {
            throttle.spend(data);
        }
        buffer.consume(data);
        self.ready -= data;
        if self.ready == 0 {
            buffer.consume(self.skip);
            self.skip = 0;
        }
        lead.written_after(rest - data);
        Poll::Ready(Ok(()))
    }

    fn end_of_stream(&mut self, lead: &mut Lead) -> Result<(), PumpFail> {
        if !self.reader.is_complete(true) {
            return Err(PumpFail::From);
        }
        self.end(lead);
        Ok(())
    }

    fn end(&mut self, lead: &mut Lead) {
        self.ended = true;
        if self.chunked {
            end_chunks(lead, self.begun, self.reader.trailers());
        }
    }
}

fn begin_chunk(lead: &mut Lead, len: usize, begun: bool) {
    if begun {
        lead.head().extend_from_slice(b"\r\n");
    }
    let mut digits = [0; 18];
    lead.head().extend_from_slice(http1::chunk_head(len, &mut digits));
}

fn end_chunks(lead: &mut Lead, begun: bool, trailers: Option<&Headers>) {
    if begun {
        lead.tail().extend_from_slice(b"\r\n");
    }
    http1::last_chunk(trailers, lead.tail());
}
