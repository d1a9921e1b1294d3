//! The traits, one for each hook. Arguments are the words behind the plugin's name in the configuration.

use crate::items::List;
use crate::{Sample, Server};

/// Chooses servers: `balance wasm.NAME [ARGUMENT ...]`.
pub trait Balancer {
    /// The place of the server for this try, among those that can take it; none: the request waits, or fails.
    fn pick(&mut self, args: &[String], servers: &[Server]) -> Option<usize>;

    /// Whether it wants to be told how tries ended.
    fn listens(&self) -> bool {
        false
    }

    /// How a try ended.
    fn ended(&mut self, _args: &[String], _server: &Server, _outcome: Outcome) {}
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server answered with this status.
    Response(u16),
    /// No connection was made.
    ConnectFailed,
    /// The connection broke, or no valid answer came in time.
    ResponseFailed,
    /// The client left first.
    Aborted,
    /// A session ended in order.
    Done,
}

/// Acts in rules: `http-request wasm.NAME [ARGUMENT ...]` and the like.
pub trait Action {
    /// Acts on the exchange. `rules` are those it stands in: `http-req`, `http-res`, `tcp-req`, ... A reply of its own is
    /// sent with `hostcalls::send_http_response`.
    fn run(&mut self, rules: &str, args: &[String]) -> Verdict;

    /// What it says after a call-out of the module was answered, with the exchange at hand; none: that call was not its own.
    fn answered(&mut self, _call: &Call) -> Option<Verdict> {
        None
    }
}

/// A call-out (`hostcalls::dispatch_http_call`) that was answered. Its fields and body are read with `hostcalls::get_map` and
/// `get_buffer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The token that the call was given.
    pub token: u32,
    /// How many fields the answer has; 0 when there is none.
    pub fields: usize,
    /// How many bytes its body has.
    pub body: usize,
    /// How many trailers it has.
    pub trailers: usize,
}

/// Answers requests in the place of a server: `http-request use-service wasm.NAME [ARGUMENT ...]`.
pub trait Service {
    /// Answers a request with this body, by `hostcalls::send_http_response`; or waits for its call-outs first.
    fn serve(&mut self, body: &[u8], args: &[String]) -> Serving;

    /// Goes on after a call-out of the module was answered; none: that call was not its own.
    fn answered(&mut self, _call: &Call) -> Option<Serving> {
        None
    }
}

/// How far a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// It has answered.
    Done,
    /// It waits for its call-outs.
    Wait,
}

/// How rules go on behind an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// With the next one.
    Continue,
    /// With no other of this set.
    Stop,
    /// The exchange is refused, with this status or the usual one.
    Deny(Option<u16>),
    /// The connection is closed.
    Close,
    /// The exchange ends with 500.
    Fail,
    /// It waits for its call-outs.
    Wait,
}

/// Takes samples: `wasm.NAME(ARGUMENT,...)`.
pub trait Fetch {
    /// The sample, or none.
    fn fetch(&mut self, args: &[String]) -> Option<Sample>;
}

/// Makes samples of others: `,wasm.NAME(ARGUMENT,...)`.
pub trait Converter {
    /// The new sample, or none.
    fn convert(&mut self, sample: Sample, args: &[String]) -> Option<Sample>;
}

/// Probes servers: `check wasm.NAME`, or `option wasm-check NAME [ARGUMENT ...]`.
pub trait Check {
    /// The next step of a probe.
    fn step(&mut self, args: &[String], server: &Server, probe: &Probe<'_>) -> Step;

    /// The next step after a call-out of the module was answered; none: that call was not its own.
    fn answered(&mut self, _call: &Call) -> Option<Step> {
        None
    }
}

/// How far a probe is.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// The number of the step, from 0.
    pub step: i64,
    /// What has come since something was sent.
    pub data: &'a [u8],
    /// Whether the server has closed the connection.
    pub closed: bool,
}

/// A step of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// These bytes are sent, and an answer is waited for.
    Send(Vec<u8>),
    /// More is waited for.
    Read,
    /// It waits for its call-outs.
    Wait,
    /// The server is well; its weight in percent of the configured one, where the check says it.
    Up(String, Option<u32>),
    /// It is not, and why.
    Down(String),
    /// It is to get no new sessions.
    Drain(String),
}

impl Outcome {
    pub(crate) fn read(word: &str, status: i64) -> Outcome {
        match word {
            "connect-failed" => Outcome::ConnectFailed,
            "response-failed" => Outcome::ResponseFailed,
            "aborted" => Outcome::Aborted,
            "done" => Outcome::Done,
            _ => Outcome::Response(status.try_into().unwrap_or_default()),
        }
    }
}

impl Verdict {
    pub(crate) fn list(self) -> List {
        match self {
            Verdict::Continue => List::new().add("continue"),
            Verdict::Stop => List::new().add("stop"),
            Verdict::Deny(None) => List::new().add("deny"),
            Verdict::Deny(Some(status)) => List::new().add("deny").number(status.into()),
            Verdict::Close => List::new().add("close"),
            Verdict::Fail => List::new().add("fail"),
            Verdict::Wait => List::new().add("wait"),
        }
    }
}

impl Serving {
    pub(crate) fn list(self) -> List {
        match self {
            Serving::Done => List::new(),
            Serving::Wait => List::new().add("wait"),
        }
    }
}

impl Step {
    pub(crate) fn list(&self) -> List {
        match self {
            Step::Send(bytes) => List::new().add("send").add(bytes),
            Step::Read => List::new().add("read"),
            Step::Wait => List::new().add("wait"),
            Step::Up(reason, None) => List::new().add("up").add(reason),
            Step::Up(reason, Some(weight)) => List::new().add("up").add(reason).number((*weight).into()),
            Step::Down(reason) => List::new().add("down").add(reason),
            Step::Drain(reason) => List::new().add("drain").add(reason),
        }
    }
}
