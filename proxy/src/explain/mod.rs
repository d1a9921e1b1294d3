//! `portero explain`: the whole way of a request through a configuration, without a socket (docs/explain.md).
//!
//! The request walks the real road on an offline worker ([`crate::offline`]) and writes a trace. `text` and `json` show a
//! trace, here, of live traffic, and of policy tests that fail.

pub mod json;
pub mod live;
pub mod paint;
pub mod text;

mod messages;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use portero_api::trace::Step;
use portero_api::{Method, Request, Response, Trace};
use serde_json::{Value, json};

use crate::config::load;
use crate::offline::{self, Answer, Ask, Heard, Outcome, Stage};
use paint::{Paint, Tone};

/// What is to be explained.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// `-f`: the configuration.
    pub config: Vec<PathBuf>,
    /// `--request`: the request line.
    pub request: String,
    /// `--header`
    pub headers: Vec<(String, String)>,
    /// `--body`
    pub body: String,
    /// `--src`: the client.
    pub src: Option<SocketAddr>,
    /// `--dst`: the address it connects to.
    pub dst: Option<SocketAddr>,
    /// `--frontend`: where it comes in; else by the port of `dst`, else the first.
    pub frontend: Option<String>,
    /// `--response`: the status line of the server.
    pub response: Option<String>,
    /// `--response-header`
    pub response_headers: Vec<(String, String)>,
    /// `--response-body`
    pub response_body: String,
    /// `--down`: servers that are down, as BACKEND/SERVER.
    pub down: Vec<String>,
    /// `--json`
    pub json: bool,
}

