//! `core.register_action`: a function of a script in a rule.

use std::rc::Rc;
use std::task::{Context, Poll};

use mlua::{MultiValue, Value};
use portero_api::{Action, Answer, BadArg, Client, Close, Exchange, NoClient, Reply, Setup, Wait, Work};

use crate::api::Ending;
use crate::given::Given;
use crate::hooks::Bound;
use crate::lot::Seat;
use crate::run::{Outcome, Run};
use crate::scene::{self, Scene};
use crate::settings::OnError;
use crate::state::{Purpose, State};

/// A rule's action.
pub(crate) struct LuaAction {
    bound: Rc<Bound>,
    /// Whether it stands in rules of the response.
    response: bool,
}

impl LuaAction {
    /// Checks that the rule may have it and gives it the right number of arguments.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, setup: &Setup<'_>) -> Result<LuaAction, BadArg> {
        // one name may be an action here and another one there: `cors` of requests, `cors` of responses
        let here = setup.rules.to_owned();
        let fits = move |purpose: &Purpose| matches!(purpose, Purpose::Action { rules, .. } if rules.contains(&here));
        check_rules(&seat.state(), name, setup.rules, &fits)?;
        let bound = Bound::giving(seat, name, Given::object("TXN", setup.args), fits)?;
        let Purpose::Action { args, .. } = bound.registered().purpose else {
            return Err(BadArg::new(format!("'{name}' is no action")));
        };
        if setup.args.len() != args {
            let given = setup.args.len();
            let at = setup.args.len().min(args);
            let message = format!("it takes {args} arguments, {given} given");
            return Err(if given > args { BadArg::at(at, message) } else { BadArg::new(message) });
        }
        let response = matches!(setup.rules, "tcp-res" | "http-res" | "http-after-res");
        Ok(LuaAction { bound: Rc::new(bound), response })
    }

    fn begin(&self) -> mlua::Result<Working> {
        let found = self.bound.get();
        let settings = &found.state.settings;
        let (limit, on_error) = (settings.session_timeout, settings.on_error);
        let run = Run::new(&found.state, &found.function, MultiValue::new(), limit, &self.bound.figure)?;
        Ok(Working { run, bound: self.bound.clone(), response: self.response, on_error })
    }
}

/// Says for which rules an action is there, where it is not there for these.
fn check_rules(
    state: &State,
    name: &str,
    rules: &str,
    fits: &impl Fn(&Purpose) -> bool,
) -> Result<(), BadArg> {
    let mut known = Vec::new();
    for one in state.registered().into_iter().filter(|one| one.name == name) {
        match one.purpose {
            purpose if fits(&purpose) => return Ok(()),
            Purpose::Action { rules, .. } => known.extend(rules),
            _ => {}
        }
    }
    let known = known.join("', '");
    Err(BadArg::new(format!("the script registered it for '{known}', not for '{rules}'")))
}

impl Action for LuaAction {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let mut working = match self.begin() {
            Ok(working) => working,
            Err(error) => return scene::lend(exchange, || self.bound.failed(&error, OnError::Fail)),
        };
        match working.run.start(&mut Scene::Exchange(exchange, &mut NoClient)) {
            Some(outcome) => working.answer(outcome, exchange),
            None => Answer::Wait(Wait::For(Box::new(working))),
        }
    }
}

/// An action that waits.
struct Working {
    run: Run,
    bound: Rc<Bound>,
    response: bool,
    on_error: OnError,
}

impl Work for Working {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<Answer> {
        let polled = self.run.poll(cx, &mut Scene::Exchange(&mut *exchange, client));
        polled.map(|outcome| self.answer(outcome, exchange))
    }
}

impl Working {
    fn answer(&self, outcome: Outcome, exchange: &Exchange) -> Answer {
        match outcome {
            Outcome::Returned(value, ..) => self.verdict(&value, exchange),
            Outcome::Done(Ending::Quiet) => Answer::Continue,
            Outcome::Done(Ending::Abort) => Answer::Close(Close::Reject),
            Outcome::Done(Ending::Reply(message)) => {
                Answer::Reply(Reply::Message(Box::new((*message).clone())))
            }
            Outcome::Failed(error) => scene::lend(exchange, || self.bound.failed(&error, self.on_error)),
        }
    }

    /// What a function returns: one of `act`, or nothing.
    fn verdict(&self, value: &Value, exchange: &Exchange) -> Answer {
        match value.as_integer().unwrap_or(0) {
            1 => Answer::Stop,
            2 => {
                let error = mlua::Error::runtime("act.YIELD is not supported yet: wait with core.msleep()");
                scene::lend(exchange, || self.bound.failed(&error, self.on_error))
            }
            3 => Answer::Fail,
            4 => Answer::Stop,
            5 => Answer::Deny(Reply::Status(if self.response { 502 } else { 403 })),
            6 => Answer::Close(Close::Reject),
            7 => Answer::Deny(Reply::Status(if self.response { 502 } else { 400 })),
            _ => Answer::Continue,
        }
    }
}

impl Bound {
    /// Logs why a function failed; what that means for the exchange.
    pub(crate) fn failed(&self, error: &mlua::Error, on_error: OnError) -> Answer {
        self.note(error);
        scene::log(3, &format!("Lua function '{}': {error}", self.name()));
        match on_error {
            OnError::Fail => Answer::Fail,
            OnError::Skip => Answer::Continue,
        }
    }
}
