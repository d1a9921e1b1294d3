//! What an action, or a step of the proxy, changed in an exchange.

use portero_api::trace::Change;
use portero_api::{Exchange, Headers, Request, Response, Sample, Value, VarId, process_vars};

use crate::cast::write_text;

/// Bytes that are shown of a value at the most.
const SHOWN: usize = 512;

/// An exchange as it was.
#[derive(Debug)]
pub struct Before {
    request: Request,
    response: Response,
    facts: Vec<(&'static str, Option<String>)>,
    vars: Vec<(String, String)>,
}

impl Before {
    /// The exchange as it is now.
    pub fn new(exchange: &Exchange) -> Before {
        Before {
            request: exchange.request.clone(),
            response: exchange.response.clone(),
            facts: facts(exchange),
            vars: vars(exchange),
        }
    }

    /// What is different now.
    pub fn changes(&self, exchange: &Exchange) -> Vec<Change> {
        let mut all = Vec::new();
        let (request, response) = (&exchange.request, &exchange.response);
        let text = |bytes: &[u8]| Some(lossy(bytes));
        note(&mut all, "method", text(self.request.method.as_bytes()), text(request.method.as_bytes()));
        note(&mut all, "target", text(&self.request.target), text(&request.target));
        headers(&mut all, "request", &self.request.headers, &request.headers);
        let status = |status: u16| (status != 0).then(|| status.to_string());
        note(&mut all, "status", status(self.response.status), status(response.status));
        headers(&mut all, "response", &self.response.headers, &response.headers);
        for ((name, before), (_, after)) in self.facts.iter().zip(facts(exchange)) {
            note(&mut all, name, before.clone(), after);
        }
        variables(&mut all, &self.vars, &vars(exchange));
        all
    }
}

/// A sample as text, cut where it is long.
pub fn text_of(sample: &Sample<'_>) -> String {
    let mut text = Vec::new();
    write_text(sample, &mut text);
    lossy(&text)
}

fn lossy(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]).into_owned();
    if bytes.len() > SHOWN {
        text.push('…');
    }
    text
}

fn note(all: &mut Vec<Change>, what: &str, before: Option<String>, after: Option<String>) {
    if before != after {
        all.push(Change { what: what.to_owned(), before, after });
    }
}

/// Fields that are gone and fields that are new, in the order of the lists. One that only moved is neither.
fn headers(all: &mut Vec<Change>, of: &str, before: &Headers, after: &Headers) {
    let lines = |headers: &Headers| -> Vec<String> {
        headers.iter().map(|(name, value)| format!("{}: {}", lossy(name), lossy(value))).collect()
    };
    let (before, mut new) = (lines(before), lines(after));
    let mut gone = Vec::new();
    for line in before {
        match new.iter().position(|other| *other == line) {
            Some(at) => drop(new.remove(at)),
            None => gone.push(line),
        }
    }
    let change = |before, after| Change { what: format!("{of} header"), before, after };
    all.extend(gone.into_iter().map(|line| change(Some(line), None)));
    all.extend(new.into_iter().map(|line| change(None, Some(line))));
}

/// What else rules change.
fn facts(exchange: &Exchange) -> Vec<(&'static str, Option<String>)> {
    let address = |address: Option<std::net::SocketAddr>| address.map(|a| a.to_string());
    let log = &exchange.log;
    vec![
        ("src", address(exchange.conn.src)),
        ("dst", address(exchange.conn.dst)),
        ("log level", log.level.map(|level| level.to_string())),
        ("log", log.silent.then(|| "silent".to_owned())),
        ("captured of the request", captures(&log.request_captures)),
        ("captured of the response", captures(&log.response_captures)),
    ]
}

fn captures(slots: &[Option<Vec<u8>>]) -> Option<String> {
    let slot = |slot: &Option<Vec<u8>>| slot.as_deref().map_or_else(|| "-".to_owned(), lossy);
    slots.iter().any(Option::is_some).then(|| slots.iter().map(slot).collect::<Vec<_>>().join(" | "))
}

/// All variables by name.
fn vars(exchange: &Exchange) -> Vec<(String, String)> {
    let own = |(id, value): (VarId, Value)| (id.name(), text_of(&value.to_sample()));
    let of_process = process_vars().all().into_iter().map(|(id, value)| (id.name(), text_of(&value)));
    let mut all: Vec<_> = exchange.vars.all().into_iter().chain(exchange.conn.vars.all()).map(own).collect();
    all.extend(of_process);
    all.sort();
    all
}

fn variables(all: &mut Vec<Change>, before: &[(String, String)], after: &[(String, String)]) {
    let find = |list: &[(String, String)], name: &str| {
        list.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone())
    };
    let gone = before.iter().filter(|(name, _)| find(after, name).is_none());
    for (name, _) in after.iter().chain(gone) {
        note(all, &format!("var {name}"), find(before, name), find(after, name));
    }
}
