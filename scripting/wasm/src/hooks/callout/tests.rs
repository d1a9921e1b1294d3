//! Call-outs of modules as text, with a host that answers as the test says.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portero_api::{Common, Direction, HttpTold, Moment, Pass, Reply};
use portero_conformance::rig::{Farm, Way, exchange};

use crate::testing::{Running, data, module};
use crate::{Load, pairs};

const IMPORTS: &str = r#"
  (import "env" "proxy_http_call"
    (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $be (param i32) (result i32)))
  (import "env" "proxy_continue_request" (func $continue (result i32)))
  (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $body (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_status" (func $status (param i32 i32 i32) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response"
    (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
"#;

/// Where the module has its pairs, and the name of the backend.
const PAIRS: usize = 1024;
const NAME: usize = 512;

/// A module that calls when a request comes, and answers or goes on as `then` says.
fn caller(fields: &[(&str, &str)], then: &str) -> String {
    let bytes = pairs::write(fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    let text = format!(
        r#"{} {} (data (i32.const 0) "x-got:status")
        (global $stream (mut i32) (i32.const 0))
        (func $ask (result i32)
          (call $call (i32.const {NAME}) (i32.const 3) (i32.const {PAIRS}) (i32.const {})
            (i32.const {NAME}) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 250) (i32.const 256)))
        (func (export "proxy_on_request_headers") (param $context i32) (param i32 i32) (result i32)
          (global.set $stream (local.get $context))
          (if (i32.ne (call $ask) (i32.const 0)) (then
            (drop (call $reply (i32.const 500) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
              (i32.const 0) (i32.const 0) (i32.const -1)))))
          (i32.const 1))
        {then}"#,
        data(NAME, b"web"),
        data(PAIRS, &bytes),
        bytes.len(),
    );
    module(IMPORTS, &text)
}

/// Becomes the stream, adds the status as a field of the request, and goes on.
const ADD_AND_GO: &str = r#"
    (func (export "proxy_on_http_call_response") (param $root i32) (param $token i32) (param $fields i32) (param i32 i32)
      (if (i32.ne (local.get $root) (i32.const 1)) (then unreachable))
      (drop (call $be (global.get $stream)))
      (drop (call $get (i32.const 6) (i32.const 5) (i32.const 7) (i32.const 300) (i32.const 304)))
      (drop (call $add (i32.const 0) (i32.const 0) (i32.const 5) (i32.load (i32.const 300)) (i32.load (i32.const 304))))
      (drop (call $continue)))"#;

const GET: [(&str, &str); 4] =
    [(":method", "POST"), (":path", "/check?a"), (":authority", "auth|x"), ("x-key", "k")];

/// A thread with a backend `web` of two servers.
fn run(text: &str, change: impl FnOnce(&mut Load)) -> (Running, Farm) {
    let (common, farm) = (Arc::<Common>::default(), Farm::new(&[1, 1]));
    common.directory.insert(farm.backend.clone());
    (Running::among(&common, text, change), farm)
}

fn told(status: u16, body: &str) -> HttpTold {
    HttpTold {
        status,
        reason: String::new(),
        headers: Vec::new(),
        body: body.to_owned().into(),
        trailers: Vec::new(),
    }
}

#[test]
fn the_answer_comes_to_the_root_context_with_the_exchange_of_the_stream_that_waits() {
    let (running, _farm) = run(&caller(&GET, ADD_AND_GO), |_| ());
    running.desk.told.replace(Some(told(204, "")));
    let mut exchange = exchange("/");
    let mut attached = running.attach(&mut exchange).expect("it looks");
    let mut way = Way::new(&mut *attached, Direction::Request);
    let idle = || running.desk.pass(Duration::ZERO);
    way = way.with_time(&idle);
    way.whole(&mut exchange, b"", 1).expect("it passes");
    assert_eq!(exchange.request.headers.get(b"x-got"), Some(&b"204"[..]));
    let asked = running.desk.asked.borrow();
    let [ask] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((&*ask.method, &*ask.url, &ask.body[..]), ("POST", "http://backend/check?a", &b"web"[..]));
    let fields: Vec<_> = ask.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(fields, [(&b"x-key"[..], &b"k"[..]), (b"host", b"auth|x")]);
    assert_eq!(ask.dst.as_ref().map(ToString::to_string), Some("127.0.0.1:1".to_owned()));
}

/// Answers with 503, or with 599 when it was told of fields.
const REPORT: &str = r#"
    (func (export "proxy_on_http_call_response") (param i32 i32) (param $fields i32) (param $body i32) (param i32)
      (drop (call $be (global.get $stream)))
      (drop (call $status (i32.const 300) (i32.const 304) (i32.const 308)))
      (drop (call $log (i32.const 2) (i32.load (i32.const 304)) (i32.load (i32.const 308))))
      (drop (call $reply (select (i32.const 599) (i32.const 503) (i32.add (local.get $fields) (local.get $body)))
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1))))"#;

/// The status that a request ends with, while time goes by.
fn ends(running: &Running, step: Duration) -> u16 {
    let mut exchange = exchange("/");
    let mut attached = running.attach(&mut exchange).expect("it looks");
    let idle = || running.desk.pass(step);
    let ended = Way::new(&mut *attached, Direction::Request).with_time(&idle).whole(&mut exchange, b"", 1);
    attached.end(&mut exchange);
    let Err(Pass::Reply(Reply::Message(message))) = ended else { panic!("{ended:?}") };
    message.status
}

#[test]
fn a_call_that_fails_is_an_answer_without_fields_and_a_status_that_says_why() {
    let text = caller(&GET, REPORT);
    let why = |running: &Running| running.desk.lines().pop().map(|(_, line)| line);
    let (running, farm) = run(&text, |_| ());
    assert_eq!((ends(&running, Duration::ZERO), why(&running)), (503, Some("wasm x: no connection".into())));
    running.desk.told.replace(Some(told(200, "123456")));
    assert_eq!(ends(&running, Duration::ZERO), 599);
    farm.servers.iter().for_each(|server| server.set_weight(0));
    assert_eq!((ends(&running, Duration::ZERO), why(&running)), (503, Some("wasm x: no server".into())));
    let (running, _farm) = run(&text, |load| load.max_body = 5);
    running.desk.told.replace(Some(told(200, "123456")));
    assert_eq!((ends(&running, Duration::ZERO), why(&running)), (503, Some("wasm x: too large".into())));
}

#[test]
fn a_call_without_a_backend_or_pseudo_fields_is_refused_at_once() {
    let running = Running::new(&caller(&GET, REPORT), |_| ());
    assert_eq!(ends(&running, Duration::ZERO), 500, "no backend");
    for (missing, (name, _)) in GET.iter().enumerate().take(3) {
        let mut fields = GET.to_vec();
        fields.remove(missing);
        let (running, _farm) = run(&caller(&fields, REPORT), |_| ());
        assert_eq!(ends(&running, Duration::ZERO), 500, "without {name}");
        assert!(running.desk.asked.borrow().is_empty());
    }
}

#[test]
fn a_backend_may_have_the_name_that_envoy_has_for_it() {
    let (common, farm) = (Arc::<Common>::default(), Farm::new(&[1]));
    common.directory.insert(farm.backend.clone());
    let text = caller(&GET, REPORT).replace(&data(NAME, b"web"), &data(NAME, b"out"));
    let running = Running::among(&common, &text, |load| {
        load.clusters.insert("out".to_owned(), "web".to_owned());
    });
    running.desk.told.replace(Some(told(200, "a")));
    assert_eq!(ends(&running, Duration::ZERO), 599);
}

#[test]
fn an_answer_whose_stream_is_over_still_comes() {
    let text = caller(&GET, REPORT).replace("(drop (call $be (global.get $stream)))", "");
    let (running, _farm) = run(&text, |_| ());
    let mut exchange = exchange("/");
    let mut attached = running.attach(&mut exchange).expect("it looks");
    let mut cx = Context::from_waker(Waker::noop());
    let head = Moment::Head(Direction::Request, true);
    let polled = attached.poll(&mut cx, head, &mut exchange, &mut Default::default());
    assert!(matches!(polled, Poll::Pending));
    attached.end(&mut exchange);
    running.desk.pass(Duration::ZERO);
    assert_eq!(running.desk.lines().pop().map(|(_, line)| line), Some("wasm x: no connection".into()));
}

#[test]
fn trailers_go_out_with_the_request_and_come_with_the_answer() {
    let trailers = pairs::write([(&b"x-sum"[..], &b"7"[..])].into_iter());
    let with = |trailers: &[u8]| {
        let at = format!("(i32.const 2048) (i32.const {}) (i32.const 250)", trailers.len());
        let text = caller(&GET, COUNT).replace("(i32.const 0) (i32.const 0) (i32.const 250)", &at);
        text.replace("(data (i32.const 0)", &format!("{}(data (i32.const 0)", data(2048, trailers)))
    };
    let (running, _farm) = run(&with(&trailers), |_| ());
    let sent = |name: &str, value: &str| (name.as_bytes().into(), value.as_bytes().into());
    let answer = HttpTold { trailers: vec![sent("a", "1"), sent("b", "2")], ..told(200, "") };
    running.desk.told.replace(Some(answer));
    assert_eq!(ends(&running, Duration::ZERO), 502, "two of them came");
    assert_eq!(running.desk.asked.borrow()[0].trailers, [sent("x-sum", "7")]);
    let pseudo = pairs::write([(&b":path"[..], &b"/"[..])].into_iter());
    for bad in [&pseudo[..], &trailers[1..]] {
        let (running, _farm) = run(&with(bad), |_| ());
        assert_eq!(ends(&running, Duration::ZERO), 500, "{bad:?}");
    }
}

/// Answers with 500 and the number of trailers.
const COUNT: &str = r#"
    (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32) (param $trailers i32)
      (drop (call $be (global.get $stream)))
      (drop (call $reply (i32.add (i32.const 500) (local.get $trailers)) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1))))"#;

#[test]
fn calls_under_way_are_bounded() {
    let text = caller(&GET, REPORT).replace(
        "(if (i32.ne (call $ask)",
        "(loop $on (br_if $on (i32.eqz (call $ask)))) (if (i32.ne (call $ask)",
    );
    let (running, _farm) = run(&text, |_| ());
    assert_eq!(ends(&running, Duration::ZERO), 500);
    assert_eq!(running.desk.asked.borrow().len(), 1000);
}
