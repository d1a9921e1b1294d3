//! Actions and checks that wait for call-outs, with a host that answers as the test says.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portero_api::{
    Action, Answer, CheckStatus, Common, Exchange, HttpTold, NoClient, Reply, Target, Wait, Work,
};
use portero_conformance::rig::{Bench, Farm, Net, exchange};

use crate::items::List;
use crate::testing::{Running, data, module};
use crate::{Load, OnError, pairs};

const IMPORTS: &str = r#"
  (import "env" "proxy_http_call"
    (func $http (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response"
    (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
"#;

fn list(words: &[&str]) -> Vec<u8> {
    let mut list = List::new();
    words.iter().for_each(|word| list.add(word.as_bytes()));
    list.into_bytes()
}

/// A module that offers a hook, begins with a call and `wait`, and does `then` when the call is answered. It has the words
/// `wait`, `up` and `down` to say.
fn asking(hook: &str, first: &str, then: &str) -> String {
    let fields = pairs::write(
        [(":method", "GET"), (":path", "/a"), (":authority", "a")]
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes())),
    );
    let offer = list(&[hook]);
    let body = format!(
        r#"{} {} {} {} {} (data (i32.const 100) "portero.offer") (data (i32.const 120) "portero.answer")
        (data (i32.const 140) "web") (data (i32.const 150) "x-got:status")
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
          (i32.eqz (call $foreign (i32.const 100) (i32.const 13) (i32.const 300) (i32.const {}) (i32.const 0) (i32.const 4))))
        (func $say (param $at i32) (param $size i32)
          (drop (call $foreign (i32.const 120) (i32.const 14) (local.get $at) (local.get $size) (i32.const 0) (i32.const 4))))
        (func $ask
          (if (call $http (i32.const 140) (i32.const 3) (i32.const 1024) (i32.const {}) (i32.const 0) (i32.const 0)
              (i32.const 0) (i32.const 0) (i32.const 250) (i32.const 8)) (then unreachable)))
        (func $wait (call $say (i32.const 400) (i32.const 8)))
        (func (export "proxy_on_foreign_function") (param i32 i32 i32) {first})
        (func (export "proxy_on_http_call_response") (param $root i32) (param $token i32) (param $fields i32) (param i32 i32)
          (if (i32.ne (local.get $root) (i32.const 1)) (then unreachable))
          {then})"#,
        data(300, &offer),
        data(400, &list(&["wait"])),
        data(420, &list(&["up"])),
        data(440, &list(&["down", "nobody"])),
        data(1024, &fields),
        offer.len(),
        fields.len(),
    );
    module(IMPORTS, &body)
}

const BEGIN: &str = "(call $ask) (call $wait)";

/// Shows the status that the call was answered with to the server, or refuses.
const SHOW: &str = r#"
    (if (i32.eqz (local.get $fields)) (then (drop (call $reply (i32.const 403) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1))) (return)))
    (drop (call $get (i32.const 6) (i32.const 155) (i32.const 7) (i32.const 0) (i32.const 4)))
    (drop (call $add (i32.const 0) (i32.const 150) (i32.const 5) (i32.load (i32.const 0)) (i32.load (i32.const 4))))"#;

/// A module, a backend `web`, and a use of it.
struct Bed {
    running: Running,
    _farm: Farm,
}

fn bed(text: &str, change: impl FnOnce(&mut Load)) -> Bed {
    let (common, farm) = (Arc::<Common>::default(), Farm::new(&[1]));
    common.directory.insert(farm.backend.clone());
    Bed { running: Running::among(&common, text, change), _farm: farm }
}

impl Bed {
    fn bench(&self) -> Bench {
        let mut bench = Bench::default();
        bench.here = Some(self.running.desk.here());
        bench
    }

    fn action(&self) -> Box<dyn Action> {
        let make = self.running.plugin.action.as_ref().expect("it may be one");
        make(&self.bench().setup()).expect("it is one")
    }

    fn told(&self, status: u16) {
        let (reason, body) = (String::new(), Default::default());
        let told = HttpTold { status, reason, headers: Vec::new(), body, trailers: Vec::new() };
        self.running.desk.told.replace(Some(told));
    }

    /// Lets all calls be answered.
    fn pass(&self) {
        self.running.desk.pass(Duration::ZERO);
    }
}

fn begun(action: &dyn Action, exchange: &mut Exchange) -> Box<dyn Work> {
    match action.run(exchange) {
        Answer::Wait(Wait::For(work)) => work,
        other => panic!("it does not wait: {other:?}"),
    }
}

fn polled(work: &mut dyn Work, exchange: &mut Exchange) -> Poll<Answer> {
    work.poll(&mut Context::from_waker(Waker::noop()), exchange, &mut NoClient)
}

