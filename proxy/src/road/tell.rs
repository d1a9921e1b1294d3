//! What the road tells a trace, where one is written (`portero_api::trace`). Elsewhere each of these is one branch.

use std::rc::Rc;

use portero_api::trace::{Act, Candidate, Change, Choice, Step};
use portero_api::{Exchange, ServerState, Trace};
use portero_policies::trace::Before;

use super::{Fail, Fault, Place, Road, Tell};
use crate::config::checked::PluginUse;
use crate::explain::live;
use crate::snapshot::Proxy;

/// Who chose a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A plugin, which has said so before.
    Plugin,
    /// A `use-server` rule.
    Rule,
    /// What holds the client to it: its cookie or a stick table.
    Persistence,
    /// The connection that it was with last.
    Connection,
    /// The balancer.
    Balance,
}

/// Begins the trace of an exchange, where somebody wants one.
pub fn begin(road: &mut Road<'_>) {
    if let Some(outside) = &road.worker.outside {
        road.ex.trace = outside.trace();
    }
    if !road.fe.explain.is_empty() {
        begin_live(road);
    }
}

/// Begins the trace of a request of live traffic, where one of the frontend's `explain` lines speaks of it.
#[cold]
fn begin_live(road: &mut Road<'_>) {
    let fe = road.fe.clone();
    road.explained = fe.explain.iter().position(|line| line.wants(road.ex));
    if road.explained.is_none() {
        return;
    }
    let trace = Rc::<Trace>::default();
    let address = |address: Option<std::net::SocketAddr>| address.map_or("?".to_owned(), |a| a.to_string());
    let (conn, request) = (&road.ex.conn, &road.ex.request);
    let (src, dst) = (address(conn.src), address(conn.dst));
    let lossy = String::from_utf8_lossy;
    let line = format!(
        "{} {} HTTP/{}",
        lossy(request.method.as_bytes()),
        lossy(&request.target),
        request.version.digits()
    );
    trace.did("request", format!("{line} from {src} to {dst}, frontend {}", fe.conf.name));
    road.ex.trace = Some(trace);
}

/// Writes the trace of a request of live traffic, once it has ended.
pub fn end(road: &mut Road<'_>) {
    let Some(line) = road.explained else { return };
    let Some(trace) = road.ex.trace.take() else { return };
    let facts: Vec<_> =
        live::end(road.ex).into_iter().map(|(name, value)| format!("{name} {value}")).collect();
    trace.did("end", facts.join(", "));
    road.fe.explain[line].write(&road.fe.logger, road.ex, &trace.take());
}

