//! The hook `Service`: a module answers requests in the place of a server.
//!
//! It is asked with the body of the request, as a whole, and its arguments, and answers with `proxy_send_local_response`, at
//! once or after its call-outs.

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use portero_api::{Answer, BadArg, Client, Close, Exchange, Message, Reply, Serve, Service, Setup, Work};

use super::ask::{Asked, Hook, Said};
use super::wait::Waiting;
use crate::scene::Scene;
use crate::seat::{Broken, Seat};

/// A service.
pub(crate) struct WasmService(Rc<Asked>);

impl WasmService {
    pub(crate) fn new(seat: Rc<Seat>, setup: &Setup<'_>) -> Result<WasmService, BadArg> {
        let asked = Asked::new(seat, Hook::Service, setup.args)?;
        match setup.rules {
            "tcp-req" => Err(BadArg::new("a module answers requests of HTTP, and no session of TCP")),
            _ => Ok(WasmService(Rc::new(asked))),
        }
    }
}

impl Service for WasmService {
    fn serve(&self, _: &mut Exchange) -> Serve {
        Serve::Talk(Box::new(Answering { asked: self.0.clone(), step: Step::Reads(Vec::new()) }))
    }
}

/// A request that is answered.
struct Answering {
    asked: Rc<Asked>,
    step: Step,
}

enum Step {
    /// It takes the body in.
    Reads(Vec<u8>),
    Waits(Waiting),
    /// What is still to be sent of the answer.
    Writes(Bytes),
}

/// How it ended before there was an answer to be sent.
enum Ended {
    Left,
    With(Answer),
}

impl From<io::Error> for Ended {
    fn from(_: io::Error) -> Ended {
        Ended::Left
    }
}

impl Work for Answering {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<Answer> {
        match ready!(self.go_on(cx, exchange, client)) {
            Ok(()) => Poll::Ready(Answer::Continue),
            Err(Ended::With(answer)) => Poll::Ready(answer),
            Err(Ended::Left) => Poll::Ready(Answer::Fail),
        }
    }
}

impl Answering {
    fn go_on(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<Result<(), Ended>> {
        loop {
            self.step = match &mut self.step {
                Step::Reads(body) => {
                    let most = self.asked.seat.plan.load.max_body;
                    ready!(read(body, most, cx, exchange, client))?;
                    let said = self.asked.ask(Scene::Change(exchange), |list| {
                        list.add(body);
                        self.asked.write_args(list);
                    });
                    next(said, exchange, client)?
                }
                Step::Waits(waiting) => {
                    let said = ready!(waiting.poll(cx, Scene::Change(exchange)));
                    next(said, exchange, client)?
                }
                Step::Writes(rest) if rest.is_empty() => {
                    return client.poll_flush(cx, exchange).map_err(Ended::from);
                }
                Step::Writes(rest) => {
                    let taken = ready!(client.poll_write(cx, exchange, rest))?;
                    Step::Writes(rest.slice(taken..))
                }
            };
        }
    }
}

/// Takes the body in, to its end.
fn read(
    body: &mut Vec<u8>,
    most: usize,
    cx: &mut Context<'_>,
    exchange: &mut Exchange,
    client: &mut dyn Client,
) -> Poll<Result<(), Ended>> {
    while let Some(piece) = ready!(client.poll_read(cx, exchange, most + 1))? {
        body.extend_from_slice(&piece);
        if body.len() > most {
            return Poll::Ready(Err(Ended::With(Answer::Reply(Reply::Status(413)))));
        }
    }
    Poll::Ready(Ok(()))
}

/// What is to be done about what the module said.
fn next(said: Result<Said, Broken>, exchange: &mut Exchange, client: &mut dyn Client) -> Result<Step, Ended> {
    // a service has nobody behind it that the request could go on to
    let said = said.map_err(|_| Ended::With(Answer::Fail))?;
    if let Some(waiting) = said.waits {
        return Ok(Step::Waits(waiting));
    }
    if said.closed {
        return Err(Ended::With(Answer::Close(Close::Reject)));
    }
    let Some(Reply::Message(message)) = said.reply else { return Err(Ended::With(Answer::Fail)) };
    let message = *message;
    let body = message.body.clone();
    let head = Message { body: Bytes::new(), ..message };
    client.begin(exchange, head.header("content-length", body.len().to_string()))?;
    Ok(Step::Writes(body))
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Guest, Manner, exchange, work_through};
    use portero_conformance::{Talking, talk};

    use super::*;
    use crate::items::List;
    use crate::testing::{Running, data, module};

    /// A module that offers a service and does this when it is asked.
    fn serving(asked: &str) -> Running {
        let mut offer = List::new();
        offer.add(b"service");
        let offer = offer.into_bytes();
        let text = format!(
            r#"{} (data (i32.const 0) "portero.offer")
            (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
              (i32.eqz (call $foreign (i32.const 0) (i32.const 13) (i32.const 100) (i32.const {}) (i32.const 40) (i32.const 44))))
            (func (export "proxy_on_foreign_function") (param i32 i32) (param $size i32) {asked})"#,
            data(100, &offer),
            offer.len()
        );
        let imports = r#"
            (import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
            (import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
            (import "env" "proxy_send_local_response"
              (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))"#;
        Running::new(&module(imports, &text), |load| load.max_body = 20)
    }

    /// Answers with 201 and the body of the request.
    const ECHO: &str = r#"
        (drop (call $buffer (i32.const 8) (i32.const 4) (i32.sub (local.get $size) (i32.const 4)) (i32.const 40) (i32.const 44)))
        (drop (call $reply (i32.const 201) (i32.const 0) (i32.const 0) (i32.load (i32.const 40)) (i32.load (i32.const 44))
          (i32.const 0) (i32.const 0) (i32.const -1)))"#;

    fn bench(running: &Running) -> Bench {
        let mut bench = Bench::default().in_rules("http-req");
        bench.here = Some(running.desk.here());
        bench
    }

    #[test]
    fn a_service_of_a_module_keeps_to_the_hook() {
        let running = serving(ECHO);
        talk(&Talking {
            plugin: &running.plugin,
            bench: &|| bench(&running),
            target: "/",
            body: b"hello, world",
            answered: &|status, body| assert_eq!((status, body), (201, &b"hello, world"[..])),
        });
    }

    fn answered(running: &Running, body: &[u8]) -> Option<Answer> {
        let service = bench(running).service(&running.plugin).unwrap_or_else(|bad| panic!("{}", bad.message));
        let mut exchange = exchange("/");
        let Serve::Talk(mut work) = service.serve(&mut exchange) else { panic!("it speaks") };
        let mut guest = Guest::new(body, Manner::Prompt);
        let answer = work_through(&mut *work, &mut exchange, &mut guest, 1000);
        assert!(guest.head.is_none());
        answer
    }

    #[test]
    fn a_service_that_says_nothing_or_fails_is_a_failure_and_a_long_body_is_refused() {
        assert!(matches!(answered(&serving(""), b""), Some(Answer::Fail)));
        assert!(matches!(answered(&serving("unreachable"), b""), Some(Answer::Fail)));
        let refused = answered(&serving(ECHO), b"more than twenty bytes");
        assert!(matches!(refused, Some(Answer::Reply(Reply::Status(413)))), "{refused:?}");
    }

    #[test]
    fn a_service_is_for_requests_alone() {
        let running = serving(ECHO);
        let bad = bench(&running).in_rules("tcp-req").service(&running.plugin).err().expect("it has none");
        assert!(bad.message.contains("no session of TCP"), "{}", bad.message);
    }
}
