//! `core.register_filter`: objects of a script that see messages pass.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use mlua::{Function, MultiValue, Table, Value};
use portero_api::{
    BadArg, Close, Direction, Exchange, Filter, Filtering, Framing, Held, Interest, LocalFuture, Moment,
    NoClient, Pass, Reply, Setup,
};

use crate::api::piece::{self, Piece, of_side};
use crate::api::{Ending, message, new_txn};
use crate::hooks::Bound;
use crate::lot::Seat;
use crate::run::{self, Outcome, Run};
use crate::scene::{self, Scene};
use crate::settings::OnError;
use crate::state::{Purpose, State};

/// A use of a filter.
pub(crate) struct LuaFilter {
    bound: Rc<Bound>,
    args: Vec<String>,
    /// What the script made of the arguments, in which state; none where it wants no filter.
    made: RefCell<Option<(u64, Option<Table>)>>,
}

impl LuaFilter {
    /// Lets the script read the arguments.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, setup: &Setup<'_>) -> Result<LuaFilter, BadArg> {
        let bound = Rc::new(Bound::new(seat, name, |purpose| matches!(purpose, Purpose::Filter { .. }))?);
        let filter = LuaFilter { bound, args: setup.args.to_vec(), made: RefCell::default() };
        filter.class().map_err(|error| BadArg::new(format!("the script refuses its arguments: {error}")))?;
        Ok(filter)
    }

    /// The class whose objects filter, in the state of the moment.
    fn class(&self) -> mlua::Result<(Arc<State>, Option<Table>)> {
        let found = self.bound.get();
        let state = found.state.clone();
        if let Some((id, class)) = &*self.made.borrow()
            && *id == state.inside.id
        {
            return Ok((state, class.clone()));
        }
        let Purpose::Filter { class } = self.bound.registered().purpose else {
            return Err(mlua::Error::runtime("this is no filter"));
        };
        let own = state.lua.create_table()?;
        let meta = state.lua.create_table()?;
        meta.raw_set("__index", class)?;
        own.set_metatable(Some(meta))?;
        let args = state.lua.create_sequence_from(self.args.iter().map(String::as_str))?;
        let made = match run::call(&state, &found.function, (own, args), &self.bound.figure)? {
            Value::Table(made) => Some(made),
            Value::Nil => None,
            other => {
                let kind = other.type_name();
                return Err(mlua::Error::runtime(format!("it made a filter of a {kind}: a table or nil")));
            }
        };
        *self.made.borrow_mut() = Some((state.inside.id, made.clone()));
        Ok((state, made))
    }

    fn object(&self) -> mlua::Result<Option<LuaFiltering>> {
        let (state, Some(class)) = self.class()? else { return Ok(None) };
        let new: Function = class.get("new")?;
        let Value::Table(object) = run::call(&state, &new, class, &self.bound.figure)? else {
            return Err(mlua::Error::runtime("its function 'new' gives no object"));
        };
        let lua = &state.lua;
        let txn = new_txn(lua)?;
        let sides = [Part::new(&state, false)?, Part::new(&state, true)?];
        txn.raw_set("http_req", &sides[0].message)?;
        txn.raw_set("http_res", &sides[1].message)?;
        txn.raw_set("req", &sides[0].channel)?;
        txn.raw_set("res", &sides[1].channel)?;
        Ok(Some(LuaFiltering {
            bound: self.bound.clone(),
            state,
            object: Some(object),
            txn,
            parts: sides,
            wanted: [false; 2],
        }))
    }
}

impl Filter for LuaFilter {
    fn attach(&self, exchange: &mut Exchange) -> Option<Box<dyn Filtering>> {
        match Scene::Exchange(exchange, &mut NoClient).lend(|| self.object()) {
            Ok(filtering) => filtering.map(|filtering| Box::new(filtering) as _),
            Err(error) => {
                let on_error = self.bound.get().state.settings.on_error;
                scene::lend(exchange, || self.bound.failed(&error, on_error));
                (on_error == OnError::Fail).then(|| Box::new(Broken) as _)
            }
        }
    }
}

/// A filter whose object could not be made: nothing passes it.
struct Broken;

impl Filtering for Broken {
    fn interest(&self, _: Direction) -> Interest {
        Interest::Watch
    }

    fn poll(&mut self, _: &mut Context<'_>, _: Moment, _: &mut Exchange, _: &mut Held) -> Poll<Pass> {
        Poll::Ready(Pass::Fail)
    }
}

