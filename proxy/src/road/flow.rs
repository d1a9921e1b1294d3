//! One direction of a tunnel: as it comes, or through filters.

use std::io::IoSlice;
use std::task::{Context, Poll, ready};

use portero_api::{Direction, Exchange};

use super::Road;
use super::filters::{self, Filters, Line, Stop, Through};
use super::throttle::Throttle;
use super::tunnel::End;
use crate::net::{Buffer, Stream};

/// One direction.
#[derive(Debug, Default)]
pub struct Flow {
    /// Bytes that have come.
    pub moved: u64,
    /// The sender has closed and everything it sent is written.
    ended: bool,
    /// It has closed; what is in the buffer is still to be written.
    pub closing: bool,
    /// How fast it may go.
    throttle: Option<Box<Throttle>>,
    /// The direction, where filters look at it.
    filtered: Option<Direction>,
    /// True while the next period of a limit is waited for.
    pub held: bool,
}

/// Why a direction does not go on.
#[derive(Debug)]
pub enum Broken {
    /// The sender broke.
    From,
    /// The receiver broke.
    To,
    /// A filter lets it go no further, in this direction.
    Filter(Stop, Direction),
}

impl Flow {
    /// The flow of a tunnel that begins.
    pub fn new(road: &mut Road<'_>, direction: Direction) -> Flow {
        let throttle = Throttle::new(road.ex, direction == Direction::Request);
        let filtered = filters::want(road, direction).then_some(direction);
        Flow { throttle, filtered, ..Flow::default() }
    }

    /// Moves what can be moved; ready at the end.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: (&Stream, &mut Buffer),
        to: &Stream,
        (filters, ex): Through<'_>,
    ) -> Poll<Result<(), Broken>> {
        match (self.filtered, filters) {
            (Some(direction), Some(filters)) => self.filtered(cx, from, to, (filters, ex, direction)),
            _ => self.straight(cx, from, to),
        }
    }

    /// The same where no filter looks at it.
    pub fn straight(
        &mut self,
        cx: &mut Context<'_>,
        (from, buffer): (&Stream, &mut Buffer),
        to: &Stream,
    ) -> Poll<Result<(), Broken>> {
        loop {
            if self.ended {
                return Poll::Ready(Ok(()));
            }
            if !buffer.is_empty() {
                match ready!(to.poll_write(cx, &[IoSlice::new(buffer.filled())])) {
                    Ok(n) if n > 0 => buffer.consume(n),
                    _ => return Poll::Ready(Err(Broken::To)),
                }
                continue;
            }
            if self.closing {
                // a receiver that is gone already needs no farewell
                let _ = to.shutdown_write();
                self.ended = true;
                continue;
            }
            ready!(self.read(cx, from, buffer))?;
        }
    }

    fn filtered(
        &mut self,
        cx: &mut Context<'_>,
        (from, buffer): (&Stream, &mut Buffer),
        to: &Stream,
        (filters, ex, direction): (&mut Filters, &mut Exchange, Direction),
    ) -> Poll<Result<(), Broken>> {
        loop {
            if self.ended {
                return Poll::Ready(Ok(()));
            }
            let passed = filters.line(direction).out();
            if !passed.data.is_empty() {
                match ready!(to.poll_write(cx, &[IoSlice::new(&passed.data)])) {
                    Ok(n) if n > 0 => drop(passed.data.drain(..n)),
                    _ => return Poll::Ready(Err(Broken::To)),
                }
                continue;
            }
            if passed.ended {
                let _ = to.shutdown_write();
                self.ended = true;
                continue;
            }
            self.feed(buffer, filters.line(direction));
            filters.poll(cx, direction, ex).map_err(|stop| Broken::Filter(stop, direction))?;
            let line = filters.line(direction);
            let passed = line.passed();
            let more = !buffer.is_empty() && line.room() > 0;
            if !passed.data.is_empty() || passed.ended || more {
                continue;
            }
            if self.closing || line.room() == 0 {
                return Poll::Pending;
            }
            ready!(self.read(cx, from, buffer))?;
        }
    }

    /// Shows the filters what has come, and its end.
    fn feed(&self, buffer: &mut Buffer, line: &mut Line) {
        let n = buffer.len().min(line.room());
        line.feed(&buffer.filled()[..n]);
        buffer.consume(n);
        if self.closing && buffer.is_empty() && !line.has_ended() {
            line.end(None);
        }
    }

    fn read(&mut self, cx: &mut Context<'_>, from: &Stream, buffer: &mut Buffer) -> Poll<Result<(), Broken>> {
        let most = match &mut self.throttle {
            None => usize::MAX,
            Some(throttle) => {
                self.held = true;
                ready!(throttle.poll(cx))
            }
        };
        self.held = false;
        let room = buffer.room();
        let most = most.min(room.len());
        match ready!(from.poll_read(cx, &mut room[..most])) {
            Ok(0) => self.closing = true,
            Ok(n) => {
                buffer.fill(n);
                self.moved += n as u64;
                if let Some(throttle) = &mut self.throttle {
                    throttle.spend(n);
                }
            }
            Err(_) => return Poll::Ready(Err(Broken::From)),
        }
        Poll::Ready(Ok(()))
    }
}

impl Broken {
    /// What this is for the tunnel, of which one side or the other may have broken.
    pub fn end(self, from: End, to: End) -> End {
        match self {
            Broken::From => from,
            Broken::To => to,
            Broken::Filter(stop, direction) => End::Filter(stop, direction),
        }
    }
}
