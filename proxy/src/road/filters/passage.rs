//! A body on its way: straight from one side to the other, or through filters.

use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use portero_api::{Direction, Framing, clock};

use super::line::{Line, Stop};
use super::{Filters, Through};
use crate::http1::{BadBody, BodyReader};
use crate::net::{Buffer, Buffers, Deadline, Lead, Stream};
use crate::road::throttle::Throttle;
use crate::road::{Pump, PumpFail};

/// A body under way.
#[derive(Debug)]
pub enum Passage {
    /// Nobody looks at it.
    Straight(Pump),
    /// Filters do.
    Filtered(Box<Filtered>),
}

/// A body that filters look at.
#[derive(Debug)]
pub struct Filtered {
    direction: Direction,
    /// What is still to come; none behind the end.
    reader: Option<BodyReader>,
    /// What has passed, on its way out.
    out: Buffer,
    pump: Pump,
    /// It was said that there is none.
    bodyless: bool,
    read: u64,
    /// True while nobody but a filter is waited for.
    waits: bool,
    /// True when a filter asked for another turn.
    rung: bool,
}

impl Passage {
    /// A body through filters, of which some may have been fed to them already.
    pub fn filtered(
        direction: Direction,
        reader: Option<BodyReader>,
        framing: Framing,
        throttle: Option<Box<Throttle>>,
        out: Buffer,
    ) -> Passage {
        let chunked = framing == Framing::Chunked;
        let pump = Pump::resume(BodyReader::UntilClose, chunked, throttle, 0);
        Passage::Filtered(Box::new(Filtered {
            direction,
            reader,
            out,
            pump,
            bodyless: framing == Framing::None,
            read: 0,
            waits: false,
            rung: false,
        }))
    }

    /// Moves what can be moved, as [`Pump::poll`] does.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: (&Stream, &mut Buffer),
        to: &Stream,
        lead: &mut Lead,
        (filters, ex): Through<'_>,
    ) -> Poll<Result<(), PumpFail>> {
        match (self, filters) {
            (Passage::Straight(pump), _) => pump.poll(cx, from, to, lead),
            (Passage::Filtered(body), Some(filters)) => body.poll(cx, from, (to, lead), (filters, ex)),
            // the filters have gone, and nothing may pass without them
            (Passage::Filtered(_), None) => Poll::Ready(Err(PumpFail::From)),
        }
    }

    /// True while the next period of a limit is waited for.
    pub fn is_held(&self) -> bool {
        self.pump().is_held()
    }

    /// True when a filter asked for another turn: it comes at once, and nothing else is waited for.
    pub fn is_rung(&self) -> bool {
        matches!(self, Passage::Filtered(body) if body.rung)
    }

    /// True while the receiver is waited for.
    pub fn is_writing(&self) -> bool {
        self.pump().is_writing()
    }

    /// True while nobody but a filter is waited for.
    pub fn waits_for_filter(&self) -> bool {
        matches!(self, Passage::Filtered(body) if body.waits)
    }

    /// True when the whole body has come; it may still have to be written.
    pub fn is_decoded(&self) -> bool {
        match self {
            Passage::Straight(pump) => pump.is_decoded(),
            Passage::Filtered(body) => body.reader.is_none() && !body.waits,
        }
    }

    /// Bytes read so far, framing included.
    pub fn read(&self) -> u64 {
        match self {
            Passage::Straight(pump) => pump.read,
            Passage::Filtered(body) => body.read,
        }
    }

    /// Bytes written so far, the head included.
    pub fn written(&self) -> u64 {
        self.pump().written
    }

    /// Gives back what it was lent.
    pub fn retire(self, buffers: &Buffers) {
        if let Passage::Filtered(body) = self {
            buffers.give(body.out);
        }
    }

    fn pump(&self) -> &Pump {
        match self {
            Passage::Straight(pump) => pump,
            Passage::Filtered(body) => &body.pump,
        }
    }
}

