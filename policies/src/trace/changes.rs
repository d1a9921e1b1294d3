//! What an action, or a step of the proxy, changed in an exchange.

use portero_api::tables::{KeyBuf, Slot};
use portero_api::trace::Change;
use portero_api::{
    CaptureSlot, Captures, Exchange, Headers, Priority, Request, Response, Sample, Timeout, Tuning, Value,
    VarId, process_vars,
};

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
    let mut facts = vec![
        ("src", address(exchange.conn.src)),
        ("dst", address(exchange.conn.dst)),
        ("log level", log.level.map(|level| level.to_string())),
        ("log", log.silent.then(|| "silent".to_owned())),
        ("captured of the request", captures(&log.request_captures)),
        ("captured of the response", captures(&log.response_captures)),
        ("timeouts and priority", exchange.tuning.as_ref().map(|tuning| tuned(tuning))),
    ];
    facts.extend((0..COUNTERS).map(|number| (COUNTER_NAMES[number], counter(exchange, number as u8))));
    facts
}

/// What rules have set for this exchange alone.
fn tuned(tuning: &Tuning) -> String {
    let times = [
        ("timeout client", Timeout::Client),
        ("timeout server", Timeout::Server),
        ("timeout connect", Timeout::Connect),
        ("timeout queue", Timeout::Queue),
        ("timeout tunnel", Timeout::Tunnel),
        ("timeout tarpit", Timeout::Tarpit),
    ];
    let mut all: Vec<String> = Vec::new();
    all.extend(times.iter().filter_map(|(name, which)| Some(format!("{name} {:?}", tuning.time(*which)?))));
    all.extend(tuning.retries.map(|retries| format!("retries {retries}")));
    all.extend(tuning.no_l7_retry.then(|| "no second try of what was sent".to_owned()));
    if tuning.priority != Priority::default() {
        all.push(format!("priority class {} offset {}", tuning.priority.class, tuning.priority.offset));
    }
    all.join(", ")
}

/// Counters that are looked at; more are rare (`tune.stick-counters`).
const COUNTERS: usize = 4;
const COUNTER_NAMES: [&str; COUNTERS] = ["sc0", "sc1", "sc2", "sc3"];

/// What a counter tracks, and what is stored there.
fn counter(exchange: &Exchange, number: u8) -> Option<String> {
    let entry = exchange.trackers.get(number).or_else(|| exchange.conn.trackers.get(number))?;
    let value = |slot: Slot| {
        let index = if slot.data.is_array() { format!("({})", slot.index) } else { String::new() };
        Some(format!(" {}{index}={}", slot.data.name(), entry.get(slot)?))
    };
    let values: String = entry.slots().filter_map(value).collect();
    let key = match entry.key() {
        KeyBuf::Ip(ip) => ip.to_string(),
        KeyBuf::Integer(number) => number.to_string(),
        KeyBuf::String(bytes) | KeyBuf::Binary(bytes) => lossy(&bytes),
    };
    Some(format!("{} key {key}{values}", entry.table().schema().name))
}

fn captures(captures: &Captures) -> Option<String> {
    let slots = captures.all();
    let slot = |slot: &CaptureSlot| slot.value.as_deref().map_or_else(|| "-".to_owned(), lossy);
    slots
        .iter()
        .any(|slot| slot.value.is_some())
        .then(|| slots.iter().map(slot).collect::<Vec<_>>().join(" | "))
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
