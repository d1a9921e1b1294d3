//! Tiny plugins that keep to the hooks, and some that do not: the suites must tell them apart.

use std::cell::Cell;

use portero_api::{
    Action, Answer, BadArg, Balance, Body, Candidates, CheckStatus, Chunks, Convert, Dial, Exchange, Fetch,
    Fetched, Health, LocalFuture, Message, Plugin, Sample, Serve, Served, ServerState, Service, Setup,
    Target, Verdict,
};
use portero_conformance::rig::{Bench, exchange};
use portero_conformance::*;

/// Sets a request header to the value of an expression.
struct SetHeader {
    name: String,
    value: Box<dyn portero_api::Expression>,
}

impl SetHeader {
    fn new(setup: &Setup<'_>) -> Result<SetHeader, BadArg> {
        let [name, value] = setup.args else {
            return Err(BadArg::new("a name and an expression are needed"));
        };
        Ok(SetHeader { name: name.clone(), value: setup.compile.expression(value)? })
    }
}

impl Action for SetHeader {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let value = match self.value.value(exchange) {
            Ok(Some(Sample::Str(text))) => text.into_owned(),
            _ => return Answer::Continue,
        };
        exchange.request.headers.set(self.name.as_bytes(), &value);
        Answer::Continue
    }
}

/// How many header fields there are.
struct CountHeaders;

impl Fetch for CountHeaders {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        let count = exchange.request.headers.len() as i64;
        Ok((count > 0).then_some(Sample::Int(count)))
    }
}

/// Text backwards.
struct Backwards;

impl Convert for Backwards {
    fn convert<'a>(&'a self, sample: Sample<'a>, _: &'a Exchange) -> Option<Sample<'a>> {
        match sample {
            Sample::Str(text) => Some(Sample::text(text.iter().rev().copied().collect::<Vec<_>>())),
            _ => None,
        }
    }
}

/// Says hello in pieces, at one path only.
struct Hello;

struct Pieces(std::array::IntoIter<&'static str, 2>);

impl Chunks for Pieces {
    fn next(&mut self) -> LocalFuture<'_, Option<bytes::Bytes>> {
        let piece = self.0.next().map(|piece| piece.as_bytes().into());
        Box::pin(async move { piece })
    }
}

impl Service for Hello {
    fn serve(&self, exchange: &mut Exchange) -> Serve {
        let body = Body::Stream(Box::new(Pieces(["hello, ", "world"].into_iter())));
        match exchange.request.path() {
            b"/hello" => Serve::Reply(Served { head: Message::new(200), body }),
            _ => Serve::Pass,
        }
    }
}

#[test]
fn an_action_that_sets_a_header_keeps_to_the_hook() {
    action(&Acting {
        plugin: &Plugin::new("demo", "").action(SetHeader::new),
        bench: Bench::new("X-Path path"),
        done: &|exchange, answer| {
            assert!(matches!(answer, Answer::Continue));
            assert_eq!(exchange.request.headers.get(b"x-path"), Some(&b"/"[..]));
        },
    });
}

#[test]
fn a_fetch_keeps_to_the_hook() {
    fetch(&Fetching {
        plugin: &Plugin::new("demo", "").fetch(|_| Ok(CountHeaders)),
        bench: Bench::default(),
        cases: &[(|_| {}, Some(Sample::Int(1))), (|exchange| exchange.request.headers.clear(), None)],
    });
}

#[test]
fn a_converter_keeps_to_the_hook() {
    convert(&Converting {
        plugin: &Plugin::new("demo", "").convert(|_| Ok(Backwards)),
        bench: Bench::default(),
        cases: &[(Sample::text("abc"), Some(Sample::text("cba"))), (Sample::Int(1), None)],
    });
}

#[test]
fn a_service_that_streams_keeps_to_the_hook() {
    service(&Serving {
        plugin: &Plugin::new("demo", "").service(|_| Ok(Hello)),
        bench: Bench::default(),
        target: "/hello",
        answered: &|status, body| assert_eq!((status, body), (200, &b"hello, world"[..])),
    });
}

#[test]
fn bad_arguments_are_errors_of_the_maker() {
    let plugin = Plugin::new("demo", "").action(SetHeader::new);
    let make = plugin.action.expect("an action");
    assert!(make(&Bench::new("X-Path").setup()).is_err());
    assert_eq!(exchange("/a?b").request.query(), b"b");
}

struct Stubborn;

impl Balance for Stubborn {
    fn pick(&self, _: &Exchange, candidates: &Candidates<'_>) -> Option<usize> {
        (!candidates.all().is_empty()).then_some(0)
    }
}

#[test]
#[should_panic(expected = "picked a server that is down")]
fn a_balancer_that_ignores_states_is_found_out() {
    let plugin = Plugin::new("stubborn", "").balance(|_| Ok(Stubborn));
    balance(&Balancer { plugin: &plugin, args: "", lines: &[], live: false });
}

/// Takes turns, but each worker for itself.
struct Lonely(Cell<usize>);

impl Balance for Lonely {
    fn pick(&self, _: &Exchange, candidates: &Candidates<'_>) -> Option<usize> {
        self.0.set(self.0.get() + 1);
        let count = candidates.usable().count();
        candidates.usable().nth((self.0.get() - 1).checked_rem(count)?).map(|(index, _)| index)
    }
}

#[test]
#[should_panic]
fn turns_that_workers_do_not_share_are_found_out() {
    let plugin = Plugin::new("lonely", "").balance(|_| Ok(Lonely(Cell::new(0))));
    turns_are_common(&Balancer { plugin: &plugin, args: "", lines: &[], live: false });
}

struct Optimist;

impl Health for Optimist {
    fn probe<'a>(&'a self, _: &'a ServerState, _: &'a Target, _: &'a dyn Dial) -> LocalFuture<'a, Verdict> {
        Box::pin(async { Verdict::new(CheckStatus::L7Ok, "") })
    }
}

#[test]
#[should_panic]
fn a_check_that_never_looks_is_found_out() {
    let plugin = Plugin::new("optimist", "").health(|_| Ok(Optimist));
    health(&Check {
        plugin: &plugin,
        bench: Bench::default(),
        well: vec![],
        passed: CheckStatus::L7Ok,
        listens: true,
    });
}

struct Framed;

impl Service for Framed {
    fn serve(&self, _: &mut Exchange) -> Serve {
        let head = Message::new(200).header("Content-Length", "0");
        Serve::Reply(Served { head, body: Body::Whole(bytes::Bytes::new()) })
    }
}

#[test]
#[should_panic(expected = "is the proxy's to set")]
fn a_service_that_frames_is_found_out() {
    service(&Serving {
        plugin: &Plugin::new("framed", "").service(|_| Ok(Framed)),
        bench: Bench::default(),
        target: "/",
        answered: &|_, _| {},
    });
}
