//! Checks as scripts: what `http-check` and `tcp-check` lines become (HAProxy manual, 4.2 "option tcp-check").

mod connect;
mod expect;
mod http;
mod parse;
mod run;
mod state;
mod text;
mod words;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use portero_api::{CheckStatus, Directory, Expression, Format, Health, VarId};
use portero_api::{Dial, LocalFuture, ServerState, Target, Verdict};

use connect::Connect;
use expect::Expect;
use http::Request;
use text::Text;

pub use parse::parse;

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Bytes (`option tcp-check`).
    Tcp,
    /// Requests and responses (`option httpchk`).
    Http,
}

/// A check of several steps.
pub struct Script {
    protocol: Protocol,
    steps: Vec<Step>,
    /// `http-check disable-on-404`.
    disable_on_404: bool,
    /// `http-check send-state`.
    send_state: bool,
    directory: Arc<Directory>,
    /// The step that the last probe of each server has come to, by the server's id: what a time-out tells.
    reached: RefCell<HashMap<u32, usize>>,
}

/// One step.
struct Step {
    action: Action,
    /// The step's own comment, or that of the comment line before it.
    comment: Option<String>,
    /// The number in the configuration, from 1; 0 for a step that nobody wrote.
    number: usize,
}

enum Action {
    Connect(Connect),
    Send(Text),
    Request(Box<Request>),
    Expect(Box<Expect>),
    Set(VarId, Source),
    Unset(VarId),
}

/// Where the value of a variable comes from.
enum Source {
    Expression(Box<dyn Expression>),
    Format(Box<dyn Format>),
}

impl Step {
    /// Where a check failed, as HAProxy's log says it: ` at step 2 of tcp-check (expect regex) comment: 'banner'`.
    fn place(&self) -> String {
        if self.number == 0 {
            return String::new();
        }
        let what = match &self.action {
            Action::Connect(connect) => connect.to_string(),
            Action::Send(_) | Action::Request(_) => "send".into(),
            Action::Expect(expect) => format!("expect {}", expect.what),
            Action::Set(..) => "set-var".into(),
            Action::Unset(_) => "unset-var".into(),
        };
        let comment = self.comment.as_ref().map_or(String::new(), |c| format!(" comment: '{c}'"));
        format!(" at step {} of tcp-check ({what}){comment}", self.number)
    }
}

impl Health for Script {
    fn probe<'a>(
        &'a self,
        server: &'a ServerState,
        target: &'a Target,
        dial: &'a dyn Dial,
    ) -> LocalFuture<'a, Verdict> {
        Box::pin(run::run(self, server, target, dial))
    }

    fn timed_out(&self, server: &ServerState) -> Verdict {
        let step = self.reached.borrow().get(&server.id()).and_then(|&step| self.steps.get(step));
        let status = match step.map(|step| &step.action) {
            Some(Action::Connect(_)) => CheckStatus::L4Timeout,
            Some(Action::Expect(expect)) => expect.timeout.unwrap_or(CheckStatus::L7Timeout),
            _ => CheckStatus::L7Timeout,
        };
        match (self.protocol, step) {
            (Protocol::Tcp, Some(step)) => Verdict::new(status, step.place()),
            _ => Verdict::new(status, ""),
        }
    }
}