/// Takes a step, and tells what it changed.
pub fn step(road: &mut Road<'_>, part: &'static str, text: &str, take: impl FnOnce(&mut Road<'_>)) {
    let Some(trace) = road.ex.trace.clone() else { return take(road) };
    let before = Before::new(road.ex);
    take(road);
    changed(&trace, part, text, before.changes(road.ex));
}

/// Lets filters look at a head, and tells what they changed of it.
#[inline]
pub fn filters<T>(ex: &mut Exchange, text: &str, look: impl FnOnce(&mut Exchange) -> T) -> T {
    let Some(trace) = &ex.trace else { return look(ex) };
    let trace = trace.clone();
    let before = Before::new(ex);
    let seen = look(ex);
    changed(&trace, "filters", text, before.changes(ex));
    seen
}

fn changed(trace: &Trace, part: &'static str, text: &str, changes: Vec<Change>) {
    if !changes.is_empty() {
        trace.push(Step::Did(Act { part, text: text.to_owned(), changes }));
    }
}

/// Tells something that happened.
pub fn did(road: &Road<'_>, part: &'static str, text: impl FnOnce() -> String) {
    if let Some(trace) = &road.ex.trace {
        trace.did(part, text());
    }
}

/// Tells which backend was chosen, and how.
pub fn backend(road: &Road<'_>, named: Option<&str>, found: Option<&Rc<Proxy>>) {
    let wanted = road.ex.tuning.as_ref().and_then(|tuning| tuning.backend.as_deref());
    did(road, "backend", || match (named, found) {
        (_, Some(be)) if wanted == Some(&*be.conf.name) => format!("{}, as a plugin wants it", be.conf.name),
        (_, None) => {
            "there is none: no 'use_backend' rule applies, and no 'default_backend' is said".to_owned()
        }
        (Some(named), Some(be)) if *be.conf.name == *named => format!("{named}, by 'use_backend'"),
        (Some(named), Some(be)) => format!("{}, for there is no backend '{named}'", be.conf.name),
        (None, Some(be)) if Rc::ptr_eq(&road.fe, be) => {
            format!("{}, which is frontend and backend", be.conf.name)
        }
        (None, Some(be)) => format!("{}, by 'default_backend'", be.conf.name),
    });
}

/// Tells which server was chosen among which.
pub fn choice(road: &Road<'_>, be: &Proxy, by: By, chosen: Option<usize>) {
    let Some(trace) = &road.ex.trace else { return };
    let by = match by {
        By::Plugin => "a plugin".to_owned(),
        By::Rule => "use-server".to_owned(),
        By::Persistence => match (&be.conf.cookie, road.sticky.server) {
            (Some(cookie), Some(_)) => format!("cookie {}", String::from_utf8_lossy(&cookie.name)),
            _ => "stick table".to_owned(),
        },
        By::Connection => "the connection of the client's last request".to_owned(),
        By::Balance => balance(&be.conf.balance),
    };
    let candidates = be.candidates(road.tried);
    let candidate = |(place, state): (usize, &std::sync::Arc<ServerState>)| Candidate {
        name: state.name.to_string(),
        weight: state.weight(),
        sessions: state.sessions.now(),
        out: out(state, candidates.rotation().any(|(i, _)| i == place), road.tried.contains(&place)),
    };
    let candidates = be.states.iter().enumerate().map(candidate).collect();
    trace.push(Step::Choice(Choice { backend: be.conf.name.to_string(), by, candidates, chosen }));
}

/// The line that names the balancer.
fn balance(usage: &PluginUse) -> String {
    let words = std::iter::once(&usage.name).chain(&usage.args).map(|word| word.text.as_str());
    std::iter::once("balance").chain(words).collect::<Vec<_>>().join(" ")
}

/// Why a server cannot be chosen.
fn out(state: &ServerState, in_rotation: bool, tried: bool) -> Option<&'static str> {
    use portero_api::{Admin, Oper};
    match () {
        () if state.admin() == Admin::Maint => Some("in maintenance"),
        () if state.oper() == Oper::Down => Some("down"),
        () if state.oper() == Oper::Stopping => Some("stopping"),
        () if state.admin() == Admin::Drain => Some("drained"),
        () if state.weight() == 0 => Some("weight 0"),
        () if !in_rotation => Some("backup, not needed"),
        () if tried => Some("tried before"),
        () if state.is_full() => Some("full"),
        () => None,
    }
}

/// Tells that a try of a server failed.
pub fn failed(road: &Road<'_>, place: &Place, fail: &Fail) {
    did(road, "try", || {
        let what = match fail.fault {
            Fault::Connect => "no connection was made",
            Fault::BadResponse if fail.cause == b's' => "no answer came in time",
            Fault::BadResponse if fail.cause == b'P' => "the answer is not valid",
            Fault::BadResponse if fail.cause == b'-' => "the status is one to try again on ('retry-on')",
            Fault::BadResponse => "it closed without an answer",
            Fault::ServerAbort => "it broke off",
            Fault::DeniedResponse => "a rule refuses its response",
            _ => "the exchange ended",
        };
        format!("{}: {what}", place.server.conf.name)
    });
}

/// Tells how the exchange ended before its time.
pub fn ended(road: &Road<'_>, fail: &Fail) {
    did(road, "end", || {
        let why = match fail.fault {
            Fault::DeniedRequest => "a rule refuses the request",
            Fault::DeniedResponse => "a rule refuses the response",
            Fault::Internal => "a rule could not do its work",
            Fault::Intercepted => "the proxy answers itself",
            Fault::BadRequest => "the request is not valid, or was too slow",
            Fault::ClientAbort => "the client has left",
            Fault::Connect => "no server can be reached",
            Fault::BadResponse => "no valid answer came from the server",
            Fault::ServerAbort => "the server broke off",
        };
        let how = match &fail.answer {
            Tell::Reply(_) | Tell::Nothing => "",
            Tell::Close(_) => ", without a reply",
        };
        format!("{why}{how} ({}{})", char::from(fail.cause), char::from(fail.phase))
    });
}
