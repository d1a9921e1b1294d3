//! What came of a request beside what was expected of it.

use portero_api::{Headers, Method, Request as Sent, Response};
use portero_grammar::Diagnostic;

use super::tree::{Expect, Is, Request, Subject};
use crate::offline::{self, Heard, Outcome, Stage};

/// What of the expectations was not met.
pub fn all(request: &Request, outcome: &Outcome, stage: &Stage, round: u32) -> Vec<Diagnostic> {
    if outcome.stuck {
        let message = "the proxy waits for something that never comes, and no timeout ends the wait";
        return vec![Diagnostic::error(request.span, message)];
    }
    let facts = Facts::of(request, outcome);
    let mut question = 0;
    let mut failures = Vec::new();
    for expect in &request.expects {
        let found = match &expect.subject {
            Subject::Table(place) => match place.get(stage) {
                Ok(found) => found,
                Err(why) => {
                    failures.push(Diagnostic::error(expect.span, why));
                    continue;
                }
            },
            subject => facts.get(subject, &mut question),
        };
        if !holds(&expect.is, found.as_deref()) {
            failures.push(failure(expect, found, request.times, round));
        }
    }
    failures
}

fn failure(expect: &Expect, found: Option<String>, times: u32, round: u32) -> Diagnostic {
    let name = expect.subject.name();
    let which = if times > 1 { format!(" (request {round} of {times})") } else { String::new() };
    let expected = format!("expected {}{which}", wanted(&expect.is));
    let (message, label) = match (&expect.subject, found) {
        (Subject::Closed, _) => {
            (format!("the client got a reply{which}"), "no reply was expected".to_owned())
        }
        (Subject::Reset, _) => {
            (format!("the connection was not reset{which}"), "a reset was expected".to_owned())
        }
        (_, Some(found)) => {
            (format!("{name} is '{}', {expected}", shown(&found)), format!("it is '{}'", shown(&found)))
        }
        (_, None) => (format!("there is no {name}, {expected}"), "there is none".to_owned()),
    };
    Diagnostic::error(expect.value, message).label(label)
}

/// An expectation in words.
fn wanted(is: &Is) -> String {
    match is {
        Is::Equal(text) => format!("'{}'", shown(text)),
        Is::OneOf(list) => {
            let list: Vec<_> = list.iter().map(|text| format!("'{}'", shown(text))).collect();
            format!("one of {}", list.join(", "))
        }
        Is::Not(inner) => format!("not {}", wanted(inner)),
        Is::Present => "any".to_owned(),
        Is::Absent => "none".to_owned(),
        Is::Contains(text) => format!("one that contains '{}'", shown(text)),
        Is::Begins(text) => format!("one that begins with '{}'", shown(text)),
        Is::Ends(text) => format!("one that ends with '{}'", shown(text)),
        Is::Matches(regex) => format!("one that matches '{regex}'"),
        Is::AtLeast(number) => format!("at least {number}"),
        Is::AtMost(number) => format!("at most {number}"),
    }
}

/// Long texts are cut.
fn shown(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", text[..at].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

fn holds(is: &Is, found: Option<&str>) -> bool {
    let number = || found.and_then(|text| text.trim().parse::<i64>().ok());
    let has = |test: &dyn Fn(&str) -> bool| found.is_some_and(test);
    match is {
        Is::Equal(text) => has(&|found| found == text),
        Is::OneOf(list) => has(&|found| list.iter().any(|text| text == found)),
        Is::Not(inner) => !holds(inner, found),
        Is::Present => found.is_some(),
        Is::Absent => found.is_none(),
        Is::Contains(text) => has(&|found| found.contains(text.as_str())),
        Is::Begins(text) => has(&|found| found.starts_with(text.as_str())),
        Is::Ends(text) => has(&|found| found.ends_with(text.as_str())),
        Is::Matches(regex) => has(&|found| regex.is_match(found.as_bytes())),
        Is::AtLeast(bound) => number().is_some_and(|number| number >= *bound),
        Is::AtMost(bound) => number().is_some_and(|number| number <= *bound),
    }
}

/// What came of a request.
struct Facts<'a> {
    outcome: &'a Outcome,
    reply: Option<Heard<Response>>,
    /// What the last server that was tried was sent; read only where it is asked for.
    sent: std::cell::OnceCell<Option<Heard<Sent>>>,
}

impl<'a> Facts<'a> {
    fn of(request: &Request, outcome: &'a Outcome) -> Facts<'a> {
        let head = request.line.starts_with("HEAD ");
        let reply = offline::reply(&outcome.reply, if head { &Method::Head } else { &Method::Get });
        Facts { outcome, reply, sent: std::cell::OnceCell::new() }
    }

    fn get(&self, subject: &Subject, question: &mut usize) -> Option<String> {
        let seen = self.outcome.seen.last();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let reply = self.reply.as_ref();
        match subject {
            Subject::Backend => Some(seen?.backend.as_ref()?.to_string()),
            Subject::Server => Some(seen?.server.as_ref()?.to_string()),
            Subject::Status => Some(reply?.head.status.to_string()),
            Subject::Header(name) => joined(&reply?.head.headers, name),
            Subject::Body => Some(text(&reply?.body)),
            Subject::SentMethod => Some(text(self.sent()?.head.method.as_bytes())),
            Subject::SentTarget => Some(text(&self.sent()?.head.target)),
            Subject::SentPath => Some(text(self.sent()?.head.path())),
            Subject::SentHeader(name) => joined(&self.sent()?.head.headers, name),
            Subject::SentBody => Some(text(&self.sent()?.body)),
            Subject::Value(..) => {
                *question += 1;
                seen?.values.get(*question - 1)?.clone()
            }
            // asked for where the tables are at hand
            Subject::Table(_) => None,
            Subject::Log => self.outcome.log.last().cloned(),
            Subject::Termination => {
                let term = seen?.term;
                Some(text(&[term.cause, term.phase, term.cookie_seen, term.cookie_set]))
            }
            Subject::Waited => Some(super::run::waited(self.outcome).to_string()),
            Subject::Tried => {
                let names: Vec<_> = self.outcome.calls.iter().map(|call| &*call.server.name).collect();
                (!names.is_empty()).then(|| names.join(" "))
            }
            Subject::Reset => self.outcome.reset.then(String::new),
            Subject::Closed => self.outcome.reply.is_empty().then(String::new),
        }
    }

    fn sent(&self) -> Option<&Heard<Sent>> {
        let last = || self.outcome.calls.iter().rev().find_map(|call| call.connection.as_ref());
        self.sent.get_or_init(|| offline::request(&last()?.sent())).as_ref()
    }
}

/// All values under a name, as one list.
fn joined(headers: &Headers, name: &str) -> Option<String> {
    let values: Vec<_> = headers.all(name.as_bytes()).map(String::from_utf8_lossy).collect();
    (!values.is_empty()).then(|| values.join(", "))
}
