//! The hook `Filter`: a stream of the module looks at an exchange.
//!
//! The module says with each callback whether the message goes on, and may let it go on later from any other callback. A
//! body that it holds up is kept here, up to the limit of the plugin, and shown whole each time more has come, as Envoy does.

use std::rc::Rc;
use std::task::{Context, Poll};

use portero_api::{
    BadArg, Close, Direction, Exchange, Filter, Filtering, Held, Interest, Moment, Pass, Reply, Setup,
};

use super::callout;
use super::tcp::Session;
use crate::abi::count;
use crate::plan::Plan;
use crate::scene::Scene;
use crate::seat::{Broken, Seat};
use crate::settings::OnError;
use crate::vm::{Failure, Vm};

/// A use of a module as a filter.
pub(crate) struct WasmFilter {
    seat: Rc<Seat>,
    /// What the module wants of the body of each direction.
    bodies: [Interest; 2],
}

impl WasmFilter {
    pub(crate) fn new(seat: Rc<Seat>, setup: &Setup<'_>) -> Result<WasmFilter, BadArg> {
        match setup.args {
            [] => Ok(WasmFilter {
                bodies: [interest(&seat.plan, "request"), interest(&seat.plan, "response")],
                seat,
            }),
            [first, ..] => {
                Err(BadArg::at(0, format!("a WASM filter takes no argument, and there is '{first}'")))
            }
        }
    }
}

impl Filter for WasmFilter {
    fn attach(&self, exchange: &mut Exchange) -> Option<Box<dyn Filtering>> {
        if !exchange.conn.frontend.http {
            return Session::begin(&self.seat, exchange)
                .map(|session| Box::new(session) as Box<dyn Filtering>);
        }
        let opened = self.seat.enter(None, 0, Scene::Change(exchange), Vm::open);
        let stream = match opened {
            Ok(stream) => stream,
            Err(_) if self.seat.on_error() == OnError::Skip => return None,
            Err(_) => 0,
        };
        let generation = self.seat.generation();
        let broken = stream == 0;
        Some(Box::new(WasmFiltering {
            seat: self.seat.clone(),
            generation,
            stream,
            broken,
            bodies: self.bodies,
            sides: Default::default(),
        }))
    }
}

/// A stream of the module at work.
struct WasmFiltering {
    seat: Rc<Seat>,
    /// The instance that the stream belongs to.
    generation: u64,
    stream: u32,
    /// True when the instance is gone, or the stream has ended.
    broken: bool,
    bodies: [Interest; 2],
    sides: [Side; 2],
}

/// How far the module has seen one direction.
#[derive(Default)]
struct Side {
    /// It has seen the head.
    head: bool,
    /// What it holds up of the body.
    body: Vec<u8>,
    /// It has seen the end of the body.
    ended: bool,
    /// It has seen the trailers.
    trailers: bool,
    /// It holds the message up.
    waits: bool,
}

/// What a callback means for the message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Continue,
    /// It waits, and the body is shown all the same.
    Pause,
    /// It waits with all behind it.
    PauseAll,
    /// What was shown of the body is thrown away.
    Drop,
}

impl Filtering for WasmFiltering {
    fn interest(&self, direction: Direction) -> Interest {
        let (side, bodies) = (&self.sides[index(direction)], self.bodies[index(direction)]);
        match self.broken {
            true if self.seat.on_error() == OnError::Skip => Interest::None,
            // it has seen the whole message
            _ if side.ended => Interest::None,
            true => bodies.max(Interest::Watch),
            false => bodies,
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        moment: Moment,
        exchange: &mut Exchange,
        held: &mut Held,
    ) -> Poll<Pass> {
        if !self.broken && self.seat.generation() != self.generation {
            self.move_in(exchange);
        }
        if self.broken {
            return Poll::Ready(self.gone(moment.direction(), held));
        }
        let (stream, allowed) = (self.stream, self.seat.plan.load.allow_on_headers_stop_iteration);
        let side = &mut self.sides[index(moment.direction())];
        if matches!(moment, Moment::End(_)) && held.trailers.is_empty() && !side.waits {
            return Poll::Ready(Pass::Continue);
        }
        let news = !held.data.is_empty() || (held.ended && !side.ended);
        let mut turn = Turn { cx, stream, moment, side, held, news, pauses_alone: allowed };
        let entered =
            self.seat.enter(Some(self.generation), stream, Scene::Change(exchange), |vm| turn.take(vm));
        match entered {
            Ok(pass) => pass,
            // a host function led back here: the module must not be asked now
            Err(Broken::Busy) => Poll::Ready(Pass::Fail),
            Err(Broken::Failed) => {
                self.broken = true;
                Poll::Ready(self.gone(moment.direction(), held))
            }
        }
    }

    fn end(&mut self, exchange: &mut Exchange) {
        if !self.broken {
            let stream = self.stream;
            let ended = self.seat.enter(Some(self.generation), stream, Scene::Change(exchange), |vm| {
                if let Some(open) = vm.guest().streams.get_mut(stream) {
                    open.forget_waker();
                }
                callout::tell_all(vm, stream)?;
                vm.close(stream)
            });
            self.broken = true;
            // a failure was logged; nothing of the exchange depends on it any more
            if ended.is_ok() {
                self.seat.went_well();
            }
        }
    }
}

/// An action whose client has left is dropped without its exchange.
impl Drop for WasmFiltering {
    fn drop(&mut self) {
        if !self.broken {
            let stream = self.stream;
            // a failure was logged
            let _ = self.seat.enter(Some(self.generation), 0, Scene::Alone, |vm| vm.close(stream));
        }
    }
}

impl WasmFiltering {
    /// The instance has failed in the hands of another exchange: a new stream in the next one sees what is still to come,
    /// unless this one is held up, and nobody knows any more for what.
    fn move_in(&mut self, exchange: &mut Exchange) {
        if self.sides.iter().any(|side| side.waits) {
            self.broken = true;
            return;
        }
        match self.seat.enter(None, 0, Scene::Change(exchange), Vm::open) {
            Ok(stream) => (self.stream, self.generation) = (stream, self.seat.generation()),
            Err(_) => self.broken = true,
        }
    }

