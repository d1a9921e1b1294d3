//! Steps are taken, one after the other, until one fails.

use std::sync::Arc;

use portero_api::{
    CheckStatus, Conn, Dial, Exchange, Kind, ProxyState, Sample, Scope, ServerState, Target, Value, VarId,
    Verdict, process_vars,
};

use super::super::peer::Peer;
use super::expect::{Expect, What};
use super::http::{Progress, read};
use super::{Action, Protocol, Script, Source, Step, state};

/// What a probe knows while it runs.
struct Run<'a> {
    script: &'a Script,
    peer: Option<Peer>,
    /// What expressions and formats see: the server, variables, the last answer.
    view: Exchange,
    /// True when the answer that is waited for has a head only.
    head_only: bool,
    /// The verdict so far.
    verdict: Verdict,
}

/// Takes all steps.
pub(super) async fn run(script: &Script, server: &ServerState, target: &Target, dial: &dyn Dial) -> Verdict {
    let backend = script.directory.proxy(&server.backend, true);
    let mut run = Run {
        script,
        peer: None,
        view: view(server, backend),
        head_only: false,
        verdict: Verdict::new(CheckStatus::L4Ok, ""),
    };
    for (at, step) in script.steps.iter().enumerate() {
        script.reached.borrow_mut().insert(server.id(), at);
        if let Err(verdict) = run.step(step, server, target, dial).await {
            return verdict;
        }
    }
    run.verdict
}

/// An exchange without a client, so that expressions can be evaluated.
fn view(server: &ServerState, backend: Option<Arc<ProxyState>>) -> Exchange {
    let backend =
        backend.unwrap_or_else(|| Arc::new(ProxyState::new(&server.backend, 0, Kind::Backend, true)));
    let mut view = Exchange::new(Conn::of_nobody(backend.clone()));
    view.server = backend.servers().iter().find(|s| s.id() == server.id()).cloned();
    view.backend = Some(backend);
    view
}