#[test]
fn an_action_waits_and_each_answer_comes_with_the_exchange_that_it_is_for() {
    let bed = bed(&asking("action", BEGIN, SHOW), |_| ());
    let action = bed.action();
    let (mut first, mut second) = (exchange("/1"), exchange("/2"));
    bed.told(201);
    let mut one = begun(&*action, &mut first);
    bed.told(202);
    let mut other = begun(&*action, &mut second);
    assert!(polled(&mut *one, &mut first).is_pending() && polled(&mut *other, &mut second).is_pending());
    bed.pass();
    assert!(matches!(polled(&mut *other, &mut second), Poll::Ready(Answer::Continue)));
    assert!(matches!(polled(&mut *one, &mut first), Poll::Ready(Answer::Continue)));
    let got = |exchange: &Exchange| exchange.request.headers.get(b"x-got").map(<[u8]>::to_vec);
    assert_eq!((got(&first), got(&second)), (Some(b"201".to_vec()), Some(b"202".to_vec())));
}

#[test]
fn an_action_that_nobody_answers_may_reply() {
    let bed = bed(&asking("action", BEGIN, SHOW), |_| ());
    let (action, mut exchange) = (bed.action(), exchange("/"));
    let mut work = begun(&*action, &mut exchange);
    bed.pass();
    let ended = polled(&mut *work, &mut exchange);
    let Poll::Ready(Answer::Reply(Reply::Message(message))) = ended else { panic!("{ended:?}") };
    assert_eq!(message.status, 403);
}

#[test]
fn an_action_may_call_once_more_before_it_says_something() {
    let again = format!(
        "(global.set $n (i32.add (global.get $n) (i32.const 1)))
         (if (i32.eq (global.get $n) (i32.const 1)) (then (call $ask) (return))) {SHOW}"
    );
    let text = asking("action", BEGIN, &again)
        .replace("(data (i32.const 140)", "(global $n (mut i32) (i32.const 0)) (data (i32.const 140)");
    let bed = bed(&text, |_| ());
    bed.told(200);
    let (action, mut exchange) = (bed.action(), exchange("/"));
    let mut work = begun(&*action, &mut exchange);
    bed.pass();
    assert!(polled(&mut *work, &mut exchange).is_pending(), "the second call is under way");
    bed.pass();
    assert!(matches!(polled(&mut *work, &mut exchange), Poll::Ready(Answer::Continue)));
    assert_eq!(bed.running.desk.asked.borrow().len(), 2);
}

#[test]
fn whoever_waits_for_nothing_fails_and_so_does_one_whose_instance_has_ended() {
    let idle = bed(&asking("action", "(call $wait)", ""), |_| ());
    assert!(matches!(idle.action().run(&mut exchange("/")), Answer::Fail));
    for (on_error, fails) in [(OnError::Fail, true), (OnError::Skip, false)] {
        let bed = bed(&asking("action", BEGIN, "unreachable"), |load| load.on_error = on_error);
        let action = bed.action();
        let (mut first, mut second) = (exchange("/1"), exchange("/2"));
        let (mut one, mut other) = (begun(&*action, &mut first), begun(&*action, &mut second));
        bed.pass();
        let ends = [polled(&mut *one, &mut first), polled(&mut *other, &mut second)];
        for end in ends {
            let Poll::Ready(end) = end else { panic!("it waits on") };
            assert_eq!(matches!(end, Answer::Fail), fails, "{end:?}");
        }
    }
}

#[test]
fn an_answer_whose_exchange_has_left_is_told_without_one() {
    let then = "(drop (call $log (i32.const 2) (i32.const 150) (i32.const 5)))";
    let bed = bed(&asking("action", BEGIN, then), |_| ());
    let mut exchange = exchange("/");
    let work = begun(&*bed.action(), &mut exchange);
    drop(work);
    bed.pass();
    assert_eq!(bed.running.said(), ["x-got"]);
}

#[test]
fn a_check_finds_what_another_server_says() {
    let found = "(if (local.get $fields) (then (call $say (i32.const 420) (i32.const 6)))
        (else (call $say (i32.const 440) (i32.const 18))))";
    for (answered, status, reason) in
        [(true, CheckStatus::L7Ok, ""), (false, CheckStatus::L7Status, "nobody")]
    {
        let bed = bed(&asking("check", BEGIN, found), |_| ());
        if answered {
            bed.told(200);
        }
        let check = bed.bench().health(&bed.running.plugin).expect("it is a check");
        let (net, farm) = (Net::default(), Farm::new(&[1]));
        let target = Target { address: farm.servers[0].address(), timeout: Duration::from_secs(1) };
        let mut probe = check.probe(&farm.servers[0], &target, &net);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(probe.as_mut().poll(&mut cx).is_pending());
        bed.pass();
        let Poll::Ready(verdict) = probe.as_mut().poll(&mut cx) else { panic!("it waits on") };
        assert_eq!((verdict.status, verdict.reason.as_str()), (status, reason));
    }
}
