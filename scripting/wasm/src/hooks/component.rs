//! The hooks of components: a function that it exports for each.

use std::rc::Rc;
use std::sync::Arc;

use portero_api::{
    Action, Answer, BadArg, Balance, Candidates, Close, Convert, Exchange, Fetch, Fetched, Message, Outcome,
    Plugin, Reply, Sample, ServerState, Setup,
};
use wasmtime::component::{ComponentNamedList, Lift, Lower, TypedFunc};

use super::ask::{Asked, Hook};
use super::maker;
use crate::abi::headers;
use crate::component::{Exports, given, taken, types};
use crate::plan::Plan;
use crate::scene::{self, Scene};
use crate::seat::{Broken, Seat};
use crate::settings::OnError;

/// Adds the hooks to a plugin. Whether the component has what a configuration wants of it is said where it is named.
pub(super) fn fill(plugin: Plugin, plan: &Arc<Plan>) -> Plugin {
    plugin
        .action(maker(plan, Act::new))
        .fetch(maker(plan, Take::new))
        .convert(maker(plan, Make::new))
        .balance(maker(plan, Choose::new))
}

/// A balancer: asked for each try of a server.
struct Choose {
    asked: Asked,
    /// Whether the component wants to hear how tries ended.
    tells: bool,
}

/// An action, in these rules.
struct Act {
    asked: Asked,
    rules: String,
}

/// A fetch.
struct Take(Asked);

/// A converter.
struct Make(Asked);

impl Asked {
    /// Calls an export with the exchange lent; none where there is no such export.
    ///
    /// # Errors
    ///
    /// The component failed, which was logged, or is at work already.
    fn call<P, R>(
        &self,
        scene: Scene<'_>,
        name: &str,
        export: fn(&Exports) -> &Option<TypedFunc<P, R>>,
        params: P,
    ) -> Result<Option<R>, Broken>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let lent = scene.context();
        self.seat.enter(None, lent, scene, |vm| {
            let exports = vm.exports.clone();
            let Some(function) = export(&exports) else { return Ok(None) };
            vm.run(name, |store| function.call(store, params)).map(Some)
        })
    }
}

impl Choose {
    fn new(seat: Rc<Seat>, setup: &Setup<'_>) -> Result<Choose, BadArg> {
        let tells = seat.plan.offers(Hook::Outcome.name());
        Ok(Choose { asked: Asked::new(seat, Hook::Balancer, setup.args)?, tells })
    }
}

impl Balance for Choose {
    fn pick(&self, exchange: &Exchange, candidates: &Candidates<'_>) -> Option<usize> {
        let (places, servers): (Vec<_>, _) =
            candidates.usable().map(|(index, state)| (index, server(state))).unzip();
        let all = candidates.all();
        let failed = candidates.tried().iter().filter_map(|index| all.get(*index));
        let attempt = types::Attempt {
            number: exchange.log.retries + 1,
            servers,
            failed: failed.map(|state| state.name.to_string()).collect(),
        };
        let params = (attempt, self.asked.args.clone());
        let said = self.asked.call(Scene::See(exchange), "choose-server", |all| &all.choose_server, params);
        let (place,) = said.ok().flatten()?;
        places.get(usize::try_from(place?).ok()?).copied()
    }

    fn finished(&self, server: &ServerState, outcome: Outcome) {
        if !self.tells {
            return;
        }
        let outcome = match outcome {
            Outcome::Response(status) => types::Outcome::Response(status),
            Outcome::ConnectFailed => types::Outcome::ConnectFailed,
            Outcome::ResponseFailed => types::Outcome::ResponseFailed,
            Outcome::Aborted => types::Outcome::Aborted,
            Outcome::Done => types::Outcome::Done,
        };
        let params = (server.name.to_string(), outcome, self.asked.args.clone());
        // a failure was logged
        let _ = self.asked.call(Scene::Alone, "try-ended", |all| &all.try_ended, params);
    }
}

/// A server as components see it.
fn server(state: &ServerState) -> types::Server {
    types::Server {
        name: state.name.to_string(),
        address: state.address().to_string(),
        weight: state.weight(),
        sessions: state.sessions.now(),
        queue: state.queue.now(),
        max_sessions: state.max_sessions(),
        backup: state.is_backup(),
    }
}

impl Act {
    fn new(seat: Rc<Seat>, setup: &Setup<'_>) -> Result<Act, BadArg> {
        Ok(Act { asked: Asked::new(seat, Hook::Action, setup.args)?, rules: setup.rules.to_owned() })
    }

    fn answer(&self, verdict: types::Verdict) -> Answer {
        match verdict {
            types::Verdict::Continue => Answer::Continue,
            types::Verdict::Stop => Answer::Stop,
            types::Verdict::Deny(status) => Answer::Deny(Reply::Status(status)),
            types::Verdict::Reply(reply) => match message(reply) {
                Some(message) => Answer::Reply(Reply::Message(Box::new(message))),
                None => {
                    let name = &self.asked.seat.plan.load.name;
                    scene::log(
                        3,
                        &format!("wasm {name}: act: there is no reply with that status, or such a field"),
                    );
                    Answer::Fail
                }
            },
            types::Verdict::Close => Answer::Close(Close::Reject),
        }
    }
}

impl Action for Act {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let params = (self.rules.clone(), self.asked.args.clone());
        let said = self.asked.call(Scene::Change(exchange), "act", |all| &all.act, params);
        match (said, self.asked.seat.on_error()) {
            (Ok(Some((verdict,))), _) => self.answer(verdict),
            (_, OnError::Fail) => Answer::Fail,
            (_, OnError::Skip) => Answer::Continue,
        }
    }
}

/// The reply of a component; none when it is malformed.
fn message(reply: types::Reply) -> Option<Message> {
    (200..=599).contains(&reply.status).then_some(())?;
    let mut message = Message::new(reply.status);
    message.body = reply.body.into();
    for (name, value) in &reply.headers {
        headers::check(name.as_bytes(), value).ok()?;
        // the status is said already, and the length follows from the body
        if !name.starts_with(':') && !name.eq_ignore_ascii_case("content-length") {
            message = message.header(name, value);
        }
    }
    Some(message)
}

impl Take {
    fn new(seat: Rc<Seat>, setup: &Setup<'_>) -> Result<Take, BadArg> {
        Asked::new(seat, Hook::Fetch, setup.args).map(Take)
    }
}

impl Fetch for Take {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        let said = self.0.call(Scene::See(exchange), "fetch", |all| &all.fetch, (self.0.args.clone(),));
        Ok(sample(said))
    }
}

impl Make {
    fn new(seat: Rc<Seat>, setup: &Setup<'_>) -> Result<Make, BadArg> {
        Asked::new(seat, Hook::Converter, setup.args).map(Make)
    }
}

impl Convert for Make {
    fn convert<'a>(&'a self, sample_: Sample<'a>, exchange: &'a Exchange) -> Option<Sample<'a>> {
        let params = (given(sample_), self.0.args.clone());
        sample(self.0.call(Scene::See(exchange), "convert", |all| &all.convert, params))
    }
}

fn sample(said: Result<Option<(Option<types::Sample>,)>, Broken>) -> Option<Sample<'static>> {
    let (sample,) = said.ok().flatten()?;
    taken(sample?)
}
