//! One direction of an exchange through its filters: what each of them holds, and how it moves from one to the next.
//! No socket and no clock: what comes is fed, what has passed is taken.

use std::task::{Context, Poll};

use portero_api::{
    Close, Direction, Exchange, Filtering, Framing, Headers, Held, Interest, Moment, Pass, Payload, Reply,
};

use super::bell::Rope;
use crate::http1::BodyReader;

/// The filters that see one direction, in their order.
#[derive(Debug)]
pub struct Line {
    direction: Direction,
    stages: Vec<Stage>,
    /// Stages of exchanges before, whose memory is used again.
    spare: Vec<Stage>,
    /// What the last one has let pass.
    out: Held,
    /// How much one of them may hold.
    limit: usize,
    tunnel: bool,
    /// What was taken in of the body before was shown.
    open: bool,
}

/// A filter's part in a direction.
#[derive(Debug)]
struct Stage {
    /// Its place among the filters of the exchange.
    who: usize,
    at: At,
    interest: Interest,
    held: Held,
    /// Something has come that it has not seen.
    due: bool,
    /// It lets nothing pass of what it was shown last, and may keep that elsewhere.
    keeps: bool,
    /// What it wakes the exchange with, once it was polled.
    bell: Option<Rope>,
}

/// What a filter is to see next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Head,
    /// The body, while the head waits for it.
    Hold,
    Body,
    End,
    Over,
}

/// Why a message does not go on.
#[derive(Debug)]
pub enum Stop {
    /// A filter answers.
    Reply(Reply),
    /// A filter ends the connection.
    Close(Close),
    /// A filter failed.
    Fail,
    /// A filter wants more of a body than may be held.
    TooLarge,
}

/// Memory that held more than so many bytes is not kept for the next exchange.
const KEEP: usize = 64 * 1024;

/// The filters of an exchange, by place.
pub type All = [Box<dyn Filtering>];

impl Line {
    /// Nobody yet, in this direction.
    pub fn new(direction: Direction, limit: usize) -> Line {
        let (stages, spare) = (Vec::new(), Vec::new());
        Line { direction, stages, spare, out: Held::default(), limit, tunnel: false, open: false }
    }

    /// The same as a new one, with the memory of this one.
    pub fn clear(&mut self, limit: usize) {
        self.spare.append(&mut self.stages);
        empty(&mut self.out);
        (self.limit, self.tunnel, self.open) = (limit, false, false);
    }

    /// Adds a filter, by its place among those of the exchange.
    pub fn add(&mut self, who: usize) {
        let stage = self.spare.pop().map_or_else(|| Stage::new(who), |spare| spare.again(who));
        self.stages.push(stage);
    }