/// Explains a request. Fails when the configuration cannot be used.
pub fn main(options: &Options) -> ExitCode {
    match try_main(options) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn try_main(options: &Options) -> Result<String, String> {
    let loaded = load::load(&options.config, &load::Options::default());
    let said = || loaded.diagnostics.render(&loaded.sources, std::io::stderr().is_terminal());
    let checked = loaded.checked.map(Arc::new).ok_or_else(said)?;
    let explained = explain(&Stage::open(checked)?, options)?;
    Ok(match options.json {
        true => format!("{:#}\n", explained.json()),
        false => explained.text(Paint::new(std::io::stdout().is_terminal())),
    })
}

/// A request that was explained.
struct Explained {
    frontend: String,
    ends: (Option<SocketAddr>, Option<SocketAddr>),
    line: String,
    asked: Option<Heard<Request>>,
    answered: Option<Heard<Response>>,
    outcome: Outcome,
    steps: Vec<Step>,
}

fn explain(stage: &Stage, options: &Options) -> Result<Explained, String> {
    let error = |why: String| format!("error: {why}");
    for name in &options.down {
        let (backend, server) = name.split_once('/').unwrap_or((name, ""));
        let state =
            stage.server(backend, server).ok_or_else(|| error(format!("there is no server '{name}'")))?;
        state.set_oper(portero_api::Oper::Down);
    }
    let entry = stage.enter(options.frontend.as_deref(), options.dst).map_err(error)?;
    let line = match options.request.rsplit_once(" HTTP/") {
        Some(_) => options.request.clone(),
        None => format!("{} HTTP/1.1", options.request),
    };
    let ask = Ask::http(&line, &options.headers, options.body.as_bytes());
    let ask =
        Ask { src: Some(options.src.unwrap_or(offline::CLIENT)), dst: options.dst.or(entry.address), ..ask };
    let response = options.response.as_deref().unwrap_or("HTTP/1.1 200 OK");
    let answer = Answer::message(response, &options.response_headers, options.response_body.as_bytes());
    let trace = Rc::<Trace>::default();
    let outcome = stage.ask(&entry, &ask, vec![answer.clone()], Some(trace.clone()));
    let Answer::Bytes(answer) = answer else { return Err(error("a message has bytes".to_owned())) };
    Ok(Explained {
        frontend: entry.frontend.conf.name.to_string(),
        ends: (ask.src, ask.dst),
        line,
        answered: offline::reply(&answer, &method(options)),
        asked: offline::request(&ask.bytes),
        outcome,
        steps: trace.take(),
    })
}

fn method(options: &Options) -> Method {
    if options.request.starts_with("HEAD ") { Method::Head } else { Method::Get }
}

impl Explained {
    /// What the last server that was tried got.
    fn sent(&self) -> Option<(String, Heard<Request>)> {
        let call = self.outcome.calls.last()?;
        let sent = offline::request(&call.connection.as_ref()?.sent())?;
        Some((format!("{}/{}", call.server.backend, call.server.name), sent))
    }

    fn reply(&self) -> Option<Heard<Response>> {
        let head = self.asked.as_ref().is_some_and(|asked| asked.head.method == Method::Head);
        offline::reply(&self.outcome.reply, if head { &Method::Head } else { &Method::Get })
    }

    fn text(&self, paint: Paint) -> String {
        let title = |word: &str| paint.of(Tone::Title, &format!("{word:<9}"));
        let address = |address: Option<SocketAddr>| address.map_or_else(|| "?".to_owned(), |a| a.to_string());
        let (src, dst) = (address(self.ends.0), address(self.ends.1));
        let mut out = format!("{} {}\n", title("request"), self.line);
        out.push_str(&format!("{:<9} from {src} to {dst}, frontend {}\n", "", self.frontend));
        out.push_str(&text::steps(&self.steps, paint));
        let sent = self.sent();
        if let Some((server, sent)) = &sent {
            out.push_str(&format!("\n{} as {server} gets it\n", title("request")));
            out.push_str(&messages::sent(self.asked.as_ref(), sent, paint));
        }
        let Some(reply) = self.reply() else {
            let how = if self.outcome.reset { "reset" } else { "closed" };
            let stuck = "none: the proxy waits for something that never comes";
            let closed = format!("none: the connection is {how}");
            let text = if self.outcome.stuck { stuck } else { &closed };
            out.push_str(&format!("\n{} {text}\n", title("reply")));
            return out;
        };
        let from = if self.is_servers(&reply) { self.answered.as_ref() } else { None };
        out.push_str(&format!("\n{} as the client gets it{}\n", title("reply"), self.waited()));
        out.push_str(&messages::reply(from, &reply, paint));
        out
    }

    /// True when the reply is what the server sent, and not one of the proxy's own.
    fn is_servers(&self, _reply: &Heard<Response>) -> bool {
        let from_server = |step: &Step| matches!(step, Step::Did(act) if act.part == "response");
        let ended = |step: &Step| matches!(step, Step::Did(act) if act.part == "end");
        self.steps.iter().any(from_server) && !self.steps.iter().any(ended)
    }

    fn waited(&self) -> String {
        match self.outcome.waited {
            time if time.is_zero() => String::new(),
            time => format!(", after {time:?}"),
        }
    }

    fn json(&self) -> Value {
        let seen = self.outcome.seen.last();
        let headers = |headers: &portero_api::Headers| -> Value {
            headers
                .iter()
                .map(|(n, v)| json!([String::from_utf8_lossy(n), String::from_utf8_lossy(v)]))
                .collect()
        };
        let sent = self.sent().map(|(server, sent)| {
            json!({
                "server": server,
                "method": String::from_utf8_lossy(sent.head.method.as_bytes()),
                "target": String::from_utf8_lossy(&sent.head.target),
                "headers": headers(&sent.head.headers),
            })
        });
        let reply = self.reply().map(|reply| {
            json!({
                "status": reply.head.status,
                "headers": headers(&reply.head.headers),
                "body": String::from_utf8_lossy(&reply.body),
            })
        });
        json!({
            "frontend": self.frontend,
            "request": self.line,
            "steps": json::steps(&self.steps),
            "backend": seen.and_then(|seen| seen.backend.as_deref()),
            "server": seen.and_then(|seen| seen.server.as_deref()),
            "sent": sent,
            "reply": reply,
            "waited_ms": self.outcome.waited.as_millis() as u64,
        })
    }
}
