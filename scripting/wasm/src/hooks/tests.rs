//! Hooks beyond the ABI: conformance, and what a module may ask for meanwhile. The example modules are tried here too.

use std::task::Poll;

use portero_api::{
    Answer, CheckStatus, Close, Exchange, Oper, Reply, Sample, Setup, Wait, WantedServer, Work,
};
use portero_conformance::rig::{Bench, Farm, Net, Turn, exchange, say};
use portero_conformance::{
    Acting, Balancer, Check, Converting, Fetching, Filtering, action, balance, convert, fetch, filter, health,
};

use crate::OnError;
use crate::items::List;
use crate::testing::{Running, example, module, on_a_thread};

/// A module that can do anything: `fetch` answers "yes" where `x-ask` is set, `converter` gives its sample back, `balancer`
/// takes the first server, `action` calls the foreign function that its arguments name (its name, its argument).
fn door(offers: &str) -> String {
    let mut names = List::new();
    offers.split_whitespace().for_each(|name| names.add(name.as_bytes()));
    let names = names.into_bytes();
    let hex: String = names.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let size = names.len();
    module(
        r#"(import "env" "proxy_call_foreign_function" (func $call (param i32 i32 i32 i32 i32 i32) (result i32)))
           (import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
           (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
           (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))"#,
        &format!(
            r#"(data (i32.const 100) "portero.offer") (data (i32.const 120) "portero.answer") (data (i32.const 140) "x-ask")
        (data (i32.const 150) "\04\00\00\00syes") (data (i32.const 170) "x-status")
        (data (i32.const 190) "\08\00\00\00") (data (i32.const 300) "{hex}")
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
          (i32.eqz (call $call (i32.const 100) (i32.const 13) (i32.const 300) (i32.const {size}) (i32.const 0) (i32.const 4))))
        (func $answer (param $at i32) (param $size i32)
          (drop (call $call (i32.const 120) (i32.const 14) (local.get $at) (local.get $size) (i32.const 0) (i32.const 4))))
        (func $behind (param $item i32) (result i32)
          (i32.add (i32.add (local.get $item) (i32.const 4)) (i32.load (local.get $item))))
        (func (export "proxy_on_foreign_function") (param i32) (param $hook i32) (param $size i32)
          (local $data i32) (local $name i32) (local $argument i32)
          (drop (call $buffer (i32.const 8) (i32.const 0) (local.get $size) (i32.const 0) (i32.const 4)))
          (local.set $data (i32.load (i32.const 0)))
          (if (i32.eq (local.get $hook) (i32.const 1)) (then
            (local.set $name (call $behind (local.get $data)))
            (local.set $argument (call $behind (local.get $name)))
            (i32.store8 (i32.const 180) (i32.add (i32.const 48) (call $call
              (i32.add (local.get $name) (i32.const 4)) (i32.load (local.get $name))
              (i32.add (local.get $argument) (i32.const 4)) (i32.load (local.get $argument)) (i32.const 0) (i32.const 4))))
            (drop (call $add (i32.const 0) (i32.const 170) (i32.const 8) (i32.const 180) (i32.const 1)))))
          (if (i32.eq (local.get $hook) (i32.const 2)) (then
            (if (i32.eqz (call $get (i32.const 0) (i32.const 140) (i32.const 5) (i32.const 0) (i32.const 4)))
              (then (call $answer (i32.const 150) (i32.const 8))))))
          (if (i32.and (i32.eq (local.get $hook) (i32.const 4))
              (i32.lt_u (call $behind (local.get $data)) (i32.add (local.get $data) (local.get $size))))
            (then (call $answer (i32.const 190) (i32.const 12))))
          (if (i32.eq (local.get $hook) (i32.const 3)) (then
            (call $answer (local.get $data) (i32.add (i32.load (local.get $data)) (i32.const 4))))))"#
        ),
    )
}

fn bench(running: &Running, args: &[&str]) -> Bench {
    let mut bench = Bench::default().args(args);
    bench.here = Some(running.desk.here());
    bench
}

#[test]
fn an_action_of_a_module_keeps_to_the_hook() {
    let running = Running::new(&door("action"), |_| ());
    let answer = String::from_utf8({
        let mut list = List::new();
        list.add(b"stop");
        list.into_bytes()
    });
    let bench = bench(&running, &["portero.answer", &answer.expect("it is text")]);
    let done = |exchange: &Exchange, answer: &Answer| {
        assert!(matches!(answer, Answer::Stop), "{answer:?}");
        assert_eq!(exchange.request.headers.get(b"x-status"), Some(&b"0"[..]));
    };
    action(&Acting { plugin: &running.plugin, bench, done: &done });
}