/// An object of a script at work on one exchange.
struct LuaFiltering {
    bound: Rc<Bound>,
    state: Arc<State>,
    /// None once it has failed and is passed over.
    object: Option<Table>,
    txn: Table,
    parts: [Part; 2],
    /// Whose data it wants.
    wanted: [bool; 2],
}

/// Its part in one direction.
struct Part {
    message: Table,
    channel: Table,
    /// True when the head has told a length and the script left it there.
    promised: bool,
    /// A callback that waits.
    run: Option<Waiting>,
    timer: Option<LocalFuture<'static, ()>>,
    /// Woken when the other direction has moved.
    waiting: Option<Waker>,
}

/// A callback that waits: what comes meanwhile is for the next one.
struct Waiting {
    run: Run,
    forwarded: usize,
    /// Bytes that the filter held when it began to wait.
    held: usize,
    /// Bytes at the end of them that it was not shown.
    unseen: usize,
    ended: bool,
}

impl Part {
    fn new(state: &State, response: bool) -> mlua::Result<Part> {
        let message = message::new(&state.lua, response)?;
        let channel = of_side(&state.lua, "Channel", response)?;
        Ok(Part { message, channel, promised: false, run: None, timer: None, waiting: None })
    }
}

impl Filtering for LuaFiltering {
    fn begin(&mut self, direction: Direction, exchange: &mut Exchange) {
        self.tell("start_analyze", direction, exchange);
    }

    fn interest(&self, direction: Direction) -> Interest {
        let side = side(direction);
        match () {
            () if self.object.is_none() || !self.wanted[side] => Interest::None,
            () if self.parts[side].promised => Interest::Watch,
            () => Interest::Change,
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        moment: Moment,
        exchange: &mut Exchange,
        held: &mut Held,
    ) -> Poll<Pass> {
        let name = match moment {
            Moment::Head(..) => "http_headers",
            Moment::Body(_) => "http_payload",
            Moment::End(_) => "http_end",
            Moment::Tunnel(_) => "tcp_payload",
        };
        let pass = self.call(cx, name, moment, exchange, held);
        let side = side(moment.direction());
        if pass.is_ready() {
            if let Moment::Head(direction, _) = moment {
                self.parts[side].promised = promises(exchange, direction);
            }
            // a callback may wait for what another has seen
            self.parts[1 - side].waiting.take().into_iter().for_each(Waker::wake);
        }
        pass
    }

    fn end(&mut self, exchange: &mut Exchange) {
        self.parts.iter_mut().for_each(|part| part.run = None);
        self.tell("end_analyze", Direction::Request, exchange);
        if exchange.response.status > 0 || exchange.log.timers.connected.is_some() {
            self.tell("end_analyze", Direction::Response, exchange);
        }
    }
}

impl LuaFiltering {
    fn callback(&self, name: &str) -> mlua::Result<Option<Function>> {
        match &self.object {
            Some(object) => object.get(name),
            None => Ok(None),
        }
    }

    /// Calls a callback that cannot wait and has nothing to say.
    fn tell(&mut self, name: &str, direction: Direction, exchange: &mut Exchange) {
        let side = side(direction);
        let mut piece = Piece { response: side == 1, wanted: self.wanted, ..Piece::default() };
        let told = Scene::Exchange(exchange, &mut NoClient).lend(|| {
            let Some(function) = self.callback(name)? else { return Ok(()) };
            let args = (self.object.clone(), self.txn.clone(), self.parts[side].channel.clone());
            piece::lend(&mut piece, || run::call(&self.state, &function, args, &self.bound.figure))
        });
        self.wanted = piece.wanted;
        if let Err(error) = told {
            drop(self.failed(&error, exchange));
        }
    }

