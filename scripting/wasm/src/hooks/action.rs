//! The hook `Action`: a module in a rule.
//!
//! One that offers `action` is asked with the rules that it stands in and its arguments. One that does not is shown the head
//! as a filter is, as a stream of its own that sees nothing else. Either may hold the rules up until its call-outs are answered.

use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use portero_api::{
    Action, Answer, BadArg, Client, Close, Direction, Exchange, Filter, Filtering, Held, Moment, Pass, Reply,
    Setup, Wait, Work,
};

use super::ask::{Asked, Hook, Said, missing};
use super::filter::WasmFilter;
use super::wait::Waiting;
use crate::items::Items;
use crate::scene::Scene;
use crate::seat::{Broken, Seat};
use crate::settings::OnError;

/// A module in a rule.
pub(crate) enum WasmAction {
    /// It has offered an action.
    Offered { asked: Asked, rules: String },
    /// It is shown a head.
    Head { filter: WasmFilter, direction: Direction },
}

impl WasmAction {
    /// Finds out what the module can do in these rules.
    pub(crate) fn new(seat: Rc<Seat>, setup: &Setup<'_>) -> Result<WasmAction, BadArg> {
        if seat.plan.offers(Hook::Action.name()) {
            let asked = Asked::new(seat, Hook::Action, setup.args)?;
            return Ok(WasmAction::Offered { asked, rules: setup.rules.to_owned() });
        }
        let (direction, callback) = match setup.rules {
            "http-req" => (Direction::Request, "proxy_on_request_headers"),
            "http-res" | "http-after-res" => (Direction::Response, "proxy_on_response_headers"),
            _ => return Err(BadArg::new(missing(&seat, Hook::Action))),
        };
        if !seat.plan.has(callback) {
            return Err(BadArg::new(format!("{}, and it has no {callback}", missing(&seat, Hook::Action))));
        }
        Ok(WasmAction::Head { filter: WasmFilter::new(seat, setup)?, direction })
    }
}

impl Action for WasmAction {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        match self {
            WasmAction::Offered { asked, rules } => {
                let said = asked.ask(Scene::Change(exchange), |list| {
                    list.add(rules.as_bytes());
                    asked.write_args(list);
                });
                let on_error = asked.seat.on_error();
                match said {
                    Ok(Said { waits: Some(waiting), .. }) => {
                        Answer::Wait(Wait::For(Box::new(Asking { waiting, rules: rules.clone(), on_error })))
                    }
                    said => answer(said, rules, on_error),
                }
            }
            WasmAction::Head { filter, direction } => {
                let Some(stream) = filter.attach(exchange) else { return Answer::Continue };
                let mut looking = Looking { stream, direction: *direction };
                match looking.look(&mut Context::from_waker(Waker::noop()), exchange) {
                    Poll::Ready(answer) => answer,
                    Poll::Pending => Answer::Wait(Wait::For(Box::new(looking))),
                }
            }
        }
    }
}

/// An action that waits for its call-outs.
struct Asking {
    waiting: Waiting,
    rules: String,
    on_error: OnError,
}

impl Work for Asking {
    fn poll(&mut self, cx: &mut Context<'_>, exchange: &mut Exchange, _: &mut dyn Client) -> Poll<Answer> {
        let said = self.waiting.poll(cx, Scene::Change(exchange));
        said.map(|said| answer(said, &self.rules, self.on_error))
    }
}

/// What a module's answer means: a word, behind `deny` the status.
fn answer(said: Result<Said, Broken>, rules: &str, on_error: OnError) -> Answer {
    let said = match (said, on_error) {
        (Ok(said), _) => said,
        (Err(_), OnError::Fail) => return Answer::Fail,
        (Err(_), OnError::Skip) => return Answer::Continue,
    };
    if let Some(reply) = said.reply {
        return Answer::Reply(reply);
    }
    if said.closed {
        return Answer::Close(Close::Reject);
    }
    let Some(mut items) = Items::new(&said.answer) else { return Answer::Fail };
    match items.next() {
        None | Some(b"" | b"continue") => Answer::Continue,
        Some(b"stop") => Answer::Stop,
        Some(b"deny") => {
            let usual = if rules.ends_with("req") { 403 } else { 502 };
            let status = items.number().and_then(|status| u16::try_from(status).ok()).unwrap_or(usual);
            Answer::Deny(Reply::Status(status))
        }
        Some(b"close") => Answer::Close(Close::Reject),
        Some(_) => Answer::Fail,
    }
}

/// A stream that looks at one head.
struct Looking {
    stream: Box<dyn Filtering>,
    direction: Direction,
}

impl Looking {
    fn look(&mut self, cx: &mut Context<'_>, exchange: &mut Exchange) -> Poll<Answer> {
        let moment = Moment::Head(self.direction, true);
        let pass = self.stream.poll(cx, moment, exchange, &mut Held::default());
        pass.map(|pass| {
            self.stream.end(exchange);
            match pass {
                Pass::Continue | Pass::Hold => Answer::Continue,
                Pass::Reply(reply) => Answer::Reply(reply),
                Pass::Close(close) => Answer::Close(close),
                Pass::Fail => Answer::Fail,
            }
        })
    }
}

impl Work for Looking {
    fn poll(&mut self, cx: &mut Context<'_>, exchange: &mut Exchange, _: &mut dyn Client) -> Poll<Answer> {
        self.look(cx, exchange)
    }
}