    /// What becomes of a message whose stream is gone, with what was held up of it.
    fn gone(&mut self, direction: Direction, held: &mut Held) -> Pass {
        let side = &mut self.sides[usize::from(direction == Direction::Response)];
        held.data.splice(..0, std::mem::take(&mut side.body));
        match self.seat.on_error() {
            OnError::Fail => Pass::Fail,
            OnError::Skip => Pass::Continue,
        }
    }
}

/// One look at a message.
struct Turn<'a, 'cx> {
    cx: &'a Context<'cx>,
    stream: u32,
    moment: Moment,
    side: &'a mut Side,
    held: &'a mut Held,
    /// Something of the body has come that the module has not seen.
    news: bool,
    /// `Pause` behind a head holds the head alone.
    pauses_alone: bool,
}

impl Turn<'_, '_> {
    fn take(&mut self, vm: &mut Vm) -> Result<Poll<Pass>, Failure> {
        self.lend(vm);
        let said = self.show(vm);
        self.take_back(vm);
        said.map(|said| self.verdict(vm, said))
    }

    /// Puts what is there of the body where host functions find it.
    fn lend(&mut self, vm: &mut Vm) {
        let direction = self.moment.direction();
        let Some(stream) = vm.guest().streams.get_mut(self.stream) else { return };
        stream.forget_waker();
        let side = stream.side(direction);
        side.resumed = false;
        side.body = std::mem::take(&mut self.side.body);
        if matches!(self.moment, Moment::End(_)) {
            side.trailers = std::mem::take(&mut self.held.trailers);
        }
        if side.body.is_empty() {
            std::mem::swap(&mut side.body, &mut self.held.data);
        } else {
            side.body.append(&mut self.held.data);
        }
    }