impl Run<'_> {
    async fn step(
        &mut self,
        step: &Step,
        server: &ServerState,
        target: &Target,
        dial: &dyn Dial,
    ) -> Result<(), Verdict> {
        match &step.action {
            Action::Connect(connect) => {
                self.peer = None;
                let target = connect.target(target, &self.view);
                let peer =
                    Peer::connect(dial, &target).await.map_err(|verdict| self.placed(verdict, step))?;
                self.peer = Some(peer);
            }
            Action::Send(text) => {
                let bytes = text.bytes(&self.view).into_owned();
                self.say(&bytes).await.map_err(|verdict| self.placed(verdict, step))?;
                self.spoken();
            }
            Action::Request(request) => {
                let backend = self.view.backend.as_deref();
                let told = self.script.send_state.then(|| state::state(server, backend));
                let bytes = request.bytes(&self.view, told);
                self.head_only = request.is_head();
                self.view.response.clear();
                self.say(&bytes).await?;
            }
            Action::Expect(expect) if self.script.protocol == Protocol::Http => {
                self.expect_http(expect, step).await?;
            }
            Action::Expect(expect) => self.expect_tcp(expect, step).await?,
            Action::Set(variable, source) => self.set(*variable, source),
            Action::Unset(variable) => {
                match self.view.vars_of(variable.scope) {
                    Some(vars) => vars.unset(*variable),
                    None => process_vars().unset(*variable),
                };
            }
        }
        Ok(())
    }

    /// Says where a step of a `tcp-check` failed.
    fn placed(&self, mut verdict: Verdict, step: &Step) -> Verdict {
        if self.script.protocol == Protocol::Tcp {
            verdict.reason.push_str(&step.place());
        }
        verdict
    }

    fn peer(&mut self) -> Result<&mut Peer, Verdict> {
        self.peer.as_mut().ok_or_else(|| Verdict::new(CheckStatus::SocketError, "not connected"))
    }

    /// Sends, and forgets what came before: answers are to what was asked last.
    async fn say(&mut self, bytes: &[u8]) -> Result<(), Verdict> {
        let peer = self.peer()?;
        peer.data.clear();
        peer.send(bytes).await
    }

    fn spoken(&mut self) {
        if self.script.protocol == Protocol::Tcp {
            self.verdict = Verdict::new(CheckStatus::L7Ok, "(tcp-check)").code(0);
        }
    }

    fn set(&mut self, variable: VarId, source: &Source) {
        let value = match source {
            Source::Expression(expression) => {
                expression.value(&self.view).ok().flatten().map(Sample::into_owned)
            }
            Source::Format(format) => {
                let mut text = Vec::new();
                format.render(&self.view, &mut text);
                Some(Sample::text(text))
            }
        };
        match (value, variable.scope) {
            (Some(value), Scope::Proc) => process_vars().set(variable, value),
            (Some(value), _) => self.view.vars.set(variable, Value::from_sample(&value)),
            (None, _) => {}
        }
    }

    async fn expect_tcp(&mut self, expect: &Expect, step: &Step) -> Result<(), Verdict> {
        let enough = expect.min_recv.map(|n| expect.what.exact_len().map_or(n, |len| len.min(n)));
        let found = loop {
            let peer = self.peer()?;
            let (ended, have) = (peer.ended, peer.data.len());
            if ended && have == 0 {
                let place = format!("TCPCHK got an empty response at step {}", step.number);
                return Err(self.failed(expect, step, place, None));
            }
            if ended || (enough.is_none_or(|n| have >= n) && have > 0) {
                self.view.response_payload.data = self.peer()?.data.clone();
                let found = expect.what.found(&self.view.response_payload.data, &self.view);
                // No match yet may become one with more bytes, unless it was said how many are enough.
                if found || ended || enough.is_some() {
                    break found;
                }
            }
            self.peer()?.more().await?;
        };
        if found == expect.not {
            let (what, number) = (expect.what.quoted(), step.number);
            let reason = match found {
                true => format!("TCPCHK matched unwanted content {what} at step {number}"),
                false => format!("TCPCHK did not match content {what} at step {number}"),
            };
            return Err(self.failed(expect, step, reason, None));
        }
        self.spoken();
        self.passed(expect, Some(0), "(tcp-check)");
        Ok(())
    }

    async fn expect_http(&mut self, expect: &Expect, step: &Step) -> Result<(), Verdict> {
        let found = loop {
            let head_only = self.head_only;
            let peer = self.peer.as_ref().ok_or_else(|| Verdict::new(CheckStatus::SocketError, ""))?;
            match read(&peer.data, peer.ended, head_only, &mut self.view) {
                Progress::Invalid if peer.data.is_empty() => {
                    return Err(Verdict::new(CheckStatus::L7Response, "no response"));
                }
                Progress::Invalid => {
                    return Err(Verdict::new(CheckStatus::L7Response, "invalid HTTP response"));
                }
                Progress::Body(..) if self.script.disable_on_404 && self.view.response.status == 404 => {
                    self.verdict = Verdict::new(CheckStatus::L7OkConditionally, "").code(404);
                    return Ok(());
                }
                Progress::Body(..) if !expect.what.is_content() => {
                    break expect.what.found(&[], &self.view);
                }
                Progress::Body(body, true) if body.is_empty() => {
                    let reason = "HTTP content check could not find a response body".into();
                    return Err(self.failed(expect, step, reason, None));
                }
                Progress::Body(body, whole) => {
                    let enough = whole || expect.min_recv.is_some_and(|n| body.len() >= n);
                    let found = !body.is_empty() && expect.what.found(&body, &self.view);
                    if found || enough {
                        break found;
                    }
                }
                Progress::Head => {}
            }
            self.peer()?.more().await?;
        };
        if found == expect.not {
            return Err(self.failed_http(expect, step));
        }
        self.passed(expect, Some(self.view.response.status), "");
        Ok(())
    }

    fn failed_http(&self, expect: &Expect, step: &Step) -> Verdict {
        let response = &self.view.response;
        let reason = match (&expect.what, expect.not) {
            (What::Status(_) | What::StatusRegex(_) | What::Header { .. }, _) => {
                String::from_utf8_lossy(&response.reason).into_owned()
            }
            (_, true) => "HTTP check matched unwanted content".into(),
            (_, false) => "HTTP content check did not match".into(),
        };
        let code = (!expect.what.is_content()).then_some(response.status);
        self.failed(expect, step, reason, code)
    }

    fn passed(&mut self, expect: &Expect, code: Option<u16>, reason: &str) {
        let status = expect.ok.unwrap_or(CheckStatus::L7Ok);
        let reason = match &expect.on_success {
            Some(format) => rendered(&**format, &self.view),
            None => reason.to_owned(),
        };
        let layer7 = matches!(status, CheckStatus::L7Ok | CheckStatus::L7OkConditionally);
        let code = expect.own_code(&self.view).or(code).filter(|_| layer7);
        self.verdict = Verdict { code, ..Verdict::new(status, reason) };
    }

    fn failed(&self, expect: &Expect, step: &Step, reason: String, code: Option<u16>) -> Verdict {
        let usual = if code.is_some() { CheckStatus::L7Status } else { CheckStatus::L7Response };
        let status = expect.error.unwrap_or(usual);
        let mut reason = match &expect.on_error {
            Some(format) => rendered(&**format, &self.view),
            None => reason,
        };
        if let Some(comment) = &step.comment {
            reason.push_str(&format!(" comment: {comment}"));
        }
        let layer7 = matches!(status, CheckStatus::L7Status | CheckStatus::L7OkConditionally);
        let code = expect.own_code(&self.view).or(code).filter(|_| layer7);
        Verdict { code, ..Verdict::new(status, reason) }
    }
}

fn rendered(format: &dyn portero_api::Format, view: &Exchange) -> String {
    let mut text = Vec::new();
    format.render(view, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
