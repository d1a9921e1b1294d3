//! What is ours alone: the backend and its servers, variables, and samples of the rule language.

use std::collections::HashMap;
use std::rc::Rc;

use portero_api::{
    Exchange, Expression, ProxyState, Sample, Scope, ServerState, Value as Stored, VarId, process_vars,
};

use super::value::Value;
use super::{Found, Row};
use crate::abi::{Answer, Status};
use crate::guest::Guest;
use crate::scene;
use crate::servers::state;
use crate::settings::Level;

/// The rows.
pub(super) const ROWS: &[Row] = &[
    ("upstream.backend", |e| backend(e).map(|backend| Value::text(&*backend.name))),
    ("upstream.server", |e| e.server.as_ref().map(|server| Value::text(&*server.name))),
    ("upstream.servers", |e| backend(e).map(servers)),
];

/// A compiled expression; none for one that the language does not know.
type Compiled = Option<Rc<dyn Expression>>;

/// Compiled expressions by their text.
pub(crate) type Expressions = HashMap<String, Compiled>;

/// How many an instance keeps.
const EXPRESSIONS: usize = 256;

/// The backend that is chosen, or that the frontend is itself.
fn backend(exchange: &Exchange) -> Option<&ProxyState> {
    let front = &exchange.conn.frontend;
    let own = front.kind.has_back().then_some(front);
    exchange.backend.as_ref().or(own).map(|backend| &**backend)
}

/// The servers of a backend by name, each a map.
fn servers(backend: &ProxyState) -> Value<'static> {
    let all = backend.servers();
    Value::Map(all.iter().map(|server| (server.name.as_bytes().to_vec(), facts(server))).collect())
}

fn facts(server: &ServerState) -> Value<'static> {
    let facts = [
        ("address", Value::owned(server.address().to_string())),
        ("weight", Value::Uint(server.weight().into())),
        ("sessions", Value::Uint(server.sessions.now().into())),
        ("queue", Value::Uint(server.queue.now().into())),
        ("maxconn", Value::Uint(server.max_sessions().into())),
        ("state", Value::text(state(server))),
        ("usable", Value::Bool(server.usable())),
        ("backup", Value::Bool(server.is_backup())),
    ];
    Value::Map(facts.into_iter().map(|(name, value)| (name.as_bytes().to_vec(), value)).collect())
}

/// Whether a path is the name of a variable: `txn.a`, `sess.b`.
pub(super) fn is_variable(path: &str) -> bool {
    ["txn.", "sess.", "req.", "res.", "proc."].iter().any(|scope| path.starts_with(scope))
}

/// The value of a variable.
pub(crate) fn variable(exchange: &Exchange, name: &str) -> Option<Sample<'static>> {
    let id = VarId::find(name).ok()??;
    match id.scope {
        Scope::Proc => process_vars().get(id),
        _ => exchange.vars_of(id.scope)?.get(id).map(|value| value.to_sample()),
    }
}

/// Sets a variable.
///
/// # Errors
///
/// It is no name of a variable, or one of an exchange and none is lent.
pub(crate) fn set_variable(guest: &Guest, name: &str, value: Sample<'static>) -> Answer {
    let id = VarId::of_script(name).map_err(|_| Status::BadArgument)?;
    if id.scope == Scope::Proc {
        process_vars().set(id, value);
        return Ok(());
    }
    if !guest.is_lent() {
        return Err(Status::NotFound);
    }
    let set = scene::see(|exchange| {
        let value = Stored::from_sample(&value);
        exchange.vars_of(id.scope).map(|vars| vars.set(id, value))
    });
    set.flatten().ok_or(Status::NotFound)
}

/// The value of an expression for the exchange that is lent.
///
/// # Errors
///
/// The language does not know it, which is logged.
pub(super) fn sample(guest: &mut Guest, expression: &[u8]) -> Found {
    let text = std::str::from_utf8(expression).map_err(|_| Status::InternalFailure)?;
    evaluate(guest, text, |sample| Value::sample(sample).into_owned())
}

/// The same, as something that is made of the sample.
///
/// # Errors
///
/// The same.
pub(crate) fn evaluate<T>(
    guest: &mut Guest,
    text: &str,
    make: impl FnOnce(Sample<'_>) -> T,
) -> Result<Option<T>, Status> {
    let known = guest.expressions.get(text).cloned();
    let compiled = match known {
        Some(compiled) => compiled,
        None => compile(guest, text),
    };
    // not BAD_EXPRESSION: the Rust SDK panics over what it does not expect here
    let compiled = compiled.ok_or(Status::InternalFailure)?;
    let found = scene::see(|exchange| compiled.value(exchange).ok().flatten().map(make));
    Ok(found.flatten())
}

fn compile(guest: &mut Guest, text: &str) -> Compiled {
    let compiled = match scene::host()?.language().expression(text) {
        Ok(expression) => Some(Rc::from(expression)),
        Err(why) => {
            let line = format!("the sample expression '{text}' is wrong: {}", why.message);
            guest.log(Level::Error, line.as_bytes());
            None
        }
    };
    let kept = &mut guest.expressions;
    if kept.len() >= EXPRESSIONS {
        kept.clear();
    }
    kept.insert(text.to_owned(), compiled.clone());
    compiled
}