    /// Calls the guest: with the answers that have come, and with what it has not seen.
    fn show(&mut self, vm: &mut Vm) -> Result<Option<Said>, Failure> {
        callout::tell_all(vm, self.stream)?;
        match self.moment {
            Moment::Head(direction, empty) if !self.side.head => {
                self.side.head = true;
                self.head(vm, direction, empty).map(Some)
            }
            Moment::Body(direction) | Moment::Tunnel(direction) if self.news => self.body(vm, direction),
            Moment::End(direction) if !self.side.trailers => {
                self.side.trailers = true;
                self.trailers(vm, direction).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn head(&mut self, vm: &mut Vm, direction: Direction, empty: bool) -> Result<Said, Failure> {
        self.side.ended = empty;
        let calls = vm.calls.clone();
        let Some(function) = &calls.http(direction).headers else { return Ok(Said::Continue) };
        let response = direction == Direction::Response;
        let fields = crate::scene::see(|exchange| count(exchange, response)).unwrap_or_default();
        let name = if response { "proxy_on_response_headers" } else { "proxy_on_request_headers" };
        let action = function.call(vm, name, self.stream, fields, empty)?;
        let body = calls.http(direction).body.is_some() && !empty;
        Ok(match action {
            // 2 would end the message behind its head, which Envoy does not do any more either
            0 | 2 => Said::Continue,
            1 if self.pauses_alone && body => Said::Pause,
            _ => Said::PauseAll,
        })
    }

    fn body(&mut self, vm: &mut Vm, direction: Direction) -> Result<Option<Said>, Failure> {
        let calls = vm.calls.clone();
        let Some(function) = &calls.http(direction).body else { return Ok(Some(Said::Continue)) };
        let size = self.lent(vm).map_or(0, |side| side.body.len());
        // trailers are the end, where there are any
        let ended = self.held.ended && self.held.trailers.is_empty();
        self.side.ended = self.held.ended;
        let name = match direction {
            Direction::Request => "proxy_on_request_body",
            Direction::Response => "proxy_on_response_body",
        };
        let params = (self.stream, size as u32, u32::from(ended));
        let action = vm.call(name, self.stream, Some(function), params)?;
        Ok(Some(match action.unwrap_or_default() {
            0 => Said::Continue,
            1 | 2 => Said::Pause,
            _ => Said::Drop,
        }))
    }

    fn trailers(&mut self, vm: &mut Vm, direction: Direction) -> Result<Said, Failure> {
        let fields = self.lent(vm).map_or(0, |side| side.trailers.len());
        let calls = vm.calls.clone();
        let function = calls.http(direction).trailers.as_ref().filter(|_| fields > 0);
        let name = match direction {
            Direction::Request => "proxy_on_request_trailers",
            Direction::Response => "proxy_on_response_trailers",
        };
        let params = (self.stream, fields as u32);
        let action = vm.call(name, self.stream, function, params)?;
        Ok(if action.unwrap_or_default() == 0 { Said::Continue } else { Said::PauseAll })
    }

    fn lent<'v>(&self, vm: &'v mut Vm) -> Option<&'v mut crate::context::Side> {
        let direction = self.moment.direction();
        vm.guest().streams.get_mut(self.stream).map(|open| open.side(direction))
    }

    /// Takes the body back from where host functions found it.
    fn take_back(&mut self, vm: &mut Vm) {
        if let Some(side) = self.lent(vm) {
            let (body, trailers) = (std::mem::take(&mut side.body), std::mem::take(&mut side.trailers));
            self.side.body = body;
            if matches!(self.moment, Moment::End(_)) {
                self.held.trailers = trailers;
            }
        }
    }

    /// What the message does now.
    fn verdict(&mut self, vm: &mut Vm, said: Option<Said>) -> Poll<Pass> {
        let direction = self.moment.direction();
        let limit = vm.plan().load.max_body;
        let Some(open) = vm.guest().streams.get_mut(self.stream) else { return Poll::Ready(Pass::Fail) };
        if let Some(reply) = open.reply.take() {
            return Poll::Ready(Pass::Reply(reply));
        }
        if open.closed {
            return Poll::Ready(Pass::Close(Close::Reject));
        }
        match said {
            Some(Said::Continue) => open.side(direction).paused = false,
            Some(Said::Pause | Said::PauseAll) => open.side(direction).paused = true,
            Some(Said::Drop) => {
                self.side.body.clear();
                open.side(direction).paused = true;
            }
            None => {}
        }
        let side = open.side(direction);
        side.paused &= !side.resumed;
        self.side.waits = side.paused;
        if !self.side.waits {
            self.release();
            return Poll::Ready(Pass::Continue);
        }
        self.side.waits = true;
        open.wait(self.cx.waker());
        match self.moment {
            Moment::Head(..) if said == Some(Said::Pause) => Poll::Ready(Pass::Hold),
            Moment::Body(_) | Moment::Tunnel(_) if self.side.body.len() > limit => {
                Poll::Ready(too_large(direction))
            }
            Moment::Body(_) | Moment::Tunnel(_) => {
                self.held.pass = 0;
                Poll::Ready(Pass::Continue)
            }
            _ => Poll::Pending,
        }
    }

    /// Lets what was held up of the body pass.
    fn release(&mut self) {
        if matches!(self.moment, Moment::Body(_) | Moment::Tunnel(_)) {
            self.held.data = std::mem::take(&mut self.side.body);
            self.held.pass = usize::MAX;
        }
    }
}

/// What a module wants of the bodies of that side. Most SDKs export every callback, whether the filter has it or not.
fn interest(plan: &Plan, side: &str) -> Interest {
    let wanted = ["body", "trailers"].iter().any(|what| plan.has(&format!("proxy_on_{side}_{what}")));
    match wanted {
        true if plan.load.allows("proxy_set_buffer_bytes") => Interest::Change,
        true => Interest::Watch,
        false => Interest::None,
    }
}

fn index(direction: Direction) -> usize {
    usize::from(direction == Direction::Response)
}

/// A body that is larger than the plugin may hold up.
fn too_large(direction: Direction) -> Pass {
    Pass::Reply(Reply::Status(if direction == Direction::Request { 413 } else { 502 }))
}
