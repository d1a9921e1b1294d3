//! The hook `Health`: a module probes servers, step by step.
//!
//! It is asked with the list of its arguments, the server, the number of the step, what came in since it sent last, and
//! whether the server has closed. It answers with what to do: `send` bytes, `read` on, or what it has found: `up`, `down` or
//! `drain`, with a reason and a weight in percent; or it waits for its call-outs (`wait`). The connection is made when the
//! first bytes are to move.

use std::future::poll_fn;
use std::io;
use std::rc::Rc;

use portero_api::{
    BadArg, CheckStatus, Dial, Health, LocalFuture, ServerState, Setup, Target, Verdict, Wire,
};

use super::ask::{Asked, Hook, Said};
use crate::items::Items;
use crate::scene::Scene;
use crate::seat::Seat;
use crate::servers;

/// Bytes of an answer that a check looks at, at most.
const MOST: usize = 64 << 10;

/// Steps of a probe, at most.
const STEPS: i64 = 1000;

/// A health check.
pub(crate) struct WasmCheck(Asked);

/// What a module says to a step.
enum Step {
    Send(Vec<u8>),
    Read,
    Found(Verdict),
}

/// A probe under way.
#[derive(Default)]
struct Probe {
    wire: Option<Box<dyn Wire>>,
    step: i64,
    data: Vec<u8>,
    closed: bool,
}

impl WasmCheck {
    pub(crate) fn new(seat: Rc<Seat>, setup: &Setup<'_>) -> Result<WasmCheck, BadArg> {
        Asked::new(seat, Hook::Check, setup.args).map(WasmCheck)
    }

    async fn ask(&self, server: &ServerState, probe: &Probe) -> Step {
        let said = self.0.ask(Scene::Alone, |list| {
            list.add_with(|args| self.0.write_args(args));
            list.add_with(|item| servers::write(item, server));
            list.add_number(probe.step);
            list.add(&probe.data);
            list.add(&[u8::from(probe.closed)]);
        });
        let failed = |why: &str| Step::Found(Verdict::new(CheckStatus::L7Response, why));
        let said = match said {
            Ok(Said { waits: Some(mut waiting), .. }) => poll_fn(|cx| waiting.poll(cx, Scene::Alone)).await,
            said => said,
        };
        match said {
            Ok(said) => step(&said.answer).unwrap_or_else(|| failed("the module's answer means nothing")),
            Err(_) => failed("the module failed"),
        }
    }
}

impl Health for WasmCheck {
    fn probe<'a>(
        &'a self,
        server: &'a ServerState,
        target: &'a Target,
        dial: &'a dyn Dial,
    ) -> LocalFuture<'a, Verdict> {
        Box::pin(async move {
            let mut probe = Probe::default();
            while probe.step < STEPS {
                let bytes = match self.ask(server, &probe).await {
                    Step::Found(verdict) => return verdict,
                    Step::Send(bytes) => Some(bytes),
                    Step::Read if probe.closed => {
                        return Verdict::new(CheckStatus::L7Response, "the server closed the connection");
                    }
                    Step::Read => None,
                };
                if let Err(verdict) = probe.go_on(target, dial, bytes).await {
                    return verdict;
                }
            }
            Verdict::new(CheckStatus::L7Response, format!("no verdict after {STEPS} steps"))
        })
    }
}

impl Probe {
    /// Sends, if there is something to send, and waits for what comes.
    async fn go_on(
        &mut self,
        target: &Target,
        dial: &dyn Dial,
        bytes: Option<Vec<u8>>,
    ) -> Result<(), Verdict> {
        let wire = match &mut self.wire {
            Some(wire) => wire,
            none => none.insert(dial.connect(target).await.map_err(|error| unreachable(&error))?),
        };
        let broken = |error: io::Error| Verdict::new(CheckStatus::L7Response, error.to_string());
        if let Some(bytes) = bytes {
            self.data.clear();
            wire.write_all(&bytes).await.map_err(broken)?;
        }
        let mut piece = vec![0; 4096];
        let read = wire.read(&mut piece).await.map_err(broken)?;
        self.closed = read == 0;
        self.data.extend_from_slice(&piece[..read]);
        self.step += 1;
        if self.data.len() > MOST {
            return Err(Verdict::new(CheckStatus::L7Response, "the answer is too long"));
        }
        Ok(())
    }
}

/// What is found where no connection is made.
fn unreachable(error: &io::Error) -> Verdict {
    match error.kind() {
        io::ErrorKind::TimedOut => Verdict::new(CheckStatus::L4Timeout, ""),
        _ => Verdict::new(CheckStatus::L4Connection, error.to_string()),
    }
}

fn step(answer: &[u8]) -> Option<Step> {
    let mut items = Items::new(answer)?;
    let status = match items.next()? {
        b"send" => return Some(Step::Send(items.next()?.to_vec())),
        b"read" => return Some(Step::Read),
        b"up" => CheckStatus::L7Ok,
        b"down" => CheckStatus::L7Status,
        b"drain" => CheckStatus::L7OkConditionally,
        _ => return None,
    };
    let reason = String::from_utf8_lossy(items.next().unwrap_or_default()).into_owned();
    let weight = items.number().and_then(|percent| u32::try_from(percent).ok());
    Some(Step::Found(Verdict { weight, ..Verdict::new(status, reason) }))
}
