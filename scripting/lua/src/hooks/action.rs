//! `core.register_action`: a function of a script in a rule.

use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use mlua::{MultiValue, Value};
use portero_api::{
    Action, Answer, BadArg, Client, Close, Deed, Exchange, LocalFuture, NoClient, Reply, Setup, Wait, Work,
};

use crate::api::Ending;
use crate::api::act::{self, Said};
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

/// The shortest rest: a function that asks for none must not keep the thread.
const SHORTEST: Duration = Duration::from_millis(1);

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
        let run = match begin(&self.bound) {
            Ok(run) => run,
            Err(error) => return scene::lend(exchange, || self.bound.failed(&error, OnError::Fail)),
        };
        let (bound, response) = (self.bound.clone(), self.response);
        let mut working = Working { run, bound, response, said: Said::default(), rest: None };
        let scene = &mut Scene::Exchange(&mut *exchange, &mut NoClient);
        let ended = working.said.lend(|| working.run.start(scene));
        match ended.and_then(|outcome| working.answer(outcome, exchange)) {
            Some(answer) => answer,
            None => Answer::Wait(Wait::For(Box::new(working))),
        }
    }
}

fn begin(bound: &Bound) -> mlua::Result<Run> {
    let found = bound.get();
    let limit = found.state.settings.session_timeout;
    Run::new(&found.state, &found.function, MultiValue::new(), limit, &bound.figure)
}

/// An action that waits.
struct Working {
    run: Run,
    bound: Rc<Bound>,
    response: bool,
    said: Said,
    /// What it rests for before it is called again (`act.YIELD` behind `act:wake_time`).
    rest: Option<LocalFuture<'static, ()>>,
}

impl Work for Working {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<Answer> {
        loop {
            if self.rest.is_some() {
                ready!(self.poll_rest(cx, exchange, client));
                match begin(&self.bound) {
                    Ok(run) => self.run = run,
                    Err(error) => return Poll::Ready(self.failed(&error, exchange)),
                }
            }
            let Working { run, said, .. } = self;
            let scene = &mut Scene::Exchange(&mut *exchange, &mut *client);
            let outcome = ready!(said.lend(|| run.poll(cx, scene)));
            if let Some(answer) = self.answer(outcome, exchange) {
                return Poll::Ready(answer);
            }
        }
    }
}

