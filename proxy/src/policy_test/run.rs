//! Runs the tests of a file: each on a stage of its own, so that none sees what another did.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use portero_api::trace::Step as TraceStep;
use portero_api::{Admin, Oper, Sample, Trace, VarId, clock, process_vars};
use portero_grammar::Diagnostic;
use portero_policies::{Expr, Stage as Moment};

use super::check;
use super::coverage::Coverage;
use super::tree::{Case, Request, Response, ServerIs, Step, Subject};
use crate::config::checked::Checked;
use crate::offline::{Answer, Ask, Entry, Outcome, Stage};

/// How a test went.
#[derive(Debug)]
pub struct Verdict {
    /// What was not as expected; empty when the test passed.
    pub failures: Vec<Diagnostic>,
    /// What the request that failed went through, where a trace was written.
    pub trace: Vec<TraceStep>,
    /// Requests that were sent.
    pub requests: u64,
    /// How long it took.
    pub took: Duration,
}

/// Who watches a test.
#[derive(Debug)]
pub enum Watcher<'a> {
    /// Nobody: that is fastest.
    Nobody,
    /// Who wants to know why it failed.
    Trace,
    /// Who counts what rules and ACLs come to.
    Coverage(&'a mut Coverage),
}

/// Runs a test.
pub fn run(checked: &Arc<Checked>, case: &Case, mut watcher: Watcher<'_>) -> Verdict {
    let start = std::time::Instant::now();
    let mut verdict = Verdict { failures: Vec::new(), trace: Vec::new(), requests: 0, took: Duration::ZERO };
    match Stage::open(checked.clone()) {
        Ok(stage) => {
            if let Watcher::Coverage(coverage) = &mut watcher {
                coverage.expect(stage.outline());
            }
            Play { stage: &stage, entries: HashMap::new(), verdict: &mut verdict, watcher }.all(case);
        }
        Err(why) => verdict.failures.push(Diagnostic::error(case.span, why)),
    }
    verdict.took = start.elapsed();
    verdict
}

struct Play<'a, 'w> {
    stage: &'a Stage,
    /// The way in by the name of a frontend.
    entries: HashMap<String, Entry>,
    verdict: &'a mut Verdict,
    watcher: Watcher<'w>,
}

impl Play<'_, '_> {
    /// Takes steps until one fails.
    fn all(&mut self, case: &Case) {
        for step in &case.steps {
            let done = match step {
                Step::Server { span, backend, server, state } => {
                    given(self.stage, backend, server, *state).map_err(|why| Diagnostic::error(*span, why))
                }
                Step::Var { span, name, value } => {
                    set(name, value).map_err(|why| Diagnostic::error(*span, why))
                }
                Step::Entry { span, place, values } => {
                    place.put(self.stage, values).map_err(|why| Diagnostic::error(*span, why))
                }
                Step::Advance(time) => {
                    clock::advance(*time);
                    Ok(())
                }
                Step::Request(request) => {
                    self.request(request);
                    Ok(())
                }
            };
            self.verdict.failures.extend(done.err());
            if !self.verdict.failures.is_empty() {
                return;
            }
        }
    }

    fn request(&mut self, request: &Request) {
        let prepared = self.entry(request).and_then(|entry| Ok((entry, questions(self.stage, request)?)));
        let (entry, questions) = match prepared {
            Ok(prepared) => prepared,
            Err(why) => return self.verdict.failures.push(why),
        };
        self.stage.outside.ask(questions);
        let line = format!("{} {}", request.line, request.version);
        let ask =
            Ask { src: request.src, dst: request.dst, ..Ask::http(&line, &request.headers, &request.body) };
        let answers = answers(&request.responses);
        for round in 1..=request.times {
            let trace = (!matches!(self.watcher, Watcher::Nobody)).then(Rc::<Trace>::default);
            let outcome = self.stage.ask(&entry, &ask, answers.clone(), trace.clone());
            self.verdict.requests += 1;
            let failures = check::all(request, &outcome, self.stage, round);
            let steps = trace.map(|trace| trace.take()).unwrap_or_default();
            if let Watcher::Coverage(coverage) = &mut self.watcher {
                coverage.count(&steps);
            }
            if !failures.is_empty() {
                self.verdict.failures = failures;
                self.verdict.trace = steps;
                return;
            }
        }
    }

    fn entry(&mut self, request: &Request) -> Result<Entry, Diagnostic> {
        let name = request.frontend.as_ref().map_or("", |(name, _)| name);
        if let (Some(entry), None) = (self.entries.get(name), request.dst) {
            return Ok(entry.clone());
        }
        let found = self.stage.enter(request.frontend.as_ref().map(|(name, _)| &**name), request.dst);
        let span = request.frontend.as_ref().map_or(request.span, |(_, span)| *span);
        let entry = found.map_err(|why| Diagnostic::error(span, why))?;
        self.entries.insert(name.to_owned(), entry.clone());
        Ok(entry)
    }
}

/// The expressions whose values are expected.
fn questions(stage: &Stage, request: &Request) -> Result<Vec<Expr>, Diagnostic> {
    let mut all = Vec::new();
    for expect in &request.expects {
        let Subject::Value(name, tree) = &expect.subject else { continue };
        let built = stage.with_compiler(|compiler| compiler.expr(tree, Moment::Log));
        let why = || format!("'{name}' has no value that can be expected: see '-c' for the words there are");
        all.push(built.ok_or_else(|| Diagnostic::error(expect.span, why()))?);
    }
    Ok(all)
}

fn given(stage: &Stage, backend: &str, name: &str, state: ServerIs) -> Result<(), String> {
    let server =
        stage.server(backend, name).ok_or_else(|| format!("there is no server '{backend}/{name}'"))?;
    match state {
        ServerIs::Weight(weight) => server.set_weight(weight),
        ServerIs::Full if server.max_sessions() == 0 => {
            return Err(format!("'{backend}/{name}' is never full: it has no 'maxconn'"));
        }
        ServerIs::Full => while server.try_enter() {},
        ServerIs::Refusing => stage.outside.set_reachable(&server, false),
        ServerIs::Up => {
            stage.outside.set_reachable(&server, true);
            (0..server.sessions.now()).for_each(|_| server.leave());
            server.set_admin(Admin::Ready);
            server.set_oper(Oper::Up);
        }
        ServerIs::Down => drop(server.set_oper(Oper::Down)),
        ServerIs::Drain => drop(server.set_admin(Admin::Drain)),
        ServerIs::Maint => drop(server.set_admin(Admin::Maint)),
    }
    Ok(())
}

fn set(name: &str, value: &str) -> Result<(), String> {
    let sample = value.parse().map_or_else(|_| Sample::text(value), Sample::Int);
    process_vars().set(VarId::parse(name)?, sample);
    Ok(())
}

/// What servers say, as bytes. Where nothing is said they answer 200 without a body.
fn answers(responses: &[Response]) -> Vec<Answer> {
    if responses.is_empty() {
        return vec![Answer::Bytes(Rc::from(&b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"[..]))];
    }
    responses.iter().map(answer).collect()
}

fn answer(response: &Response) -> Answer {
    let Response::Message { status, reason, headers, body } = response else {
        return match response {
            Response::Refused => Answer::Refused,
            _ => Answer::Bytes(Rc::from([])),
        };
    };
    Answer::message(&format!("HTTP/1.1 {status} {reason}"), headers, body)
}

/// How long a request had to wait, in milliseconds.
pub fn waited(outcome: &Outcome) -> i64 {
    outcome.waited.as_millis() as i64
}
