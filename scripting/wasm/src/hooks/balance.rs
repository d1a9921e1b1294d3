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

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm};

    use super::*;
    use crate::items::List;
    use crate::testing::{Running, data, module};

    /// A module that writes what it is told into the log.
    fn listening(offers: &[&str]) -> Running {
        let mut list = List::new();
        offers.iter().for_each(|name| list.add(name.as_bytes()));
        let list = list.into_bytes();
        let text = format!(
            r#"{} (data (i32.const 100) "portero.offer")
            (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
              (i32.eqz (call $foreign (i32.const 100) (i32.const 13) (i32.const 300) (i32.const {}) (i32.const 0) (i32.const 4))))
            (func (export "proxy_on_foreign_function") (param i32) (param $hook i32) (param $size i32)
              (if (i32.ne (local.get $hook) (i32.const 5)) (then unreachable))
              (drop (call $buffer (i32.const 8) (i32.const 0) (local.get $size) (i32.const 0) (i32.const 4)))
              (drop (call $log (i32.const 2) (i32.load (i32.const 0)) (i32.load (i32.const 4)))))"#,
            data(300, &list),
            list.len()
        );
        let imports = r#"
            (import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
            (import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
            (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))"#;
        Running::new(&module(imports, &text), |_| ())
    }

    /// What it is told of each end of a try.
    fn told(running: &Running) -> Vec<String> {
        let mut bench = Bench::default().args(&["for-me"]);
        bench.here = Some(running.desk.here());
        let balancer = bench.balancer(&running.plugin).expect("it is a balancer");
        let farm = Farm::new(&[1, 1]);
        let ends = [
            Outcome::Response(65),
            Outcome::ConnectFailed,
            Outcome::ResponseFailed,
            Outcome::Aborted,
            Outcome::Done,
        ];
        ends.into_iter().for_each(|outcome| balancer.finished(&farm.servers[1], outcome));
        running.said()
    }

    #[test]
    fn a_module_that_wants_to_hear_how_tries_end_is_told_the_server_and_a_word() {
        let lines = told(&listening(&["balancer", "outcome"]));
        assert_eq!(lines.len(), 5, "{lines:?}");
        let words = ["response\u{8}\0\0\0A", "connect-failed", "response-failed", "aborted", "done"];
        for (line, word) in lines.iter().zip(words) {
            assert!(line.contains("for-me") && line.contains("s2") && line.contains(word), "{line:?}");
        }
    }

    #[test]
    fn a_module_that_does_not_want_to_hear_is_not_called() {
        assert_eq!(told(&listening(&["balancer"])), [""; 0]);
    }
}
