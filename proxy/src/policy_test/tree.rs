//! A file of policy tests as it was read.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use portero_api::tables::Slot;
use portero_grammar::rules::Expr;
use portero_grammar::{FileId, Span};
use regex::bytes::Regex;

use super::tables::Place;

/// A file of tests.
#[derive(Debug)]
pub struct TestFile {
    /// The file.
    pub file: FileId,
    /// Where the configuration is.
    pub config: Config,
    /// Its tests, in order.
    pub cases: Vec<Case>,
}

/// Where the configuration under test is.
#[derive(Debug, Default)]
pub enum Config {
    /// Nothing is said: the command line must.
    #[default]
    Unsaid,
    /// In these files.
    Files(Vec<PathBuf>),
    /// In the test file itself, beside files that it builds on (a library of policies).
    Inline {
        /// The files.
        files: Vec<PathBuf>,
        /// The text, at the same lines as in the test file.
        text: String,
    },
}

/// One test.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// Something that happens in a test.
#[derive(Debug)]
pub enum Step {
    /// A server's state changes.
    Server { span: Span, backend: String, server: String, state: ServerIs },
    /// A variable of the process is set.
    Var { span: Span, name: String, value: String },
    /// An entry of a table is there.
    Entry { span: Span, place: Place, values: Vec<(Slot, String)> },
    /// Time passes.
    Advance(Duration),
    /// A client asks.
    Request(Box<Request>),
}

/// What a test makes of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerIs {
    /// It passes its checks.
    Up,
    /// It fails them.
    Down,
    /// It takes no new clients.
    Drain,
    /// It is in maintenance.
    Maint,
    /// It has all the sessions that it may have.
    Full,
    /// It passes its checks, and refuses connections.
    Refusing,
    /// Its weight.
    Weight(u32),
}

/// A request with what is expected of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where it stands.
    pub span: Span,
    /// The request line without the version.
    pub line: String,
    /// The version.
    pub version: String,
    /// Its header fields.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// The client.
    pub src: Option<SocketAddr>,
    /// The address it connects to.
    pub dst: Option<SocketAddr>,
    /// The frontend it comes in by.
    pub frontend: Option<(String, Span)>,
    /// How often it is sent.
    pub times: u32,
    /// What servers say to it, by the number of the try.
    pub responses: Vec<Response>,
    /// What is expected.
    pub expects: Vec<Expect>,
}

/// What a server says.
#[derive(Clone, Debug)]
pub enum Response {
    /// A message.
    Message { status: u16, reason: String, headers: Vec<(String, String)>, body: Vec<u8> },
    /// Nothing: it closes.
    Closed,
    /// Nothing: it refuses the connection.
    Refused,
}

/// An expectation.
#[derive(Clone, Debug)]
pub struct Expect {
    /// The whole of it.
    pub span: Span,
    /// Where the value stands that is expected, for the caret.
    pub value: Span,
    /// What is looked at.
    pub subject: Subject,
    /// What it should be.
    pub is: Is,
}

/// What an expectation looks at.
#[derive(Clone, Debug)]
pub enum Subject {
    /// The backend.
    Backend,
    /// The server.
    Server,
    /// The status that the client got.
    Status,
    /// A header field of the reply.
    Header(String),
    /// The body of the reply.
    Body,
    /// The request line as the server got it: its method.
    SentMethod,
    /// Its target.
    SentTarget,
    /// The path of it.
    SentPath,
    /// A header field as the server got it.
    SentHeader(String),
    /// The body as the server got it.
    SentBody,
    /// The value of an expression at the end of the exchange, as it is named in messages.
    Value(String, Box<Expr>),
    /// An entry of a table, or a value of it.
    Table(Place),
    /// The line of the log.
    Log,
    /// The two or four letters that the log ends an exchange with.
    Termination,
    /// How long the proxy waited, in milliseconds.
    Waited,
    /// The servers that were tried, in order.
    Tried,
    /// That the connection was closed without a reply.
    Closed,
    /// That it was reset.
    Reset,
}

/// What a value should be.
#[derive(Clone, Debug)]
pub enum Is {
    /// Just this.
    Equal(String),
    /// One of these.
    OneOf(Vec<String>),
    /// Not this.
    Not(Box<Is>),
    /// There is one.
    Present,
    /// There is none.
    Absent,
    /// This is part of it.
    Contains(String),
    /// It begins so.
    Begins(String),
    /// It ends so.
    Ends(String),
    /// It matches.
    Matches(Regex),
    /// It is a number, and no smaller.
    AtLeast(i64),
    /// It is a number, and no larger.
    AtMost(i64),
}

impl Request {
    /// A request with nothing but its line.
    pub fn new(span: Span, line: String) -> Request {
        Request {
            span,
            line,
            version: "HTTP/1.1".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            src: None,
            dst: None,
            frontend: None,
            times: 1,
            responses: Vec::new(),
            expects: Vec::new(),
        }
    }
}

impl Subject {
    /// What messages call it.
    pub fn name(&self) -> String {
        match self {
            Subject::Backend => "backend".into(),
            Subject::Server => "server".into(),
            Subject::Status => "status".into(),
            Subject::Header(name) => format!("header {name}"),
            Subject::Body => "body".into(),
            Subject::SentMethod => "sent method".into(),
            Subject::SentTarget => "sent target".into(),
            Subject::SentPath => "sent path".into(),
            Subject::SentHeader(name) => format!("sent header {name}"),
            Subject::SentBody => "sent body".into(),
            Subject::Value(name, _) => name.clone(),
            Subject::Table(place) => place.name(),
            Subject::Log => "log".into(),
            Subject::Termination => "termination".into(),
            Subject::Waited => "waited".into(),
            Subject::Tried => "tried".into(),
            Subject::Closed => "closed".into(),
            Subject::Reset => "reset".into(),
        }
    }
}