    fn call(
        &mut self,
        cx: &mut Context<'_>,
        name: &str,
        moment: Moment,
        exchange: &mut Exchange,
        held: &mut Held,
    ) -> Poll<Pass> {
        let side = side(moment.direction());
        let mut waiting = match self.parts[side].run.take() {
            Some(mut waiting) => {
                waiting.unseen += held.data.len().saturating_sub(waiting.held);
                waiting
            }
            None => match self.begin_call(name, moment) {
                Ok(Some(run)) => Waiting { run, forwarded: 0, held: 0, unseen: 0, ended: held.ended },
                Ok(None) => return Poll::Ready(Pass::Continue),
                Err(error) => return Poll::Ready(self.failed(&error, exchange)),
            },
        };
        let before = held.data.len();
        let unseen = held.data.split_off(before - waiting.unseen.min(before));
        let mut piece = Piece {
            response: side == 1,
            data: std::mem::take(&mut held.data),
            forwarded: waiting.forwarded,
            ended: waiting.ended || !matches!(moment, Moment::Body(_) | Moment::Tunnel(_)),
            limit: exchange.room.whole.saturating_sub(exchange.room.reserve),
            wanted: self.wanted,
            wake: None,
        };
        let polled = piece::lend(&mut piece, || {
            waiting.run.poll(cx, &mut Scene::Exchange(&mut *exchange, &mut NoClient))
        });
        held.data = std::mem::take(&mut piece.data);
        if !unseen.is_empty() {
            held.pass = held.data.len();
            held.data.extend_from_slice(&unseen);
            cx.waker().wake_by_ref();
        }
        self.wanted = piece.wanted;
        let Poll::Ready(outcome) = polled else {
            (waiting.forwarded, waiting.held) = (piece.forwarded, held.data.len());
            self.parts[side].run = Some(waiting);
            return Poll::Pending;
        };
        if self.parts[side].promised && held.data.len() != before {
            let why = "the length of a body was changed that its head tells: take 'content-length' away, or call set_body_len";
            self.failed(&mlua::Error::runtime(why), exchange);
            return Poll::Ready(Pass::Fail);
        }
        match outcome {
            Outcome::Returned(code, ..) => {
                let code = code.as_integer().unwrap_or(1);
                self.verdict(cx, code, moment, &piece, held)
            }
            Outcome::Done(Ending::Quiet) => Poll::Ready(Pass::Continue),
            Outcome::Done(Ending::Abort) => Poll::Ready(Pass::Close(Close::Reject)),
            Outcome::Done(Ending::Reply(message)) => {
                Poll::Ready(Pass::Reply(Reply::Message(Box::new((*message).clone()))))
            }
            Outcome::Failed(error) => Poll::Ready(self.failed(&error, exchange)),
        }
    }

    fn begin_call(&self, name: &str, moment: Moment) -> mlua::Result<Option<Run>> {
        let Some(function) = self.callback(name)? else { return Ok(None) };
        let part = &self.parts[side(moment.direction())];
        let of = match moment {
            Moment::Tunnel(_) => &part.channel,
            _ => &part.message,
        };
        let args = [self.object.clone(), Some(self.txn.clone()), Some(of.clone())];
        let args: MultiValue = args.into_iter().flatten().map(Value::Table).collect();
        let limit = self.state.settings.session_timeout;
        Run::new(&self.state, &function, args, limit, &self.bound.figure).map(Some)
    }

    /// What a callback answers.
    fn verdict(
        &mut self,
        cx: &mut Context<'_>,
        code: i64,
        moment: Moment,
        piece: &Piece,
        held: &mut Held,
    ) -> Poll<Pass> {
        let side = side(moment.direction());
        match code {
            0 => {}
            -1 => return Poll::Ready(Pass::Reply(Reply::Status(if side == 1 { 502 } else { 400 }))),
            _ => return Poll::Ready(Pass::Continue),
        }
        let part = &mut self.parts[side];
        part.timer = match (piece.wake, scene::hosted()) {
            (Some(time), Some(host)) => Some(host.sleep(time)),
            _ => None,
        };
        let rings = match &mut part.timer {
            Some(timer) => {
                if timer.as_mut().poll(cx).is_ready() {
                    cx.waker().wake_by_ref();
                }
                true
            }
            None => false,
        };
        part.waiting = Some(cx.waker().clone());
        held.pass = piece.forwarded;
        let moves = matches!(moment, Moment::Body(_) | Moment::Tunnel(_)) && (held.pass > 0 || !rings);
        if moves { Poll::Ready(Pass::Continue) } else { Poll::Pending }
    }

    /// Logs a failure: the message ends, or the filter is passed over from now on.
    fn failed(&mut self, error: &mlua::Error, exchange: &Exchange) -> Pass {
        let on_error = self.state.settings.on_error;
        scene::lend(exchange, || self.bound.failed(error, on_error));
        match on_error {
            OnError::Fail => Pass::Fail,
            OnError::Skip => {
                self.object = None;
                Pass::Continue
            }
        }
    }
}

/// The place of a direction's part.
fn side(direction: Direction) -> usize {
    usize::from(direction == Direction::Response)
}

/// Whether the head tells how long its body is: a script that changes that takes the field away.
fn promises(exchange: &Exchange, direction: Direction) -> bool {
    let (framing, headers) = match direction {
        Direction::Request => (exchange.request.framing, &exchange.request.headers),
        Direction::Response => (exchange.response.framing, &exchange.response.headers),
    };
    matches!(framing, Framing::Length(_)) && headers.contains(b"content-length")
}

#[cfg(test)]
mod tests;