impl Filtered {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        (from, buffer): (&Stream, &mut Buffer),
        (to, lead): (&Stream, &mut Lead),
        (filters, ex): (&mut Filters, &mut portero_api::Exchange),
    ) -> Poll<Result<(), PumpFail>> {
        loop {
            (self.waits, self.rung) = (false, false);
            // what has come of the body goes out in one piece with the head
            let moved = self.move_on(cx, buffer, lead, (filters, ex))?;
            if ready!(self.pump.push(cx, &mut self.out, to, lead))? {
                return Poll::Ready(Ok(()));
            }
            if moved {
                continue;
            }
            if self.reader.is_none() || filters.line(self.direction).room() == 0 {
                (self.waits, self.rung) = (true, filters.line(self.direction).is_rung());
                return Poll::Pending;
            }
            match ready!(from.poll_read(cx, buffer.room())) {
                Ok(0) => self.end_of_stream(filters)?,
                Ok(n) => {
                    buffer.fill(n);
                    self.read += n as u64;
                }
                Err(_) => return Poll::Ready(Err(PumpFail::From)),
            }
        }
    }

    /// Lets what has come go as far as the filters let it; false when that is no further than before.
    fn move_on(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Buffer,
        lead: &mut Lead,
        (filters, ex): (&mut Filters, &mut portero_api::Exchange),
    ) -> Result<bool, PumpFail> {
        if self.take_passed(filters, lead)? {
            return Ok(true);
        }
        let line = filters.line(self.direction);
        feed(&mut self.reader, buffer, line).map_err(|_| PumpFail::Malformed)?;
        filters.poll(cx, self.direction, ex).map_err(|stop| PumpFail::Filter(stop, self.direction))?;
        let more = self.reader.is_some() && !buffer.is_empty() && filters.line(self.direction).room() > 0;
        Ok(self.take_passed(filters, lead)? || more)
    }

    /// Takes what has passed the filters; false when nothing has.
    fn take_passed(&mut self, filters: &mut Filters, lead: &mut Lead) -> Result<bool, PumpFail> {
        let line = filters.line(self.direction);
        let over = line.is_over();
        let passed = line.out();
        if self.bodyless && !passed.data.is_empty() {
            passed.data.clear();
            match self.direction {
                // the head has gone, and what follows would be taken for another request
                Direction::Request => return Err(PumpFail::Filter(Stop::Fail, self.direction)),
                // as the answer to HEAD: who asked wants none
                Direction::Response => return Ok(true),
            }
        }
        if !passed.data.is_empty() {
            let n = self.out.put(&passed.data);
            passed.data.drain(..n);
            return Ok(n > 0);
        }
        if over && !self.pump.is_decoded() {
            self.pump.finish(lead, Some(&passed.trailers));
            return Ok(true);
        }
        Ok(false)
    }

    fn end_of_stream(&mut self, filters: &mut Filters) -> Result<(), PumpFail> {
        if self.reader.take().is_some_and(|reader| !reader.is_complete(true)) {
            return Err(PumpFail::From);
        }
        filters.line(self.direction).end(None);
        Ok(())
    }
}

/// Feeds filters what has arrived of a body, as far as there is room for it. A body whose end was read is forgotten.
pub fn feed(reader: &mut Option<BodyReader>, buffer: &mut Buffer, line: &mut Line) -> Result<(), BadBody> {
    while let Some(body) = reader {
        let input = buffer.filled();
        let input = &input[..input.len().min(line.room())];
        if input.is_empty() && !body.is_complete(false) {
            return Ok(());
        }
        let step = body.next(input)?;
        line.feed(step.data);
        let (consumed, end) = (step.consumed, step.end);
        buffer.consume(consumed);
        if end {
            line.end(body.trailers());
            *reader = None;
        }
    }
    Ok(())
}

/// How long a filter has held a body up.
#[derive(Debug, Default)]
pub struct Patience {
    /// How far the body was when it was last seen to move, and when that was.
    seen: Option<((u64, u64), Instant)>,
    deadline: Deadline,
}

impl Patience {
    /// Ready when a filter has held the body up for longer than `time`.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        passage: Option<&Passage>,
        time: Option<Duration>,
    ) -> Poll<()> {
        let Some(passage) = passage.filter(|passage| passage.waits_for_filter()) else {
            self.seen = None;
            return Poll::Pending;
        };
        let moved = (passage.read(), passage.written());
        let since = match self.seen {
            Some((seen, since)) if seen == moved => since,
            _ => clock::now(),
        };
        self.seen = Some((moved, since));
        self.deadline.poll(time.map(|time| since + time), cx)
    }
}
