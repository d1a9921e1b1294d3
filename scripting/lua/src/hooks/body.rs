//! `core.on_request_body`, `core.on_response_body`: functions that rewrite bodies, by piece or whole, without a class.

use std::rc::Rc;
use std::task::{Context, Poll};

use mlua::{MultiValue, Value};
use portero_api::{
    BadArg, Close, Direction, Exchange, Filter, Filtering, Framing, Held, Interest, Moment, NoClient, Pass,
    Reply, Setup,
};

use crate::api::{Ending, new_txn};
use crate::hooks::Bound;
use crate::lot::Seat;
use crate::run::{Outcome, Run};
use crate::scene::{self, Scene};
use crate::settings::OnError;
use crate::state::Purpose;

/// A use of a body filter: the function of each direction, where there is one.
pub(crate) struct LuaBody {
    sides: [Option<Rc<Side>>; 2],
}

struct Side {
    bound: Bound,
    whole: bool,
    max: Option<usize>,
}

impl LuaBody {
    /// Finds the functions.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, setup: &Setup<'_>) -> Result<LuaBody, BadArg> {
        if let Some(word) = setup.args.first() {
            return Err(BadArg::at(0, format!("a body filter of a script takes no arguments: '{word}'")));
        }
        let of_request = |purpose: &Purpose| matches!(purpose, Purpose::Body { response: false, .. });
        let of_response = |purpose: &Purpose| matches!(purpose, Purpose::Body { response: true, .. });
        let sides = [Bound::new(seat.clone(), name, of_request), Bound::new(seat, name, of_response)];
        match sides {
            [Err(missing), Err(_)] => Err(missing),
            sides => Ok(LuaBody { sides: sides.map(|bound| bound.ok().and_then(Side::new).map(Rc::new)) }),
        }
    }
}

impl Side {
    fn new(bound: Bound) -> Option<Side> {
        match bound.registered().purpose {
            Purpose::Body { whole, max, .. } => Some(Side { bound, whole, max }),
            _ => None,
        }
    }
}

impl Filter for LuaBody {
    fn attach(&self, _: &mut Exchange) -> Option<Box<dyn Filtering>> {
        let parts = self.sides.clone().map(|side| side.map(Part::new));
        Some(Box::new(Rewriting { parts }))
    }
}

/// It, at work on one exchange.
struct Rewriting {
    parts: [Option<Part>; 2],
}

struct Part {
    side: Rc<Side>,
    run: Option<Run>,
    /// How many bytes the function that waits was given; what comes meanwhile is for its next call.
    given: usize,
    /// Bytes at the front that are rewritten.
    done: usize,
    /// It was told of the end.
    told: bool,
    /// The body is too large, or the function has failed: it passes as it is.
    passed_over: bool,
}

impl Filtering for Rewriting {
    fn interest(&self, direction: Direction) -> Interest {
        match &self.parts[usize::from(direction == Direction::Response)] {
            Some(part) if !part.passed_over => Interest::Change,
            _ => Interest::None,
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        moment: Moment,
        exchange: &mut Exchange,
        held: &mut Held,
    ) -> Poll<Pass> {
        let place = usize::from(moment.direction() == Direction::Response);
        let Some(part) = &mut self.parts[place] else { return Poll::Ready(Pass::Continue) };
        match moment {
            Moment::Head(_, empty) => {
                part.passed_over = empty || part.is_too_large(exchange, moment.direction());
                let holds = part.side.whole && !part.passed_over;
                Poll::Ready(if holds { Pass::Hold } else { Pass::Continue })
            }
            Moment::Body(_) if !part.passed_over => part.rewrite(cx, exchange, held),
            _ => Poll::Ready(Pass::Continue),
        }
    }
}

impl Part {
    fn new(side: Rc<Side>) -> Part {
        Part { side, run: None, given: 0, done: 0, told: false, passed_over: false }
    }