#[test]
fn a_fetch_of_a_module_keeps_to_the_hook() {
    let running = Running::new(&door("fetch"), |_| ());
    let bench = bench(&running, &[]);
    let cases: &[(fn(&mut Exchange), Option<Sample<'_>>)] = &[
        (|exchange| exchange.request.headers.add(b"x-ask", b"1"), Some(Sample::str("yes"))),
        (|_| (), None),
    ];
    fetch(&Fetching { plugin: &running.plugin, bench, cases });
}

#[test]
fn a_converter_of_a_module_keeps_to_the_hook() {
    let running = Running::new(&door("converter"), |_| ());
    let same = [
        Sample::Bool(true),
        Sample::Int(-5),
        Sample::Ip([1, 2, 3, 4].into()),
        Sample::str("a"),
        Sample::bytes([0]),
    ];
    let cases: Vec<_> = same.into_iter().map(|sample| (sample.clone(), Some(sample))).collect();
    convert(&Converting { plugin: &running.plugin, bench: bench(&running, &["a"]), cases: &cases });
}

#[test]
fn a_balancer_of_a_module_keeps_to_the_hook() {
    let running = Running::new(&door("balancer"), |_| ());
    balance(&Balancer { plugin: &on_a_thread(running.plugin), args: "20", lines: &[], live: false });
}

#[test]
fn a_check_of_a_module_keeps_to_the_hook() {
    let running = example("redis.wasm", |_| ());
    let well = vec![Turn::Hear, say("+PONG\r\n")];
    let passed = CheckStatus::L7Ok;
    health(&Check { plugin: &running.plugin, bench: bench(&running, &[]), well, passed, listens: true });
}

#[test]
fn a_check_gives_the_reason_that_the_server_gave() {
    let running = example("redis.wasm", |_| ());
    let made = bench(&running, &["secret"]).health(&running.plugin).expect("it is a check");
    let net = Net::talk([Turn::Hear, say("-ERR wrong password")]);
    let verdict = net.probe(&*made, &Farm::new(&[1]).servers[0]);
    assert_eq!((verdict.status, verdict.reason.as_str()), (CheckStatus::L7Status, "-ERR wrong password"));
    assert_eq!(net.heard(), b"AUTH secret\r\nPING\r\n");
}

#[test]
fn a_filter_of_a_module_keeps_to_the_hook() {
    let running = example("rewrite.wasm", |load| load.configuration = b"old new".to_vec());
    let prepare = |exchange: &mut Exchange| exchange.response.headers.add(b"content-type", b"image/png");
    let bodies: &[(&[u8], &[u8])] = &[(b"", b""), (b"the old site", b"the old site")];
    filter(&Filtering {
        plugin: &running.plugin,
        bench: bench(&running, &[]),
        prepare: &prepare,
        idle: &|| (),
        bodies,
    });
}

/// What a module that has not offered a hook is told where it is used.
#[test]
fn a_hook_that_a_module_does_not_have_is_named() {
    let running = Running::new(&door("fetch"), |_| ());
    let bench = Bench::default().in_rules("http-req");
    let make = running.plugin.action.as_ref().expect("it may be one");
    let said = |setup: &Setup<'_>| make(setup).err().expect("it has none").message;
    assert_eq!(
        said(&bench.setup()),
        "the module 'x' has no action: it offers 'fetch' (portero.offer), and it has no proxy_on_request_headers"
    );
    let balancer = bench.balancer(&running.plugin).err().expect("it has none").message;
    assert_eq!(balancer, "the module 'x' has no balancer: it offers 'fetch' (portero.offer)");
}

fn acted(running: &Running, args: &[&str], exchange: &mut Exchange) -> (Answer, Option<Vec<u8>>) {
    let bench = bench(running, args);
    let made = running.plugin.action.as_ref().expect("it may be one")(&bench.setup()).expect("it is one");
    let answer = made.run(exchange);
    (answer, exchange.request.headers.get(b"x-status").map(<[u8]>::to_vec))
}

fn text(list: List) -> String {
    String::from_utf8(list.into_bytes()).expect("short items are text")
}

#[test]
fn an_action_chooses_a_server_as_long_as_there_is_none() {
    let running = Running::new(&door("action"), |_| ());
    let mut want = List::new();
    want.add(b"s2");
    want.add(&[1]);
    let want = text(want);
    let (farm, mut exchange) = (Farm::new(&[1, 1]), exchange("/"));
    exchange.backend = Some(farm.backend.clone());
    let (_, status) = acted(&running, &["portero.use_server", &want], &mut exchange);
    assert_eq!(status.as_deref(), Some(&b"0"[..]));
    let wanted = exchange.tuning.as_ref().and_then(|tuning| tuning.server.clone());
    assert_eq!(wanted, Some(WantedServer { server: "s2".into(), strict: true }));
    exchange.request.headers.remove(b"x-status");
    exchange.server = Some(farm.servers[0].clone());
    let (_, status) = acted(&running, &["portero.use_server", &want], &mut exchange);
    assert_eq!(status.as_deref(), Some(&b"2"[..]), "it has its server");
}

#[test]
fn a_server_is_chosen_by_a_property_too() {
    let text = module(
        r#"(import "env" "proxy_set_property" (func $set (param i32 i32 i32 i32) (result i32)))"#,
        r#"(data (i32.const 0) "upstream\00server") (data (i32.const 20) "10.0.0.1:80")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $set (i32.const 0) (i32.const 15) (i32.const 20) (i32.const 11)))"#,
    );
    let running = Running::new(&text, |_| ());
    let mut exchange = exchange("/");
    assert!(matches!(acted(&running, &[], &mut exchange).0, Answer::Continue), "what it sets is taken");
    let wanted = exchange.tuning.as_ref().and_then(|tuning| tuning.server.clone());
    assert_eq!(wanted, Some(WantedServer { server: "10.0.0.1:80".into(), strict: false }));
}

#[test]
fn hooks_are_offered_while_the_module_starts_and_not_later() {
    let running = Running::new(&door("action"), |_| ());
    let mut names = List::new();
    names.add(b"check");
    let (_, status) = acted(&running, &["portero.offer", &text(names)], &mut exchange("/"));
    assert_eq!(status.as_deref(), Some(&b"2"[..]));
}

#[test]
fn words_of_an_answer_are_those_of_the_rule_and_others_fail() {
    let running = Running::new(&door("action"), |_| ());
    let answer = |words: &[&[u8]]| {
        let mut list = List::new();
        words.iter().for_each(|word| list.add(word));
        acted(&running, &["portero.answer", &text(list)], &mut exchange("/")).0
    };
    assert!(matches!(answer(&[]), Answer::Continue));
    assert!(matches!(answer(&[b"continue"]), Answer::Continue));
    assert!(matches!(answer(&[b"deny"]), Answer::Deny(Reply::Status(403))));
    assert!(matches!(answer(&[b"deny", &77i64.to_le_bytes()]), Answer::Deny(Reply::Status(77))));
    assert!(matches!(answer(&[b"close"]), Answer::Close(Close::Reject)));
    assert!(matches!(answer(&[b"nonsense"]), Answer::Fail));
}

/// A filter in a rule: its head callback decides.
#[test]
fn a_filter_in_a_rule_answers_or_lets_pass() {
    let running = example("jwt.wasm", |load| load.configuration = b"key".to_vec());
    let mut exchange = exchange("/");
    let bench = bench(&running, &[]);
    let made = running.plugin.action.as_ref().expect("it may be one")(&bench.setup()).expect("it is one");
    let Answer::Reply(Reply::Message(message)) = made.run(&mut exchange) else {
        panic!("it does not answer")
    };
    assert_eq!(message.status, 401);
    // {"alg":"HS256"}.{"sub":"me"} signed with "key"
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.9iID2th0tArAZFBhTua6Oc4fli00YGVg0PWHrVzdOUQ";
    exchange.request.headers.set(b"authorization", format!("Bearer {token}").as_bytes());
    let answer = made.run(&mut exchange);
    assert!(matches!(answer, Answer::Continue), "{answer:?}");
    assert_eq!(exchange.request.headers.get(b"x-subject"), Some(&b"me"[..]));
}

/// A stream in a rule holds the rules up, and leaves nothing behind when the client leaves.
#[test]
fn a_filter_in_a_rule_may_wait() {
    let text = module(
        "",
        r#"(global $open (mut i32) (i32.const 0))
        (func (export "proxy_on_context_create") (param i32 i32)
          (global.set $open (i32.add (global.get $open) (i32.const 1))))
        (func (export "proxy_on_delete") (param i32)
          (global.set $open (i32.sub (global.get $open) (i32.const 1))))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (if (i32.gt_u (global.get $open) (i32.const 2)) (then unreachable))
          (i32.const 1))"#,
    );
    let running = Running::new(&text, |load| load.on_error = OnError::Fail);
    let bench = bench(&running, &[]);
    let made = running.plugin.action.as_ref().expect("it may be one")(&bench.setup()).expect("it is one");
    for _ in 0..3 {
        let mut exchange = exchange("/");
        let Answer::Wait(Wait::For(mut work)) = made.run(&mut exchange) else { panic!("it does not wait") };
        assert!(polled(&mut *work, &mut exchange).is_pending());
    }
}

fn polled(work: &mut dyn Work, exchange: &mut Exchange) -> Poll<Answer> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    work.poll(&mut cx, exchange, &mut portero_api::NoClient)
}

#[test]
fn a_balancer_shows_the_servers_that_can_take_the_request() {
    let running = example("canary.wasm", |_| ());
    let made = bench(&running, &["0"]).balancer(&running.plugin).expect("it is a balancer");
    let farm = Farm::new(&[1, 1, 1]);
    farm.servers[0].set_oper(Oper::Down);
    let mut exchange = exchange("/");
    let mut picks: Vec<_> = (0..40)
        .map(|user: u32| {
            exchange.request.headers.set(b"x-user", user.to_string().as_bytes());
            farm.pick(&*made, &exchange, &[])
        })
        .collect();
    picks.sort_unstable();
    picks.dedup();
    assert_eq!(picks, [Some(1), Some(2)]);
}
