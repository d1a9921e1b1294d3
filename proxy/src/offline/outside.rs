//! What is outside of an offline worker: servers that answer what they are told, and the notes of what was seen.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use portero_api::{Exchange, Sample, ServerState, Term, Trace};
use portero_policies::Expr;
use portero_policies::cast::write_text;

use crate::net::{Memory, Stream};

/// The world around an offline worker.
#[derive(Debug, Default)]
pub struct Outside {
    script: RefCell<Script>,
    notes: RefCell<Notes>,
    questions: RefCell<Rc<[Expr]>>,
    trace: RefCell<Option<Rc<Trace>>>,
}

#[derive(Debug, Default)]
struct Script {
    /// What servers say, by the number of the try; the last holds for all that follow.
    answers: Vec<Answer>,
    /// Servers that cannot be connected to.
    unreachable: Vec<Arc<ServerState>>,
}

/// What a server does when it is connected to.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It sends these bytes.
    Bytes(Rc<[u8]>),
    /// It refuses the connection.
    Refused,
}

/// What was seen of the last connection of a client.
#[derive(Debug, Default)]
pub struct Notes {
    /// The connections to servers, in order.
    pub calls: Vec<Call>,
    /// The exchanges, in order.
    pub seen: Vec<Seen>,
    /// The lines of the log.
    pub log: Vec<String>,
}

/// A connection to a server.
#[derive(Debug)]
pub struct Call {
    /// The server.
    pub server: Arc<ServerState>,
    /// None when it refused.
    pub connection: Option<Memory>,
}

/// An exchange at its end.
#[derive(Debug)]
pub struct Seen {
    /// How it ended.
    pub term: Term,
    /// The backend, once one was chosen.
    pub backend: Option<Arc<str>>,
    /// The server, once one was chosen.
    pub server: Option<Arc<str>>,
    /// The answers to the questions, in their order.
    pub values: Vec<Option<String>>,
}

impl Answer {
    /// A message made of its parts. `Content-Length` is added where nothing says how the body ends.
    pub fn message(line: &str, headers: &[(String, String)], body: &[u8]) -> Answer {
        let mut bytes = format!("{line}\r\n").into_bytes();
        let has = |name: &str| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        for (name, value) in headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if !has("content-length") && !has("transfer-encoding") {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        Answer::Bytes(bytes.into())
    }
}

impl Outside {
    /// Gets ready for the next connection: what servers will say, and whether a trace is wanted.
    pub fn begin(&self, answers: Vec<Answer>, trace: Option<Rc<Trace>>) {
        *self.notes.borrow_mut() = Notes::default();
        self.script.borrow_mut().answers = answers;
        *self.trace.borrow_mut() = trace;
    }

    /// Expressions whose values are noted at the end of every exchange.
    pub fn ask(&self, questions: Vec<Expr>) {
        *self.questions.borrow_mut() = questions.into();
    }

    /// Lets a server be connected to, or not.
    pub fn set_reachable(&self, server: &Arc<ServerState>, reachable: bool) {
        let unreachable = &mut self.script.borrow_mut().unreachable;
        unreachable.retain(|other| !Arc::ptr_eq(other, server));
        if !reachable {
            unreachable.push(server.clone());
        }
    }

    /// The trace that exchanges of this connection write, if one is wanted.
    pub fn trace(&self) -> Option<Rc<Trace>> {
        self.trace.borrow().clone()
    }

    /// A connection to a server.
    pub fn connect(&self, server: &Arc<ServerState>) -> io::Result<Stream> {
        let script = self.script.borrow();
        let calls = &mut self.notes.borrow_mut().calls;
        let refused = script.unreachable.iter().any(|other| Arc::ptr_eq(other, server));
        let answer = script.answers.get(calls.len()).or(script.answers.last()).filter(|_| !refused);
        let connection = match answer {
            Some(Answer::Bytes(bytes)) => Some(Memory::new(bytes.to_vec(), None)),
            Some(Answer::Refused) | None => None,
        };
        calls.push(Call { server: server.clone(), connection: connection.clone() });
        connection.map(Stream::Memory).ok_or_else(|| io::ErrorKind::ConnectionRefused.into())
    }

    /// Notes an exchange that has ended.
    pub fn note(&self, exchange: &Exchange) {
        let questions = self.questions.borrow().clone();
        let seen = Seen {
            term: exchange.log.term,
            backend: exchange.backend.as_ref().map(|backend| backend.name.clone()),
            server: exchange.server.as_ref().map(|server| server.name.clone()),
            values: questions.iter().map(|question| question.get(exchange).as_ref().map(text)).collect(),
        };
        self.notes.borrow_mut().seen.push(seen);
    }

    /// Notes a line of the log.
    pub fn log(&self, line: &[u8]) {
        self.notes.borrow_mut().log.push(String::from_utf8_lossy(line).into_owned());
    }

    /// Takes the notes of the connection that has ended.
    pub fn take(&self) -> Notes {
        self.notes.take()
    }
}

fn text(sample: &Sample<'_>) -> String {
    let mut text = Vec::new();
    write_text(sample, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
