//! `core.register_check`: a function of a script probes servers.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::sync::Arc;

use mlua::{Function, IntoLuaMulti, Value};
use portero_api::{
    Address, BadArg, CheckStatus, Dial, Directory, Health, LocalFuture, ServerState, Setup, Target, Verdict,
    Wire,
};

use crate::api::server_object;
use crate::hooks::{Bound, Found};
use crate::lot::Seat;
use crate::run::{Outcome, Run};
use crate::scene::{self, Scene};
use crate::state::{Purpose, State};

/// A health check.
pub(crate) struct LuaCheck {
    bound: Bound,
    directory: Arc<Directory>,
    /// What is called, and of which function it was made.
    called: RefCell<Option<(Rc<Found>, Function)>>,
}

/// Calls a check with a function that connects to the server: a socket of `core.tcp`, or nil and why not.
const CALL: &str = r#"
local check = ...
return function(server, address, timeout)
    local function dial()
        local socket = core.tcp()
        socket:settimeout(timeout)
        local connected, why = socket:connect(address)
        if not connected then return nil, why end
        return socket
    end
    return check(server, dial)
end
"#;

impl LuaCheck {
    /// Finds the function.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, setup: &Setup<'_>) -> Result<LuaCheck, BadArg> {
        let bound = Bound::new(seat, name, |purpose| matches!(purpose, Purpose::Check))?;
        Ok(LuaCheck { bound, directory: setup.common.directory.clone(), called: RefCell::default() })
    }

    fn begin(&self, server: &ServerState, target: &Target) -> mlua::Result<Run> {
        let found = self.bound.get();
        let state = &found.state;
        let call = self.call(&found)?;
        let args = (self.object(state, server)?, address(&target.address), target.timeout.as_secs_f64());
        let args = args.into_lua_multi(&state.lua)?;
        Run::new(state, &call, args, state.settings.session_timeout, &self.bound.figure)
    }

    /// The function with `dial` made for it, once per state.
    fn call(&self, found: &Rc<Found>) -> mlua::Result<Function> {
        let mut called = self.called.borrow_mut();
        match &*called {
            Some((known, call)) if Rc::ptr_eq(known, found) => Ok(call.clone()),
            _ => {
                let call: Function = found.state.lua.load(CALL).set_name("=check").call(&found.function)?;
                *called = Some((found.clone(), call.clone()));
                Ok(call)
            }
        }
    }

    fn object(&self, state: &State, server: &ServerState) -> mlua::Result<Value> {
        let backend = self.directory.proxy(&server.backend, true);
        let servers = backend.map(|backend| backend.servers());
        let found = servers.iter().flat_map(|all| all.iter()).find(|one| std::ptr::eq(&***one, server));
        found.map_or(Ok(Value::Nil), |server| server_object(&state.lua, server).map(Value::Table))
    }
}

impl Health for LuaCheck {
    fn probe<'a>(
        &'a self,
        server: &'a ServerState,
        target: &'a Target,
        _: &'a dyn Dial,
    ) -> LocalFuture<'a, Verdict> {
        Box::pin(async move {
            let dial = Rc::new(Noting {
                inner: scene::dial(),
                server: target.address.clone(),
                failed: RefCell::default(),
            });
            let lent: Rc<dyn Dial> = dial.clone();
            let outcome = match self.begin(server, target) {
                Ok(mut run) => {
                    poll_fn(|cx| scene::lend_dial(&lent, || run.poll(cx, &mut Scene::Alone))).await
                }
                Err(error) => Outcome::Failed(error),
            };
            match outcome {
                Outcome::Returned(state, reason, weight) => {
                    let verdict = verdict(&state, &reason, &weight);
                    dial.unreached().filter(|_| !verdict.status.passed()).unwrap_or(verdict)
                }
                Outcome::Done(_) => verdict(&Value::Nil, &Value::Nil, &Value::Nil),
                Outcome::Failed(error) => {
                    self.bound.note(&error);
                    scene::log(3, &format!("Lua function '{}': {error}", self.bound.name()));
                    let said = error.to_string();
                    let first = said.lines().next().unwrap_or_default();
                    Verdict::new(CheckStatus::L7Response, format!("the script failed: {first}"))
                }
            }
        })
    }
}

/// Dials for a check, and notes why its server could not be reached.
struct Noting {
    inner: mlua::Result<Rc<dyn Dial>>,
    server: Address,
    failed: RefCell<Option<(ErrorKind, String)>>,
}

impl Dial for Noting {
    fn connect<'a>(&'a self, target: &'a Target) -> LocalFuture<'a, io::Result<Box<dyn Wire>>> {
        Box::pin(async move {
            let inner = self.inner.as_ref().map_err(|error| io::Error::other(error.to_string()))?;
            let connected = inner.connect(target).await;
            if target.address == self.server {
                let failed = connected.as_ref().err().map(|error| (error.kind(), error.to_string()));
                self.failed.replace(failed);
            }
            connected
        })
    }
}

impl Noting {
    /// The verdict on a server that could not be reached.
    fn unreached(&self) -> Option<Verdict> {
        self.failed.take().map(|(kind, why)| match kind {
            ErrorKind::TimedOut => Verdict::new(CheckStatus::L4Timeout, ""),
            _ => Verdict::new(CheckStatus::L4Connection, why),
        })
    }
}

/// What a check answers: true or `"up"`, false or `"down"`, `"drain"`; then a reason and a weight in percent; or all of it
/// in a table.
fn verdict(state: &Value, reason: &Value, weight: &Value) -> Verdict {
    let (state, reason, weight) = match state {
        Value::Table(answer) => {
            (answer.get("status").unwrap_or(Value::Nil), answer.get("reason").ok(), answer.get("weight").ok())
        }
        state => {
            let reason = reason.as_string().map(|text| text.to_string_lossy());
            (state.clone(), reason, weight.as_u32())
        }
    };
    let reason = reason.unwrap_or_default();
    let status = match &state {
        Value::Boolean(true) => CheckStatus::L7Ok,
        Value::Boolean(false) => CheckStatus::L7Status,
        Value::String(word) if word == "up" => CheckStatus::L7Ok,
        Value::String(word) if word == "down" => CheckStatus::L7Status,
        Value::String(word) if word == "drain" => CheckStatus::L7OkConditionally,
        other => {
            let kind = other.type_name();
            let said = format!("a check answers with true, false, 'up', 'down' or 'drain', not with {kind}");
            return Verdict::new(CheckStatus::L7Response, said);
        }
    };
    Verdict { weight, ..Verdict::new(status, reason) }
}

/// An address as `Socket:connect` takes it.
fn address(address: &Address) -> String {
    match address {
        Address::Ip(address) => address.to_string(),
        Address::Unix(path) => format!("unix@{}", path.display()),
        Address::Abstract(name) => format!("abns@{}", String::from_utf8_lossy(name)),
        Address::Unresolved(name) => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::say;
    use portero_conformance::{Check, health};

    use super::*;
    use crate::testing::script;

    #[test]
    fn a_check_of_a_script_keeps_to_the_hook() {
        let stage = script(
            "core.register_check('greets', function(server, dial)
                local socket, why = dial()
                if not socket then return false, why end
                local line = socket:receive('*l')
                socket:close()
                return line == '220 ready', line
            end)",
        );
        health(&Check {
            plugin: stage.plugin("greets"),
            bench: stage.bench("").dialing(stage.desk.clone()),
            well: vec![say("220 ready\r\n")],
            passed: CheckStatus::L7Ok,
            listens: true,
        });
    }
}
