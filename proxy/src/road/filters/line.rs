//! One direction of an exchange through its filters: what each of them holds, and how it moves from one to the next.
//! No socket and no clock: what comes is fed, what has passed is taken.

use std::task::{Context, Poll};

use portero_api::{
    Close, Direction, Exchange, Filtering, Framing, Headers, Held, Interest, Moment, Pass, Payload, Reply,
};

use super::stage::{At, Next, Stage, ask, empty, let_pass};
use crate::http1::BodyReader;

/// The filters that see one direction, in their order.
#[derive(Debug)]
pub struct Line {
    direction: Direction,
    /// Behind those of this exchange those of exchanges before, whose memory is used again.
    stages: Vec<Stage>,
    /// How many there are of this exchange.
    count: usize,
    /// What the last one has let pass.
    out: Held,
    /// How much one of them may hold.
    limit: usize,
    tunnel: bool,
    /// What was taken in of the body before was shown.
    open: bool,
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

/// The filters of an exchange, by place.
pub type All = [Box<dyn Filtering>];

impl Line {
    /// Nobody yet, in this direction.
    pub fn new(direction: Direction, limit: usize) -> Line {
        let (stages, out) = (Vec::new(), Held::default());
        Line { direction, stages, count: 0, out, limit, tunnel: false, open: false }
    }

    /// The same as a new one, with the memory of this one.
    pub fn clear(&mut self, limit: usize) {
        empty(&mut self.out);
        (self.count, self.limit, self.tunnel, self.open) = (0, limit, false, false);
    }

    /// Adds a filter, by its place among those of the exchange.
    pub fn add(&mut self, who: usize) {
        match self.stages.get_mut(self.count) {
            Some(before) => before.again(who),
            None => self.stages.push(Stage::new(who)),
        }
        self.count += 1;
    }

    /// Those who see this direction.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.stages().iter().map(|stage| stage.who)
    }

    /// Whether all have let the head pass.
    pub fn head_has_passed(&self) -> bool {
        self.stages().iter().all(|stage| !matches!(stage.at, At::Head | At::Hold))
    }

    /// Whether somebody looks at the body.
    pub fn is_wanted(&self) -> bool {
        self.stages().iter().any(|stage| stage.interest != Interest::None)
    }

    /// Whether the body may be another one behind the filters.
    pub fn changes(&self) -> bool {
        self.stages().iter().any(|stage| stage.interest == Interest::Change)
    }

    /// Whether the whole message has passed.
    pub fn is_over(&self) -> bool {
        self.stages().iter().all(|stage| stage.at == At::Over)
    }

    /// How many more bytes it takes now.
    pub fn room(&self) -> usize {
        self.stages().first().map_or(0, |first| self.limit.saturating_sub(first.held.data.len()))
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
        if let Some(first) = self.first()
            && !bytes.is_empty()
        {
            first.held.data.extend_from_slice(bytes);
            first.due = true;
        }
    }

    /// Nothing more will come but these trailers.
    pub fn end(&mut self, trailers: Option<&Headers>) {
        if let Some(first) = self.first() {
            first.held.ended = true;
            match trailers {
                Some(trailers) => first.held.trailers.clone_from(trailers),
                None => first.held.trailers.clear(),
            }
            first.due = true;
        }
    }

    /// Whether nothing more will come.
    pub fn has_ended(&self) -> bool {
        self.stages().first().is_none_or(|first| first.held.ended || first.at == At::Over)
    }

    /// Whether a filter asked to be polled again at once.
    pub fn is_rung(&self) -> bool {
        self.stages().iter().filter_map(|stage| stage.bell.as_ref()).any(|bell| bell.is_rung())
    }

    fn stages(&self) -> &[Stage] {
        &self.stages[..self.count]
    }

    fn first(&mut self) -> Option<&mut Stage> {
        self.stages[..self.count].first_mut()
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
        for stage in &mut self.stages[..self.count] {
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
        for bell in self.stages[..self.count].iter_mut().filter_map(|stage| stage.bell.as_mut()) {
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
        for stage in &mut self.stages[..self.count] {
            match stage.at {
                At::Head => {}
                At::Hold => return Ok(()),
                At::Body | At::End | At::Over => continue,
            }
            if !stage.is_due() {
                return Ok(());
            }
            let filter = &mut *all[stage.who];
            let moment = Moment::Head(direction, has_no_body(ex, direction));
            // nothing has come out yet where a head has not passed; what a filter puts there goes nowhere
            let asked = ask(&mut stage.bell, cx, filter, moment, ex, &mut self.out);
            empty(&mut self.out);
            let Poll::Ready(pass) = asked else { return Ok(()) };
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
        let mut stages = &mut self.stages[..self.count];
        while let [stage, after @ ..] = stages {
            if stage.at == At::Head {
                break;
            }
            if stage.is_idle() {
                stages = after;
                continue;
            }
            let next = match after.first_mut() {
                Some(next) => Next { held: &mut next.held, due: &mut next.due },
                None => Next { held: &mut self.out, due: &mut false },
            };
            if next.held.data.len() >= self.limit {
                stages = after;
                continue;
            }
            let held = stage.at == At::Hold;
            let moment = if self.tunnel { Moment::Tunnel } else { Moment::Body };
            stage.body(cx, &mut *all[stage.who], ex, (moment(self.direction), self.limit), next)?;
            released |= held && stage.at != At::Hold;
            stages = after;
        }
        Ok(released)
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
