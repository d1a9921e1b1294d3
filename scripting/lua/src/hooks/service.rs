//! `core.register_service`: a function of a script answers in the place of a server.

use std::rc::Rc;
use std::task::{Context, Poll};

use mlua::MultiValue;
use portero_api::{Answer, BadArg, Client, Close, Exchange, Serve, Service, Setup, Work};

use crate::api::{Applet, Ending};
use crate::given::Given;
use crate::hooks::Bound;
use crate::lot::Seat;
use crate::run::{Outcome, Run};
use crate::scene::{self, Scene};
use crate::state::Purpose;

/// A service.
pub(crate) struct LuaService {
    bound: Rc<Bound>,
    http: bool,
}

impl LuaService {
    /// Checks that the rule may have it.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, setup: &Setup<'_>) -> Result<LuaService, BadArg> {
        let service = |purpose: &Purpose| matches!(purpose, Purpose::Service { .. });
        let found = seat.state().find(name, service);
        let Some(Purpose::Service { http }) = found.map(|found| found.purpose) else {
            return Err(BadArg::new(format!("'{name}' is no service")));
        };
        let bound = Bound::giving(seat, name, Given::object(Applet::class(http), &[]), service)?;
        if let Some(word) = setup.args.first() {
            return Err(BadArg::at(0, format!("'{word}' is one word too many: services take no arguments")));
        }
        match (http, setup.rules) {
            (true, "tcp-req") => Err(BadArg::new("the script registered it for 'http', not for 'tcp'")),
            (false, "http-req") => Err(BadArg::new("the script registered it for 'tcp', not for 'http'")),
            _ => Ok(LuaService { bound: Rc::new(bound), http }),
        }
    }

    fn begin(&self) -> mlua::Result<Talking> {
        let found = self.bound.get();
        let applet = Applet::new(self.http);
        let limit = found.state.settings.service_timeout;
        let run = Run::new(&found.state, &found.function, MultiValue::new(), limit, &self.bound.figure)?;
        Ok(Talking { run, applet, bound: self.bound.clone(), ended: None })
    }
}

impl Service for LuaService {
    fn serve(&self, exchange: &mut Exchange) -> Serve {
        match self.begin() {
            Ok(talking) => Serve::Talk(Box::new(talking)),
            Err(error) => {
                scene::lend(exchange, || self.bound.complain(&error));
                Serve::Talk(Box::new(Failed))
            }
        }
    }
}

/// A service that did not come to its first word.
struct Failed;

impl Work for Failed {
    fn poll(&mut self, _: &mut Context<'_>, _: &mut Exchange, _: &mut dyn Client) -> Poll<Answer> {
        Poll::Ready(Answer::Fail)
    }
}

/// A service at work.
struct Talking {
    run: Run,
    applet: Applet,
    bound: Rc<Bound>,
    /// How the script ended; what it said may still be on its way.
    ended: Option<Answer>,
}

impl Work for Talking {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<Answer> {
        if self.ended.is_none()
            && let Poll::Ready(outcome) =
                self.applet.lend(|| self.run.poll(cx, &mut Scene::Exchange(&mut *exchange, &mut *client)))
        {
            self.ended = Some(self.answer(outcome, exchange));
        }
        match (self.applet.poll_out(cx, exchange, client), &self.ended) {
            (Poll::Ready(Err(_)), _) => Poll::Ready(Answer::Fail),
            (Poll::Ready(Ok(())), Some(_)) => Poll::Ready(self.ended.take().unwrap_or(Answer::Continue)),
            (Poll::Ready(Ok(())), None) | (Poll::Pending, _) => Poll::Pending,
        }
    }
}

impl Talking {
    fn answer(&self, outcome: Outcome, exchange: &Exchange) -> Answer {
        match outcome {
            Outcome::Returned(..) | Outcome::Done(Ending::Quiet) => Answer::Continue,
            Outcome::Done(Ending::Abort | Ending::Reply(_)) => Answer::Close(Close::Reject),
            Outcome::Failed(error) => {
                scene::lend(exchange, || self.bound.complain(&error));
                Answer::Fail
            }
        }
    }
}

