//! The hook `Filter`: a stream of the module looks at an exchange.
//!
//! The module says with each callback whether the message goes on, and may let it go on later from any other callback. A
//! body that it holds up is kept here, up to the limit of the plugin, and shown whole each time more has come, as Envoy does.

mod turn;

use std::rc::Rc;
use std::task::{Context, Poll};

use portero_api::{BadArg, Direction, Exchange, Filter, Filtering, Held, Interest, Moment, Pass, Setup};

use self::turn::Turn;
use super::callout;
use super::tcp::Session;
use crate::abi::count;
use crate::plan::Plan;
use crate::scene::Scene;
use crate::seat::{Broken, Seat};
use crate::settings::OnError;
use crate::vm::Vm;

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
        let (stream, direction) = (self.stream, moment.direction());
        let side = &mut self.sides[index(direction)];
        if matches!(moment, Moment::End(_)) && held.trailers.is_empty() && !side.waits {
            return Poll::Ready(Pass::Continue);
        }
        let news = !held.data.is_empty() || (held.ended && !side.ended);
        let fields = match moment {
            Moment::Head(..) if !side.head => count(exchange, direction),
            _ => 0,
        };
        let mut turn = Turn { cx, stream, moment, direction, fields, side, held, news };
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
                    if !open.inbox.is_empty() {
                        callout::tell_all(vm, stream)?;
                    }
                }
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
    #[cold]
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
    #[cold]
    fn gone(&mut self, direction: Direction, held: &mut Held) -> Pass {
        let side = &mut self.sides[usize::from(direction == Direction::Response)];
        held.data.splice(..0, std::mem::take(&mut side.body));
        match self.seat.on_error() {
            OnError::Fail => Pass::Fail,
            OnError::Skip => Pass::Continue,
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
