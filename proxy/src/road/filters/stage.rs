//! A filter's part in one direction: what it holds, and how far it has let the message pass.

use std::task::{Context, Poll};

use portero_api::{Exchange, Filtering, Held, Interest, Moment, Pass};

use super::bell::Rope;
use super::line::Stop;

/// A filter's part in a direction.
#[derive(Debug)]
pub struct Stage {
    /// Its place among the filters of the exchange.
    pub who: usize,
    pub at: At,
    pub interest: Interest,
    pub held: Held,
    /// Something has come that it has not seen.
    pub due: bool,
    /// It lets nothing pass of what it was shown last, and may keep that elsewhere.
    pub keeps: bool,
    /// What it wakes the exchange with, once it was polled.
    pub bell: Option<Rope>,
}

/// What a filter is to see next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Head,
    /// The body, while the head waits for it.
    Hold,
    Body,
    End,
    Over,
}

/// Memory that held more than so many bytes is not kept for the next exchange.
const KEEP: usize = 64 * 1024;

/// Where a filter lets bytes pass to.
pub struct Next<'a> {
    pub held: &'a mut Held,
    pub due: &'a mut bool,
}

impl Stage {
    /// Of a filter that has seen nothing, by its place.
    pub fn new(who: usize) -> Stage {
        let held = Held::default();
        Stage { who, at: At::Head, interest: Interest::None, held, due: true, keeps: false, bell: None }
    }

    /// The same as a new one, with the memory of this one.
    pub fn again(&mut self, who: usize) {
        empty(&mut self.held);
        // one that a filter of an exchange before may still ring is not used again
        if self.bell.as_ref().is_some_and(|bell| !bell.is_free()) {
            self.bell = None;
        }
        (self.who, self.at, self.interest) = (who, At::Head, Interest::None);
        (self.due, self.keeps) = (true, false);
    }

    /// Whether it has a reason to be polled: something new, or that it asked for it while it held something up.
    pub fn is_due(&mut self) -> bool {
        let rung = self.bell.as_ref().is_some_and(|bell| bell.take());
        let holds = self.at != At::Body || !self.held.data.is_empty() || self.held.ended || self.keeps;
        std::mem::take(&mut self.due) | (rung && holds)
    }

    /// Whether there is nothing for it to see of the body, and nothing of it to go on.
    pub fn is_idle(&self) -> bool {
        match self.at {
            At::Over => self.held.data.is_empty(),
            At::Body => {
                let nothing = self.held.data.is_empty() && !self.held.ended;
                nothing && !self.due && !self.keeps && !self.bell.as_ref().is_some_and(Rope::is_rung)
            }
            At::Head | At::Hold | At::End => false,
        }
    }

    /// Shows it what it is to see of the body, and lets pass to the next what it lets pass.
    pub fn body(
        &mut self,
        cx: &mut Context<'_>,
        filter: &mut dyn Filtering,
        ex: &mut Exchange,
        (moment, limit): (Moment, usize),
        mut next: Next<'_>,
    ) -> Result<(), Stop> {
        if self.interest == Interest::None {
            self.move_on(usize::MAX, &mut next);
            if self.held.ended && self.at != At::Over {
                self.finish(&mut next);
            }
            return Ok(());
        }
        if matches!(self.at, At::Body | At::Hold) && self.is_due() {
            self.piece(cx, filter, ex, (moment, limit), &mut next)?;
        }
        if self.at == At::End && self.is_due() {
            if matches!(moment, Moment::Tunnel(_)) {
                self.finish(&mut next);
                return Ok(());
            }
            let end = Moment::End(moment.direction());
            let pass = ask(&mut self.bell, cx, filter, end, ex, &mut self.held);
            if let Poll::Ready(pass) = pass {
                let_pass(pass)?;
                self.finish(&mut next);
            }
        }
        Ok(())
    }

    /// Shows it what it holds of the body.
    fn piece(
        &mut self,
        cx: &mut Context<'_>,
        filter: &mut dyn Filtering,
        ex: &mut Exchange,
        (moment, limit): (Moment, usize),
        next: &mut Next<'_>,
    ) -> Result<(), Stop> {
        self.held.pass = usize::MAX;
        let before = self.held.data.len();
        let pass = ask(&mut self.bell, cx, filter, moment, ex, &mut self.held);
        if self.interest == Interest::Watch && self.held.data.len() != before {
            // the length was promised
            return Err(Stop::Fail);
        }
        let Poll::Ready(pass) = pass else { return Ok(()) };
        let_pass(pass)?;
        self.keeps = self.held.pass == 0;
        if self.keeps {
            let full = self.held.data.len() >= limit && !self.held.ended;
            return if full { Err(Stop::TooLarge) } else { Ok(()) };
        }
        self.at = At::Body;
        self.move_on(self.held.pass, next);
        if self.held.data.is_empty() && self.held.ended {
            (self.at, self.due) = (At::End, true);
        }
        Ok(())
    }

    /// Lets bytes go to the next.
    fn move_on(&mut self, most: usize, next: &mut Next<'_>) {
        let data = &mut self.held.data;
        if data.is_empty() {
            return;
        }
        *next.due = true;
        if most >= data.len() && next.held.data.is_empty() {
            std::mem::swap(data, &mut next.held.data);
        } else {
            next.held.data.extend(data.drain(..most.min(data.len())));
        }
    }

    /// Lets the end go to the next.
    fn finish(&mut self, next: &mut Next<'_>) {
        self.at = At::Over;
        next.held.ended = true;
        std::mem::swap(&mut next.held.trailers, &mut self.held.trailers);
        *next.due = true;
    }
}

/// Shows a filter a moment.
pub fn ask(
    bell: &mut Option<Rope>,
    cx: &Context<'_>,
    filter: &mut dyn Filtering,
    moment: Moment,
    ex: &mut Exchange,
    held: &mut Held,
) -> Poll<Pass> {
    let bell = bell.get_or_insert_with(|| Rope::new(cx.waker()));
    let framing = (ex.request.framing, ex.response.framing);
    let pass = filter.poll(&mut Context::from_waker(bell.waker()), moment, ex, held);
    // where a body ends is no filter's to say: it follows from what passes
    (ex.request.framing, ex.response.framing) = framing;
    pass
}

/// Empties what was held, and keeps memory of the usual size.
pub fn empty(held: &mut Held) {
    let Held { data, pass, ended, trailers } = held;
    (*pass, *ended) = (0, false);
    data.clear();
    trailers.clear();
    if data.capacity() > KEEP {
        *held = Held::default();
    }
}

/// What the answer of a filter stops, if it does.
pub fn let_pass(pass: Pass) -> Result<(), Stop> {
    match pass {
        Pass::Continue | Pass::Hold => Ok(()),
        Pass::Reply(reply) => Err(Stop::Reply(reply)),
        Pass::Close(close) => Err(Stop::Close(close)),
        Pass::Fail => Err(Stop::Fail),
    }
}