impl Bound {
    /// Logs why a service failed.
    fn complain(&self, error: &mlua::Error) {
        self.note(error);
        let mode = match self.registered().purpose {
            Purpose::Service { http: false } => "tcp",
            _ => "http",
        };
        scene::log(3, &format!("Lua applet {mode} '<lua.{}>': {error}", self.name()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::script;
    use portero_api::Method;
    use portero_conformance::rig::{Guest, Manner, exchange, work_through};
    use portero_conformance::{Talking as Told, talk};

    const ECHO: &str = r#"
        core.register_service("echo", "http", function(applet)
            local body = applet:receive()
            applet:set_status(201, "Made")
            applet:add_header("content-length", #body)
            applet:start_response()
            applet:send(body)
        end)
    "#;

    #[test]
    fn a_service_of_a_script_keeps_to_the_hook() {
        let stage = script(ECHO);
        talk(&Told {
            plugin: stage.plugin("echo"),
            bench: &|| stage.bench(""),
            target: "/",
            body: b"hello, world",
            answered: &|status, body| assert_eq!((status, body), (201, &b"hello, world"[..])),
        });
    }

    /// What a service answers to a POST of a body, whole.
    fn answered(source: &str, body: &str) -> (Option<Answer>, Guest) {
        let stage = script(&format!("core.register_service('s', 'http', function(applet) {source} end)"));
        let service =
            stage.bench("").service(stage.plugin("s")).unwrap_or_else(|bad| panic!("{}", bad.message));
        let mut exchange = exchange("/a/b?c=d");
        exchange.request.method = Method::Post;
        exchange.request.framing = portero_api::Framing::Length(body.len() as u64);
        let Serve::Talk(mut work) = service.serve(&mut exchange) else { panic!("it speaks") };
        let mut guest = Guest::new(body.as_bytes(), Manner::Slow);
        let answer = work_through(&mut *work, &mut exchange, &mut guest, 200_000);
        (answer, guest)
    }

    fn said(source: &str, body: &str) -> String {
        let source = format!("applet:start_response() {source}");
        let (answer, guest) = answered(&source, body);
        assert!(matches!(answer, Some(Answer::Continue)), "{answer:?}");
        String::from_utf8(guest.heard).expect("text")
    }

    #[test]
    fn an_applet_knows_the_request() {
        let all = "applet:send(applet.method .. ' ' .. applet.path .. ' ' .. applet.qs .. ' ' .. applet.version \
                   .. ' ' .. applet.length .. ' ' .. applet.headers['host'][0] .. tostring(applet.nothing))";
        assert_eq!(said(all, "abc"), "POST /a/b c=d HTTP/1.1 3 example.comnil");
        assert_eq!(
            said("applet:set_var('txn.a', 5) applet:send(tostring(applet:get_var('txn.a')))", ""),
            "5"
        );
    }

    #[test]
    fn a_body_is_read_by_lines_and_by_bytes() {
        let read = "applet:send('[' .. applet:getline() .. '][' .. applet:receive(3) .. '][' .. applet:receive() \
                    .. '][' .. applet:receive() .. '][' .. applet:getline() .. ']')";
        assert_eq!(said(read, "abc\ndefghi"), "[abc\n][def][ghi][][]");
    }

    #[test]
    fn much_is_sent_as_the_client_takes_it() {
        let many = said("for i = 1, 40 do applet:send(string.rep('x', 1000)) end", "");
        assert_eq!(many.len(), 40_000);
    }

    #[test]
    fn mistakes_of_a_script_are_failures_of_the_service() {
        for source in [
            "applet:send('x')",
            "applet:start_response() applet:start_response()",
            "applet:start_response() applet:set_status(201)",
            "applet:add_header('a b', 'c')",
            "error('x')",
        ] {
            let (answer, guest) = answered(source, "");
            assert!(matches!(answer, Some(Answer::Fail)), "{source}: {answer:?}");
            assert!(guest.heard.is_empty(), "{source}");
        }
    }

    #[test]
    fn a_service_of_tcp_speaks_at_once() {
        let source = r#"core.register_service("t", "tcp", function(applet)
            applet:send("who? ")
            local name = applet:getline()
            applet:send("hello " .. name)
        end)"#;
        let stage = script(source);
        let mut bench = stage.bench("");
        assert!(bench.service(stage.plugin("t")).is_err(), "a rule of HTTP");
        bench.rules = "tcp-req";
        let service = bench.service(stage.plugin("t")).unwrap_or_else(|bad| panic!("{}", bad.message));
        let mut exchange = exchange("");
        let Serve::Talk(mut work) = service.serve(&mut exchange) else { panic!("it speaks") };
        let mut guest = Guest::new(b"me\nmore", Manner::Slow);
        let answer = work_through(&mut *work, &mut exchange, &mut guest, 1000);
        assert!(matches!(answer, Some(Answer::Continue)), "{answer:?}");
        assert_eq!(guest.heard, b"who? hello me\n");
    }
}