impl Working {
    /// The end of a rest: its time is over, or more has come of what a request's rules look at.
    fn poll_rest(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<()> {
        let looks = !self.response && !exchange.payload.complete;
        let more = looks && matches!(client.poll_more(cx, exchange), Poll::Ready(Ok(true)));
        if let Some(rest) = self.rest.as_mut().filter(|_| !more) {
            ready!(rest.as_mut().poll(cx));
        }
        self.rest = None;
        Poll::Ready(())
    }

    /// What an end means; none where the function is called again later.
    fn answer(&mut self, outcome: Outcome, exchange: &Exchange) -> Option<Answer> {
        let answer = match outcome {
            Outcome::Returned(Value::Integer(act::YIELD), ..) => return self.again(exchange),
            Outcome::Returned(value, ..) => self.verdict(&value),
            Outcome::Done(Ending::Quiet) => Answer::Continue,
            Outcome::Done(Ending::Abort) => Answer::Close(Close::Reject),
            Outcome::Done(Ending::Reply(message)) => {
                Answer::Reply(Reply::Message(Box::new((*message).clone())))
            }
            Outcome::Failed(error) => self.failed(&error, exchange),
        };
        let packets = self.said.packets.take();
        Some(match answer {
            answer if packets.is_plain() => answer,
            Answer::Continue => Answer::Do(Deed::Mark(packets)),
            answer => {
                let why = "packets are marked where the action ends with act.CONTINUE, which it did not";
                scene::lend(exchange, || self.bound.failed(&mlua::Error::runtime(why), OnError::Skip));
                answer
            }
        })
    }

    /// `act.YIELD`: the same rule again, when there are more data or the time is over. Where neither can be, it is as it is.
    fn again(&mut self, exchange: &Exchange) -> Option<Answer> {
        let payload = if self.response { &exchange.response_payload } else { &exchange.payload };
        match (self.said.wake.take(), scene::hosted()) {
            (Some(time), Some(host)) => {
                self.rest = Some(host.sleep(time.max(SHORTEST)));
                None
            }
            _ if payload.complete => Some(Answer::Continue),
            _ => Some(Answer::Wait(Wait::Data)),
        }
    }

    fn failed(&self, error: &mlua::Error, exchange: &Exchange) -> Answer {
        let on_error = self.bound.get().state.settings.on_error;
        scene::lend(exchange, || self.bound.failed(error, on_error))
    }

    /// What a function returns: one of `act`, or nothing.
    fn verdict(&self, value: &Value) -> Answer {
        match value.as_integer().unwrap_or(0) {
            1 => Answer::Stop,
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

#[cfg(test)]
mod tests {
    use portero_api::Packets;
    use portero_conformance::rig::{Bench, bare};
    use portero_conformance::{Acting, Waiting, action, wait};

    use super::*;
    use crate::testing::{Stage, script};

    /// Answers what a request at once, or behind waits, did to its target.
    fn is_marked(exchange: &Exchange, answer: &Answer) {
        assert!(matches!(answer, Answer::Continue), "{answer:?}");
        assert_eq!(exchange.request.headers.get(b"x-mark"), Some(&b"1"[..]));
    }

    fn stage(body: &str) -> Stage {
        script(&format!("core.register_action('a', {{ 'http-req', 'tcp-req' }}, function(txn) {body} end)"))
    }

    #[test]
    fn an_action_of_a_script_keeps_to_the_hook() {
        let stage = stage("txn.http:req_set_header('x-mark', '1')");
        action(&Acting { plugin: stage.plugin("a"), bench: stage.bench(""), done: &is_marked });
    }

    #[test]
    fn an_action_that_waits_keeps_to_the_hook() {
        let stage = stage("for i = 1, 3 do core.yield() end txn.http:req_set_header('x-mark', '1')");
        let bench: &dyn Fn() -> Bench = &|| stage.bench("");
        wait(&Waiting { plugin: stage.plugin("a"), bench, body: b"abc", done: &is_marked });
    }

    #[test]
    fn packets_are_marked_by_the_road() {
        let stage = stage("txn:set_fc_tos(0x12) txn:set_mark(7)");
        let answer = stage.finish("a", &mut bare());
        let wanted = Packets { tos: Some(0x12), mark: Some(7) };
        assert!(matches!(answer, Answer::Do(Deed::Mark(packets)) if packets == wanted), "{answer:?}");
    }

    #[test]
    fn a_function_that_yields_is_called_again_with_more_data() {
        let stage = stage(
            "local line = txn.req:line() or ''
            if line:sub(-1) ~= '\\n' then return act.YIELD end
            txn:set_var('txn.line', line .. txn.req:input())",
        );
        let mut exchange = bare();
        exchange.payload.data = b"he".to_vec();
        assert!(matches!(stage.finish("a", &mut exchange), Answer::Wait(Wait::Data)));
        exchange.payload.data = b"hello\nmore".to_vec();
        assert!(matches!(stage.finish("a", &mut exchange), Answer::Continue));
        let id = portero_api::VarId::parse("txn.line").expect("a name");
        let line = exchange.vars.get(id).map(|value| value.to_sample().into_owned());
        assert_eq!(line, Some(portero_api::Sample::text("hello\n10")));
        exchange.payload.data.clear();
        exchange.payload.complete = true;
        assert!(matches!(stage.finish("a", &mut exchange), Answer::Continue), "nothing more can come");
    }

    #[test]
    fn a_function_that_yields_is_called_again_in_time() {
        let stage = stage(
            "calls = (calls or 0) + 1
            if calls < 3 then act:wake_time(50) return act.YIELD end
            return act.DENY",
        );
        let mut exchange = bare();
        let Err(mut work) = stage.act("a", &mut exchange) else { panic!("it did not rest") };
        for _ in 0..2 {
            assert!(crate::testing::poll(&mut work, &mut exchange).is_pending());
            stage.desk.pass(Duration::from_millis(50));
        }
        let answer = crate::testing::poll(&mut work, &mut exchange);
        assert!(matches!(answer, Poll::Ready(Answer::Deny(_))), "{answer:?}");
    }
}
