//! `core.register_balancer`: a function of a script chooses servers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use mlua::{Function, Table, Value};
use portero_api::{BadArg, Balance, Candidates, Exchange, Outcome, ServerState, Setup};

use crate::api::{new_txn, server_object};
use crate::hooks::Bound;
use crate::lot::Seat;
use crate::run;
use crate::scene;
use crate::settings::OnError;
use crate::state::{Purpose, State};

/// A balancer.
pub(crate) struct LuaBalance {
    bound: Bound,
    objects: RefCell<Objects>,
    version: Cell<Option<u64>>,
    /// Whether the script wants to be told of anything: asked at the end of every try.
    tells: bool,
}

/// The objects of a backend's servers in one state, by place.
#[derive(Default)]
struct Objects {
    state: u64,
    all: Vec<(Arc<ServerState>, Table)>,
}

impl LuaBalance {
    /// Finds the function. The words behind the name are none of its business.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, setup: &Setup<'_>) -> Result<LuaBalance, BadArg> {
        let bound = Bound::new(seat, name, |purpose| matches!(purpose, Purpose::Balancer { .. }))?;
        match setup.args.first() {
            Some(word) => Err(BadArg::at(0, format!("a balancer of a script takes no arguments: '{word}'"))),
            None => {
                let tells = matches!(bound.registered().purpose, Purpose::Balancer { told: Some(_) });
                Ok(LuaBalance { bound, objects: RefCell::default(), version: Cell::new(None), tells })
            }
        }
    }

    fn choose(&self, candidates: &Candidates<'_>) -> mlua::Result<Option<usize>> {
        let found = self.bound.get();
        let state = &found.state;
        let mut objects = self.objects.borrow_mut();
        objects.refresh(state, candidates.all())?;
        if self.version.replace(Some(candidates.version())) != Some(candidates.version())
            && let Some(told) = self.told("servers_changed")
        {
            let all = state.lua.create_sequence_from(objects.all.iter().map(|(_, object)| object))?;
            run::call::<()>(state, &told, all, &self.bound.figure)?;
        }
        let usable = candidates.usable().map(|(place, _)| &objects.all[place].1);
        let servers = state.lua.create_sequence_from(usable)?;
        let chosen = run::call(state, &found.function, (new_txn(&state.lua)?, servers), &self.bound.figure)?;
        match chosen {
            Value::Nil => Ok(None),
            Value::Table(object) => match objects.place_of(&object) {
                Some(place) if candidates.untried(place) => Ok(Some(place)),
                Some(_) => Err(mlua::Error::runtime("the server that it chose cannot be used now")),
                None => Err(mlua::Error::runtime("what it chose is no server of the list")),
            },
            other => {
                let kind = other.type_name();
                Err(mlua::Error::runtime(format!(
                    "a balancer answers with a server or nil, not with a {kind}"
                )))
            }
        }
    }

    /// One of the functions that want to be told.
    fn told(&self, name: &str) -> Option<Function> {
        if !self.tells {
            return None;
        }
        match self.bound.registered().purpose {
            Purpose::Balancer { told: Some(told) } => told.get(name).ok(),
            _ => None,
        }
    }
}

impl Objects {
    /// Makes the objects anew when the servers are others, or the state is.
    fn refresh(&mut self, state: &State, servers: &[Arc<ServerState>]) -> mlua::Result<()> {
        let same = self.state == state.inside.id
            && self.all.len() == servers.len()
            && self.all.iter().zip(servers).all(|((known, _), server)| Arc::ptr_eq(known, server));
        if !same {
            self.state = state.inside.id;
            let object = |server: &Arc<ServerState>| Ok((server.clone(), server_object(&state.lua, server)?));
            self.all = servers.iter().map(object).collect::<mlua::Result<_>>()?;
        }
        Ok(())
    }

    fn place_of(&self, object: &Table) -> Option<usize> {
        self.all.iter().position(|(_, known)| known == object)
    }
}

impl Balance for LuaBalance {
    fn pick(&self, exchange: &Exchange, candidates: &Candidates<'_>) -> Option<usize> {
        scene::lend(exchange, || match self.choose(candidates) {
            Ok(place) => place,
            Err(error) => {
                if let run::Outcome::Failed(error) = run::ended(error) {
                    self.bound.failed(&error, OnError::Fail);
                }
                None
            }
        })
    }

    fn finished(&self, server: &ServerState, outcome: Outcome) {
        let Some(told) = self.told("released") else { return };
        let found = self.bound.get();
        let objects = self.objects.borrow();
        let known = objects.all.iter().find(|(known, _)| std::ptr::eq(&**known, server));
        let Some((_, object)) = known else { return };
        let (object, outcome) = (object.clone(), outcome_name(outcome));
        drop(objects);
        let args = (object, outcome.0, outcome.1);
        if let Err(error) = run::call::<()>(&found.state, &told, args, &self.bound.figure) {
            self.bound.failed(&error, OnError::Skip);
        }
    }
}

/// How a try ended, in a word, with the status that the server answered.
fn outcome_name(outcome: Outcome) -> (&'static str, Option<u16>) {
    match outcome {
        Outcome::Response(status) => ("response", Some(status)),
        Outcome::ConnectFailed => ("connect-failed", None),
        Outcome::ResponseFailed => ("response-failed", None),
        Outcome::Aborted => ("aborted", None),
        Outcome::Done => ("done", None),
    }
}

#[cfg(test)]
mod tests {
    use portero_conformance::{Balancer, balance};

    use crate::testing::script;

    const TURNS: &str = r#"local last = 0
        core.register_balancer("turns", function(txn, servers)
            last = last + 1
            return servers[(last - 1) % #servers + 1]
        end)"#;

    #[test]
    fn a_balancer_of_a_script_keeps_to_the_hook() {
        let stage = script(TURNS);
        balance(&Balancer { plugin: stage.plugin("turns"), args: "", lines: &[], live: false });
    }
}