    /// Those who see this direction.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.stages.iter().map(|stage| stage.who)
    }

    /// Whether all have let the head pass.
    pub fn head_has_passed(&self) -> bool {
        self.stages.iter().all(|stage| !matches!(stage.at, At::Head | At::Hold))
    }

    /// Whether somebody looks at the body.
    pub fn is_wanted(&self) -> bool {
        self.stages.iter().any(|stage| stage.interest != Interest::None)
    }

    /// Whether the body may be another one behind the filters.
    pub fn changes(&self) -> bool {
        self.stages.iter().any(|stage| stage.interest == Interest::Change)
    }

    /// Whether the whole message has passed.
    pub fn is_over(&self) -> bool {
        self.stages.iter().all(|stage| stage.at == At::Over)
    }

    /// How many more bytes it takes now.
    pub fn room(&self) -> usize {
        self.stages.first().map_or(0, |first| self.limit.saturating_sub(first.held.data.len()))
    }

    /// Takes in, once, what rules have looked at already.
    pub fn open(&mut self, payload: &Payload, reader: &mut Option<BodyReader>) {
        if std::mem::replace(&mut self.open, true) {
            return;
        }
        self.feed(&payload.data);
        if payload.complete || reader.is_none() {
            self.end(reader.take().as_ref().and_then(BodyReader::trailers));
        }
    }

    /// Takes bytes in.
    pub fn feed(&mut self, bytes: &[u8]) {
        if let Some(first) = self.stages.first_mut()
            && !bytes.is_empty()
        {
            first.held.data.extend_from_slice(bytes);
            first.due = true;
        }
    }

    /// Nothing more will come but these trailers.
    pub fn end(&mut self, trailers: Option<&Headers>) {
        if let Some(first) = self.stages.first_mut() {
            first.held.ended = true;
            first.held.trailers = trailers.cloned().unwrap_or_default();
            first.due = true;
        }
    }

    /// Whether nothing more will come.
    pub fn has_ended(&self) -> bool {
        self.stages.first().is_none_or(|first| first.held.ended || first.at == At::Over)
    }

    /// Whether a filter asked to be polled again at once.
    pub fn is_rung(&self) -> bool {
        self.stages.iter().filter_map(|stage| stage.bell.as_ref()).any(|bell| bell.is_rung())
    }

    /// What has passed all filters and was not taken yet.
    pub fn out(&mut self) -> &mut Held {
        &mut self.out
    }

    /// What has passed, to look at.
    pub fn passed(&self) -> &Held {
        &self.out
    }

    /// The message has become a tunnel, or never was one: from now on every byte is content, with an end of its own.
    pub fn become_tunnel(&mut self, all: &All) {
        self.tunnel = true;
        self.out = Held::default();
        for stage in &mut self.stages {
            let interest = all[stage.who].interest(self.direction);
            let bell = stage.bell.take();
            *stage = Stage { at: At::Body, interest, due: false, bell, ..Stage::new(stage.who) };
        }
    }

    /// Lets the message go as far as the filters let it.
    ///
    /// # Errors
    /// [`Stop`], after which it must not be called again.
    pub fn poll(&mut self, cx: &mut Context<'_>, all: &mut All, ex: &mut Exchange) -> Result<(), Stop> {
        for bell in self.stages.iter_mut().filter_map(|stage| stage.bell.as_mut()) {
            bell.set(cx.waker());
        }
        loop {
            self.heads(cx, all, ex)?;
            if !self.bodies(cx, all, ex)? {
                return Ok(());
            }
        }
    }

    /// Shows the head to those who have not let it pass.
    fn heads(&mut self, cx: &mut Context<'_>, all: &mut All, ex: &mut Exchange) -> Result<(), Stop> {
        let direction = self.direction;
        for stage in &mut self.stages {
            match stage.at {
                At::Head => {}
                At::Hold => return Ok(()),
                At::Body | At::End | At::Over => continue,
            }
            if !stage.is_due() {
                return Ok(());
            }
            let filter = &mut *all[stage.who];
            let empty = has_no_body(ex, direction);
            let Poll::Ready(pass) =
                stage.ask(cx, filter, Moment::Head(direction, empty), ex, &mut Held::default())
            else {
                return Ok(());
            };
            let holds = matches!(pass, Pass::Hold);
            let_pass(pass)?;
            stage.interest = filter.interest(direction);
            stage.due = !stage.held.data.is_empty() || stage.held.ended;
            stage.at = At::Body;
            if holds && stage.interest != Interest::None {
                stage.at = At::Hold;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Moves the body from one to the next; true when a head is free to go on that waited for it.
    fn bodies(&mut self, cx: &mut Context<'_>, all: &mut All, ex: &mut Exchange) -> Result<bool, Stop> {
        let mut released = false;
        for place in 0..self.stages.len() {
            let (before, after) = self.stages.split_at_mut(place + 1);
            let stage = &mut before[place];
            if stage.at == At::Head {
                break;
            }
            let next = match after.first_mut() {
                Some(next) => Next { held: &mut next.held, due: &mut next.due },
                None => Next { held: &mut self.out, due: &mut false },
            };
            if next.held.data.len() >= self.limit {
                continue;
            }
            let held = stage.at == At::Hold;
            let moment = if self.tunnel { Moment::Tunnel } else { Moment::Body };
            stage.body(cx, &mut *all[stage.who], ex, (moment(self.direction), self.limit), next)?;
            released |= held && stage.at != At::Hold;
        }
        Ok(released)
    }
}

/// Where a filter lets bytes pass to.
struct Next<'a> {
    held: &'a mut Held,
    due: &'a mut bool,
}

impl Stage {
    fn new(who: usize) -> Stage {
        let held = Held::default();
        Stage { who, at: At::Head, interest: Interest::None, held, due: true, keeps: false, bell: None }
    }

    /// The same as a new one, with the memory of this one.
    fn again(mut self, who: usize) -> Stage {
        empty(&mut self.held);
        // one that a filter of an exchange before may still ring is not used again
        let bell = self.bell.filter(|bell| bell.is_free());
        Stage { held: self.held, bell, ..Stage::new(who) }
    }

    /// Whether it has a reason to be polled: something new, or that it asked for it while it held something up.
    fn is_due(&mut self) -> bool {
        let rung = self.bell.as_ref().is_some_and(|bell| bell.take());
        let holds = self.at != At::Body || !self.held.data.is_empty() || self.held.ended || self.keeps;
        std::mem::take(&mut self.due) | (rung && holds)
    }

    fn ask(
        &mut self,
        cx: &mut Context<'_>,
        filter: &mut dyn Filtering,
        moment: Moment,
        ex: &mut Exchange,
        held: &mut Held,
    ) -> Poll<Pass> {
        let bell = self.bell.get_or_insert_with(|| Rope::new(cx.waker()));
        let framing = (ex.request.framing, ex.response.framing);
        let pass = filter.poll(&mut Context::from_waker(bell.waker()), moment, ex, held);
        // where a body ends is no filter's to say: it follows from what passes
        (ex.request.framing, ex.response.framing) = framing;
        pass
    }

    fn body(
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
            let mut held = std::mem::take(&mut self.held);
            let pass = self.ask(cx, filter, Moment::End(moment.direction()), ex, &mut held);
            self.held = held;
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
        let mut held = std::mem::take(&mut self.held);
        held.pass = usize::MAX;
        let before = held.data.len();
        let pass = self.ask(cx, filter, moment, ex, &mut held);
        self.held = held;
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
        next.held.trailers = std::mem::take(&mut self.held.trailers);
        *next.due = true;
    }
}

/// Empties what was held, and keeps memory of the usual size.
fn empty(held: &mut Held) {
    let Held { data, pass, ended, trailers } = held;
    (*pass, *ended) = (0, false);
    data.clear();
    trailers.clear();
    if data.capacity() > KEEP {
        *held = Held::default();
    }
}

/// Whether the message has no body.
fn has_no_body(ex: &Exchange, direction: Direction) -> bool {
    let framing = match direction {
        Direction::Request => ex.request.framing,
        Direction::Response => ex.response.framing,
    };
    matches!(framing, Framing::None | Framing::Length(0) | Framing::Tunnel)
}

fn let_pass(pass: Pass) -> Result<(), Stop> {
    match pass {
        Pass::Continue | Pass::Hold => Ok(()),
        Pass::Reply(reply) => Err(Stop::Reply(reply)),
        Pass::Close(close) => Err(Stop::Close(close)),
        Pass::Fail => Err(Stop::Fail),
    }
}
