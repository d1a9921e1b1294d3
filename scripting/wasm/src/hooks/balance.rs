//! The hook `Balance`: a module chooses servers.

use std::rc::Rc;

use portero_api::{BadArg, Balance, Candidates, Exchange, Outcome, ServerState, Setup};

use super::ask::{Asked, Hook};
use crate::items::Items;
use crate::scene::Scene;
use crate::seat::Seat;
use crate::servers;

/// A balancer: asked with the list of its arguments and the servers that can take the request, it answers with the place of
/// one among those, or nothing.
pub(crate) struct WasmBalance {
    asked: Asked,
    /// Whether the module wants to hear how tries ended.
    tells: bool,
}

impl WasmBalance {
    pub(crate) fn new(seat: Rc<Seat>, setup: &Setup<'_>) -> Result<WasmBalance, BadArg> {
        let tells = seat.plan.offers(Hook::Outcome.name());
        Ok(WasmBalance { asked: Asked::new(seat, Hook::Balancer, setup.args)?, tells })
    }
}

impl Balance for WasmBalance {
    fn pick(&self, exchange: &Exchange, candidates: &Candidates<'_>) -> Option<usize> {
        let said = self.asked.ask(Scene::See(exchange), |list| {
            list.add_with(|args| self.asked.write_args(args));
            candidates.usable().for_each(|(_, server)| list.add_with(|item| servers::write(item, server)));
        });
        let answer = said.ok()?.answer;
        let place = usize::try_from(Items::new(&answer)?.number()?).ok()?;
        candidates.usable().nth(place).map(|(index, _)| index)
    }

    fn finished(&self, server: &ServerState, outcome: Outcome) {
        if !self.tells {
            return;
        }
        let (word, status) = word(outcome);
        // a failure was logged
        let _ = self.asked.ask_as(Hook::Outcome, Scene::Alone, |list| {
            list.add_with(|args| self.asked.write_args(args));
            list.add_with(|item| servers::write(item, server));
            list.add(word.as_bytes());
            list.add_number(status.into());
        });
    }
}

/// How a try ended, in a word, with the status that the server answered or 0.
fn word(outcome: Outcome) -> (&'static str, u16) {
    match outcome {
        Outcome::Response(status) => ("response", status),
        Outcome::ConnectFailed => ("connect-failed", 0),
        Outcome::ResponseFailed => ("response-failed", 0),
        Outcome::Aborted => ("aborted", 0),
        Outcome::Done => ("done", 0),
    }
}