    fn is_too_large(&self, exchange: &Exchange, direction: Direction) -> bool {
        let framing = match direction {
            Direction::Request => exchange.request.framing,
            Direction::Response => exchange.response.framing,
        };
        let known = if let Framing::Length(length) = framing { Some(length) } else { None };
        self.side.whole && self.side.max.zip(known).is_some_and(|(max, length)| length > max as u64)
    }

    fn rewrite(&mut self, cx: &mut Context<'_>, exchange: &mut Exchange, held: &mut Held) -> Poll<Pass> {
        if self.side.whole && self.run.is_none() {
            if self.side.max.is_some_and(|max| held.data.len() > max) {
                self.passed_over = true;
                return Poll::Ready(Pass::Continue);
            }
            if !held.ended {
                held.pass = 0;
                return Poll::Ready(Pass::Continue);
            }
        }
        self.done = 0;
        while self.run.is_some() || held.data.len() > self.done || (held.ended && !self.told) {
            let mut run = match self.run.take() {
                Some(run) => run,
                None => match self.begin(held) {
                    Ok(run) => run,
                    Err(error) => return Poll::Ready(self.failed(&error, exchange)),
                },
            };
            let scene = &mut Scene::Exchange(&mut *exchange, &mut NoClient);
            let Poll::Ready(outcome) = run.poll(cx, scene) else {
                self.run = Some(run);
                held.pass = self.done;
                return if self.done > 0 { Poll::Ready(Pass::Continue) } else { Poll::Pending };
            };
            if let Err(pass) = self.rewritten(outcome, exchange, held) {
                return Poll::Ready(pass);
            }
        }
        Poll::Ready(Pass::Continue)
    }

    /// Puts what a function gave in the place of what it was given.
    fn rewritten(&mut self, outcome: Outcome, exchange: &Exchange, held: &mut Held) -> Result<(), Pass> {
        let new = match outcome {
            Outcome::Returned(answer, ..) => match answer {
                Value::String(text) => Some(text),
                Value::Nil => None,
                other => {
                    let kind = other.type_name();
                    let message = format!("it gives a {kind}: a string, or nil to change nothing");
                    return Err(self.failed(&mlua::Error::runtime(message), exchange));
                }
            },
            Outcome::Done(Ending::Quiet) => None,
            Outcome::Done(Ending::Abort) => return Err(Pass::Close(Close::Reject)),
            Outcome::Done(Ending::Reply(message)) => {
                return Err(Pass::Reply(Reply::Message(Box::new((*message).clone()))));
            }
            Outcome::Failed(error) => return Err(self.failed(&error, exchange)),
        };
        let old = self.done..self.done + self.given;
        self.done += match new {
            Some(text) => {
                held.data.splice(old, text.as_bytes().iter().copied());
                text.as_bytes().len()
            }
            None => self.given,
        };
        Ok(())
    }

    fn begin(&mut self, held: &Held) -> mlua::Result<Run> {
        let rest = &held.data[self.done..];
        (self.given, self.told) = (rest.len(), held.ended);
        let bound = &self.side.bound;
        let found = bound.get();
        let state = &found.state;
        let lua = &state.lua;
        let args = [
            Value::Table(new_txn(lua)?),
            Value::String(lua.create_string(rest)?),
            Value::Boolean(held.ended),
        ];
        Run::new(
            state,
            &found.function,
            MultiValue::from_iter(args),
            state.settings.session_timeout,
            &bound.figure,
        )
    }

    fn failed(&mut self, error: &mlua::Error, exchange: &Exchange) -> Pass {
        let bound = &self.side.bound;
        let on_error = bound.get().state.settings.on_error;
        scene::lend(exchange, || bound.failed(error, on_error));
        match on_error {
            OnError::Fail => Pass::Fail,
            OnError::Skip => {
                self.passed_over = true;
                Pass::Continue
            }
        }
    }
}

#[cfg(test)]
mod tests;
