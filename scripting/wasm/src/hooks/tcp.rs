//! The hook `Filter` in TCP mode: a stream of the module looks at a session.
//!
//! What it holds up is kept here, up to the limit of the plugin, and shown whole each time more has come. Sides that have
//! closed are told at the end of the session.

use std::rc::Rc;
use std::task::{Context, Poll};

use portero_api::{Close, Direction, Exchange, Filtering, Held, Interest, Moment, Pass};

use super::callout;
use crate::scene::Scene;
use crate::seat::{Broken, Seat};
use crate::settings::OnError;
use crate::vm::{Failure, Vm};

/// A stream of the module at work on a session.
pub(super) struct Session {
    seat: Rc<Seat>,
    /// The instance that the stream belongs to.
    generation: u64,
    stream: u32,
    /// True when the instance is gone.
    broken: bool,
    /// True while the new connection waits: what the client sends is not shown.
    waits: bool,
    sides: [Side; 2],
}

/// How far the module has seen one direction.
#[derive(Default)]
struct Side {
    /// What it holds up.
    data: Vec<u8>,
    /// Something has come that it has not seen.
    unseen: bool,
    /// It has seen the end.
    ended: bool,
}

/// Who has closed a connection, as the ABI counts.
#[derive(Clone, Copy)]
enum Closed {
    Unknown = 0,
    Local = 1,
    Remote = 2,
}

impl Session {
    /// Opens a stream for a session that begins; none when there is nothing to look at it.
    pub(super) fn begin(seat: &Rc<Seat>, exchange: &mut Exchange) -> Option<Session> {
        let opened = seat.enter(None, 0, Scene::Change(exchange), Vm::open);
        let generation = seat.generation();
        let greeted = opened.and_then(|stream| {
            let greet = |vm: &mut Vm| greet(vm, stream);
            let waits = seat.enter(Some(generation), stream, Scene::Change(exchange), greet)?;
            Ok((stream, waits))
        });
        let (stream, waits) = match greeted {
            Ok(stream) => stream,
            Err(_) if seat.on_error() == OnError::Skip => return None,
            Err(_) => (0, false),
        };
        let sides = Default::default();
        Some(Session { seat: seat.clone(), generation, stream, broken: stream == 0, waits, sides })
    }

    fn side(&mut self, direction: Direction) -> &mut Side {
        &mut self.sides[usize::from(direction == Direction::Response)]
    }

    /// What becomes of a session whose stream is gone.
    fn gone(&self) -> Pass {
        match self.seat.on_error() {
            OnError::Fail => Pass::Close(Close::Reject),
            OnError::Skip => Pass::Continue,
        }
    }

    /// Shows what has come, and says what passes of it.
    fn take(
        &mut self,
        cx: &Context<'_>,
        vm: &mut Vm,
        direction: Direction,
        held: &mut Held,
    ) -> Result<Pass, Failure> {
        let stream = self.stream;
        if let Some(open) = vm.guest().streams.get_mut(stream) {
            open.forget_waker();
        }
        callout::tell_all(vm, stream)?;
        let Some(open) = vm.guest().streams.get_mut(stream) else { return Ok(self.gone()) };
        self.waits &= open.side(Direction::Request).paused;
        let waits = self.waits && direction == Direction::Request;
        let side = self.side(direction);
        side.unseen |= !held.data.is_empty() || (held.ended && !side.ended);
        side.data.append(&mut held.data);
        let shown = side.unseen && !waits;
        let said = if shown { show(vm, stream, side, direction, held.ended)? } else { None };
        Ok(self.verdict(cx, vm, direction, said, held))
    }

    /// What the direction does now.
    fn verdict(
        &mut self,
        cx: &Context<'_>,
        vm: &mut Vm,
        direction: Direction,
        said: Option<u32>,
        held: &mut Held,
    ) -> Pass {
        let limit = vm.plan().load.max_body;
        let stream = self.stream;
        let side = self.side(direction);
        let Some(open) = vm.guest().streams.get_mut(stream) else { return self.gone() };
        // there is no reply but the end where no HTTP is spoken
        if open.closed || open.reply.is_some() {
            return Pass::Close(Close::Reject);
        }
        let state = open.side(direction);
        state.paused = said.map_or(state.paused, |action| action != 0 && !state.resumed);
        if !state.paused {
            held.data = std::mem::take(&mut side.data);
            return Pass::Continue;
        }
        if side.data.len() > limit {
            return Pass::Close(Close::Reject);
        }
        open.wait(cx.waker());
        held.pass = 0;
        Pass::Continue
    }
}

impl Filtering for Session {
    fn interest(&self, direction: Direction) -> Interest {
        let callback = match direction {
            Direction::Request => "proxy_on_downstream_data",
            Direction::Response => "proxy_on_upstream_data",
        };
        match self.broken {
            true if self.seat.on_error() == OnError::Skip => Interest::None,
            false if !self.waits && !self.seat.plan.has(callback) => Interest::None,
            _ => Interest::Change,
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        moment: Moment,
        exchange: &mut Exchange,
        held: &mut Held,
    ) -> Poll<Pass> {
        if self.broken {
            return Poll::Ready(self.gone());
        }
        let (seat, generation, stream) = (self.seat.clone(), self.generation, self.stream);
        let direction = moment.direction();
        let entered = seat.enter(Some(generation), stream, Scene::Change(exchange), |vm| {
            self.take(cx, vm, direction, held)
        });
        Poll::Ready(match entered {
            Ok(pass) => pass,
            // a host function led back here: the module must not be asked now
            Err(Broken::Busy) => Pass::Close(Close::Reject),
            Err(Broken::Failed) => {
                self.broken = true;
                let kept = std::mem::take(&mut self.side(direction).data);
                held.data.splice(..0, kept);
                self.gone()
            }
        })
    }

    fn end(&mut self, exchange: &mut Exchange) {
        if self.broken {
            return;
        }
        let (seat, stream) = (self.seat.clone(), self.stream);
        let closed = [Direction::Request, Direction::Response].map(|direction| {
            match (self.interest(direction), self.side(direction).ended) {
                (Interest::None, _) => Closed::Unknown,
                (_, true) => Closed::Remote,
                (_, false) => Closed::Local,
            }
        });
        // a failure was logged; nothing of the session depends on it any more
        let _ = seat.enter(Some(self.generation), stream, Scene::Change(exchange), |vm| {
            if let Some(open) = vm.guest().streams.get_mut(stream) {
                open.forget_waker();
            }
            callout::tell_all(vm, stream)?;
            farewell(vm, stream, closed)?;
            vm.close(stream)
        });
    }
}

/// Tells the module that a client has come; true when it shall wait.
fn greet(vm: &mut Vm, stream: u32) -> Result<bool, Failure> {
    let function = vm.calls.new_connection.clone();
    let action = vm.call("proxy_on_new_connection", stream, function.as_ref(), stream)?;
    let Some(open) = vm.guest().streams.get_mut(stream) else { return Ok(false) };
    let side = open.side(Direction::Request);
    side.paused = action.unwrap_or_default() != 0 && !side.resumed;
    Ok(side.paused)
}

/// Calls the module with what there is of a direction.
fn show(
    vm: &mut Vm,
    stream: u32,
    side: &mut Side,
    direction: Direction,
    ended: bool,
) -> Result<Option<u32>, Failure> {
    (side.unseen, side.ended) = (false, ended);
    let (at, name) = match direction {
        Direction::Request => (0, "proxy_on_downstream_data"),
        Direction::Response => (1, "proxy_on_upstream_data"),
    };
    let Some(function) = vm.calls.tcp[at].data.clone() else { return Ok(Some(0)) };
    let size = side.data.len() as u32;
    if let Some(open) = vm.guest().streams.get_mut(stream) {
        let lent = open.side(direction);
        (lent.body, lent.resumed) = (std::mem::take(&mut side.data), false);
    }
    let action = vm.call(name, stream, Some(&function), (stream, size, u32::from(ended)));
    if let Some(open) = vm.guest().streams.get_mut(stream) {
        side.data = std::mem::take(&mut open.side(direction).body);
    }
    action
}

/// Tells the module that both connections are closed.
fn farewell(vm: &mut Vm, stream: u32, closed: [Closed; 2]) -> Result<(), Failure> {
    let names = ["proxy_on_downstream_connection_close", "proxy_on_upstream_connection_close"];
    for (at, name) in names.into_iter().enumerate() {
        let function = vm.calls.tcp[at].close.clone();
        vm.call(name, stream, function.as_ref(), (stream, closed[at] as u32))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
